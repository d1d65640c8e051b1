"""A question about a project's tasks goes in, the tasks come out, each exactly once even while tasks are made and deleted.

Pages are cut by id: each asks for the tasks beyond the last id of the page before. Page numbers would lose tasks when earlier
ones are deleted meanwhile. Only the fields named are asked for; without that each task costs the server two more queries.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from copydesk.errors import StudioBroken
from copydesk.studio.client import Studio

LOOKED_UP = 100  # documents or ids in one question: the address stays below the 8 kB that proxies accept

Filter = Mapping[str, object]


def id_is_one_of(ids: Sequence[int]) -> Filter:
    """The task's id is one of these, at most a hundred."""
    return {"filter": "filter:tasks:id", "operator": "in_list", "type": "Number", "value": list(ids)}


def doc_id_is_one_of(doc_ids: Sequence[str]) -> Filter:
    """The task was made of one of these documents, at most a hundred."""
    return {"filter": "filter:tasks:data.doc_id", "operator": "in_list", "type": "String", "value": list(doc_ids)}


def updated_after(instant: datetime) -> Filter:
    """The task, or an annotation of it, was changed after ``instant``."""
    # the server fails on a time that is not written with microseconds
    value = instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {"filter": "filter:tasks:updated_at", "operator": "greater", "type": "Datetime", "value": value}


def list_tasks(
    studio: Studio, project_id: int, *filters: Filter, fields: Sequence[str], size: int
) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """Give pages of tasks in the order of id, each with the number of tasks left from its first on.

    ``fields`` are those of a task that are wanted, ``size`` is the number of tasks in a page.
    """
    last = 0
    while True:
        beyond = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": last}
        query = {"filters": {"conjunction": "and", "items": [*filters, beyond]}, "ordering": ["tasks:id"]}
        tasks, left = _page(studio, project_id, query, fields=fields, size=size)
        if tasks:
            yield tasks, left
        if len(tasks) < size:
            return
        last = max(task["id"] for task in tasks)


def newest_tasks(studio: Studio, project_id: int, *, fields: Sequence[str], size: int) -> list[dict[str, Any]]:
    """Give the ``size`` tasks of a project that were changed last, the newest first."""
    return _page(studio, project_id, {"ordering": ["-tasks:updated_at"]}, fields=fields, size=size)[0]


def find_tasks(
    studio: Studio, project_id: int, doc_ids: Sequence[str], *, also: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """Give the tasks of these documents, with ``id``, ``data`` and the fields named in ``also``."""
    for first in range(0, len(doc_ids), LOOKED_UP):
        asked = doc_ids[first : first + LOOKED_UP]
        for page, _ in list_tasks(studio, project_id, doc_id_is_one_of(asked), fields=("id", "data", *also), size=500):
            yield from (task for task in page if task["data"].get("doc_id") in asked)


def _page(
    studio: Studio, project_id: int, query: Mapping[str, object], *, fields: Sequence[str], size: int
) -> tuple[list[dict[str, Any]], int]:
    params = {
        "project": project_id,
        "fields": "all",  # without it annotations are left out
        "include": ",".join(fields),
        "page": 1,
        "page_size": size,
        "resolve_uri": "false",
        "query": json.dumps(query, separators=(",", ":")),
    }
    answer = studio.get("api/tasks/", params=params)
    tasks = answer.get("tasks") if isinstance(answer, dict) else None
    if not isinstance(tasks, list):
        raise StudioBroken(f"{studio.url} lists no tasks where it should", fix="check the server's address and version")
    return tasks, int(answer.get("total") or 0)
