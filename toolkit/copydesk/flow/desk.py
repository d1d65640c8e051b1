"""A workspace to its desk: what there is at each step of the line, what waits where, and who works how fast."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from heapq import nsmallest
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.figures import ALL
from copydesk.datasets.load import datasets_in
from copydesk.flow import look
from copydesk.flow.agree import agreed_key
from copydesk.flow.overlap import asked_of
from copydesk.report.desk import Labelling, Matter, Pace, Person, Step, Waiting, pace
from copydesk.report.page import Part, part
from copydesk.store import Log, digest_of
from copydesk.studio.changes import newest
from copydesk.studio.states import UNTIL, Project, project_pages
from copydesk.workspace import Workspace

_LISTED = 20  # disputes and findings; the others are on pages of their own
_AGREEMENT = "span_f1_exact"

_Row = dict[str, Any]


class Desk:
    """The view of the desk; what was gathered is kept as long as the workspace stays as it was, and the day."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: tuple[str, Part] | None = None

    def __call__(self, _asked: Mapping[str, str] | None = None) -> Part:
        """Show how things stand now."""
        today = datetime.now(UTC).date()
        key = desk_key(self._workspace, today)
        if self._known is None or self._known[0] != key:
            self._known = key, _desk(self._workspace, today)
        return self._known[1]


def desk_key(workspace: Workspace, today: date) -> str:
    """Digest of the names of all that the desk is made from."""
    seen: list[object] = [str(today), workspace.documents.digest, {**datasets_in(workspace.datasets)}]
    for one in _each(workspace):
        seen += [one.pulls.digest, one.decisions.digest]
        seen += [made.receipt for each in (one.labels, one.agreed, one.findings) if (made := each.part())]
    return digest_of(seen)


def _each(workspace: Workspace) -> list[Workspace]:
    return [workspace.under(name) for name in workspace.schemas]


def labellings(workspace: Workspace, today: date) -> list[Labelling]:
    """Gather the work under each of the workspace's schemas."""
    return [_labelling(one, today) for one in _each(workspace)]


def _desk(workspace: Workspace, today: date) -> Part:
    return part(
        "desk.html",
        title="Desk",
        name="desk",
        live=True,
        workspace=workspace.settings.name,
        labellings=labellings(workspace, today),
    )


def _labelling(workspace: Workspace, today: date) -> Labelling:
    counts = look.status(workspace)
    tasks = _live_tasks(workspace.pulls)
    annotations = newest(workspace.pulls, "annotator", "lead_time", "cancelled", "state")
    annotations = annotations.filter(pc.equal(annotations["state"], "live"))
    owed = _owed(workspace, tasks)
    return Labelling(
        schema=workspace.schema_name,
        steps=list(_steps(workspace, counts, tasks, annotations)),
        waiting=[one for one in _waiting(workspace, counts, owed) if one.count],
        pace=_pace(annotations, to_come=owed, today=today),
        people=list(_people(workspace, annotations)),
        disputes=_disputes(workspace, tasks),
        more_disputes=max(0, counts["agreed"]["disputes"] - _LISTED),
        findings=list(_findings(workspace)),
        more_findings=max(0, counts["findings"]["findings"] - _LISTED),
        pulled=max(
            (part.receipt[UNTIL][:16].replace("T", " ") for part in workspace.pulls.parts() if UNTIL in part.receipt),
            default="",
        ),
    )


def _live_tasks(log: Log) -> pa.Table:
    """Give the newest row of each task that is there: ``doc_id``, ``task_id``, ``annotations``, and the page of its project."""
    rows = log.read("task_states")
    keys = ["project", "task_id", "task_created_at"]
    numbered = rows.append_column("row", pa.array(range(rows.num_rows), pa.int64()))
    last = numbered.group_by(keys).aggregate([("row", "max")])["row_max"].combine_chunks().sort()
    rows = rows.take(last)
    return rows.filter(pc.equal(rows["state"], "live"))


def _owed(workspace: Workspace, tasks: pa.Table) -> int:
    """Count the annotations that the tasks still wait for."""
    settings = workspace.settings.studio
    least = settings.annotators_per_task if settings.overlap == 1 else 1
    asked = asked_of(workspace, tasks["doc_id"].to_pylist())
    rows = zip(tasks["doc_id"].to_pylist(), tasks["annotations"].to_pylist(), strict=True)
    return sum(max(0, asked.get(doc_id, least) - made) for doc_id, made in rows)


def _steps(workspace: Workspace, counts: Mapping[str, _Row], tasks: pa.Table, annotations: pa.Table) -> Iterator[Step]:
    labels, agreed, findings = counts["labels"], counts["agreed"], counts["findings"]
    done = annotations.filter(pc.invert(annotations["cancelled"])).num_rows
    yield Step("articles", counts["articles"]["files"], "files", (f"{counts['articles']['rejected']:,} rejected",))
    copies = sum(count for kind, count in counts["copies"].items() if kind != "original")
    yield Step("documents", counts["documents"]["documents"], "documents", (f"{copies:,} copies",) if copies else ())
    yield Step("tasks", tasks.num_rows, "tasks", (f"{done:,} annotations",))
    yield Step(
        "labels", labels["spans"], "spans", (f"{labels['reads']:,} readings", f"{labels['relations']:,} relations")
    )
    yield Step(
        "agreed", agreed["spans"], "spans", (f"{agreed['relations']:,} relations", f"{agreed['disputes']:,} disputes")
    )
    yield Step("findings", findings["findings"], "findings", () if findings["validations"] else ("not validated yet",))
    newest_version = counts["datasets"].get(workspace.title, "")
    versions = len(datasets_in(workspace.datasets).get(workspace.title, ()))
    yield Step("versions", versions, "versions", (f"newest {newest_version}",) if newest_version else ())


