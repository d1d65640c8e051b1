"""How many people are to read a document goes in, and its tasks on the server are asked of as many."""

from __future__ import annotations

from collections.abc import Mapping

from copydesk.model.progress import Progress
from copydesk.studio.client import Studio
from copydesk.studio.listing import list_tasks
from copydesk.studio.windows import WHOLE, place_of

_PAGE = 500


def ask_of(studio: Studio, task_id: int, people: int) -> None:
    """Have a task asked of so many people; one that was done before is not served again unless it is said not to be."""
    done = studio.get(f"api/tasks/{task_id}/")["total_annotations"] >= people
    studio.patch(f"api/tasks/{task_id}/", json={"overlap": people, "is_labeled": done})


def ask_documents(studio: Studio, project_id: int, asked: Mapping[str, int], *, progress: Progress) -> dict[str, int]:
    """Have the tasks of these documents asked of so many people each; gives the task of each that is there.

    Documents that are sent in parts are left as they are: whoever begins one is asked for all of it.
    """
    found: dict[str, int] = {}
    done = 0
    for page, left in list_tasks(studio, project_id, fields=("id", "data", "overlap"), size=_PAGE):
        progress("ask", done, done + left)
        for task in page:
            doc_id = str(task["data"].get("doc_id", ""))
            if doc_id not in asked or place_of(task["data"]) != WHOLE:
                continue
            found[doc_id] = int(task["id"])
            if task["overlap"] != asked[doc_id]:
                ask_of(studio, int(task["id"]), asked[doc_id])
        done += len(page)
    progress("ask", done, done)
    return found
