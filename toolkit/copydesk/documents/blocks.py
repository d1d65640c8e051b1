"""Canonical text in, its blocks out: what stands between blank lines, with what the zone rules look at."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from copydesk.documents.texts import Texts

LONGEST = 600  # characters of a block that patterns are tried on: what is longer is a paragraph
QUOTED = "“\"„«‘'"  # what opens with one of these is somebody's words
BULLETS = "-–—•*·▪►→"
_BULLET = re.compile(f"[{BULLETS}]\\s+\\S")
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
    def sentences(self) -> int:
        """How many sentences it has, roughly: initials and titles count as ends too."""
        return 1 + len(_SENTENCE_END.findall(self.surface))


class Blocks(dict[int, Block]):
    """The blocks of many texts by their number, each made when it is asked for, but for those of pages, which are there already.

    ``gaps`` are, of each text, the blank lines before each of its blocks but the first; none where one stood between all.
    """

    def __init__(self, texts: Texts, *, pages: Mapping[int, Sequence[Block]], gaps: Sequence[Sequence[int]]) -> None:
        super().__init__()
        self.texts, self.gaps = texts, gaps
        self.first: list[int] = texts.first.tolist()
        self._texts = texts.texts
        self._document: list[int] = texts.document.tolist()
        self._start: list[int] = texts.start.tolist()
        self._end: list[int] = texts.end.tolist()
        for number, page in pages.items():
            self.update(enumerate(page, self.first[number]))

    def __missing__(self, number: int) -> Block:
        start, end, document = self._start[number], self._end[number], self._document[number]
        block = self[number] = Block(start, end, self._texts[document][start:end], self._gap(document, number))
        return block

    def _gap(self, document: int, number: int) -> int:
        place = number - self.first[document]
        gaps = self.gaps[document]
        return 0 if not place else gaps[place - 1] if gaps else 1

    def numbers(self, document: int) -> range:
        """Give the numbers of the blocks of one text."""
        return range(self.first[document], self.first[document + 1])

    def place(self, number: int) -> int:
        """Give the place of a block in its text."""
        return number - self.first[self._document[number]]

    def size(self, number: int) -> int:
        """Give how many blocks the text has that a block stands in."""
        document = self._document[number]
        return self.first[document + 1] - self.first[document]


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
