"""Arrow columns in, integer columns out, and what every step of agreement does with these."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_LARGEST = 2**62


def encode(column: pa.ChunkedArray) -> tuple[pa.Array, Ints]:
    """Give the distinct values of a column, sorted, and the number of each row's value among them."""
    coded = column.combine_chunks().dictionary_encode()
    order = pc.sort_indices(coded.dictionary).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return coded.dictionary.take(pa.array(order)), rank[to_numpy(coded.indices)]


def look_up(column: pa.ChunkedArray, values: pa.Array) -> Ints:
    """Give the number of each row's value among ``values``, or -1 where it is not there."""
    return to_numpy(pc.fill_null(pc.index_in(column, value_set=values), -1))


def ints(column: pa.ChunkedArray) -> Ints:
    """Give a column of whole numbers as 64-bit integers."""
    return to_numpy(column.cast(pa.int64()))


def distinct(*columns: Ints) -> tuple[Ints, Ints]:
    """Give a row for each distinct row of ``columns``, in sorted order, and the number of each row's among them."""
    _, row, number = np.unique(pack(*columns), return_index=True, return_inverse=True)
    return row, number


def pack(*columns: Ints) -> Ints:
    """Fold columns of numbers from 0 up into one that sorts alike and is equal exactly where all of them are."""
    key = columns[0]
    for column in columns[1:]:
        span = int(column.max(initial=0)) + 1
        if int(key.max(initial=0)) >= _LARGEST // span:
            key = np.unique(key, return_inverse=True)[1]
        key = key * span + column
    return key


def ranges(start: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Write out ``start[i]``, ``start[i] + 1``, … ``count[i]`` times for each i; gives (i, number) for every one."""
    owner = np.repeat(np.arange(len(start)), count)
    before = np.cumsum(count) - count
    return owner, np.arange(len(owner)) + np.repeat(start - before, count)


def added(where: Ints, what: Floats | Ints, size: int) -> Floats:
    """Add up ``what`` by place, from 0 to ``size`` - 1."""
    return np.bincount(where, weights=what, minlength=size).astype(np.float64)


def to_numpy(column: Any) -> Ints:
    """Give an Arrow column without empty fields as 64-bit integers."""
    return np.asarray(column.to_numpy(), dtype=np.int64)
