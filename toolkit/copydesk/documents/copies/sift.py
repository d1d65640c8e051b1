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
from copydesk.documents.copies.sketch import BINS
from copydesk.documents.copies.words import Flags, Places

DEVIATIONS = 3.0  # of the estimate: of pairs that just are copies, about one in a thousand is left out wrongly
_LETTERS = 256  # values of the byte that is kept of each bin
_AT_ONCE = 100_000
Bytes = NDArray[np.uint8]


def low_bins(sketches: pa.Table) -> Bytes:
    """Give the lowest byte of each bin of each signature, a row for each sketch."""
    stored = b"".join(sketches["signature"].to_pylist())
    return np.frombuffer(stored, np.uint8).reshape(-1, BINS, 4)[:, :, 0]  # of little-endian uint32


def plausible(
    pairs: pa.Table, *, names: pa.Array, bins: Bytes, shingles: Places, options: CopyOptions = DEFAULT
) -> pa.Table:
    """Give the pairs that may be copies. ``names``, ``bins`` and ``shingles`` tell of every document, in one order.

    The share p of equal bytes gives the resemblance J = (p - 1/256) / (1 - 1/256) (b-bit minwise hashing, Li & König 2010); its
    deviation is that of as many draws as there are bins, or shingles where they are fewer. From J and the lengths a and b follows
    the containment J (a + b) / ((1 + J) min(a, b)).
    """
    ends = [pc.index_in(pairs[side], names).to_numpy().astype(np.int64) for side in ("left", "right")]
    kept = [
        _may_be(bins, shingles, ends[0][at : at + _AT_ONCE], ends[1][at : at + _AT_ONCE], options)
        for at in range(0, pairs.num_rows, _AT_ONCE)
    ]
    return pairs.filter(pa.array(np.concatenate([np.empty(0, np.bool_), *kept])))


def _may_be(bins: Bytes, shingles: Places, left: Places, right: Places, options: CopyOptions) -> Flags:
    equal = np.count_nonzero(bins[left] == bins[right], axis=1) / BINS
    resemblance = np.clip((equal - 1 / _LETTERS) / (1 - 1 / _LETTERS), 0.0, 1.0)
    one, other = shingles[left], shingles[right]
    shorter = np.maximum(np.minimum(one, other), 1)
    draws = np.minimum(BINS, shorter)
    most = resemblance + DEVIATIONS * np.sqrt((resemblance * (1 - resemblance) + 1 / draws) / draws)
    held = most * (one + other) / ((1 + most) * shorter)
    return np.asarray(held >= min(options.near, options.contained))
