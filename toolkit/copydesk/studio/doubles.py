"""Documents go in; of the tasks that stand on the server more than once for one of them, those that nobody touched are taken away.

An import that a gateway sent twice, or that arrived after it was given up and sent again, leaves its tasks there twice. A task
with an annotation, a skip or a draft is never taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from copydesk.errors import StudioBroken
from copydesk.studio.client import Studio
from copydesk.studio.drafts import HAS_DRAFT
from copydesk.studio.listing import LOOKED_UP, Filter, doc_id_is_one_of, find_tasks, list_tasks

_COUNTS = ("total_annotations", "cancelled_annotations")
UNTOUCHED: tuple[Filter, ...] = (
    *({"filter": f"filter:tasks:{name}", "operator": "equal", "type": "Number", "value": 0} for name in _COUNTS),
    {**HAS_DRAFT, "value": False},
)

Key = Callable[[Mapping[str, Any]], object]


def remove_doubles(studio: Studio, project_id: int, doc_ids: Sequence[str], *, key: Key) -> tuple[int, int]:
    """Leave one task of each key, and more only where several were touched; gives how many were removed, and how many are too many.

    ``key`` gives of a task's data what makes two tasks the same.
    """
    removed, left = 0, 0
    for first in range(0, len(doc_ids), LOOKED_UP):
        asked = doc_ids[first : first + LOOKED_UP]
        groups: dict[object, list[Mapping[str, Any]]] = {}
        for task in find_tasks(studio, project_id, asked, also=_COUNTS):
            groups.setdefault(key(task["data"]), []).append(task)
        several = [group for group in groups.values() if len(group) > 1]
        drafts = set(_with_drafts(studio, project_id, asked)) if several else set()
        idle = [task["id"] for group in several for task in _idle(group, drafts)]
        done = _remove(studio, project_id, idle, doc_ids=asked) if idle else 0
        removed += done
        left += sum(len(group) - 1 for group in several) - done
    return removed, left


def _with_drafts(studio: Studio, project_id: int, doc_ids: Sequence[str]) -> Iterator[int]:
    for page, _ in list_tasks(studio, project_id, doc_id_is_one_of(doc_ids), HAS_DRAFT, fields=("id",), size=500):
        yield from (task["id"] for task in page)


def _idle(group: Sequence[Mapping[str, Any]], drafts: set[int]) -> list[Mapping[str, Any]]:
    """Give the tasks that may go: those that nobody touched, but for the newest where nobody touched any."""
    idle = [task for task in group if task["id"] not in drafts and not any(task[name] for name in _COUNTS)]
    return idle[:-1] if len(idle) == len(group) else idle  # the newest stays, since its id would be given again


def remove_untouched(studio: Studio, project_id: int, tasks: Mapping[int, str]) -> int:
    """Remove those of these tasks (the document of each by its id) that nobody touched; gives how many."""
    removed, ids = 0, sorted(tasks)
    for first in range(0, len(ids), LOOKED_UP):
        asked = ids[first : first + LOOKED_UP]
        removed += _remove(studio, project_id, asked, doc_ids=sorted({tasks[one] for one in asked}))
    return removed


def _remove(studio: Studio, project_id: int, ids: Sequence[int], *, doc_ids: Sequence[str]) -> int:
    """Remove tasks by one request that carries its own conditions: whenever it arrives, what was touched meanwhile stays."""
    body = {
        "selectedItems": {"all": False, "included": list(ids)},
        "filters": {"conjunction": "and", "items": [doc_id_is_one_of(doc_ids), *UNTOUCHED]},
    }
    answer = studio.post("api/dm/actions/", params={"id": "delete_tasks", "project": project_id}, json=body)
    if not isinstance(answer, dict) or not isinstance(answer.get("processed_items"), int):
        raise StudioBroken("Label Studio does not say how many tasks it removed", fix="copydesk push")
    return int(answer["processed_items"])
