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
    inside = [one for one in stretches if one.start < len(text)]
    cuts = sorted({0, len(text), *(min(place, len(text)) for one in inside for place in (one.start, one.end))})
    ordered = sorted(inside, key=lambda one: (one.start, -one.end, one.name))
    for first, last in pairwise(cuts):
        covering = tuple(one for one in ordered if one.start <= first and last <= one.end)
        yield Piece(text[first:last], covering, tuple(one for one in covering if one.start == first))
