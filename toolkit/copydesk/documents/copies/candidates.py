"""Sketches in, keys out; keys in, pairs of documents out that may be copies: all that a cluster has to shuffle.

Two kinds of keys. *Bands* of the signature: ``BANDS`` groups of ``ROWS`` bins, so that a pair of resemblance J has a band in
common with probability 1 - (1 - J**4)**32: 0.60 at J = 0.41, 0.87 at 0.5, 0.99 at 0.6, 0.9998 at 0.7. And the *marks* of runs, for copies
that were cut or extended, whose resemblance is small: documents that have 39 words in a row in common (8 words a run, of 32
runs one is a mark) always have a mark in common, however long the rest of either.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.copies.options import DEFAULT, CopyOptions
from copydesk.documents.copies.pairs import PAIRS, distinct, named, packed
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
_FACTOR = np.uint64(0x8EBC6AF09C88C6E3)


def bands(sketches: pa.Table) -> pa.Table:
    """Give the keys of each document (schema ``KEYS``); a document without a word has none.

    Raises StoreError where a document stands twice: of its revisions only the newest is looked for in others.
    """
    if pc.count_distinct(sketches["doc_id"]).as_py() != sketches.num_rows:
        raise StoreError("table sketches: a document stands in it twice", fix="hand over newest_sketches(sketches)")
    key, row, bodies = keys_of(sketches)
    return pa.table(
        [pa.array(key.view(np.int64)), sketches["doc_id"].take(row), pa.array(bodies.view(np.int64)).take(row)], KEYS
    )


def keys_of(sketches: pa.Table) -> tuple[Numbers, Places, Numbers]:
    """Give the keys, for each key the row of its document, and for each row the beginning of its body's digest."""
    row = np.flatnonzero(sketches["words"].to_numpy())
    begins = pc.utf8_slice_codeunits(sketches["body_sha256"], 0, 16).to_pylist()
    bodies = np.frombuffer(bytes.fromhex("".join(begins)), ">u8").astype(np.uint64)
    worded = sketches.select(["signature", "runs"])
    worded = worded if len(row) == worded.num_rows else worded.take(row)
    marks = worded["runs"].combine_chunks()
    of_marks = mix(pc.list_flatten(marks).to_numpy().view(np.uint64) ^ _FACTOR)
    key = np.concatenate((_banded(worded).ravel(), of_marks))
    return key, np.concatenate((np.repeat(row, BANDS), row[pc.list_parent_indices(marks).to_numpy()])), bodies


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
    names = pc.unique(keys["doc_id"]).sort()
    document = pc.index_in(keys["doc_id"], names).to_numpy().astype(np.int64)
    key, body = (keys[name].to_numpy().view(np.uint64) for name in ("key", "body"))
    found = [*pairs_under(key, document, body, full=options.full_bucket)]
    return named(distinct(np.concatenate([np.empty(0, np.uint64), *found])), names)


def pairs_under(key: Numbers, document: Places, body: Numbers, *, full: int) -> Iterator[Numbers]:
    """Give the pairs under the keys, some at a time, at most as many as there are rows: a row is a key of a document and its body.

    Each is given as ``pairs`` says, and may come again.
    """
    rows = _shared(key)
    key, document, place = key.take(rows), document.take(rows), mix(body.take(rows) ^ key.take(rows))
    new_key = _changes(key)
    order = _order(np.cumsum(new_key), place, document)  # a place is one to one with its body under its key
    place, document = place.take(order), document.take(order)
    new_body = new_key | _changes(place)
    stands_for = document[np.flatnonzero(new_body)[np.cumsum(new_body) - 1]] if len(document) else document
    yield packed(stands_for[~new_body], document[~new_body])
    yield from _within(document[new_body], new_key[new_body], full)


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


def _within(document: Places, new_key: Flags, full: int) -> Iterator[Numbers]:
    """The pairs of each bucket; ``new_key`` marks where one begins."""
    begin = np.flatnonzero(new_key)
    size = np.diff(begin, append=len(document))
    left_over = np.repeat(begin + size, size) - np.arange(len(document)) - 1  # how many come after it in its bucket
    large = np.repeat(size > full, size)
    for step in range(1, full):
        at = np.flatnonzero((left_over >= step) & (~large if step > NEIGHBOURS else True))
        if not at.size:
            break
        yield packed(document[at], document[at + step])
    centre = np.repeat(begin, size)
    others = large & ~new_key
    yield packed(document[centre[others]], document[others])


def _changes(values: Numbers) -> Flags:
    new = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return new
