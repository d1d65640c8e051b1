"""Canonical text in, its blocks out: what stands between blank lines, with what the zone rules look at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

LONGEST = 600  # characters of a block that patterns are tried on: what is longer is a paragraph
_ENDS = ".!?…:;,"
_CLOSING = "”\"'’»)]"
_BULLET = re.compile(r"[-–—•*·▪►→]\s+\S")
# A word of four letters or more is no abbreviation: what follows its full stop is a second sentence.
_SECOND_SENTENCE = re.compile(r"[^\W\d_]{4}[.!?…][”\"’»)]*\s")
_SENTENCE_END = re.compile(r"[.!?…][”\"’»)]*\s+(?=[“\"«A-ZÀ-ÖØ-Þ])")


@dataclass(frozen=True, slots=True)
class Block:
    """``text[start:end]``, without blanks at its ends; ``gap`` is how many blank lines stood before it in the article.

    ``hint`` is what the page said it was: ``title``, ``heading``, ``paragraph``, ``item``, ``quote`` or ``caption``; empty for plain
    text. ``credits`` are spans that the page marked as credits. ``flat`` is the text on one line, empty if it is too long for
    patterns.
    """

    start: int
    end: int
    surface: str
    gap: int = 1
    hint: str = ""
    credits: tuple[tuple[int, int], ...] = ()
    flat: str = field(init=False)
    words: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        short = len(self.surface) <= LONGEST
        words = tuple(self.surface.split()) if short else ()
        object.__setattr__(self, "words", words)
        object.__setattr__(self, "flat", " ".join(words))

    @property
    def is_quoted(self) -> bool:
        """Whether it begins with a quotation mark."""
        return self.surface[0] in "“\"„«‘'"

    @property
    def is_bulleted(self) -> bool:
        """Whether it is an item of a list."""
        return self.hint == "item" or _BULLET.match(self.surface) is not None

    @property
    def is_heading_like(self) -> bool:
        """Whether it has the shape of a heading: one short line that is no sentence and does not begin with a small letter."""
        if not self.flat or len(self.words) > 25 or "\n" in self.surface or self.is_bulleted:
            return False
        if _SECOND_SENTENCE.search(self.surface):
            return False
        return not self.surface[0].islower() and self.surface.rstrip(_CLOSING)[-1:] not in set(_ENDS) - set("?!")

    @property
    def sentences(self) -> int:
        """How many sentences it has, roughly: initials and titles count as ends too."""
        return 1 + len(_SENTENCE_END.findall(self.surface))


def split_blocks(text: str, gaps: Sequence[int]) -> list[Block]:
    """Cut canonical text at its blank lines; ``gaps`` are the blank lines between blocks in the article."""
    blocks: list[Block] = []
    at = 0
    for number, written in enumerate(text.split("\n\n") if text else ()):
        surface = written.strip(" ")
        start = at + len(written) - len(written.lstrip(" "))
        gap = gaps[number - 1] if number else 0
        blocks.append(Block(start=start, end=start + len(surface), surface=surface, gap=gap))
        at += len(written) + 2
    return blocks
