"""A long text goes in, the windows that it is read in come out: runs of whole paragraphs that together are the text.

A window ends where a paragraph ends; only a paragraph that is too long by itself is cut, and then where a sentence ends. Which of
the paragraphs that it may end with is told by their words alone, so that after a correction the windows elsewhere in the text
are the same again (content-defined chunking: A. Muthitacharoen et al., SOSP 2001; here the lowest digest in reach).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from copydesk.model.alignment import fold

Place = tuple[int, int]

_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n\s*")
_LINE_END = re.compile(r"\n\s*")


@dataclass(frozen=True, slots=True)
class Window:
    """One window of a text: code points from ``start`` to ``end``, number ``number`` (from 1) of ``of``."""

    start: int
    end: int
    number: int
    of: int

    @property
    def place(self) -> Place:
        """Where it stands in the text."""
        return self.start, self.end


def cut(text: str, *, most: int, sentences: Sequence[Place] = ()) -> tuple[Window, ...]:
    """Cut a text into windows of at most ``most`` characters; one window where the whole is no longer.

    The windows follow one another without a gap, from 0 to the length of the text; the white space between two belongs to the
    first. ``sentences`` are those of the text, in order, and are only asked where a paragraph is longer than ``most``. A single
    sentence, or a paragraph of which no sentences are told, stays whole however long it is.
    """
    ends = list(_window_ends(text, _piece_ends(text, most, sentences), most)) if len(text) > most else [len(text)]
    starts = [0, *ends[:-1]]
    return tuple(
        Window(start, end, number, len(ends)) for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1)
    )


def has_long_paragraph(text: str, *, most: int) -> bool:
    """Say whether a text can only be cut where its sentences are known."""
    return len(text) > most and any(end - start > most for start, end in _stretches(_paragraph_ends(text)))


def is_covered(start: int, end: int, places: Iterable[Place]) -> bool:
    """Say whether places of a text together hold all of a stretch of it."""
    at = start
    for low, high in sorted(places):
        if low > at:
            break
        at = max(at, high)
    return at >= end


def _window_ends(text: str, ends: Sequence[int], most: int) -> Iterator[int]:
    start = first = 0
    while first < len(ends):
        if len(text) - start <= most:
            yield len(text)
            return
        last = first  # a piece that is too long by itself is a window
        while last + 1 < len(ends) and ends[last + 1] - start <= most:
            last += 1
        reach = [at for at in range(first, last + 1) if ends[at] - start >= most // 2] or [last]
        chosen = min(reach, key=lambda at: (_digest(text[ends[at - 1] if at else 0 : ends[at]]), at))
        yield ends[chosen]
        start, first = ends[chosen], chosen + 1


def _digest(piece: str) -> bytes:
    return hashlib.blake2b(fold(piece.strip()).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _piece_ends(text: str, most: int, sentences: Sequence[Place]) -> list[int]:
    ends: list[int] = []
    starts = [start for start, _ in sentences]
    for low, high in _stretches(_paragraph_ends(text)):
        if high - low > most:
            ends += (start for start in starts if low < start < high)
        ends.append(high)
    return ends


def _paragraph_ends(text: str) -> list[int]:
    """Where the paragraphs of a text end, the white space after each included; lines are paragraphs where no blank line is."""
    pattern = _PARAGRAPH_END if _PARAGRAPH_END.search(text) else _LINE_END
    blank = len(text) - len(text.lstrip())  # white space before the first paragraph belongs to it
    ends = [found.end() for found in pattern.finditer(text) if found.start() > blank]
    return ends if ends and ends[-1] == len(text) else [*ends, len(text)]


def _stretches(ends: Sequence[int]) -> Iterator[Place]:
    return zip([0, *ends[:-1]], ends, strict=True)
