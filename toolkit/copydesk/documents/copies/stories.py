"""Sketches and links in, the table ``copies`` out: for every document its story, and whose copy it is and why.

Links chain: A may resemble B, and B resemble C, where A and C share nothing. So there are two identities. A *story* is a canonical
member and its copies, each of which shares text with it: enough to be linked, or (``related``) less where both are linked with a
third, as one paper cuts what another extends. A *group* is all that a chain of links joins: what has to stay on one side of
a split, since any text that two documents share would leak.

All work is done on arrays of row numbers, in time that grows with documents and links, chains of any length included. Measured on
1,000,000 documents with 600,000 links: 510 bytes a document at the height, of which 160 are the table that comes out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.copies.check import KINDS, NUMBERED_LINKS
from copydesk.documents.copies.pairs import ends, named, packed
from copydesk.documents.copies.words import Flags, Numbers, Places
from copydesk.errors import StoreError
from copydesk.model.tables import COPIES

LINKED, RELATED = (0, 1, 2), (3,)  # places in KINDS
WHOLE_GROUP, FIRST = 64, 8
LINKS_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class _Links:
    """Links between documents by their ranks: ``low`` is the earlier document, ``row`` the link's among the links."""

    low: Places
    high: Places
    row: Places

    def where(self, kept: Flags | Places) -> _Links:
        return _Links(self.low[kept], self.high[kept], self.row[kept])


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Documents in the order in which one is canonical before another: the row of each, and what is linked or related."""

    rows: Places
    linked: _Links
    related: _Links


def clusters(links: pa.Table, sketches: pa.Table) -> pa.Table:
    """Give the table ``copies``: a row for each document of ``sketches``, sorted by ``doc_id``.

    ``sketches`` has one row for each document, ``links`` are those of ``check``, in any order; a pair may be there twice.

    The canonical member of a story is the earliest published, of those at one time (or at none, which comes last) the longest,
    of those the first by ``doc_id``. Documents are taken in this order: one that is linked with a canonical member, or related and
    both linked with a third document, becomes a copy of the one that it resembles most; any other becomes canonical itself. So
    no two canonical members are linked, and no chain makes a story.
    Raises StoreError where a link names a document without a sketch, or a document has two.
    """
    documents = sketches.sort_by("doc_id")
    return stories(_numbered(links, documents), documents)


def missing_pairs(links: pa.Table, sketches: pa.Table) -> pa.Table:
    """Give the pairs (schema ``PAIRS``) within a group that nobody compared, and that may decide who is whose copy.

    ``links`` holds all that was compared. In a group of up to ``WHOLE_GROUP`` documents all pairs are given, in a larger one
    those of every document with the ``FIRST`` in the canonical order. To check them changes no group.
    """
    documents = sketches.sort_by("doc_id")
    return named(missing(_numbered(links, documents), documents), documents["doc_id"].combine_chunks())


def stories(links: pa.Table, documents: pa.Table) -> pa.Table:
    """Give what ``clusters`` gives, where ``documents`` stand in the order of their numbers and ``links`` name them by these."""
    ranked = _ranked(links, documents)
    return _table(ranked, _groups(ranked), links, documents)


def missing(links: pa.Table, documents: pa.Table) -> Numbers:
    """Give what ``missing_pairs`` gives, where documents are numbered."""
    ranked = _ranked(links, documents)
    groups = _groups(ranked)
    order = np.lexsort((np.arange(len(groups)), groups))
    begin = np.flatnonzero(np.diff(groups[order], prepend=-1))
    size = np.diff(begin, append=len(order))
    joined = np.repeat(size > 2, size)  # of two both were compared, and one alone has nobody
    place = (np.arange(len(order)) - np.repeat(begin, size))[joined]
    size, order = np.repeat(size, size)[joined], order[joined]
    number = ranked.rows[order]
    found: list[Numbers] = [np.empty(0, np.uint64)]
    for step in range(1, WHOLE_GROUP):
        at = np.flatnonzero((place + step < size) & (size <= WHOLE_GROUP))
        found.append(packed(number[at], number[at + step]))
    for first in range(FIRST):
        at = np.flatnonzero((place > first) & (size > WHOLE_GROUP))
        found.append(packed(number[at - place[at] + first], number[at]))
    return np.setdiff1d(np.concatenate(found), links["pair"].to_numpy())


def _numbered(links: pa.Table, documents: pa.Table) -> pa.Table:
    """Number the documents of links by their places among ``documents``."""
    names = documents["doc_id"].combine_chunks()
    if pc.count_distinct(names).as_py() != len(names):
        raise StoreError("table sketches: a document stands in it twice", fix="hand over newest_sketches(sketches)")
    sides = [pc.index_in(links[side], names) for side in ("left", "right")]
    if any(side.null_count for side in sides):
        raise StoreError("a link names a document without a sketch", fix="hand over the sketches of all documents")
    left, right = (side.to_numpy().astype(np.int64) for side in sides)
    pair = (left.view(np.uint64) << np.uint64(32)) | right.view(np.uint64)
    kind = pc.index_in(links["kind"], pa.array(KINDS)).cast(pa.int8())
    return pa.table([pa.array(pair), kind, *(links[name] for name in NUMBERED_LINKS.names[2:])], NUMBERED_LINKS)


def _ranked(links: pa.Table, documents: pa.Table) -> _Ranked:
    numbered = documents.select(["published_at", "words"]).append_column(
        "number", pa.array(np.arange(documents.num_rows))
    )
    keys = [("published_at", "ascending"), ("words", "descending"), ("number", "ascending")]
    rows = pc.sort_indices(numbered, sort_keys=keys, null_placement="at_end").to_numpy().astype(np.int64)
    rank = np.empty_like(rows)
    rank[rows] = np.arange(len(rows))
    kind = links["kind"].to_numpy()
    return _Ranked(rows, *(_links(links, rank, np.flatnonzero(np.isin(kind, kinds))) for kinds in (LINKED, RELATED)))


def _links(links: pa.Table, rank: Places, row: Places) -> _Links:
    left, right = (rank[end] for end in ends(links["pair"].to_numpy()[row]))
    return _Links(np.minimum(left, right), np.maximum(left, right), row)


def _groups(ranked: _Ranked) -> Places:
    """Give, for each rank, the least rank that a chain of links joins it with: hooking and pointer jumping, Shiloach & Vishkin 1982."""
    least = np.arange(len(ranked.rows))
    low, high = ranked.linked.low, ranked.linked.high
    while low.size:
        one, other = least[low], least[high]
        np.minimum.at(least, np.maximum(one, other), np.minimum(one, other))
        while not np.array_equal(nearer := least[least], least):
            least = nearer
        apart = least[low] != least[high]
        low, high = low[apart], high[apart]
    return least


def _both_linked(related: _Links, linked: _Links, documents: int) -> Flags:
    """Mark the related pairs that are both linked with one third document."""
    one, other = np.concatenate((linked.low, linked.high)), np.concatenate((linked.high, linked.low))
    order = np.lexsort((other, one))
    other = other[order]
    ends = np.concatenate(([0], np.cumsum(np.bincount(one, minlength=documents))))
    pairs = zip(related.low.tolist(), related.high.tolist(), strict=True)
    near = ((other[ends[low] : ends[low + 1]], other[ends[high] : ends[high + 1]]) for low, high in pairs)
    return np.array([bool(np.isin(some, others).any()) for some, others in near], np.bool_)


def _canonical(links: _Links, documents: int) -> Flags:
    """Mark the canonical members: in the order of the ranks, a document that no earlier canonical member is linked with."""
    copy = bytearray(documents)
    order = np.argsort(
        links.low, kind="stable"
    )  # so that all that decides of a document comes before it decides of others
    for at in range(0, len(order), LINKS_AT_ONCE):
        some = order[at : at + LINKS_AT_ONCE]
        for low, high in zip(links.low[some].tolist(), links.high[some].tolist(), strict=True):
            if not copy[low]:
                copy[high] = 1
    return np.frombuffer(copy, np.bool_) ^ True


def _chosen(ranked: _Ranked, groups: Places, links: pa.Table) -> tuple[Places, Places]:
    """Give, for each rank, the rank of its canonical member and the row of the link with it; -1 for a canonical member's own."""
    documents = len(ranked.rows)
    related = ranked.related.where(groups[ranked.related.low] == groups[ranked.related.high])
    related = related.where(_both_linked(related, ranked.linked, documents))
    pairs = zip(
        (ranked.linked.low, ranked.linked.high, ranked.linked.row),
        (related.low, related.high, related.row),
        strict=True,
    )
    holding = _Links(*(np.concatenate(pair) for pair in pairs))
    canonical = _canonical(holding, documents)
    told = holding.where(canonical[holding.low] & ~canonical[holding.high])
    kind, jaccard, containment = (links[name].to_numpy()[told.row] for name in ("kind", "jaccard", "containment"))
    order = np.lexsort((told.row, told.low, -containment, -jaccard, kind, told.high))
    best = told.where(order[np.flatnonzero(np.diff(told.high[order], prepend=-1))])
    of, link = np.arange(documents), np.full(documents, -1)
    of[best.high], link[best.high] = best.low, best.row
    return of, link


