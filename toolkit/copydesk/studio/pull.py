"""A Label Studio project goes in, one part of the pull log comes out: every annotation that is new, changed or gone.

The log is the only memory: what was seen last, and when, is read from it. A pull asks the server for what changed since, with
some minutes of overlap, since a change can be stored under an earlier time than it appears at; compares contents, since not
every change is given a time; and looks for what disappeared where the server's counts say so. A log may hold several
projects, also of servers that are no more: a pull compares, and marks as gone, what is of its own project alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.model.progress import Progress
from copydesk.model.tables import empty, from_rows
from copydesk.store import Log
from copydesk.studio.client import Studio
from copydesk.studio.interface import TEXT
from copydesk.studio.listing import LOOKED_UP, Filter, ahead, id_is_one_of, list_tasks, overview, updated_after
from copydesk.studio.states import Project, State, counts_of, is_as_known, is_known, read_states, state_of, text_of
from copydesk.studio.votes import text_sha256_of
from copydesk.studio.windows import window_of

PAGE = 250
OVERLAP = timedelta(minutes=5)
_SWEEP_PAGE = 5_000
# the server applies the one list to tasks and to the annotations within them, so both must be named
_OF_TASK = ("id", "data", "annotations", "created_at", "updated_at")
_OF_ANNOTATION = ("result", "completed_by", "lead_time", "was_cancelled", "ground_truth")
_FIELDS = (*_OF_TASK, *_OF_ANNOTATION)
_SWEPT = ("id", "created_at", "updated_at", "total_annotations")
_KEY = ("annotation_id", "project", "task_created_at", "doc_id", "created_at")
_COMPARED = ("content_sha256", "shown_sha256", "revision", "text_sha256")

_Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull brought: annotations that are new, changed or gone, and those that are as they were.

    ``elsewhere`` is the number of live annotations in the log that are of other projects, which this pull did not look at.
    ``seen`` is the number of tasks that were fetched. ``nothing_new`` says that no annotation is new, changed or gone.
    """

    new: int
    changed: int
    gone: int
    unchanged: int
    elsewhere: int
    seen: int
    nothing_new: bool


def pull(
    studio: Studio,
    *,
    project: Mapping[str, Any],
    log: Log,
    pseudonyms: Callable[[], Mapping[int, str]],
    progress: Progress,
) -> PullReport:
    """Append to the log what is new, changed or gone in a project since the last pull; where nothing is, append nothing.

    ``project`` is as the server describes it: its ``id`` and ``created_at`` are read. ``pseudonyms`` gives each user id its pseudonym; it is only asked where there are annotations to name. An annotation of a
    user whom it does not know gets the empty pseudonym. Raises the ``errors.Studio*``; the log is as it was then.
    """
    meant = Project.of(project)
    states = read_states(log, meant)
    if states and is_as_known(studio, meant.id, states):
        return _report(_beside(log, meant, states), log)
    since = (updated_after(max(state.updated_at for state in states.values()) - OVERLAP),) if states else ()
    return _pull(studio, meant, log, states=states, since=since, pseudonyms=pseudonyms, progress=progress)


def pull_whole(
    studio: Studio,
    *,
    project: Mapping[str, Any],
    log: Log,
    pseudonyms: Callable[[], Mapping[int, str]],
    progress: Progress,
) -> PullReport:
    """Do what ``pull`` does, and look at every task whatever its time: finds even what a server forgot to give a time."""
    meant = Project.of(project)
    states = read_states(log, meant)
    return _pull(studio, meant, log, states=states, since=(), pseudonyms=pseudonyms, progress=progress)


def current_state(log: Log) -> pa.Table:
    """Give the newest entry of every annotation in the log (table ``annotations``), in the order of their last change."""
    return _newest_entries(log.read("annotations"))


def _pull(
    studio: Studio,
    project: Project,
    log: Log,
    *,
    states: dict[int, State],
    since: tuple[Filter, ...],
    pseudonyms: Callable[[], Mapping[int, str]],
    progress: Progress,
) -> PullReport:
    changes = _beside(log, project, states)
    seen: set[int] = set()
    for page, left in ahead(list_tasks(studio, project.id, *since, fields=_FIELDS, size=PAGE)):
        total = len(seen) + left
        changes.take(page, pseudonyms)
        seen |= {task["id"] for task in page}
        progress("pull", len(seen), total)
    now = overview(studio, project.id, size=1)
    if (now.tasks, now.annotations) != counts_of(changes.states):
        for page in _sweep(studio, project.id, changes):
            changes.take(page, pseudonyms)
            seen |= {task["id"] for task in page}
    return _report(changes, log, seen=len(seen))


