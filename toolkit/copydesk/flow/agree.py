"""Labels in the workspace go in, agreed labels and how far people agree come out; made anew only where what it is made from changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement import Bounds, Gold, Rule, decide, measure, measure_categories
from copydesk.agreement.adjudication import Applied, Heard, apply_decisions, ask
from copydesk.agreement.assemble import assemble
from copydesk.agreement.categories import decide_categories
from copydesk.agreement.choices import choice_figures
from copydesk.agreement.figures import ALL, COUNTED, OF_CATEGORY, table_of
from copydesk.agreement.relations import EventLabels
from copydesk.errors import DisputeError
from copydesk.flow.current import current_documents
from copydesk.flow.decided import decisions_made
from copydesk.flow.labels import labels_key, read_labels
from copydesk.flow.qualification import told, voting, voting_key
from copydesk.flow.report import Report, reason_counts
from copydesk.flow.whole_words import on_whole_words
from copydesk.model.progress import Progress
from copydesk.model.schema import LabelSchema
from copydesk.store import Part, digest_of, locked
from copydesk.studio.changes import current_state
from copydesk.suggestions import times
from copydesk.workspace import Workspace

_AGREED = "agreed/8"
# What a report counts where there is any of it.
_TOGETHER = {"categories": "agreed_categories", "events": "events", "claims": "claims", "times": "times"}
_A_VOTE = "it counts as any other (for the truth: ground_truth = true in [agree])"
_BY_PLACE = [(name, "ascending") for name in ("doc_id", "start", "end", "dispute_id")]


def agreed_key(workspace: Workspace) -> str:
    """Digest of all that the agreed labels are made from."""
    settings = [str(value) for value in astuple(workspace.settings.agree)]
    # Of gold only what it says: when it was made, retired or asked for changes nothing.
    gold = workspace.gold.read("gold", columns=["doc_id", "text_sha256"]), workspace.gold.read("gold_spans")
    known = [table.to_pylist() for table in gold]
    made = [_AGREED, labels_key(workspace), workspace.decisions.digest, known, *voting_key(workspace)]
    return digest_of([*made, *settings])


def agree(workspace: Workspace, *, progress: Progress) -> Report:
    """Measure agreement and decide by the rule that the settings name; what it leaves open is a dispute."""
    with locked(workspace.lock):
        labels = read_labels(workspace)
        key = agreed_key(workspace)
        changed = not workspace.agreed.is_made_from(key)
        if changed:
            _agree(workspace, key, progress=progress)
        part = workspace.agreed.part()
    assert part is not None
    return _report(part, changed=changed, unread=labels.lines)


def _agree(workspace: Workspace, key: str, *, progress: Progress) -> None:
    progress("agree", 0, 3)
    documents, schema = current_documents(workspace), workspace.schema()
    names = ("reads", "spans", "relations", "unread", "categories")
    # Whose reads are among these has a vote, and is measured: nothing below looks for others.
    labels, aside = voting(workspace, {name: workspace.labels.read(name) for name in names})
    unread = labels.pop("unread")
    labels["spans"], moved = on_whole_words(workspace, labels["spans"], documents)
    voted, notes = _decided(workspace, labels, unread=unread, documents=documents)
    progress("agree", 1, 3)
    agreement = _measured(schema, labels, unread=unread, documents=documents)
    progress("agree", 2, 3)
    made = decisions_made(workspace)
    voted["rejected"] = pa.concat_tables([voted["rejected"], made.rejected])
    decided = apply_decisions(voted, made.conflicts, made.documents, heard=Heard.of(made.doc_ids, tables=labels))
    agreed = decided.tables["agreed_spans"]
    when = times(agreed, documents=documents, schema=schema)
    together = assemble(agreed, decided.tables["agreed_relations"], schema=schema, times=when) | {"times": when}
    conflicts, waiting = ask(decided.tables["disputes"], made.conflicts, agreed_spans=agreed)
    tables = {**decided.tables, **together, "agreement": agreement, "conflicts": conflicts, "snapped": moved}
    receipt = {"stage": "agreed", "key": key, "not voting": len(aside), "notes": [*notes, *told(aside)]}
    workspace.agreed.replace(tables, {**receipt, "waiting": waiting, "standing": _standing(decided)})
    progress("agree", 3, 3)


def _decided(
    workspace: Workspace, labels: Mapping[str, pa.Table], *, unread: pa.Table, documents: pa.Table
) -> tuple[dict[str, pa.Table], list[str]]:
    """Give what the annotators agree on and dispute, before anybody decided on it, and sentences on how that was found."""
    schema, rule = workspace.schema(), _rule(workspace)
    reads, spans, relations, categories = (labels[name] for name in ("reads", "spans", "relations", "categories"))
    gold, notes = _gold(workspace, documents)
    bounds = Bounds(gold, schema.overlap)
    drawn = decide(
        reads=reads, spans=spans, relations=relations, unread=unread, rule=rule, bounds=bounds, documents=documents
    )
    said = decide_categories(
        reads=reads, categories=categories, documents=documents, asked=schema.categories, rule=rule
    )
    disputes = pa.concat_tables([drawn.kept["disputes"], said.kept["disputes"]]).sort_by(_BY_PLACE)
    rejected = pa.concat_tables([drawn.rejected, said.rejected])
    return {**drawn.kept, **said.kept, "disputes": disputes, "rejected": rejected}, [*drawn.notes, *notes]


def _measured(
    schema: LabelSchema, labels: Mapping[str, pa.Table], *, unread: pa.Table, documents: pa.Table
) -> pa.Table:
    """Measure how far people agree."""
    reads = _read_whole(labels["reads"], unread)
    figures = measure(
        reads=reads,
        spans=labels["spans"],
        relations=labels["relations"],
        documents=documents,
        labels=schema.label_names,
        events=_event_labels(schema),
    )
    said = {"reads": reads, "categories": labels["categories"], "asked": schema.categories, "documents": documents}
    return pa.concat_tables([figures, table_of([*measure_categories(**said), *choice_figures(**said)])])


def _gold(workspace: Workspace, documents: pa.Table) -> tuple[Gold, list[str]]:
    """Give the gold that is kept and, where the settings take it for the truth, what is marked as such in Label Studio.

    Of several such annotations of one document none is the truth: they come of an import that did not say otherwise.
    """
    annotations = current_state(workspace.pulls)
    reads = workspace.labels.read("reads", columns=["annotation_id", "doc_id"])
    marked = annotations.filter(annotations["ground_truth"])["annotation_id"].combine_chunks()
    counted = reads.filter(pc.is_in(reads["annotation_id"], marked)).group_by("doc_id")
    found = counted.aggregate([("annotation_id", "min"), ("annotation_id", "count")])
    alone = found.filter(pc.equal(found["annotation_id_count"], 1))["annotation_id_min"].to_pylist()
    notes = []
    if alone and not workspace.settings.agree.ground_truth:
        notes = [f"{len(alone)} documents have one annotation marked as ground truth in Label Studio; {_A_VOTE}"]
        alone = []
    return Gold(alone, *_kept_gold(workspace, documents)), notes


def _kept_gold(workspace: Workspace, documents: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Give the gold that is kept, with its spans where the annotators' own are: on whole words, if the settings want that."""
    gold, spans = workspace.gold.read("gold"), workspace.gold.read("gold_spans")
    columns = {name: spans[name] for name in spans.schema.names}
    columns |= dict.fromkeys(("annotation_id", "span_id"), spans["doc_id"])
    columns["revision"] = pc.take(gold["revision"], pc.index_in(spans["doc_id"], gold["doc_id"].combine_chunks()))
    return gold, on_whole_words(workspace, pa.table(columns), documents)[0].select(spans.schema.names)


