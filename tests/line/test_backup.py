"""A server that is lost: its project comes back into an empty one from the backup, and nobody's labels count twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from copydesk.flow import backup as backup_flow
from copydesk.flow import studio as flow
from copydesk.flow.agree import agree
from copydesk.flow.connect import connected, known_projects
from copydesk.flow.current import current_documents
from copydesk.studio.people import read_people
from copydesk.studio.recorded import read_recorded, submit
from copydesk.studio.restore import read_backup
from copydesk.studio.states import Seen
from copydesk.workspace import Workspace

Shell = Callable[..., CompletedProcess[str]]
WORK = """
note = "made for a test"
name = "{name}"
["004_sarn-pass.txt"]
spans = [{{ quote = "Sarn Pass", label = "LOC" }}, {{ quote = "{other}", label = "GPE" }}]
"""


def quiet(_what: str, _done: int, _total: int) -> None:
    pass


def annotate(workspace: Workspace) -> None:
    accounts = {person.name: person for person in read_people(workspace.people_file)}
    with connected(workspace) as studio:
        project = studio.get("api/projects/")["results"][0]["id"]
        for name, other in (("anna", "TELMAK"), ("ben", "Karsand")):
            record = read_recorded(WORK.format(name=name, other=other), place="test")
            with studio.as_person(accounts[name].token) as own:
                documents = current_documents(workspace)
                submit(
                    own, record, project_ids=[project], documents=documents, schema=workspace.schema(), progress=quiet
                )


def change_one(workspace: Workspace) -> None:
    """Take the first thing that somebody marked out of their annotation."""
    with connected(workspace) as studio:
        project = studio.get("api/projects/")["results"][0]["id"]
        (task,) = studio.get("api/tasks/", params={"project": project, "fields": "all"})["tasks"]
        one = task["annotations"][0]
        studio.patch(f"api/annotations/{one['id']}/", json={"result": one["result"][1:]})


def imported(workspace: Workspace, folder: Path, shell: Shell) -> CompletedProcess[str]:
    """Import the server's own export."""
    with connected(workspace) as studio:
        project = studio.get("api/projects/")["results"][0]["id"]
        exported = studio.get(f"api/projects/{project}/export", params={"exportType": "JSON"})
    (folder / "export.json").write_text(json.dumps(exported), encoding="utf-8")
    return shell("copydesk import-export export.json --json", cwd=folder)


def assert_an_export_brings_nothing_new(workspace: Workspace, folder: Path, shell: Shell) -> None:
    """The server's own export of what was pulled, also of what was restored, is what was pulled."""
    digest = workspace.pulls.digest
    done = imported(workspace, folder, shell)
    told = json.loads(done.stdout)
    assert (done.returncode, told["changed"], told["counts"]["annotations"]) == (0, False, 2), done.stderr
    assert workspace.pulls.digest == digest


def agreed(workspace: Workspace) -> dict[str, Any]:
    """What people agreed on, without the ids of annotations."""
    told = agree(workspace, progress=quiet)
    spans = workspace.agreed.read("agreed_spans").select(["doc_id", "start", "end", "label"]).to_pylist()
    disputes = [{key: row[key] for key in ("doc_id", "start", "end")} for row in told.data["disputes"]]
    return {"spans": spans, "disputes": disputes, "agreement": told.data["agreement"]}


@pytest.fixture
def folder(label_studio_installed: None, tmp_path: Path, shell: Shell) -> Any:
    done = shell("copydesk init desk && cd desk && copydesk ingest && copydesk studio start", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = shell("copydesk people add anna ben && copydesk push", cwd=tmp_path / "desk")
    assert done.returncode == 0, done.stderr
    yield tmp_path / "desk"
    shell("copydesk studio stop", cwd=tmp_path / "desk")


def test_a_lost_server_comes_back_and_agreement_is_what_it_was(folder: Path, shell: Shell) -> None:
    workspace = Workspace.open(folder)
    done = shell("copydesk restore --json", cwd=folder)
    assert done.returncode == 2
    assert json.loads(done.stdout)["fix"] == "copydesk backup"
    annotate(workspace)
    assert json.loads(imported(workspace, folder, shell).stdout)["counts"]["new"] == 2
    told = flow.pull(workspace, progress=quiet)
    assert (told.counts["new"], told.counts.get("elsewhere", 0)) == (2, 0)
    before = agreed(workspace)
    assert before["spans"]
    assert workspace.labels.read("reads").num_rows == 2, "what the export brought is the pull's"
    done = shell("copydesk backup", cwd=folder)
    assert done.returncode == 0, done.stderr
    done = shell("copydesk backup --json", cwd=folder)
    told = json.loads(done.stdout)
    assert (told["changed"], told["backup"], told["counts"]["annotations"]) == (False, 1, 2)
    assert backup_flow._later(workspace, read_backup(workspace.backups.parts()[0])) == 0
    change_one(workspace)
    told = json.loads(imported(workspace, folder, shell).stdout)
    assert (told["counts"]["changed"], told["counts"]["new"], told["counts"]["gone"]) == (1, 0, 0)
    assert flow.pull(workspace, progress=quiet).changed is False, (
        "the export brought it, and the pull after it has looked"
    )
    with connected(workspace) as studio:
        (project,) = known_projects(workspace, studio, workspace.schema())
        assert Seen(project).is_quiet(studio, workspace.pulls)
    newer = agreed(workspace)
    assert newer != before

    shell("copydesk studio stop", cwd=folder)
    shutil.rmtree(workspace.studio_folder)
    assert shell("copydesk studio start", cwd=folder).returncode == 0

    done = shell("copydesk restore --json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["differences"] == []
    assert backup_flow._later(workspace, read_backup(workspace.backups.parts()[0])) == 1
    pulled = flow.pull(workspace, progress=quiet)
    assert (pulled.counts["new"], pulled.counts["gone"]) == (2, 0)
    assert agreed(workspace) == newer, "what was pulled after the backup is newer than what was restored"
    assert_an_export_brings_nothing_new(workspace, folder, shell)
    annotators = {row["annotator"] for row in workspace.labels.read("reads").to_pylist()}
    assert len(annotators) == workspace.labels.read("reads").num_rows == 2
    pushed = flow.push(workspace, progress=quiet)
    assert (pushed.counts["pushed"], pushed.changed) == (0, False)
    again = shell("copydesk restore", cwd=folder)
    assert again.returncode == 0, again.stderr + again.stdout
    assert "0 sent, 1 there already" in again.stdout


def test_who_has_no_account_and_can_be_given_none_is_named_with_the_fix(folder: Path, shell: Shell) -> None:
    workspace = Workspace.open(folder)
    with connected(workspace) as studio:
        studio.post("api/users/", json={"email": "guest@desk.example", "username": "guest"})
        project = studio.get("api/projects/")["results"][0]["id"]
        (task,) = studio.get("api/tasks/", params={"project": project})["tasks"]
        made = {"result": [], "completed_by": {"email": "guest@desk.example"}, "ground_truth": False}
        studio.post(f"api/projects/{project}/import", json=[{"data": task["data"], "annotations": [made]}])
    assert shell("copydesk backup", cwd=folder).returncode == 0
    shell("copydesk studio stop", cwd=folder)
    shutil.rmtree(workspace.studio_folder)
    assert shell("copydesk studio start", cwd=folder).returncode == 0
    done = shell("copydesk restore", cwd=folder)
    assert done.returncode == 2
    assert "guest@desk.example, who made 1 annotations of the backup, has no account" in done.stderr
    with connected(workspace) as studio:
        assert studio.get("api/projects/")["count"] == 0
