"""What the annotators marked as residue in, suggested rules out."""

from __future__ import annotations

from dataclasses import asdict

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.suggest_rules import suggest_rules, to_toml
from copydesk.errors import UsageError
from copydesk.flow.current import current_documents
from copydesk.flow.labels import read_labels
from copydesk.flow.report import Report
from copydesk.store import locked
from copydesk.workspace import Workspace

_RESIDUE = "residue"


def suggest(workspace: Workspace, *, fewest: int) -> Report:
    """Suggest rules for the residue that was marked in at least ``fewest`` of the documents that were read.

    Raises UsageError where the schema has no label for residue.
    """
    label = dict(workspace.schema().suggest).get(_RESIDUE)
    if label is None:
        raise UsageError(
            f"schema {workspace.schema().name}: no label is for residue",
            fix='say in its [suggest] which one is, such as residue = "RESIDUE"',
        )
    with locked(workspace.lock):
        read_labels(workspace)
        reads, spans = (workspace.labels.read(name) for name in ("reads", "spans"))
        documents = current_documents(workspace)
    read = documents.filter(pc.is_in(documents["doc_id"], pa.array(reads["doc_id"].to_pylist(), pa.string())))
    suggested = suggest_rules(spans, read, label=label, fewest=fewest)
    counts = {"documents read": read.num_rows, "suggested": len(suggested)}
    lines = tuple(to_toml(suggested).splitlines())
    return Report("rules", counts, changed=False, lines=lines, data={"rules": [asdict(one) for one in suggested]})
