"""A question about a project's tasks goes in, the tasks come out, each exactly once even while tasks are made and deleted.

Pages are cut by id: each asks for the tasks beyond the last id of the page before. Page numbers would lose tasks when earlier
ones are deleted meanwhile. Only the fields named are asked for; without that each task costs the server two more queries.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from copydesk.errors import StudioBroken, StudioGone, StudioRefused
from copydesk.studio.client import Studio
from copydesk.studio.faults import status_of

_NEEDING_ALL = frozenset({"annotations", "predictions"})
LOOKED_UP = 100  # documents or ids in one question: the address stays below the 8 kB that proxies accept

Filter = Mapping[str, object]
Item = TypeVar("Item")


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
        answer = _list(studio, project_id, query, fields=fields, size=size)
        tasks = answer["tasks"]
        if tasks:
            yield tasks, answer["total"]
        if len(tasks) < size or answer["total"] == len(tasks):  # what is made from now on, the next pull sees
            return
        last = max(task["id"] for task in tasks)


@dataclass(frozen=True, slots=True)
class Overview:
    """A project at a glance: how many tasks and annotations (skipped ones left out), and the tasks changed last."""

    tasks: int
    annotations: int
    newest: list[dict[str, Any]]


def overview(studio: Studio, project_id: int, *, size: int) -> Overview:
    """Look at a project with one request: its counts, and ``id``, ``created_at``, ``updated_at`` of ``size`` tasks."""
    query = {"ordering": ["-tasks:updated_at"]}
    answer = _list(studio, project_id, query, fields=("id", "created_at", "updated_at"), size=size)
    return Overview(answer["total"], answer["total_annotations"], answer["tasks"])


def find_tasks(
    studio: Studio, project_id: int, doc_ids: Sequence[str], *, also: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """Give the tasks of these documents, with ``id``, ``data`` and the fields named in ``also``."""
    for first in range(0, len(doc_ids), LOOKED_UP):
        asked = doc_ids[first : first + LOOKED_UP]
        for page, _ in list_tasks(studio, project_id, doc_id_is_one_of(asked), fields=("id", "data", *also), size=500):
            yield from (task for task in page if task["data"].get("doc_id") in asked)


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Give the same items, each made while the one before it is in use: the server works on another processor than we."""
    with ThreadPoolExecutor(max_workers=1) as maker:
        coming = maker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = maker.submit(next, items, None)
            yield item


def _list(
    studio: Studio, project_id: int, query: Mapping[str, object], *, fields: Sequence[str], size: int
) -> dict[str, Any]:
    # expanded, the server makes up once what an annotation has, and not again for each task
    expanded = [f"annotations.{field}" for field in fields] if "annotations" in fields else []
    params = {
        "project": project_id,
        "include": ",".join([*fields, *expanded]),
        "page": 1,
        "page_size": size,
        "resolve_uri": "false",
        "query": json.dumps(query, separators=(",", ":")),
    }
    if not _NEEDING_ALL.isdisjoint(fields):
        params["fields"] = "all"  # without it they are left out, and with it every request costs more
    if expanded:
        params["expand"] = "annotations"
    try:
        answer = studio.get("api/tasks/", params=params)
    except StudioRefused as error:
        if status_of(error) != httpx.codes.NOT_FOUND:
            raise
        raise StudioGone(
            f"project {project_id} is not on {studio.url} any more; what was pulled from it is kept, and counts",
            fix="check [studio] url and project, or make the project anew: copydesk push",
        ) from error
    if not isinstance(answer, dict) or not isinstance(answer.get("tasks"), list):
        raise StudioBroken(f"{studio.url} lists no tasks where it should", fix="check the server's address and version")
    return answer