def _rule(workspace: Workspace) -> Rule:
    settings = workspace.settings.agree
    return Rule(settings.method, settings.min_votes, settings.min_share)


def _event_labels(schema: LabelSchema) -> EventLabels | None:
    if schema.events is None:
        return None
    triggers = (label.name for label in schema.labels if label.group == schema.events.triggers)
    return EventLabels(frozenset(triggers), frozenset(schema.events.roles))


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


def _figure_lines(agreement: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Say how far all people agree over all documents, and what their spans are to each other."""
    overall = [row for row in agreement if row["annotators"] == row["scope"] == ALL and _is_whole(row)]
    figures = [row for row in overall if not row["measure"].startswith(COUNTED)]
    counts = [row for row in overall if row["measure"].startswith(COUNTED) and row["value"] is not None]
    lines = [
        f"{row['measure']}{'' if row['label'] == ALL else ' ' + row['label']}: "
        + (f"{row['value']:.3f}" if row["value"] is not None else f"not defined, {row['note']}")
        + (f" [{row['low']:.3f}, {row['high']:.3f}]" if row["low"] is not None else "")
        + f" (n = {row['n']:,} in {row['documents']} documents)"
        for row in figures
    ]
    said = (f"{row['value']:,.0f} {row['measure'].removeprefix(COUNTED).replace('_', ' ')}" for row in counts)
    return (*lines, *([f"spans of two people: {', '.join(said)}"] if counts else []))


def _is_whole(row: Mapping[str, Any]) -> bool:
    """Whether a figure is of all labels, or of a whole category."""
    return row["label"] == ALL or (row["measure"].startswith(OF_CATEGORY) and "=" not in row["label"])


def _report(part: Part, *, changed: bool, unread: Sequence[str]) -> Report:
    """Tell what was decided and measured; ``unread`` says what of the annotations could not be read as labels."""
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
        **({"reads not voting": aside} if (aside := part.receipt.get("not voting", 0)) else {}),
    }
    agreement = part.read("agreement").to_pylist()
    lines = _figure_lines(agreement)
    lines += (*part.receipt.get("notes", ()), *unread)
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
