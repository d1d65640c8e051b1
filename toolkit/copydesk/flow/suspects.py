"""The workspace's agreed labels in, the table ``suspects`` out."""

from __future__ import annotations

from collections import Counter

from copydesk.agreement.suspects import Corpus
from copydesk.agreement.suspects import suspects as ranked
from copydesk.flow.current import current_documents
from copydesk.flow.labels import agree, agreed_key
from copydesk.flow.report import Report
from copydesk.model.progress import Progress
from copydesk.store import digest_of, locked
from copydesk.workspace import Workspace

_RECIPE = "suspects/1"


def suspects(workspace: Workspace, *, least: float, first: int, progress: Progress) -> Report:
    """Rank the labels that are likely to be wrong, those with a score of ``least`` or more, and tell the ``first`` of them."""
    agree(workspace, progress=progress)
    with locked(workspace.lock):
        part = workspace.copies.part()
        copies = part.receipt["files"] if part else {}
        key = digest_of([_RECIPE, agreed_key(workspace), copies, least])
        changed = not workspace.suspects.is_made_from(key)
        if changed:
            table = ranked(_corpus(workspace), least=least)
            workspace.suspects.replace({"suspects": table}, {"stage": "suspects", "key": key})
        table = workspace.suspects.read("suspects")
    rows = table.slice(0, first).to_pylist()
    lines = tuple(
        f"{row['score']:.2f} {row['label'] or 'nothing'} {row['surface']!r} in {row['doc_id']} [{row['start']}:{row['end']}], "
        f"{row['reason']}: {row['detail']}"
        for row in rows
    )
    if table.num_rows > first:
        lines += (f"… and {table.num_rows - first:,} more: --first tells more of them, the table suspects has all",)
    counts = {"suspects": table.num_rows, **dict(sorted(Counter(table["reason"].to_pylist()).items()))}
    return Report("suspects", counts, changed=changed, lines=lines, data={"suspects": rows})


def _corpus(workspace: Workspace) -> Corpus:
    return Corpus.of(
        documents=current_documents(workspace),
        reads=workspace.labels.read("reads"),
        agreed=workspace.agreed.read("agreed_spans"),
        disputes=workspace.agreed.read("disputes"),
        copies=workspace.copies.read("copies"),
    )
