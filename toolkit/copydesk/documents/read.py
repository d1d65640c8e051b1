"""One decoded article in, its document out: canonical text, zones and edits, or the reason why there is none."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from copydesk.documents.blocks import Block, split_blocks
from copydesk.documents.canonical import Canonical, canonical
from copydesk.documents.draft import Draft, moved
from copydesk.documents.html_blocks import MOST_NODES, Page, read_page
from copydesk.documents.html_choice import Choice, choose
from copydesk.documents.html_edits import Part, html_draft
from copydesk.documents.html_facts import Facts, read_facts, with_bylines
from copydesk.documents.html_meaning import Within
from copydesk.documents.html_opinion import with_second_opinion
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


@dataclass(frozen=True, slots=True)
class Made:
    """A document and what its page says of itself; or a ``reason`` and a ``detail`` why there is none.

    ``choice`` tells of a page how its article was found, with what doubts, and whether a second opinion agreed.
    """

    document: Document | None = None
    facts: Facts = field(default_factory=Facts)
    choice: Choice | None = None
    reason: str = ""
    detail: str = ""


def read_document(
    article: str, *, format: str, doc_id: str, recipe: str, max_chars: int, max_nodes: int = MOST_NODES
) -> Made:
    """Make the document of a decoded article. ``format`` is ``text`` or ``html``; ``max_chars`` limits the document's text.

    The limit of a page's source is ten times that: markup counts for little, but must be read to be known. ``max_nodes``
    limits the elements of a page that stand on lines of their own (reason ``too-many-nodes``).
    """
    limit = 10 * max_chars if format == "html" else 2 * max_chars
    if len(article) > limit:
        return _too_long(len(article), max_chars)
    facts, choice = Facts(), None
    if format == "html":
        page = read_page(article, most_nodes=max_nodes)
        if page.full:
            return _too_many(max_nodes)
        choice = choose(page)
        if choice.doubts:
            choice = with_second_opinion(page, choice)
        text, blocks = _page_blocks(page, choice)
        facts = with_bylines(read_facts(article), page, choice.places)
    else:
        text = canonical(Draft(article=article, text=article))
        blocks = split_blocks(text.draft.text, text.gaps)
    if not blocks:
        return Made(
            reason="no-text", detail="nothing in it is text of an article (fix: scrape it again, or leave it out)"
        )
    if len(text.draft.text) > max_chars:
        return _too_long(len(text.draft.text), max_chars)
    zones = find_zones(blocks)
    document = Document(
        doc_id=doc_id,
        text=text.draft.text,
        title=_title(text.draft.text, zones) or facts.title,
        zones=zones,
        edits=text.draft.edits,
        recipe=recipe,
    )
    return Made(document=document, facts=facts, choice=choice)


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
    hinted = []
    for block in blocks:
        part = parts[bisect_right(starts, block.start) - 1]
        inside = spans[bisect_left(spans, (block.start, 0)) : bisect_left(spans, (block.end, 0))]
        hint = next((hint for within, hint in _HINTS if within & part.within), "")
        hinted.append(replace(block, hint=hint, credits=tuple(inside)))
    return hinted


def _title(text: str, zones: Sequence[Zone]) -> str | None:
    return next((" ".join(text[zone.start : zone.end].split()) for zone in zones if zone.kind == "headline"), None)


def _too_long(length: int, limit: int) -> Made:
    detail = f"{length:,} characters, with a limit of {limit:,} (fix: split the article, or raise the limit)"
    return Made(reason="too-long", detail=detail)


def _too_many(limit: int) -> Made:
    detail = f"more than {limit:,} elements (fix: raise the limit, or leave it out: no article has so many)"
    return Made(reason="too-many-nodes", detail=detail)
