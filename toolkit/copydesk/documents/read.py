"""One decoded article in, its document out: canonical text, zones and edits, or the reason why there is none."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from copydesk.documents.blocks import Block, split_blocks
from copydesk.documents.canonical import Canonical, canonical
from copydesk.documents.draft import Draft, moved
from copydesk.documents.html_blocks import MOST_NODES, Page, read_page
from copydesk.documents.html_choice import Choice, choose
from copydesk.documents.html_edits import Part, html_draft
from copydesk.documents.html_facts import Facts, read_facts, with_bylines
from copydesk.documents.html_meaning import Within
from copydesk.documents.html_opinion import with_second_opinion
from copydesk.documents.language import language_of
from copydesk.documents.metadata import authors_of, published_of
from copydesk.documents.repeated import Lines
from copydesk.documents.wording import looks
from copydesk.documents.zones import find_zones
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


@dataclass(frozen=True, slots=True)
class Made:
    """A document, what its page says of itself, and what its zones and words say; or a ``reason`` and a ``detail`` why there is none.

    ``choice`` tells of a page how its article was found, with what doubts, and whether a second opinion agreed.
    """

    document: Document | None = None
    facts: Facts = _NO_FACTS
    authors: tuple[str, ...] = ()
    language: str | None = None
    published_at: datetime | None = None
    choice: Choice | None = None
    reason: str = ""
    detail: str = ""


class Asked(NamedTuple):
    """An article to read: its decoded text, its ``format`` (``text`` or ``html``), the lines that repeat in its source, and the
    language that whoever handed it over declared.
    """

    article: str
    format: str
    doc_id: str
    repeated: Lines | None = None
    language: str | None = None


class _Drafted(NamedTuple):
    """What is known of an article before its zones are."""

    text: Canonical
    blocks: list[Block]
    facts: Facts = _NO_FACTS
    choice: Choice | None = None


def read_documents(
    asked: Sequence[Asked], *, recipe: str, max_chars: int, max_nodes: int = MOST_NODES
) -> Iterator[Made]:
    """Make the document of each article, in order, one by one. ``max_chars`` limits a document's text.

    The limit of a page's source is ten times that: markup counts for little, but must be read to be known. ``max_nodes``
    limits the elements of a page that stand on lines of their own (reason ``too-many-nodes``). What an article becomes does not
    depend on those beside it.
    """
    drafted = [_drafted(one, max_chars, max_nodes) for one in asked]
    bits = iter(looks([block.surface for one in drafted if isinstance(one, _Drafted) for block in one.blocks]))
    for one, draft in zip(asked, drafted, strict=True):
        if isinstance(draft, _Drafted):
            yield _made(one, draft, list(islice(bits, len(draft.blocks))), recipe)
        else:
            yield draft


def read_document(
    article: str, *, format: str, doc_id: str, recipe: str, max_chars: int, max_nodes: int = MOST_NODES
) -> Made:
    """Make the document of one article: see ``read_documents``."""
    asked = [Asked(article, format, doc_id)]
    [made] = read_documents(asked, recipe=recipe, max_chars=max_chars, max_nodes=max_nodes)
    return made


def _drafted(asked: Asked, max_chars: int, max_nodes: int) -> _Drafted | Made:
    """Make the canonical text of an article and its blocks, or say why there is none."""
    article = asked.article
    if len(article) > (10 if asked.format == "html" else 2) * max_chars:
        return _too_long(len(article), max_chars)
    facts, choice = _NO_FACTS, None
    if asked.format == "html":
        page = read_page(article, most_nodes=max_nodes)
        if page.full:
            return _too_many(max_nodes)
        told = read_facts(article)
        choice = choose(page, told.title)
        if choice.doubts:
            choice = with_second_opinion(page, choice)
        text, blocks = _page_blocks(page, choice)
        facts = with_bylines(told, page, choice.places)
    else:
        text = canonical(Draft(article=article, text=article))
        blocks = split_blocks(text.draft.text, text.gaps)
    if not blocks:
        return Made(
            reason="no-text", detail="nothing in it is text of an article (fix: scrape it again, or leave it out)"
        )
    if len(text.draft.text) > max_chars:
        return _too_long(len(text.draft.text), max_chars)
    return _Drafted(text, blocks, facts, choice)


def _made(asked: Asked, drafted: _Drafted, looked: Sequence[int], recipe: str) -> Made:
    """Find the zones of a text, and what they say of it."""
    text, edits = drafted.text.draft.text, drafted.text.draft.edits
    zones = find_zones(drafted.blocks, looked=looked, repeated=asked.repeated)
    title = _title(text, zones) or drafted.facts.title
    return Made(
        document=Document(doc_id=asked.doc_id, text=text, title=title, zones=zones, edits=edits, recipe=recipe),
        facts=drafted.facts,
        authors=authors_of(text, zones),
        language=language_of(text, asked.language or drafted.facts.language),
        published_at=published_of(text, zones),
        choice=drafted.choice,
    )


def _page_blocks(page: Page, choice: Choice) -> tuple[Canonical, list[Block]]:
    drafted, parts = html_draft(page, choice)
    after = canonical(Draft(article=drafted.text, text=drafted.text))
    text = Canonical(draft=drafted.then(after.draft.edits), gaps=after.gaps)
    return text, _hinted(split_blocks(text.draft.text, text.gaps), parts, after.draft.edits)


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


def _too_long(length: int, limit: int) -> Made:
    detail = f"{length:,} characters, with a limit of {limit:,} (fix: split the article, or raise the limit)"
    return Made(reason="too-long", detail=detail)


def _too_many(limit: int) -> Made:
    detail = f"more than {limit:,} elements (fix: raise the limit, or leave it out: no article has so many)"
    return Made(reason="too-many-nodes", detail=detail)
