"""A project's tasks and people's names go in; a tab for each person, which shows their part of the tasks, comes out.

A tab has filters. Who chooses "Label Tasks As Displayed" there is served what it shows; "Label All Tasks" serves everything, and nobody
is kept from opening another tab.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from copydesk.studio.client import Studio
from copydesk.studio.listing import list_tasks

TITLE = "Lane: "
_PAGE = 500
Range = tuple[int, int]  # ids of the first and the last task


def set_lanes(studio: Studio, project_id: int, names: Sequence[str], *, readers: int) -> dict[str, list[Range]]:
    """Give each person a tab with their part of the tasks, so that each task is in ``readers`` tabs; gives the parts by name.

    Tabs of lanes that were there are set anew, and those of others taken away; any other tab is left as it is.
    """
    tasks = [
        (int(task["id"]), str(task["data"].get("doc_id", "")))
        for page, _ in list_tasks(studio, project_id, fields=("id", "data"), size=_PAGE)
        for task in page
    ]
    lanes = dict(zip(names, divided(tasks, len(names), readers=readers), strict=True))
    wanted = {f"{TITLE}{name}": ranges for name, ranges in lanes.items()}
    there = {
        view["data"].get("title", ""): view for view in studio.get("api/dm/views/", params={"project": project_id})
    }
    for title, ranges in wanted.items():
        body = {"project": project_id, "data": _tab(title, ranges)}
        if title in there:
            studio.patch(f"api/dm/views/{there[title]['id']}/", json=body)
        else:
            studio.post("api/dm/views/", json=body)
    for title, view in there.items():
        if title.startswith(TITLE) and title not in wanted:
            studio.delete(f"api/dm/views/{view['id']}/")
    return lanes


def divided(tasks: Sequence[tuple[int, str]], people: int, *, readers: int) -> Iterator[list[Range]]:
    """Give each person's part of tasks (id and ``doc_id``, in the order of ids), as ranges of ids.

    The tasks are cut into as many blocks as there are people, never within a document; everybody has ``readers`` blocks in a row.
    """
    borders = [len(tasks) * number // people for number in range(people + 1)]
    borders = [_after_document(tasks, border) for border in borders]
    blocks = [tasks[first:last] for first, last in pairwise(borders)]
    for person in range(people):
        own = [blocks[(person + step) % people] for step in range(min(readers, people))]
        yield [(block[0][0], block[-1][0]) for block in own if block]


def _after_document(tasks: Sequence[tuple[int, str]], border: int) -> int:
    while 0 < border < len(tasks) and tasks[border][1] == tasks[border - 1][1]:
        border += 1
    return border


def _tab(title: str, ranges: Sequence[Range]) -> Mapping[str, Any]:
    items = [
        {"filter": "filter:tasks:id", "operator": "in", "type": "Number", "value": {"min": first, "max": last}}
        for first, last in ranges or [(0, 0)]  # without a filter it would show all
    ]
    return {"title": title, "type": "list", "target": "tasks", "filters": {"conjunction": "or", "items": items}}
