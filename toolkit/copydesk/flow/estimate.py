"""Agreed labels and what was chosen go in, how frequent labels are in the whole corpus comes out."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.flow.agree import agree
from copydesk.flow.current import current_documents
from copydesk.flow.report import Report
from copydesk.model.progress import Progress
from copydesk.sampling import label_frequencies
from copydesk.workspace import Workspace


def estimate(workspace: Workspace, *, level: float, progress: Progress) -> Report:
    """Estimate the frequency of each label in all documents that there were to choose from, and in those read without a choice."""
    agree(workspace, progress=progress)
    samples = workspace.samples.read("samples")
    read = set(workspace.labels.read("reads", columns=["doc_id"])["doc_id"].to_pylist())
    drawn_from = set(workspace.samples.read("chances", columns=["doc_id"])["doc_id"].to_pylist())
    lengths = _lengths(workspace, read | drawn_from)
    besides = sorted(read.intersection(lengths).difference(drawn_from))
    table = label_frequencies(
        workspace.agreed.read("agreed_spans"), samples, lengths=lengths, read=read, besides=besides, level=level
    )
    rows = table.to_pylist()
    lines = tuple(
        f"{row['label']}, {row['measure']}: {row['value']:,.3g} [{row['low']:,.3g}, {row['high']:,.3g}] "
        f"(in {row['documents']} of {row['of']} documents read)"
        for row in rows
    )
    if not rows:
        lines = ("no batch is read through yet, so that nothing follows for all documents (fix: label, pull)",)
    counts = {"documents": len(lengths), "read": len(read.intersection(lengths)), "labels": len(rows) // 4}
    return Report("estimate", counts, changed=False, lines=lines, data={"level": level, "estimates": rows})


def _lengths(workspace: Workspace, doc_ids: set[str]) -> dict[str, int]:
    """Give the characters of each of these documents that is still there."""
    documents = current_documents(workspace)
    documents = documents.filter(pc.is_in(documents["doc_id"], pa.array(sorted(doc_ids), pa.string())))
    return dict(zip(documents["doc_id"].to_pylist(), pc.utf8_length(documents["text"]).to_pylist(), strict=True))
