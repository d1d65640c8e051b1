"""Rules of changing a schema's labels: on a live Label Studio nothing that was marked is lost, however a run ends."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from copydesk.errors import SchemaError, UsageError
from copydesk.flow import migrate, schemas
from copydesk.flow.connect import connected
from copydesk.flow.studio import pull, push
from copydesk.model.migration import Plan, label_of, read_plan
from copydesk.studio.client import Studio
from copydesk.workspace import Workspace

Shell = Callable[..., CompletedProcess[str]]
FILES = ("schema.toml", "guidelines.md", "names.tsv")
MARKED = ["PERSON", "ORG", "LOC", "FAC", "WEAPON", "LOC"]
PLAN = Plan(renames=(("PERSON", "HUMAN"),), merges=(("LOC", ("LOC", "FAC")),), drops=("WEAPON",), adds=("VEHICLE",))


class KilledError(BaseException):
    """Stands for the end of the process."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A workspace with its own Label Studio, and its one project and task there, marked by one person."""

    folder: Path
    studio: Studio
    project: dict[str, Any]
    task: dict[str, Any]

    @property
    def workspace(self) -> Workspace:
        return Workspace.open(self.folder)

    def annotate(self, labels: list[str]) -> None:
        result = [region(place, label) for place, label in enumerate(labels)]
        body = {"result": result, "ground_truth": False, "lead_time": 1}
        self.studio.post(f"api/tasks/{self.task['id']}/annotations/", json=body)

    def everything(self) -> dict[str, Any]:
        """Give what people marked, rules guessed and Label Studio was told; and the schema's files."""
        query = {"project": self.project["id"], "fields": "all"}
        (task,) = self.studio.get("api/tasks/", params=query)["tasks"]
        drafts = self.studio.get(f"api/tasks/{task['id']}/drafts")
        said = {"annotations": task["annotations"], "predictions": task["predictions"], "drafts": drafts}
        results = {kind: sorted(sorted(map(json.dumps, one["result"])) for one in rows) for kind, rows in said.items()}
        project = self.studio.get(f"api/projects/{self.project['id']}/")
        folder = self.workspace.schema_folder()
        files = [(folder / name).read_text(encoding="utf-8") for name in FILES]
        return {**results, "config": project["label_config"], "files": files}

    def labels(self, kind: str = "annotations") -> list[str]:
        regions = [json.loads(one) for result in self.everything()[kind] for one in result]
        return sorted(label_of(one) for one in regions if label_of(one))

    def migrate(self, plan: Plan | None, *, apply: bool = True) -> Any:
        return migrate.migrate(self.workspace, plan, apply=apply, progress=silent)

    def undo(self) -> Any:
        return migrate.undo(self.workspace, progress=silent)

    def table(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.workspace.labels.read(name).to_pylist()
        return rows


def silent(_what: str, _done: int, _total: int) -> None:
    """Take note of progress."""


def region(place: int, label: str) -> dict[str, Any]:
    value = {"start": 3 * place, "end": 3 * place + 2, "text": "", "labels": [label]}
    return {"id": f"r{place}", "from_name": "entity", "to_name": "text", "type": "labels", "value": value}


@pytest.fixture(scope="module")
def served(label_studio_installed: None, tmp_path_factory: pytest.TempPathFactory, shell: Shell) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("schema")
    done = shell("copydesk init desk && cd desk && copydesk ingest && copydesk studio start", cwd=folder)
    assert done.returncode == 0, done.stderr
    yield folder / "desk"
    shell("copydesk studio stop", cwd=folder / "desk")


@pytest.fixture
def desk(served: Path) -> Iterator[Desk]:
    workspace = Workspace.open(served)
    before = {name: (workspace.schema_folder() / name).read_bytes() for name in FILES}
    with connected(workspace) as studio:
        for old in studio.get("api/projects/")["results"]:
            studio.delete(f"api/projects/{old['id']}/")
        push(workspace, progress=silent)
        (project,) = studio.get("api/projects/")["results"]
        (task,) = studio.get("api/tasks/", params={"project": project["id"]})["tasks"]
        made = Desk(served, studio, project, task)
        made.annotate(MARKED)
        studio.post(f"api/tasks/{task['id']}/drafts", json={"result": [region(9, "PERSON")], "lead_time": 1})
        pull(workspace, progress=silent)
        yield made
    for name, content in before.items():
        (workspace.schema_folder() / name).write_bytes(content)
    for left in workspace.migrations.glob("*/*"):
        left.unlink()
    shutil.rmtree(workspace.pulls.folder)  # otherwise the log has what was marked in the project of the test before


def test_a_dry_run_counts_what_it_would_touch_and_writes_nothing(desk: Desk) -> None:
    before = desk.everything()
    report = desk.migrate(PLAN, apply=False)
    assert (report.counts["annotations"], report.counts["drafts"], report.changed) == (1, 1, False)
    assert report.counts["dropped regions"] == 1
    assert report.counts["spans in the workspace"] == 3  # PERSON, FAC and WEAPON
    guessed = desk.labels("predictions")
    assert f"PERSON → HUMAN: {2 + guessed.count('PERSON')}" in report.lines
    assert f"FAC → LOC: {1 + guessed.count('FAC')}" in report.lines
    assert desk.everything() == before
    assert not list(desk.workspace.migrations.glob("*/*"))


def test_labels_change_everywhere_the_old_ones_stay_in_the_log_and_undo_brings_all_back(desk: Desk) -> None:
    before, spans = desk.everything(), desk.table("spans")
    logged = desk.workspace.pulls.read("annotations").num_rows
    report = desk.migrate(PLAN)
    assert (report.data["version"], report.data["waiting"]) == ("2.0.0", 0)
    assert desk.labels() == sorted(["HUMAN", "ORG", "LOC", "LOC", "WEAPON", "LOC"])
    assert desk.labels("drafts") == ["HUMAN"]
    assert not {"PERSON", "FAC", "WEAPON"} & set(desk.labels("predictions"))
    assert sorted(row["label"] for row in desk.table("spans")) == sorted(["HUMAN", "ORG", "LOC", "LOC", "LOC"])
    assert [row["reason"] for row in desk.table("rejected")] == ["unknown-label"]
    log = desk.workspace.pulls.read("annotations").to_pylist()
    assert len(log) > logged
    assert any('"PERSON"' in row["result"] for row in log)
    assert schemas.check(desk.workspace, "", on_server=True).counts["faults"] == 0
    assert push(desk.workspace, progress=silent).counts["pushed"] == 0
    desk.undo()
    assert desk.everything() == before
    assert desk.table("spans") == spans
    with pytest.raises(UsageError, match="no migration to take back"):
        desk.undo()


def test_what_is_marked_after_a_migration_is_kept_when_it_is_taken_back(desk: Desk) -> None:
    desk.migrate(PLAN)
    desk.annotate(["HUMAN", "LOC"])
    desk.undo()
    assert desk.labels() == sorted([*MARKED, "PERSON", "LOC"])


def test_what_is_submitted_under_an_old_label_afterwards_is_swept_up(desk: Desk) -> None:
    desk.migrate(PLAN)
    guidelines = desk.workspace.schema_folder() / "guidelines.md"
    guidelines.write_text(guidelines.read_text(encoding="utf-8") + "\n- Written by hand since.\n", encoding="utf-8")
    desk.annotate(["PERSON", "FAC"])
    assert desk.migrate(None).counts["annotations"] == 1
    assert "Written by hand since" in guidelines.read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="was changed since migration"):
        desk.undo()
    assert not {"PERSON", "FAC"} & set(desk.labels())
    assert not [
        row for row in desk.table("rejected") if row["reason"] == "unknown-label" and "WEAPON" not in row["detail"]
    ]


