"""One decoded article in, its document out: canonical text, zones and edits, or the reason why there is none."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from copydesk.documents.blocks import Block, split_blocks
from copydesk.documents.canonical import Canonical, canonical
from copydesk.documents.draft import Draft, moved
from copydesk.documents.html_blocks import Within, read_page
from copydesk.documents.html_choice import Facts, choose, extract, read_facts
from copydesk.documents.html_edits import Part, html_draft
from copydesk.documents.language import language_of
from copydesk.documents.metadata import authors_of, published_of
from copydesk.documents.repeated import Lines
from copydesk.documents.wording import looks
from copydesk.documents.zones import find_zones
from copydesk.model.document import Document, Edit, Zone

_HINTS = (
    (Within.CAPTION, "caption"),
    (Within.TITLE, "title"),
    (Within.HEADING, "heading"),
    (Within.QUOTE, "quote"),
    (Within.ITEM, "item"),
    (Within.STRONG, ""),  # a line in bold may be a subhead: shape and place decide
    (Within.PARAGRAPH, "paragraph"),
)


_NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class Made:
    """A document, what its page says of itself, and what its zones and words say; or a ``reason`` and a ``detail`` why there is none."""

    document: Document | None = None
    facts: Facts = _NO_FACTS
    authors: tuple[str, ...] = ()
    language: str | None = None
    published_at: datetime | None = None
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
    facts: Facts


def read_documents(asked: Sequence[Asked], *, recipe: str, max_chars: int) -> Iterator[Made]:
    """Make the document of each article, in order, one by one. ``max_chars`` limits a document's text.

    The limit of a page's source is ten times that: markup counts for little, but must be read to be known. What an article
    becomes does not depend on those beside it.
    """
    drafted = [_drafted(one, max_chars) for one in asked]
    bits = iter(looks([block.surface for one in drafted if isinstance(one, _Drafted) for block in one.blocks]))
    for one, draft in zip(asked, drafted, strict=True):
        if isinstance(draft, _Drafted):
            yield _made(one, draft, list(islice(bits, len(draft.blocks))), recipe)
        else:
            yield draft


def read_document(article: str, *, format: str, doc_id: str, recipe: str, max_chars: int) -> Made:
    """Make the document of one article: see ``read_documents``."""
    [made] = read_documents([Asked(article, format, doc_id)], recipe=recipe, max_chars=max_chars)
    return made


def _drafted(asked: Asked, max_chars: int) -> _Drafted | Made:
    """Make the canonical text of an article and its blocks, or say why there is none."""
    article = asked.article
    if len(article) > (10 if asked.format == "html" else 2) * max_chars:
        return _too_long(len(article), max_chars)
    facts = _NO_FACTS
    if asked.format == "html":
        text, blocks, facts = _read_html(article)
    else:
        text = canonical(Draft(article=article, text=article))
        blocks = split_blocks(text.draft.text, text.gaps)
    if not blocks:
        return Made(
            reason="no-text", detail="nothing in it is text of an article (fix: scrape it again, or leave it out)"
        )
    if len(text.draft.text) > max_chars:
        return _too_long(len(text.draft.text), max_chars)
    return _Drafted(text, blocks, facts)


def _made(asked: Asked, drafted: _Drafted, looked: Sequence[int], recipe: str) -> Made:
    """Find the zones of a text, and what they say of it."""
    text, edits = drafted.text.draft.text, drafted.text.draft.edits
    zones = find_zones(drafted.blocks, looked=looked, repeated=asked.repeated)
    title = _title(text, zones) or drafted.facts.title
    return Made(
        document=Document(doc_id=asked.doc_id, text=text, title=title, zones=zones, edits=edits, recipe=recipe),
        facts=drafted.facts,
        authors=authors_of(text, zones),
        language=language_of(text, asked.language),
        published_at=published_of(text, zones),
    )


def _read_html(source: str) -> tuple[Canonical, list[Block], Facts]:
    page = read_page(source)
    extracted = extract(source)
    drafted, parts = html_draft(source, page, choose(page, source, extracted))
    after = canonical(Draft(article=drafted.text, text=drafted.text))
    text = Canonical(draft=drafted.then(after.draft.edits), gaps=after.gaps)
    blocks = _hinted(split_blocks(text.draft.text, text.gaps), parts, after.draft.edits)
    return text, blocks, read_facts(source, extracted)


def _hinted(blocks: Sequence[Block], parts: Sequence[Part], edits: Sequence[Edit]) -> list[Block]:
    """Tell each block what the page said of the part that it comes from; ``edits`` made the text from that of the parts."""
    starts = moved([part.start for part in parts], edits)
    credits = [span for part in parts for span in part.credits]
    ends = moved([place for span in credits for place in span], edits)
    spans = [(start, end) for start, end in zip(ends[::2], ends[1::2], strict=True) if start < end]
    hinted = []
    for block in blocks:
        part = parts[bisect_right(starts, block.start) - 1]
        inside = spans[bisect_left(spans, (block.start, 0)) : bisect_left(spans, (block.end, 0))]
        hint = next((hint for within, hint in _HINTS if within in part.within), "")
        hinted.append(block._replace(hint=hint, credits=tuple(inside)))
    return hinted


def _title(text: str, zones: Sequence[Zone]) -> str | None:
    return next((" ".join(text[zone.start : zone.end].split()) for zone in zones if zone.kind == "headline"), None)


def _too_long(length: int, limit: int) -> Made:
    detail = f"{length:,} characters, with a limit of {limit:,} (fix: split the article, or raise the limit)"
    return Made(reason="too-long", detail=detail)
