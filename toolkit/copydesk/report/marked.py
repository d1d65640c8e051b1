"""A text and what stands in it go in, its pieces come out, each with what covers it: spans may lie in one another and cross."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Stretch:
    """Something from ``start`` to ``end`` in a text, in code points: a label, or what else has a name."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text that the same stretches cover; ``begin`` are those of them that begin with it."""

    text: str
    covering: tuple[Stretch, ...]
    begin: tuple[Stretch, ...]


def pieces(text: str, stretches: Sequence[Stretch]) -> Iterator[Piece]:
    """Cut a text wherever something begins or ends; what lies outside of it is cut off."""
    waiting = sorted(
        (one for one in stretches if one.start < len(text)), key=lambda one: (one.start, -one.end, one.name)
    )
    cuts = {0, len(text), *(min(place, len(text)) for one in waiting for place in (one.start, one.end))}
    waiting.reverse()
    covering: tuple[Stretch, ...] = ()
    for first, last in pairwise(sorted(cuts)):
        begin = []
        while waiting and waiting[-1].start == first:
            begin.append(waiting.pop())
        covering = (*(one for one in covering if one.end > first), *begin)
        yield Piece(text[first:last], covering, tuple(begin))
