"""Against a real Label Studio, and, where answers must get lost, a real proxy before it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest
from faultproxy import Asked, Fault, Proxy

from copydesk.errors import (
    ConfigError,
    DataError,
    SchemaError,
    StudioRefused,
    StudioTimeout,
    StudioUnreachable,
    UsageError,
)
from copydesk.model.tables import TASKS, from_tuples
from copydesk.studio import doubles, sending
from copydesk.studio import push as push_module
from copydesk.studio.client import Studio
from copydesk.studio.earlier import Earlier
from copydesk.studio.listing import list_tasks
from copydesk.studio.projects import MODEL_VERSION, ProjectSpec, find_project
from copydesk.studio.push import PushReport, push
from copydesk.studio.server import Server
from copydesk.studio.suggested import Suggested

Documents = Callable[..., pa.Table]
TEXTS = {f"doc-{number}": f"Text {number}: 😀 Noor lives in Aleppo." for number in range(7)}


def tasks_of(documents: pa.Table) -> pa.Table:
    return documents.select(TASKS.names).cast(TASKS)


def suggestions_of(texts: dict[str, str]) -> pa.Table:
    places = {doc_id: text.index("Aleppo") for doc_id, text in texts.items()}
    return from_tuples(
        "suggestions", [(doc_id, at, at + 6, "Aleppo", "PLACE", "name", 0.9, []) for doc_id, at in places.items()]
    )


def sent(
    studio: Studio, spec: ProjectSpec, tasks: pa.Table, suggestions: pa.Table | None = None, **more: Any
) -> PushReport:
    given = Suggested() if suggestions is None else Suggested(suggestions)
    more.setdefault("progress", lambda *_: None)
    return push(studio, project=spec, tasks=tasks, suggested=given, **more)


def on_server(studio: Studio, project_id: int, *fields: str) -> list[dict[str, Any]]:
    pages = list_tasks(studio, project_id, fields=("id", "data", *fields), size=100)
    return [task for page, _ in pages for task in page]


@dataclass(slots=True)
class Spoiler:
    """``spoiled`` says what becomes of the next imports: kinds of faults, empty for none."""

    url: str = ""
    spoiled: list[str] = field(default_factory=list)
    imports: int = 0

    def choose(self, asked: Asked) -> Fault | None:
        if not asked.path.startswith("/api/projects/") or "/import" not in asked.path:
            return None
        self.imports += 1
        kind = self.spoiled.pop(0) if self.spoiled else ""
        return Fault(kind) if kind else None


@pytest.fixture
def proxy(studio_server: Server) -> Iterator[Spoiler]:
    spoiler = Spoiler()
    with Proxy(studio_server.port, spoiler.choose) as through:
        spoiler.url = through.url
        yield spoiler


def test_pushing_twice_doubles_nothing(studio: Studio, spec: ProjectSpec, documents_of: Documents) -> None:
    """Trap 2: an import has no key that would keep it from being taken twice."""
    tasks, suggestions = tasks_of(documents_of(TEXTS)), suggestions_of(TEXTS)
    steps: list[tuple[str, int, int]] = []
    first = sent(studio, spec, tasks, suggestions, progress=lambda *step: steps.append(step))
    assert (first.created, first.pushed, first.present, first.suggestions) == (True, 7, 0, 7)
    assert steps == [("push", 7, 7)]
    again = sent(studio, spec, tasks, suggestions)
    assert (again.project_id, again.created, again.pushed, again.present) == (first.project_id, False, 0, 7)
    assert (again.superseded, again.doubled) == (0, 0)
    assert len(on_server(studio, first.project_id)) == 7


def test_a_task_carries_the_texts_identity_and_a_text_without_astral_characters(
    studio: Studio, spec: ProjectSpec, documents_of: Documents
) -> None:
    """Trap 5: on a line with an astral character a resized region gets wrong offsets."""
    documents = documents_of({"doc-0": TEXTS["doc-0"]})
    done = sent(studio, spec, tasks_of(documents), suggestions_of({"doc-0": TEXTS["doc-0"]}))
    (task,) = on_server(studio, done.project_id, "predictions", "result", "model_version")
    row = documents.to_pylist()[0]
    assert task["data"] == {
        "doc_id": "doc-0",
        "revision": 1,
        "text_sha256": row["text_sha256"],
        "title": "",
        "text": row["text"].replace("😀", "□"),
        "review_note": "",
    }
    (prediction,) = task["predictions"]
    (region,) = prediction["result"]
    at = row["text"].index("Aleppo")
    assert prediction["model_version"] == MODEL_VERSION
    assert region["value"] == {"start": at, "end": at + 6, "text": "Aleppo", "labels": ["PLACE"]}
    assert region["origin"] == "prediction"


def test_the_project_is_as_the_workspace_means_it_and_is_put_right_again(
    studio: Studio, spec: ProjectSpec, documents_of: Documents
) -> None:
    """Trap 15: suggestions are only shown where the project's model version is theirs; trap 18: anyone can change it."""
    done = sent(studio, spec, tasks_of(documents_of(TEXTS)), suggestions_of(TEXTS))

    def settings() -> dict[str, Any]:
        project = studio.get(f"api/projects/{done.project_id}/")
        keys = ("maximum_annotations", "model_version", "show_collab_predictions", "skip_queue", "show_instruction")
        return {key: project[key] for key in (*keys, "expert_instruction", "label_config", "description")}

    meant = {
        "maximum_annotations": 2,
        "model_version": MODEL_VERSION,
        "show_collab_predictions": True,
        "skip_queue": "REQUEUE_FOR_ME",
        "show_instruction": True,
        "expert_instruction": spec.instructions,
        "label_config": spec.config,
        "description": spec.marker,
    }
    assert settings() == meant
    task = on_server(studio, done.project_id)[0]["id"]
    studio.post("api/predictions/", json={"task": task, "result": [], "model_version": "other"})
    studio.patch(f"api/projects/{done.project_id}/", json={"maximum_annotations": 5, "model_version": "other"})
    sent(studio, spec, tasks_of(documents_of(TEXTS)))
    assert settings() == meant
    assert {task["overlap"] for task in on_server(studio, done.project_id, "overlap")} == {2}


