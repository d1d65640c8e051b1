"""A task that somebody submitted and a remark go in; the task in her queue again, with her own marks and the remark, comes out.

Community Label Studio has no review. What it has: a skipped task of a project whose ``skip_queue`` is ``REQUEUE_FOR_ME`` is served
again to who skipped it, and to nobody else. So what she submitted is marked as skipped, its marks become the task's suggestions,
and the remark stands in the task's data and at each mark. Meanwhile nobody else is asked to do the task. Skipping comes last:
whatever is cut off before it leaves her work as it was, and doing everything again does no harm. When she has submitted the task
again, it is put back as it was ``before``: its suggestions, and how many people are to do it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from copydesk.errors import DataError
from copydesk.studio.asking import ask_of
from copydesk.studio.client import Studio
from copydesk.studio.interface import NOTE
from copydesk.studio.listing import find_tasks, id_is_one_of, list_tasks
from copydesk.studio.projects import MODEL_VERSION
from copydesk.studio.windows import place_of

SENT_BACK = "Sent back: "
_FIELDS = ("annotations", "result", "completed_by", "was_cancelled", "overlap", "created_at")


@dataclass(frozen=True, slots=True)
class Submitted:
    """A task, and what one person submitted there; ``others`` are the ids of the other people whose work counts there."""

    task: Mapping[str, Any]
    annotation: Mapping[str, Any]
    others: frozenset[int]

    @property
    def owed(self) -> int:
        """How many people are to do the task yet."""
        return max(int(self.task.get("overlap") or 1) - 1 - len(self.others), 0)

    @property
    def place(self) -> tuple[int, int]:
        """The part of the document's text that the task shows."""
        return place_of(self.task["data"])


def find_submitted(studio: Studio, project_ids: Sequence[int], *, doc_id: str, user_id: int) -> list[Submitted]:
    """Give the tasks of a document that a person submitted, in the order of their projects and ids."""
    found = []
    for project_id in project_ids:
        for task in find_tasks(studio, project_id, [doc_id], also=_FIELDS):
            found += _submitted(task, user_id)
    return found


def find_task(studio: Studio, project_ids: Sequence[int], task_id: int) -> Mapping[str, Any] | None:
    """Give a task of these projects by its id."""
    for project_id in project_ids:
        for page, _ in list_tasks(studio, project_id, id_is_one_of([task_id]), fields=("id", "data"), size=10):
            return page[0] if page else None
    return None


def _submitted(task: Mapping[str, Any], user_id: int) -> list[Submitted]:
    standing = [one for one in task["annotations"] if not one["was_cancelled"]]
    others = frozenset(_user(one) for one in standing) - {user_id}
    mine = [one for one in standing if _user(one) == user_id]
    return [Submitted(task, max(mine, key=lambda one: int(one["id"])), others)] if mine else []


def _user(annotation: Mapping[str, Any]) -> int:
    by = annotation["completed_by"]
    return int(by["id"] if isinstance(by, Mapping) else by)


def give_back(studio: Studio, project: Mapping[str, Any], *, task_id: int, annotation_id: int, remark: str) -> None:
    """Put a task into the queue of who made this annotation again; doing it twice does what doing it once does.

    ``project`` is as the server describes it. Raises DataError where she has work on the task that is not submitted, which would be
    hidden, and the ``errors.Studio*``.
    """
    drafts = [one for one in studio.get(f"api/tasks/{task_id}/drafts") if one.get("annotation") == annotation_id]
    if drafts:
        raise DataError(
            f"task {task_id}: who made it has changed it since and not submitted that",
            fix="ask them to press Update, then pull",
        )
    wanted = {"skip_queue": "REQUEUE_FOR_ME", "show_collab_predictions": True}
    lacking = {key: value for key, value in wanted.items() if project.get(key) != value}
    if lacking:
        studio.patch(f"api/projects/{project['id']}/", json=lacking)
    annotation = studio.get(f"api/annotations/{annotation_id}/")
    _clear_suggestions(studio, task_id)
    suggestion = {"task": task_id, "model_version": MODEL_VERSION, "result": _with_remark(annotation["result"], remark)}
    studio.post("api/predictions/", json=suggestion)
    if project.get("model_version") != MODEL_VERSION:  # suggestions of another version are not shown while labelling
        studio.patch(f"api/projects/{project['id']}/", json={"model_version": MODEL_VERSION})
    _write_note(studio, task_id, remark)
    _ask_her_alone(studio, task_id, annotation_id)
    studio.patch(f"api/annotations/{annotation_id}/", json={"was_cancelled": True})


def state_before(studio: Studio, task_id: int) -> dict[str, Any]:
    """Give what ``put_back`` needs of a task before it is given back."""
    names = ("model_version", "score", "cluster", "result")
    suggestions = [{name: one[name] for name in names} for one in _suggestions(studio, task_id)]
    return {"suggestions": suggestions, "overlap": int(studio.get(f"api/tasks/{task_id}/")["overlap"])}


def put_back(studio: Studio, task_id: int, before: Mapping[str, Any]) -> None:
    """Take the remark and her own marks off a task that she submitted again, and give it back what it had ``before``."""
    _clear_suggestions(studio, task_id)
    for one in before["suggestions"]:
        studio.post("api/predictions/", json={"task": task_id, **one})
    _write_note(studio, task_id, "")
    if int(studio.get(f"api/tasks/{task_id}/")["overlap"]) != before["overlap"]:
        ask_of(studio, task_id, before["overlap"])


def _ask_her_alone(studio: Studio, task_id: int, annotation_id: int) -> None:
    """Have the task done by one more than those whose work stands: with fewer it is served to nobody, with more to others."""
    task = studio.get(f"api/tasks/{task_id}/")
    standing = [one for one in task["annotations"] if not one["was_cancelled"] and one["id"] != annotation_id]
    if int(task["overlap"]) != len(standing) + 1:
        studio.patch(f"api/tasks/{task_id}/", json={"overlap": len(standing) + 1})


def _suggestions(studio: Studio, task_id: int) -> list[Mapping[str, Any]]:
    found = studio.get("api/predictions/", params={"task": task_id})
    return [one for one in (found["results"] if isinstance(found, Mapping) else found) if one["task"] == task_id]


def _clear_suggestions(studio: Studio, task_id: int) -> None:
    for one in _suggestions(studio, task_id):
        studio.delete(f"api/predictions/{one['id']}/")


def _write_note(studio: Studio, task_id: int, remark: str) -> None:
    """Write the remark behind what the note says besides; the server replaces the data whole, so all of it is sent."""
    data = studio.get(f"api/tasks/{task_id}/")["data"]
    before = str(data.get(NOTE, "")).partition(SENT_BACK)[0].strip()  # such as which part of a long article it is
    note = " ".join(filter(None, [before, f"{SENT_BACK}{remark}" if remark else ""]))
    if data.get(NOTE) != note:
        studio.patch(f"api/tasks/{task_id}/", json={"data": {**data, NOTE: note}})


def _with_remark(result: Sequence[Mapping[str, Any]], remark: str) -> list[dict[str, Any]]:
    """Give her marks as suggestions; each region has the remark beside it."""
    return [
        {**item, "meta": {"text": [remark]}} if "start" in (item.get("value") or {}) else dict(item) for item in result
    ]
