"""Tables made of rows, and what a stage gives back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from copydesk.errors import OWN_FAULT, StoreError
from copydesk.model.tables.catalog import TABLES


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a stage made: tables by name, and the rows that it set aside (schema ``REJECTED``).

    ``kept_rows + rejected.num_rows`` equals the number of rows that went in. ``notes`` are sentences on how it was made.
    """

    kept: Mapping[str, pa.Table]
    rejected: pa.Table
    kept_rows: int
    notes: tuple[str, ...] = ()


def from_rows(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Build the table ``name`` from rows; a missing or surplus column, or an empty required one, is an error."""
    schema = TABLES[name]
    listed = list(rows)
    wanted = set(schema.names)
    for number, row in enumerate(listed):
        if set(row) != wanted:
            odd = ", ".join(sorted(set(row) ^ wanted))
            raise StoreError(f"table {name}, row {number}: columns missing or unknown: {odd}", fix=OWN_FAULT)
    table = pa.Table.from_pylist(listed, schema=schema)
    for field in schema:
        if not field.nullable and table.column(field.name).null_count:
            raise StoreError(f"table {name}: column {field.name!r} is empty in a row but must not be", fix=OWN_FAULT)
    return table


def from_tuples(name: str, rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Build the table ``name`` from rows whose values stand in the order of its columns: for many rows."""
    schema = TABLES[name]
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [pa.array(list(values), field.type) for values, field in zip(columns, schema, strict=True)]
    for array, field in zip(arrays, schema, strict=True):
        if array.null_count and not field.nullable:
            raise StoreError(f"table {name}: column {field.name!r} is empty in a row but must not be", fix=OWN_FAULT)
    return pa.table(arrays, schema)


def empty(name: str) -> pa.Table:
    """Give the table ``name`` without rows."""
    return TABLES[name].empty_table()


def rejected_row(
    *, stage: str, item: str, reason: str, detail: str, row: Mapping[str, Any], doc_id: str | None = None
) -> dict[str, Any]:
    """Give one row of the ``rejected`` table; ``row`` is what came in, kept as JSON."""
    return {
        "stage": stage,
        "item": item,
        "doc_id": doc_id,
        "reason": reason,
        "detail": detail,
        "row": json.dumps(row, ensure_ascii=False, sort_keys=True, default=str),
    }
