"""A task, a person and a remark go in, or what asks for returns; the tasks are in those people's queues again.

What was submitted is pulled before anything else. A return is written down before it is begun and when it is done, so one that was
cut off is finished by the next run; when she has submitted the task again, the remark is taken off it, and it has what it had before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from copydesk.errors import CopydeskError, DataError, UnknownError, UsageError
from copydesk.flow.agree import agree
from copydesk.flow.asked_back import (
    GOLD,
    MADE_BY_ONE,
    AskedBack,
    by_adjudicators,
    by_findings,
    by_gold,
    checked,
    together,
)
from copydesk.flow.connect import connected, known_projects
from copydesk.flow.current import located
from copydesk.flow.report import Report
from copydesk.flow.studio import pull_from
from copydesk.model.progress import Progress
from copydesk.model.tables import from_rows
from copydesk.store import locked
from copydesk.studio import people
from copydesk.studio.changes import current_state
from copydesk.studio.client import Studio
from copydesk.studio.giving_back import Submitted, find_submitted, find_task, give_back, put_back, state_before
from copydesk.studio.pull import pull as pull_annotations
from copydesk.studio.states import Project
from copydesk.workspace import Workspace

BEGUN, DONE, ANSWERED = "begun", "done", "answered"

_Row = dict[str, Any]


def send_back(workspace: Workspace, target: str, annotator: str, *, remark: str, progress: Progress) -> Report:
    """Give a task (its id, or the document's id or source) back to who submitted it.

    Raises UnknownError for a task, document or person that is not there, or a task that the person has not submitted; DataError
    where others are to do the task yet, who would be shown her marks, or where it was given back often enough.
    """
    remark = checked(remark)
    with locked(workspace.lock), connected(workspace) as studio:
        desk = _Desk.open(workspace, studio, progress=progress)
        finished = desk.finish()
        who = desk.person(annotator)
        if not any(_is_meant(row, target, who) for row in finished):
            finished.append(desk.give(desk.submitted(target, who), AskedBack(target, who, remark)))
        return _report(finished, [], answered=desk.answered)


def send_back_all(workspace: Workspace, *, progress: Progress) -> Report:
    """Give back what adjudicators sent back: to one person for each of these decisions, first to who holds the fewest votes."""
    agree(workspace, progress=progress)
    return _send_back_each(workspace, by_adjudicators, progress=progress)


def send_back_found(workspace: Workspace, codes: Sequence[str], *, progress: Progress) -> Report:
    """Give back what the last validation found of these expectations (such as ``S14``): to each who made what fails.

    Raises UnknownError where the last validation has no such finding, UsageError for one that is about no single person's labels.
    """
    return _send_back_each(workspace, lambda *given: by_findings(*given, codes=codes), progress=progress)


def send_back_findings(workspace: Workspace, *, progress: Progress) -> Report:
    """Give back all that the last validation found of single persons' labels: to each who made what fails."""
    found = workspace.findings.read("findings").to_pylist()
    codes = [row["expectation"].split()[0] for row in found if row["table"] in MADE_BY_ONE and row["rows"]]
    return send_back_found(workspace, codes, progress=progress)


def send_back_failed_gold(workspace: Workspace, *, min_f1: float, remark: str, progress: Progress) -> Report:
    """Give back the gold that somebody labelled with an F1 under ``min_f1``; nothing tells them that it is gold, or what is right."""
    return _send_back_each(workspace, lambda *given: by_gold(*given, min_f1=min_f1, remark=remark), progress=progress)


def _send_back_each(
    workspace: Workspace,
    asked_back: Callable[[Workspace, Sequence[_Row]], Iterable[AskedBack]],
    *,
    progress: Progress,
) -> Report:
    with locked(workspace.lock), connected(workspace) as studio:
        desk = _Desk.open(workspace, studio, progress=progress)
        done = desk.finish()
        refused: list[tuple[AskedBack, CopydeskError]] = []
        by_task: dict[tuple[int, str], tuple[Submitted, list[AskedBack]]] = {}
        for one in list(asked_back(workspace, desk.returns)):
            try:
                found = desk.submitted(one.target, one.annotator, at=one.at)
                by_task.setdefault((found.task["id"], one.annotator), (found, []))[1].append(one)
            except (UnknownError, UsageError) as error:
                refused.append((one, error))
        for found, asked in by_task.values():
            try:
                done.append(desk.give(found, together(asked)))
            except DataError as error:
                refused.append((together(asked), error))
        return _report(done, refused, answered=desk.answered)


@dataclass(slots=True)
class _Desk:
    """The workspace and its projects on the server, with what was given back before."""

    workspace: Workspace
    studio: Studio
    projects: list[_Row]
    people: Mapping[str, int]  # user id by pseudonym
    returns: list[_Row]
    answered: int = 0

    @classmethod
    def open(cls, workspace: Workspace, studio: Studio, *, progress: Progress) -> _Desk:
        """Pull first, so that nothing that was submitted is lost, and see who has answered."""
        pull_from(studio, workspace, pull_annotations, progress=progress)
        projects = known_projects(workspace, studio, workspace.schema())
        named = people.pseudonyms(studio.get("api/users/"), workspace.people_file)
        ids = {pseudonym: user_id for user_id, pseudonym in named.items()}
        desk = cls(workspace, studio, projects, ids, latest_returns(workspace))
        desk._take_answers()
        return desk

    def person(self, name: str) -> str:
        """Give the pseudonym of a person by name, e-mail address or pseudonym."""
        who = people.called(self.workspace.people_file, name)
        if who not in self.people:
            raise UnknownError(f"{name!r} has no account on {self.studio.url}", fix="copydesk people list")
        return who

    def submitted(self, target: str, who: str, *, at: int | None = None) -> Submitted:
        """Find the one task that is meant; ``at`` is a place in the document's text that it must show."""
        ids = [int(one["id"]) for one in self.projects]
        task = find_task(self.studio, ids, int(target)) if target.isdecimal() else None
        doc_id = task["data"]["doc_id"] if task else located(self.workspace, target)[1]["doc_id"]
        found = find_submitted(self.studio, ids, doc_id=doc_id, user_id=self.people[who])
        if task:
            found = [one for one in found if one.task["id"] == task["id"]]
        if at is not None:
            found = [one for one in found if one.place[0] <= at < one.place[1]][-1:]
        if not found:
            raise UnknownError(
                f"{who} has submitted nothing in {target}", fix="copydesk show DOCUMENT says who labelled it"
            )
        if len(found) > 1:
            tasks = ", ".join(str(one.task["id"]) for one in found)
            raise UsageError(f"{who} has submitted several tasks of {target}: {tasks}", fix="name one of these tasks")
        return found[0]

    def give(self, found: Submitted, asked: AskedBack) -> _Row:
        """Give one task back, unless it may not be."""
        task_id, who = int(found.task["id"]), asked.annotator
        if found.owed and GOLD not in asked.causes:  # gold is asked of many, and held back from them meanwhile
            raise DataError(
                f"task {task_id}: {found.owed} more are to do it, who would be shown the marks of {who}",
                fix="wait until they have submitted it",
            )
        project = next(one for one in self.projects if int(one["id"]) == self._project_of(task_id))
        key = Project.of(project).key
        before = [
            row for row in self.returns if (row["project"], row["task_id"], row["annotator"]) == (key, task_id, who)
        ]
        most = self.workspace.settings.studio.max_returns
        if len(before) >= most:
            raise DataError(
                f"task {task_id} was given back to {who} {len(before)} times already",
                fix="decide it yourself, or raise [studio] max_returns",
            )
        annotation_id = int(found.annotation["id"])
        name = hashlib.sha256(f"{key}|{task_id}|{annotation_id}".encode()).hexdigest()[:16]
        row = {
            "return_id": f"return-{name}",
            "project": key,
            "task_id": task_id,
            "doc_id": found.task["data"]["doc_id"],
            "annotator": who,
            "annotation_id": annotation_id,
            "causes": list(asked.causes),
            "before": json.dumps(state_before(self.studio, task_id), ensure_ascii=False),
            "remark": asked.remark,
        }
        self._note(row, BEGUN)
        return self._carry_out(row)

    def finish(self) -> list[_Row]:
        """Finish what was begun and cut off."""
        return [self._carry_out(row) for row in list(self.returns) if row["step"] == BEGUN]

    def _carry_out(self, row: _Row) -> _Row:
        project = next((one for one in self.projects if Project.of(one).key == row["project"]), None)
        if project is None:
            raise UnknownError(
                f"the project of task {row['task_id']} is not on {self.studio.url} any more", fix="check [studio] url"
            )
        give_back(
            self.studio,
            project,
            task_id=row["task_id"],
            annotation_id=row["annotation_id"],
            remark=row["remark"],
        )
        return self._note(row, DONE)

    def _take_answers(self) -> None:
        """Put back what was submitted again."""
        waiting = [row for row in self.returns if row["step"] == DONE]
        if not waiting:
            return
        state = current_state(self.workspace.pulls)
        columns = ("project", "task_id", "annotator", "annotation_id", "cancelled", "state")
        standing = {
            (project, task_id, annotator, int(annotation_id.rpartition("-")[2]))
            for project, task_id, annotator, annotation_id, cancelled, how in zip(
                *(state[name].to_pylist() for name in columns), strict=True
            )
            if how == "live" and not cancelled
        }
        for row in waiting:
            mine = (row["project"], row["task_id"], row["annotator"])
            if any(one[:3] == mine and one[3] >= row["annotation_id"] for one in standing):
                put_back(self.studio, row["task_id"], json.loads(row["before"]))
                self._note(row, ANSWERED)
                self.answered += 1

    def _project_of(self, task_id: int) -> int:
        return int(self.studio.get(f"api/tasks/{task_id}/")["project"])

    def _note(self, row: _Row, step: str) -> _Row:
        noted = {**row, "step": step, "at": datetime.now(UTC)}
        self.workspace.decisions.append({"returns": from_rows("returns", [noted])}, {"stage": "send-back"})
        self.returns = [one for one in self.returns if one["return_id"] != row["return_id"]] + [noted]
        return noted


def latest_returns(workspace: Workspace) -> list[_Row]:
    """Give the last row of every return."""
    return list({row["return_id"]: row for row in workspace.decisions.read("returns").to_pylist()}.values())


def _is_meant(row: _Row, target: str, who: str) -> bool:
    return row["annotator"] == who and target in {str(row["task_id"]), row["doc_id"]}


def _report(done: Sequence[_Row], refused: Sequence[tuple[AskedBack, CopydeskError]], *, answered: int) -> Report:
    counts = {"sent back": len(done), "answered": answered}
    counts |= {"refused": len(refused)} if refused else {}
    lines = [f"task {row['task_id']} goes back to {row['annotator']}: {row['remark']}" for row in done]
    lines += [f"{asked.name} was not sent back: {error}" for asked, error in refused]
    data = {
        "returned": [{name: row[name] for name in ("task_id", "doc_id", "annotator", "remark")} for row in done],
        "refused": [{"asked": asked.name, **error.as_dict()} for asked, error in refused],
    }
    return Report("send-back", counts, changed=bool(done or answered), lines=tuple(lines), data=data)
