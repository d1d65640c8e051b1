"""The blocks of a text in, its zones out: every visible character in exactly one outer zone, quotes and the like inside.

Every rule looks at one block and its neighbours, and either gives the kind of the block with its own name or passes; the
first that does not pass decides, and what no rule claims is a paragraph. The order says what goes before what: words
that give a block away, then what the page said, then place and shape.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from copydesk.documents.blocks import Block
from copydesk.documents.quotes import find_quotes
from copydesk.documents.rules import first_match, rules, words
from copydesk.model.document import Zone

EDGE = 3  # blocks at either end among which the outlet's own lines are looked for
HEAD = 6  # blocks among which a date on its own is the article's
DATELINE = 160  # characters at the head of a paragraph
LONGEST_CAPTION = 80  # words
LONGEST_SUBHEAD = 12
LONGEST_TAG = 6
MOST_RELATED = 12  # blocks of one list of other stories


@dataclass(frozen=True, slots=True)
class Claim:
    """What a rule says a block is; ``credits`` are spans of the text within it."""

    kind: str
    rule: str
    credits: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """All blocks, what is decided so far (``None``: nothing yet), and the usual number of blank lines between blocks."""

    blocks: Sequence[Block]
    claims: list[Claim | None]
    usual_gap: int

    def is_body(self, place: int) -> bool:
        """Whether the block at ``place`` is there and nothing else than body text, as far as decided."""
        if not 0 <= place < len(self.blocks):
            return False
        claim = self.claims[place]
        return claim is None or claim.kind in {"paragraph", "subhead"}

    def kind(self, place: int) -> str:
        """What the block at ``place`` was decided to be; empty if nothing was, or there is none."""
        claim = self.claims[place] if 0 <= place < len(self.blocks) else None
        return claim.kind if claim else ""


ClaimRule = Callable[[View, int], Claim | None]


def find_zones(blocks: Sequence[Block]) -> tuple[Zone, ...]:
    """Find the zones, sorted by start; of two that start together the outer comes first."""
    gaps = Counter(block.gap for block in blocks[1:] if block.gap)
    view = View(blocks=blocks, claims=[None] * len(blocks), usual_gap=gaps.most_common(1)[0][0] if gaps else 1)
    _claim(view, _by_words)
    _claim(view, _as_related)
    _claim_headline(view)
    _claim(view, _by_page)
    _claim(view, _by_place)
    zones: list[Zone] = []
    for place, block in enumerate(blocks):
        claim = view.claims[place] or Claim("paragraph", "paragraph.rest")
        zones.append(Zone(claim.kind, block.start, block.end, claim.rule))
        zones += sorted(_within(view, place, claim), key=lambda zone: (zone.start, -zone.end))
    return tuple(zones)


def _claim(view: View, rule: ClaimRule) -> None:
    for place in range(len(view.blocks)):
        if view.claims[place] is None:
            view.claims[place] = rule(view, place)


def _by_words(view: View, place: int) -> Claim | None:
    """What its words alone give away: pleas, tags of the outlet, bylines, captions. Never what begins with a quotation mark."""
    block = view.blocks[place]
    if not block.flat or block.is_quoted or block.hint == "title":
        return None
    at_head = place < HEAD
    at_edge = len(view.blocks) > 1 and (place < EDGE or place >= len(view.blocks) - EDGE)
    is_label = block.hint in {"heading", "caption"}
    tried = (
        ("dateline", "datelines", "alone", 80, at_head),
        ("promo", "promo", "promo", 300, True),
        ("section_tag", "tags", "section_tag", 250, at_edge and block.hint != "heading"),
        ("credit", "captions", "lone", 320, not is_label),
    )
    for kind, file, table, longest, applies in tried:
        found = first_match(rules(file, table), block.flat) if applies and len(block.flat) <= longest else None
        if found:
            return Claim(kind, found[0].name)
    return _caption_by_words(block)


def _caption_by_words(block: Block) -> Claim | None:
    """Find a caption by the credit at its end or by its wording; one that reports what was said is a paragraph."""
    if block.hint == "heading" or len(block.words) > LONGEST_CAPTION or block.sentences > 4:
        return None
    if block.hint != "caption" and _reports_speech(block):
        return None
    found = first_match(rules("captions", "credit"), block.flat)
    if found:
        return Claim("caption", found[0].name, _located(block, found[1].group("credit")))
    worded = first_match(rules("captions", "wording"), block.flat) if block.sentences <= 2 else None
    return Claim("caption", worded[0].name, block.credits) if worded else None


def _reports_speech(block: Block) -> bool:
    return bool({"said", "says", "told", "added"} & set(block.words))


def _located(block: Block, credit: str) -> tuple[tuple[int, int], ...]:
    """Find a credit at the end of the caption; its words may stand on two lines."""
    words = r"\s+".join(re.escape(word) for word in credit.split())
    found = list(re.finditer(words, block.surface))
    return ((block.start + found[-1].start(), block.start + found[-1].end()),)


def _as_related(view: View, place: int) -> Claim | None:
    """Lists of other stories: a heading that says so, what stands below it in list form, or a line that begins so."""
    block = view.blocks[place]
    if not block.flat or block.is_quoted or block.hint == "title":
        return None
    first_line = " ".join(block.surface.split("\n", 1)[0].split())
    for tried in dict.fromkeys((block.flat, first_line)):
        found = first_match(rules("tags", "related"), tried)
        if found and (tried == block.flat or found[0].name == "related.heading"):
            return Claim("related", found[0].name)
    previous = view.claims[place - 1] if place else None
    listed = previous is not None and previous.rule in {"related.heading", "related.item"}
    recent = sum(
        1 for claim in view.claims[max(0, place - MOST_RELATED) : place] if claim and claim.rule == "related.item"
    )
    if listed and recent < MOST_RELATED and block.hint != "heading" and (block.is_bulleted or block.is_heading_like):
        return Claim("related", "related.item")
    return None


def _claim_headline(view: View) -> None:
    """Claim the page's title; in plain text the first block, if it has the shape of a heading and there is text after it."""
    titles = [place for place, block in enumerate(view.blocks) if block.hint == "title"]
    if titles:
        view.claims[titles[0]] = Claim("headline", "headline.page")
        return
    body = [place for place in range(len(view.blocks)) if view.is_body(place)]
    if len(body) > 1 and not view.blocks[body[0]].hint and view.blocks[body[0]].is_heading_like:
        view.claims[body[0]] = Claim("headline", "headline.first-block")


