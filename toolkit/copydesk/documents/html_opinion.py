"""A page in, trafilatura's opinion of which of its blocks are the article out.

trafilatura gives no offsets and drops captions. Its text is cut into overlapping runs of three words; a block of ours whose
runs are mostly among them is the article's.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from copydesk.documents.html_blocks import Page
from copydesk.documents.html_choice import Choice, title_before
from copydesk.documents.html_meaning import Within

if TYPE_CHECKING:
    from trafilatura.settings import Document as Extracted

AGREED = 0.6  # of the letters that either takes for the article, above which both mean the same
OUTDONE = 0.3  # of the letters of our choice, below which trafilatura's has missed the article
_BESIDE = Within.ASIDE | Within.CAPTION | Within.TITLE | Within.BYLINE
SHINGLE = 3  # words
SHARE = 0.6  # of a block's shingles that have to be the article's
FURTHEST = 8  # elements
# What is handed over: of a page beyond this nobody's opinion is asked, for lxml and trafilatura have no limits of their own.
LONGEST = 4_000_000  # characters
MOST = 20_000  # elements that stand on lines of their own
DEEPEST = 250  # of them within each other
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class _Sought:
    """The extractor's text, made to be found: its lines, and the shingles of all of them."""

    lines: set[str] = field(default_factory=set)
    shingles: set[tuple[str, ...]] = field(default_factory=set)

    def add(self, text: str) -> None:
        words = _words(text)
        self.lines.add(" ".join(words))
        self.shingles.update(zip(*(words[start:] for start in range(SHINGLE)), strict=False))

    def holds(self, words: Sequence[str]) -> bool:
        if not words:
            return False
        if len(words) <= SHINGLE:
            return " ".join(words) in self.lines
        runs = list(zip(*(words[start:] for start in range(SHINGLE)), strict=False))
        return sum(run in self.shingles for run in runs) >= SHARE * len(runs)


def with_second_opinion(page: Page, choice: Choice) -> Choice:
    """Settle a doubtful choice: where trafilatura agrees it stands, else trafilatura's is taken (rule ``html.second-opinion``).

    Where trafilatura finds nothing either (rule ``html.no-extract``) the choice stands; if that is empty, the article is what
    stands in ``<article>`` or ``<main>``; failing that, everything that stands in no furniture of the page. It may be empty.
    """
    matched = ask(page)
    if not matched:
        return replace(choice, places=choice.places or _anything(page), rule="html.no-extract")
    size = [len(block.text) for block in page.blocks]
    ours = {place for place in choice.places if not page.within[page.blocks[place].node] & _BESIDE}
    theirs = _without_asides(page, matched, size)
    agreement = sum(size[place] for place in ours & theirs) / sum(size[place] for place in ours | theirs)
    if agreement >= AGREED or sum(size[place] for place in theirs) < OUTDONE * sum(size[place] for place in ours):
        return replace(choice, agreement=agreement)
    kept = {*theirs, *title_before(page, sorted(theirs))}
    kept.update(
        place
        for place in range(min(kept), max(kept))
        if page.within[page.blocks[place].node] & Within.CAPTION
        and not page.within[page.blocks[place].node] & Within.ASIDE
    )
    return replace(choice, places=tuple(sorted(kept)), rule="html.second-opinion", agreement=agreement)


def _without_asides(page: Page, matched: Sequence[int], size: Sequence[int]) -> set[int]:
    """Leave out what the page marks as an aside, unless that is most of it."""
    plain = {place for place in matched if not page.within[page.blocks[place].node] & Within.ASIDE}
    most = 2 * sum(size[place] for place in plain) >= sum(size[place] for place in matched)
    return plain if most else set(matched)


def _anything(page: Page) -> tuple[int, ...]:
    withins = [page.within[block.node] for block in page.blocks]
    usable = [place for place, within in enumerate(withins) if not within & Within.FURNITURE]
    return tuple(place for place in usable if withins[place] & Within.ARTICLE) or tuple(usable)


def ask(page: Page) -> list[int]:
    """Give the places of the blocks that trafilatura takes for the article's text, captions aside; it may find none.

    It is not asked, and gives none, about a page without text, and about one that is too large or nested too deeply for it.
    """
    if not page.blocks or len(page.source) > LONGEST or len(page.parents) > MOST or page.depth() > DEEPEST:
        return []
    extracted = _extract(page.source)
    sought = _sought(extracted)
    words = [_words(html.unescape(block.text)) for block in page.blocks]
    matched = [
        place
        for place, block in enumerate(page.blocks)
        if not page.within[block.node] & Within.CAPTION and sought.holds(words[place])
    ]
    return _once(page, matched, keys=[" ".join(listed) for listed in words])


def _extract(source: str) -> Extracted | None:
    """Run trafilatura, so set that the same page gives the same text on every day and in every order."""
    from trafilatura import bare_extraction

    extracted = bare_extraction(
        source, fast=True, include_comments=False, include_tables=False, deduplicate=False, with_metadata=False
    )
    assert not isinstance(extracted, dict)  # only `as_dict` gives one
    return extracted


def _sought(extracted: Extracted | None) -> _Sought:
    sought = _Sought()
    if extracted is None or extracted.body is None:
        return sought
    for element in extracted.body.iter("p", "head", "quote", "item", "code", "ab", "list", "fw"):
        text = "".join("\n" if isinstance(part, str) and not part else str(part) for part in element.itertext())
        sought.add(text)
        for line in [element.text or "", *(child.tail or "" for child in element)]:
            sought.add(line)
    return sought


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _once(page: Page, matched: Sequence[int], *, keys: Sequence[str]) -> list[int]:
    """Leave out copies of a block that stand away from the article's text: teasers of its own sentences.

    The company of a block is the nearest element around it that holds other matched text as well. Company that holds
    every copy tells nothing; of the rest the one with the most text is the article, and its copies stay.
    """
    found = set(matched)
    held = page.sums([len(block.text) if place in found else 0 for place, block in enumerate(page.blocks)])
    sizes = page.sizes()
    copies: dict[str, list[int]] = {}
    for place in matched:
        copies.setdefault(keys[place], []).append(place)
    dropped: set[int] = set()
    for places in copies.values():
        if len(places) > 1:
            nodes = [page.blocks[place].node for place in places]
            company = [_company(page, node, held) for node in nodes]
            low, high = min(nodes), max(nodes)
            telling = [node for node in company if not node <= low <= high < node + sizes[node]]
            best = max(telling, key=lambda node: held[node], default=None)
            dropped.update(place for place, node in zip(places, company, strict=True) if best not in {None, node})
    return [place for place in matched if place not in dropped]


def _company(page: Page, node: int, held: Sequence[int]) -> int:
    """Give the nearest element around ``node`` that holds more matched text than it does; looks up so far and no further."""
    alone = held[node]
    for _ in range(FURTHEST):
        if held[node] > alone:
            break
        node = page.parents[node]
    return node