def _waiting(workspace: Workspace, counts: Mapping[str, _Row], owed: int) -> Iterator[Waiting]:
    yield Waiting("articles", counts["articles"]["rejected"], "articles are rejected", "copydesk status --rejected")
    yield Waiting("tasks", owed, "annotations are to come from annotators")
    yield Waiting("labels", counts["labels"].get("waiting", 0), "labels of older texts wait for a person")
    yield Waiting("labels", counts["labels"]["rejected"], "annotations could not be read")
    read = counts["labels"]["reads"] or counts["pulls"]["annotations"]
    if read and not workspace.agreed.is_made_from(agreed_key(workspace)):
        yield Waiting("agreed", 1, "decision is out of date: labels changed since", "copydesk agree")
    asked = workspace.agreed.read("conflicts", columns=["conflict_id"]).num_rows
    yield Waiting("agreed", asked, "disputes wait for an adjudicator", "copydesk adjudicate")
    yield Waiting("findings", counts["findings"]["findings"], "findings wait for somebody", page="/findings")


def _pace(annotations: pa.Table, *, to_come: int, today: date) -> Pace:
    made = annotations.filter(pc.invert(annotations["cancelled"]))["created_at"].drop_null()
    days = pc.value_counts(made.cast(pa.timestamp("us")).cast(pa.date32())).to_pylist()
    return pace({one["values"]: one["counts"] for one in days}, to_come=to_come, today=today)


def _people(workspace: Workspace, annotations: pa.Table) -> Iterator[Person]:
    with_others = _agreement(workspace)
    done = annotations.filter(pc.invert(annotations["cancelled"]))
    work = [("annotator", "count"), ("lead_time", "approximate_median")]
    by_name = {row["annotator"]: row for row in done.group_by("annotator").aggregate(work).to_pylist()}
    every = annotations.group_by("annotator").aggregate([("annotator", "count"), ("created_at", "max")])
    for row in every.sort_by("annotator").to_pylist():
        name, last = row["annotator"], row["created_at_max"]
        own = by_name.get(name, {"annotator_count": 0, "lead_time_approximate_median": None})
        yield Person(
            name=name or "not told",
            submitted=own["annotator_count"],
            skipped=row["annotator_count"] - own["annotator_count"],
            seconds=own["lead_time_approximate_median"],
            last=last.strftime("%Y-%m-%d") if last else "",
            agreement=tuple(with_others.get(name, ())),
        )


def _agreement(workspace: Workspace) -> dict[str, list[tuple[str, float, int]]]:
    """Give for each person the F1 with each other one, and of how many spans."""
    table = workspace.agreed.read("agreement")
    chosen = pc.and_(
        pc.equal(table["measure"], _AGREEMENT), pc.and_(pc.equal(table["label"], ALL), pc.equal(table["scope"], ALL))
    )
    found: dict[str, list[tuple[str, float, int]]] = {}
    for row in table.filter(chosen).to_pylist():
        pair = row["annotators"].split()
        if len(pair) == 2 and row["value"] is not None:
            for one, other in (pair, pair[::-1]):
                found.setdefault(one, []).append((other, row["value"], row["n"]))
    return found


def _disputes(workspace: Workspace, tasks: pa.Table) -> list[Matter]:
    """Give the most doubtful of what is in dispute, each with the tasks of its document."""
    asked = workspace.agreed.read("conflicts", columns=["dispute_id", "doubt"]).to_pylist()
    doubt = {row["dispute_id"]: row["doubt"] for row in asked}
    disputes = workspace.agreed.read("disputes")
    names = enumerate(disputes["dispute_id"].to_pylist())  # the table is in the order of the texts
    first = nsmallest(_LISTED, names, key=lambda one: (-doubt.get(one[1], 0.0), one[0]))
    rows = disputes.take(pa.array([place for place, _ in first], pa.int64())).to_pylist()
    links = _links(workspace, tasks, {row["doc_id"] for row in rows})
    return [
        Matter(
            row["kind"], row["surface"] or row["detail"], tuple(row["readings"]), tuple(links.get(row["doc_id"], ()))
        )
        for row in rows
    ]


def _links(workspace: Workspace, tasks: pa.Table, doc_ids: Collection[str]) -> dict[str, list[str]]:
    """Give the pages in Label Studio of the tasks of these documents."""
    pages, links = project_pages(workspace.pulls), dict[str, list[str]]()
    wanted = tasks.filter(pc.is_in(tasks["doc_id"], pa.array(doc_ids, pa.string())))
    for row in wanted.select(["doc_id", "project", "task_id"]).to_pylist():
        page = pages.get(Project.named(row["project"]).short)
        if page:
            links.setdefault(row["doc_id"], []).append(f"{page}?task={row['task_id']}")
    return links


def _findings(workspace: Workspace) -> Iterator[Matter]:
    """Give the first findings of the last validation, errors before others, each with the tasks that its first rows lead to."""
    failing = workspace.findings.read("failing_rows", columns=["suite", "expectation", "links"])
    found = sorted(workspace.findings.read("findings").to_pylist(), key=lambda row: row["severity"] != "error")
    for row in found[:_LISTED]:
        own = [pc.equal(failing[name], row[name]) for name in ("suite", "expectation")]
        first = failing.filter(pc.and_(*own)).slice(0, 3).to_pylist()
        links = tuple(dict.fromkeys(link for one in first for link in one["links"]))
        yield Matter(row["severity"], f"{row['suite']}/{row['expectation']}", (row["message"],), links)
