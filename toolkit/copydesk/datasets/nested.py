"""The published tables: what the stages made goes in, the tables of ``layout`` come out, divided, sorted and ready to be written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.layout import (
    BOUNDARY_CHANGE,
    DECLARED,
    NESTED,
    ORDER,
    TABLES,
    TEXT_RELATION,
    TEXT_SPAN,
    TEXT_ZONE,
    schema_of,
)
from copydesk.datasets.splits import SPLITS
from copydesk.errors import DataError


def flat_tables(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Make every published table but the nested one, undivided and unsorted. The tables must have passed ``check``.

    Raises DataError where a document's article is not among ``articles``.
    """
    made = {
        "documents": tables["documents"],
        "zones": tables["zones"],
        "sentences": tables["sentences"],
        "spans": _with_changes(tables["agreed_spans"], drawn=tables["spans"], snapped=tables["snapped"]),
        "relations": tables["agreed_relations"],
        "annotations": _with_anchors(_with_times(tables["spans"], tables["reads"]), tables["anchors"]),
        "annotation_relations": tables["relations"],
        "reads": tables["reads"],
        "disputes": tables["disputes"],
        "sources": _with_article(tables["documents"], tables["articles"]),
        **{name: tables[source] for name, source in DECLARED.items() if source in tables},
    }
    return {name: _declared(name, table) for name, table in made.items()}


def divided(flat: Mapping[str, pa.Table], splits: Mapping[str, str]) -> dict[str, dict[str, pa.Table]]:
    """Give the tables of each split that has documents, sorted, the nested one before the flat ones.

    ``splits`` names the split of each document that is taken; the rows of others are left out.
    """
    doc_ids = flat["documents"]["doc_id"].combine_chunks()
    codes = pa.array([SPLITS.index(splits[one]) if one in splits else None for one in doc_ids.to_pylist()], pa.int8())
    parts: dict[str, dict[str, pa.Table]] = {split: {} for split in SPLITS if split in splits.values()}
    for name, table in flat.items():
        order = pc.sort_indices(table, [(column, "ascending") for column in ORDER[name]])
        drawn = pc.take(codes, pc.index_in(pc.take(table["doc_id"], order), value_set=doc_ids))
        for split, part in parts.items():
            part[name] = table.take(order.filter(pc.equal(drawn, SPLITS.index(split)))).combine_chunks()
    return {
        split: {
            NESTED: nest(part["documents"], zones=part["zones"], spans=part["spans"], relations=part["relations"]),
            **part,
        }
        for split, part in parts.items()
    }


def nest(documents: pa.Table, *, zones: pa.Table, spans: pa.Table, relations: pa.Table) -> pa.Table:
    """Give one row for each document with its zones, spans and relations as lists; all four are published tables."""
    parts = {
        "zones": _lists(documents, zones, TEXT_ZONE, renamed={}),
        "spans": _lists(documents, spans, TEXT_SPAN, renamed={"id": "span_id"}),
        "relations": _lists(
            documents, relations, TEXT_RELATION, renamed={"head": "head_span_id", "tail": "tail_span_id"}
        ),
    }
    schema = TABLES[NESTED]
    return pa.Table.from_arrays([parts[n] if n in parts else documents[n] for n in schema.names], schema=schema)


def _lists(documents: pa.Table, rows: pa.Table, struct: pa.StructType, *, renamed: Mapping[str, str]) -> pa.ListArray:
    """One list of structs for each document; ``rows`` are sorted by document, as ``documents`` are."""
    home = pc.index_in(rows["doc_id"], value_set=documents["doc_id"].combine_chunks())
    counts = np.bincount(np.asarray(home, dtype=np.int64), minlength=documents.num_rows)
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    fields = [struct.field(i) for i in range(struct.num_fields)]
    columns = [_one(rows[renamed.get(field.name, field.name)]) for field in fields]
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(columns, fields=fields), type=pa.list_(struct))


