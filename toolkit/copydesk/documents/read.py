"""One decoded article in, its document out: canonical text, zones and edits, or the reason why there is none."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from copydesk.documents.blocks import Block, split_blocks
from copydesk.documents.canonical import Tidied, canonical, canonical_texts
from copydesk.documents.draft import Draft, moved
from copydesk.documents.html_blocks import MOST_NODES, Page, read_page
from copydesk.documents.html_choice import Choice, choose
from copydesk.documents.html_edits import Part, html_draft
from copydesk.documents.html_facts import Facts, read_facts, with_bylines
from copydesk.documents.html_meaning import Within
from copydesk.documents.html_opinion import with_second_opinion
from copydesk.documents.language import languages_of
from copydesk.documents.metadata import authors_of, published_of
from copydesk.documents.repeated import Lines
from copydesk.documents.texts import texts_of
from copydesk.documents.zones import Reading, Zones, find_zones
from copydesk.model.document import Document, Edit, Zone

_HINTS = (
    (Within.CAPTION, "caption"),
    (Within.TITLE, "title"),
    (Within.RELATED, "related"),
    (Within.PROMO, "promo"),
    (Within.BYLINE, "byline"),
    (Within.HEADING, "heading"),
    (Within.QUOTE, "quote"),
    (Within.ITEM, "item"),
    (Within.STRONG, ""),  # a line in bold may be a subhead: shape and place decide
    (Within.PARAGRAPH, "paragraph"),
)


_NO_FACTS = Facts()


class Made(NamedTuple):
    """What an article became: its text and edits, what its page says of itself, and what its zones and words say; or a ``reason``
    and a ``detail`` why there is no document.

    Its zones are those of text number ``number`` of ``zones``. ``choice`` tells of a page how its article was found, with what
    doubts, and whether a second opinion agreed.
    """

    asked: Asked
    text: str = ""
    title: str | None = None
    edits: Sequence[Edit] = ()
    zones: Zones | None = None
    number: int = -1
    facts: Facts = _NO_FACTS
    authors: tuple[str, ...] = ()
    language: str | None = None
    published_at: datetime | None = None
    choice: Choice | None = None
    reason: str = ""
    detail: str = ""

    @property
    def document(self) -> Document | None:
        """The document; ``None`` where there is a reason."""
        if self.zones is None:
            return None
        zones = self.zones.of(self.number)
        return Document(self.asked.doc_id, self.text, self.title, zones, tuple(self.edits), self.asked.recipe)


class Asked(NamedTuple):
    """An article to read: its decoded text, its ``format`` (``text`` or ``html``), the lines that repeat in its source, and the
    language that whoever handed it over declared.
    """

    article: str
    format: str
    doc_id: str
    recipe: str
    repeated: Lines | None = None
    language: str | None = None


class _Drafted(NamedTuple):
    """What is known of an article before its zones are."""

    tidied: Tidied
    page: Sequence[Block] = ()
    facts: Facts = _NO_FACTS
    choice: Choice | None = None


def read_documents(asked: Sequence[Asked], *, max_chars: int, max_nodes: int = MOST_NODES) -> list[Made]:
    """Make the document of each article, in order, all of them together. ``max_chars`` limits a document's text.

    The limit of a page's source is ten times that: markup counts for little, but must be read to be known. ``max_nodes``
    limits the elements of a page that stand on lines of their own (reason ``too-many-nodes``). What an article becomes does not
    depend on those beside it.
    """
    read = list(_drafted(asked, max_chars, max_nodes))
    drafted = [(one, draft) for one, draft in zip(asked, read, strict=True) if isinstance(draft, _Drafted)]
    texts = [draft.tidied.text for _, draft in drafted]
    zones = find_zones(
        texts_of(texts), [Reading(draft.page, draft.tidied.gaps, one.repeated) for one, draft in drafted]
    )
    languages = languages_of(texts, [one.language or draft.facts.language for one, draft in drafted])
    made = iter(
        _made(one, draft, language, zones, number)
        for number, ((one, draft), language) in enumerate(zip(drafted, languages, strict=True))
    )
    return [next(made) if isinstance(one, _Drafted) else one for one in read]


def read_document(
    article: str, *, format: str, doc_id: str, recipe: str, max_chars: int, max_nodes: int = MOST_NODES
) -> Made:
    """Make the document of one article: see ``read_documents``."""
    [made] = read_documents([Asked(article, format, doc_id, recipe)], max_chars=max_chars, max_nodes=max_nodes)
    return made


def _drafted(asked: Sequence[Asked], max_chars: int, max_nodes: int) -> Iterator[_Drafted | Made]:
    """Make the canonical text of each article, or say why there is none."""
    lengths = [len(one.article) for one in asked]
    plain = [one.format != "html" and length <= 2 * max_chars for one, length in zip(asked, lengths, strict=True)]
    tidied = iter(canonical_texts([one.article for one, taken in zip(asked, plain, strict=True) if taken]))
    for one, length, taken in zip(asked, lengths, plain, strict=True):
        if taken:
            yield _unless_refused(one, _Drafted(next(tidied)), max_chars)
        elif one.format == "html" and length <= 10 * max_chars:
            yield _drafted_page(one, max_chars, max_nodes)
        else:
            yield _too_long(one, length, max_chars)


def _drafted_page(asked: Asked, max_chars: int, max_nodes: int) -> _Drafted | Made:
    page = read_page(asked.article, most_nodes=max_nodes)
    if page.full:
        return _too_many(asked, max_nodes)
    told = read_facts(asked.article)
    choice = choose(page, told.title)
    if choice.doubts:
        choice = with_second_opinion(page, choice)
    tidied, blocks = _page_blocks(page, choice)
    facts = with_bylines(told, page, choice.places)
    return _unless_refused(asked, _Drafted(tidied, blocks, facts, choice), max_chars)


def _unless_refused(asked: Asked, drafted: _Drafted, max_chars: int) -> _Drafted | Made:
    text = drafted.tidied.text
    if not text:
        detail = "nothing in it is text of an article (fix: scrape it again, or leave it out)"
        return Made(asked, reason="no-text", detail=detail)
    return drafted if len(text) <= max_chars else _too_long(asked, len(text), max_chars)


def _made(asked: Asked, drafted: _Drafted, language: str | None, zones: Zones, number: int) -> Made:
    """Say what the zones of a text tell of it."""
    text, edits, _ = drafted.tidied
    told = zones.told.get(number, ())
    return Made(
        asked,
        text=text,
        title=_title(text, told) or drafted.facts.title,
        edits=edits,
        zones=zones,
        number=number,
        facts=drafted.facts,
        authors=authors_of(text, told),
        language=language,
        published_at=published_of(text, told),
        choice=drafted.choice,
    )


def _page_blocks(page: Page, choice: Choice) -> tuple[Tidied, list[Block]]:
    drafted, parts = html_draft(page, choice)
    after = canonical(Draft(article=drafted.text, text=drafted.text))
    draft = drafted.then(after.draft.edits)
    blocks = split_blocks(draft.text, after.gaps)
    return Tidied(draft.text, draft.edits, after.gaps), _hinted(blocks, parts, after.draft.edits)


def _hinted(blocks: Sequence[Block], parts: Sequence[Part], edits: Sequence[Edit]) -> list[Block]:
    """Tell each block what the page said of the part that it comes from; ``edits`` made the text from that of the parts."""
    starts = moved([part.start for part in parts], edits)
    credits = [span for part in parts for span in part.credits]
    ends = moved([place for span in credits for place in span], edits)
    spans = [(start, end) for start, end in zip(ends[::2], ends[1::2], strict=True) if start < end]
    hinted: list[Block] = []
    for start, end, surface, gap, _, _ in blocks:
        part = parts[bisect_right(starts, start) - 1]
        inside = spans[bisect_left(spans, (start, 0)) : bisect_left(spans, (end, 0))] if spans else ()
        hinted.append(Block(start, end, surface, gap, _hint(part.within), tuple(inside)))
    return hinted


@lru_cache(maxsize=4_096)
def _hint(within: int) -> str:
    """Give what the page said of a block that stands in ``within``."""
    return next((hint for meaning, hint in _HINTS if meaning & within), "")


def _title(text: str, zones: Sequence[Zone]) -> str | None:
    return next((" ".join(text[zone.start : zone.end].split()) for zone in zones if zone.kind == "headline"), None)


def _too_long(asked: Asked, length: int, limit: int) -> Made:
    detail = f"{length:,} characters, with a limit of {limit:,} (fix: split the article, or raise the limit)"
    return Made(asked, reason="too-long", detail=detail)


def _too_many(asked: Asked, limit: int) -> Made:
    detail = f"more than {limit:,} elements (fix: raise the limit, or leave it out: no article has so many)"
    return Made(asked, reason="too-many-nodes", detail=detail)
