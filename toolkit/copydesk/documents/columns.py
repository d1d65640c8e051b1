"""Documents in; the tables ``documents``, ``zones`` and ``edits`` out, built from columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from copydesk.documents.read import Made
from copydesk.documents.texts import Numbers
from copydesk.model import tables
from copydesk.model.document import Edit

_REVISION = 1  # the place of the column in `documents`


class Row(NamedTuple):
    """A row of ``documents``: ``told`` are its columns but for ``revision`` and ``text``."""

    told: tuple[Any, ...]
    made: Made
    revision: int


def tables_of(rows: Sequence[Row]) -> dict[str, pa.Table]:
    """Build the three tables; the documents were read in one call, and stand in the order in which they were asked for."""
    documents = tables.from_tuples(
        "documents", [(*told[:_REVISION], revision, *told[_REVISION:], made.text) for told, made, revision in rows]
    )
    return {"documents": documents, "zones": _zones(documents, rows), "edits": _edits(documents, rows)}


def _zones(documents: pa.Table, rows: Sequence[Row]) -> pa.Table:
    zones = rows[0].made.zones if rows else None
    if zones is None:
        return tables.empty("zones")
    numbers = np.fromiter((row.made.number for row in rows), np.int64, len(rows))
    place = np.full(int(zones.document[-1]) + 1, -1)  # of a text among the rows
    place[numbers] = np.arange(len(rows))
    of = place[zones.document]
    kept = np.flatnonzero(of >= 0)
    taken = pa.array(kept)
    speakers = (pa.array(column[kept], mask=column[kept] < 0) for column in (zones.speaker_start, zones.speaker_end))
    columns = (zones.kind.take(taken), zones.start[kept], zones.end[kept], zones.rule.take(taken), *speakers)
    return _table("zones", (*_keys(documents, of[kept]), *columns))


def _edits(documents: pa.Table, rows: Sequence[Row]) -> pa.Table:
    counts = np.fromiter((len(row.made.edits) for row in rows), np.int64, len(rows))
    columns = zip(*chain.from_iterable(row.made.edits for row in rows), strict=True)
    keys = _keys(documents, np.repeat(np.arange(len(rows)), counts))
    return _table("edits", (*keys, *(columns if counts.any() else [()] * len(Edit._fields))))


def _keys(documents: pa.Table, of: Numbers) -> tuple[pa.Array, pa.Array, Numbers]:
    """Give ``doc_id``, ``revision`` and ``seq`` of the parts of documents; ``of`` are the rows of these, in order."""
    counts = np.bincount(of, minlength=documents.num_rows)
    before = np.cumsum(counts) - counts
    keys = documents.select(["doc_id", "revision"]).take(pa.array(of))
    return keys["doc_id"], keys["revision"], np.arange(len(of)) - before[of]


def _table(name: str, columns: Sequence[Any]) -> pa.Table:
    schema = tables.TABLES[name]
    arrays = [
        column if isinstance(column, pa.ChunkedArray) else pa.array(column, field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    return pa.table(arrays, schema)
