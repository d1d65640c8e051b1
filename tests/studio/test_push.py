"""Against a real Label Studio, and, where answers must get lost, a real proxy before it."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pyarrow as pa
import pytest

from copydesk.errors import (
    ConfigError,
    DataError,
    SchemaError,
    StudioRefused,
    StudioTimeout,
    StudioUnreachable,
    UsageError,
)
from copydesk.model.tables import TASKS, empty, from_tuples
from copydesk.studio import push as push_module
from copydesk.studio import sending
from copydesk.studio.client import Studio
from copydesk.studio.earlier import Earlier
from copydesk.studio.listing import list_tasks
from copydesk.studio.push import MODEL_VERSION, ProjectSpec, PushReport, find_project, push
from copydesk.studio.server import Server

Documents = Callable[..., pa.Table]
TEXTS = {f"doc-{number}": f"Text {number}: 😀 Noor lives in Aleppo." for number in range(7)}


def tasks_of(documents: pa.Table) -> pa.Table:
    return documents.select(TASKS.names).cast(TASKS)


def suggestions_of(texts: dict[str, str]) -> pa.Table:
    places = {doc_id: text.index("Aleppo") for doc_id, text in texts.items()}
    return from_tuples(
        "suggestions", [(doc_id, at, at + 6, "Aleppo", "PLACE", "name", 0.9) for doc_id, at in places.items()]
    )


def sent(
    studio: Studio, spec: ProjectSpec, tasks: pa.Table, suggestions: pa.Table | None = None, **more: Any
) -> PushReport:
    given = empty("suggestions") if suggestions is None else suggestions
    more.setdefault("progress", lambda *_: None)
    return push(studio, project=spec, tasks=tasks, suggestions=given, **more)


def on_server(studio: Studio, project_id: int, *fields: str) -> list[dict[str, Any]]:
    pages = list_tasks(studio, project_id, fields=("id", "data", *fields), size=100)
    return [task for page, _ in pages for task in page]


@dataclass(slots=True)
class Proxy:
    """A web server that passes requests on to Label Studio. ``spoiled`` says what becomes of the next imports' answers."""

    url: str = ""
    spoiled: list[str] = field(default_factory=list)
    imports: int = 0


@pytest.fixture
def proxy(studio_server: Server) -> Iterator[Proxy]:
    state = Proxy()
    upstream = httpx.Client(base_url=studio_server.url, timeout=60)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fault = self._fault()
            if fault == "refused":  # the request never gets through
                self._send(502, b"<html><title>502 Bad Gateway</title></html>")
                return
            headers = {key: value for key, value in self.headers.items() if key in {"Authorization", "Content-Type"}}
            answer = upstream.request(self.command, self.path, content=body, headers=headers)
            if fault == "timeout":  # what nginx says while Label Studio goes on and commits
                self._send(504, b"<html><title>504 Gateway Time-out</title></html>")
            elif fault == "garbled":
                self._send(200, b"<html>welcome</html>")
            elif fault == "torn":
                self.close_connection = True
            else:
                self._send(answer.status_code, answer.content)

        def _fault(self) -> str:
            if not self.path.startswith("/api/projects/") or "/import" not in self.path:
                return ""
            state.imports += 1
            return state.spoiled.pop(0) if state.spoiled else ""

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()
    upstream.close()


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
    found = find_project(studio, spec)
    assert found is not None
    assert found["id"] == ours["id"]
    make_project(spec.title, spec.config, description=spec.marker)
    with pytest.raises(UsageError, match=f"2 projects '{spec.title}'.*remove"):
        find_project(studio, spec)


def test_a_changed_text_is_pushed_as_a_task_of_its_own_and_the_old_one_stays(
    studio: Studio, spec: ProjectSpec, documents_of: Documents
) -> None:
    sent(studio, spec, tasks_of(documents_of(TEXTS)))
    corrected = documents_of({**TEXTS, "doc-0": "Corrected."}, revision=2)
    done = sent(studio, spec, tasks_of(corrected))
    assert (done.pushed, done.present, done.superseded) == (1, 6, 1)
    assert len(on_server(studio, done.project_id)) == 8


@pytest.mark.parametrize("fault", ["timeout", "garbled", "torn"])
def test_an_answer_lost_after_the_import_doubles_nothing(
    fault: str, proxy: Proxy, studio: Studio, studio_server: Server, spec: ProjectSpec, documents_of: Documents
) -> None:
    """Traps 1 and 17: the server commits, and the answer does not arrive; sending it again would double the batch."""
    proxy.spoiled = [fault]
    with Studio(proxy.url, studio_server.token) as through:
        done = sent(through, spec, tasks_of(documents_of(TEXTS)))
    assert proxy.imports == 1
    assert done.pushed == 7
    assert sorted(task["data"]["doc_id"] for task in on_server(studio, done.project_id)) == sorted(TEXTS)


def test_an_answer_lost_between_the_parts_of_a_document_doubles_none_of_them(
    proxy: Proxy,
    studio: Studio,
    studio_server: Server,
    spec: ProjectSpec,
    documents_of: Documents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "BATCH_TASKS", 1)
    proxy.spoiled = ["", "timeout", "torn"]
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
    proxy: Proxy, studio_server: Server, spec: ProjectSpec, documents_of: Documents
) -> None:
    tasks = tasks_of(documents_of(TEXTS))
    with Studio(proxy.url, studio_server.token) as through:
        proxy.spoiled = ["refused", "refused"]
        assert sent(through, spec, tasks, patience=0.0).pushed == 7
        assert proxy.imports == 3
        proxy.spoiled = ["refused"] * 3
        more = tasks_of(documents_of({"doc-x": "More."}))
        with pytest.raises(push_module.StudioBroken, match=r"1 tasks, the first of document doc-x, did not arrive"):
            sent(through, spec, more, patience=0.0)
        assert sent(through, spec, more).pushed == 1


def test_batches_keep_to_their_number_and_size_and_a_lost_answer_in_the_middle_is_made_good(
    proxy: Proxy,
    studio: Studio,
    studio_server: Server,
    spec: ProjectSpec,
    documents_of: Documents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "BATCH_TASKS", 3)
    proxy.spoiled = ["", "timeout", ""]
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


def test_a_task_that_stands_twice_on_the_server_is_counted(
    studio: Studio, spec: ProjectSpec, documents_of: Documents
) -> None:
    done = sent(studio, spec, tasks_of(documents_of(TEXTS)))
    data = on_server(studio, done.project_id)[0]["data"]
    studio.post(f"api/projects/{done.project_id}/import", json=[{"data": data}])
    again = sent(studio, spec, tasks_of(documents_of(TEXTS)))
    assert (again.doubled, again.pushed, again.present) == (1, 0, 7)


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
