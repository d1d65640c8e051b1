"""Against a real Label Studio: what people do there between pulls, and what the log then holds."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from copydesk.model.schema import LabelSchema
from copydesk.model.tables import TASKS
from copydesk.store import Log
from copydesk.studio import pull as pull_module
from copydesk.studio.changes import current_state
from copydesk.studio.client import Studio
from copydesk.studio.codec import read_labels, shown_text
from copydesk.studio.database import Postgres
from copydesk.studio.listing import find_tasks, id_is_one_of, list_tasks, updated_after
from copydesk.studio.projects import ProjectSpec
from copydesk.studio.pull import PullReport, pull, pull_whole
from copydesk.studio.push import push
from copydesk.studio.server import Server
from copydesk.studio.suggested import Suggested

TEXTS = {f"doc-{number}": f"Text {number}: 😀 Noor lives in Aleppo." for number in range(5)}
Documents = Callable[..., pa.Table]


def quiet(*_: object) -> None:
    pass


class Line:
    """One project with five tasks, one person, and the log that is pulled into."""

    def __init__(self, studio: Studio, spec: ProjectSpec, log: Log, documents: pa.Table) -> None:
        self.studio = studio
        self.spec = spec
        self.log = log
        self.documents = documents
        self.owner = studio.whoami()["id"]
        self.project = self.push(documents)
        self.described: dict[str, Any] = studio.get(f"api/projects/{self.project}/")

    def push(self, documents: pa.Table) -> int:
        tasks = documents.select(TASKS.names).cast(TASKS)
        given = {"project": self.spec, "tasks": tasks, "suggested": Suggested(), "progress": quiet}
        return push(self.studio, **given).project_id

    def task(self, doc_id: str) -> int:
        (task,) = find_tasks(self.studio, self.project, [doc_id])
        return int(task["id"])

    def annotate(self, doc_id: str, *spans: tuple[int, int, str], **more: object) -> int:
        body = {"result": [region(*span) for span in spans], "ground_truth": False, **more}
        return int(self.studio.post(f"api/tasks/{self.task(doc_id)}/annotations/", json=body)["id"])

    def pull(self, how: Callable[..., PullReport] = pull, **more: Any) -> tuple[int, int, int]:
        more.setdefault("progress", quiet)
        given = {"project": self.described, "log": self.log, "pseudonyms": lambda: {self.owner: "A1"}, **more}
        self.report = how(self.studio, **given)
        return self.report.new, self.report.changed, self.report.gone

    def state(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = current_state(self.log).to_pylist()
        return rows

    def live(self) -> list[str]:
        return sorted(row["doc_id"] for row in self.state() if row["state"] == "live")


def region(start: object, end: object, label: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": "?", "labels": [label]}
    return {"id": f"{start}:{end}:{label}", "from_name": "entity", "to_name": "text", "type": "labels", "value": value}


@pytest.fixture
def line(studio: Studio, spec: ProjectSpec, tmp_path: Path, documents_of: Documents) -> Line:
    return Line(studio, spec, Log(tmp_path / "pulls"), documents_of(TEXTS))


def test_a_second_pull_appends_nothing_and_asks_once(
    line: Line, studio_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.annotate("doc-0", (0, 4, "PLACE"))
    line.annotate("doc-3", (0, 4, "PLACE"))
    assert line.pull() == (2, 0, 0)
    assert line.report.seen == 5
    digest = line.log.digest
    asked: list[str] = []

    class Counting(Studio):
        def get(self, path: str, *, params: Mapping[str, Any] | None = None, json: object = None) -> Any:
            asked.append(path)
            return super().get(path, params=params, json=json)

    with Counting(studio_server.url, studio_server.token) as line.studio:
        assert line.pull() == (0, 0, 0)
    assert asked == ["api/tasks/"]
    assert line.report == PullReport(new=0, changed=0, gone=0, unchanged=2, elsewhere=0, seen=0, nothing_new=True)
    assert line.log.digest == digest


def test_a_large_pull_that_is_cut_off_keeps_what_it_read_and_the_next_one_reads_the_rest(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull_module, "PAGE", 1)
    monkeypatch.setattr(pull_module, "PART_ROWS", 2)
    first, *rest = (line.annotate(doc_id, (0, 4, "PLACE")) for doc_id in sorted(TEXTS))

    def cut_off(_what: str, done: int, _total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        line.pull(progress=cut_off)
    assert line.live() == ["doc-0", "doc-1"]
    line.studio.delete(f"api/annotations/{first}/")
    assert line.pull() == (3, 0, 1)
    assert line.report.unchanged == 1
    assert line.live() == ["doc-1", "doc-2", "doc-3", "doc-4"]
    assert len(line.state()) == len(rest) + 1
    assert line.pull() == (0, 0, 0)
    assert line.report.seen == 0


def test_what_a_pull_brings_says_who_when_and_on_which_text(line: Line) -> None:
    number = line.annotate("doc-1", (0, 4, "PLACE"), lead_time=2.5)
    line.pull()
    (row,) = line.state()
    document = line.documents.to_pylist()[1]
    assert {key: row[key] for key in ("doc_id", "revision", "text_sha256", "annotator", "lead_time", "state")} == {
        "doc_id": "doc-1",
        "revision": 1,
        "text_sha256": document["text_sha256"],
        "annotator": "A1",
        "lead_time": 2.5,
        "state": "live",
    }
    assert row["annotation_id"].split("-")[1:] == [str(line.task("doc-1")), str(number)]
    assert (row["project_id"], row["project"]) == (line.project, f"{line.project}-{line.described['created_at']}")
    assert (row["cancelled"], row["ground_truth"]) == (False, False)
    assert json.loads(row["result"])[0]["value"]["labels"] == ["PLACE"]


def test_every_version_of_an_annotation_is_kept(line: Line) -> None:
    number = line.annotate("doc-0", (0, 4, "PLACE"))
    line.pull()
    line.studio.patch(f"api/annotations/{number}/", json={"result": [region(0, 4, "PERSON")]})
    line.annotate("doc-0", (5, 6, "DATE"))
    assert line.pull() == (1, 1, 0)
    assert line.pull() == (0, 0, 0)
    (label,) = [
        json.loads(row["result"])[0]["value"]["labels"]
        for row in line.state()
        if row["annotation_id"].endswith(f"-{number}")
    ]
    assert label == ["PERSON"]
    assert line.log.read("annotations").num_rows == 3


def test_a_deleted_annotation_leaves_a_tombstone_with_its_last_content(line: Line) -> None:
    number = line.annotate("doc-0", (0, 4, "PLACE"))
    line.annotate("doc-1", (0, 4, "PLACE"))
    line.pull()
    line.studio.delete(f"api/annotations/{number}/")
    assert line.pull() == (0, 0, 1)
    assert line.live() == ["doc-1"]
    (gone,) = [row for row in line.state() if row["state"] == "gone"]
    assert gone["doc_id"] == "doc-0"
    assert json.loads(gone["result"])[0]["value"]["labels"] == ["PLACE"]
    assert line.pull() == (0, 0, 0)


def test_a_deleted_task_leaves_tombstones(line: Line) -> None:
    """Trap 12: nothing on the server says that a task was deleted."""
    line.annotate("doc-0", (0, 4, "PLACE"))
    line.annotate("doc-2", (0, 4, "PLACE"))
    line.annotate("doc-2", (0, 4, "PERSON"))
    line.pull()
    line.studio.delete(f"api/tasks/{line.task('doc-2')}/")
    assert line.pull() == (0, 0, 2)
    assert line.live() == ["doc-0"]
    assert line.pull() == (0, 0, 0)
    states = line.log.read("task_states").to_pylist()
    assert [row["doc_id"] for row in states if row["state"] == "gone"] == ["doc-2"]


def test_a_task_deleted_while_another_is_made_is_seen_though_the_counts_are_the_same(
    line: Line, documents_of: Documents
) -> None:
    line.annotate("doc-0", (0, 4, "PLACE"))
    line.pull()
    line.studio.delete(f"api/tasks/{line.task('doc-0')}/")
    line.push(documents_of({"doc-9": "Another."}))
    line.annotate("doc-9", (0, 4, "PLACE"))
    assert line.pull() == (1, 0, 1)
    assert line.live() == ["doc-9"]


@pytest.mark.parametrize("between", [True, False])
def test_an_id_that_is_given_again_does_not_glue_old_labels_to_another_text(
    line: Line, documents_of: Documents, schema: LabelSchema, database: Postgres | None, between: bool
) -> None:
    """Trap 4: on SQLite a deleted task's id, and an imported annotation's, go to the next one; PostgreSQL gives none twice."""
    last = line.task("doc-4")
    line.annotate("doc-4", (0, 4, "PLACE"))
    line.pull()
    line.studio.delete(f"api/tasks/{last}/")
    if between:
        line.pull()
    other = documents_of({"doc-9": "Something else altogether."})
    line.push(other)
    assert (line.task("doc-9") == last) == (database is None)
    line.annotate("doc-9", (0, 9, "PERSON"))
    assert line.pull() == (1, 0, 0 if between else 1)
    assert Counter((row["doc_id"], row["state"]) for row in line.state()) == {
        ("doc-4", "gone"): 1,
        ("doc-9", "live"): 1,
    }
    outcome = read_labels(current_state(line.log), documents=pa.concat_tables([line.documents, other]), schema=schema)
    assert outcome.kept["spans"]["surface"].to_pylist() == ["Something"]
    assert line.pull() == (0, 0, 0)


def test_spans_on_a_text_that_was_changed_in_label_studio_are_rejected(line: Line, schema: LabelSchema) -> None:
    """Trap 18: anyone can change a task's text under the offsets of what was marked in it."""
    line.annotate("doc-0", (0, 4, "PLACE"))
    line.pull()
    task = line.studio.get(f"api/tasks/{line.task('doc-0')}/")
    line.studio.patch(f"api/tasks/{task['id']}/", json={"data": {**task["data"], "text": "x" + task["data"]["text"]}})
    assert line.pull() == (0, 1, 0)
    outcome = read_labels(current_state(line.log), documents=line.documents, schema=schema)
    assert outcome.rejected["reason"].to_pylist() == ["text-changed"]
    assert outcome.kept_rows == 0


