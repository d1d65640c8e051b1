"""A project's tasks and people's names go in; a tab for each person, which shows their part of the tasks, comes out.

A tab has filters. Who chooses "Label Tasks As Displayed" there is served what it shows; "Label All Tasks" serves everything, and nobody
is kept from opening another tab.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from copydesk.studio.client import Studio
from copydesk.studio.listing import list_tasks

TITLE = "Lane: "
_PAGE = 500
Range = tuple[int, int]  # ids of the first and the last task
Task = tuple[int, str]  # id and doc_id


def set_lanes(
    studio: Studio, project_id: int, names: Sequence[str], *, readers: int, owners: Mapping[str, str]
) -> dict[str, list[Range]]:
    """Give each person a tab with their part of the tasks, so that each task is in ``readers`` tabs; gives the parts by name.

    ``owners`` are the people for whom documents are meant, by ``doc_id``. Tabs of lanes that were there are set anew, and those of
    others taken away; any other tab is left as it is.
    """
    tasks = [
        (int(task["id"]), str(task["data"].get("doc_id", "")))
        for page, _ in list_tasks(studio, project_id, fields=("id", "data"), size=_PAGE)
        for task in page
    ]
    lanes = parts(tasks, names, readers=readers, owners=owners)
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


def parts(
    tasks: Sequence[Task], names: Sequence[str], *, readers: int, owners: Mapping[str, str]
) -> dict[str, list[Range]]:
    """Give each person's part of the tasks, as ranges of ids; no document is cut in two, and each is in ``readers`` parts.

    A document with an owner is in the owner's part, and in those of the people named next. The others are cut into as many blocks
    as there are people, and everybody has ``readers`` blocks in a row.
    """
    free = [place for place, (_, doc_id) in enumerate(tasks) if doc_id not in owners]
    borders = [_after_document(tasks, free, len(free) * number // len(names)) for number in range(len(names) + 1)]
    blocks = [free[first:last] for first, last in pairwise(borders)]
    own: list[list[int]] = [[] for _ in names]
    for number, block in enumerate(blocks):
        for step in range(min(readers, len(names))):
            own[number - step] += block
    for place, (_, doc_id) in enumerate(tasks):
        if doc_id in owners:
            first = names.index(owners[doc_id])
            for step in range(min(readers, len(names))):
                own[(first + step) % len(names)].append(place)
    return {name: [*_ranges(tasks, sorted(places))] for name, places in zip(names, own, strict=True)}


def _ranges(tasks: Sequence[Task], places: Sequence[int]) -> Iterator[Range]:
    """Give the ids of tasks at these places, those that follow one another as a range."""
    for _, run in groupby(enumerate(places), key=lambda one: one[1] - one[0]):
        following = [place for _, place in run]
        yield tasks[following[0]][0], tasks[following[-1]][0]


def _after_document(tasks: Sequence[Task], free: Sequence[int], border: int) -> int:
    while 0 < border < len(free) and tasks[free[border]][1] == tasks[free[border - 1]][1]:
        border += 1
    return border


def _tab(title: str, ranges: Sequence[Range]) -> Mapping[str, Any]:
    items = [
        {"filter": "filter:tasks:id", "operator": "in", "type": "Number", "value": {"min": first, "max": last}}
        for first, last in ranges or [(0, 0)]  # without a filter it would show all
    ]
    return {"title": title, "type": "list", "target": "tasks", "filters": {"conjunction": "or", "items": items}}
