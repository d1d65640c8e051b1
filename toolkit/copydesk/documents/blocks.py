"""Canonical text in, its blocks out: what stands between blank lines, with what the zone rules look at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

LONGEST = 600  # characters of a block that patterns are tried on: what is longer is a paragraph
QUOTED = "“\"„«‘'"  # what opens with one of these is somebody's words
_ENDS = tuple(".…:;,")
_CLOSING = "”\"'’»)]"
_BULLET = re.compile(r"[-–—•*·▪►→]\s+\S")
# A word of four letters or more is no abbreviation: what follows its full stop is a second sentence.
_SECOND_SENTENCE = re.compile(r"[.!?…](?<=[^\W\d_]{4}.)[”\"’»)]*\s")
_SENTENCE_END = re.compile(r"[.!?…][”\"’»)]*\s+(?=[“\"«A-ZÀ-ÖØ-Þ])")


class Block(NamedTuple):
    """``text[start:end]``, without blanks at its ends; ``gap`` is how many blank lines stood before it in the article.

    ``hint`` is what the page said it was: ``title``, ``heading``, ``paragraph``, ``item``, ``quote`` or ``caption``; empty for plain
    text. ``credits`` are spans that the page marked as credits.
    """

    start: int
    end: int
    surface: str
    gap: int = 1
    hint: str = ""
    credits: tuple[tuple[int, int], ...] = ()

    @property
    def is_short(self) -> bool:
        """Whether patterns are tried on it at all."""
        return len(self.surface) <= LONGEST

    @property
    def words(self) -> list[str]:
        """Its words, with what is stuck to them."""
        return self.surface.split()

    @property
    def flat(self) -> str:
        """Its text on one line, with single spaces; it has no other blanks than spaces and line feeds."""
        surface = self.surface
        return " ".join(surface.split()) if "\n" in surface or "  " in surface else surface

    @property
    def is_quoted(self) -> bool:
        """Whether it begins with a quotation mark."""
        return self.surface[0] in QUOTED

    @property
    def is_bulleted(self) -> bool:
        """Whether it is an item of a list."""
        return self.hint == "item" or _BULLET.match(self.surface) is not None

    @property
    def is_heading_like(self) -> bool:
        """Whether it has the shape of a heading: one short line that is no sentence and does not begin with a small letter."""
        surface = self.surface
        if surface.endswith(_ENDS) or len(surface) > LONGEST or surface.rstrip(_CLOSING).endswith(_ENDS):
            return False
        if surface[0].islower() or "\n" in surface or len(surface.split()) > 25:
            return False
        return not self.is_bulleted and not _SECOND_SENTENCE.search(surface)

    @property
    def sentences(self) -> int:
        """How many sentences it has, roughly: initials and titles count as ends too."""
        return 1 + len(_SENTENCE_END.findall(self.surface))


class Blocks(dict[int, Block]):
    """The blocks of one text by their place, each made when it is asked for, but for those that are there already."""

    def __init__(self, text: str, *, starts: Sequence[int], ends: Sequence[int], gaps: Sequence[int] = ()) -> None:
        super().__init__()
        self.text, self.starts, self._ends = text, starts, ends
        self.gaps = gaps  # before each block but the first; none where one blank line stood between all

    def __missing__(self, place: int) -> Block:
        start, end = self.starts[place], self._ends[place]
        gap = (self.gaps[place - 1] if self.gaps else 1) if place else 0
        block = self[place] = Block(start, end, self.text[start:end], gap)
        return block


def split_blocks(text: str, gaps: Sequence[int]) -> list[Block]:
    """Cut canonical text at its blank lines; ``gaps`` are the blank lines between blocks in the article."""
    blocks: list[Block] = []
    if not text:
        return blocks
    at = 0
    for written, gap in zip(text.split("\n\n"), (0, *gaps), strict=True):
        surface = written
        start = at
        if written[0] == " ":  # lines end in no space, but indentation stays
            surface = written.lstrip(" ")
            start += len(written) - len(surface)
        blocks.append(Block(start, start + len(surface), surface, gap))
        at += len(written) + 2
    return blocks