def test_a_note_to_the_annotator_changes_no_annotation(line: Line) -> None:
    line.annotate("doc-0", (0, 4, "PLACE"))
    line.pull()
    task = line.studio.get(f"api/tasks/{line.task('doc-0')}/")
    line.studio.patch(f"api/tasks/{task['id']}/", json={"data": {**task["data"], "review_note": "Look again."}})
    assert line.pull() == (0, 0, 0)
    assert line.pull() == (0, 0, 0)
    assert line.report.seen == 0


def test_what_was_imported_past_us_is_kept_in_the_log_and_rejected_with_its_reason(
    line: Line, documents_of: Documents, schema: LabelSchema
) -> None:
    """Traps 8 and 9: the server takes any label and offset, and takes imported annotations for the truth."""
    text = "Imported by somebody."
    other = documents_of({"doc-8": text})
    row = other.to_pylist()[0]
    data = {key: row[key] for key in ("doc_id", "revision", "text_sha256", "text")} | {"review_note": "", "title": ""}
    faulty = [
        region(0, 900, "PLACE"),
        region(5, 2, "PLACE"),
        region(0, 8, "GPE"),
        region("1", "2", "DATE"),
        region(0, 8, "DATE"),
    ]
    faulty.append({**region(0, 3, "PLACE"), "from_name": "nope"})
    bare = {"text": "A task that is not ours.", "review_note": ""}
    tasks = [{"data": data, "annotations": [{"result": faulty}]}, {"data": bare, "annotations": [{"result": []}]}]
    line.studio.post(f"api/projects/{line.project}/import", json=tasks)
    assert line.pull() == (2, 0, 0)
    assert line.state()[0]["ground_truth"] is True
    outcome = read_labels(current_state(line.log), documents=pa.concat_tables([line.documents, other]), schema=schema)
    assert Counter(outcome.rejected["reason"].to_pylist()) == {
        "span-outside-text": 1,
        "bad-offsets": 2,
        "unknown-label": 1,
        "unmapped-result": 1,
        "unknown-document": 1,
    }
    assert outcome.kept["spans"]["surface"].to_pylist() == ["Imported"]


