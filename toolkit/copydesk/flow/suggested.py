"""Tasks go in, what is suggested with each comes out, and what was sent is written down.

A share of the documents is sent bare, so that it can be seen what suggestions do to people. Which ones is a matter of their
names alone: always the same, whoever suggests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.flow.overlap import is_shared
from copydesk.flow.suggest import TABLES, suggestions
from copydesk.model.progress import Progress
from copydesk.model.tables import from_rows
from copydesk.studio.suggested import Suggested
from copydesk.suggestions import Found, suggested_times
from copydesk.tasks import with_carried
from copydesk.workspace import Workspace


def is_bare(workspace: Workspace, doc_id: str) -> bool:
    """Say whether a document is sent without suggestions."""
    return is_shared(f"bare\n{doc_id}", workspace.settings.suggest.bare)


def to_send(workspace: Workspace, documents: pa.Table, tasks: pa.Table, *, progress: Progress) -> Suggested:
    """Give what is suggested with these tasks: by suggesters, and of earlier annotators' labels on older texts where they stand now.

    What annotators marked themselves is shown to them whether or not the document is sent bare. The caller holds the workspace's lock.
    """
    made = suggestions(workspace, progress=progress)
    shown = _shown(workspace, tasks, made.read())
    spans = with_carried(
        shown.spans,
        tasks=tasks,
        anchors=workspace.labels.read("anchors"),
        unread=workspace.labels.read("unread"),
    )
    record = _Record(workspace, tasks, Found(spans, shown.relations, shown.categories))
    return Suggested(
        spans=spans,
        relations=shown.relations,
        categories=shown.categories,
        values=suggested_times(spans, documents=documents, schema=workspace.schema()),
        sending=record.add,
    )


def _shown(workspace: Workspace, tasks: pa.Table, found: Found) -> Found:
    """Leave out what is suggested for other documents than those of the tasks, and for those that are sent bare."""
    doc_ids = [doc_id for doc_id in tasks["doc_id"].to_pylist() if not is_bare(workspace, doc_id)]
    of = pa.array(doc_ids, pa.string())
    tables = (getattr(found, field) for field in TABLES.values())
    return Found(*(table.filter(pc.is_in(table["doc_id"], of)) for table in tables))


@dataclass(frozen=True, slots=True)
class _Record:
    """Writes down what is sent, before it is: what was not received in the end is sent again, and written down again."""

    workspace: Workspace
    tasks: pa.Table
    found: Found

    def add(self, doc_ids: Sequence[str]) -> None:
        """Write down what is suggested for these documents."""
        of = pa.array(sorted(set(doc_ids)), pa.string())
        if not len(of):
            return
        mine = self.tasks.filter(pc.is_in(self.tasks["doc_id"], of))
        now = datetime.now(UTC)
        sent = [
            {**row, "bare": is_bare(self.workspace, row["doc_id"]), "sent_at": now}
            for row in mine.select(["doc_id", "revision", "text_sha256"]).to_pylist()
        ]
        tables = {name: getattr(self.found, field) for name, field in TABLES.items()}
        tables = {name: table.filter(pc.is_in(table["doc_id"], of)) for name, table in tables.items()}
        self.workspace.sent.append({"sent": from_rows("sent", sent), **tables}, {"stage": "sent"})


def last_sent(workspace: Workspace, document: Mapping[str, Any]) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Give the row of ``sent`` and the suggestions that this text of a document was sent with last; None where it was not."""
    for part in reversed(workspace.sent.parts()):
        for row in _of(part.read("sent"), document).to_pylist():
            if row["text_sha256"] == document["text_sha256"]:
                return row, _of(part.read("suggestions"), document).to_pylist()
    return None, []


def _of(table: pa.Table, document: Mapping[str, Any]) -> pa.Table:
    return table.filter(pc.equal(table["doc_id"], document["doc_id"]))
