"""Canonical texts in, the blocks of all of them out as columns: where each stands, and what it says.

Most blocks of most articles are plain paragraphs. As rows of columns they cost next to nothing; an object is made of those alone that a
rule has to look at (``blocks.Blocks``).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import pyarrow as pa

Numbers = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
BREAK = "\n\n"
_NEWLINE, _SPACE = ord("\n"), ord(" ")


class Texts(NamedTuple):
    """Texts, and the blocks of all of them in order: what stands between blank lines, without the blanks before it.

    ``start`` and ``end`` are characters of the block's own text; ``first`` is, of each text, the number of its first block, and ends
    with the number of all blocks.
    """

    texts: Sequence[str]
    document: Numbers
    start: Numbers
    end: Numbers
    first: Numbers
    surfaces: pa.Array


def texts_of(texts: Sequence[str]) -> Texts:
    """Cut canonical texts, none of them empty, at their blank lines."""
    raw = BREAK.encode().join(map(str.encode, texts))
    starts, ends = _between_breaks(raw)
    for place in np.flatnonzero(
        np.frombuffer(raw, np.uint8)[starts] == _SPACE
    ):  # no line ends in a space, but some are indented
        written = raw[starts[place] : ends[place]]
        starts[place] += len(written) - len(written.lstrip(b" "))
    begins = np.fromiter(accumulate((len(text) + len(BREAK) for text in texts), initial=0), np.int64, len(texts) + 1)[
        :-1
    ]
    start, end = _characters(raw, starts), _characters(raw, ends)
    document = np.searchsorted(begins, start, side="right") - 1
    before = begins[document]
    first = np.searchsorted(document, np.arange(len(texts) + 1))
    return Texts(texts, document, start - before, end - before, first, pieces(raw, starts, ends))


def _between_breaks(raw: bytes) -> tuple[Numbers, Numbers]:
    """Give the first byte of each block, and the byte after its last."""
    if not raw:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    newlines = np.flatnonzero(np.frombuffer(raw, np.uint8) == _NEWLINE)
    breaks = newlines[:-1][np.diff(newlines) == 1]
    return np.concatenate(([0], breaks + len(BREAK))), np.concatenate((breaks, [len(raw)]))


def _characters(raw: bytes, places: Numbers) -> Numbers:
    """Give the characters before each of the bytes: those but for the later bytes of characters of several."""
    found: Numbers = places - np.searchsorted(_later(raw), places)
    return found


def bytes_before(raw: bytes, characters: Numbers) -> Numbers:
    """Give the bytes before each of the characters of a text in UTF-8."""
    later = _later(raw)
    found: Numbers = characters + np.searchsorted(later - np.arange(len(later)), characters, side="right")
    return found


def _later(raw: bytes) -> Numbers:
    """Find the bytes that begin no character: 0x80 to 0xBF, the lowest of those with a sign."""
    return np.flatnonzero(np.frombuffer(raw, np.int8) < -0x40)


def pieces(raw: bytes, starts: Numbers, ends: Numbers) -> pa.Array:
    """Give pieces of a text in UTF-8 as a column of strings: every second one of those that their ends cut the whole into.

    ``starts`` and ``ends`` are bytes; each piece begins where the one before ended, or later.
    """
    if not len(starts):
        return pa.array([], pa.large_string())
    offsets = np.empty(2 * len(starts), np.int64)
    offsets[::2], offsets[1::2] = starts, ends
    pieces = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(raw))
    return pieces.take(pa.array(np.arange(0, len(offsets), 2)))