def test_skipped_tasks_are_in_the_log_and_no_votes(line: Line, schema: LabelSchema) -> None:
    """Trap 14: another way of asking leaves skipped annotations out."""
    line.annotate("doc-0", (0, 4, "PLACE"), was_cancelled=True)
    number = line.annotate("doc-1", (0, 4, "PLACE"))
    assert line.pull() == (2, 0, 0)
    outcome = read_labels(current_state(line.log), documents=line.documents, schema=schema)
    assert outcome.rejected["reason"].to_pylist() == ["cancelled"]
    assert line.pull() == (0, 0, 0)
    line.studio.patch(f"api/annotations/{number}/", json={"was_cancelled": True})
    assert line.pull() == (0, 1, 0)
    assert line.pull() == (0, 0, 0)


def test_a_change_that_has_no_time_of_its_own_is_found_by_its_content(line: Line) -> None:
    """Trap 13: making one annotation the truth takes that from its sibling, whose time stays as it is."""
    first = line.annotate("doc-0", (0, 4, "PLACE"), ground_truth=True)
    second = line.annotate("doc-0", (0, 4, "PERSON"))
    line.pull()
    line.studio.patch(f"api/annotations/{second}/", json={"ground_truth": True})
    assert line.pull() == (0, 2, 0)
    flags = {int(row["annotation_id"].split("-")[2]): row["ground_truth"] for row in line.state()}
    assert flags == {first: False, second: True}


