"""Rules of the doctor: each thing that can be wrong is made on the live server, found, told with what mends it, and mended."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from copydesk.errors import StudioError
from copydesk.flow import doctor, gold
from copydesk.flow.connect import connected
from copydesk.flow.studio import pull, push
from copydesk.flow.versions import examine_packages, installed
from copydesk.store import read_secrets
from copydesk.studio.client import Studio
from copydesk.studio.projects import MODEL_VERSION
from copydesk.workspace import Workspace

Shell = Callable[..., CompletedProcess[str]]


@dataclass(frozen=True, slots=True)
class Desk:
    """A workspace with its own Label Studio, and its one project and task there, new for each test."""

    folder: Path
    studio: Studio
    shell: Shell
    project: dict[str, Any]
    task: dict[str, Any]

    def doctor(self, options: str = "") -> tuple[int, dict[str, dict[str, Any]]]:
        """Look, as the command does; gives the exit code and the findings by code."""
        report = doctor.doctor(Workspace.open(self.folder), fix=options == "--fix", progress=silent)
        fault = doctor.finding_fault(report)
        return fault.exit_code if fault else 0, {one["code"]: one for one in report.data["findings"]}

    def annotate(self, result: list[dict[str, Any]], *, by: Studio | None = None, **options: object) -> dict[str, Any]:
        body = {"result": result, "ground_truth": False, "lead_time": 12.5, **options}
        made: dict[str, Any] = (by or self.studio).post(f"api/tasks/{self.task['id']}/annotations/", json=body)
        return made

    def marked(self) -> list[tuple[int, list[Any]]]:
        """Give what people marked, by annotation."""
        query = {"project": self.project["id"], "fields": "all"}
        tasks = self.studio.get("api/tasks/", params=query)["tasks"]
        return sorted((one["id"], one["result"]) for task in tasks for one in task["annotations"])

    def patch_task(self, **values: object) -> None:
        self.studio.patch(f"api/tasks/{self.task['id']}/", json=values)

    def patch_project(self, **values: object) -> None:
        self.studio.patch(f"api/projects/{self.project['id']}/", json=values)


@pytest.fixture(scope="module")
def served(label_studio_installed: None, tmp_path_factory: pytest.TempPathFactory, shell: Shell) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("doctor")
    done = shell("copydesk init desk && cd desk && copydesk ingest && copydesk studio start", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert shell("copydesk people add anna ben", cwd=folder / "desk").returncode == 0
    yield folder / "desk"
    shell("copydesk studio stop", cwd=folder / "desk")


@pytest.fixture
def desk(served: Path, shell: Shell) -> Iterator[Desk]:
    with connected(Workspace.open(served)) as studio:
        for old in studio.get("api/projects/")["results"]:
            studio.delete(f"api/projects/{old['id']}/")
        push(Workspace.open(served), progress=silent)
        (project,) = studio.get("api/projects/")["results"]
        (task,) = studio.get("api/tasks/", params={"project": project["id"]})["tasks"]
        yield Desk(served, studio, shell, project, task)


def silent(_what: str, _done: int, _total: int) -> None:
    """Take note of progress."""


def region(**changes: object) -> dict[str, Any]:
    value = {"start": 0, "end": 4, "text": "", "labels": ["LOC"]} | changes
    return {"id": "r1", "from_name": "entity", "to_name": "text", "type": "labels", "value": value}


def person(desk: Desk, name: str) -> Studio:
    people = read_secrets(desk.folder / ".copydesk" / "people.json")["people"]
    return desk.studio.as_person(next(one["token"] for one in people if one["name"] == name))


def test_nothing_is_found_where_nothing_is_wrong(desk: Desk) -> None:
    desk.annotate([region()])
    assert desk.doctor() == (0, {})


def orphan(desk: Desk) -> None:
    desk.annotate([region(labels=["NOBODY"])])


def unknown_control(desk: Desk) -> None:
    desk.annotate([{**region(), "from_name": "nope"}])


def offsets(desk: Desk) -> None:
    desk.annotate([region(end=10**6)])


def reversed_offsets(desk: Desk) -> None:
    desk.annotate([region(start=4, end=4)])


def broken_relation(desk: Desk) -> None:
    relation = {"type": "relation", "from_id": "r1", "to_id": "gone", "direction": "right", "labels": []}
    desk.annotate([region(), relation])


def ground_truth_drawn(desk: Desk) -> None:
    desk.annotate([region()], ground_truth=True)


def duplicate(desk: Desk) -> None:
    desk.studio.post(f"api/projects/{desk.project['id']}/import", json=[{"data": desk.task["data"]}])


def two(desk: Desk) -> None:
    desk.annotate([region()])
    desk.annotate([region(end=5)])


def text_changed(desk: Desk) -> None:
    desk.patch_task(data={**desk.task["data"], "text": "Another text."})


def unknown_document(desk: Desk) -> None:
    desk.patch_task(data={**desk.task["data"], "doc_id": "nobody/knows"})


def config(desk: Desk) -> None:
    desk.patch_project(label_config=desk.project["label_config"].replace("LOC", "LOCATION"))


BY_PERSON = {
    "orphan-label": [orphan],
    "unknown-control": [unknown_control],
    "invalid-offsets": [offsets, reversed_offsets],
    "broken-relation": [broken_relation],
    "ground-truth": [ground_truth_drawn],
    "duplicate-task": [duplicate],
    "two-annotations": [two],
    "text-changed": [text_changed],
    "unknown-document": [unknown_document],
    "config-drift": [config],
}


@pytest.mark.parametrize(("code", "make"), [(code, make) for code, makes in BY_PERSON.items() for make in makes])
def test_what_only_a_person_can_mend_is_found_and_fix_leaves_it_as_it_is(
    desk: Desk, code: str, make: Callable[[Desk], None]
) -> None:
    make(desk)
    exit_code, found = desk.doctor()
    assert (exit_code, set(found)) == (1, {code})
    assert found[code]["count"] == 1
    assert found[code]["example"]
    assert found[code]["mend"]
    query = {"project": desk.project["id"], "fields": "all"}
    before = desk.studio.get("api/tasks/", params=query)
    assert desk.doctor("--fix") == (exit_code, found)
    assert desk.studio.get("api/tasks/", params=query) == before


def imported_ground_truth(desk: Desk) -> None:
    task = {"data": {**desk.task["data"]}, "annotations": [{"result": [region()]}]}
    desk.studio.delete(f"api/tasks/{desk.task['id']}/")
    desk.studio.post(f"api/projects/{desk.project['id']}/import", json=[task])


def overlap(desk: Desk) -> None:
    desk.patch_task(overlap=5)


def settings(desk: Desk) -> None:
    desk.patch_project(skip_queue="IGNORE_SKIPPED")


def other_predictions(desk: Desk) -> None:
    other = {"task": desk.task["id"], "model_version": "another", "result": []}
    desk.studio.post("api/predictions/", json={**other, "model_version": "copydesk suggestions"})
    desk.studio.post("api/predictions/", json=other)
    desk.patch_project(model_version="another")


def predictions_off(desk: Desk) -> None:
    desk.studio.post(
        "api/predictions/", json={"task": desk.task["id"], "model_version": "copydesk suggestions", "result": []}
    )
    desk.patch_project(show_collab_predictions=False)


@contextmanager
def backend(desk: Desk, *, answers: str = MODEL_VERSION, **registered: object) -> Iterator[None]:
    """An ML backend that the project asks, as ``copydesk backend`` registers it; it answers as a model of a version."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"status": "UP", "model_version": answers}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        told = {"project": desk.project["id"], "title": MODEL_VERSION, "description": "copydesk backend", "url": url}
        desk.studio.post("api/ml/", json=told)
        if registered:
            (made,) = desk.studio.get("api/ml/", params={"project": desk.project["id"]})
            desk.studio.patch(f"api/ml/{made['id']}", json={**told, **registered})
        yield
        server.shutdown()


