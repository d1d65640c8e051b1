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


def numbered(old: pa.ChunkedArray, new: pa.ChunkedArray) -> tuple[Ints, Ints, pa.Array]:
    """Give a column of two tables as whole numbers of 0 and more, and for texts the list of which they are the places."""
    if not pa.types.is_string(old.type):
        return _numbers(old), _numbers(new), pa.array([], pa.string())
    encoded = pa.chunked_array([*old.chunks, *new.chunks], pa.string()).dictionary_encode()
    whole = encoded.combine_chunks()
    codes = _numbers(whole.indices)
    return codes[: len(old)], codes[len(old) :], whole.dictionary


def _numbers(column: pa.Array | pa.ChunkedArray) -> Ints:
    """Whole numbers as they are; where some are nothing, that is 0 and all others are one more."""
    if not column.null_count:
        return np.asarray(column).astype(np.int64, copy=False)
    return np.asarray(pc.fill_null(column, -1)).astype(np.int64) + 1


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
