"""Sketches in, keys out; keys in, pairs of documents out that may be copies: all that a cluster has to shuffle.

Two kinds of keys. *Bands* of the signature: ``BANDS`` groups of ``ROWS`` bins, so that a pair of resemblance J has a band in
common with probability 1 - (1 - J**4)**32: 0.60 at J = 0.41, 0.87 at 0.5, 0.99 at 0.6, 0.9998 at 0.7. And the *marks* of runs, for copies
that were cut or extended, whose resemblance is small: documents that have 39 words in a row in common (8 words a run, of 32
runs one is a mark) always have a mark in common, however long the rest of either.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.copies.options import DEFAULT, CopyOptions
from copydesk.documents.copies.sketch import BINS
from copydesk.documents.copies.words import Flags, Numbers, Places, mix
from copydesk.errors import StoreError

BANDS, ROWS = 32, 4
NEIGHBOURS = 2
KEYS = pa.schema(
    [
        pa.field("key", pa.int64(), nullable=False),  # documents that may be copies have one in common
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("body", pa.int64(), nullable=False),  # the beginning of body_sha256
    ]
)
PAIRS = pa.schema([pa.field("left", pa.string(), nullable=False), pa.field("right", pa.string(), nullable=False)])
_FACTOR = np.uint64(0x8EBC6AF09C88C6E3)


def bands(sketches: pa.Table) -> pa.Table:
    """Give the keys of each document (schema ``KEYS``); a document without a word has none.

    Raises StoreError where a document stands twice: of its revisions only the newest is looked for in others.
    """
    worded = sketches.filter(pc.greater(sketches["words"], 0))
    if pc.count_distinct(worded["doc_id"]).as_py() != worded.num_rows:
        raise StoreError("table sketches: a document stands in it twice", fix="hand over newest_sketches(sketches)")
    row = np.arange(worded.num_rows)
    begins = pc.utf8_slice_codeunits(worded["body_sha256"], 0, 16).to_pylist()
    bodies = np.frombuffer(bytes.fromhex("".join(begins)), ">i8").astype(np.int64)
    marks = worded["runs"].combine_chunks()
    of_marks = pc.list_parent_indices(marks).to_numpy()
    keys = np.concatenate((_banded(worded).ravel(), mix(pc.list_flatten(marks).to_numpy().view(np.uint64) ^ _FACTOR)))
    rows = np.concatenate((np.repeat(row, BANDS), of_marks))
    return pa.table([pa.array(keys.view(np.int64)), worded["doc_id"].take(rows), bodies.take(rows)], KEYS)


def _banded(sketches: pa.Table) -> Numbers:
    signatures = sketches["signature"].combine_chunks()
    stored = signatures.buffers()[1].slice(4 * BINS * signatures.offset, 4 * BINS * len(signatures))
    bins = np.frombuffer(stored, "<u4").reshape(-1, BANDS, ROWS)
    keys = np.broadcast_to(np.arange(BANDS, dtype=np.uint64), bins.shape[:2])
    for row in range(ROWS):
        keys = mix((keys * _FACTOR) ^ bins[:, :, row])
    return keys


def candidates(keys: pa.Table, options: CopyOptions = DEFAULT) -> pa.Table:
    """Give the pairs of documents to compare (schema ``PAIRS``, ``left < right``, sorted, each once).

    ``keys`` holds all rows of each of its keys: the whole table, or one part of it divided by ``key``; the pairs of the parts,
    put together by ``joined_pairs``, are those of the whole.

    Of documents with the same body, only the first by ``doc_id`` stands for it, and each other is paired with that one. Of up
    to ``full_bucket`` bodies under one key all are paired; of n more, each with the key's centre (one of them, another for each
    key) and with its two neighbours in an order that the key and the bodies give: fewer than 3n pairs, never n**2. Members of a
    large cluster have many keys in common, each with its own centre, so that they stay together.
    """
    key = keys["key"].to_numpy().view(np.uint64)
    rows = _shared(key)
    keys, key = keys.take(rows), key.take(rows)
    names = pc.unique(keys["doc_id"]).sort()
    rank = pc.index_in(keys["doc_id"], names).to_numpy().astype(np.int64)
    place = mix(keys["body"].to_numpy().view(np.uint64) ^ key)  # one to one under its key
    new_key = _changes(key)
    order = _order(np.cumsum(new_key), place, rank)
    place, rank = place.take(order), rank.take(order)
    new_body = new_key | _changes(place)
    stands_for = rank[np.flatnonzero(new_body)[np.cumsum(new_body) - 1]] if len(rank) else rank
    same = (stands_for[~new_body], rank[~new_body])
    found = [same, *_within(rank[new_body], new_key[new_body], options.full_bucket)]
    return _pairs(found, names)


def _shared(key: Numbers) -> Places:
    """The rows whose key is not theirs alone, in the order of their keys: most are, so that little is left to order further."""
    order = np.argsort(key)
    new = np.append(_changes(key.take(order)), True)
    shared: Places = order[~(new[1:] & new[:-1])]
    return shared


def _order(bucket: Places, place: Numbers, rank: Places) -> Places:
    """The order by bucket, place and rank, of rows of fewer than 2**32 buckets: by half of the place first, as few agree in that."""
    half = (bucket.view(np.uint64) << np.uint64(32)) | (place >> np.uint64(32))
    order = np.argsort(half)
    new = np.append(_changes(half.take(order)), True)
    tied = np.flatnonzero(~(new[1:] & new[:-1]))
    rows = order[tied]
    order[tied] = rows[np.lexsort((rank[rows], place[rows], half[rows]))]
    return order


def joined_pairs(*parts: pa.Table) -> pa.Table:
    """Put pairs together: sorted, each once."""
    whole = pa.concat_tables(parts)
    return (
        whole.group_by(["left", "right"])
        .aggregate([])
        .sort_by([("left", "ascending"), ("right", "ascending")])
        .cast(PAIRS)
    )


def _within(rank: Places, new_key: Flags, full: int) -> list[tuple[Places, Places]]:
    """The pairs of each bucket; ``new_key`` marks where one begins."""
    begin = np.flatnonzero(new_key)
    size = np.diff(begin, append=len(rank))
    left_over = np.repeat(begin + size, size) - np.arange(len(rank)) - 1  # how many come after it in its bucket
    large = np.repeat(size > full, size)
    found = []
    for step in range(1, full):
        at = np.flatnonzero((left_over >= step) & (~large if step > NEIGHBOURS else True))
        if not at.size:
            break
        found.append((rank[at], rank[at + step]))
    centre = np.repeat(begin, size)
    found.append((rank[centre[large & ~new_key]], rank[large & ~new_key]))
    return found


def _pairs(found: list[tuple[Places, Places]], names: pa.Array) -> pa.Table:
    one, other = (np.concatenate([pair[side] for pair in found]) for side in (0, 1))
    low, high = np.minimum(one, other), np.maximum(one, other)
    each = np.unique((low * len(names) + high)[low != high])
    return pa.table([names.take(each // max(len(names), 1)), names.take(each % max(len(names), 1))], PAIRS)


def _changes(values: Numbers) -> Flags:
    new = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return new