def test_a_project_without_suggestions_can_be_pushed_to_again(
    studio: Studio, spec: ProjectSpec, make_project: Callable[..., dict[str, Any]], documents_of: Documents
) -> None:
    """The server refuses a model version that no prediction has."""
    make_project(spec.title, spec.config, description=spec.marker)
    assert sent(studio, spec, tasks_of(documents_of(TEXTS))).pushed == 7
    assert sent(studio, spec, tasks_of(documents_of(TEXTS))).present == 7


def test_a_project_is_known_by_title_and_marker_and_two_such_are_refused(
    studio: Studio, spec: ProjectSpec, make_project: Callable[..., dict[str, Any]]
) -> None:
    make_project(spec.title, spec.config, description="somebody else's")
    make_project(f"{spec.title} more", spec.config, description=spec.marker)
    assert find_project(studio, spec) is None
    ours = make_project(spec.title, spec.config, description=f"Ours.\n{spec.marker}\n")
    other = make_project(spec.title, spec.config, description=spec.marker)

    def found() -> int:
        described = find_project(studio, spec)
        assert described is not None
        return int(described["id"])

    assert found() == ours["id"]  # the other was made by a request that arrived twice
    task = {"data": {"text": "A text.", "review_note": "", "title": ""}}
    studio.post(f"api/projects/{other['id']}/import", json=[task])
    assert found() == other["id"]
    studio.post(f"api/projects/{ours['id']}/import", json=[task])
    with pytest.raises(UsageError, match=f"2 projects '{spec.title}'.*remove"):
        find_project(studio, spec)


@pytest.mark.parametrize("fault", ["lost-504", "shorten", "early-504", "double"])
def test_a_project_whose_making_was_answered_badly_is_made_once(
    fault: str, studio: Studio, studio_server: Server, spec: ProjectSpec, documents_of: Documents
) -> None:
    left = [Fault(fault, seconds=0.5)]

    def choose(asked: Asked) -> Fault | None:
        making = asked.method == "POST" and asked.path == "/api/projects/"
        return left.pop() if making and left else None

    with Proxy(studio_server.port, choose) as through, Studio(through.url, studio_server.token) as connection:
        done = sent(connection, spec, tasks_of(documents_of(TEXTS)))
        through.drain()
    assert done.pushed == 7
    found = find_project(studio, spec)
    assert found is not None
    assert found["id"] == done.project_id
    assert sent(studio, spec, tasks_of(documents_of(TEXTS))).present == 7


def test_a_changed_text_is_pushed_as_a_task_of_its_own_and_the_old_one_stays(
    studio: Studio, spec: ProjectSpec, documents_of: Documents
) -> None:
    sent(studio, spec, tasks_of(documents_of(TEXTS)))
    corrected = documents_of({**TEXTS, "doc-0": "Corrected."}, revision=2)
    done = sent(studio, spec, tasks_of(corrected))
    assert (done.pushed, done.present, done.superseded) == (1, 6, 1)
    assert len(on_server(studio, done.project_id)) == 8


