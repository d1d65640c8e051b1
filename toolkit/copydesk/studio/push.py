"""Tasks and suggestions go in, tasks on a Label Studio server come out: each document's newest text once, however often it runs.

Label Studio's import knows no key that would keep it from taking the same task twice, and a failed answer does not say whether
the import happened. So what is there already is looked up, by ``data.doc_id`` and the text's digest, before each batch and
again after every answer that leaves the matter open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pyarrow as pa

from copydesk.errors import (
    ConfigError,
    StudioBroken,
    StudioRefused,
    StudioTimeout,
    UsageError,
)
from copydesk.model.progress import Progress
from copydesk.studio.client import Studio, encoded
from copydesk.studio.codec import shown_text
from copydesk.studio.doubles import remove_doubles
from copydesk.studio.earlier import Earlier
from copydesk.studio.faults import status_of
from copydesk.studio.interface import NOTE, TEXT, check_config
from copydesk.studio.listing import ahead, find_tasks
from copydesk.studio.sending import Sender, batches, looked

MODEL_VERSION = "copydesk suggestions"
PATIENCE = 30.0  # seconds
_FIX_IN_USE = (
    "put the label that is in use back into schema.toml, or set another title as [studio] project in copydesk.toml, which starts "
    "a new project; labels already pulled are kept, and those that the schema has not are rejected as unknown-label"
)

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ProjectSpec:
    """What the project on the server is to be. ``marker`` stands in its description and tells it from others of that title."""

    title: str
    marker: str
    config: str
    instructions: str
    annotators_per_task: int


@dataclass(frozen=True, slots=True)
class PushReport:
    """What a push did: tasks sent, tasks that were there, and tasks there of an older text of the same documents.

    ``unchanged`` are tasks that were not sent since one of an older text that says the same is there. ``suggestions`` were sent
    with the new tasks; ``doubled`` are tasks that stand on the server more than once, and ``removed`` those of them that nobody had
    touched and that are gone now.
    """

    project_id: int
    created: bool
    pushed: int
    present: int
    unchanged: int
    superseded: int
    suggestions: int
    doubled: int
    removed: int


@dataclass(slots=True)
class _Counts:
    """What a running push has done so far."""

    pushed: int = 0
    present: int = 0
    unchanged: int = 0
    superseded: int = 0
    suggestions: int = 0
    doubled: int = 0
    removed: int = 0
    sent: list[str] = field(default_factory=list)  # documents
    twice: list[str] = field(default_factory=list)  # those that may be there more than once


@dataclass(frozen=True, slots=True)
class _Task:
    """One task as it is sent: JSON, written while the batch before it is on its way."""

    key: _Key
    body: bytes
    suggestions: int
    stand_ins: frozenset[_Key]  # tasks of older texts that say the same

    @property
    def name(self) -> str:
        return f"document {self.key[0]}"


def push(
    studio: Studio,
    *,
    project: ProjectSpec,
    tasks: pa.Table,
    suggestions: pa.Table,
    progress: Progress,
    patience: float | None = None,
    earlier: Earlier | None = None,
) -> PushReport:
    """Send the tasks that the server has not got, with their suggestions as predictions; makes the project if need be.

    ``earlier`` is what annotators did on older texts: where the server has a task of one that says the same, none is sent, and
    annotators go on with that one.
    ``patience`` is how many seconds to wait for a batch to appear on the server after an answer that left open whether it
    arrived: by default half a minute, or the connection's timeout where that is shorter. What arrived twice all the same, and
    nobody touched, is removed. Raises SchemaError or StudioRefused for a configuration that cannot be used, before anything is
    written, and DataError for a text that Label Studio cannot hold; the other ``errors.Studio*`` as they come. Running it again
    goes on where it stopped.
    """
    found = find_project(studio, project)
    if found is None or found.get("label_config") != project.config:
        check_config(project.config)
    patience = min(PATIENCE, studio.connection.timeout) if patience is None else patience
    known = found or _create(studio, project, patience)
    if found is not None:
        _update(studio, found, project)
    project_id = int(known["id"])
    counts = _Counts()
    sender = _Sender(studio, project_id, patience)
    done = 0
    for batch in ahead(batches(_made(tasks, suggestions, earlier or Earlier()))):
        sender.send(batch, counts)
        done += len(batch)
        progress("push", done, tasks.num_rows)
    _verify(studio, project_id, counts, before=known.get("task_number") or 0)
    _remove_doubles(studio, project_id, counts, again=sender.again, patience=patience)
    return PushReport(
        project_id=project_id,
        created=found is None,
        pushed=counts.pushed,
        present=counts.present,
        unchanged=counts.unchanged,
        superseded=counts.superseded,
        suggestions=counts.suggestions,
        doubled=counts.doubled,
        removed=counts.removed,
    )


def find_project(studio: Studio, project: ProjectSpec) -> dict[str, Any] | None:
    """Give the project on the server with that title and marker as the server describes it, or None.

    One without tasks beside it was made by a request that arrived twice, and does not count. Raises UsageError where there are two.
    """
    page, found = 1, []
    while True:
        answer = studio.get("api/projects/", params={"title": project.title, "page": page, "page_size": 100})
        found += [one for one in answer["results"] if _is_meant(one, project)]
        if not answer.get("next"):
            break
        page += 1
    if len(found) > 1:
        found = [one for one in found if one["task_number"]] or sorted(found, key=lambda one: int(one["id"]))[:1]
    if len(found) > 1:
        ids = ", ".join(str(one["id"]) for one in found)
        raise UsageError(
            f"{studio.url} has {len(found)} projects {project.title!r} of this workspace: {ids}",
            fix=f"remove {project.marker!r} from the description of all but one",
        )
    return found[0] if found else None


def _is_meant(described: Mapping[str, Any], project: ProjectSpec) -> bool:
    lines = [line.strip() for line in (described.get("description") or "").splitlines()]
    return described["title"] == project.title and project.marker in lines


def wanted_settings(project: ProjectSpec) -> dict[str, Any]:
    """Give the settings of the project that Copydesk keeps as they are meant."""
    return {
        "label_config": project.config,
        "maximum_annotations": project.annotators_per_task,
        "show_instruction": bool(project.instructions),
        "expert_instruction": project.instructions,
        "skip_queue": "REQUEUE_FOR_ME",  # so that a task given back is served again to the one who made it
        "show_collab_predictions": True,
    }


def _create(studio: Studio, project: ProjectSpec, patience: float) -> dict[str, Any]:
    if not 3 <= len(project.title) <= 50:
        raise ConfigError(f"project title {project.title!r} has {len(project.title)} characters", fix="use 3 to 50")
    studio.post("api/projects/validate/", json={"label_config": project.config})
    body = {
        "title": project.title,
        "description": project.marker,
        "model_version": MODEL_VERSION,
        **wanted_settings(project),
    }
    try:
        created = studio.post("api/projects/", json=body)
        if not isinstance(created, dict) or "id" not in created:
            raise StudioBroken("Label Studio does not say which project it made", fix="copydesk push")
    except (StudioTimeout, StudioBroken):
        there = looked(lambda: find_project(studio, project), until=bool, patience=patience)
        if there is None:
            raise
        return there
    return created


def _update(studio: Studio, described: Mapping[str, Any], project: ProjectSpec) -> None:
    changed = {key: value for key, value in wanted_settings(project).items() if described.get(key) != value}
    if "label_config" in changed:
        _check_use(studio, described["id"], project.config)
    if changed:
        studio.patch(f"api/projects/{described['id']}/", json=changed)


def _check_use(studio: Studio, project_id: int, config: str) -> None:
    """Refuse a configuration that takes away what annotations use; changed without asking, the server lets it through."""
    try:
        studio.post(f"api/projects/{project_id}/validate/", json={"label_config": config})
    except StudioRefused as error:
        if status_of(error) != httpx.codes.BAD_REQUEST:
            raise
        raise StudioRefused(error.message, fix=_FIX_IN_USE) from error


def _made(tasks: pa.Table, suggestions: pa.Table, earlier: Earlier) -> Iterator[_Task]:
    """Make the tasks as they are sent."""
    suggested: dict[str, list[dict[str, Any]]] = {}
    columns = (suggestions[name].to_pylist() for name in ("doc_id", "start", "end", "surface", "label"))
    for doc_id, start, end, surface, label in zip(*columns, strict=True):
        span = {"start": start, "end": end, "surface": surface, "label": label, "origin": "prediction"}
        suggested.setdefault(doc_id, []).append(span)
    results = earlier.results(suggested)
    for row in tasks.to_pylist():
        text = shown_text(row["text"])
        data = {
            "doc_id": row["doc_id"],
            "revision": row["revision"],
            "text_sha256": row["text_sha256"],
            "title": row["title"] or "",
            TEXT: text,
            NOTE: "",
        }
        body: dict[str, Any] = {"data": data}
        spans = suggested.get(row["doc_id"], [])
        if row["doc_id"] in results:
            body["predictions"] = [{"model_version": MODEL_VERSION, "result": results[row["doc_id"]]}]
        doc_id = row["doc_id"]
        stand_ins = frozenset((doc_id, digest) for digest in earlier.unchanged.get(doc_id, ()))
        yield _Task((doc_id, row["text_sha256"]), encoded(body, place=doc_id), len(spans), stand_ins)


class _Sender:
    """Sends batches to one project, and never the same task twice."""

    def __init__(self, studio: Studio, project_id: int, patience: float) -> None:
        self._studio = studio
        self._project_id = project_id
        self._sender = Sender(studio, project_id, missing=self._missing, patience=patience)

    def send(self, batch: Sequence[_Task], counts: _Counts) -> None:
        """Send what the server has not got of a batch, and count."""
        there = self._look_up(batch)
        absent = [task for task in batch if not there[task.key]]
        missing = [task for task in absent if not any(there[key] for key in task.stand_ins)]
        meant = {task.key for task in batch}.union(*(task.stand_ins for task in absent))
        counts.present += len(batch) - len(absent)
        counts.unchanged += len(absent) - len(missing)
        counts.superseded += sum(times for key, times in there.items() if key not in meant)
        counts.twice += [key[0] for key, times in there.items() if key in meant and times > 1]
        if missing:
            self._sender.send(missing)
        counts.sent += [task.key[0] for task in missing]
        counts.pushed += len(missing)
        counts.suggestions += sum(task.suggestions for task in missing)

    @property
    def again(self) -> list[str]:
        """The documents whose tasks were sent again after an answer that left open whether they arrived."""
        return [task.key[0] for task in self._sender.again]

    def _missing(self, tasks: Sequence[_Task]) -> list[_Task]:
        there = self._look_up(tasks)
        return [task for task in tasks if not there[task.key]]

    def _look_up(self, tasks: Sequence[_Task]) -> Counter[_Key]:
        """Count the tasks on the server by document and text, for the documents of these tasks."""
        doc_ids = [task.key[0] for task in tasks]
        return Counter(_key(task["data"]) for task in find_tasks(self._studio, self._project_id, doc_ids))


def _key(data: Mapping[str, Any]) -> _Key:
    return data["doc_id"], data.get("text_sha256", "")


def _verify(studio: Studio, project_id: int, counts: _Counts, *, before: int) -> None:
    """See that the project holds at least what was found and sent, whether it holds more, and that it shows the suggestions."""
    project = studio.get(f"api/projects/{project_id}/", params={"include": "id,task_number,model_version"})
    least = counts.pushed + counts.present + counts.unchanged
    if project["task_number"] < least:
        raise StudioBroken(
            f"project {project_id} holds {project['task_number']} tasks, and {least} should be there",
            fix="copydesk push",
        )
    if project["task_number"] > before + counts.pushed:  # more than we gave it
        counts.twice += counts.sent
    if project["model_version"] != MODEL_VERSION:  # predictions of another version are not shown while labelling
        try:
            studio.patch(f"api/projects/{project_id}/", json={"model_version": MODEL_VERSION})
        except StudioRefused as error:
            if status_of(error) != httpx.codes.BAD_REQUEST:  # none has that version, so there is nothing to show
                raise


def _remove_doubles(studio: Studio, project_id: int, counts: _Counts, *, again: Sequence[str], patience: float) -> None:
    """Leave each task once; what was sent again may come a second time, and for that is waited."""
    suspects = list(dict.fromkeys([*counts.twice, *again]))

    def look() -> int:
        removed, counts.doubled = remove_doubles(studio, project_id, suspects, key=_key)
        counts.removed += removed
        return counts.removed

    looked(look, until=lambda removed: removed >= len(again), patience=patience)
