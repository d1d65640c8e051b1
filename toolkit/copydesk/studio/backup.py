"""A Label Studio project goes in, one part of the backup log comes out: its settings, tasks, annotations and predictions, whole.

What Label Studio says of each is kept as its own JSON beside the columns that it is found and compared by; only what changes by
itself (how long ago something was made) is left out. Each task is as it was when its page was read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from copydesk.model.progress import Progress
from copydesk.model.tables import empty, from_rows
from copydesk.store import Log, Part
from copydesk.studio.client import Studio
from copydesk.studio.drafts import HAS_DRAFT
from copydesk.studio.listing import ahead, list_tasks
from copydesk.studio.states import Project, text_of

PAGE = 250
TABLES = (
    "backup_projects",
    "backup_people",
    "backup_tasks",
    "backup_annotations",
    "backup_predictions",
    "backup_drafts",
)
# What a project is told when it is made, and answers with; the rest of its description is counted or derived.
SETTINGS = (
    "title",
    "description",
    "label_config",
    "expert_instruction",
    "show_instruction",
    "show_skip_button",
    "enable_empty_annotation",
    "show_annotation_history",
    "color",
    "maximum_annotations",
    "model_version",
    "min_annotations_to_start_training",
    "show_collab_predictions",
    "sampling",
    "show_ground_truth_first",
    "show_overlap_first",
    "overlap_cohort_percentage",
    "evaluate_predictions_automatically",
    "skip_queue",
    "reveal_preannotations_interactively",
)
# the server applies the one list to tasks and to what is within them, so all must be named
_OF_TASK = ("id", "inner_id", "data", "meta", "annotations", "predictions", "created_at", "updated_at", "overlap")
_OF_ANNOTATION = ("result", "completed_by", "lead_time", "was_cancelled", "ground_truth", "import_id", "last_action")
_OF_PREDICTION = ("model_version", "score", "cluster", "neighbors", "mislabeling")
_FIELDS = (*_OF_TASK, *_OF_ANNOTATION, "parent_prediction", "draft_created_at", *_OF_PREDICTION)
_PASSING = ("created_ago", "created_username")

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class BackupReport:
    """Which part holds the project now, whether it is new, and how many rows of each table it has."""

    number: int
    written: bool
    rows: Mapping[str, int]


def backup(
    studio: Studio,
    *,
    project: Mapping[str, Any],
    log: Log,
    addresses: Mapping[int, str],
    progress: Progress,
    together: Sequence[Mapping[str, Any]] = (),
) -> BackupReport:
    """Append the whole project to the log; where the newest backup of it says the same, append nothing.

    ``project`` is as the server describes it, ``addresses`` gives users' e-mail addresses by id, and ``together`` are all projects
    that are restored as one. Raises the ``errors.Studio*``,
    and StoreError where the file system refuses; the log is as it was then.
    """
    key = Project.of(project).key
    tables = read_project(studio, project=project, addresses=addresses, progress=progress)
    digest = _digest(tables)
    newest = next((part for part in reversed(log.parts()) if part.receipt.get("project") == key), None)
    written = newest is None or newest.receipt.get("key") != digest
    if newest is None or written:
        receipt = {"stage": "backup", "project": key, "title": project["title"], "key": digest}
        if len(together) > 1:
            receipt["together"] = [Project.of(one).key for one in together]
        newest = log.append(tables, receipt)
    return BackupReport(number_of(newest), written, {name: tables[name].num_rows for name in TABLES})


def newest_of_all(parts: Sequence[Part]) -> list[Part]:
    """Give the newest backup and, of the projects that are one with its, the newest of each, in the order of the projects."""
    newest = {part.receipt["project"]: part for part in parts}
    together = parts[-1].receipt.get("together", [parts[-1].receipt["project"]])
    return [newest[key] for key in together if key in newest]


def number_of(part: Part) -> int:
    """Give the number by which a person names a backup."""
    return int(part.path.name)


def read_project(
    studio: Studio, *, project: Mapping[str, Any], addresses: Mapping[int, str], progress: Progress
) -> dict[str, pa.Table]:
    """Read the tables ``backup_*`` of a project, in the order of the ids; a page at a time is held as anything but Arrow."""
    pages: dict[str, list[pa.Table]] = {name: [empty(name)] for name in TABLES}
    people: dict[int, str] = {}
    done = 0
    for page, left in ahead(list_tasks(studio, int(project["id"]), fields=_FIELDS, size=PAGE)):
        rows = _rows(page, addresses)
        for name, some in rows.items():
            pages[name].append(from_rows(name, some))
        people |= {_user(one): addresses.get(_user(one), "") for task in page for one in task["annotations"]}
        progress("backup", done + len(page), done + left)
        done += len(page)
    pages["backup_drafts"].append(from_rows("backup_drafts", _drafts(studio, int(project["id"]))))
    known = [{"user_id": user_id, "email": email} for user_id, email in sorted(people.items()) if user_id >= 0]
    pages["backup_people"].append(from_rows("backup_people", known))
    pages["backup_projects"].append(from_rows("backup_projects", [_project(project)]))
    return {name: pa.concat_tables(some) for name, some in pages.items()}


def content_sha256(value: object) -> str:
    """SHA-256 of a value that JSON can say, whatever the order of its keys."""
    return hashlib.sha256(_json(value).encode()).hexdigest()


def task_sha256(task: Mapping[str, Any]) -> str:
    """SHA-256 of what a task was made of: its data and meta."""
    return content_sha256([task["data"], task.get("meta") or {}])


def _project(project: Mapping[str, Any]) -> dict[str, Any]:
    settings = {name: project[name] for name in SETTINGS if name in project}
    return {
        "project": Project.of(project).key,
        "project_id": project["id"],
        "title": project["title"],
        "raw": _raw(settings),
    }


def _rows(tasks: Iterable[Mapping[str, Any]], addresses: Mapping[int, str]) -> Rows:
    rows: Rows = {"backup_tasks": [], "backup_annotations": [], "backup_predictions": []}
    for task in tasks:
        digest = task_sha256(task)
        alone = {name: value for name, value in task.items() if name in _OF_TASK}
        annotations, predictions = alone.pop("annotations"), alone.pop("predictions")
        where = {"task_id": task["id"], "task_sha256": digest}
        row = {**where, "doc_id": text_of(task["data"], "doc_id"), "raw": _raw(alone)}
        rows["backup_tasks"].append(row)
        for one in sorted(annotations, key=lambda one: int(one["id"])):
            rows["backup_annotations"].append({**where, **_annotation(one, addresses)})
        for one in sorted(predictions, key=lambda one: int(one["id"])):
            rows["backup_predictions"].append({**where, **_prediction(one)})
    return rows


def _annotation(one: Mapping[str, Any], addresses: Mapping[int, str]) -> dict[str, Any]:
    content = [one["result"], bool(one["was_cancelled"]), bool(one["ground_truth"]), one["lead_time"]]
    return {
        "annotation_id": one["id"],
        "email": addresses.get(_user(one), ""),
        "content_sha256": content_sha256(content),
        "raw": _raw(_lasting(one)),
    }


def _prediction(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "prediction_id": one["id"],
        "content_sha256": content_sha256([one["result"], one["model_version"], one["score"]]),
        "raw": _raw(_lasting(one)),
    }


def _drafts(studio: Studio, project_id: int) -> Iterator[dict[str, Any]]:
    """Give what is begun and not submitted, of everybody: one request for each task that has any."""
    for page, _ in list_tasks(studio, project_id, HAS_DRAFT, fields=("id",), size=PAGE):
        for task in page:
            for one in sorted(studio.get(f"api/tasks/{task['id']}/drafts"), key=lambda one: int(one["id"])):
                row = {"draft_id": one["id"], "task_id": task["id"], "email": str(one.get("user") or "")}
                yield {**row, "raw": _raw(_lasting(one))}


def _user(annotation: Mapping[str, Any]) -> int:
    value = annotation["completed_by"]
    value = value.get("id") if isinstance(value, Mapping) else value
    return value if isinstance(value, int) else -1


def _lasting(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if name not in _PASSING}


def _raw(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))  # in the server's own order; escaped, so that any text is UTF-8


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _digest(tables: Mapping[str, pa.Table]) -> str:
    """SHA-256 over every row, a batch at a time."""
    total = hashlib.sha256()
    for name in TABLES:
        for batch in tables[name].to_batches(max_chunksize=1_000):
            total.update(f"{name} {_json(batch.to_pylist())}".encode())
    return total.hexdigest()