def dead_backend(desk: Desk) -> None:
    with backend(desk):
        pass


BY_PROGRAM = {
    "ground-truth": [imported_ground_truth],
    "overlap-drift": [overlap],
    "settings-drift": [settings],
    "hidden-predictions": [other_predictions, predictions_off],
    "dead-backend": [dead_backend],
}


@pytest.mark.parametrize(("code", "make"), [(code, make) for code, makes in BY_PROGRAM.items() for make in makes])
def test_what_a_program_can_mend_is_mended_and_told(desk: Desk, code: str, make: Callable[[Desk], None]) -> None:
    make(desk)
    exit_code, found = desk.doctor()
    assert (exit_code, set(found)) == (1, {code})
    before = desk.marked()
    exit_code, fixed = desk.doctor("--fix")
    assert (exit_code, set(fixed)) == (0, {code})
    assert fixed[code]["fixed"]
    assert desk.doctor() == (0, {})
    assert desk.marked() == before


@pytest.mark.parametrize("other", [{"answers": "theirs"}, {"title": "ours"}])
def test_a_backend_that_is_another_now_is_told_and_asked_no_longer(desk: Desk, other: dict[str, str]) -> None:
    with backend(desk, **other):
        assert "changed-backend" in desk.doctor()[1]
        desk.doctor("--fix")
        assert desk.doctor() == (0, {})


