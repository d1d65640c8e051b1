"""Tasks and suggestions go in, tasks on a Label Studio server come out: each document's newest text once, however often it runs.

Label Studio's import knows no key that would keep it from taking the same task twice, and a failed answer does not say whether
the import happened. So what is there already is looked up, by ``data.doc_id`` and the text's digest, before each batch and
again after every answer that leaves the matter open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from copydesk.errors import StudioBroken
from copydesk.model.progress import Progress
from copydesk.model.windows import Place
from copydesk.studio.client import Studio, encoded
from copydesk.studio.codec import shown_text
from copydesk.studio.doubles import remove_doubles
from copydesk.studio.earlier import Earlier
from copydesk.studio.interface import NOTE, TEXT, check_config
from copydesk.studio.listing import ahead, find_tasks
from copydesk.studio.projects import (
    MODEL_VERSION,
    ProjectSpec,
    check_use,
    create_project,
    find_projects,
    show_suggestions,
    update_project,
)
from copydesk.studio.sending import Sender, batches, looked
from copydesk.studio.sharing import Shares, number_of, numbered
from copydesk.studio.suggested import Suggested
from copydesk.studio.there import Counts, There
from copydesk.studio.windows import WHOLE, place_of, regions, window_data, window_note, within

PATIENCE = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class PushReport:
    """What a push did: tasks sent, tasks that were there, and tasks there of an older text of the same documents.

    ``unchanged`` are tasks that were not sent since one of an older text that says the same is there. ``suggestions`` were sent
    with the new tasks; ``doubled`` are tasks that stand on the server more than once, and ``removed`` those of them that nobody had
    touched and that are gone now. ``project_ids`` are all projects that there are, the first of which is ``project_id``; ``created``
    says whether any of them is new.
    """

    project_ids: tuple[int, ...]
    created: bool
    pushed: int
    present: int
    unchanged: int
    superseded: int
    suggestions: int
    doubled: int
    removed: int

    @property
    def project_id(self) -> int:
        """The id of the first project."""
        return self.project_ids[0]


@dataclass(frozen=True, slots=True)
class _Task:
    """One task as it is sent: JSON, written while the batch before it is on its way."""

    doc_id: str
    text_sha256: str
    place: Place
    shown: Place  # the same, with the text's true end
    is_last: bool  # of its document
    body: bytes
    suggestions: int
    stand_ins: frozenset[tuple[str, int, int]]  # windows of older texts that say the same, or such texts

    @property
    def name(self) -> str:
        part = "" if self.place == WHOLE else f", characters {self.place[0]} to {self.place[1]}"
        return f"document {self.doc_id}{part}"


def push(
    studio: Studio,
    *,
    project: ProjectSpec,
    tasks: pa.Table,
    suggested: Suggested,
    progress: Progress,
    patience: float | None = None,
    earlier: Earlier | None = None,
) -> PushReport:
    """Send the tasks that the server has not got, with what is suggested as predictions; makes the project if need be.

    Where the project is full, the next one is opened, and so on; what any of them has is not sent.
    ``earlier`` is what annotators did on older texts: where the server has a task of one that says the same, none is sent, and
    annotators go on with that one. Its ``windows`` say which documents are sent in several tasks; where a text is there already,
    in windows of whatever size or as a whole, none is sent that shows the same.
    ``patience`` is how many seconds to wait for a batch to appear on the server after an answer that left open whether it
    arrived: by default half a minute, or the connection's timeout where that is shorter. What arrived twice all the same, and
    nobody touched, is removed. Raises SchemaError or StudioRefused for a configuration that cannot be used, before anything is
    written, and DataError for a text that Label Studio cannot hold; the other ``errors.Studio*`` as they come. Running it again
    goes on where it stopped.
    """
    found = find_projects(studio, project)
    otherwise = [one for one in found if one.get("label_config") != project.config]
    if otherwise or not found:
        check_config(project.config)
    for one in otherwise:
        check_use(studio, one["id"], project.config)  # of all, before any is changed
    for one in found:
        update_project(studio, one, project)
    patience = min(PATIENCE, studio.connection.timeout) if patience is None else patience
    known = found or [create_project(studio, project, patience)]
    earlier = earlier or Earlier()
    cut_up = _by_document(earlier.windows)
    total = tasks.num_rows + sum(len(rows) - 1 for rows in cut_up.values())
    counts = Counts()
    sender = _Sender(studio, project, known, patience, suggested.sending)
    done = 0
    for batch in ahead(batches(_made(tasks, earlier.results(suggested), earlier, cut_up))):
        sender.send(batch, counts)
        done += len(batch)
        progress("push", done, total)
    _verify(studio, sender.project_ids, counts, before=sum(int(one.get("task_number") or 0) for one in known))
    _remove_doubles(studio, sender.project_ids, counts, again=sender.again, patience=patience)
    return PushReport(
        project_ids=tuple(sender.project_ids),
        created=len(sender.project_ids) > len(found),
        pushed=counts.pushed,
        present=counts.present,
        unchanged=counts.unchanged,
        superseded=counts.superseded,
        suggestions=counts.suggestions,
        doubled=counts.doubled,
        removed=counts.removed,
    )


def _by_document(windows: pa.Table) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in windows.sort_by([("doc_id", "ascending"), ("start", "ascending")]).to_pylist():
        found.setdefault(row["doc_id"], []).append(row)
    return found


def _made(
    tasks: pa.Table,
    results: Mapping[str, Sequence[dict[str, Any]]],
    earlier: Earlier,
    windows: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Iterator[_Task]:
    """Make the tasks as they are sent, those of one document in the order of its text."""
    for row in tasks.to_pylist():
        result = results.get(row["doc_id"], [])
        cut_up = windows.get(row["doc_id"], [])
        if not cut_up:
            yield _task(row, task_data(row, row["text"]), result, WHOLE, earlier, is_last=True)
        for window in cut_up:
            place = window["start"], window["end"]
            part = task_data(row, row["text"][slice(*place)]) | {NOTE: window_note(window), **window_data(window)}
            is_last = window["number"] == window["windows"]
            yield _task(row, part, within(result, place), place, earlier, is_last=is_last)


def task_data(row: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Give what a task says of a document (a row of ``tasks``), of which it shows ``text``."""
    return {
        "doc_id": row["doc_id"],
        "revision": row["revision"],
        "text_sha256": row["text_sha256"],
        "title": row["title"] or "",
        TEXT: shown_text(text),
        NOTE: "",
    }


