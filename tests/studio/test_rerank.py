"""New suggestions and a new order for tasks that are on a real server."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from faultproxy import Asked, Fault, Proxy
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.errors import StudioError
from copydesk.model.document import text_sha256
from copydesk.model.tables import TASKS, from_tuples
from copydesk.studio import people
from copydesk.studio.client import Studio
from copydesk.studio.earlier import Earlier
from copydesk.studio.listing import list_tasks
from copydesk.studio.projects import ProjectSpec
from copydesk.studio.push import push
from copydesk.studio.rerank import LAST, Wanted, in_order, rerank
from copydesk.studio.server import Server
from copydesk.studio.suggested import Suggested

Documents = Callable[..., pa.Table]
TEXTS = {f"doc-{number}": f"Text {number}: Noor lives in Aleppo." for number in range(6)}


def suggested(words: str, doc_ids: Sequence[str] = tuple(TEXTS)) -> Suggested:
    places = {doc_id: TEXTS[doc_id].index(words) for doc_id in doc_ids}
    rows = [(doc_id, at, at + len(words), words, "PLACE", "name", 0.9, []) for doc_id, at in places.items()]
    return Suggested(from_tuples("suggestions", rows))


def order_of(*doc_ids: str, clusters: Mapping[str, int] | None = None) -> pa.Table:
    rows = [
        {"doc_id": doc_id, "score": place / len(doc_ids), "cluster": (clusters or {}).get(doc_id)}
        for place, doc_id in enumerate(doc_ids)
    ]
    return pa.Table.from_pylist(
        rows, pa.schema([("doc_id", pa.string()), ("score", pa.float64()), ("cluster", pa.int64())])
    )


class Room:
    """A project with a task for each text, in each of which Aleppo is suggested."""

    def __init__(self, studio: Studio, spec: ProjectSpec, tasks: pa.Table) -> None:
        self.studio = studio
        self.written: list[str] = []
        self.project_id = push(
            studio, project=spec, tasks=tasks, suggested=suggested("Aleppo"), progress=lambda *_: None
        ).project_id

    def rerank(self, results: Suggested, order: pa.Table | None = None, studio: Studio | None = None) -> int:
        texts = {doc_id: text_sha256(text) for doc_id, text in TEXTS.items()}
        self.written.clear()
        return rerank(
            studio or self.studio,
            self.project_id,
            list(TEXTS),
            wanted=Wanted(texts, Earlier().results(results), order),
            written=self.written.extend,
            progress=lambda *_: None,
        )

    def tasks(self) -> dict[str, dict[str, Any]]:
        fields = ("id", "data", "predictions", "result", "score", "cluster", "model_version")
        pages = list_tasks(self.studio, self.project_id, fields=fields, size=100)
        return {task["data"]["doc_id"]: task for page, _ in pages for task in page}

    def shown(self) -> dict[str, list[list[str]]]:
        """The words of every prediction of each task."""
        return {
            doc_id: [[one["value"]["text"] for one in made["result"]] for made in task["predictions"]]
            for doc_id, task in self.tasks().items()
        }

    def next(self, person: Studio) -> dict[str, Any]:
        task: dict[str, Any] = person.post("api/dm/actions/", params={"id": "next_task", "project": self.project_id})
        return task

    def submit(self, person: Studio, task: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        body = {"result": [], "lead_time": 1.0, **more}
        made: dict[str, Any] = person.post(f"api/tasks/{task['id']}/annotations/", json=body)
        return made


@pytest.fixture
def make_room(studio: Studio, spec: ProjectSpec, documents_of: Documents) -> Callable[..., Room]:
    tasks = documents_of(TEXTS).select(TASKS.names).cast(TASKS)

    def make(**more: Any) -> Room:
        return Room(studio, dataclasses.replace(spec, annotators_per_task=1, **more), tasks)

    return make


@pytest.fixture
def anna(studio: Studio, tmp_path: Path) -> Iterator[Studio]:
    file = tmp_path / "people.json"
    people.add_people(studio, [f"anna-{tmp_path.name}"], file=file)
    with studio.as_person(people.read_people(file)[0].token) as own:
        yield own


def test_the_lowest_score_is_served_first_and_clusters_alternate(make_room: Callable[..., Room], anna: Studio) -> None:
    room = make_room(in_order=True)
    wanted = ("doc-3", "doc-4", "doc-0", "doc-1")
    clusters = {"doc-3": 1, "doc-4": 1, "doc-0": 2, "doc-1": 1}
    assert room.rerank(suggested("Aleppo"), order_of(*wanted, clusters=clusters)) == 6
    assert room.tasks()["doc-5"]["predictions"][0]["score"] == LAST
    served = []
    for _ in range(6):
        task = room.next(anna)
        served.append(task["data"]["doc_id"])
        room.submit(anna, task)
    assert served[:4] == ["doc-3", "doc-0", "doc-4", "doc-1"]


def test_a_second_run_writes_nothing_and_a_new_order_only_what_moves(make_room: Callable[..., Room]) -> None:
    room = make_room()
    results = suggested("Noor", list(TEXTS)[:4])
    assert room.rerank(results, order_of(*TEXTS)) == 6
    assert sorted(room.written) == list(TEXTS)
    assert room.shown() == {doc_id: [["Noor"] if number < 4 else []] for number, doc_id in enumerate(TEXTS)}
    assert room.rerank(results, order_of(*TEXTS)) == 0
    assert sorted(room.written) == list(TEXTS)
    first, *others = TEXTS
    assert room.rerank(results, order_of(*others, first)) == 1
    assert room.rerank(results) == 0  # without an order, scores stay as they are
    scores = {doc_id: task["predictions"][0]["score"] for doc_id, task in room.tasks().items()}
    assert sorted(scores, key=scores.__getitem__) == [*others, first]


def test_a_task_in_work_keeps_its_prediction(make_room: Callable[..., Room], anna: Studio, studio: Studio) -> None:
    room = make_room()
    tasks = room.tasks()
    room.submit(anna, tasks["doc-0"])
    skipped = room.submit(anna, tasks["doc-1"])
    anna.patch(f"api/annotations/{skipped['id']}/", json={"was_cancelled": True})
    anna.post(f"api/tasks/{tasks['doc-2']['id']}/drafts", json={"result": [], "lead_time": 1.0})
    studio.patch(
        f"api/tasks/{tasks['doc-3']['id']}/", json={"data": {**tasks["doc-3"]["data"], "text_sha256": "0" * 64}}
    )
    assert room.rerank(suggested("Noor")) == 2
    assert room.written == ["doc-4", "doc-5"]
    words = {doc_id: shown[0] for doc_id, shown in room.shown().items()}
    assert words == {doc_id: ["Noor" if number > 3 else "Aleppo"] for number, doc_id in enumerate(TEXTS)}


def test_who_has_a_task_open_at_that_moment_submits_her_own_work(make_room: Callable[..., Room], anna: Studio) -> None:
    """An annotation that names a prediction which is gone is refused: predictions are changed where they stand."""
    room = make_room()
    task = room.next(anna)
    (seen,) = task["predictions"]
    assert room.rerank(suggested("Noor")) == 6
    own = [{**seen["result"][0], "origin": "prediction-changed"}]
    made = room.submit(anna, task, result=own, parent_prediction=seen["id"])
    assert (made["result"], made["parent_prediction"]) == (own, seen["id"])
    assert room.rerank(suggested("Aleppo")) == 5
    assert anna.get(f"api/annotations/{made['id']}/")["result"] == own


def test_it_goes_on_after_it_was_cut_off_and_no_task_is_without_a_prediction_meanwhile(
    make_room: Callable[..., Room], studio_server: Server, studio: Studio
) -> None:
    room = make_room()
    changed = 0

    def choose(asked: Asked) -> Fault | None:
        nonlocal changed
        changed += asked.method == "PATCH"
        return Fault("torn") if changed == 3 and asked.method == "PATCH" else None

    with (
        Proxy(studio_server.port, choose) as through,
        Studio(through.url, studio_server.token) as cut_off,
        pytest.raises(StudioError),
    ):
        room.rerank(suggested("Noor"), studio=cut_off)
    assert all(len(one) == 1 for one in room.shown().values())
    assert room.rerank(suggested("Noor")) in {3, 4}
    assert room.shown() == {doc_id: [["Noor"]] for doc_id in TEXTS}


def test_a_task_without_a_prediction_gets_one_where_something_is_suggested_or_it_has_a_place(
    make_room: Callable[..., Room], studio: Studio
) -> None:
    room = make_room()
    for doc_id in ("doc-0", "doc-1", "doc-2"):
        studio.delete(f"api/predictions/{room.tasks()[doc_id]['predictions'][0]['id']}/")
    results = suggested("Aleppo", ["doc-0", "doc-3", "doc-4", "doc-5"])
    assert room.rerank(results) == 1
    assert room.shown()["doc-0"] == [["Aleppo"]]
    assert room.shown()["doc-1"] == []
    room.rerank(results, order_of("doc-1"))
    assert room.shown()["doc-1"] == [[]]
    assert room.shown()["doc-2"] == []


def test_a_part_of_a_long_article_gets_what_lies_in_it_and_parts_come_in_their_order(
    make_room: Callable[..., Room], studio: Studio
) -> None:
    room = make_room()
    data = room.tasks()["doc-0"]["data"]
    parts = [
        {
            **data,
            "window": f"w{number}",
            "window_number": number,
            "windows": 2,
            "window_start": start,
            "window_end": end,
        }
        for number, start, end in [(2, 20, 33), (1, 0, 20)]
    ]
    studio.post(f"api/projects/{room.project_id}/import", json=[{"data": part} for part in parts])
    room.rerank(suggested("Noor"), order_of("doc-1", "doc-0"))
    pages = list_tasks(studio, room.project_id, fields=("id", "data", "predictions", "result", "score"), size=100)
    whole, last, first = [task for page, _ in pages for task in page if task["data"]["doc_id"] == "doc-0"]
    assert [one["predictions"][0]["result"] for one in (last, first)] == [[], whole["predictions"][0]["result"]]
    assert first["predictions"][0]["score"] < last["predictions"][0]["score"] < LAST


@settings(deadline=None)
@given(st.lists(st.none() | st.floats(-0.5, 1.5) | st.sampled_from([0.1, 0.2, 0.3, 5e-324, 1 - 2**-53]), max_size=9))
def test_scores_rise_and_as_many_as_can_be_stay(scores: list[float | None]) -> None:
    made = in_order(scores)
    assert all(low < high for low, high in pairwise([0.0, *made, 1.0]))
    assert len(made) == len(scores)
    assert in_order(made) == made
    kept = sum(one == other for one, other in zip(scores, made, strict=True))
    crowded = len(set(scores)) < len(scores) or any(one is not None and not 0.01 < one < 0.99 for one in scores)
    assert kept == longest(scores) or crowded


def longest(scores: Sequence[float | None]) -> int:
    """The length of the longest rising run, found by trying all."""
    given = [one for one in scores if one is not None and 0 < one < 1]
    for size in range(len(given), 0, -1):
        if any(all(low < high for low, high in pairwise(run)) for run in combinations(given, size)):
            return size
    return 0
