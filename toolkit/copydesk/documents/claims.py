"""The blocks of a text in, what each is out.

Every rule looks at one block and its neighbours, and either gives the kind of the block with its own name or passes; the
first that does not pass decides, and what no rule claims is a paragraph. The order says what goes before what: words
that give a block away, then what the page said, then place and shape.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from copydesk.documents.blocks import Block, Blocks
from copydesk.documents.repeated import RULE as REPEATED
from copydesk.documents.repeated import Lines, edge_lines
from copydesk.documents.rules import words
from copydesk.documents.wording import FIRST, HEADING, WORDS, Entry, index

EDGE = 3  # blocks at either end among which the outlet's own lines are looked for
HEAD = 6  # blocks among which a date on its own is the article's
LONGEST_CAPTION = 80  # words
LONGEST_SUBHEAD = 12
LONGEST_TAG = 6
MOST_RELATED = 12  # blocks of one list of other stories


class Claim(NamedTuple):
    """What a rule says a block is; ``credits`` are spans of the text within it."""

    kind: str
    rule: str
    credits: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class View:
    """The blocks of one text, how each looks, and what is decided so far of each (``None``: nothing yet).

    ``is_page`` says that the blocks carry what a page said of them.
    """

    blocks: Blocks
    looks: Sequence[int]
    claims: list[Claim | None]
    is_page: bool = False

    def is_heading_like(self, place: int) -> bool:
        """Whether the block at ``place`` has the shape of a heading."""
        return bool(self.looks[place] & HEADING) and self.blocks[place].is_heading_like

    def kind(self, place: int) -> str:
        """What the block at ``place`` was decided to be; empty if nothing was, or there is none."""
        claim = self.claims[place] if 0 <= place < len(self.claims) else None
        return claim.kind if claim else ""


def find_claims(
    blocks: Blocks, looks: Sequence[int], *, is_page: bool = False, repeated: Lines | None = None
) -> list[Claim | None]:
    """Find what each block is: ``None`` for a paragraph that no rule claims.

    ``looks`` is what ``wording.looks`` gave for the blocks; ``repeated`` are the lines that open or close many articles of the source.
    """
    view = View(blocks, looks, [None] * len(looks), is_page)
    _claim_by_words(view)
    if repeated:
        _claim_repeated(view, repeated)
    _claim_headline(view)
    _claim_by_place(view)
    return view.claims


def _claim_by_words(view: View) -> None:
    """What its words alone give away: pleas, tags, bylines, captions, lists of other stories.

    Never what begins with a quotation mark, and never the title of the page.
    """
    items = -1  # of the list of other stories that the blocks before belong to
    for place, look in enumerate(view.looks):
        if items < 0 and not look & (FIRST | WORDS):
            continue
        block = view.blocks[place]
        claim = None
        if look & (FIRST | WORDS) and block.hint != "title" and not block.is_quoted:
            claim = _by_words(view, place)
        if claim is None and 0 <= items < MOST_RELATED and _is_item(view, place):
            claim = _RELATED_ITEM
        items = _items_after(claim, items)
        view.claims[place] = claim


def _is_item(view: View, place: int) -> bool:
    block = view.blocks[place]
    listed = block.is_bulleted or view.is_heading_like(place)
    return listed and block.is_short and not block.is_quoted and block.hint not in {"heading", "title"}


_RELATED_ITEM = Claim("related", "related.item")


def _items_after(claim: Claim | None, items: int) -> int:
    if claim is None or claim.kind != "related":
        return -1
    if claim is _RELATED_ITEM:
        return items + 1
    return 0 if claim.rule == "related.heading" else -1


def _by_words(view: View, place: int) -> Claim | None:
    block = view.blocks[place]
    flat = block.flat
    for entry in index().candidates(block.surface, view.looks[place]):
        if len(flat) <= entry.rule.longest and _may_stand(entry.kind, view, place):
            match = entry.rule.pattern.fullmatch(flat)
            if match is None and entry.rule.name == "related.heading" and "\n" in block.surface:
                match = entry.rule.pattern.fullmatch(block.surface.split("\n", 1)[0])
            claim = _claim(entry, match, block) if match else None
            if claim:
                return claim
    return None


def _may_stand(kind: str, view: View, place: int) -> bool:
    """Whether a block of the kind may stand at ``place``."""
    hint = view.blocks[place].hint
    if kind == "dateline":
        return place < HEAD
    if kind == "section_tag":
        return len(view.looks) > 1 and hint != "heading" and not EDGE <= place < len(view.looks) - EDGE
    if kind in {"byline", "credit", "agency"}:
        return hint not in {"heading", "caption"}
    return hint != "heading" or kind != "caption"


def _claim(entry: Entry, match: re.Match[str], block: Block) -> Claim | None:
    """Make the claim of a rule that matched; captions must be short and, but for the page's own, report nobody's words."""
    if entry.kind != "caption":
        return Claim(entry.kind, entry.rule.name)
    sentences = block.sentences
    if len(block.words) > LONGEST_CAPTION or sentences > 4 or (block.hint != "caption" and _reports_speech(block)):
        return None
    if "credit" in entry.rule.pattern.groupindex:
        return Claim("caption", entry.rule.name, _located(block, match["credit"]))
    return Claim("caption", entry.rule.name, block.credits) if sentences <= 2 else None


def _reports_speech(block: Block) -> bool:
    return not _REPORTING.isdisjoint(block.words)


_REPORTING = frozenset({"said", "says", "told", "added"})


def _located(block: Block, credit: str) -> tuple[tuple[int, int], ...]:
    """Find a credit at the end of the caption; its words may stand on two lines."""
    at = block.surface.rfind(credit)
    if at >= 0:
        return ((block.start + at, block.start + at + len(credit)),)
    words = r"\s+".join(re.escape(word) for word in credit.split())
    found = list(re.finditer(words, block.surface))
    return ((block.start + found[-1].start(), block.start + found[-1].end()),)


def _claim_repeated(view: View, repeated: Lines) -> None:
    """Claim what opens or closes many articles of the source; the rule says how many, of how many.

    An article of which nothing but headings would be left keeps its lines: it is no residue as a whole.
    """
    blocks = [view.blocks[place] for place in range(len(view.looks))]
    found = {
        place: Claim("boilerplate", f"{REPEATED}{documents}/{of}")
        for place, edge, line in edge_lines(blocks)
        if (edge, line) in repeated and view.claims[place] is None
        for documents, of in [repeated[(edge, line)]]
    }
    rest = (place for place, claim in enumerate(view.claims) if claim is None and place not in found)
    if any(not view.is_heading_like(place) for place in rest):
        for place, claim in found.items():
            view.claims[place] = claim


def _claim_headline(view: View) -> None:
    """Claim the page's title; in plain text the first block, if it has the shape of a heading and there is text after it."""
    places = range(len(view.claims)) if view.is_page else ()
    title = next((place for place in places if view.blocks[place].hint == "title"), None)
    if title is not None:
        view.claims[title] = Claim("headline", "headline.page")
        return
    body = list(islice((place for place, claim in enumerate(view.claims) if claim is None), 2))
    if len(body) > 1 and not view.blocks[body[0]].hint and view.is_heading_like(body[0]):
        view.claims[body[0]] = Claim("headline", "headline.first-block")


