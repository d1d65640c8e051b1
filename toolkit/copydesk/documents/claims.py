"""The blocks of many texts in, what each is out.

Every rule looks at one block and its neighbours, and either gives the kind of the block with its own name or passes; the
first that does not pass decides, and what no rule claims is a paragraph. The order says what goes before what: words
that give a block away, then what the page said, then place and shape. Place and shape are looked at for all blocks at once, as columns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.documents.blocks import QUOTED, Block, Blocks
from copydesk.documents.repeated import RULE as REPEATED
from copydesk.documents.repeated import Lines, edge_lines
from copydesk.documents.rules import words
from copydesk.documents.texts import Numbers
from copydesk.documents.wording import FIRST, HEADING, WORDS, Entry, index

EDGE = 3  # blocks at either end among which the outlet's own lines are looked for
HEAD = 6  # blocks among which a date on its own is the article's
LONGEST_CAPTION = 80  # words
LONGEST_TAG = 6
MOST_RELATED = 12  # blocks of one list of other stories
# Twelve words at most, of which the first does not open a quotation.
_SUBHEAD = f"^[^ {QUOTED}][^ ]*(?: +[^ ]+){{0,11}}$"


class Claim(NamedTuple):
    """What a rule says a block is; ``credits`` are spans of the text within it."""

    kind: str
    rule: str
    credits: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class View:
    """The blocks of many texts, how each looks, and what is decided so far of some.

    ``heading`` says which have the shape of a heading; ``hinted`` which are of a page that said something of them, and ``pages`` are
    the numbers of the texts that are pages.
    """

    blocks: Blocks
    looks: Numbers
    pages: Sequence[int]
    heading: NDArray[np.bool_] = field(init=False)
    hinted: NDArray[np.bool_] = field(init=False)
    claims: dict[int, Claim] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.heading = (self.looks & HEADING) != 0
        self.hinted = np.zeros(len(self.looks), np.bool_)
        for number in self.of_pages():
            hint = self.blocks[number].hint
            self.hinted[number] = bool(hint)
            if hint == "item":
                self.heading[number] = False

    def of_pages(self) -> Sequence[int]:
        """Give the numbers of the blocks of all pages."""
        return list(chain.from_iterable(map(self.blocks.numbers, self.pages)))

    def body(self) -> Numbers:
        """Give the numbers of the blocks of which nothing is decided yet."""
        free = np.ones(len(self.looks), np.bool_)
        free[list(self.claims)] = False
        return np.flatnonzero(free)


def find_claims(
    blocks: Blocks, looks: Numbers, *, pages: Sequence[int], repeated: Sequence[Lines | None]
) -> dict[int, Claim]:
    """Find what blocks are, by their number; a block that no rule claims is a paragraph.

    ``looks`` is what ``wording.looks`` gave for the blocks; ``pages`` are the numbers of the texts that are pages, and ``repeated`` the
    lines that open or close many articles of the source, of each text.
    """
    view = View(blocks, looks, pages)
    _claim_by_words(view)
    for document, lines in enumerate(repeated):
        if lines:
            _claim_repeated(view, view.blocks.numbers(document), lines)
    _claim_headlines(view)
    _claim_by_place(view)
    return view.claims


def _claim_by_words(view: View) -> None:
    """What its words alone give away: pleas, tags, bylines, captions, lists of other stories.

    Never what begins with a quotation mark, and never the title of the page.
    """
    lists = []
    for number in np.flatnonzero(view.looks & (FIRST | WORDS)).tolist():
        block = view.blocks[number]
        claim = None if block.is_quoted or block.hint == "title" else _by_words(view, number)
        if claim:
            view.claims[number] = claim
            if claim.rule == "related.heading":
                lists.append(number)
    for number in lists:
        _claim_items(view, number)


def _claim_items(view: View, heading: int) -> None:
    """Claim the items after the heading of a list of other stories."""
    rest = view.blocks.size(heading) - view.blocks.place(heading)
    for number in range(heading + 1, heading + min(rest, MOST_RELATED + 1)):
        if number in view.claims or not _is_item(view, number):
            return
        view.claims[number] = Claim("related", "related.item")


def _is_item(view: View, number: int) -> bool:
    block = view.blocks[number]
    listed = block.is_bulleted or view.heading[number]
    return bool(listed) and block.is_short and not block.is_quoted and block.hint not in {"heading", "title"}


def _by_words(view: View, number: int) -> Claim | None:
    block = view.blocks[number]
    flat = block.flat
    for entry in index().candidates(block.surface, int(view.looks[number])):
        if len(flat) <= entry.rule.longest and _may_stand(entry.kind, view.blocks, number):
            match = entry.rule.pattern.fullmatch(flat)
            if match is None and entry.rule.name == "related.heading" and "\n" in block.surface:
                match = entry.rule.pattern.fullmatch(block.surface.split("\n", 1)[0])
            claim = _claim(entry, match, block) if match else None
            if claim:
                return claim
    return None


def _may_stand(kind: str, blocks: Blocks, number: int) -> bool:
    """Whether a block of the kind may stand where block ``number`` does."""
    hint = blocks[number].hint
    if kind == "dateline":
        return blocks.place(number) < HEAD
    if kind == "section_tag":
        place, size = blocks.place(number), blocks.size(number)
        return size > 1 and hint != "heading" and not EDGE <= place < size - EDGE
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


def _claim_repeated(view: View, numbers: range, repeated: Lines) -> None:
    """Claim what opens or closes many articles of the source; the rule says how many, of how many.

    An article of which nothing but headings would be left keeps its lines: it is no residue as a whole.
    """
    found = {
        numbers[place]: Claim("boilerplate", f"{REPEATED}{documents}/{of}")
        for place, edge, line in edge_lines([view.blocks[number] for number in numbers])
        if (edge, line) in repeated and numbers[place] not in view.claims
        for documents, of in [repeated[(edge, line)]]
    }
    rest = (number for number in numbers if number not in view.claims and number not in found)
    if not all(view.heading[number] for number in rest):
        view.claims |= found


def _claim_headlines(view: View) -> None:
    """Claim the titles of pages; elsewhere the first block, if it has the shape of a heading and there is text after it."""
    titled = []
    for page in view.pages:
        title = next((number for number in view.blocks.numbers(page) if view.blocks[number].hint == "title"), None)
        if title is not None:
            view.claims[title] = Claim("headline", "headline.page")
            titled.append(page)
    body = view.body()
    document = view.blocks.texts.document[body]
    opens = np.diff(document, prepend=-1, append=-1) != 0
    leads = body[opens[:-1] & ~opens[1:]]  # with more of the body behind it
    leads = leads[view.heading[leads] & ~view.hinted[leads]]
    leads = leads[~np.isin(view.blocks.texts.document[leads], titled)]
    view.claims |= dict.fromkeys(leads.tolist(), Claim("headline", "headline.first-block"))


def _claim_by_place(view: View) -> None:
    """What the page said, then what place and shape say: a picture's stray tag, captions set apart, subheads."""
    texts = view.blocks.texts
    body = view.body()  # the headline is none
    document = texts.document[body]
    goes_on = np.append((document[1:] == document[:-1]) & ~view.heading[body[1:]], False)[: len(body)]
    free = ~view.hinted[body]
    claims = _stray_tags(view, body[free & view.heading[body]])
    subheads = body[free & view.heading[body] & goes_on & (body != texts.first[document])]
    shaped = np.asarray(pc.match_substring_regex(texts.surfaces.take(pa.array(subheads)), _SUBHEAD), np.bool_)
    claims = dict.fromkeys(subheads[shaped].tolist(), Claim("subhead", "subhead.shape")) | claims
    for number in _set_apart(view, body[free & ~view.heading[body]]):
        caption = _caption_set_apart(view.blocks[number])
        if caption:
            claims[number] = caption
    claims |= {number: _by_page(view.blocks[number]) for number in body[~free].tolist()}
    view.claims |= claims


