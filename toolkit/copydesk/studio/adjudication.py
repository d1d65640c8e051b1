"""Conflicts go in, tasks of a project of their own come out, one for each; what was decided there comes back as rows.

A task's data names its conflict and holds it whole, so that a decision can be read with what was shown, whatever became of the
dispute since. What is there is looked up before anything is sent, by the conflict's name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from copydesk.model.tables import rejected_row
from copydesk.studio.client import Studio, encoded
from copydesk.studio.doubles import remove_untouched
from copydesk.studio.listing import list_tasks
from copydesk.studio.projects import ProjectSpec, check_use, create_project, find_project, update_project
from copydesk.studio.push import PATIENCE
from copydesk.studio.question import CAUSE, CAUSES, COMMENT, DECISION, OUTCOMES, question_data
from copydesk.studio.sending import Sender, batches
from copydesk.studio.states import Project

_SHOWN = ("conflict_id", "dispute_id", "doc_id", "revision", "kind", "name", "readings")
_PAGE = 250
_OF_ANNOTATION = ("annotations", "completed_by", "updated_at", "was_cancelled", "result")


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
    doc_id: str
    body: bytes


def ask_conflicts(
    studio: Studio,
    *,
    project: ProjectSpec,
    conflicts: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
    texts: Mapping[str, str],
    contexts: Mapping[str, tuple[int, int]],
) -> AskReport:
    """Send the questions that the server has not got, in their order, and take away those that are not to be answered any more.

    ``conflicts`` are rows of that table, ``names`` gives each the name of its task (another one asks it anew), ``texts`` the text
    of each document and ``contexts`` the part of it that is shown, by conflict. The project is made if need be. A task with an
    annotation, a skip or a draft is never taken away. Raises the ``errors.Studio*``; running it again goes on where it stopped.
    """
    patience = min(PATIENCE, studio.connection.timeout)
    found = find_project(studio, project)
    if found and found.get("label_config") != project.config:
        check_use(studio, found["id"], project.config)
    if found:
        update_project(studio, found, project)
    project_id = int((found or create_project(studio, project, patience))["id"])
    wanted = {names[one["conflict_id"]] for one in conflicts}
    there = list(_tasks(studio, project_id))
    present = {task["data"]["asked_as"] for task in there}
    questions = [
        _made(one, names[one["conflict_id"]], texts[one["doc_id"]], contexts[one["conflict_id"]])
        for one in conflicts
        if names[one["conflict_id"]] not in present
    ]
    old = {task["id"]: task["data"]["doc_id"] for task in there if task["data"]["asked_as"] not in wanted}
    sender = Sender(studio, project_id, missing=lambda sent: _missing(studio, project_id, sent), patience=patience)
    for batch in batches(questions):
        sender.send(batch)
    return AskReport(
        project_id=project_id,
        created=found is None,
        asked=len(questions),
        present=len(wanted & present),
        superseded=remove_untouched(studio, project_id, old),
    )


def pull_decisions(
    studio: Studio, *, project: Mapping[str, Any], guidelines: str, pseudonyms: Callable[[], Mapping[int, str]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give every decision that stands on the server as a row of ``decisions``, and as rejected rows what cannot be read as one.

    ``project`` is as the server describes it; ``guidelines`` is the version that decisions are made by. Skipped questions are not
    decisions yet.
    """
    meant = Project.of(project)
    rows: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    people: Mapping[int, str] | None = None
    for task in _tasks(studio, meant.id, *_OF_ANNOTATION):
        for annotation in task["annotations"]:
            if annotation["was_cancelled"]:
                continue
            people = pseudonyms() if people is None else people
            said = _said(annotation["result"])
            shown = _conflict(task["data"])
            if shown is None or said.get(DECISION) not in OUTCOMES:
                rejected.append(_unreadable(annotation, task["data"]))
                continue
            by = annotation["completed_by"]
            rows.append(
                {
                    **shown,
                    "outcome": said[DECISION],
                    "by": people.get(by["id"] if isinstance(by, Mapping) else by, ""),
                    "cause": said[CAUSE] if said.get(CAUSE) in CAUSES else "",
                    "note": said.get(COMMENT, ""),
                    "guideline_version": guidelines,
                    "at": datetime.fromisoformat(annotation["updated_at"]),
                    "project": meant.key,
                    "annotation_id": int(annotation["id"]),
                }
            )
    return rows, rejected


def _tasks(studio: Studio, project_id: int, *fields: str) -> Iterator[dict[str, Any]]:
    """Give the tasks that ask something; somebody else may have put others there."""
    for page, _ in list_tasks(studio, project_id, fields=("id", "data", *fields), size=_PAGE):
        yield from (task for task in page if "asked_as" in task["data"])


def _missing(studio: Studio, project_id: int, sent: Sequence[_Question]) -> list[_Question]:
    there = {task["data"]["asked_as"] for task in _tasks(studio, project_id)}
    return [one for one in sent if one.name not in there]


def _made(conflict: Mapping[str, Any], name: str, text: str, context: tuple[int, int]) -> _Question:
    data = {
        "asked_as": name,
        "conflict_id": conflict["conflict_id"],
        "doc_id": conflict["doc_id"],
        **question_data(conflict, text, context=context),
        "conflict": json.dumps({key: conflict[key] for key in _SHOWN}, ensure_ascii=False),
    }
    return _Question(name, conflict["doc_id"], encoded({"data": data}, place=name))


def _conflict(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Read what was shown from a task's data; None where somebody changed it so that it cannot be."""
    try:
        shown = json.loads(data["conflict"])
    except (KeyError, TypeError, ValueError):
        return None
    return shown if isinstance(shown, dict) and set(shown) == set(_SHOWN) else None


def _said(result: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Give what each control of the configuration says."""
    found: dict[str, str] = {}
    for item in result:
        value = item.get("value") or {}
        words = value.get("choices") or value.get("text") or []
        listed = [words] if isinstance(words, str) else words
        found[str(item.get("from_name"))] = " ".join(str(word) for word in listed)
    return found


def _unreadable(annotation: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    doc_id = data.get("doc_id")
    return rejected_row(
        stage="adjudicate",
        item=f"annotation {annotation['id']} of {data['asked_as']}",
        reason="unreadable-decision",
        detail=f"it chooses none of {', '.join(OUTCOMES)}, or its task was changed (fix: decide it again)",
        row={"result": annotation["result"]},
        doc_id=doc_id if isinstance(doc_id, str) else None,
    )
