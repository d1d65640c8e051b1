"""Pairs in, those out that are worth comparing: what their signatures say is far from being a copy is left out.

A key in common may be one phrase. Signatures tell the resemblance of two bodies to within a few hundredths, and with their lengths how
much of the shorter one the longer one may hold; only where that could reach what counts as a copy are texts read and compared. What
is related alone is found among the copies of one group (see ``missing_pairs``), whatever is left out here.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.documents.copies.options import DEFAULT, CopyOptions
from copydesk.documents.copies.pairs import ends
from copydesk.documents.copies.sketch import BINS
from copydesk.documents.copies.words import Flags, Numbers, Places

DEVIATIONS = 3.0  # of the estimate: of pairs that just are copies, about one in a thousand is left out wrongly
_LETTERS = 256  # values of the byte that is kept of each bin
_AT_ONCE = 20_000
Bytes = NDArray[np.uint8]


def low_bins(sketches: pa.Table) -> Bytes:
    """Give the lowest byte of each bin of each signature, a row for each sketch."""
    stored = b"".join(sketches["signature"].to_pylist())
    return np.frombuffer(stored, np.uint8).reshape(-1, BINS, 4)[:, :, 0]  # of little-endian uint32


def plausible(
    pairs: pa.Table, *, names: pa.Array, bins: Bytes, shingles: Places, options: CopyOptions = DEFAULT
) -> pa.Table:
    """Give the pairs (schema ``PAIRS``) that may be copies. ``names``, ``bins`` and ``shingles`` tell of every document, in one order."""
    left, right = (pc.index_in(pairs[side], names).to_numpy().astype(np.int64) for side in ("left", "right"))
    return pairs.filter(pa.array(_may_be(left, right, bins, shingles, options)))


def sifted(pairs: Numbers, *, bins: Bytes, shingles: Places, options: CopyOptions) -> Numbers:
    """Give the pairs, as ``pairs`` numbers them, that may be copies; the rows of ``bins`` and ``shingles`` have the same numbers."""
    return pairs[_may_be(*ends(pairs), bins, shingles, options)]


def _may_be(left: Places, right: Places, bins: Bytes, shingles: Places, options: CopyOptions) -> Flags:
    """Mark the pairs that may be copies.

    The share p of equal bytes gives the resemblance J = (p - 1/256) / (1 - 1/256) (b-bit minwise hashing, Li & König 2010); its
    deviation is that of as many draws as there are bins, or shingles where they are fewer. From J and the lengths a and b follows
    the containment J (a + b) / ((1 + J) min(a, b)).
    """
    equal = np.empty(len(left), np.int64)
    for at in range(0, len(left), _AT_ONCE):
        some = slice(at, at + _AT_ONCE)
        equal[some] = np.count_nonzero(bins[left[some]] == bins[right[some]], axis=1)
    resemblance = np.clip((equal / BINS - 1 / _LETTERS) / (1 - 1 / _LETTERS), 0.0, 1.0)
    one, other = shingles[left], shingles[right]
    shorter = np.maximum(np.minimum(one, other), 1)
    draws = np.minimum(BINS, shorter)
    most = resemblance + DEVIATIONS * np.sqrt((resemblance * (1 - resemblance) + 1 / draws) / draws)
    held = most * (one + other) / ((1 + most) * shorter)
    return np.asarray(held >= min(options.near, options.contained))