def _set_apart(view: View, numbers: Numbers) -> Iterator[int]:
    """Give those blocks that stand after more blank lines than are usual in their text."""
    usual = np.array([_usual_gap(gaps) for gaps in view.blocks.gaps])
    for number in numbers[usual[view.blocks.texts.document[numbers]] > 0].tolist():
        if view.blocks.place(number) and view.blocks[number].gap > usual[view.blocks.texts.document[number]]:
            yield number


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


def _stray_tags(view: View, numbers: Numbers) -> dict[int, Claim]:
    """Claim a few capitalised words right before a caption that repeats them: the topic under which the agency files the picture."""
    captions = {
        number for number, claim in view.claims.items() if claim.kind == "caption" and view.blocks.place(number)
    }
    return {
        number: Claim("section_tag", "section.picture-tag")
        for number in numbers[np.isin(numbers + 1, list(captions))].tolist()
        if _is_stray_tag(view.blocks[number], view.blocks[number + 1])
    }


def _is_stray_tag(block: Block, caption: Block) -> bool:
    written, told = block.words, set(caption.words)
    capitalised = all(any(character.isupper() for character in word) for word in written)
    repeated = sum(word in told for word in written)
    return len(written) <= LONGEST_TAG and capitalised and 2 * repeated >= len(written)


def _caption_set_apart(block: Block) -> Claim | None:
    """One sentence after more blank lines than usual, in the present tense of captions, reporting nobody's words."""
    if not block.is_short or block.is_quoted or block.sentences > 1 or len(block.words) > LONGEST_CAPTION:
        return None
    shows = {word.strip(".,;:()").casefold() for word in block.words} & words("present", "verbs")
    if shows and not _reports_speech(block) and "“" not in block.surface:
        return Claim("caption", "caption.set-apart", block.credits)
    return None
