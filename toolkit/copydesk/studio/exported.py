"""Tasks of a Label Studio export go in, each as the server would list it, and from there the way of a pull: into the pull log.

Of what the log knows nothing is lost: a task that the log has seen in a newer state is passed over, tasks that the file lacks
stay, and an annotation is gone only where the file tells all annotations of its task without it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pyarrow.compute as pc

from copydesk.errors import ExportError
from copydesk.model.tables import from_rows
from copydesk.store import Log
from copydesk.studio.changes import Changes, append, beside
from copydesk.studio.interface import TEXT
from copydesk.studio.known import tick_of
from copydesk.studio.restored import Originals
from copydesk.studio.states import EXPORT, Project, dumped, read_states
from copydesk.studio.whom import Whom, whom, without_addresses

_ITEMS = 50_000  # of results in a part: some 15 MB
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_FIX = "export the project again as JSON (Label Studio: Export > JSON), and import that file"

Task = dict[str, Any]


class Placed(NamedTuple):
    """A document, and which text of it a task shows; all empty where a task has no text.

    The data of a task that ``push`` made say that themselves.
    """

    doc_id: str = ""
    revision: int = 0
    text_sha256: str = ""
    shown: str = ""
    pushed: bool = False


def checked(value: object, number: int) -> Task:
    """Check that an element of the file is a task of a whole export; raises ExportError that says what it is instead."""
    place = f"element {number}"
    if not isinstance(value, dict):
        raise ExportError(f"{place} is no task but {type(value).__name__}", fix=_FIX)
    if not isinstance(value.get("data"), dict):
        if "annotation_id" in value or "annotator" in value or "lead_time" in value:
            raise ExportError(
                f"{place} is of the format JSON-MIN, which leaves out relations and whose regions are which", fix=_FIX
            )
        raise ExportError(f"{place} is no task of Label Studio: it has no data", fix=_FIX)
    if "completions" in value:
        raise ExportError(f"{place} was exported by a Label Studio before 1.0", fix="export it with a newer release")
    annotations, drafts = value.get("annotations"), value.get("drafts") or []
    if not isinstance(annotations, list) or not all(isinstance(one, dict) for one in annotations):
        raise ExportError(f"{place} has no list of annotations", fix=_FIX)
    if not isinstance(drafts, list):
        raise ExportError(f"{place} has no list of drafts", fix=_FIX)
    if not _is_id(value.get("id")) or not _instant(value.get("created_at")):  # by these a task is told from any other
        raise ExportError(
            f"{place} has no id, or does not say when it was made (created_at), as an export does", fix=_FIX
        )
    return value


def project_of(task: Mapping[str, Any]) -> int:
    """Give the number of the project that a task is of; 0 where it does not say."""
    number = task.get("project")
    return number if _is_id(number) and isinstance(number, int) else 0


def made_at(task: Mapping[str, Any]) -> str:
    """Give when a task was made, as the file writes it."""
    return _text(task.get("created_at"))


def people_in(task: Mapping[str, Any]) -> Iterator[Whom]:
    """Give everybody who annotated a task or began to."""
    for one in task["annotations"]:
        yield whom(one.get("completed_by"))
    for one in task.get("drafts") or ():
        yield _drafter(one)


def known_project(log: Log, number: int, tasks: Mapping[int, str]) -> tuple[Project, bool]:
    """Say which project the tasks of a file are of (their ids, and when they were made as the file says), and whether it was pulled.

    It is one that the log has tasks of, or a new one. An export does not say when its project was made, and every server has a
    project 1: so a project is known by the tasks that it shares with the log.
    """
    states = log.read("task_states", columns=["project", "project_id", "task_id", "task_created_at"])
    states = states.filter(pc.equal(states["project_id"], number))
    shared: dict[str, int] = {}
    for row in states.to_pylist():
        same = tasks.get(row["task_id"]) == row["task_created_at"]
        shared[row["project"]] = shared.get(row["project"], 0) + same
    pulled = {part.receipt.get("project") for part in log.parts() if part.receipt["stage"] != EXPORT}
    met = [key for key, count in shared.items() if count]
    if met:
        key = max(met, key=lambda one: (one in pulled, shared[one]))
        return _project(number, key), key in pulled
    first = min(tasks)
    return _project(number, f"{number}-{EXPORT} {tasks[first]} {first}"), False


@dataclass(slots=True)
class Taken:
    """What an export brought, in annotations but for ``tasks``, ``older_tasks`` (passed over) and ``drafts``."""

    tasks: int = 0
    annotations: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    older: int = 0
    older_tasks: int = 0
    drafts: int = 0
    new_drafts: int = 0
    ids: set[str] = field(default_factory=set)  # annotation_id of all that the file holds
    people: set[str] = field(default_factory=set)  # pseudonyms


class Taker:
    """Takes the tasks of one project of an export into the log, a part whenever enough has come together."""

    def __init__(
        self, log: Log, project: Project, names: Mapping[Whom, str], *, originals: Originals | None = None
    ) -> None:
        self._log = log
        self._names = names
        self._addresses = {one.email: name for one, name in names.items() if one.email}
        self._numbers = {one: number for number, one in enumerate(sorted(names), 1)}
        self._by_number = {number: names[one] for one, number in self._numbers.items()}
        self._changes: Changes = beside(log, project, read_states(log, project), originals)
        self._drafts: list[dict[str, Any]] = []
        self._known_drafts = _known_drafts(log, project)
        self._items = 0
        self.taken = Taken(people=set(names.values()))

    def document_of(self, task: Mapping[str, Any]) -> str:
        """Give the document that the log says a task is of; empty where the log has not seen it."""
        known = self._changes.states.get(task["id"])
        return known.doc_id if known and known.created_at == made_at(task) else ""

    def take(self, task: Mapping[str, Any], placed: Placed) -> None:
        """Take one task, whose document is known."""
        listed = self._listed(task, placed)
        count = len(listed["annotations"])
        self.taken.tasks += 1
        self.taken.annotations += count
        self._take_drafts(task, listed, placed)
        short = self._changes.project.short
        self.taken.ids |= {f"{short}-{listed['id']}-{one['id']}" for one in listed["annotations"]}
        known = self._changes.states.get(listed["id"])
        if known and known.updated_at > tick_of(listed["updated_at"]):
            self.taken.older += count
            self.taken.older_tasks += 1
            return
        if is_whole(task):
            self._changes.take([listed], lambda: self._by_number)
        else:
            self._changes.take_part(listed, self._by_number)
        self._items += sum(_weight(one["result"]) for one in listed["annotations"])
        if self._items > _ITEMS:
            self._flush()

    def finish(self) -> Taken:
        """Append what is left, and say what came."""
        self._flush()
        changes = self._changes
        self.taken.new, self.taken.changed, self.taken.gone = changes.new, changes.changed, changes.gone
        return self.taken

    def _flush(self) -> None:
        append(self._changes, self._log, stage=EXPORT, drafts=from_rows("drafts", self._drafts))
        self._changes.forget_appended()
        self._drafts, self._items = [], 0

    def _listed(self, task: Mapping[str, Any], placed: Placed) -> Task:
        """Give a task as the server lists it."""
        made = _instant(task.get("created_at"))
        data = {name: value for name, value in placed._asdict().items() if name != "shown"} | {TEXT: placed.shown}
        return {
            "id": task["id"],
            "data": task["data"] if placed.pushed else data,
            "created_at": made_at(task),
            "updated_at": _instant(task.get("updated_at")) or made or _FIRST.isoformat(),
            "annotations": [self._annotation(one) for one in task["annotations"]],
        }

    def _annotation(self, one: Mapping[str, Any]) -> Task:
        return {
            "id": _id_of(one),
            "result": without_addresses(one.get("result"), self._addresses),
            "completed_by": self._numbers.get(whom(one.get("completed_by"))),
            "created_at": _instant(one.get("created_at")),
            "updated_at": _instant(one.get("updated_at")),
            "lead_time": _seconds(one.get("lead_time")),
            "was_cancelled": one.get("was_cancelled") is True,
            "ground_truth": one.get("ground_truth") is True,
            "import_id": one.get("import_id") if _is_id(one.get("import_id")) else None,
        }

    def _take_drafts(self, task: Mapping[str, Any], listed: Task, placed: Placed) -> None:
        for one in task.get("drafts") or ():
            self.taken.drafts += 1
            row = self._draft(one if isinstance(one, dict) else {"id": one}, listed, placed)
            key, content = (listed["id"], row["draft_id"]), (row["updated_at"], row["result"])
            if self._known_drafts.get(key) != content:
                self._known_drafts[key] = content
                self._drafts.append(row)
                self.taken.new_drafts += 1

    def _draft(self, one: Mapping[str, Any], listed: Task, placed: Placed) -> dict[str, Any]:
        project, of = self._changes.project, one.get("annotation")
        made, changed = _instant(one.get("created_at")), _instant(one.get("updated_at"))
        return {
            "draft_id": _id_of(one),
            "project": project.key,
            "project_id": project.id,
            "task_id": listed["id"],
            "task_created_at": listed["created_at"],
            "doc_id": placed.doc_id,
            "of_annotation": of if _is_id(of) else None,
            "annotator": self._names.get(_drafter(one), ""),
            "created_at": datetime.fromisoformat(made) if made else None,
            "updated_at": datetime.fromisoformat(changed) if changed else None,
            "lead_time": _seconds(one.get("lead_time")),
            "result": dumped(without_addresses(one.get("result"), self._addresses)),
        }


def is_whole(task: Mapping[str, Any]) -> bool:
    """Say whether the file tells all annotations that the task has by its own count; some exports leave out skipped ones."""
    skipped = sum(one.get("was_cancelled") is True for one in task["annotations"])
    told = {"total_annotations": len(task["annotations"]) - skipped, "cancelled_annotations": skipped}
    return all(_is_id(task.get(name)) and task[name] <= count for name, count in told.items())


def _known_drafts(log: Log, project: Project) -> dict[tuple[int, int], tuple[datetime | None, str]]:
    table = log.read("drafts", columns=["project", "task_id", "draft_id", "updated_at", "result"])
    rows = table.filter(pc.equal(table["project"], project.key)).to_pylist()
    return {(row["task_id"], row["draft_id"]): (row["updated_at"], row["result"]) for row in rows}


def _project(number: int, key: str) -> Project:
    return Project(number, key, hashlib.sha256(key.encode()).hexdigest()[:6])


def _drafter(one: object) -> Whom:
    if not isinstance(one, Mapping):
        return Whom()
    return whom(one.get("user")) if one.get("user") else whom(one.get("created_username"))


def _id_of(one: Mapping[str, Any]) -> int:
    """Give the id of an annotation or draft; where there is none, or no number, one that its content gives."""
    number = one.get("id")
    if _is_id(number) and isinstance(number, int):
        return number
    said = dumped([number, one.get("unique_id"), one.get("created_at"), one.get("result")])
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:7], "big")


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _weight(result: object) -> int:
    return 1 + (len(result) if isinstance(result, list) else 0)


def _text(value: object) -> str:
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else ""


def _instant(value: object) -> str | None:
    """Give an instant as the server writes it; what is none is left out, and what names no zone is in UTC."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC).isoformat() if found else None


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
