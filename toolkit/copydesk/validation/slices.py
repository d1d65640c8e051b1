"""Texts and places in them go in, and where something else stands there than is said: bytes are compared, and no slice is made."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.validation.lookup import Mask, Rows

_BLOCK = 1 << 18  # bytes of text that are looked at together
_CONTINUES = -64  # a byte of UTF-8 that continues a character is, with a sign, less than this

_Bytes = npt.NDArray[np.int8]


def slices_differ(
    texts: pa.Array, parents: Rows, starts: Rows, ends: Rows, said: pa.Array, *, block: int = _BLOCK
) -> Mask:
    """Say where ``texts[parent][start:end]`` is not what is said. The parents ascend, and every slice lies in its text."""
    differ: Mask = pc.utf8_length(said).to_numpy(zero_copy_only=False) != ends - starts
    data, bounds = _bytes_of(texts)
    said_data, said_bounds = _bytes_of(said)
    parts = np.searchsorted(bounds, np.arange(bounds[0], bounds[-1], block))
    for first, last in pairwise(np.unique([*parts, len(texts)])):
        begin, end = np.searchsorted(parents, [first, last])
        if begin == end:
            continue
        text = data[bounds[first] : bounds[last]]
        characters = np.flatnonzero(text >= _CONTINUES)
        before = np.searchsorted(characters, bounds[first:last] - bounds[first])
        places = characters[before[parents[begin:end] - first] + starts[begin:end]]
        differ[begin:end] |= _bytes_differ(text, places, said_data, said_bounds[begin : end + 1])
    return differ


def _bytes_differ(text: _Bytes, places: Rows, said: _Bytes, bounds: Rows) -> Mask:
    """Say where the text from a place on does not begin with the bytes between two bounds."""
    each = np.repeat(places - bounds[:-1], np.diff(bounds)) + np.arange(bounds[0], bounds[-1])
    unequal = np.flatnonzero(text.take(each, mode="clip") != said[bounds[0] : bounds[-1]])
    differ = np.zeros(len(places), dtype=np.bool_)
    differ[np.searchsorted(bounds, unequal + bounds[0], side="right") - 1] = True
    return differ


def _bytes_of(texts: pa.Array) -> tuple[_Bytes, Rows]:
    """Give the bytes of an array of texts, and where in them each begins and the last ends."""
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data or b"", dtype=np.int8), bounds.astype(np.int64)
