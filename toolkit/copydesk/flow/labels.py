"""The pull log to labels, and labels to agreed labels; each is made anew only where what it is made from changed."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement import decide, measure
from copydesk.agreement.assemble import assemble
from copydesk.agreement.categories import decide_categories
from copydesk.errors import DisputeError
from copydesk.flow.current import current_documents
from copydesk.flow.report import Report, reason_counts, reason_lines
from copydesk.model.progress import Progress
from copydesk.store import Part, digest_of, locked
from copydesk.studio import codec
from copydesk.studio.pull import current_state
from copydesk.workspace import Workspace

_LABELS = "labels/3"
_AGREED = "agreed/3"
# What a report counts where there is any of it.
_TOGETHER = {"categories": "agreed_categories", "events": "events", "claims": "claims"}
_BY_PLACE = [(name, "ascending") for name in ("doc_id", "start", "end", "dispute_id")]


def labels_key(workspace: Workspace) -> str:
    """Digest of all that the labels are made from."""
    return digest_of([_LABELS, workspace.documents.digest, workspace.pulls.digest, workspace.schema().digest])


def agreed_key(workspace: Workspace) -> str:
    """Digest of all that the agreed labels are made from."""
    return digest_of([_AGREED, labels_key(workspace)])


def read_labels(workspace: Workspace) -> Report:
    """Read spans and relations from the pull log; rejects those that do not fit their text or the schema.

    The caller holds the workspace's lock.
    """
    key = labels_key(workspace)
    changed = not workspace.labels.is_made_from(key)
    if changed:
        outcome = codec.read_labels(
            current_state(workspace.pulls),
            documents=workspace.documents.read("documents"),
            schema=workspace.schema(),
            windows=workspace.pulls.read("task_windows"),
        )
        workspace.labels.replace({**outcome.kept, "rejected": outcome.rejected}, {"stage": "labels", "key": key})
    rejected = workspace.labels.read("rejected").to_pylist()
    counts = {name: workspace.labels.read(name).num_rows for name in ("reads", "spans", "relations")}
    return Report(
        "labels",
        {"annotations": counts.pop("reads"), **counts, "rejected": len(rejected), **anchor_counts(workspace)},
        changed=changed,
        lines=reason_lines(rejected),
        data={"rejected": rejected, "reasons": reason_counts(rejected)},
    )


def anchor_counts(workspace: Workspace) -> dict[str, int]:
    """Count the spans that were made on an older text: those that count, wait for a person, or are lost; only what there is."""
    anchors = workspace.labels.read("anchors").select(["span_id", "anchored"]).to_pylist()
    counts = {
        "re-anchored": sum(row["span_id"] is not None for row in anchors),
        "waiting": sum(row["span_id"] is None and row["anchored"] != "lost" for row in anchors),
        "lost": sum(row["anchored"] == "lost" for row in anchors),
    }
    return {name: count for name, count in counts.items() if count}


def agree(workspace: Workspace, *, progress: Progress) -> Report:
    """Measure agreement and decide by majority; ties are disputes."""
    with locked(workspace.lock):
        read_labels(workspace)
        key = agreed_key(workspace)
        changed = not workspace.agreed.is_made_from(key)
        if changed:
            _agree(workspace, key, progress=progress)
        part = workspace.agreed.part()
    assert part is not None
    return _report(part, changed=changed)


def _agree(workspace: Workspace, key: str, *, progress: Progress) -> None:
    progress("agree", 0, 3)
    reads, spans, relations = (workspace.labels.read(name) for name in ("reads", "spans", "relations"))
    unread = workspace.labels.read("unread")
    outcome = decide(reads=reads, spans=spans, relations=relations, unread=unread)
    progress("agree", 1, 3)
    agreement = measure(
        reads=_read_whole(reads, unread),
        spans=spans,
        relations=relations,
        documents=current_documents(workspace),
        labels=workspace.schema().label_names,
    )
    progress("agree", 2, 3)
    said = decide_categories(
        reads=reads, categories=workspace.labels.read("categories"), documents=current_documents(workspace)
    )
    together = assemble(outcome.kept["agreed_spans"], outcome.kept["agreed_relations"], schema=workspace.schema())
    disputes = pa.concat_tables([outcome.kept["disputes"], said.pop("disputes")])
    tables = {**outcome.kept, **said, **together, "disputes": disputes.sort_by(_BY_PLACE)}
    tables |= {"agreement": agreement, "rejected": outcome.rejected}
    workspace.agreed.replace(tables, {"stage": "agreed", "key": key})
    progress("agree", 3, 3)


def _read_whole(reads: pa.Table, unread: pa.Table) -> pa.Table:
    """Leave out who has not read the whole newest text: their silence on what is new is no disagreement."""
    partly = unread["annotation_id"].combine_chunks()
    return reads.filter(pc.invert(pc.is_in(reads["annotation_id"], partly)))


def dispute_fault(report: Report) -> DisputeError | None:
    """Give the error where disputes are open, for who asked that they count as failure."""
    disputes = report.counts["disputes"]
    if not disputes:
        return None
    fix = "have the annotators or a third one decide them, then pull and agree again"
    return DisputeError(f"{disputes} disputes are open", fix=fix)


def _report(part: Part, *, changed: bool) -> Report:
    rejected = part.read("rejected").to_pylist()
    reasons = reason_counts(rejected)
    counts = {
        "agreed spans": part.read("agreed_spans").num_rows,
        "agreed relations": part.read("agreed_relations").num_rows,
        **{name: rows for name, table in _TOGETHER.items() if (rows := part.read(table).num_rows)},
        "disputes": part.read("disputes").num_rows,
        "outvoted": reasons.pop("outvoted", 0),
        "set aside": sum(reasons.values()),
    }
    agreement = part.read("agreement").to_pylist()
    overall = [row for row in agreement if row["label"] == "all" and row["annotators"] == "all"]
    lines = tuple(
        f"{row['measure']}: "
        + (f"{row['value']:.3f}" if row["value"] is not None else f"not defined, {row['note']}")
        + f" (n = {row['n']:,} in {row['documents']} documents)"
        for row in overall
    )
    return Report(
        "agree",
        counts,
        changed=changed,
        lines=lines,
        data={"agreement": agreement, "disputes": part.read("disputes").to_pylist()},
    )
