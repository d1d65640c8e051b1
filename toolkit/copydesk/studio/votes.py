"""Annotations go in, those that count as somebody's reading of a document come out, and the others with the reason."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pyarrow as pa

from copydesk.model.document import Edit
from copydesk.model.tables import rejected_row
from copydesk.model.windows import Place
from copydesk.studio.shown import without_astral

TaskKey = tuple[str, int, str]  # project, id and birth of a task
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Version:
    """One text of a document: the last revision that has it, and the digest of the text as Label Studio was given it.

    What an article said before it became a document is a text of it, too: ``edits`` then make that revision's text of it, whose
    digest is ``became``.
    """

    revision: int
    text_sha256: str
    text: str
    shown_sha256: str
    became: str = ""
    edits: tuple[Edit, ...] = ()

    def shown_sha256_of(self, place: Place | None) -> str:
        """Give the digest of what Label Studio was given of a part of the text; of all of it for None."""
        return text_sha256_of(without_astral(self.text[slice(*place)])) if place else self.shown_sha256


@dataclass(frozen=True, slots=True)
class History:
    """All texts that a document has had, by digest, and the newest of them."""

    newest: Version
    versions: Mapping[str, Version]


def votes(
    annotations: pa.Table, *, histories: Mapping[str, History], places: Mapping[TaskKey, Place]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give the rows of ``annotations`` that count, and rows of the table ``rejected`` for all others.

    At most one row counts for each annotator and document: the one made on the newest text, and of these the one updated last,
    also where an annotator has annotations of the document in two projects. What was pulled from a project that is no more
    counts until it is annotated again. Where ``places`` says of a task of theirs that it shows a part of the document, all rows
    are given that are made on a known text, in the order of their age.
    """
    rejected: list[dict[str, Any]] = []
    counted: dict[tuple[str, str], list[dict[str, Any]]] = {}
    in_parts: set[tuple[str, str]] = set()
    rows = annotations.to_pylist()
    for row in sorted(rows, key=lambda row: _age(row, histories)):
        place = places.get(task_key(row)) if places else None
        reason, detail = _refusal(row, place, histories=histories)
        if reason:
            rejected.append(rejected_annotation(row, reason=reason, detail=detail))
            continue
        whose = (row["doc_id"], row["annotator"])
        counted.setdefault(whose, []).append(row)
        if place:
            in_parts.add(whose)
    for whose, own in counted.items():
        if whose not in in_parts:
            rejected += [_superseded(older, newer) for older, newer in pairwise(own)]
            counted[whose] = own[-1:]
    return [row for whose in sorted(counted) for row in counted[whose]], rejected


def task_key(row: Mapping[str, Any]) -> TaskKey:
    """Give the task of an annotation."""
    return row["project"], row["task_id"], row["task_created_at"]


def _superseded(older: Mapping[str, Any], newer: Mapping[str, Any]) -> dict[str, Any]:
    detail = f"{newer['annotator']} annotated the document again ({newer['annotation_id']}); the newer one counts"
    return rejected_annotation(older, reason="superseded", detail=detail)


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


def _age(row: Mapping[str, Any], histories: Mapping[str, History]) -> tuple[int, datetime, str, str]:
    history = histories.get(row["doc_id"])
    made_on = history.versions.get(row["text_sha256"]) if history else None
    revision = made_on.revision if made_on else 0
    return revision, row["updated_at"] or _NEVER, row["task_created_at"], row["annotation_id"]


def _refusal(row: Mapping[str, Any], place: Place | None, *, histories: Mapping[str, History]) -> tuple[str, str]:
    """Say why an annotation is no vote on a known text of its document; empty where it is one."""
    if row["state"] == "gone":
        return "deleted", "the annotation, or its task, was deleted in Label Studio; the pull log keeps it"
    if row["cancelled"]:
        part = f", which shows the text from {place[0]} to {place[1]}" if place else ""
        return "cancelled", f"{row['annotator']} skipped the task{part}"
    if not row["annotator"]:
        return "unknown-annotator", "Label Studio does not say who made it (fix: have it made again by a person)"
    return _text_fault(row, place, histories.get(row["doc_id"]))


def _text_fault(row: Mapping[str, Any], place: Place | None, history: History | None) -> tuple[str, str]:
    if history is None:
        return "unknown-document", f"there is no document {row['doc_id']!r} here (fix: ingest its article)"
    version = history.versions.get(row["text_sha256"])
    if version is None:
        made, newest = row["revision"], history.newest.revision
        return (
            "text-changed",
            f"made on revision {made} with a text that is not here, and the newest is {newest} (fix: push, and annotate it anew)",
        )
    if row["shown_sha256"] != version.shown_sha256_of(place):
        return "text-changed", "the task's text was changed in Label Studio (fix: delete the task there, and push)"
    return "", ""