def _claim_by_place(view: View) -> None:
    """What the page said, then what place and shape say: a picture's stray tag, captions set apart, subheads."""
    usual = _usual_gap(view.blocks.gaps)
    after = 0  # the first block of the body after the one looked at, where one is asked for
    body = [claim is None for claim in view.claims]  # the headline is none
    for place, look in enumerate(view.looks):
        if not body[place]:
            continue
        if view.is_page and view.blocks[place].hint:
            view.claims[place] = _by_page(view.blocks[place])
        elif look & HEADING and view.blocks[place].is_heading_like:
            after = max(after, place + 1)
            while after < len(body) and not body[after]:
                after += 1
            goes_on = after < len(body) and not view.is_heading_like(after)
            view.claims[place] = _stray_tag(view, place) or (
                _subhead(view.blocks[place]) if place and goes_on else None
            )
        elif usual and place and view.blocks[place].gap > usual:
            view.claims[place] = _caption_set_apart(view.blocks[place])


def _usual_gap(gaps: Sequence[int]) -> int:
    """Give the usual number of blank lines between blocks; 0 where all are the same, so that none is set apart."""
    real = [gap for gap in gaps if gap]
    if not real or max(real) == min(real):
        return 0
    return Counter(real).most_common(1)[0][0]


def _by_page(block: Block) -> Claim:
    """What the page said that it was."""
    if block.hint == "caption":
        return Claim("caption", "caption.page", block.credits)
    if block.hint in {"heading", "title"}:
        return Claim("subhead", "subhead.page")
    if block.hint in {"related", "promo", "byline"}:
        return Claim(block.hint, f"{block.hint}.page")
    return Claim("paragraph", "paragraph.page")


def _stray_tag(view: View, place: int) -> Claim | None:
    """A few capitalised words right before a caption that repeats them: the topic under which the agency files the picture."""
    if view.kind(place + 1) != "caption":
        return None
    written = view.blocks[place].words
    caption = set(view.blocks[place + 1].words)
    capitalised = all(any(character.isupper() for character in word) for word in written)
    repeated = sum(word in caption for word in written)
    is_tag = len(written) <= LONGEST_TAG and capitalised and 2 * repeated >= len(written)
    return Claim("section_tag", "section.picture-tag") if is_tag else None


def _caption_set_apart(block: Block) -> Claim | None:
    """One sentence after more blank lines than usual, in the present tense of captions, reporting nobody's words."""
    if not block.is_short or block.is_quoted or block.sentences > 1 or len(block.words) > LONGEST_CAPTION:
        return None
    shows = {word.strip(".,;:()").casefold() for word in block.words} & words("present", "verbs")
    if shows and not _reports_speech(block) and "“" not in block.surface:
        return Claim("caption", "caption.set-apart", block.credits)
    return None


def _subhead(block: Block) -> Claim | None:
    """One short line that is no sentence, between other text and a body that goes on after it."""
    is_subhead = len(block.words) <= LONGEST_SUBHEAD and not block.is_quoted
    return Claim("subhead", "subhead.shape") if is_subhead else None
