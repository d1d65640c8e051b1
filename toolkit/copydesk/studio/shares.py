"""Annotations and documents go in, shares of both come out that can be read apart: no document is in two of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Further = TypeVar("Further")


def by_document(
    annotations: pa.Table, documents: pa.Table, further: Iterable[tuple[str, Further]], *, rows: int
) -> Iterator[tuple[pa.Table, pa.Table, list[tuple[str, Further]]]]:
    """Give all annotations of some documents, every revision of these, and what is ``further`` said of them, by ``doc_id``.

    A share holds at least ``rows`` annotations, but for the last. Shares come in the order of ``doc_id``; one is given where
    there are no annotations.
    """
    order = pc.sort_indices(annotations["doc_id"])
    doc_id = annotations["doc_id"].take(order).combine_chunks()
    listed = pc.sort_indices(documents["doc_id"])
    there = documents["doc_id"].take(listed).combine_chunks().to_pylist()
    more: dict[str, list[tuple[str, Further]]] = {}
    for one in further:
        more.setdefault(one[0], []).append(one)
    first = 0
    for end in _ends(doc_id, rows):
        ids = pc.unique(doc_id.slice(first, end - first)).to_pylist()
        # a stretch of the sorted documents has them all, and few others
        low, high = (bisect_left(there, ids[0]), bisect_right(there, ids[-1])) if ids else (0, 0)
        share = documents.take(listed.slice(low, high - low))
        own = share.filter(pc.is_in(share["doc_id"], pa.array(ids, pa.string())))
        yield (
            annotations.take(order.slice(first, end - first)),
            own,
            [one for each in ids for one in more.get(each, ())],
        )
        first = end


def _ends(doc_id: pa.Array, rows: int) -> list[int]:
    """Give where shares end in the sorted column: each at the last annotation of a document."""
    borders = (
        np.flatnonzero(pc.not_equal(doc_id.slice(1), doc_id.slice(0, max(0, len(doc_id) - 1))).to_numpy(False)) + 1
    )
    ends: list[int] = []
    for border in borders.tolist():
        if border - (ends[-1] if ends else 0) >= rows:
            ends.append(border)
    return [*ends, len(doc_id)]