def test_a_task_that_is_to_be_asked_of_more_people_is_served_to_the_next_one(desk: Desk) -> None:
    desk.patch_task(overlap=1)
    following = f"api/projects/{desk.project['id']}/next/"
    with person(desk, "anna") as anna, person(desk, "ben") as ben:
        desk.annotate([region()], by=anna)
        with pytest.raises(StudioError):
            ben.get(following)
        assert set(desk.doctor("--fix")[1]) == {"overlap-drift"}
        assert ben.get(following)["id"] == desk.task["id"]


@pytest.fixture
def pulling(desk: Desk) -> Iterator[Workspace]:
    """The workspace of a desk, from which nothing that was pulled is left to the next test."""
    workspace = Workspace.open(desk.folder)
    yield workspace
    for name in ("pulls", "labels", "agreed", "gold"):
        shutil.rmtree(workspace.state / name, ignore_errors=True)


def test_gold_is_served_to_more_people_than_other_tasks_and_the_doctor_leaves_it_so(
    desk: Desk, pulling: Workspace
) -> None:
    workspace = pulling
    desk.patch_project(maximum_annotations=1)
    following = f"api/projects/{desk.project['id']}/next/"
    with person(desk, "anna") as anna, person(desk, "ben") as ben:
        desk.annotate([region()], by=anna)
        pull(workspace, progress=silent)
        assert gold.add(workspace, [desk.task["data"]["doc_id"]], progress=silent).counts["added"] == 1
        with pytest.raises(StudioError):
            ben.get(following)
        assert gold.ask(workspace, people=5, progress=silent).counts == {"asked": 1, "without a task": 0}
        assert ben.get(following)["id"] == desk.task["id"]
    desk.patch_project(maximum_annotations=2)
    assert set(desk.doctor("--fix")[1]) <= {"overlap-drift"}
    assert desk.studio.get(f"api/tasks/{desk.task['id']}/")["overlap"] == 5
    gold.retire(workspace, [desk.task["data"]["doc_id"]], exposures=None)
    assert set(desk.doctor("--fix")[1]) == {"overlap-drift"}
    assert desk.studio.get(f"api/tasks/{desk.task['id']}/")["overlap"] == 2


def test_of_ground_truth_only_what_no_person_made_is_unmarked_and_the_rest_stays_a_finding(desk: Desk) -> None:
    imported_ground_truth(desk)
    task = {"data": {**desk.task["data"]}, "annotations": [{"result": [region()], "lead_time": 4.5}]}
    desk.studio.post(f"api/projects/{desk.project['id']}/import", json=[task])
    report = doctor.doctor(Workspace.open(desk.folder), fix=True, progress=silent)
    found = [(one["count"], bool(one["fixed"])) for one in report.data["findings"] if one["code"] == "ground-truth"]
    assert found == [(1, True), (1, False)]
    assert desk.doctor()[1]["ground-truth"]["count"] == 1


