"""A backup goes in, a project on a Label Studio server comes out, and what it has otherwise than the backup.

What was restored carries its key: a line in the project's description names the backup, and each annotation's ``import_id`` is
the id that it had. So a restore that was killed is gone on with, and what is there is not sent again. Label Studio lets nobody
set when something was made or changed: those times stay in the backup alone, and pull takes them from there (``restored``).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pyarrow as pa

from copydesk.errors import StoreError, StudioBroken, StudioRefused, StudioTimeout, UsageError
from copydesk.model.progress import Progress
from copydesk.store import Part, file_sha256, translated
from copydesk.studio.backup import PAGE, SETTINGS, read_project, task_sha256
from copydesk.studio.client import Studio, encoded
from copydesk.studio.faults import status_of
from copydesk.studio.listing import ahead, list_tasks
from copydesk.studio.projects import ProjectSpec, find_project
from copydesk.studio.restored import RESTORED, marker_of
from copydesk.studio.sending import Sender, batches

_COMPARED = {
    "backup_tasks": ("task_sha256",),
    "backup_annotations": ("task_sha256", "email", "content_sha256"),
    "backup_predictions": ("task_sha256", "content_sha256"),
}
_WHAT = {"backup_tasks": "task", "backup_annotations": "annotation", "backup_predictions": "prediction"}
_ID = {"backup_tasks": "task_id", "backup_annotations": "annotation_id", "backup_predictions": "prediction_id"}

_LOOKED_AT = ("id", "data", "meta", "annotations", "import_id")

_Key = tuple[str, tuple[int, ...]]  # the digest of a task, and the ids that its annotations had


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What a restore did: tasks sent and tasks that were there; and each difference to the backup, as a sentence."""

    project_id: int
    created: bool
    sent: int
    present: int
    annotations: int
    predictions: int
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Task:
    """One task as it is sent, with its annotations and predictions."""

    key: _Key
    name: str
    body: bytes


def read_backup(part: Part) -> dict[str, pa.Table]:
    """Read the tables of a backup; raises StoreError where a file is not what the receipt says."""
    for name, said in part.receipt["files"].items():
        path = part.path / f"{name}.parquet"
        with translated(path, "read"):
            found = file_sha256(path)
        if found != said["sha256"]:
            raise StoreError(
                f"{path} is not what was backed up: its digest is {found[:12]}, and the receipt says {said['sha256'][:12]}",
                fix="restore the file, or name another backup with --backup",
            )
    return {name: part.read(name) for name in part.receipt["files"]}


def annotators(tables: Mapping[str, pa.Table]) -> Counter[str]:
    """Count a backup's annotations by the e-mail address of who made them; empty where that is not known."""
    return Counter(tables["backup_annotations"]["email"].to_pylist())


def restore(
    studio: Studio,
    *,
    tables: Mapping[str, pa.Table],
    key: str,
    title: str,
    addresses: Mapping[int, str],
    progress: Progress,
    patience: float = 30.0,
) -> RestoreReport:
    """Make the project of a backup under this title, or go on with one that was begun, and compare it with the backup.

    ``key`` is the backup's; ``addresses`` gives users' e-mail addresses by id, and everybody who annotated has an account.
    Annotations of whom Label Studio named nobody are not sent, since they would become somebody's: they are among the
    differences. Raises UsageError where there is another project of that title and workspace, and the ``errors.Studio*``.
    """
    found, created = _project(studio, tables, key=key, title=title)
    project_id = int(found["id"])
    there = _There(studio, project_id)
    there.look()
    sender = Sender(studio, project_id, missing=there.missing, patience=patience)
    total, done, sent = tables["backup_tasks"].num_rows, 0, 0
    for batch in ahead(batches(_tasks(tables))):
        missing = there.lacking(batch)
        if missing:
            sender.send(missing)
        there.claim(batch)
        sent, done = sent + len(missing), done + len(batch)
        progress("restore", done, total)
    settings = _settle(studio, project_id, wanted_settings(tables, key=key, title=title))
    now = read_project(studio, project=settings, addresses=addresses, progress=progress)
    return RestoreReport(
        project_id=project_id,
        created=created,
        sent=sent,
        present=total - sent,
        annotations=now["backup_annotations"].num_rows,
        predictions=now["backup_predictions"].num_rows,
        differences=tuple(differences(tables, now, key=key, title=title)),
    )


