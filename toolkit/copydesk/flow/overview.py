"""A workspace in, where its work stands out: how much there is at each step of the line, what waits there, the pace, the people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.load import versions
from copydesk.datasets.version import MANIFEST
from copydesk.flow.current import current_rejected
from copydesk.flow.labels import anchor_counts, labels_key
from copydesk.flow.overlap import asked_of
from copydesk.store import Latest, Log
from copydesk.studio.changes import newest
from copydesk.tasks.build import MOST_OWN
from copydesk.workspace import Workspace

DAYS = 14  # of which the pace is told
_RATE_DAYS = 7  # whose mean is the forecast's rate


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits at a step, and what is done about it: mostly a command."""

    count: int
    what: str
    next: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the line: what there is, and what waits."""

    name: str
    count: int
    what: str
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """Annotations that were made on each of the last days, oldest first, and days until all that is sent has been read enough.

    ``days_left`` is None where nothing was made in the last week.
    """

    by_day: tuple[int, ...]
    last_hour: int
    left: int
    days_left: float | None


@dataclass(frozen=True, slots=True)
class Person:
    """What one annotator has done; ``lead_time`` is the median in seconds, None where Label Studio does not say."""

    annotator: str
    documents: int
    today: int
    lead_time: float | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """Where the work stands: the steps that are the same for all schemas, those under each schema, the pace, the people."""

    shared: tuple[Step, ...]
    under: Mapping[str, tuple[Step, ...]]
    pace: Pace
    people: tuple[Person, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give it as one JSON object."""
        return asdict(self)


def overview(workspace: Workspace, *, now: datetime) -> Overview:
    """Look where the work stands under each of the workspace's schemas; ``now`` says where the day ends, and in which zone."""
    each = [workspace.under(name) for name in workspace.schemas]
    made = {one.schema_name: _made(one) for one in each}
    left = {one.schema_name: _left(one, made[one.schema_name]) for one in each}
    every = pa.concat_tables(made.values())
    return Overview(
        shared=tuple(_shared(workspace)),
        under={one.schema_name: tuple(_under(one, *left[one.schema_name])) for one in each},
        pace=_pace(every, sum(reads for _, _, reads in left.values()), now=now),
        people=tuple(_people(every, now=now)),
    )


def stamp(workspace: Workspace) -> tuple[object, ...]:
    """Give a value that is another one as soon as anything that the overview tells of has changed; it reads no table."""
    folders = [workspace.state, *(entry for entry in workspace.state.glob("*") if entry.is_dir())]
    if not workspace.settings.publish.store:  # asking a store again and again would cost
        folders += [workspace.datasets, *workspace.datasets.glob("*")]
    return tuple((str(folder), folder.stat().st_mtime_ns) for folder in folders if folder.is_dir())


def _made(workspace: Workspace) -> pa.Table:
    """The annotations that stand, without those that were skipped."""
    table = newest(workspace.pulls, "annotator", "lead_time", "cancelled", "state")
    return table.filter(pc.and_(pc.equal(table["state"], "live"), pc.invert(table["cancelled"])))


def _left(workspace: Workspace, made: pa.Table) -> tuple[int, int, int]:
    """Count the documents that were sent, those of them that lack a reading, and the readings that lack."""
    sent = pc.unique(workspace.sent.read("sent", columns=["doc_id"])["doc_id"]).to_pylist()
    settings = workspace.settings.studio
    asked = asked_of(workspace, sent)
    usual = settings.annotators_per_task if settings.overlap == 1 else 1
    readers = made.group_by("doc_id").aggregate([("annotator", "count_distinct")])
    read = dict(zip(readers["doc_id"].to_pylist(), readers["annotator_count_distinct"].to_pylist(), strict=True))
    lacking = [max(0, asked.get(doc, usual) - read.get(doc, 0)) for doc in sent]
    return len(sent), sum(map(bool, lacking)), sum(lacking)


def _shared(workspace: Workspace) -> Iterator[Step]:
    rejected = len(current_rejected(workspace))
    yield _step(
        "articles", _rows(workspace.documents, "ingested"), "read", (rejected, "rejected", "copydesk status --rejected")
    )
    ids = pc.unique(workspace.documents.read("documents", columns=["doc_id"])["doc_id"])
    copies = len(workspace.copies.read("copies", columns=["own"])["own"].drop_null())
    yield _step("documents", len(ids), f"{copies:,} of them copies")


