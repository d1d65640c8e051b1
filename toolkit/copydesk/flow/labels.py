"""The pull log to labels, and labels to agreed labels; each is made anew only where what it is made from changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement import Rule, decide, measure, measure_categories, snap
from copydesk.agreement.adjudication import Applied, Heard, apply_decisions, ask
from copydesk.agreement.assemble import assemble
from copydesk.agreement.categories import decide_categories
from copydesk.agreement.figures import table_of
from copydesk.agreement.relations import EventLabels
from copydesk.errors import DisputeError
from copydesk.flow.current import current_documents
from copydesk.flow.report import Report, reason_counts, reason_lines
from copydesk.model.document import Edit
from copydesk.model.progress import Progress
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import Outcome, empty
from copydesk.store import Part, digest_of, locked
from copydesk.studio import codec
from copydesk.studio.changes import current_state
from copydesk.studio.shown import without_astral
from copydesk.studio.votes import Version, text_sha256_of
from copydesk.tasks import times
from copydesk.workspace import Workspace

_LABELS = "labels/4"
_AGREED = "agreed/7"
# What a report counts where there is any of it.
_TOGETHER = {"categories": "agreed_categories", "events": "events", "claims": "claims", "times": "times"}
_BY_PLACE = [(name, "ascending") for name in ("doc_id", "start", "end", "dispute_id")]


def labels_key(workspace: Workspace) -> str:
    """Digest of all that the labels are made from."""
    return digest_of([_LABELS, workspace.documents.digest, workspace.pulls.digest, workspace.schema().digest])


def agreed_key(workspace: Workspace) -> str:
    """Digest of all that the agreed labels are made from."""
    settings = [str(value) for value in astuple(workspace.settings.agree)]
    return digest_of([_AGREED, labels_key(workspace), workspace.decisions.digest, *settings])


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


def agree(workspace: Workspace, *, progress: Progress) -> Report:
    """Measure agreement and decide by the rule that the settings name; what it leaves open is a dispute."""
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
    names = ("reads", "spans", "relations", "unread", "categories")
    reads, spans, relations, unread, categories = (workspace.labels.read(name) for name in names)
    documents, schema = current_documents(workspace), workspace.schema()
    spans, snapped = _snapped(workspace, spans, documents)
    rule = _rule(workspace)
    outcome = decide(reads=reads, spans=spans, relations=relations, unread=unread, rule=rule, documents=documents)
    progress("agree", 1, 3)
    whole = _read_whole(reads, unread)
    figures = measure(
        reads=whole,
        spans=spans,
        relations=relations,
        documents=documents,
        labels=schema.label_names,
        events=_event_labels(schema),
    )
    asked = measure_categories(reads=whole, categories=categories, asked=schema.categories, documents=documents)
    progress("agree", 2, 3)
    said = decide_categories(reads=reads, categories=categories, documents=documents)
    disputes = pa.concat_tables([outcome.kept["disputes"], said.pop("disputes")]).sort_by(_BY_PLACE)
    decisions = workspace.decisions.read("decisions").to_pylist()
    labels = {"reads": reads, "spans": spans, "relations": relations, "categories": categories}
    voted = {**outcome.kept, **said, "disputes": disputes, "rejected": outcome.rejected}
    decided = apply_decisions(voted, decisions, heard=Heard.of([row["doc_id"] for row in decisions], tables=labels))
    agreed = decided.tables["agreed_spans"]
    when = times(agreed, documents=documents, schema=schema)
    together = assemble(agreed, decided.tables["agreed_relations"], schema=schema, times=when) | {"times": when}
    conflicts, waiting = ask(decided.tables["disputes"], decisions, agreed_spans=agreed)
    agreement = pa.concat_tables([figures, table_of(asked)])
    tables = {**decided.tables, **together, "agreement": agreement, "conflicts": conflicts, "snapped": snapped}
    notes = list(outcome.notes)
    receipt = {"stage": "agreed", "key": key, "waiting": waiting, "standing": _standing(decided), "notes": notes}
    workspace.agreed.replace(tables, receipt)
    progress("agree", 3, 3)


def _rule(workspace: Workspace) -> Rule:
    settings = workspace.settings.agree
    return Rule(settings.method, settings.min_votes, settings.min_share)


def _event_labels(schema: LabelSchema) -> EventLabels | None:
    if schema.events is None:
        return None
    triggers = (label.name for label in schema.labels if label.group == schema.events.triggers)
    return EventLabels(frozenset(triggers), frozenset(schema.events.roles))


def _snapped(workspace: Workspace, spans: pa.Table, documents: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Give the spans on whole words, where the settings want it, and the boundaries that moved."""
    return snap(spans, documents=documents) if workspace.settings.agree.snap else (spans, empty("snapped"))


def _standing(decided: Applied) -> dict[str, list[str]]:
    """Give the conflicts by how their decision stands, but for those whose decision holds."""
    found: dict[str, list[str]] = {}
    for conflict_id, standing in sorted(decided.standing.items()):
        if standing != "holds":
            found.setdefault(standing, []).append(conflict_id)
    return found


def _read_whole(reads: pa.Table, unread: pa.Table) -> pa.Table:
    """Leave out who has not read the whole newest text: their silence on what is new is no disagreement."""
    partly = unread["annotation_id"].combine_chunks()
    return reads.filter(pc.invert(pc.is_in(reads["annotation_id"], partly)))


def dispute_fault(report: Report) -> DisputeError | None:
    """Give the error where disputes are open, for who asked that they count as failure."""
    disputes = report.counts["disputes"]
    if not disputes:
        return None
    fix = "have them decided: copydesk adjudicate"
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
        **({"declined": declined} if (declined := reasons.pop("adjudicated", 0)) else {}),
        "set aside": sum(reasons.values()),
    }
    agreement = part.read("agreement").to_pylist()
    overall = [row for row in agreement if (row["label"], row["annotators"], row["scope"]) == ("all", "all", "all")]
    lines = tuple(
        f"{row['measure']}: "
        + (f"{row['value']:.3f}" if row["value"] is not None else f"not defined, {row['note']}")
        + f" (n = {row['n']:,} in {row['documents']} documents)"
        for row in overall
    )
    lines += tuple(part.receipt.get("notes", ()))
    open_again = part.receipt.get("standing", {}).get("open-again", [])
    if open_again:
        lines += (
            f"{len(open_again)} conflicts are open again, since somebody's labels changed after they were decided, the first "
            f"{open_again[0]} (fix: copydesk adjudicate)",
        )
    return Report(
        "agree",
        counts,
        changed=changed,
        lines=lines,
        data={"agreement": agreement, "disputes": part.read("disputes").to_pylist()},
    )
