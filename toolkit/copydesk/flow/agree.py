"""Labels in the workspace go in, agreed labels and how far people agree come out; made anew only where what it is made from changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement import Rule, decide, measure, measure_categories
from copydesk.agreement.adjudication import Applied, Heard, apply_decisions, ask
from copydesk.agreement.assemble import assemble
from copydesk.agreement.categories import decide_categories
from copydesk.agreement.figures import ALL, COUNTED, table_of
from copydesk.agreement.relations import EventLabels
from copydesk.errors import DisputeError
from copydesk.flow.current import current_documents
from copydesk.flow.labels import labels_key, read_labels
from copydesk.flow.qualification import told, voting, voting_key
from copydesk.flow.report import Report, reason_counts
from copydesk.flow.whole_words import on_whole_words
from copydesk.model.progress import Progress
from copydesk.model.schema import LabelSchema
from copydesk.store import Part, digest_of, locked
from copydesk.tasks import times
from copydesk.workspace import Workspace

_AGREED = "agreed/7"
# What a report counts where there is any of it.
_TOGETHER = {"categories": "agreed_categories", "events": "events", "claims": "claims", "times": "times"}
_BY_PLACE = [(name, "ascending") for name in ("doc_id", "start", "end", "dispute_id")]


def agreed_key(workspace: Workspace) -> str:
    """Digest of all that the agreed labels are made from."""
    settings = [str(value) for value in astuple(workspace.settings.agree)]
    made = [_AGREED, labels_key(workspace), workspace.decisions.digest, *voting_key(workspace)]
    return digest_of([*made, *settings])


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
    votes, aside = voting(workspace, {name: workspace.labels.read(name) for name in names})
    reads, spans, relations, unread, categories = (votes[name] for name in names)
    documents, schema = current_documents(workspace), workspace.schema()
    spans, snapped = on_whole_words(workspace, spans)
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
    notes = [*outcome.notes, *told(aside)]
    made = {"stage": "agreed", "key": key, "not voting": len(aside), "notes": notes}
    workspace.agreed.replace(tables, {**made, "waiting": waiting, "standing": _standing(decided)})
    progress("agree", 3, 3)


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
    overall = [row for row in agreement if (row["label"], row["annotators"], row["scope"]) == (ALL, ALL, ALL)]
    figures = [row for row in overall if not row["measure"].startswith(COUNTED)]
    counts = [row for row in overall if row["measure"].startswith(COUNTED) and row["value"] is not None]
    lines = [
        f"{row['measure']}: "
        + (f"{row['value']:.3f}" if row["value"] is not None else f"not defined, {row['note']}")
        + (f" [{row['low']:.3f}, {row['high']:.3f}]" if row["low"] is not None else "")
        + f" (n = {row['n']:,} in {row['documents']} documents)"
        for row in figures
    ]
    said = (f"{row['value']:,.0f} {row['measure'].removeprefix(COUNTED).replace('_', ' ')}" for row in counts)
    return (*lines, *([f"spans of two people: {', '.join(said)}"] if counts else []))


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
        **({"reads not voting": aside} if (aside := part.receipt.get("not voting", 0)) else {}),
    }
    agreement = part.read("agreement").to_pylist()
    lines = _figure_lines(agreement)
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