def _table(ranked: _Ranked, groups: Places, links: pa.Table, documents: pa.Table) -> pa.Table:
    of, link = _chosen(ranked, groups, links)
    number = np.argsort(ranked.rows)  # the rank of each document, in the order of their numbers
    of, first, link = ranked.rows[of[number]], ranked.rows[groups[number]], link[number]
    doc_id = documents["doc_id"].combine_chunks()
    is_copy = link >= 0
    linked = links.take(pa.array(link, mask=~is_copy))
    left, _ = ends(links["pair"].to_numpy()[link[is_copy]])
    is_left = np.zeros(len(link), np.bool_)
    is_left[is_copy] = left == np.flatnonzero(is_copy)
    own = pc.if_else(pa.array(is_left), linked["left_shingles"], linked["right_shingles"])
    canonical = doc_id.take(pa.array(of))
    columns = {
        "doc_id": doc_id,
        "revision": documents["revision"],
        "story_id": _named("story-", canonical),
        "group_id": _named("group-", doc_id.take(pa.array(first))),
        "canonical_doc_id": canonical,
        "kind": pc.fill_null(pa.array(KINDS).take(linked["kind"].combine_chunks()), "original"),
        "jaccard": linked["jaccard"],
        "containment": linked["containment"],
        "shared_shingles": linked["shared_shingles"],
        "own": pc.subtract(1.0, pc.divide(linked["shared_shingles"].cast(pa.float64()), own)),
        "copies": np.bincount(of[is_copy], minlength=len(of)),
    }
    return pa.table(columns, COPIES)


def _named(prefix: str, doc_id: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.replace_substring_regex(doc_id, "^doc-", ""), "")