@pytest.mark.parametrize("fault", ["lost-504", "lost-502", "garble", "cut-answer", "shorten"])
def test_an_answer_lost_after_the_import_doubles_nothing(
    fault: str, proxy: Spoiler, studio: Studio, studio_server: Server, spec: ProjectSpec, documents_of: Documents
) -> None:
    """Traps 1 and 17: the server commits, and the answer does not arrive; sending it again would double the batch."""
    proxy.spoiled = [fault]
    with Studio(proxy.url, studio_server.token) as through:
        done = sent(through, spec, tasks_of(documents_of(TEXTS)))
    assert proxy.imports == 1
    assert done.pushed == 7
    assert sorted(task["data"]["doc_id"] for task in on_server(studio, done.project_id)) == sorted(TEXTS)


def test_an_answer_lost_between_the_parts_of_a_document_doubles_none_of_them(
    proxy: Spoiler,
    studio: Studio,
    studio_server: Server,
    spec: ProjectSpec,
    documents_of: Documents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "BATCH_TASKS", 1)
    proxy.spoiled = ["", "lost-504", "garble"]
    text = "Same.\n\nSame.\n\nSame.\n\n"
    rows = [("long", at * 7, at * 7 + 7, at + 1, 3, f"w-{at}") for at in range(3)]
    with Studio(proxy.url, studio_server.token) as through:
        earlier = Earlier(windows=from_tuples("windows", rows))
        done = sent(through, spec, tasks_of(documents_of({"long": text})), earlier=earlier)
    assert (proxy.imports, done.pushed) == (3, 3)
    data = [task["data"] for task in on_server(studio, done.project_id)]
    assert sorted((one["window_start"], one["window_end"], one["text"]) for one in data) == [
        (at, at + 7, "Same.\n\n") for at in (0, 7, 14)
    ]


def test_what_did_not_arrive_is_sent_again_and_given_up_after_three_tries(
    proxy: Spoiler, studio_server: Server, spec: ProjectSpec, documents_of: Documents
) -> None:
    tasks = tasks_of(documents_of(TEXTS))
    with Studio(proxy.url, studio_server.token) as through:
        proxy.spoiled = ["bad-gateway", "bad-gateway"]
        assert sent(through, spec, tasks, patience=0.0).pushed == 7
        assert proxy.imports == 3
        proxy.spoiled = ["bad-gateway"] * 3
        more = tasks_of(documents_of({"doc-x": "More."}))
        with pytest.raises(push_module.StudioBroken, match=r"1 tasks, the first of document doc-x, did not arrive"):
            sent(through, spec, more, patience=0.0)
        assert sent(through, spec, more).pushed == 1


def test_batches_keep_to_their_number_and_size_and_a_lost_answer_in_the_middle_is_made_good(
    proxy: Spoiler,
    studio: Studio,
    studio_server: Server,
    spec: ProjectSpec,
    documents_of: Documents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "BATCH_TASKS", 3)
    proxy.spoiled = ["", "lost-504", ""]
    steps: list[int] = []
    with Studio(proxy.url, studio_server.token) as through:
        done = sent(through, spec, tasks_of(documents_of(TEXTS)), progress=lambda _, at, total: steps.append(at))
    assert steps == [3, 6, 7]
    assert len(on_server(studio, done.project_id)) == 7
    monkeypatch.setattr(sending, "BATCH_BYTES", 1)
    more = {f"more-{number}": "Text." for number in range(2)}
    proxy.imports = 0
    with Studio(proxy.url, studio_server.token) as through:
        sent(through, spec, tasks_of(documents_of(more)))
    assert proxy.imports == 2