def _by_page(view: View, place: int) -> Claim | None:
    """What the page said that it was."""
    block = view.blocks[place]
    if block.hint == "caption":
        return Claim("caption", "caption.page", block.credits)
    if block.hint in {"heading", "title"}:
        return Claim("subhead", "subhead.page")
    if block.hint in {"related", "promo"}:
        return Claim(block.hint, f"{block.hint}.page")
    if block.hint == "byline":
        return Claim("credit", "credit.page")
    if block.hint in {"paragraph", "item", "quote"} and not block.flat:
        return Claim("paragraph", "paragraph.page")
    return None


def _by_place(view: View, place: int) -> Claim | None:
    """What place and shape say: a picture's stray tag, captions set apart, subheads."""
    block = view.blocks[place]
    if block.hint in {"paragraph", "item", "quote"}:
        return Claim("paragraph", "paragraph.page")
    return _stray_tag(view, place) or _caption_set_apart(view, place) or _subhead(view, place)


def _stray_tag(view: View, place: int) -> Claim | None:
    """A few capitalised words right before a caption that repeats them: the topic under which the agency files the picture."""
    block = view.blocks[place]
    if not block.is_heading_like or len(block.words) > LONGEST_TAG or view.kind(place + 1) != "caption":
        return None
    caption = set(view.blocks[place + 1].words)
    capitalised = all(any(character.isupper() for character in word) for word in block.words)
    repeated = sum(word in caption for word in block.words)
    return Claim("section_tag", "section.picture-tag") if capitalised and 2 * repeated >= len(block.words) else None


def _caption_set_apart(view: View, place: int) -> Claim | None:
    """One sentence after more blank lines than usual, in the present tense of captions, reporting nobody's words."""
    block = view.blocks[place]
    if place == 0 or block.gap <= view.usual_gap or not block.flat or block.is_quoted or block.is_heading_like:
        return None
    one_sentence = block.sentences == 1 and len(block.words) <= LONGEST_CAPTION
    shows = {word.strip(".,;:()").casefold() for word in block.words} & words("present", "verbs")
    if one_sentence and shows and not _reports_speech(block) and "“" not in block.surface:
        return Claim("caption", "caption.set-apart", block.credits)
    return None


def _subhead(view: View, place: int) -> Claim | None:
    """One short line that is no sentence, between other text and a body that goes on after it."""
    block = view.blocks[place]
    if not block.is_heading_like or len(block.words) > LONGEST_SUBHEAD or block.is_quoted:
        return None
    after = next((later for later in range(place + 1, len(view.blocks)) if view.is_body(later)), None)
    goes_on = after is not None and not view.blocks[after].is_heading_like
    return Claim("subhead", "subhead.shape") if place and goes_on else None


def _within(view: View, place: int, claim: Claim) -> list[Zone]:
    """Find the zones inside a block: the credits of a caption, the dateline and the quotes of a paragraph."""
    block = view.blocks[place]
    if claim.kind == "caption":
        return [Zone("credit", start, end, claim.rule) for start, end in claim.credits]
    if claim.kind != "paragraph":
        return []
    inner = _dateline(block)
    following = view.blocks[place + 1] if place + 1 < len(view.blocks) else None
    quotes = find_quotes(block.surface, runs_on=following is not None and following.is_quoted)
    if block.hint == "quote" and not quotes:
        return [*inner, Zone("quote", block.start, block.end, "quote.page")]
    return inner + [
        Zone(
            "quote",
            block.start + quote.start,
            block.start + quote.end,
            quote.rule,
            speaker=(block.start + quote.speaker[0], block.start + quote.speaker[1]) if quote.speaker else None,
        )
        for quote in quotes
    ]


def _dateline(block: Block) -> list[Zone]:
    head = block.surface[:DATELINE]
    for rule in rules("datelines", "dateline"):
        match = rule.pattern.match(head)
        if match:
            start, end = match.span("dateline")
            return [Zone("dateline", block.start + start, block.start + end, rule.name)]
    return []
