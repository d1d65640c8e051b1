"""What the log has of a project goes in, and tasks as they are on the server now; the rows to append to the log come out.

An annotation is compared by its content, not by its time, since not every change is given one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.model.tables import empty, from_rows
from copydesk.store import Log
from copydesk.studio.interface import TEXT
from copydesk.studio.known import COMPARED, KEY, Content, Key, Known, instant_of, tick
from copydesk.studio.restored import NOTED, Originals
from copydesk.studio.states import PULLED, SERVER, UNTIL, Project, State, dumped, is_known, state_of, text_of
from copydesk.studio.votes import text_sha256_of
from copydesk.studio.whom import without_addresses
from copydesk.studio.windows import window_of

# the server applies the one list to tasks and to the annotations within them, so both must be named
_OF_TASK = ("id", "data", "annotations", "created_at", "updated_at")
_OF_ANNOTATION = ("result", "completed_by", "lead_time", "was_cancelled", "ground_truth")
_FIELDS = (*_OF_TASK, *_OF_ANNOTATION)


class Changes:
    """What tasks of a project are now beside the log: takes pages of tasks and gathers the rows to append."""

    def __init__(
        self,
        project: Project,
        states: dict[int, State],
        *,
        known: Known,
        elsewhere: int,
        originals: Originals | None,
    ) -> None:
        self.project = project
        self.states = states
        self.originals = originals
        self.elsewhere = elsewhere
        self.unchanged = len(known)
        self.new = 0
        self.changed = 0
        self.gone = 0
        self.server = ""  # its address; empty where a file brought the tasks
        self.until: datetime | None = None  # the last change of a task that was seen
        self.in_log: list[Key] = []  # of those gone, the ones whose last content is in the log
        self.rows: dict[Key, dict[str, Any]] = {}
        self.state_rows: list[dict[str, Any]] = []
        self.window_rows: list[dict[str, Any]] = []
        self._names: Mapping[int, str] | None = None
        self._known = known
        self._of_task: dict[int, dict[Key, Content]] = {}  # of the tasks that were seen: what is live of them
        self._touched: set[Key] = set()  # that are new or changed

    @property
    def fields(self) -> tuple[str, ...]:
        """What of a task is asked for."""
        return (*_FIELDS, "import_id") if self.originals else _FIELDS

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

    def take_part(self, task: Mapping[str, Any], names: Mapping[int, str]) -> None:
        """Take a task of which not all annotations are told: what is not told is not gone."""
        told, rows = self._told(task, names)
        for key, row in rows.items():
            self._compare(key, row)
        self._see(told, task["data"])

    def retire(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Take note that what exports brought is this project's now."""
        keys = [tuple(row[name] for name in KEY) for row in entries]
        self.in_log += keys
        self.elsewhere -= len(keys)

    def forget_appended(self) -> None:
        """Start a new part: what was gathered is in the log."""
        self.rows, self.state_rows, self.window_rows, self.in_log = {}, [], [], []

    def drop(self, states: Iterable[State]) -> None:
        """Take note that tasks are gone, and with them their annotations."""
        for state in states:
            self._forget(state.task_id, list(self._live(state.task_id)))
            self.state_rows.append(self._state_row(self.states.pop(state.task_id), "gone"))

    def _take(self, task: Mapping[str, Any], names: Mapping[int, str]) -> None:
        state, rows = self._told(task, names)
        self._forget(state.task_id, [key for key in self._live(state.task_id) if key not in rows])
        for key, row in rows.items():
            self._compare(key, row)
        self._see(state, task["data"])

    def _told(self, task: Mapping[str, Any], names: Mapping[int, str]) -> tuple[State, dict[Key, dict[str, Any]]]:
        """Give the state of a task and its rows; a task that had its id before is gone."""
        state = state_of(task)
        before = self.states.get(state.task_id)
        if before is not None and before.identity != state.identity:
            self.drop([before])
        aged = (self._aged(annotation) for annotation in task["annotations"])
        rows = [_row(annotation, task, state, self.project, names) for annotation in aged]
        return state, {tuple(row[name] for name in KEY): row for row in rows}

    def _aged(self, annotation: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give an annotation with the times of the one that it was restored from."""
        if self.originals is None:
            return annotation
        made, changed = self.originals.times(annotation)
        return {**annotation, "created_at": made, "updated_at": changed}

    def _see(self, state: State, data: Mapping[str, Any]) -> None:
        changed = instant_of(state.updated_at)
        self.until = max(self.until or changed, changed)
        if self.states.get(state.task_id) != state:
            self.states[state.task_id] = state
            self.state_rows.append(self._state_row(state, "live"))
            window = window_of(data)
            if window:
                task_key = {"project": self.project.key, "task_id": state.task_id, "task_created_at": state.created_at}
                self.window_rows.append({**task_key, **window})

    def _live(self, task_id: int) -> dict[Key, Content]:
        """Give what is live of a task: what the log has, and what was taken since."""
        if task_id not in self._of_task:
            self._of_task[task_id] = self._known.of_task(task_id)
        return self._of_task[task_id]

    def _compare(self, key: Key, row: dict[str, Any]) -> None:
        # the time, too: of several annotations of one person the one saved last counts, even if it was saved as it was
        content = (*(row[name] for name in COMPARED), tick(row["updated_at"]))
        live = self._live(row["task_id"])
        if live.get(key) == content:
            return
        if key in live:
            self.changed += 1
            self.unchanged -= key not in self._touched
        else:
            self.new += 1
        live[key] = content
        self._touched.add(key)
        self.rows[key] = row

    def _forget(self, task_id: int, keys: Iterable[Key]) -> None:
        live = self._live(task_id)
        for key in keys:
            del live[key]
            self.gone += 1
            self.unchanged -= key not in self._touched
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
            "updated_at": instant_of(state.updated_at),
            "annotations": state.annotations,
            "state": how,
        }


def beside(log: Log, project: Project, states: dict[int, State], originals: Originals | None = None) -> Changes:
    """Start from the live annotations in the log: those of the project, with what is compared, and how many others."""
    table = newest(log, "task_id", *COMPARED, "updated_at", "state")
    table = table.filter(pc.equal(table["state"], "live"))
    own = table.filter(pc.equal(table["project"], project.key))
    return Changes(project, states, known=Known(own), elsewhere=table.num_rows - own.num_rows, originals=originals)


def newest(log: Log, *columns: str) -> pa.Table:
    """Give the newest entry of every annotation in the log: what names it, and these columns."""
    return _newest_entries(log.read("annotations", columns=[*KEY, *columns]))


def append(changes: Changes, log: Log, *, stage: str, drafts: pa.Table | None = None, looked: bool = False) -> None:
    """Append what is new, changed or gone to the log, as one part; where nothing is, append nothing.

    With ``looked`` a part is appended all the same, to note that the project was looked at.
    """
    drafts = drafts if drafts is not None else empty("drafts")
    if not (changes.state_rows or changes.rows or changes.in_log or drafts.num_rows or looked):
        return
    rows = from_rows("annotations", changes.rows.values())
    annotations = pa.concat_tables([_tombstones(log, changes.in_log), rows])
    tables = {"annotations": annotations, "task_states": from_rows("task_states", changes.state_rows)}
    windows = from_rows("task_windows", changes.window_rows)
    tables |= {name: table for name, table in (("task_windows", windows), ("drafts", drafts)) if table.num_rows}
    receipt = {"stage": stage, "project": changes.project.key}
    receipt |= {SERVER: changes.server} if changes.server else {}
    receipt |= {NOTED: changes.originals.marker} if changes.originals else {}
    receipt |= {UNTIL: changes.until.isoformat()} if stage == PULLED and changes.until else {}
    log.append(tables, {**receipt, "new": changes.new, "changed": changes.changed, "gone": changes.gone})


def current_state(log: Log) -> pa.Table:
    """Give the newest entry of every annotation in the log (table ``annotations``), in the order of their last change."""
    return _newest_entries(log.read("annotations"))


def _newest_entries(table: pa.Table) -> pa.Table:
    rows = pa.array(range(table.num_rows), pa.int64())
    numbered = table.select(list(KEY)).append_column("row", rows)
    last = numbered.group_by(list(KEY)).aggregate([("row", "max")])["row_max"]
    return table.take(last.combine_chunks().sort())


def _tombstones(log: Log, gone: list[Key]) -> pa.Table:
    """Give the last entry of each annotation that is gone, with its content, marked as gone."""
    if not gone:
        return empty("annotations")
    table = current_state(log)
    wanted = set(gone)
    keys = zip(*(table[name].to_pylist() for name in KEY), strict=True)
    table = table.filter(pa.array([key in wanted for key in keys], pa.bool_()))
    column = table.schema.get_field_index("state")
    return table.set_column(column, table.schema.field(column), pa.array(["gone"] * table.num_rows, pa.string()))


def _row(
    annotation: Mapping[str, Any], task: Mapping[str, Any], state: State, project: Project, names: Mapping[int, str]
) -> dict[str, Any]:
    result = dumped(annotation["result"])
    if "@" in result:  # what somebody wrote of a region may name people
        result = dumped(without_addresses(annotation["result"], {}))
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
