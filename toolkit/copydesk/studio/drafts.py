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

    Only the first twenty are looked at for that, since each costs a request.
    """

    tasks: int
    newer: int


def count_drafts(studio: Studio, project_id: int) -> Drafts:
    """Count tasks with drafts of anybody: one request, and one for each of the first twenty."""
    page, total = next(list_tasks(studio, project_id, HAS_DRAFT, fields=("id",), size=LOOKED_AT), ([], 0))
    newer = sum(
        any(draft["annotation"] is not None for draft in studio.get(f"api/tasks/{task['id']}/drafts")) for task in page
    )
    return Drafts(total, newer)