def _task(
    row: Mapping[str, Any],
    data: Mapping[str, Any],
    result: Sequence[Mapping[str, Any]],
    place: Place,
    earlier: Earlier,
    *,
    is_last: bool,
) -> _Task:
    body: dict[str, Any] = {"data": data}
    if result:
        body["predictions"] = [{"model_version": MODEL_VERSION, "result": result}]
    doc_id = row["doc_id"]
    stand_ins = earlier.stand_ins(doc_id, place)
    written = encoded(body, place=doc_id)
    shown = place[0], min(place[1], len(row["text"]))
    return _Task(doc_id, row["text_sha256"], place, shown, is_last, written, regions(result), stand_ins)


class _Sender:
    """Sends batches to the projects, and never the same task twice; opens the next project where the last one is full."""

    def __init__(
        self,
        studio: Studio,
        project: ProjectSpec,
        known: Sequence[Mapping[str, Any]],
        patience: float,
        sending: Callable[[Sequence[str]], None],
    ) -> None:
        self._studio = studio
        self._sending = sending
        self._project = project
        self._patience = patience
        self.project_ids = [int(one["id"]) for one in known]
        self.again: list[
            str
        ] = []  # documents whose tasks were sent again after an answer that left open whether they arrived
        self._number = number_of(known[-1]["title"], project.title)
        held = int(known[-1].get("task_number") or 0)
        self._shares: Shares[_Task] = Shares(
            self.project_ids[-1], held, most=project.most_tasks, opened=self._open_next
        )
        self._used: set[tuple[str, int, int]] = set()  # what stands in for windows of the document that is at hand

    def send(self, batch: Sequence[_Task], counts: Counts) -> None:
        """Send what the server has not got of a batch, and count."""
        there = self._look_up(batch)
        missing = []
        for task in batch:
            used = there.stand_ins(task.doc_id, task.stand_ins)
            if there.has(task.doc_id, task.text_sha256, task.shown):
                counts.present += 1
                counts.least += there.has_just(task.doc_id, task.text_sha256, task.place)
            elif used:
                self._used |= used
                counts.unchanged += 1
                counts.least += task.place == WHOLE
            else:
                missing.append(task)
            if task.is_last:
                there.count(task.doc_id, task.text_sha256, self._used, counts)
                self._used = set()
        self._sending([task.doc_id for task in missing])
        for project_id, share in self._shares.of(missing):
            sender = Sender(self._studio, project_id, missing=self._missing, patience=self._patience)
            sender.send(share)
            self.again += [task.doc_id for task in sender.again]
        counts.sent += [task.doc_id for task in missing]
        counts.pushed += len(missing)
        counts.least += len(missing)
        counts.suggestions += sum(task.suggestions for task in missing)

    def _missing(self, tasks: Sequence[_Task]) -> list[_Task]:
        there = self._look_up(tasks)
        return [task for task in tasks if not there.has_just(task.doc_id, task.text_sha256, task.place)]

    def _look_up(self, tasks: Sequence[_Task]) -> There:
        """Find the tasks on the server of the documents of these tasks."""
        doc_ids = list(dict.fromkeys(task.doc_id for task in tasks))
        found = (find_tasks(self._studio, project_id, doc_ids) for project_id in self.project_ids)
        return There(task["data"] for tasks in found for task in tasks)

    def _open_next(self) -> int:
        self._number += 1
        title = numbered(self._project.title, self._number)
        self.project_ids.append(
            int(create_project(self._studio, replace(self._project, title=title), self._patience)["id"])
        )
        return self.project_ids[-1]