def _with_changes(agreed: pa.Table, *, drawn: pa.Table, snapped: pa.Table) -> pa.Table:
    """Put beside each agreed span where those drew it whose boundaries were moved; ``snapped`` has spans of ``drawn``."""
    own = drawn.filter(pc.is_in(drawn["annotation_id"], value_set=_one(snapped["annotation_id"])))
    keys = (own[name].to_pylist() for name in ("annotation_id", "span_id", "doc_id", "label"))
    labels = {(annotation, span): (doc, label) for annotation, span, doc, label in zip(*keys, strict=True)}
    changes: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in snapped.to_pylist():
        doc, label = labels.get((row["annotation_id"], row["span_id"]), ("", ""))
        changes.setdefault((doc, label, row["start"], row["end"]), []).append(row)
    touched = pc.is_in(agreed["doc_id"], value_set=pa.array(sorted({key[0] for key in changes}), pa.string()))
    rows = np.flatnonzero(np.asarray(touched))
    told = [_told(changes, row) for row in agreed.take(pa.array(rows)).to_pylist()]
    counts = np.zeros(agreed.num_rows + 1, np.int64)
    counts[rows + 1] = [len(one) for one in told]
    values = pa.array([change for one in told for change in one], BOUNDARY_CHANGE)
    column = pa.ListArray.from_arrays(pa.array(np.cumsum(counts), pa.int32()), values, type=pa.list_(BOUNDARY_CHANGE))
    return agreed.append_column("boundary_changes", column)


def _told(
    changes: Mapping[tuple[object, ...], list[dict[str, object]]], row: Mapping[str, Any]
) -> list[dict[str, object]]:
    """The changes of the annotations that an agreed span rests on."""
    place = tuple(row[name] for name in ("doc_id", "label", "start", "end"))
    found = [one for one in changes.get(place, ()) if one["annotation_id"] in row["annotation_ids"]]
    names = [field.name for field in BOUNDARY_CHANGE]
    return sorted(({name: one[name] for name in names} for one in found), key=lambda one: str(one["annotation_id"]))


def _with_times(spans: pa.Table, reads: pa.Table) -> pa.Table:
    """Put the times of its annotation beside each span."""
    at = pc.index_in(spans["annotation_id"], value_set=_one(reads["annotation_id"]))
    if at.null_count:
        orphan = spans.filter(pc.is_null(at))["annotation_id"][0]
        raise DataError(f"table spans: annotation {orphan} is not among reads", fix="hand over the reads of all spans")
    for name in ("created_at", "updated_at", "lead_time"):
        spans = spans.append_column(name, pc.take(reads[name], at))
    return spans


def _with_anchors(spans: pa.Table, anchors: pa.Table) -> pa.Table:
    """Say of each span on which revision it was drawn, and how its place in this one was found if that is another."""
    key = ["annotation_id", "span_id"]
    at = pc.index_in(_joined(spans, key), value_set=_one(_joined(anchors, key)))
    made_on = pc.coalesce(pc.take(anchors["made_on_revision"], at), spans["revision"])
    spans = spans.append_column("made_on_revision", made_on)
    for name in ("anchored", "anchor_score"):
        spans = spans.append_column(name, pc.take(anchors[name], at))
    return spans


def _with_article(documents: pa.Table, articles: pa.Table) -> pa.Table:
    """Put what is known of its article beside each document; of a file that was fetched twice, the first time counts."""
    key = ["source", "raw_sha256"]
    taken = ["retrieved_at", "format", "encoding", "bytes"]
    ordered = articles.select(key + taken).sort_by([(name, "ascending") for name in key + taken])
    numbered = ordered.select(key).append_column("at", pa.array(range(ordered.num_rows), pa.int64()))
    first = numbered.group_by(key).aggregate([("at", "min")])["at_min"]
    known = ordered.take(first)
    at = pc.index_in(_joined(documents, key), value_set=_one(_joined(known, key)))
    if at.null_count:
        orphan = documents.filter(pc.is_null(at))["doc_id"][0]
        raise DataError(f"document {orphan}: its article is not among articles", fix="hand over all articles read")
    for name in taken:
        documents = documents.append_column(name, pc.take(known[name], at))
    return documents


def _joined(table: pa.Table, key: list[str]) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(*(table[name] for name in key), "\n")


def _declared(name: str, table: pa.Table) -> pa.Table:
    """Take a published table's columns; the schema is the declared one, without metadata."""
    schema = schema_of(name)
    assert schema is not None
    return pa.Table.from_arrays([_one(column) for column in table.select(schema.names).columns], schema=schema)


def _one(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