def test_a_push_stopped_half_way_goes_on_where_it_stopped(
    studio: Studio, spec: ProjectSpec, documents_of: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BATCH_TASKS", 2)
    tasks = tasks_of(documents_of(TEXTS))

    def stop(_: str, done: int, __: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sent(studio, spec, tasks, progress=stop)
    done = sent(studio, spec, tasks)
    assert (done.pushed, done.present, done.doubled) == (3, 4, 0)


def test_an_import_that_a_gateway_sends_twice_leaves_each_task_once(
    proxy: Spoiler, studio: Studio, studio_server: Server, spec: ProjectSpec, documents_of: Documents
) -> None:
    proxy.spoiled = ["double"]
    with Studio(proxy.url, studio_server.token) as through:
        done = sent(through, spec, tasks_of(documents_of(TEXTS)))
    assert (proxy.imports, done.pushed, done.removed, done.doubled) == (1, 7, 7, 0)
    assert sorted(task["data"]["doc_id"] for task in on_server(studio, done.project_id)) == sorted(TEXTS)


def test_an_import_that_was_given_up_and_sent_again_may_arrive_after_all(
    studio: Studio, studio_server: Server, spec: ProjectSpec, documents_of: Documents
) -> None:
    held = [Fault("early-504", seconds=3.0)]  # longer than a slow machine takes to ask again

    def choose(asked: Asked) -> Fault | None:
        return held.pop() if held and "/import" in asked.path else None

    with Proxy(studio_server.port, choose) as through, Studio(through.url, studio_server.token) as connection:
        done = sent(connection, spec, tasks_of(documents_of(TEXTS)), patience=0.5)
        through.drain()
        again = sent(studio, spec, tasks_of(documents_of(TEXTS)))  # on a slow machine it comes even later
    assert (done.pushed, done.removed + again.removed, again.doubled) == (7, 7, 0)
    assert len(on_server(studio, done.project_id)) == 7


def test_of_tasks_that_stand_twice_those_that_nobody_touched_are_removed(
    studio: Studio, spec: ProjectSpec, documents_of: Documents
) -> None:
    done = sent(studio, spec, tasks_of(documents_of(TEXTS)))
    first = {task["data"]["doc_id"]: task for task in on_server(studio, done.project_id)}
    body: dict[str, Any] = {"result": [], "ground_truth": False}
    studio.post(f"api/tasks/{first['doc-1']['id']}/annotations/", json=body)
    studio.post(f"api/tasks/{first['doc-2']['id']}/annotations/", json={**body, "was_cancelled": True})
    studio.post(f"api/tasks/{first['doc-3']['id']}/drafts", json={"result": []})
    studio.post(f"api/tasks/{first['doc-4']['id']}/annotations/", json=body)
    more = [{"data": first[doc_id]["data"]} for doc_id in ("doc-0", "doc-0", "doc-1", "doc-2", "doc-3", "doc-4")]
    ids = studio.post(f"api/projects/{done.project_id}/import", params={"return_task_ids": "true"}, json=more)[
        "task_ids"
    ]
    studio.post(f"api/tasks/{ids[-1]}/annotations/", json=body)
    again = sent(studio, spec, tasks_of(documents_of(TEXTS)))
    assert (again.removed, again.doubled, again.pushed, again.present) == (5, 1, 0, 7)
    kept = {task["id"] for task in on_server(studio, done.project_id)}
    assert kept == {one["id"] for doc_id, one in first.items() if doc_id != "doc-0"} | {ids[1], ids[-1]}


def test_what_is_removed_is_what_nobody_touched_when_the_request_arrives(
    studio: Studio, spec: ProjectSpec, documents_of: Documents
) -> None:
    """An annotator may begin between the look and the removal, and on SQLite an id may be another task's by then."""
    done = sent(studio, spec, tasks_of(documents_of(TEXTS)))
    tasks = {task["data"]["doc_id"]: task["id"] for task in on_server(studio, done.project_id)}
    studio.post(f"api/tasks/{tasks['doc-1']}/annotations/", json={"result": [], "ground_truth": False})
    studio.post(f"api/tasks/{tasks['doc-2']}/annotations/", json={"result": [], "was_cancelled": True})
    studio.post(f"api/tasks/{tasks['doc-3']}/drafts", json={"result": []})
    asked = ["doc-0", "doc-1", "doc-2", "doc-3"]
    assert doubles._remove(studio, done.project_id, list(tasks.values()), doc_ids=asked) == 1
    assert {task["data"]["doc_id"] for task in on_server(studio, done.project_id)} == set(TEXTS) - {"doc-0"}


def test_nothing_is_written_for_a_configuration_title_or_text_that_cannot_be_used(
    studio: Studio, spec: ProjectSpec, documents_of: Documents
) -> None:
    """Trap 6: one NUL or lone surrogate would spoil the whole project."""
    tasks = tasks_of(documents_of(TEXTS))
    with pytest.raises(SchemaError):
        sent(studio, dataclasses.replace(spec, config=spec.config.replace("<Labels", "<Labelz", 1)), tasks)
    with pytest.raises(ConfigError, match="2 characters"):
        sent(studio, dataclasses.replace(spec, title="ab"), tasks)
    assert find_project(studio, spec) is None
    with pytest.raises(DataError, match=r"U\+0000"):
        sent(studio, spec, tasks_of(documents_of({"doc-0": "a\0b"})))
    project = find_project(studio, spec)
    assert project is not None
    assert project["task_number"] == 0


def test_a_configuration_that_takes_away_a_label_in_use_is_refused_and_the_project_stays_as_it_is(
    studio: Studio, spec: ProjectSpec, documents_of: Documents
) -> None:
    """Trap 18: the server lets such a change through, and annotations keep a label that is no longer there."""
    done = sent(studio, spec, tasks_of(documents_of(TEXTS)))
    task = on_server(studio, done.project_id)[0]
    region = {"id": "r", "from_name": "entity", "to_name": "text", "type": "labels"}
    result = [{**region, "value": {"start": 0, "end": 4, "text": "Text", "labels": ["PLACE"]}}]
    studio.post(f"api/tasks/{task['id']}/annotations/", json={"result": result, "ground_truth": False})
    without = spec.config.replace('value="PLACE"', 'value="SPOT"')
    with pytest.raises(
        StudioRefused, match=r"PLACE.*\(fix: put the label .* back into schema\.toml, or set another title"
    ):
        sent(studio, dataclasses.replace(spec, config=without), tasks_of(documents_of(TEXTS)))
    assert studio.get(f"api/projects/{done.project_id}/")["label_config"] == spec.config
    other = sent(
        studio, dataclasses.replace(spec, config=without, title=f"{spec.title}x"), tasks_of(documents_of(TEXTS))
    )
    assert (other.created, other.pushed) == (True, 7)


def test_a_label_in_use_that_was_dropped_before_keeps_no_other_change_out(
    studio: Studio, spec: ProjectSpec, documents_of: Documents
) -> None:
    """A dropped label stays on what people marked, and the server counts labels that drafts had once for ever."""
    texts = {"doc-0": TEXTS["doc-0"]}
    done = sent(studio, spec, tasks_of(documents_of(texts)))
    task = on_server(studio, done.project_id)[0]["id"]
    value = {"start": 0, "end": 4, "text": "Text"}
    regions = [
        {"id": "r", "from_name": "entity", "to_name": "text", "type": "labels", "value": {**value, "labels": [label]}}
        for label in ("PLACE", "DATE", "PERSON")
    ]
    studio.post(f"api/tasks/{task}/annotations/", json={"result": regions[:1], "ground_truth": False})
    studio.post(f"api/tasks/{task}/annotations/", json={"result": regions[2:], "ground_truth": False})
    draft = studio.post(f"api/tasks/{task}/drafts", json={"result": regions[1:2], "lead_time": 1})
    studio.patch(f"api/drafts/{draft['id']}/", json={"result": regions[2:]})
    narrow = spec.config.replace('value="PLACE"', 'value="SPOT"').replace('value="DATE"', 'value="DAY"')
    studio.patch(f"api/projects/{done.project_id}/", json={"label_config": narrow})
    other = narrow.replace('value="SPOT"', 'value="TOWN"')
    sent(studio, dataclasses.replace(spec, config=other), tasks_of(documents_of(texts)))
    assert studio.get(f"api/projects/{done.project_id}/")["label_config"] == other
    with pytest.raises(StudioRefused, match="PERSON"):
        sent(
            studio,
            dataclasses.replace(spec, config=other.replace('value="PERSON"', 'value="HUMAN"')),
            tasks_of(documents_of(texts)),
        )


def test_where_nothing_answers_nothing_is_tried_again_and_again(spec: ProjectSpec, documents_of: Documents) -> None:
    with Studio("http://127.0.0.1:9", "0" * 40) as nowhere, pytest.raises((StudioUnreachable, StudioTimeout)):
        sent(nowhere, spec, tasks_of(documents_of(TEXTS)))


def test_where_a_task_of_an_older_text_that_says_the_same_is_there_none_is_sent(
    studio: Studio, spec: ProjectSpec, documents_of: Documents
) -> None:
    old, new = documents_of({"a": "Qaim fell."}), documents_of({"a": "Qaim  fell."}, revision=2)
    sent(studio, spec, tasks_of(old))
    same = Earlier(unchanged={"a": frozenset(old["text_sha256"].to_pylist())})
    report = sent(studio, spec, tasks_of(new), earlier=same)
    assert (report.pushed, report.present, report.unchanged, report.superseded) == (0, 0, 1, 0)
    assert len(on_server(studio, report.project_id)) == 1
    report = sent(studio, spec, tasks_of(new))
    assert (report.pushed, report.unchanged, report.superseded) == (1, 0, 1)
    report = sent(studio, spec, tasks_of(new), earlier=same)
    assert (report.pushed, report.present, report.unchanged) == (0, 1, 0)