def test_a_lock_that_holds_a_task_for_nobody_and_several_people_on_sqlite_are_found(desk: Desk) -> None:
    anna, ben = person(desk, "anna"), person(desk, "ben")
    with anna, ben:
        desk.annotate([region()], by=ben)
        anna.get(f"api/projects/{desk.project['id']}/next/")
        assert set(desk.doctor()[1]) == set(), "she has had it for a moment only"
        anna_id = anna.whoami()["id"]
        desk.annotate([region()], completed_by=anna_id)
    exit_code, found = desk.doctor()
    assert (exit_code, set(found)) == (1, {"stale-lock", "sqlite"})
    assert "anna@copydesk.invalid" in found["stale-lock"]["example"]
    assert found["sqlite"]["count"] == 2
    assert desk.shell("copydesk people disable anna", cwd=desk.folder).returncode == 0
    assert set(desk.doctor()[1]) == {"sqlite"}, "who has left holds nothing, and what she marked stays"


def test_exports_that_fill_the_disk_are_found(desk: Desk) -> None:
    folder = desk.folder / ".copydesk" / "studio" / "export"
    folder.mkdir(exist_ok=True)
    with (folder / "project-1.json").open("wb") as file:
        file.truncate(200_000_000)
    try:
        assert set(desk.doctor()[1]) == {"exports"}
    finally:
        (folder / "project-1.json").unlink()


def test_a_damaged_part_and_what_a_killed_command_left_are_found(desk: Desk) -> None:
    state = desk.folder / ".copydesk"
    left = state / "pulls" / ".tmp-000007"
    left.mkdir(parents=True)
    (state / ".tmp-token.json").write_text("{}", encoding="utf-8")
    file = state / "documents" / "000001" / "documents.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + b"!")
    try:
        _, found = desk.doctor("--fix")
    finally:
        file.write_bytes(whole)
    assert "documents.parquet" in found["damaged-part"]["example"]
    assert found["left-over"]["count"] == 2
    assert "removed 2" in found["left-over"]["fixed"]
    assert not left.exists()
    assert desk.doctor() == (0, {})


def test_a_server_that_is_not_there_and_a_project_that_is_gone_are_findings(desk: Desk) -> None:
    done = desk.shell(
        "COPYDESK_STUDIO_URL=http://127.0.0.1:9/ COPYDESK_STUDIO_TOKEN=x copydesk doctor", cwd=desk.folder
    )
    assert (done.returncode, "studio-unreachable (1)" in done.stdout) == (1, True), done.stdout
    assert "not looked at: locks" in done.stdout
    desk.studio.delete(f"api/projects/{desk.project['id']}/")
    exit_code, found = desk.doctor()
    assert (exit_code, set(found)) == (1, {"unknown"})
    assert found["unknown"]["mend"] == "copydesk push"


def test_the_command_prints_each_finding_with_what_mends_it_and_leaves_with_1(desk: Desk) -> None:
    overlap(desk)
    done = desk.shell("copydesk doctor", cwd=desk.folder)
    assert (done.returncode, "overlap-drift (1): task" in done.stdout) == (1, True), done.stderr
    told = json.loads(desk.shell("copydesk doctor --json --fix", cwd=desk.folder).stdout)
    assert (told["counts"], told["findings"][0]["code"]) == ({"findings": 0, "fixed": 1}, "overlap-drift")
    assert told["versions"]["python"]


@pytest.mark.parametrize(
    ("requirement", "example"),
    [
        ("click>=8", ""),
        ("click>=999", "click is {click}, and >=999 is needed"),
        ("nobody-has-this>=1", "nobody-has-this is not installed, and >=1 is needed"),
        ('nobody-has-this>=1; extra == "more"', ""),
        ('click<1; extra == "more"', "click is {click}, and <1 is needed"),
    ],
)
def test_a_package_of_another_version_than_declared_is_found(requirement: str, example: str) -> None:
    told = [finding.example for finding in examine_packages([requirement])]
    assert told == ([example.format(click=installed("click"))] if example else [])
