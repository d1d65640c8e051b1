"""The pull log goes in, what annotators said comes out as tables; made anew only where what it is made from changed."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.flow.report import Report, reason_counts, reason_lines
from copydesk.model.document import Edit
from copydesk.model.tables import Outcome
from copydesk.store import Part, digest_of
from copydesk.studio import codec
from copydesk.studio.changes import current_state
from copydesk.studio.shown import without_astral
from copydesk.studio.votes import Version, text_sha256_of
from copydesk.workspace import Workspace

_LABELS = "labels/4"


def labels_key(workspace: Workspace) -> str:
    """Digest of all that the labels are made from."""
    return digest_of([_LABELS, workspace.documents.digest, workspace.pulls.digest, workspace.schema().digest])


def read_labels(workspace: Workspace) -> Report:
    """Read spans and relations from the pull log; rejects those that do not fit their text or the schema.

    The caller holds the workspace's lock.
    """
    key = labels_key(workspace)
    changed = not workspace.labels.is_made_from(key)
    if changed:
        outcome = read_annotations(workspace, current_state(workspace.pulls))
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


def read_annotations(workspace: Workspace, annotations: pa.Table) -> Outcome:
    """Read spans and relations from rows of the pull log, as ``read_labels`` does from all."""
    documents = workspace.documents.read("documents")
    return codec.read_labels(
        annotations,
        documents=documents,
        schema=workspace.schema(),
        articles=_article_texts(workspace, annotations, documents),
        windows=workspace.pulls.read("task_windows"),
    )


def _article_texts(workspace: Workspace, annotations: pa.Table, documents: pa.Table) -> Iterator[tuple[str, Version]]:
    """Give the texts of articles, as they came in, that somebody annotated, under the documents that were made of them."""
    wanted = set(annotations["text_sha256"].to_pylist()) - {"", *documents["text_sha256"].to_pylist()}
    digests = pa.array(sorted(wanted), pa.string())
    made = documents.filter(pc.is_in(documents["raw_sha256"], digests)) if wanted else documents.slice(0, 0)
    names = ("doc_id", "revision", "raw_sha256", "text_sha256")
    became = {(row["doc_id"], row["revision"]): row for row in made.select(names).to_pylist()}
    for part in workspace.documents.parts() if became else ():
        here = part.read("documents", columns=["doc_id", "revision"]).to_pylist()
        mine = [became[key] for row in here if (key := (row["doc_id"], row["revision"])) in became]
        if not mine:
            continue
        articles = part.read("articles", columns=["raw_sha256", "raw", "encoding"])
        rows = articles.filter(pc.is_in(articles["raw_sha256"], digests)).to_pylist()
        texts = {row["raw_sha256"]: row["raw"].decode(row["encoding"]) for row in rows if row["encoding"]}
        edits = _edits(part, {row["doc_id"] for row in mine})
        for row in mine:
            text, key = texts[row["raw_sha256"]], (row["doc_id"], row["revision"])
            shown = text_sha256_of(without_astral(text))
            own = tuple(edits.get(key, ()))
            yield row["doc_id"], Version(row["revision"], row["raw_sha256"], text, shown, row["text_sha256"], own)


def _edits(part: Part, doc_ids: set[str]) -> dict[tuple[str, int], list[Edit]]:
    table = part.read("edits")
    table = table.filter(pc.is_in(table["doc_id"], pa.array(sorted(doc_ids), pa.string())))
    found: dict[tuple[str, int], list[Edit]] = {}
    for row in table.to_pylist():
        edit = Edit(row["start"], row["end"], row["removed"], row["inserted"], row["rule"])
        found.setdefault((row["doc_id"], row["revision"]), []).append(edit)
    return found


def anchor_counts(workspace: Workspace) -> dict[str, int]:
    """Count the spans that were made on an older text: those that count, wait for a person, or are lost; only what there is."""
    anchors = workspace.labels.read("anchors").select(["span_id", "anchored"]).to_pylist()
    counts = {
        "re-anchored": sum(row["span_id"] is not None for row in anchors),
        "waiting": sum(row["span_id"] is None and row["anchored"] != "lost" for row in anchors),
        "lost": sum(row["anchored"] == "lost" for row in anchors),
    }
    return {name: count for name, count in counts.items() if count}