def test_labels_of_a_project_that_is_gone_are_changed_in_the_log_by_adding_to_it(desk: Desk) -> None:
    spans, before = desk.table("spans"), desk.workspace.pulls.read("annotations").to_pylist()
    desk.studio.delete(f"api/projects/{desk.project['id']}/")
    assert desk.migrate(PLAN).counts["in the log alone"] == 1
    assert sorted(row["label"] for row in desk.table("spans")) == sorted(["HUMAN", "ORG", "LOC", "LOC", "LOC"])
    assert desk.workspace.pulls.read("annotations").to_pylist()[: len(before)] == before
    desk.undo()
    assert desk.table("spans") == spans


def test_a_split_asks_once_for_each_span_and_goes_on_when_it_is_decided(desk: Desk) -> None:
    before = desk.everything()
    plan = read_plan({"split": {"LOC": ["RIVER", "REGION"]}}, place="test")
    desk.annotate(["ORG", "ORG", "LOC"])  # the second person marks one of the same spans
    assert desk.migrate(plan).data["waiting"] == 2
    assert sorted(desk.labels()) == sorted([*MARKED, "ORG", "ORG", "LOC"])
    assert not [row for row in desk.table("rejected") if row["reason"] == "unknown-label"]
    (review,) = [one for one in desk.studio.get("api/projects/")["results"] if "split" in one["title"]]
    tasks = desk.studio.get("api/tasks/", params={"project": review["id"], "fields": "all"})["tasks"]
    assert len(tasks) == 2
    with pytest.raises(UsageError, match="not finished"):
        desk.migrate(PLAN)
    for task, chosen in zip(tasks, ["RIVER", "REGION"], strict=True):
        value = {"choices": [chosen]}
        result = [{"from_name": "decision", "to_name": "text", "type": "choices", "value": value}]
        desk.studio.post(f"api/tasks/{task['id']}/annotations/", json={"result": result})
        left = desk.migrate(None).data["waiting"]
        assert left == (chosen == "RIVER")
    assert desk.labels().count("RIVER") + desk.labels().count("REGION") == 3
    assert "LOC" not in desk.labels()
    assert 'value="LOC"' not in desk.everything()["config"]
    desk.undo()
    assert desk.labels() == sorted([*MARKED, "ORG", "ORG", "LOC"])
    after = desk.everything()
    assert (after["config"], after["files"]) == (before["config"], before["files"])


@pytest.mark.parametrize(
    "point", [pytest.param(1, marks=pytest.mark.soak), 3, *(pytest.param(n, marks=pytest.mark.soak) for n in (2, 4, 5))]
)
def test_killed_anywhere_and_run_again_it_ends_in_the_same_state(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, point: int
) -> None:
    before = desk.everything()
    real, seen = Studio.patch, 0

    def patch(self: Studio, path: str, **options: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == point:
            raise KilledError
        return real(self, path, **options)

    monkeypatch.setattr(Studio, "patch", patch)
    with pytest.raises(KilledError):
        desk.migrate(PLAN)
    desk.migrate(None)
    assert desk.labels() == sorted(["HUMAN", "ORG", "LOC", "LOC", "WEAPON", "LOC"])
    assert desk.labels("drafts") == ["HUMAN"]
    seen = 0
    with pytest.raises(KilledError):
        desk.undo()
    desk.undo()
    assert desk.everything() == before


def test_a_plan_that_does_not_fit_is_refused_before_anything_is_written(desk: Desk) -> None:
    before = desk.everything()
    with pytest.raises(SchemaError, match="'NOBODY' is no label"):
        desk.migrate(Plan(drops=("NOBODY",)))
    assert desk.everything() == before
