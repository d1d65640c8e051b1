"""Questions of one project go in, a task for each comes out; what was answered there comes back, each with the task's data.

What is there is looked up before anything is sent, by the name of each question.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from copydesk.studio.client import Studio, encoded
from copydesk.studio.doubles import remove_untouched
from copydesk.studio.listing import list_tasks
from copydesk.studio.projects import ProjectSpec, check_use, create_project, find_project, update_project
from copydesk.studio.push import PATIENCE
from copydesk.studio.sending import Sender, batches

NAME = "asked_as"  # of a task's data
_PAGE = 250
_OF_ANNOTATION = ("annotations", "completed_by", "updated_at", "was_cancelled", "result")

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AskReport:
    """What became of the project: questions that are new, those that were there, and those taken away as nobody had looked at them."""

    project_id: int
    created: bool
    asked: int
    present: int
    superseded: int


@dataclass(frozen=True, slots=True)
class _Question:
    name: str  # what tells the task from others
    body: bytes


def ask(
    studio: Studio,
    *,
    project: ProjectSpec,
    names: Sequence[str],
    make: Callable[[str], Mapping[str, Any]],
    may_go: Callable[[Data], bool],
    kept: Collection[str] = (),
) -> AskReport | None:
    """Send the questions of these names that the server has not got, in their order, and take away those that are none any more.

    ``make`` gives the task of a name, whose data has ``doc_id``; it is named in ``data.asked_as``. Taken away is what is neither
    in ``names`` nor ``kept`` and ``may_go`` by its data; a task with an annotation, a skip or a draft never is. The project is made if
    need be; None where there is none, and nothing to ask. Raises the ``errors.Studio*``; running it again goes on where it stopped.
    """
    patience = min(PATIENCE, studio.connection.timeout)
    found = find_project(studio, project)
    if not found and not names:
        return None
    if found and found.get("label_config") != project.config:
        check_use(studio, found["id"], project.config)
    if found:
        update_project(studio, found, project)
    project_id = int((found or create_project(studio, project, patience))["id"])
    there = list(asked(studio, project_id))
    present = {task["data"][NAME] for task in there}
    questions = [_made(name, make(name)) for name in names if name not in present]
    wanted = {*names, *kept}
    old = {
        task["id"]: task["data"]["doc_id"]
        for task in there
        if task["data"][NAME] not in wanted and may_go(task["data"])
    }
    sender = Sender(studio, project_id, missing=lambda sent: _missing(studio, project_id, sent), patience=patience)
    for batch in batches(questions):
        sender.send(batch)
    return AskReport(
        project_id=project_id,
        created=found is None,
        asked=len(questions),
        present=len(present.intersection(names)),
        superseded=remove_untouched(studio, project_id, old),
    )


def asked(studio: Studio, project_id: int, *fields: str) -> Iterator[dict[str, Any]]:
    """Give the tasks that ask something; somebody else may have put others there."""
    for page, _ in list_tasks(studio, project_id, fields=("id", "data", *fields), size=_PAGE):
        yield from (task for task in page if NAME in task["data"])


@dataclass(frozen=True, slots=True)
class Judges:
    """By what version of the guidelines is decided, and who the people on the server are (pseudonyms by user id)."""

    guidelines: str
    pseudonyms: Callable[[], Mapping[int, str]]


def answers(studio: Studio, project_id: int, *, judges: Judges) -> Iterator[tuple[dict[str, Any], dict[str, Any], str]]:
    """Give every answer that stands: the task's data, the annotation, and by whom it is. What was skipped is no answer yet."""
    people: Mapping[int, str] | None = None
    for task in asked(studio, project_id, *_OF_ANNOTATION):
        for annotation in task["annotations"]:
            if not annotation["was_cancelled"]:
                people = judges.pseudonyms() if people is None else people
                by = annotation["completed_by"]
                yield task["data"], annotation, people.get(by["id"] if isinstance(by, Mapping) else by, "")


def _missing(studio: Studio, project_id: int, sent: Sequence[_Question]) -> list[_Question]:
    there = {task["data"][NAME] for task in asked(studio, project_id)}
    return [one for one in sent if one.name not in there]


def _made(name: str, task: Mapping[str, Any]) -> _Question:
    return _Question(name, encoded({**task, "data": {NAME: name, **task["data"]}}, place=name))
