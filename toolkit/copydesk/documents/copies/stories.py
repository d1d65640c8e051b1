"""Sketches and links in, the table ``copies`` out: for every document its story, and whose copy it is and why.

Links chain: A may resemble B, and B resemble C, where A and C share nothing. So there are two identities. A *story* is a canonical
member and its copies, each linked with it directly: what tells the same, and needs to be annotated once. A *group* is all that a
chain of links joins: what has to stay on one side of a split, since any text that two documents share would leak.

All work is done on arrays of row numbers. At its height it holds about 150 bytes for each link and 60 for each document, beside
the tables that come in and go out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.copies.candidates import PAIRS, joined_pairs
from copydesk.documents.copies.words import Flags, Places
from copydesk.errors import StoreError
from copydesk.model.tables import COPIES

KINDS = ("exact", "near", "contained")  # from the closest on
WHOLE_GROUP, FIRST = 64, 8


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Documents in the order in which one is canonical before another, and the links between their ranks."""

    rows: Places  # row of the document at each rank
    low: Places  # of each link, the rank of the earlier document
    high: Places
    link: Places  # and its row among the links


def clusters(links: pa.Table, sketches: pa.Table) -> pa.Table:
    """Give the table ``copies``: a row for each document of ``sketches``, sorted by ``doc_id``.

    ``sketches`` has one row for each document, ``links`` are those of ``check``, in any order; a pair may be there twice.

    The canonical member of a story is the earliest published, of those at one time (or at none, which comes last) the longest,
    of those the first by ``doc_id``. Documents are taken in this order: one that is linked with a canonical member becomes a copy
    of the one that it resembles most, any other becomes canonical itself. So no two canonical members are linked.
    Raises StoreError where a link names a document without a sketch, or a document has two.
    """
    ranked = _ranked(links, sketches)
    return _table(ranked, _groups(ranked), links, sketches)


def missing_pairs(links: pa.Table, sketches: pa.Table) -> pa.Table:
    """Give the pairs (schema ``PAIRS``) within a group that nobody compared, and that may decide who is whose copy.

    ``links`` holds all that was compared. In a group of up to ``WHOLE_GROUP`` documents all pairs are given, in a larger one
    those of every document with the ``FIRST`` in the canonical order. To check them changes no group.
    """
    ranked = _ranked(links, sketches)
    groups = _groups(ranked)
    order = np.lexsort((np.arange(len(groups)), groups))
    begin = np.flatnonzero(np.diff(groups[order], prepend=-1))
    size = np.diff(begin, append=len(order))
    place = np.arange(len(order)) - np.repeat(begin, size)
    size, begin = np.repeat(size, size), np.repeat(begin, size)
    found = [(order[:0], order[:0])]
    for step in range(1, WHOLE_GROUP):
        at = np.flatnonzero((place + step < size) & (size > 2) & (size <= WHOLE_GROUP))
        found.append((order[at], order[at + step]))
    for first in range(FIRST):
        at = np.flatnonzero((place > first) & (size > WHOLE_GROUP))
        found.append((order[begin[at] + first], order[at]))
    return _not_compared(found, ranked, links, sketches)


def _not_compared(found: list[tuple[Places, Places]], ranked: _Ranked, links: pa.Table, sketches: pa.Table) -> pa.Table:
    names = sketches["doc_id"].combine_chunks().take(ranked.rows)
    one, other = (names.take(np.concatenate([pair[side] for pair in found])) for side in (0, 1))
    swapped = pc.greater(one, other)
    pairs = pa.table([pc.if_else(swapped, other, one), pc.if_else(swapped, one, other)], PAIRS)
    return joined_pairs(pairs.join(links.select(PAIRS.names), PAIRS.names, join_type="left anti").cast(PAIRS))


