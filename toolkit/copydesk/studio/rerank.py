"""New suggestions and a new order go in; the tasks on the server that nobody touched get them, and all others stay as they are.

A prediction is changed where it stands, one request each. Replacing all of them at once would be cheaper, but whoever has the
task open at that moment could not submit it: her annotation names the prediction that it began with, and the server refuses one
that is gone. Nor does community Label Studio say who has a task open. Changed in place, what she sees and submits stays hers.

A score says nothing but its place in the order. So where scores on the server are in the wanted order already they are left.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import httpx
import pyarrow as pa

from copydesk.errors import StudioRefused
from copydesk.model.progress import Progress
from copydesk.studio.client import Studio
from copydesk.studio.doubles import UNTOUCHED
from copydesk.studio.faults import status_of
from copydesk.studio.listing import LOOKED_UP, doc_id_is_one_of, id_is_one_of, list_tasks
from copydesk.studio.projects import MODEL_VERSION
from copydesk.studio.windows import WHOLE, place_of, within

_FIELDS = ("id", "data", "predictions", "result", "model_version", "score", "cluster")
LAST = 1.0
"""The score of a task that has no place in the order."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the predictions of tasks are to be.

    ``texts`` gives the digest of the newest text by document: a task that shows another is left as it is. ``results`` are Label
    Studio's results by document. ``order`` has the columns doc_id, score (the lowest first) and cluster (may be empty); None
    where there is no order.
    """

    texts: Mapping[str, str]
    results: Mapping[str, Sequence[Mapping[str, Any]]]
    order: pa.Table | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """What of a task's prediction is to be changed; ``prediction_id`` is 0 where it has none yet."""

    task_id: int
    doc_id: str
    prediction_id: int
    body: Mapping[str, Any]


def rerank(
    studio: Studio,
    project_id: int,
    doc_ids: Sequence[str],
    *,
    wanted: Wanted,
    written: Callable[[Sequence[str]], None],
    progress: Progress,
) -> int:
    """Give the untouched tasks of these documents the wanted predictions; gives how many tasks were changed.

    Untouched is a task without annotation, skip or draft, looked up again before each hundred. ``written`` is told the
    documents whose tasks are as wanted, after they are. A task that has a prediction keeps one all the time; when it is killed,
    doing it again finishes. Raises the ``errors.Studio*`` as they come.
    """
    tasks = [
        task
        for task in _untouched(studio, project_id, doc_ids)
        if task["data"].get("text_sha256") == wanted.texts.get(task["data"]["doc_id"])
    ]
    changes = list(_changes(tasks, wanted))
    changing = {change.doc_id for change in changes}
    written(list(dict.fromkeys(task["data"]["doc_id"] for task in tasks if task["data"]["doc_id"] not in changing)))
    done: set[int] = set()
    for first in range(0, len(changes), LOOKED_UP):
        batch = changes[first : first + LOOKED_UP]
        asked = list({change.task_id for change in batch})
        pages = list_tasks(studio, project_id, id_is_one_of(asked), *UNTOUCHED, fields=("id",), size=LOOKED_UP)
        idle = {task["id"] for page, _ in pages for task in page}
        made = [change for change in batch if change.task_id in idle and _make(studio, change)]
        written(list(dict.fromkeys(change.doc_id for change in made)))
        done |= {change.task_id for change in made}
        progress("order", min(first + LOOKED_UP, len(changes)), len(changes))
    return len(done)


