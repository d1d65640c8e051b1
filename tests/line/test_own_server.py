"""Rules for a Label Studio of one's own: an address in the settings, a token from the environment or a 0600 file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from copydesk.studio.client import Studio
from copydesk.studio.listing import list_tasks
from copydesk.studio.server import Server

Shell = Callable[..., CompletedProcess[str]]


@pytest.fixture
def workspace(studio_server: Server, tmp_path: Path, shell: Shell) -> Path:
    assert shell("copydesk init desk && cd desk && copydesk ingest", cwd=tmp_path).returncode == 0
    settings = tmp_path / "desk" / "copydesk.toml"
    text = settings.read_text(encoding="utf-8")
    text = text.replace('url = ""', f'url = "{studio_server.url}"').replace("my-articles", tmp_path.name[:20])
    settings.write_text(text, encoding="utf-8")
    return tmp_path / "desk"


@pytest.fixture
def personal_token(studio: Studio) -> str:
    """A personal access token of the owner: a person has one at a time, so an earlier one is given up."""
    for held in studio.get("api/token/"):
        studio.post("api/token/blacklist/", json={"refresh": held["token"]})
    token: str = studio.post("api/token/")["token"]
    return token


def test_a_token_of_either_kind_is_taken_from_the_environment(
    workspace: Path, studio_server: Server, personal_token: str, shell: Shell
) -> None:
    first = shell(f"COPYDESK_STUDIO_TOKEN={studio_server.token} copydesk push --json", cwd=workspace)
    assert json.loads(first.stdout)["counts"]["pushed"] == 1, first.stderr
    second = shell(f"COPYDESK_STUDIO_TOKEN={personal_token} copydesk push --json", cwd=workspace)
    assert json.loads(second.stdout)["counts"]["there already"] == 1, second.stderr


def test_a_token_is_taken_from_a_file_that_others_cannot_read(
    workspace: Path, studio_server: Server, shell: Shell
) -> None:
    file = workspace / ".copydesk" / "token.json"
    file.write_text(json.dumps({"token": studio_server.token}), encoding="utf-8")
    file.chmod(0o644)
    refused = shell("copydesk push", cwd=workspace)
    assert (refused.returncode, "chmod 600" in refused.stderr) == (3, True)
    file.chmod(0o600)
    assert shell("copydesk push", cwd=workspace).returncode == 0


def test_without_a_token_or_with_a_wrong_one_the_fix_is_told_and_the_token_is_not(
    workspace: Path, shell: Shell
) -> None:
    without = shell("copydesk push", cwd=workspace)
    assert (without.returncode, "set COPYDESK_STUDIO_TOKEN" in without.stderr) == (3, True)
    wrong = shell(f"COPYDESK_STUDIO_TOKEN={'0' * 40} copydesk push", cwd=workspace)
    assert wrong.returncode == 3
    assert "0" * 40 not in wrong.stderr
    assert "token" in wrong.stderr


def test_a_server_that_is_not_there_is_named(workspace: Path, shell: Shell) -> None:
    settings = workspace / "copydesk.toml"
    text = settings.read_text(encoding="utf-8").splitlines()
    moved = ['url = "http://127.0.0.1:9/"' if line.startswith("url = ") else line for line in text]
    settings.write_text("\n".join(moved), encoding="utf-8")
    done = shell("COPYDESK_STUDIO_TOKEN=abcdef copydesk pull", cwd=workspace)
    assert (done.returncode, "http://127.0.0.1:9/" in done.stderr) == (3, True)


def test_a_pull_before_any_push_says_what_to_do(workspace: Path, studio_server: Server, shell: Shell) -> None:
    done = shell(f"COPYDESK_STUDIO_TOKEN={studio_server.token} copydesk pull", cwd=workspace)
    assert (done.returncode, "copydesk push" in done.stderr) == (2, True)


def test_a_project_that_was_removed_takes_no_pulled_label_with_it_and_pull_tells_of_both(
    workspace: Path, studio_server: Server, studio: Studio, shell: Shell
) -> None:
    def told(command: str) -> dict[str, int]:
        done = shell(f"COPYDESK_STUDIO_TOKEN={studio_server.token} copydesk {command} --json", cwd=workspace)
        counts: dict[str, int] = json.loads(done.stdout)["counts"]
        return counts

    told("push")
    described, task = _project_and_task(studio, workspace)
    studio.post(f"api/tasks/{task['id']}/annotations/", json={"result": [], "ground_truth": False})
    assert told("pull")["new"] == 1
    studio.delete(f"api/projects/{described['id']}/")
    assert told("push")["pushed"] == 1
    for command in ("pull", "pull --whole"):
        counts = told(command)
        assert (counts["gone"], counts["elsewhere"], counts["annotations"]) == (0, 1, 1)


def test_a_task_that_somebody_imported_again_is_removed_and_told_once_somebody_worked_on_it(
    workspace: Path, studio_server: Server, studio: Studio, shell: Shell
) -> None:
    push = f"COPYDESK_STUDIO_TOKEN={studio_server.token} copydesk push"
    assert "doubled" not in shell(push, cwd=workspace).stdout
    described, task = _project_and_task(studio, workspace)
    older = {**task["data"], "text_sha256": "0" * 64}
    studio.post(f"api/projects/{described['id']}/import", json=[{"data": task["data"]}, {"data": older}])
    assert "1 doubles removed" in shell(push, cwd=workspace).stdout
    worked = {"data": task["data"], "annotations": [{"result": [], "ground_truth": False}]}
    studio.post(f"api/projects/{described['id']}/import", json=[worked, worked])
    assert "doubled: 1 more tasks than documents, each with work of somebody" in shell(push, cwd=workspace).stdout
    counts = json.loads(shell(f"{push} --json", cwd=workspace).stdout)["counts"]
    assert (counts["doubled"], counts["superseded"], counts["pushed"]) == (1, 1, 0)


def _project_and_task(studio: Studio, workspace: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the workspace's project and its one task, as the server describes them."""
    found = studio.get("api/projects/", params={"title": workspace.parent.name[:20]})["results"]
    (described,) = [one for one in found if one["title"].startswith(f"{workspace.parent.name[:20]}: ")]
    ((page, _),) = list_tasks(studio, described["id"], fields=("id", "data"), size=10)
    (task,) = page
    return described, task
