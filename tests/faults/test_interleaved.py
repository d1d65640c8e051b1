"""The law that however people's work and pulls are interleaved, the log ends in the same state: that of the server."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from copydesk.model.document import text_sha256
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import DOCUMENTS, from_rows
from copydesk.store import Log
from copydesk.studio import pull as pull_module
from copydesk.studio.changes import current_state
from copydesk.studio.client import Studio
from copydesk.studio.codec import read_labels, to_result
from copydesk.studio.interface import to_config
from copydesk.workspace import Workspace

pytestmark = pytest.mark.studio

TEXTS = [f"Text {number}: Noor lives in Aleppo." for number in range(4)]
COMPARED = (
    *("annotation_id", "doc_id", "annotator", "created_at", "updated_at", "cancelled", "ground_truth", "state"),
    *("text_sha256", "shown_sha256", "result"),
)
people = st.integers(0, 1)
picks = st.integers(0, 99)  # of whatever there is
marks = st.lists(
    st.sampled_from([(0, 4, "GPE"), (8, 12, "PERSON"), (22, 28, "GPE"), (8, 28, "ORG")]), unique=True, max_size=3
)
numbers = itertools.count(1)


class Interleaved(RuleBasedStateMachine):
    """Two people work in one project, directly; meanwhile one log is pulled into now and then."""

    desk: Any
    schema: LabelSchema

    def __init__(self) -> None:
        super().__init__()
        server = self.desk.server
        self.http = httpx.Client(base_url=server.url, headers={"Authorization": f"Token {server.token}"}, timeout=60)
        self.studio = Studio(server.url, server.token)
        self.folder = tempfile.TemporaryDirectory()
        self.log = Log(Path(self.folder.name) / "often")
        self.tasks: dict[int, str] = {}  # doc_id by id
        self.there: dict[int, dict[str, Any]] = {}  # what each annotation is to be

    @initialize(overlap=st.sampled_from([timedelta(0), pull_module.OVERLAP]))
    def begin(self, overlap: timedelta) -> None:
        self.overlap, self.usual = overlap, pull_module.OVERLAP
        body = {"title": f"interleaved {next(numbers)}", "label_config": to_config(self.schema)}
        self.project = self._done(self.http.post("api/projects/", json=body))
        self.users = {
            self._done(self.http.get("api/current-user/whoami", headers=self._as(who)))["id"]: f"A{who}"
            for who in (0, 1)
        }
        for number in (0, 1):
            self._import(number)

    @precondition(lambda self: len(set(self.tasks.values())) < len(TEXTS))
    @rule()
    def new_task(self) -> None:
        self._import(next(number for number in range(len(TEXTS)) if f"doc-{number}" not in self.tasks.values()))

    @precondition(lambda self: len(self.tasks) > 1)
    @rule(pick=picks)
    def delete_task(self, pick: int) -> None:
        task = self._pick(self.tasks, pick)
        self._done(self.http.delete(f"api/tasks/{task}/"))
        del self.tasks[task]
        self.there = {key: one for key, one in self.there.items() if one["task"] != task}

    @rule(pick=picks, who=people, marked=marks, cancelled=st.booleans())
    def annotate(self, pick: int, who: int, marked: list[Any], cancelled: bool) -> None:
        task = self._pick(self.tasks, pick)
        body = {"result": _result(marked), "was_cancelled": cancelled, "ground_truth": False}
        made = self._done(self.http.post(f"api/tasks/{task}/annotations/", json=body, headers=self._as(who)))
        self.there[made["id"]] = {
            "task": task,
            "who": f"A{who}",
            "marked": marked,
            "cancelled": cancelled,
            "truth": False,
        }

    @precondition(lambda self: self.there)
    @rule(pick=picks, marked=marks)
    def edit(self, pick: int, marked: list[Any]) -> None:
        self._change(pick, {"marked": marked}, result=_result(marked))

    @precondition(lambda self: self.there)
    @rule(pick=picks)
    def save_as_it_is(self, pick: int) -> None:
        self._change(pick, {}, result=_result(self.there[self._pick(self.there, pick)]["marked"]))

    @precondition(lambda self: self.there)
    @rule(pick=picks, cancelled=st.booleans())
    def skip_or_take_up(self, pick: int, cancelled: bool) -> None:
        self._change(pick, {"cancelled": cancelled}, was_cancelled=cancelled)

    @precondition(lambda self: self.there)
    @rule(pick=picks)
    def make_it_the_truth(self, pick: int) -> None:
        chosen = self._pick(self.there, pick)
        for one in self.there.values():
            if one["task"] == self.there[chosen]["task"]:
                one["truth"] = False
        self._change(pick, {"truth": True}, ground_truth=True)

    @precondition(lambda self: self.there)
    @rule(pick=picks)
    def delete(self, pick: int) -> None:
        chosen = self._pick(self.there, pick)
        self._done(self.http.delete(f"api/annotations/{chosen}/"))
        del self.there[chosen]

    @rule()
    def pull(self) -> None:
        self._pull(pull_module.pull, self.log)
        self._compare_with_what_is_meant()

    @rule()
    def pull_whole(self) -> None:
        self._pull(pull_module.pull_whole, self.log)
        self._compare_with_what_is_meant()

    def teardown(self) -> None:
        try:
            if self.tasks:
                self._end()
        finally:
            self.http.close()
            self.studio.close()
            self.folder.cleanup()

    def _end(self) -> None:
        self.pull()
        once = Log(Path(self.folder.name) / "once")
        self._pull(pull_module.pull, once)
        assert _live(self.log) == _live(once)
        assert self._labels(self.log) == self._labels(once)

    def _compare_with_what_is_meant(self) -> None:
        meant = sorted(
            (self.tasks[one["task"]], key, one["who"], one["cancelled"], one["truth"], _result(one["marked"]))
            for key, one in self.there.items()
        )
        had = sorted(
            (
                row["doc_id"],
                int(row["annotation_id"].rsplit("-", 1)[1]),
                row["annotator"],
                row["cancelled"],
                row["ground_truth"],
                json.loads(row["result"]),
            )
            for row in _live(self.log)
        )
        assert had == meant

    def _labels(self, log: Log) -> Any:
        outcome = read_labels(current_state(log), documents=_documents(), schema=self.schema)
        return [outcome.kept[name].to_pylist() for name in ("reads", "spans")]

    def _pull(self, how: Callable[..., Any], log: Log) -> None:
        pull_module.OVERLAP = self.overlap
        try:
            how(self.studio, project=self.project, log=log, pseudonyms=lambda: self.users, progress=lambda *_: None)
        finally:
            pull_module.OVERLAP = self.usual

    def _import(self, number: int) -> None:
        text = TEXTS[number]
        known = {"doc_id": f"doc-{number}", "revision": 1, "text_sha256": text_sha256(text)}
        body = [{"data": {**known, "title": "", "text": text, "review_note": ""}}]
        path = f"api/projects/{self.project['id']}/import?return_task_ids=true"
        (task,) = self._done(self.http.post(path, json=body))["task_ids"]
        self.tasks[task] = known["doc_id"]

    def _change(self, pick: int, to_be: dict[str, Any], **body: object) -> None:
        chosen = self._pick(self.there, pick)
        self._done(self.http.patch(f"api/annotations/{chosen}/", json=body))
        self.there[chosen] |= to_be

    def _as(self, who: int) -> dict[str, str]:
        return {"Authorization": f"Token {self.desk.tokens[who]}"}

    @staticmethod
    def _pick(of: dict[int, Any], pick: int) -> int:
        return sorted(of)[pick % len(of)]

    @staticmethod
    def _done(response: httpx.Response) -> Any:
        response.raise_for_status()
        return response.json() if response.content else None


def _live(log: Log) -> list[dict[str, Any]]:
    rows = current_state(log).to_pylist()
    kept = [{name: row[name] for name in COMPARED} for row in rows if row["state"] == "live"]
    return sorted(kept, key=lambda row: str(row["annotation_id"]))


def _result(marked: list[Any]) -> list[dict[str, Any]]:
    spans = [
        {"start": start, "end": end, "surface": "", "label": label, "origin": "manual", "span_id": f"{start}:{end}"}
        for start, end, label in marked
    ]
    return to_result(spans)


def _documents() -> Any:
    rows = [
        {
            **dict.fromkeys(DOCUMENTS.names),
            "doc_id": f"doc-{number}",
            "revision": 1,
            "text_sha256": text_sha256(text),
            "source": f"{number}.txt",
            "raw_sha256": "0" * 64,
            "recipe": "test/1",
            "text": text,
        }
        for number, text in enumerate(TEXTS)
    ]
    return from_rows("documents", rows)


def interleave(desk: Any, *, examples: int, steps: int) -> None:
    schema = Workspace.open(desk.template).schema()
    machine = type("Machine", (Interleaved,), {"desk": desk, "schema": schema})
    how = settings(
        deadline=None,
        database=None,
        derandomize=examples < 10,
        max_examples=examples,
        stateful_step_count=steps,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=how)


def test_however_work_and_pulls_are_interleaved_the_log_ends_as_the_server_is(desk: Any) -> None:
    interleave(desk, examples=6, steps=12)


@pytest.mark.soak
@pytest.mark.timeout(6 * 3600)
def test_however_work_and_pulls_are_interleaved_at_length_the_log_ends_as_the_server_is(
    desk: Any, record_property: Callable[[str, object], None]
) -> None:
    interleave(desk, examples=300, steps=40)
    record_property("examples", "300 interleavings of up to 40 steps")
