"""Results of expectations go in, findings come out: rows of the table ``findings``, each with one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from copydesk.validation.failing import as_seen, short
from copydesk.validation.lookup import Lookup
from copydesk.validation.suites import SEVERITIES, Expected, Suite
from copydesk.validation.version_tables import VERSION_ROW_IDS

# The columns that name a row of each table; where there are several, the id is written "first#second".
ROW_IDS: dict[str, tuple[str, ...]] = {
    "articles": ("source",),
    "documents": ("doc_id",),
    "zones": ("doc_id", "seq"),
    "edits": ("doc_id", "seq"),
    "sentences": ("doc_id", "seq"),
    "edges": ("doc_id",),
    "repeated": ("line",),
    "titles": ("doc_id",),
    "sketches": ("doc_id",),
    "copies": ("doc_id",),
    "ingested": ("doc_key",),
    "inputs": ("address", "stretch"),
    "rejected": ("item",),
    "tasks": ("doc_id",),
    "suggestions": ("doc_id", "start"),
    "suggested_relations": ("doc_id", "head_start", "tail_start", "label"),
    "suggested_categories": ("doc_id", "name"),
    "sent": ("doc_id", "text_sha256"),
    "samples": ("doc_id", "batch"),
    "chances": ("doc_id", "since"),
    "estimates": ("label", "measure"),
    "windows": ("doc_id", "start"),
    "annotations": ("annotation_id",),
    "task_states": ("task_id",),
    "drafts": ("draft_id",),
    "task_windows": ("task_id",),
    "backup_projects": ("project",),
    "backup_people": ("user_id",),
    "backup_tasks": ("task_id",),
    "backup_annotations": ("annotation_id",),
    "backup_predictions": ("prediction_id",),
    "backup_drafts": ("draft_id",),
    "reads": ("annotation_id",),
    "spans": ("span_id",),
    "relations": ("relation_id",),
    "categories": ("annotation_id", "name", "value"),
    "anchors": ("annotation_id", "made_start"),
    "unread": ("annotation_id", "start"),
    "agreed_spans": ("span_id",),
    "agreed_relations": ("relation_id",),
    "agreed_attributes": ("span_id", "name", "value"),
    "times": ("span_id",),
    "events": ("event_id",),
    "arguments": ("event_id", "role", "span_id"),
    "claims": ("claim_id",),
    "agreed_categories": ("doc_id", "name", "value"),
    "disputes": ("dispute_id",),
    "agreement": ("measure", "label", "annotators", "scope", "within"),
    "annotators": ("annotator", "measure", "label"),
    "gold": ("doc_id",),
    "gold_spans": ("doc_id", "start", "end", "label"),
    "qualifications": ("annotator", "at"),
    "suspects": ("doc_id", "start", "end", "label"),
    "ledger": ("surface", "label"),
    "conflicts": ("conflict_id",),
    "decisions": ("conflict_id", "at"),
    "document_decisions": ("question_id", "at"),
    "returns": ("return_id", "step"),
    "snapped": ("annotation_id", "span_id"),
    "findings": ("suite", "expectation"),
    "failing_rows": ("suite", "expectation", "row_id"),
}
NAMED_BY = ROW_IDS | VERSION_ROW_IDS
EMPTY = "expect_table_row_count_to_be_between"
_EXAMPLES = 3  # rows that a sentence names


@dataclass(frozen=True, slots=True)
class Validated:
    """What a run found. ``suites`` gives the digest of each suite as it was run; ``evaluated`` equals ``expected``."""

    findings: pa.Table
    failing_rows: pa.Table  # all of them, as the table ``failing_rows``
    suites: Mapping[str, str]
    evaluated: int
    expected: int


def finding(suite: Suite, one: Expected, result: Mapping[str, Any], lookup: Lookup) -> dict[str, Any]:
    """Give the finding of an expectation that failed; ``result`` is Great Expectations' own."""
    first = lookup.rows(one.table, [int(row) for row in result.get("partial_unexpected_index_list") or ()])
    seen = result.get("seen") or [as_seen(value, one.kwargs) for value in result.get("partial_unexpected_list") or ()]
    rows = int(result.get("unexpected_count") or 0)
    places = [_place(one.table, first, at) for at in range(min(first.num_rows, _EXAMPLES))]
    examples = [f"{place}: {what}" for place, what in zip(places, seen, strict=False)]
    more = rows - len(examples)
    if examples and more > 0:
        examples.append(f"and {more:,} more")
    sentence = one.say.format(
        rows=f"{rows:,}",
        of=f"{lookup.count(one.table):,}",
        examples="; ".join(examples) or f"found {short(result.get('observed_value'))}",
    )
    return {
        "suite": suite.name,
        "expectation": f"{one.code} {one.type}",
        "severity": SEVERITIES[one.severity],
        "table": one.table,
        "rows": rows,
        "row_ids": [row_id(one.table, first, at) for at in range(first.num_rows)],
        "message": sentence,
    }


def empty_table(suite: Suite, name: str) -> dict[str, Any]:
    """Give the finding that a table is empty where its suite does not allow that."""
    return {
        "suite": suite.name,
        "expectation": EMPTY,
        "severity": "error",
        "table": name,
        "rows": 0,
        "row_ids": [],
        "message": f"The table {name} is empty, so nothing of it could be judged (fix: run the command that makes it, "
        f"or list it under may_be_empty in validation/{suite.name}.json).",
    }


def row_id(name: str, table: pa.Table, row: int) -> str:
    """Name one row of a table as a person would look for it."""
    return "#".join(str(table.column(part)[row].as_py()) for part in NAMED_BY[name])


def _place(name: str, table: pa.Table, row: int) -> str:
    place = row_id(name, table, row)
    if "doc_id" in table.column_names and "doc_id" not in NAMED_BY[name]:
        place += f" in {table.column('doc_id')[row].as_py()}"
    if {"start", "end"} <= set(table.column_names):
        place += f" at {table.column('start')[row].as_py()}:{table.column('end')[row].as_py()}"
    return place