def _ranked(links: pa.Table, sketches: pa.Table) -> _Ranked:
    names = sketches["doc_id"].combine_chunks()
    if pc.count_distinct(names).as_py() != len(names):
        raise StoreError("table sketches: a document stands in it twice", fix="hand over newest_sketches(sketches)")
    keys = [("published_at", "ascending"), ("words", "descending"), ("doc_id", "ascending")]
    rows = pc.sort_indices(sketches, sort_keys=keys, null_placement="at_end").to_numpy().astype(np.int64)
    rank = np.empty_like(rows)
    rank[rows] = np.arange(len(rows))
    holds = np.flatnonzero(pc.not_equal(links["kind"], "none").to_numpy())
    ends = [pc.index_in(links[side].take(holds), names) for side in ("left", "right")]
    if any(end.null_count for end in ends):
        raise StoreError("a link names a document without a sketch", fix="hand over the sketches of all documents")
    left, right = (rank[end.to_numpy()] for end in ends)
    return _Ranked(rows, np.minimum(left, right), np.maximum(left, right), holds)


def _groups(ranked: _Ranked) -> Places:
    """Give, for each rank, the least rank that a chain of links joins it with: hooking and pointer jumping, Shiloach & Vishkin 1982."""
    least = np.arange(len(ranked.rows))
    low, high = ranked.low, ranked.high
    while low.size:
        one, other = least[low], least[high]
        np.minimum.at(least, np.maximum(one, other), np.minimum(one, other))
        while not np.array_equal(nearer := least[least], least):
            least = nearer
        apart = least[low] != least[high]
        low, high = low[apart], high[apart]
    return least


def _canonical(ranked: _Ranked) -> Flags:
    """Mark the canonical members: as if documents were taken one by one, but all that nothing holds back at once."""
    undecided = np.ones(len(ranked.rows), np.bool_)
    canonical = np.zeros(len(ranked.rows), np.bool_)
    low, high = ranked.low, ranked.high
    while undecided.any():
        free = undecided.copy()
        free[high[undecided[low]]] = False
        canonical |= free
        undecided &= ~free
        undecided[high[canonical[low]]] = False
        still = undecided[high]
        low, high = low[still], high[still]
    return canonical


def _chosen(ranked: _Ranked, links: pa.Table) -> tuple[Places, Places]:
    """Give, for each rank, the rank of its canonical member and the row of the link with it; -1 for a canonical member's own."""
    canonical = _canonical(ranked)
    at = np.flatnonzero(canonical[ranked.low] & ~canonical[ranked.high])
    row, low, high = ranked.link[at], ranked.low[at], ranked.high[at]
    kind = pc.index_in(links["kind"].take(row), pa.array(KINDS)).to_numpy()
    jaccard, containment = (links[name].take(row).to_numpy() for name in ("jaccard", "containment"))
    order = np.lexsort((row, low, -containment, -jaccard, kind, high))
    best = order[np.flatnonzero(np.diff(high[order], prepend=-1))]
    of, link = np.arange(len(canonical)), np.full(len(canonical), -1)
    of[high[best]], link[high[best]] = low[best], row[best]
    return of, link


def _table(ranked: _Ranked, groups: Places, links: pa.Table, sketches: pa.Table) -> pa.Table:
    of, link = _chosen(ranked, links)
    doc_id = sketches["doc_id"].combine_chunks().take(ranked.rows)
    canonical, first = doc_id.take(of), doc_id.take(groups)
    linked = links.take(pa.array(link, mask=link < 0))
    own = pc.if_else(pc.equal(linked["left"], doc_id), linked["left_shingles"], linked["right_shingles"])
    shared = pc.divide(linked["shared_shingles"].cast(pa.float64()), own)
    columns = {
        "doc_id": doc_id,
        "revision": sketches["revision"].take(ranked.rows),
        "story_id": _named("story-", canonical),
        "group_id": _named("group-", first),
        "canonical_doc_id": canonical,
        "kind": pc.fill_null(linked["kind"], "original"),
        "jaccard": linked["jaccard"],
        "containment": linked["containment"],
        "shared_shingles": linked["shared_shingles"],
        "own": pc.subtract(1.0, shared),
        "copies": np.bincount(of[link >= 0], minlength=len(of)),
    }
    return pa.table(columns, COPIES).sort_by("doc_id")


def _named(prefix: str, doc_id: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.replace_substring_regex(doc_id, "^doc-", ""), "")
