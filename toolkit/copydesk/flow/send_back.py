"""A task, a person and a remark go in, or what an adjudicator sent back; the tasks are in those people's queues again.

What was submitted is pulled before anything else. A return is written down before it is begun and when it is done, so one that was
cut off is finished by the next run; when she has submitted the task again, the remark is taken off it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from copydesk.agreement.adjudication import contest_of
from copydesk.errors import CopydeskError, DataError, UnknownError, UsageError
from copydesk.flow.agree import agree
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
from copydesk.studio.giving_back import Submitted, find_submitted, find_task, give_back, take_note_off
from copydesk.studio.pull import pull as pull_annotations
from copydesk.studio.states import Project
from copydesk.workspace import Workspace

BEGUN, DONE, ANSWERED = "begun", "done", "answered"
_PLEASE = "Please look at this again"

_Row = dict[str, Any]


def send_back(workspace: Workspace, target: str, annotator: str, *, remark: str, progress: Progress) -> Report:
    """Give a task (its id, or the document's id or source) back to who submitted it.

    Raises UnknownError for a task, document or person that is not there, or a task that the person has not submitted; DataError
    where others are to do the task yet, who would be shown her marks, or where it was given back often enough.
    """
    remark = _checked(remark)
    with locked(workspace.lock), connected(workspace) as studio:
        desk = _Desk.open(workspace, studio, progress=progress)
        finished = desk.finish()
        who = desk.person(annotator)
        if not any(_is_meant(row, target, who) for row in finished):
            finished.append(desk.give(desk.submitted(target, who), who, remark=remark, conflict_id=""))
        return _report(finished, [], answered=desk.answered)


def send_back_all(workspace: Workspace, *, progress: Progress) -> Report:
    """Give back what adjudicators sent back: to one person for each of these decisions, first to who holds the fewest votes."""
    agree(workspace, progress=progress)
    with locked(workspace.lock), connected(workspace) as studio:
        desk = _Desk.open(workspace, studio, progress=progress)
        done, refused = desk.finish(), []
        for decision, person in _asked(workspace, desk.returns):
            try:
                found = desk.submitted(decision["doc_id"], person, at=decision["readings"][0]["start"])
                remark = _remark(decision)
                done.append(desk.give(found, person, remark=remark, conflict_id=decision["conflict_id"]))
            except (DataError, UnknownError) as error:
                refused.append((decision, error))
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
        for one in people.read_known(self.workspace.people_file).everybody():
            if name in {one["pseudonym"], one["email"], one.get("name")} and one["pseudonym"] in self.people:
                return str(one["pseudonym"])
        raise UnknownError(f"nobody is called {name!r} here", fix="copydesk people list")

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

    def give(self, found: Submitted, who: str, *, remark: str, conflict_id: str) -> _Row:
        """Give one task back, unless it may not be."""
        task_id = int(found.task["id"])
        if found.owed:
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
            "conflict_id": conflict_id,
            "remark": remark,
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
        """Take the remark off what was submitted again."""
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
                take_note_off(self.studio, row["task_id"])
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


def _asked(workspace: Workspace, returns: Sequence[_Row]) -> list[tuple[_Row, str]]:
    """Give the decisions that ask for a return which was not begun, each with whom it goes to."""
    part = workspace.agreed.part()
    wanted = set(part.receipt["standing"].get("sent-back", [])) if part else set()
    decisions = workspace.decisions.read("decisions").to_pylist()
    latest = {row["conflict_id"]: row for row in decisions}
    asked: dict[str, set[tuple[str, int]]] = {}  # the answers of adjudicators that ask for a return, each once
    for row in decisions:
        if row["outcome"] == "send_back":
            asked.setdefault(row["conflict_id"], set()).add((row["project"], row["annotation_id"]))
    contests = {row["dispute_id"]: contest_of(row) for row in workspace.agreed.read("disputes").to_pylist()}
    found = []
    for conflict_id in sorted(wanted):
        decision = latest[conflict_id]
        before = [row for row in returns if row["conflict_id"] == conflict_id]
        contest = contests.get(decision["dispute_id"])
        if contest is None or len(before) >= len(asked[conflict_id]):
            continue
        had = [row["annotator"] for row in before]
        votes = {one: min(len(held) for held in contest.held.values() if one in held) for one in _holders(contest.held)}
        found.append((decision, min(votes, key=lambda one: (had.count(one), votes[one], one))))
    return found


def _holders(held: Mapping[Any, frozenset[str]]) -> set[str]:
    return set().union(*held.values())


def _remark(decision: _Row) -> str:
    words = " / ".join(dict.fromkeys(row["surface"] for row in decision["readings"]))
    return _checked(f"{decision['note'] or _PLEASE}: \u201c{words}\u201d")


def _checked(remark: str) -> str:
    said = " ".join("".join(sign if sign.isprintable() else " " for sign in remark).split())
    if not said:
        raise UsageError("the remark is empty", fix="say with --remark what is to be looked at again")
    return said


def _is_meant(row: _Row, target: str, who: str) -> bool:
    return row["annotator"] == who and target in {str(row["task_id"]), row["doc_id"]}


def _report(done: Sequence[_Row], refused: Sequence[tuple[_Row, CopydeskError]], *, answered: int) -> Report:
    counts = {"sent back": len(done), "answered": answered}
    counts |= {"refused": len(refused)} if refused else {}
    lines = [f"task {row['task_id']} goes back to {row['annotator']}: {row['remark']}" for row in done]
    lines += [f"{decision['conflict_id']} was not sent back: {error}" for decision, error in refused]
    data = {
        "returned": [{name: row[name] for name in ("task_id", "doc_id", "annotator", "remark")} for row in done],
        "refused": [{"conflict_id": decision["conflict_id"], **error.as_dict()} for decision, error in refused],
    }
    return Report("send-back", counts, changed=bool(done or answered), lines=tuple(lines), data=data)