def test_of_two_annotations_of_one_person_the_one_saved_last_counts_even_if_it_was_saved_as_it_was(
    line: Line, schema: LabelSchema
) -> None:
    first = line.annotate("doc-0", (0, 4, "PLACE"))
    line.annotate("doc-0", (0, 4, "PERSON"))
    assert line.pull() == (2, 0, 0)
    line.studio.patch(f"api/annotations/{first}/", json={"result": [region(0, 4, "PLACE")]})
    assert line.pull() == (0, 1, 0)
    outcome = read_labels(current_state(line.log), documents=line.documents, schema=schema)
    assert outcome.kept["spans"]["label"].to_pylist() == ["PLACE"]
    assert line.pull() == (0, 0, 0)


def test_a_whole_pull_finds_what_the_watermark_hides(line: Line) -> None:
    """Trap 13: an entry that never reached the log, though later ones did."""
    line.annotate("doc-0", (0, 4, "PLACE"))
    line.annotate("doc-1", (0, 4, "PLACE"))
    line.pull()
    part = line.log.parts()[0]
    kept = part.read("annotations").slice(1)
    behind = Log(line.log.folder.parent / "behind")
    behind.append({"annotations": kept, "task_states": part.read("task_states")}, {"stage": "pull"})
    line.log = behind
    assert line.pull() == (0, 0, 0)
    assert line.pull(pull_whole) == (1, 0, 0)
    assert line.pull(pull_whole) == (0, 0, 0)


def test_an_annotation_of_nobody_known_is_kept_and_is_no_vote(line: Line, schema: LabelSchema) -> None:
    line.annotate("doc-0", (0, 4, "PLACE"))
    line.pull(pseudonyms=lambda: {})
    outcome = read_labels(current_state(line.log), documents=line.documents, schema=schema)
    assert outcome.rejected["reason"].to_pylist() == ["unknown-annotator"]


def test_nobody_is_asked_for_names_where_there_is_nothing_to_name(line: Line) -> None:
    def asked() -> Mapping[int, str]:
        raise AssertionError("asked for names")

    assert line.pull(pseudonyms=asked) == (0, 0, 0)
    assert line.report.nothing_new
    assert line.log.read("task_states").num_rows == 5