def _key(data: Mapping[str, Any]) -> tuple[str, str, Place]:
    """Give what makes two tasks the same."""
    return data["doc_id"], data.get("text_sha256", ""), place_of(data)


def _verify(studio: Studio, project_ids: Sequence[int], counts: Counts, *, before: int) -> None:
    """See that the projects hold at least what was found and sent, whether they hold more, and that they show the suggestions."""
    params = {"include": "id,task_number,model_version"}
    projects = [studio.get(f"api/projects/{project_id}/", params=params) for project_id in project_ids]
    held = sum(project["task_number"] for project in projects)
    if held < counts.least:
        named = " and ".join(map(str, project_ids))
        raise StudioBroken(
            f"project {named} holds {held} tasks, and {counts.least} should be there", fix="copydesk push"
        )
    if held > before + counts.pushed:  # more than we gave them
        counts.twice += counts.sent
    for project in projects:
        if project["model_version"] != MODEL_VERSION:  # predictions of another version are not shown while labelling
            show_suggestions(studio, project["id"])


def _remove_doubles(
    studio: Studio, project_ids: Sequence[int], counts: Counts, *, again: Sequence[str], patience: float
) -> None:
    """Leave each task once; what was sent again may come a second time, and for that is waited."""
    suspects = list(dict.fromkeys([*counts.twice, *again]))

    def look() -> int:
        found = [remove_doubles(studio, project_id, suspects, key=_key) for project_id in project_ids]
        counts.removed += sum(removed for removed, _ in found)
        counts.doubled = sum(left for _, left in found)
        return counts.removed

    looked(look, until=lambda removed: removed >= len(again), patience=patience)
