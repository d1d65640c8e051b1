"""The published tables: their columns, their order and their files. The contract with everybody who loads a version."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.model.tables import (
    AGREED_ATTRIBUTES,
    AGREED_CATEGORIES,
    AGREED_RELATIONS,
    AGREED_SPANS,
    ANCHORS,
    ARGUMENTS,
    ARTICLES,
    ATTRIBUTES,
    CLAIMS,
    DISPUTES,
    DOCUMENTS,
    EVENTS,
    READS,
    RELATIONS,
    SENTENCES,
    SNAPPED,
    SPANS,
    TIMES,
    ZONES,
)

NESTED = "default"  # the table with one row for each document, which holds its labels
TEXT_ZONE = pa.struct([ZONES.field(name) for name in ("kind", "start", "end", "speaker_start", "speaker_end")])
_HELD = [AGREED_SPANS.field(name) for name in ("votes", "readers", "decided", "method", "posterior")]
TEXT_SPAN = pa.struct(
    [
        pa.field("id", pa.string(), nullable=False),
        *(AGREED_SPANS.field(name) for name in ("start", "end", "label", "surface")),
        pa.field("attributes", ATTRIBUTES, nullable=False),
        *_HELD,
    ]
)
TEXT_RELATION = pa.struct(
    [*(pa.field(name, pa.string(), nullable=False) for name in ("head", "tail", "label")), *_HELD]
)
# Where annotators drew a span whose boundaries were put on whole words.
BOUNDARY_CHANGE = pa.struct([SNAPPED.field(name) for name in ("annotation_id", "made_start", "made_end", "rule")])

# Of a span drawn on this very revision there is nothing to say.
_ANCHORED = pa.schema([ANCHORS.field(name).with_nullable(name != "made_on_revision") for name in ANCHORS.names])

_CHANGED = pa.schema([pa.field("boundary_changes", pa.list_(BOUNDARY_CHANGE), nullable=False)])


def _columns(*parts: tuple[pa.Schema, str]) -> pa.Schema:
    return pa.schema([schema.field(name) for schema, names in parts for name in names.split()])


TABLES: Mapping[str, pa.Schema] = {
    NESTED: pa.schema(
        [
            *_columns((DOCUMENTS, "doc_id revision title publisher url published_at licence text")),
            pa.field("zones", pa.list_(TEXT_ZONE), nullable=False),
            pa.field("spans", pa.list_(TEXT_SPAN), nullable=False),
            pa.field("relations", pa.list_(TEXT_RELATION), nullable=False),
        ]
    ),
    "documents": _columns(
        (DOCUMENTS, "doc_id revision title publisher url published_at licence raw_sha256 text_sha256 recipe text")
    ),
    "zones": ZONES,
    "sentences": SENTENCES,
    "spans": _columns(
        (AGREED_SPANS, "doc_id revision span_id start end surface label attributes"),
        (AGREED_SPANS, "votes readers annotators annotation_ids decided method posterior"),
        (_CHANGED, "boundary_changes"),
        (AGREED_SPANS, "text_sha256"),
    ),
    "relations": _columns(
        (AGREED_RELATIONS, "doc_id revision relation_id head_span_id tail_span_id label"),
        (AGREED_RELATIONS, "votes readers annotators annotation_ids decided method posterior"),
    ),
    "annotations": _columns(
        (
            SPANS,
            "doc_id revision annotation_id annotator span_id start end surface label origin attributes text_sha256",
        ),
        (READS, "created_at updated_at lead_time"),
        (_ANCHORED, "made_on_revision anchored anchor_score"),
    ),
    "annotation_relations": _columns(
        (RELATIONS, "doc_id revision annotation_id annotator relation_id head_span_id tail_span_id label")
    ),
    "reads": _columns(
        (READS, "doc_id revision annotation_id annotator created_at updated_at lead_time spans relations text_sha256")
    ),
    "disputes": _columns((DISPUTES, "doc_id revision dispute_id kind start end surface readings detail posterior")),
    "sources": _columns(
        (DOCUMENTS, "doc_id revision url publisher published_at"),
        (ARTICLES, "retrieved_at"),
        (DOCUMENTS, "licence"),
        (ARTICLES, "format encoding bytes"),
        (DOCUMENTS, "raw_sha256 text_sha256 recipe"),
    ),
}

# Tables that a version has where its labelling schema declares them, by the table that each is made of.
DECLARED: Mapping[str, str] = {
    "attributes": "agreed_attributes",
    "times": "times",
    "categories": "agreed_categories",
    "events": "events",
    "arguments": "arguments",
    "claims": "claims",
}
_DECLARED: Mapping[str, pa.Schema] = {
    "attributes": AGREED_ATTRIBUTES,
    "times": TIMES,
    "categories": AGREED_CATEGORIES,
    "events": EVENTS,
    "arguments": ARGUMENTS,
    "claims": CLAIMS,
}

# The columns that rows are sorted by. Together they are a unique key, so that there is one order only.
ORDER: Mapping[str, tuple[str, ...]] = {
    NESTED: ("doc_id",),
    "documents": ("doc_id",),
    "zones": ("doc_id", "start", "end", "seq"),
    "sentences": ("doc_id", "seq"),
    "spans": ("doc_id", "start", "end", "span_id"),
    "relations": ("doc_id", "relation_id"),
    "annotations": ("doc_id", "start", "end", "annotation_id", "span_id"),
    "annotation_relations": ("doc_id", "annotation_id", "relation_id"),
    "reads": ("doc_id", "annotation_id"),
    "disputes": ("doc_id", "start", "end", "dispute_id"),
    "sources": ("doc_id",),
    "attributes": ("doc_id", "span_id", "name", "value"),
    "times": ("doc_id", "start", "end", "span_id"),
    "categories": ("doc_id", "name", "value"),
    "events": ("doc_id", "start", "end", "event_id"),
    "arguments": ("doc_id", "event_id", "role", "start", "span_id"),
    "claims": ("doc_id", "start", "end", "claim_id"),
}


def schema_of(table: str) -> pa.Schema | None:
    """Give the columns of a published table; None where there is none of that name."""
    return TABLES.get(table) or _DECLARED.get(table)


def file_of(table: str, split: str = "train") -> str:
    """Name the file of a table's split, in the version's folder: ``train.parquet`` or ``spans/train.parquet``."""
    return f"{split}.parquet" if table == NESTED else f"{table}/{split}.parquet"


def columns_of(schema: pa.Schema) -> list[dict[str, Any]]:
    """Describe an Arrow schema as plain JSON: name, type, whether it may be empty, and the fields within."""
    return [_describe(field) for field in schema]


def _describe(field: pa.Field) -> dict[str, Any]:
    kind = field.type
    described: dict[str, Any] = {"name": field.name, "nullable": field.nullable}
    if pa.types.is_list(kind):
        # A list's item has no name that a reader sees, and Parquet changes it: it is left out.
        inner = _describe(pa.field("", kind.value_type))
        return described | {"type": f"list<{inner['type']}>"} | {k: inner[k] for k in ("fields",) if k in inner}
    if pa.types.is_struct(kind):
        return described | {"type": "struct", "fields": [_describe(kind.field(i)) for i in range(kind.num_fields)]}
    return described | {"type": str(kind)}


@cache
def dictionary() -> Mapping[str, Any]:
    """What each table is, and what each of its columns means: ``columns.toml``."""
    with resources.as_file(resources.files(__package__) / "columns.toml") as path:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))


def meaning(table: str, column: str) -> str:
    """Say what a column means; one that is called alike in several tables is described once."""
    entry = dictionary()
    found = entry["tables"][table].get("columns", {}).get(column) or entry["columns"][column]
    return str(found)
