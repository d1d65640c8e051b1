"""A page's blocks in, those that are the article out, chosen by where prose stands and what the page calls its parts.

Prose is text of some length that is no link. The article is the smallest element that holds nearly all prose which stands
in no aside; within it a block stays unless the page, or its links, give it away. How sure that is is told by ``doubts``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from copydesk.documents.html_blocks import Page
from copydesk.documents.html_meaning import Within

SHORTEST = 80  # letters of a block that counts as prose (a letter of a wide script counts for three)
LONGEST = 1_500  # letters of one block that count: one long notice is no article
LINKED = 0.5  # of a block's characters in links, above which it is no prose
HELD = 0.7  # of an element's prose that one of its children has to hold to be looked into
TELLING = 0.5  # of the page's prose that an element said to be the article has to hold
ALONE = 0.2  # the same, if no other element is said to be it
MOSTLY = 0.7  # of a short block's characters in links, above which it is a link to another page
WHOLLY = 0.95  # the same of a line among paragraphs that is a link, and text
LITTLE = 700  # letters of prose, below which prose that stands elsewhere makes a choice doubtful
FEW = 0.5  # of all prose but comments that the article has to hold, if it has so little
LEAD = 3  # blocks before the container among which its lead may stand
BEFORE = 1  # blocks before the first prose that may be text of the article, too
GONE = 2  # blocks after the last prose that may be none of the article's before the rest is none either
AFTER = 4  # blocks after the last prose that may be text of the article
CARD = 4  # elements around a heading, and around prose, among which the one is that makes a card of both
LEAST = 250  # letters of prose that an article has
_PLAIN = Within.CAPTION | Within.TITLE | Within.PARAGRAPH | Within.ITEM | Within.QUOTE
_ENDS = frozenset('.!?…:”"»。！？」।။')
_WIDE = re.compile(r"[\u0e00-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class Choice:
    """The places of the blocks that are the article, in their order, and the rule by which the others were cut.

    ``doubts`` are the reasons, if any, not to trust the choice; then a second opinion was asked for, and ``agreement`` is
    the share of letters, of all that either takes for the article, that both do (``None``: it was not asked, or said nothing).
    """

    places: tuple[int, ...]
    rule: str
    doubts: tuple[str, ...] = ()
    agreement: float | None = None


def choose(page: Page) -> Choice:
    """Give the blocks of the article: headings, text, captions, and what stands among them and is marked as something else."""
    blocks, within = page.blocks, page.within
    prose = [_prose(block.text, block.linked) for block in blocks]
    own = [
        0 if within[block.node] & (Within.ASIDE | Within.CAPTION) else size
        for block, size in zip(blocks, prose, strict=True)
    ]
    held = page.sums(own)
    if not held[0]:
        return Choice(places=(), rule="html.boilerplate", doubts=("no prose",))
    sizes = page.sizes()
    node = _container(page, held)
    inside = range(node, node + sizes[node])
    for place in _teasers(page, own, held, inside):
        own[place] = 0
    kept = _kept(page, own, inside)
    doubts = _doubts(page, own, prose, held, node, kept)
    title = title_before(page, kept)
    return Choice(
        places=tuple(sorted({*kept, *title, *_lead(page, own, node, title, kept)})),
        rule="html.boilerplate",
        doubts=doubts,
    )


def _prose(text: str, linked: int) -> int:
    """Give the letters of a block that is prose; 0 if it is none."""
    length = len(text)
    if linked > LINKED * length:
        return 0
    if length * 3 < SHORTEST:
        return 0
    if not text.isascii() and length < 400:
        length += 2 * len(_WIDE.findall(text))
    return min(length - linked, LONGEST) if length >= SHORTEST else 0


def _container(page: Page, held: Sequence[int]) -> int:
    """Give the number of the smallest element that holds nearly all prose; one that the page calls the article goes first."""
    for mark in (Within.BODY, Within.ARTICLE):
        said = _said(page, mark, held)
        if len(said) == 1 and held[said[0]] > ALONE * held[0]:
            return said[0]
        if said and held[said[-1]] > TELLING * held[0]:
            return said[-1]
    best: dict[int, int] = {}
    for child in range(1, len(held)):
        parent = page.parents[child]
        if held[child] > held[best.get(parent, 0)] or (held[child] and parent not in best):
            best[parent] = child
    node = 0
    while node in best and held[best[node]] >= HELD * held[node]:
        node = best[node]
    return page.parents[node] if node not in best else node  # an element that has no others in it is one paragraph


def _said(page: Page, mark: int, held: Sequence[int]) -> list[int]:
    """Give the elements that the page marks so and that hold prose, the one with the most last; of two nested ones the inner."""
    found: list[int] = []
    inner = [0] * len(held)  # the most prose of one that was found in each element
    for node in range(len(held) - 1, 0, -1):  # a parent begins before its children
        is_said = page.meanings[node] & mark and not page.within[node] & Within.ASIDE
        if is_said and held[node] and inner[node] <= TELLING * held[node]:
            found.append(node)
            inner[node] = held[node]
        parent = page.parents[node]
        inner[parent] = max(inner[parent], inner[node])
    return sorted(found, key=held.__getitem__)


def _teasers(page: Page, own: Sequence[int], held: Sequence[int], inside: range) -> list[int]:
    """Find prose that introduces another article: a heading that is a link stands before it, in an element that holds no more prose.

    The first prose is none.
    """
    found: list[int] = []
    heading = -1
    is_first = True
    for place, block in enumerate(page.blocks):
        if block.node not in inside:
            continue
        if own[place]:
            if heading >= 0 and not is_first and _card(page, heading, block.node, held, inside) == own[place]:
                found.append(place)
            is_first, heading = False, -1
        elif page.within[block.node] & (Within.HEADING | Within.TITLE):
            heading = block.node if block.linked > MOSTLY * len(block.text) else -1
    return found


def _card(page: Page, heading: int, node: int, held: Sequence[int], inside: range) -> int:
    """Give the letters of prose in the nearest element around both a heading and a later block; 0 if none is that near."""
    near = _above(page, node)
    shared = next((one for one in _above(page, heading)[1:] if one in near), inside.start)
    return held[shared] if shared in inside and shared != inside.start else 0


def _above(page: Page, node: int) -> list[int]:
    """Give an element and the nearest around it."""
    found = [node]
    for _ in range(CARD):
        found.append(page.parents[found[-1]])
    return found


def _kept(page: Page, own: Sequence[int], inside: range) -> list[int]:
    """Give the blocks of the container that stay.

    After the last prose comes more text of the article only until the first block that is none.
    """
    blocks = page.blocks
    places = [place for place, block in enumerate(blocks) if block.node in inside]
    told = [place for place in places if own[place]]
    low, high = told[0], told[-1]
    directly = {blocks[place].node for place in told}
    beside = {page.parents[node] for node in directly}
    is_said = bool(page.meanings[inside.start] & (Within.BODY | Within.ARTICLE))
    kept = []
    gone = 0
    for place in places:
        is_aside = bool(page.within[blocks[place].node] & Within.ASIDE)
        if own[place] or _stays(page, place, low - BEFORE <= place < high, directly, beside):
            kept.append(place)
        elif place > high:
            gone += 1 if not is_aside else 0 if is_said else GONE + 1
        if gone > GONE or (place >= high + AFTER and not is_said):
            break
    return kept


def _stays(page: Page, place: int, among: bool, directly: set[int], beside: set[int]) -> bool:
    """Whether a block that is no prose stays; ``among`` tells that it stands among prose, ``directly`` which elements hold prose."""
    block = page.blocks[place]
    means = page.within[block.node]
    if means & (Within.FURNITURE | Within.COMMENT):
        return False
    if block.linked > MOSTLY * len(block.text):
        is_link = block.linked >= WHOLLY * len(
            block.text
        )  # one in a line of its own, not a list of them with its label
        is_line = (
            is_link and means & Within.PARAGRAPH and not means & Within.ITEM and page.parents[block.node] in beside
        )
        return among and bool(means & Within.RELATED or is_line)
    if means & (Within.RELATED | Within.PROMO | Within.BYLINE):
        return among
    is_sentence = block.text[-1] in _ENDS
    if means & Within.HEADING:
        return among or is_sentence
    return bool(means & _PLAIN) or (among and not means & Within.TABLE and (is_sentence or block.node in directly))


def title_before(page: Page, kept: Sequence[int]) -> list[int]:
    """Find the ``<h1>`` before the text, if there is none in it: the nearest."""
    within = page.within
    if not kept or any(within[page.blocks[place].node] & Within.TITLE for place in kept):
        return []
    before = [
        place
        for place in range(kept[0])
        if within[page.blocks[place].node] & Within.TITLE and not within[page.blocks[place].node] & Within.ASIDE
    ]
    return before[-1:]


def _lead(page: Page, own: Sequence[int], container: int, title: Sequence[int], kept: Sequence[int]) -> list[int]:
    """Give the prose before the first block of the container: below the title, or in an element beside the container.

    What is said again in the article is a teaser of it.
    """
    around, first = page.parents[container], kept[0]
    said = {page.blocks[place].text for place in kept}
    found = []
    for place in range(min([*title, max(0, first - LEAD)]), first):
        block = page.blocks[place]
        parent = page.parents[block.node]
        beside = place >= first - LEAD and around in {parent, page.parents[parent]}
        if own[place] and (beside or (title and place > title[0])) and block.text not in said:
            found.append(place)
    return found


def _doubts(
    page: Page, own: Sequence[int], prose: Sequence[int], held: Sequence[int], node: int, kept: Sequence[int]
) -> tuple[str, ...]:
    doubts = []
    if held[node] < LEAST:
        doubts.append("little prose")
    elsewhere = sum(
        size
        for block, size in zip(page.blocks, prose, strict=True)
        if size and not page.within[block.node] & Within.COMMENT
    )
    if not page.meanings[node] & Within.BODY and held[node] < min(LITTLE, FEW * elsewhere):
        doubts.append("most prose stands elsewhere")
    headings = sum(1 for place in kept if page.within[page.blocks[place].node] & (Within.HEADING | Within.TITLE))
    if headings * 2 > len(kept):
        doubts.append("more headings than text")
    return tuple(doubts)
