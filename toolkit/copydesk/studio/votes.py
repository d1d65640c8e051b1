"""Annotations go in, those that count as somebody's reading of a document come out, and the others with the reason."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from copydesk.model.tables import rejected_row

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest revision of a document: its text, and the text as Label Studio was given it."""

    revision: int
    text_sha256: str
    text: str
    shown: str


def votes(annotations: pa.Table, *, newest: Mapping[str, Newest]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give the rows of ``annotations`` that count, and rows of the table ``rejected`` for all others.

    At most one row counts for each annotator and document: the one updated last, also where an annotator has annotations of
    the document in two projects. What was pulled from a project that is no more counts until it is annotated again.
    """
    shown = {doc_id: text_sha256_of(one.shown) for doc_id, one in newest.items()}
    rejected: list[dict[str, Any]] = []
    counted: dict[tuple[str, str], dict[str, Any]] = {}
    rows = annotations.to_pylist()
    for row in sorted(rows, key=_age):
        reason, detail = _refusal(row, newest=newest, shown=shown)
        if reason:
            rejected.append(rejected_annotation(row, reason=reason, detail=detail))
            continue
        whose = (row["doc_id"], row["annotator"])
        older = counted.pop(whose, None)
        if older is not None:
            detail = f"{row['annotator']} annotated the document again ({row['annotation_id']}); the newer one counts"
            rejected.append(rejected_annotation(older, reason="superseded", detail=detail))
        counted[whose] = row
    return sorted(counted.values(), key=lambda row: (row["doc_id"], row["annotator"])), rejected


def rejected_annotation(row: Mapping[str, Any], *, reason: str, detail: str) -> dict[str, Any]:
    """Give a row of ``rejected`` for a whole annotation."""
    return rejected_row(
        stage="labels",
        item=f"annotation {row['annotation_id']} by {row['annotator']}",
        reason=reason,
        detail=detail,
        row=row,
        doc_id=row["doc_id"] or None,
    )


def text_sha256_of(text: str) -> str:
    """SHA-256 of a text as a server gave it, which may even hold lone surrogates."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _age(row: Mapping[str, Any]) -> tuple[datetime, str, str]:
    return row["updated_at"] or _NEVER, row["task_created_at"], row["annotation_id"]


def _refusal(row: Mapping[str, Any], *, newest: Mapping[str, Newest], shown: Mapping[str, str]) -> tuple[str, str]:
    """Say why an annotation is no vote on the newest text; empty where it is one."""
    if row["state"] == "gone":
        return "deleted", "the annotation, or its task, was deleted in Label Studio; the pull log keeps it"
    if row["cancelled"]:
        return "cancelled", f"{row['annotator']} skipped the task"
    if not row["annotator"]:
        return "unknown-annotator", "Label Studio does not say who made it (fix: have it made again by a person)"
    return _text_fault(row, newest.get(row["doc_id"]), shown)


def _text_fault(row: Mapping[str, Any], known: Newest | None, shown: Mapping[str, str]) -> tuple[str, str]:
    if known is None:
        return "unknown-document", f"there is no document {row['doc_id']!r} here (fix: ingest its article)"
    if row["text_sha256"] != known.text_sha256:
        made, newest = row["revision"], known.revision
        return "text-changed", f"made on revision {made}, and the newest is {newest} (fix: push, and annotate it anew)"
    if row["shown_sha256"] != shown[row["doc_id"]]:
        return "text-changed", "the task's text was changed in Label Studio (fix: delete the task there, and push)"
    return "", ""
