"""A project goes in; how much work in it is not submitted yet comes out."""

from __future__ import annotations

from dataclasses import dataclass

from copydesk.studio.client import Studio
from copydesk.studio.listing import list_tasks

LOOKED_AT = 20
HAS_DRAFT = {"filter": "filter:tasks:draft_exists", "operator": "equal", "type": "Boolean", "value": True}


@dataclass(frozen=True, slots=True)
class Drafts:
    """Tasks that somebody has begun and not submitted; in ``newer`` of them, a submitted annotation was changed since.

    Only the first twenty are looked at for that, since each costs a request. ``example`` is the id of a task, best of one where a
    submitted annotation was changed; 0 where there is none.
    """

    tasks: int
    newer: int
    example: int


def count_drafts(studio: Studio, project_id: int) -> Drafts:
    """Count tasks with drafts of anybody: one request, and one for each of the first twenty."""
    page, total = next(list_tasks(studio, project_id, HAS_DRAFT, fields=("id",), size=LOOKED_AT), ([], 0))
    changed = [task["id"] for task in page if _is_newer(studio, task["id"])]
    return Drafts(total, len(changed), next(iter([*changed, *(task["id"] for task in page)]), 0))


def _is_newer(studio: Studio, task_id: int) -> bool:
    """Say whether a draft of a task changes an annotation that was submitted."""
    return any(draft["annotation"] is not None for draft in studio.get(f"api/tasks/{task_id}/drafts"))