def wanted_settings(tables: Mapping[str, pa.Table], *, key: str, title: str) -> dict[str, Any]:
    """Give the settings of the project that is made: the backup's, under this title, with the line that names the backup."""
    (raw,) = tables["backup_projects"]["raw"].to_pylist()
    settings: dict[str, Any] = json.loads(raw)
    lines = [line for line in (settings.get("description") or "").splitlines() if not line.startswith(RESTORED)]
    return {**settings, "title": title, "description": "\n".join([*lines, marker_of(key)])}


def differences(
    backed_up: Mapping[str, pa.Table], restored: Mapping[str, pa.Table], *, key: str, title: str
) -> Iterator[str]:
    """Say what a restored project has otherwise than its backup, up to ids and times: a sentence each."""
    wanted, (raw,) = wanted_settings(backed_up, key=key, title=title), restored["backup_projects"]["raw"].to_pylist()
    there = json.loads(raw)
    for name in SETTINGS:
        if wanted.get(name) != there.get(name):
            yield f"setting {name} is {str(there.get(name))[:80]!r}, and was {str(wanted.get(name))[:80]!r}"
    for name in _COMPARED:
        before, after = _counted(backed_up[name], name), _counted(restored[name], name)
        yield from _odd(backed_up[name], name, before - after, "is not there as it was")
        yield from _odd(restored[name], name, after - before, "is there, and not in the backup")
    had, has = annotators(backed_up), annotators(restored)
    for email in sorted(had | has):
        if had[email] != has[email]:
            yield f"{email or 'nobody'} has {has[email]} annotations, and had {had[email]}"


def _counted(table: pa.Table, name: str) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(table[column].to_pylist() for column in _COMPARED[name]), strict=True))


def _odd(table: pa.Table, name: str, odd: Counter[tuple[str, ...]], said: str) -> Iterator[str]:
    columns = (*_COMPARED[name], _ID[name], "task_id")
    for *content, number, task_id in (
        zip(*(table[column].to_pylist() for column in columns), strict=True) if odd else ()
    ):
        if odd[tuple(content)] > 0:
            odd[tuple(content)] -= 1
            place = "" if name == "backup_tasks" else f" of task {task_id}"
            who = f" by {content[1] or 'nobody whom Label Studio names'}" if name == "backup_annotations" else ""
            yield f"{_WHAT[name]} {number}{place}{who} {said}"


def _project(studio: Studio, tables: Mapping[str, pa.Table], *, key: str, title: str) -> tuple[dict[str, Any], bool]:
    if not 3 <= len(title) <= 50:
        raise UsageError(f"project title {title!r} has {len(title)} characters", fix="use 3 to 50")
    meant = ProjectSpec(title, marker_of(key), config="", instructions="", annotators_per_task=1)
    found = find_project(studio, meant)
    if found is not None:
        return found, False
    settings = wanted_settings(tables, key=key, title=title)
    for line in settings["description"].splitlines():
        other = find_project(studio, ProjectSpec(title, line, "", "", 1)) if line.startswith("copydesk ") else None
        if other is not None:
            raise UsageError(
                f"{studio.url} has the project {title!r} of this workspace already (project {other['id']})",
                fix="restore beside it with --project TITLE, or into an empty server, or delete it first",
            )
    try:
        return studio.post("api/projects/", json=settings), True
    except (StudioTimeout, StudioBroken):
        there = find_project(studio, meant)
        if there is None:
            raise
        return there, True


