"""The tables that only the gate before a version knows: how its documents are divided, and what the version before held."""

from __future__ import annotations

import pyarrow as pa

from copydesk.model.tables import TABLES


def _schema(names: str, **optional: pa.DataType) -> pa.Schema:
    """Columns that are never empty, each as ``name:type``, and then those that may be."""
    required = [part.split(":") for part in names.split()]
    kinds = {"text": pa.string(), "int": pa.int64(), "revision": pa.int32(), "share": pa.float64()}
    return pa.schema(
        [pa.field(name, kinds[kind], nullable=False) for name, kind in required]
        + [pa.field(name, kind) for name, kind in optional.items()]
    )


VERSION_TABLES: dict[str, pa.Schema] = {
    "division": _schema(
        "doc_id:text revision:revision text_sha256:text split:text group_id:text",
        publisher=pa.string(),
        published_on=pa.string(),  # the day
    ),
    "released_spans": _schema(
        "span_id:text doc_id:text revision:revision text_sha256:text start:int end:int label:text"
    ),
    "released_relations": _schema("relation_id:text doc_id:text head_span_id:text tail_span_id:text label:text"),
    "before": _schema(
        "doc_id:text revision:revision text_sha256:text split:text"
    ),  # the documents of the version before
    "shares": _schema(  # a row for each label of this version or of the one before
        "label:text rows:int train:int validation:int test:int share:share",
        rows_before=pa.int64(),  # this and the next: empty where there is no version before
        shift=pa.float64(),  # of its share of all labels
        loss=pa.float64(),  # share of its rows that are gone; 0 where there are more
    ),
}
KNOWN = {**TABLES, **VERSION_TABLES}
VERSION_ROW_IDS = {
    "division": ("doc_id",),
    "released_spans": ("span_id",),
    "released_relations": ("relation_id",),
    "before": ("doc_id",),
    "shares": ("label",),
}
