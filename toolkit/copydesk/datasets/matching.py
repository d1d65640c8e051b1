"""Rows of two versions beside each other: which row of the new table says the same as a row of the old one.

Rows are compared by whole numbers (which document, from where to where, which label), all at once: two versions of millions of spans
take seconds. The keys are put into numbers of 64 bits that keep the order of documents and places, so that both sides are sorted
already or nearly so; what follows is a search, and every hit is looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
_MIX = np.uint64(0x9E3779B97F4A7C15)


def partners(old: Sequence[Ints], new: Sequence[Ints]) -> Ints:
    """Give for each row of ``old`` the row of ``new`` with the same numbers in all columns, or -1; no two rows of a side are equal.

    The first two columns are a document's number and a place in it, both 0 or more.
    """
    if not len(old[0]) or not len(new[0]):
        return np.full(len(old[0]), -1, np.int64)
    shifts = _shifts(old, new)
    old_keys, new_keys = _packed(old, shifts), _packed(new, shifts)
    order = np.argsort(new_keys, kind="stable")
    at = order[np.minimum(np.searchsorted(new_keys[order], old_keys), len(order) - 1)]
    same = np.ones(len(at), bool)
    for before, after in zip(old, new, strict=True):
        same &= before == after[at]
    return np.where(same, at, -1)


def numbered(old: pa.Table, new: pa.Table, names: Sequence[str]) -> tuple[list[Ints], list[Ints]]:
    """Give the columns of two tables as whole numbers: texts by their place in one list of both tables' texts, nothing as 0."""
    sides: tuple[list[Ints], list[Ints]] = ([], [])
    for name in names:
        columns = [table[name].combine_chunks() for table in (old, new)]
        if pa.types.is_string(columns[0].type):
            # Sorted, so that the numbers follow the order of the rows.
            known = pc.unique(pa.concat_arrays(columns)).sort()
            columns = [pc.index_in(column, value_set=known) for column in columns]
        for side, column in zip(sides, columns, strict=True):
            side.append(pc.fill_null(column, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1)
    return sides


def differing(old: pa.ChunkedArray, new: pa.ChunkedArray, pairs: tuple[Ints, Ints]) -> Ints:
    """Give the places in ``pairs`` whose lists of name and value differ between an old and a new row."""
    before, after = (column.combine_chunks().take(pa.array(at)) for column, at in zip((old, new), pairs, strict=True))
    if before.equals(after):
        return np.empty(0, np.int64)
    wrong = pc.list_value_length(before).to_numpy() != pc.list_value_length(after).to_numpy()
    even = np.flatnonzero(~wrong)
    one, other = (lists.take(pa.array(even)) for lists in (before, after))
    apart = _unequal(one.flatten(), other.flatten())
    owners = np.repeat(even, pc.list_value_length(one).to_numpy())
    wrong[owners[apart]] = True
    return np.flatnonzero(wrong)


def _unequal(one: pa.StructArray, other: pa.StructArray) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(one), bool)
    for left, right in zip(one.flatten(), other.flatten(), strict=True):
        found |= pc.not_equal(left, right).to_numpy(zero_copy_only=False)
    return found


def _shifts(old: Sequence[Ints], new: Sequence[Ints]) -> Mapping[str, np.uint64]:
    places = int(max(old[1].max(), new[1].max())) + 2
    documents = int(max(old[0].max(), new[0].max())) + 2
    rest = max(64 - places.bit_length() - documents.bit_length(), 0)
    return {"place": np.uint64(rest), "document": np.uint64(min(rest + places.bit_length(), 63))}


def _packed(columns: Sequence[Ints], shifts: Mapping[str, np.uint64]) -> npt.NDArray[np.uint64]:
    """One number a row: its document, its place, and what room there is left for a hash of the rest."""
    mixed: npt.NDArray[np.uint64] = np.zeros(len(columns[0]), np.uint64)
    for column in columns[2:]:
        mixed ^= column.astype(np.uint64)
        mixed *= _MIX
        mixed ^= mixed >> np.uint64(29)
    mask = (np.uint64(1) << shifts["place"]) - np.uint64(1)
    mixed &= mask
    mixed |= columns[0].astype(np.uint64) << shifts["document"]
    mixed |= columns[1].astype(np.uint64) << shifts["place"]
    return mixed