def _settle(studio: Studio, project_id: int, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Set what the import changed; gives the project as it is then."""
    path = f"api/projects/{project_id}/"
    now: dict[str, Any] = studio.get(path)
    changed = {name: value for name, value in wanted.items() if now.get(name) != value}
    for name, value in changed.items():
        try:
            studio.patch(path, json={name: value})
        except StudioRefused as error:  # it is told as a difference
            if status_of(error) != httpx.codes.BAD_REQUEST:
                raise
    return studio.get(path) if changed else now


def _tasks(tables: Mapping[str, pa.Table]) -> Iterator[_Task]:
    """Make the tasks as they are sent; annotations in the order of their last change, so that the last stays the last."""
    annotations, predictions = _Grouped(tables["backup_annotations"]), _Grouped(tables["backup_predictions"])
    for row in _each(tables["backup_tasks"]):
        task = json.loads(row["raw"])
        made = sorted((one for one in annotations.of(row["task_id"]) if one["email"]), key=_age)
        guessed = [json.loads(one["raw"]) for one in predictions.of(row["task_id"])]
        sent = [_annotation(json.loads(one["raw"]), one["email"]) for one in made]
        body = {
            "data": task["data"],
            "meta": task.get("meta") or {},
            "annotations": sent,
            "predictions": [{name: one[name] for name in ("result", "model_version", "score")} for one in guessed],
        }
        name = f"task {row['task_id']}"
        key = row["task_sha256"], tuple(sorted(one["annotation_id"] for one in made))
        yield _Task(key, name, encoded(body, place=name))


def _age(row: Mapping[str, Any]) -> tuple[datetime, int]:
    return datetime.fromisoformat(json.loads(row["raw"])["updated_at"]), row["annotation_id"]


def _annotation(one: Mapping[str, Any], email: str) -> dict[str, Any]:
    return {
        "id": one["id"],  # which becomes import_id
        "completed_by": {"email": email},
        "result": one["result"],
        "was_cancelled": bool(one["was_cancelled"]),
        "ground_truth": bool(one["ground_truth"]),  # without it, an imported annotation is ground truth
        "lead_time": one["lead_time"],
    }


class _There:
    """Which tasks of a backup the restored project has; looked at again, it reads only those made since."""

    def __init__(self, studio: Studio, project_id: int) -> None:
        self._studio = studio
        self._project_id = project_id
        self._last = 0
        self._seen: Counter[_Key] = Counter()
        self._claimed: Counter[_Key] = Counter()

    def look(self) -> None:
        """Read what is there now."""
        beyond = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": self._last}
        for page, _ in list_tasks(self._studio, self._project_id, beyond, fields=_LOOKED_AT, size=PAGE):
            for task in page:
                ids = (one["import_id"] for one in task["annotations"])
                self._seen[task_sha256(task), tuple(sorted(one for one in ids if one is not None))] += 1
                self._last = max(self._last, task["id"])

    def missing(self, tasks: Sequence[_Task]) -> list[_Task]:
        """Look again, and give those of the tasks that are not there."""
        self.look()
        return self.lacking(tasks)

    def lacking(self, tasks: Sequence[_Task]) -> list[_Task]:
        """Give those of the tasks that were not there at the last look; two that are the same need two."""
        free = {task.key: self._seen[task.key] - self._claimed[task.key] for task in tasks}
        lacking = []
        for task in tasks:
            free[task.key] -= 1
            if free[task.key] < 0:
                lacking.append(task)
        return lacking

    def claim(self, tasks: Sequence[_Task]) -> None:
        """Take note that these tasks are there, so that none of them stands for a later one that is the same."""
        self._claimed.update(task.key for task in tasks)


class _Grouped:
    """Rows of a table that is in the order of its tasks, handed out task by task."""

    def __init__(self, table: pa.Table) -> None:
        self._rows = _each(table)
        self._next = next(self._rows, None)

    def of(self, task_id: int) -> list[dict[str, Any]]:
        """Give the rows of the next task that has any, if it is this one."""
        found = []
        while self._next is not None and self._next["task_id"] == task_id:
            found.append(self._next)
            self._next = next(self._rows, None)
        return found


def _each(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Give a table's rows, of which few at a time are held as Python's."""
    for batch in table.to_batches(max_chunksize=500):
        yield from batch.to_pylist()