def _untouched(studio: Studio, project_id: int, doc_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    for first in range(0, len(doc_ids), LOOKED_UP):
        mine = doc_id_is_one_of(doc_ids[first : first + LOOKED_UP])
        for page, _ in list_tasks(studio, project_id, mine, *UNTOUCHED, fields=_FIELDS, size=500):
            yield from page


def _changes(tasks: Sequence[Mapping[str, Any]], wanted: Wanted) -> Iterator[_Change]:
    """Compare what the tasks have with what they are to have."""
    places = _places(tasks, wanted.order)
    for task in tasks:
        doc_id = str(task["data"]["doc_id"])
        place = place_of(task["data"])
        result = list(wanted.results.get(doc_id, ()))
        body: dict[str, Any] = {"result": result if place == WHOLE else within(result, place), **places[task["id"]]}
        present = _present(task)
        for one in present:
            changed = {name: value for name, value in body.items() if one[name] != value}
            if changed:
                yield _Change(task["id"], doc_id, one["id"], changed)
        if not present and (body["result"] or body.get("score", LAST) != LAST):
            body |= {"task": task["id"], "model_version": MODEL_VERSION}
            yield _Change(task["id"], doc_id, 0, body)


def _present(task: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in task["predictions"] if one["model_version"] == MODEL_VERSION]


def _places(tasks: Sequence[Mapping[str, Any]], order: pa.Table | None) -> dict[int, dict[str, Any]]:
    """Give score and cluster of each task by its id; of the tasks of one document, in the order of its text."""
    if order is None or not order.num_rows:
        return {task["id"]: {} for task in tasks}
    rows = {row["doc_id"]: row for row in order.select(["doc_id", "score", "cluster"]).to_pylist()}
    placed = [task for task in tasks if task["data"]["doc_id"] in rows]
    placed.sort(key=lambda task: (rows[task["data"]["doc_id"]]["score"], place_of(task["data"]), task["id"]))
    scores = in_order([next((one["score"] for one in _present(task)), None) for task in placed])
    largest = Counter(row["cluster"] for row in rows.values()).most_common(1)[0][0]  # whose turn comes last
    found = {task["id"]: {"score": LAST, "cluster": largest} for task in tasks}
    for task, score in zip(placed, scores, strict=True):
        found[task["id"]] = {"score": score, "cluster": rows[task["data"]["doc_id"]]["cluster"]}
    return found


def in_order(scores: Sequence[float | None]) -> list[float]:
    """Give rising scores between 0 and 1 (neither reached), of which as many as can be are those that are there."""
    kept = _rising(scores)
    ends = [(-1, 0.0), *kept, (len(scores), 1.0)]
    risen = [
        high if place == after else low + (high - low) * (place - before) / (after - before)
        for (before, low), (after, high) in pairwise(ends)
        for place in range(before + 1, after + 1)
    ][:-1]
    if all(one < other for one, other in pairwise([0.0, *risen, 1.0])):
        return risen
    return [place / (len(scores) + 1) for place in range(1, len(scores) + 1)]  # no room was left between two of them


def _rising(scores: Sequence[float | None]) -> list[tuple[int, float]]:
    """Give the longest rising run of scores between 0 and 1, not all next to each other, each with its place.

    By patience sorting (Fredman, Discrete Mathematics 11, 1975).
    """
    ends: list[
        tuple[float, int]
    ] = []  # of the runs of each length that with the lowest last score: that score, and its place
    before: dict[int, tuple[float, int] | None] = {}
    for place, score in enumerate(scores):
        if score is None or not 0 < score < 1:
            continue
        length = bisect_left(ends, (score, -1))
        before[place] = ends[length - 1] if length else None
        ends[length : length + 1] = [(score, place)]
    run: list[tuple[int, float]] = []
    end = ends[-1] if ends else None
    while end:
        run.append((end[1], end[0]))
        end = before[end[1]]
    return run[::-1]


def _make(studio: Studio, change: _Change) -> bool:
    """Change a prediction, or make it; says whether the task was still there."""
    try:
        if change.prediction_id:
            studio.patch(f"api/predictions/{change.prediction_id}/", json=change.body)
        else:
            studio.post("api/predictions/", json=change.body)
    except StudioRefused as error:
        if status_of(error) != httpx.codes.NOT_FOUND:  # the task was given back or removed at this moment
            raise
        return False
    return True