def _sweep(studio: Studio, project_id: int, changes: _Changes) -> Iterator[list[dict[str, Any]]]:
    """Go over the ids of all tasks; drop those that are gone, and give those that the log has otherwise."""
    there: set[tuple[int, str]] = set()
    odd: list[int] = []
    for page, _ in list_tasks(studio, project_id, fields=_SWEPT, size=_SWEEP_PAGE):
        there |= {(task["id"], task["created_at"]) for task in page}
        odd += [task["id"] for task in page if changes.is_odd(task)]
    changes.drop([state for state in changes.states.values() if (state.task_id, state.created_at) not in there])
    for first in range(0, len(odd), LOOKED_UP):
        asked = id_is_one_of(odd[first : first + LOOKED_UP])
        for page, _ in list_tasks(studio, project_id, asked, fields=_FIELDS, size=PAGE):
            yield page


def _report(changes: _Changes, log: Log, *, seen: int = 0) -> PullReport:
    new, changed, gone = changes.new, changes.changed, changes.gone
    if changes.state_rows or changes.rows or gone:
        rows = from_rows("annotations", changes.rows.values())
        annotations = pa.concat_tables([_tombstones(log, changes.in_log), rows])
        tables = {"annotations": annotations, "task_states": from_rows("task_states", changes.state_rows)}
        if changes.window_rows:
            tables["task_windows"] = from_rows("task_windows", changes.window_rows)
        receipt = {"stage": "pull", "project": changes.project.key}
        log.append(tables, {**receipt, "new": new, "changed": changed, "gone": gone})
    return PullReport(
        new=new,
        changed=changed,
        gone=gone,
        unchanged=sum(key not in changes.rows for key in changes.known),
        elsewhere=changes.elsewhere,
        seen=seen,
        nothing_new=not (new or changed or gone),
    )


class _Changes:
    """What the server's tasks are beside the log: takes pages of tasks and gathers the rows to append."""

    def __init__(self, project: Project, states: dict[int, State], *, known: dict[_Key, _Key], elsewhere: int) -> None:
        self.project = project
        self.states = states
        self.known = known
        self.elsewhere = elsewhere
        self.new = 0
        self.changed = 0
        self.gone = 0
        self.in_log: list[_Key] = []  # of those gone, the ones whose last content is in the log
        self.rows: dict[_Key, dict[str, Any]] = {}
        self.state_rows: list[dict[str, Any]] = []
        self.window_rows: list[dict[str, Any]] = []
        self._names: Mapping[int, str] | None = None
        self._of_task: dict[int, list[_Key]] = {}
        for key in known:
            self._of_task.setdefault(_task_id(key), []).append(key)

    def is_odd(self, task: Mapping[str, Any]) -> bool:
        """Say whether a task, seen in passing, is not as the log has it."""
        known = is_known(task, self.states)
        return not known or self.states[task["id"]].annotations != task["total_annotations"]

    def take(self, tasks: Iterable[Mapping[str, Any]], pseudonyms: Callable[[], Mapping[int, str]]) -> None:
        """Take tasks as they are on the server now."""
        for task in tasks:
            if task["annotations"] and self._names is None:
                self._names = pseudonyms()
            self._take(task, self._names or {})

    def drop(self, states: Iterable[State]) -> None:
        """Take note that tasks are gone, and with them their annotations."""
        for state in states:
            self._forget(self._of_task.pop(state.task_id, []))
            self.state_rows.append(self._state_row(self.states.pop(state.task_id), "gone"))

    def _take(self, task: Mapping[str, Any], names: Mapping[int, str]) -> None:
        state = state_of(task)
        before = self.states.get(state.task_id)
        if before is not None and before.identity != state.identity:
            self.drop([before])
        rows = [_row(annotation, task, state, self.project, names) for annotation in task["annotations"]]
        keys = {tuple(row[name] for name in _KEY): row for row in rows}
        self._forget([key for key in self._of_task.get(state.task_id, []) if key not in keys])
        for key, row in keys.items():
            self._compare(key, row)
        self._of_task[state.task_id] = list(keys)
        if before != state:
            self.states[state.task_id] = state
            self.state_rows.append(self._state_row(state, "live"))
            window = window_of(task["data"])
            if window:
                task_key = {"project": self.project.key, "task_id": state.task_id, "task_created_at": state.created_at}
                self.window_rows.append({**task_key, **window})

    def _compare(self, key: _Key, row: dict[str, Any]) -> None:
        content = tuple(row[name] for name in _COMPARED)
        if self.known.get(key) == content:
            return
        if key in self.known:
            self.changed += 1
        else:
            self.new += 1
        self.known[key] = content
        self.rows[key] = row

    def _forget(self, keys: Iterable[_Key]) -> None:
        for key in keys:
            del self.known[key]
            self.gone += 1
            if key in self.rows:  # it came and went while the pages were read
                self.rows[key] = {**self.rows[key], "state": "gone"}
            else:
                self.in_log.append(key)

    def _state_row(self, state: State, how: str) -> dict[str, Any]:
        return {
            "project": self.project.key,
            "project_id": self.project.id,
            "task_id": state.task_id,
            "task_created_at": state.created_at,
            "doc_id": state.doc_id,
            "updated_at": state.updated_at,
            "annotations": state.annotations,
            "state": how,
        }