def _under(workspace: Workspace, sent: int, lacking: int, left: int) -> Iterator[Step]:
    unsent = _unsent(workspace)
    yield _step(
        "tasks",
        sent,
        "documents sent",
        (unsent, "not sent", "copydesk push"),
        (lacking, f"to be read ({left:,} readings)", "annotators, in Label Studio"),
    )
    anchors = anchor_counts(workspace)
    stale = workspace.agreed.part() is None or not workspace.labels.is_made_from(labels_key(workspace))
    pulled = _rows(workspace.pulls, "annotations")
    yield _step(
        "labels",
        _rows(workspace.labels, "spans"),
        f"spans, {_rows(workspace.labels, 'reads'):,} readings",
        (pulled if stale and pulled else 0, "pulled, not agreed", "copydesk agree"),
        (anchors.get("waiting", 0), "of older texts, to be placed", "annotators, in Label Studio"),
    )
    disputes = _rows(workspace.agreed, "disputes")
    yield _step(
        "agreed", _rows(workspace.agreed, "agreed_spans"), "spans", (disputes, "disputes", "copydesk adjudicate")
    )
    yield _findings(workspace)
    yield _version(workspace)


def _findings(workspace: Workspace) -> Step:
    rows = workspace.findings.read("findings", columns=["severity"])
    errors = rows["severity"].to_pylist().count("error")
    if workspace.findings.part() is None and workspace.agreed.part() is not None:
        return _step("findings", 0, "never validated", (1, "to be validated", "copydesk validate"))
    return _step("findings", rows.num_rows, "at the last look", (errors, "errors", "copydesk validate tells them"))


def _version(workspace: Workspace) -> Step:
    there = versions(workspace.title, folder=workspace.datasets)
    agreed = workspace.agreed.part()
    if not there:
        return _step("version", 0, "none yet", (int(agreed is not None), "to be published", "copydesk publish"))
    manifest = workspace.datasets / workspace.title / there[-1] / MANIFEST
    newer = agreed is not None and (agreed.path / "receipt.json").stat().st_mtime > manifest.stat().st_mtime
    return _step("version", len(there), f"newest {there[-1]}", (int(newer), "agreed since", "copydesk publish"))


def _unsent(workspace: Workspace) -> int:
    """Count the documents that a push would send: of copies none, and of the others those that were chosen, where the settings say so."""
    settings = workspace.settings
    ids = pc.unique(workspace.documents.read("documents", columns=["doc_id"])["doc_id"])
    gone = [workspace.sent.read("sent", columns=["doc_id"])["doc_id"]]
    if not settings.studio.send_copies:
        copies = workspace.copies.read("copies", columns=["doc_id", "own"])
        gone.append(copies.filter(pc.fill_null(pc.less_equal(copies["own"], MOST_OWN), False))["doc_id"])
    if settings.sample.size:
        chosen = workspace.samples.read("samples", columns=["doc_id"])["doc_id"]
        ids = ids.filter(pc.is_in(ids, pc.unique(chosen)))
    for one in gone:
        ids = ids.filter(pc.invert(pc.is_in(ids, pc.unique(one))))
    return len(ids)


def _rows(of: Log | Latest, table: str) -> int:
    """Count the rows of a table as the receipts tell it, without reading it."""
    parts = of.parts() if isinstance(of, Log) else filter(None, [of.part()])
    return sum(part.receipt["files"].get(table, {"rows": 0})["rows"] for part in parts)


def _step(name: str, count: int, what: str, *waiting: tuple[int, str, str]) -> Step:
    return Step(name, count, what, tuple(Waiting(*one) for one in waiting if one[0]))


def _pace(made: pa.Table, left: int, *, now: datetime) -> Pace:
    times = [one.astimezone(now.tzinfo) for one in made["created_at"].drop_null().to_pylist()]
    ages = Counter((now.date() - one.date()).days for one in times)
    by_day = tuple(ages[age] for age in reversed(range(DAYS)))
    lately = sum(one > now - timedelta(days=_RATE_DAYS) for one in times)
    return Pace(
        by_day=by_day,
        last_hour=sum(one > now - timedelta(hours=1) for one in times),
        left=left,
        days_left=left * _RATE_DAYS / lately if lately else None,
    )


def _people(made: pa.Table, *, now: datetime) -> Iterator[Person]:
    """Tell what each annotator has done, the busiest first."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in made.select(["annotator", "doc_id", "created_at", "lead_time"]).to_pylist():
        rows.setdefault(row["annotator"], []).append(row)
    for annotator, own in sorted(rows.items(), key=lambda each: (-len(each[1]), each[0])):
        times = [row["created_at"].astimezone(now.tzinfo) for row in own if row["created_at"]]
        leads = [row["lead_time"] for row in own if row["lead_time"] is not None]
        yield Person(
            annotator=annotator,
            documents=len({row["doc_id"] for row in own}),
            today=sum(one.date() == now.date() for one in times),
            lead_time=median(leads) if leads else None,
            last=max(times, default=None),
        )
