"""Pairs of documents as numbers: what a search over many documents holds of a pair is eight bytes.

Documents are numbered in the order of their ``doc_id``. A pair is one number: that of its earlier document in the upper half, that
of the later one in the lower half; sorted, they are in the order of the documents' names.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from copydesk.documents.copies.words import Numbers, Places

PAIRS = pa.schema([pa.field("left", pa.string(), nullable=False), pa.field("right", pa.string(), nullable=False)])
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def packed(one: Places, other: Places) -> Numbers:
    """Give the pairs of the documents ``one`` and ``other`` that are two, in their order, as often as they come."""
    pairs: Numbers = (np.minimum(one, other).view(np.uint64) << _HALF) | np.maximum(one, other).view(np.uint64)
    found: Numbers = pairs[one != other]
    return found


def distinct(pairs: Numbers) -> Numbers:
    """Give the pairs sorted, each once."""
    return np.unique(pairs)


def ends(pairs: Numbers) -> tuple[Places, Places]:
    """Give the numbers of the earlier and of the later documents."""
    return (pairs >> _HALF).view(np.int64), (pairs & _LOW).view(np.int64)


def beginning_with(document: int) -> int:
    """The least number that a pair of this document with a later one can have."""
    return document << 32


def named(pairs: Numbers, names: pa.Array) -> pa.Table:
    """Give the pairs by name (schema ``PAIRS``); ``names`` are those of all documents, in order."""
    return pa.table([names.take(pa.array(end)) for end in ends(pairs)], PAIRS)