def _beside(log: Log, project: Project, states: dict[int, State]) -> _Changes:
    """Start from the live annotations in the log: those of the project by key, with what is compared, and how many others."""
    table = _newest_entries(log.read("annotations", columns=[*_KEY, *_COMPARED, "state"]))
    table = table.filter(pc.equal(table["state"], "live"))
    own = table.filter(pc.equal(table["project"], project.key))
    keys = zip(*(own[name].to_pylist() for name in _KEY), strict=True)
    contents = zip(*(own[name].to_pylist() for name in _COMPARED), strict=True)
    known = dict(zip(keys, contents, strict=True))
    return _Changes(project, states, known=known, elsewhere=table.num_rows - own.num_rows)


def _newest_entries(table: pa.Table) -> pa.Table:
    rows = pa.array(range(table.num_rows), pa.int64())
    numbered = table.select(list(_KEY)).append_column("row", rows)
    last = numbered.group_by(list(_KEY)).aggregate([("row", "max")])["row_max"]
    return table.take(last.combine_chunks().sort())


def _tombstones(log: Log, gone: list[_Key]) -> pa.Table:
    """Give the last entry of each annotation that is gone, with its content, marked as gone."""
    if not gone:
        return empty("annotations")
    table = current_state(log)
    wanted = set(gone)
    keys = zip(*(table[name].to_pylist() for name in _KEY), strict=True)
    table = table.filter(pa.array([key in wanted for key in keys], pa.bool_()))
    column = table.schema.get_field_index("state")
    return table.set_column(column, table.schema.field(column), pa.array(["gone"] * table.num_rows, pa.string()))


def _task_id(key: _Key) -> int:
    return int(key[0].split("-")[1])


def _row(
    annotation: Mapping[str, Any], task: Mapping[str, Any], state: State, project: Project, names: Mapping[int, str]
) -> dict[str, Any]:
    result = json.dumps(annotation["result"], sort_keys=True, separators=(",", ":"))
    flags = bool(annotation["was_cancelled"]), bool(annotation["ground_truth"])
    revision = task["data"].get("revision")
    return {
        "annotation_id": f"{project.short}-{state.task_id}-{annotation['id']}",
        "project": project.key,
        "project_id": project.id,
        "task_id": state.task_id,
        "task_created_at": state.created_at,
        "doc_id": state.doc_id,
        "revision": revision if type(revision) is int and 0 <= revision < 2**31 else 0,
        "text_sha256": text_of(task["data"], "text_sha256"),
        "shown_sha256": text_sha256_of(text_of(task["data"], TEXT)),
        "annotator": names.get(_user_id(annotation["completed_by"]), ""),
        "created_at": _instant(annotation["created_at"]),
        "updated_at": _instant(annotation["updated_at"]),
        "lead_time": annotation["lead_time"],
        "cancelled": flags[0],
        "ground_truth": flags[1],
        "state": "live",
        "content_sha256": hashlib.sha256(f"{flags} {result}".encode()).hexdigest(),
        "result": result,
    }


def _user_id(completed_by: object) -> int:
    """Give the user's id from any of the shapes that Label Studio gives it in; -1 where there is none."""
    value = completed_by.get("id") if isinstance(completed_by, Mapping) else completed_by
    return value if isinstance(value, int) else -1


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
