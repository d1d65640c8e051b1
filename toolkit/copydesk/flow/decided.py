"""What adjudicators decided goes in, as the workspace keeps it; the same in the newest texts, ready to be applied, comes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.adjudication import Carrier, Heard, Whole, latest_wholes
from copydesk.flow.labels import read_annotations
from copydesk.flow.whole_words import on_whole_words
from copydesk.model.tables import empty, from_rows
from copydesk.workspace import Workspace

LABELS = ("reads", "spans", "relations", "categories")
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions of conflicts and of whole documents, and what of the latter could not be read, as rows of ``rejected``."""

    conflicts: list[_Row]
    documents: list[Whole]
    rejected: pa.Table

    @property
    def doc_ids(self) -> set[str]:
        """The documents that they are of."""
        return {row["doc_id"] for row in self.conflicts} | {one.doc_id for one in self.documents}


def decisions_made(workspace: Workspace) -> Decided:
    """Give all decisions of conflicts, and the latest of each document, carried over to the newest texts."""
    conflicts = workspace.decisions.read("decisions").to_pylist()
    documents = list(latest_wholes(workspace.decisions.read("document_decisions").to_pylist()).values())
    if not conflicts and not documents:
        return Decided([], [], empty("rejected"))
    table = _every_text(workspace, {row["doc_id"] for row in [*conflicts, *documents]})
    carrier = Carrier(_by_revision(table))
    judged = read_annotations(workspace, _as_annotations(documents))
    kept = {name: judged.kept[name] for name in LABELS}
    kept["spans"], _ = on_whole_words(workspace, kept["spans"], table)
    heard = Heard.of([row["doc_id"] for row in documents], tables=kept)
    said = heard.by_document()
    readable = [row for row in documents if row["doc_id"] in heard.reads]
    wholes = [Whole.of(carrier.known(row), judged=said.get(row["doc_id"], {})) for row in readable]
    return Decided(carrier.decisions(conflicts), wholes, judged.rejected)


def _every_text(workspace: Workspace, doc_ids: Iterable[str]) -> pa.Table:
    """Give every text of these documents."""
    table = workspace.documents.read("documents", columns=["doc_id", "revision", "text"])
    return table.filter(pc.is_in(table["doc_id"], pa.array(sorted(doc_ids), pa.string())))


def _by_revision(table: pa.Table) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = {}
    for doc_id, revision, text in zip(*(table[name].to_pylist() for name in table.column_names), strict=True):
        found.setdefault(doc_id, {})[revision] = text
    return found


def _as_annotations(documents: Iterable[_Row]) -> pa.Table:
    """Give decisions of documents as annotations, to be read as those are: carried over, checked, and by one path."""
    return from_rows(
        "annotations",
        [
            {
                **{name: row[name] for name in ("project", "doc_id", "revision", "text_sha256", "result")},
                "annotation_id": f"{row['question_id']}-{row['annotation_id']}",
                "project_id": 0,
                "task_id": 0,
                "task_created_at": "",
                "shown_sha256": row["shown_sha256"],
                "annotator": row["by"],
                "created_at": row["at"],
                "updated_at": row["at"],
                "lead_time": None,
                "cancelled": False,
                "ground_truth": False,
                "state": "live",
                "content_sha256": "",
            }
            for row in documents
        ],
    )
