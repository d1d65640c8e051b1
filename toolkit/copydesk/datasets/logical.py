"""The logical digest: a table goes in, a SHA-256 of its columns and values comes out, whatever its encoding.

It is the same for the same values in other chunks, slices, Parquet files or versions of the writer, and defines what "the same
data" is for version numbers. Every leaf of the schema gives streams of bytes (is it there; how long; what), each hashed alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.layout import DECLARED, columns_of
from copydesk.errors import StoreError
from copydesk.store import digest_of

# What is known of a document or a label beside what it is.
GOLD = ("documents", "spans", "relations", *DECLARED)  # the tables that a model is scored by
_BESIDE = frozenset(
    {"revision", "title", "publisher", "url", "published_at", "licence", "raw_sha256", "text_sha256", "recipe"}
    | {"votes", "readers", "annotators", "annotation_ids", "decided", "posterior", "method", "boundary_changes"}
)


def logical_digest(table: pa.Table) -> str:
    """SHA-256 over the columns' names and types and all values, in hexadecimal."""
    streams: dict[str, hashlib._Hash] = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        for chunk in column.chunks:
            for name, data in _streams(field.name, chunk):
                streams.setdefault(name, hashlib.sha256()).update(data)
    values = {name: stream.hexdigest() for name, stream in streams.items() if table.num_rows}
    return digest_of({"columns": columns_of(table.schema), "rows": table.num_rows, "values": values})


def gold_digests(tables: Mapping[str, pa.Table]) -> dict[str, str]:
    """SHA-256 of what a model is scored by, for each document: its text and agreed labels, without how these were decided.

    ``tables`` are the published tables of a split, those of ``GOLD`` among them.
    """
    gold: dict[str, dict[str, list[Any]]] = {}
    for name in GOLD:
        if name in tables:
            rows = tables[name].drop_columns(sorted(_BESIDE & set(tables[name].column_names)))
            for row in rows.to_pylist():
                gold.setdefault(row["doc_id"], {}).setdefault(name, []).append(row)
    return {
        doc_id: hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
        for doc_id, said in gold.items()
    }


def _streams(name: str, array: pa.Array) -> Iterator[tuple[str, memoryview]]:
    yield f"{name}?", _there(array)
    kind = array.type
    if pa.types.is_list(kind):
        yield f"{name}#", _numbers(pc.list_value_length(array), "<i8")
        yield from _streams(f"{name}[]", array.flatten())
    elif pa.types.is_struct(kind):
        for i, part in enumerate(array.flatten()):
            yield from _streams(f"{name}.{kind.field(i).name}", part)
    elif pa.types.is_string(kind):
        whole = pc.fill_null(array, "") if array.null_count else array
        yield f"{name}#", _numbers(pc.binary_length(whole), "<i8")
        yield name, _characters(whole)
    elif pa.types.is_timestamp(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        yield name, _numbers(array.cast(pa.int64()), "<i8")
    elif pa.types.is_floating(kind):
        yield name, _numbers(array, "<f8")
    else:
        raise StoreError(f"column {name} has type {kind}, which a dataset cannot hold", fix="use a plain type")


def _there(array: pa.Array) -> memoryview:
    there = np.asarray(array.is_valid()).astype("u1") if array.null_count else np.ones(len(array), "u1")
    return there.data


def _numbers(array: pa.Array, form: str) -> memoryview:
    whole = pc.fill_null(array, 0) if array.null_count else array
    return np.asarray(whole).astype(form, copy=False).data


def _characters(array: pa.Array) -> memoryview:
    """The strings' bytes one after the other, of a slice only its own."""
    _, offsets, data = array.buffers()
    if not len(array) or data is None:
        return memoryview(b"")
    at = np.frombuffer(offsets, dtype=np.int32)[array.offset : array.offset + len(array) + 1]
    return memoryview(data)[at[0] : at[-1]]