def test_tasks_deleted_while_pages_are_read_cost_no_other_task(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap 11: pages by number shift when an earlier task is deleted, and lose one."""
    monkeypatch.setattr(pull_module, "PAGE", 2)
    for doc_id in TEXTS:
        line.annotate(doc_id, (0, 4, "PLACE"))
    first = line.task("doc-0")

    def delete(_: str, done: int, __: int) -> None:
        if done == 2:
            line.studio.delete(f"api/tasks/{first}/")

    assert line.pull(progress=delete) == (5, 0, 1)
    assert line.live() == ["doc-1", "doc-2", "doc-3", "doc-4"]
    assert line.pull() == (0, 0, 0)


def test_a_pull_that_is_stopped_leaves_the_log_as_it_was(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull_module, "PAGE", 2)
    line.annotate("doc-4", (0, 4, "PLACE"))

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        line.pull(progress=stop)
    assert line.log.parts() == []
    assert line.pull() == (1, 0, 0)


def test_two_projects_share_a_log_without_touching_each_other(
    line: Line, spec: ProjectSpec, documents_of: Documents
) -> None:
    line.annotate("doc-0", (0, 4, "PLACE"))
    line.pull()
    other = Line(line.studio, dataclasses.replace(spec, title=f"{spec.title}x"), line.log, line.documents)
    other.annotate("doc-1", (0, 4, "PLACE"))
    assert other.pull() == (1, 0, 0)
    assert line.pull() == other.pull() == (0, 0, 0)
    assert line.live() == ["doc-0", "doc-1"]
    assert (line.report.elsewhere, other.report.elsewhere) == (1, 1)


@pytest.mark.parametrize("how", [pull, pull_whole])
def test_what_was_pulled_from_another_server_stays_though_the_project_and_its_tasks_have_the_same_ids(
    line: Line, how: Callable[..., PullReport]
) -> None:
    elsewhere = {**line.described, "created_at": "2020-01-01T00:00:00.000001Z"}  # the same ids, of an earlier server
    line.annotate("doc-0", (0, 4, "PLACE"))
    line.annotate("doc-1", (0, 4, "PLACE"))
    assert line.pull(how, project=elsewhere) == (2, 0, 0)
    line.studio.delete(f"api/tasks/{line.task('doc-0')}/")
    assert line.pull(how) == (1, 0, 0)
    assert (line.report.elsewhere, line.report.unchanged) == (2, 0)
    assert line.live() == ["doc-0", "doc-1", "doc-1"]
    assert len({row["annotation_id"] for row in line.state()}) == 3
    assert line.pull(how) == (0, 0, 0)
    line.studio.delete(f"api/tasks/{line.task('doc-1')}/")
    assert line.pull(how) == (0, 0, 1)
    assert line.live() == ["doc-0", "doc-1"]


def test_labels_of_a_project_that_was_deleted_count_until_their_annotator_annotates_anew(
    line: Line, schema: LabelSchema
) -> None:
    line.annotate("doc-0", (0, 4, "PLACE"))
    line.annotate("doc-1", (0, 4, "PLACE"))
    line.pull()
    line.studio.delete(f"api/projects/{line.project}/")
    again = Line(line.studio, line.spec, line.log, line.documents)
    again.annotate("doc-1", (0, 4, "PERSON"))
    assert again.pull() == (1, 0, 0)
    assert again.report.elsewhere == 2
    outcome = read_labels(current_state(line.log), documents=line.documents, schema=schema)
    spans = outcome.kept["spans"].select(["doc_id", "label"]).to_pylist()
    assert [tuple(span.values()) for span in spans] == [("doc-0", "PLACE"), ("doc-1", "PERSON")]
    assert outcome.rejected["reason"].to_pylist() == ["superseded"]


def test_the_text_that_the_server_holds_is_the_one_that_was_sent(line: Line) -> None:
    line.annotate("doc-0", (0, 4, "PLACE"))
    line.pull()
    (row,) = line.state()
    assert row["shown_sha256"] == hashlib.sha256(shown_text(TEXTS["doc-0"]).encode()).hexdigest()
    assert row["shown_sha256"] != row["text_sha256"]


def test_only_what_was_asked_for_is_listed_and_a_whole_second_is_a_time_too(line: Line) -> None:
    """Trap 10: a filter may be ignored without a word; trap 20: a time without microseconds makes the server fail."""
    asked = ["doc-1", "doc-3", "doc-none"]
    assert sorted(task["data"]["doc_id"] for task in find_tasks(line.studio, line.project, asked)) == ["doc-1", "doc-3"]
    whole_second = updated_after(datetime(2020, 1, 1, tzinfo=UTC))
    ids = id_is_one_of([line.task("doc-0"), line.task("doc-2")])
    (page,) = list_tasks(line.studio, line.project, whole_second, ids, fields=("id", "data"), size=10)
    assert [task["data"]["doc_id"] for task in page[0]] == ["doc-0", "doc-2"]
