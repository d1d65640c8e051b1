"""A page's blocks in, those that are the article out, chosen by where prose stands and what the page calls its parts.

Prose is text of some length that is no link. The article is the smallest element that holds nearly all prose which stands
in no aside; within it a block stays unless the page, or its links, give it away. How sure that is is told by ``doubts``.
"""

from __future__ import annotations

import html
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
FEWEST = 2  # blanks in what a heading and the title have to share, if not all of it
LONGEST_REST = 40  # characters of a heading beyond twice its title: marks and references between its words
LONGEST_LINE = 160  # characters of a line that says when, and by whom
BEFORE_TITLE = 0.3  # of the article's prose, that may stand before the title and yet be none of it
FEWEST_LETTERS = -(-SHORTEST // 3)  # of a block of a wide script that counts as prose
_NO_TEXT = Within.ASIDE | Within.CAPTION
_PLAIN = Within.CAPTION | Within.TITLE | Within.PARAGRAPH | Within.ITEM | Within.QUOTE
_NO_TITLE = Within.RELATED | Within.PROMO | Within.COMMENT | Within.CAPTION
_NO_LINE = _NO_TITLE | Within.BYLINE | Within.FURNITURE
_ENDS = frozenset('.!?…:”"»。！？」।။')
_WORD = re.compile(r"\w+")
_YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b")
_CLOCK = re.compile(r"(?<![0-9.:])[0-2]?[0-9][:.][0-5][0-9](?!\.?[0-9])")
_WIDE = re.compile(r"[\u0e00-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class Choice:
    """The places of the blocks that are the article, in their order, and the rule by which the others were cut.

    ``title`` is the place of the heading that says what the page calls itself (-1: none does), ``dated`` are the lines before the
    text that say when it was published. ``doubts`` are the reasons, if any, not to trust the choice; then a second opinion was asked for, and ``agreement`` is
    the share of letters, of all that either takes for the article, that both do (``None``: it was not asked, or said nothing).
    """

    places: tuple[int, ...]
    rule: str
    doubts: tuple[str, ...] = ()
    agreement: float | None = None
    title: int = -1
    dated: tuple[int, ...] = ()


def choose(page: Page, title: str | None = None) -> Choice:
    """Give the blocks of the article: headings, text, captions, and what stands among them and is marked as something else.

    ``title`` is what the page calls itself; its heading is looked for.
    """
    blocks, within = page.blocks, page.within
    prose = [_prose(block.text, block.linked) if len(block.text) >= FEWEST_LETTERS else 0 for block in blocks]
    own = [0 if size and within[block.node] & _NO_TEXT else size for block, size in zip(blocks, prose, strict=True)]
    held = page.sums(own)
    if not held[0]:
        return Choice(places=(), rule="html.boilerplate", doubts=("no prose",))
    node = _container(page, held)
    inside = page.inside(node)
    for place in _teasers(page, own, held, inside):
        own[place] = 0
    kept = _kept(page, own, inside)
    doubts = _doubts(page, own, prose, held, node, kept)
    named = _named(page, own, kept, title) if title else -1
    if named >= 0:
        kept = [place for place in kept if place > named or page.within[blocks[place].node] & Within.CAPTION]
    heading = [named] if named >= 0 else title_before(page, kept)
    lead = [place for place in _lead(page, own, node, heading, kept) if place > named]
    places = sorted({*kept, *heading, *lead})
    return Choice(
        places=tuple(places),
        rule="html.boilerplate",
        doubts=doubts,
        title=named,
        dated=tuple(place for place in places if place < _first(own, kept) and _is_dated(blocks[place].text)),
    )


def _first(own: Sequence[int], kept: Sequence[int]) -> int:
    """Give the place of the first prose that is kept."""
    return next((place for place in kept if own[place]), 0)


def _is_dated(text: str) -> bool:
    """Whether it is a line that tells a day and an hour."""
    is_line = len(text) <= LONGEST_LINE and text[-1] not in _ENDS
    return is_line and _YEAR.search(text) is not None and _CLOCK.search(text) is not None


def _named(page: Page, own: Sequence[int], kept: Sequence[int], title: str) -> int:
    """Find the block that says what the page calls itself: -1 if there is none, or more than a little prose stands before it.

    A page adds its own name to that, and a topic to the heading: one needs only to begin or to end as the other reads. A heading goes before a
    line that is none, a later one before an earlier: the earlier ones are crumbs.
    """
    sought = " ".join(_WORD.findall(title.casefold()))
    whole = sum(own[place] for place in kept)
    shortest, longest = len(sought) // 2, 2 * len(title) + LONGEST_REST
    before, found, rank = 0, -1, (False, False, False)
    for place in range(kept[-1]):
        block = page.blocks[place]
        means = page.within[block.node]
        barred = _NO_TITLE if means & Within.TITLE and not means & Within.ITEM else _NO_LINE
        if shortest <= len(block.text) <= longest and not means & barred:
            likeness = _likeness(block.text, sought)
            ranked = (likeness == "whole", bool(means & Within.TITLE), bool(means & Within.HEADING))
            if likeness and ranked >= rank:
                found, rank = place, ranked
        before += own[place] if place >= kept[0] else 0
        if before > BEFORE_TITLE * whole:
            break
    return found


def _likeness(text: str, sought: str) -> str:
    """Tell whether a text is the ``whole`` title, or a ``part`` of it at one of its ends; empty if it is neither."""
    words = _WORD.findall((html.unescape(text) if "&" in text else text).casefold())
    said = " ".join(words)
    if said == sought:
        return "whole"
    longer, shorter = (said, sought) if len(said) > len(sought) else (sought, said)
    is_part = shorter.count(" ") >= FEWEST and 2 * len(shorter) > len(longer)
    return "part" if is_part and (longer.startswith(shorter) or longer.endswith(shorter)) else ""


def _prose(text: str, linked: int) -> int:
    """Give the letters of a block that is prose; 0 if it is none. It has ``FEWEST_LETTERS`` at least."""
    length = len(text)
    if linked > LINKED * length:
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
    marked = [node for node, means in enumerate(page.meanings) if means & mark and held[node]]
    said = {node for node in marked if not page.within[node] & Within.ASIDE}
    if len(said) < 2:
        return list(said)
    found: list[int] = []
    inner = [0] * len(held)  # the most prose of one that was found in each element
    for node in range(len(held) - 1, 0, -1):  # a parent begins before its children
        if node in said and inner[node] <= TELLING * held[node]:
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
    kept: list[int] = []
    gone, listed = 0, -1
    for place in places:
        is_aside = bool(page.within[blocks[place].node] & Within.ASIDE)
        listed = _introduced(page, place, kept, listed) if is_said and place > low else -1
        if own[place] or listed >= 0 or _stays(page, place, low - BEFORE <= place < high, directly, beside):
            kept.append(place)
        elif place > high:
            gone += 1 if not is_aside else 0 if is_said else GONE + 1
        if gone > GONE or (place >= high + AFTER and not is_said):
            break
    return _headed(page, kept)


def _introduced(page: Page, place: int, kept: Sequence[int], listed: int) -> int:
    """Give the list that an item belongs to, if a line that ends in a colon stands before that list; -1 for what is none.

    ``listed`` is what was given for the block before it.
    """
    block = page.blocks[place]
    if not page.within[block.node] & Within.ITEM or page.within[block.node] & (Within.FURNITURE | Within.COMMENT):
        return -1
    of = page.parents[block.node]
    is_first = bool(kept) and kept[-1] == place - 1 and page.blocks[place - 1].text.endswith((":", "："))
    return of if is_first or of == listed else -1


def _headed(page: Page, kept: Sequence[int]) -> list[int]:
    """Leave out the headings below which only links stood, all of which were cut."""
    found: list[int] = []
    below = -1
    for place in reversed(kept):
        is_heading = bool(page.within[page.blocks[place].node] & Within.HEADING)
        if is_heading and place + 1 < len(page.blocks) and below != place + 1:
            after = page.blocks[place + 1]
            is_last = below < 0 or bool(page.within[page.blocks[below].node] & Within.HEADING)
            if is_last and after.linked > MOSTLY * len(after.text):
                continue
        found.append(place)
        below = place
    return found[::-1]


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
