"""Rules of the watch: it brings what is new, asks once where nothing is, outlives the server, and stops when it is told to."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx
import pytest

from copydesk.flow.connect import connected
from copydesk.studio import server
from copydesk.studio.client import Studio
from copydesk.workspace import Workspace

Shell = Callable[..., CompletedProcess[str]]
TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(scope="module")
def served(label_studio_installed: None, tmp_path_factory: pytest.TempPathFactory, shell: Shell) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("watch")
    script = "copydesk init desk && cd desk && copydesk ingest && copydesk studio start && copydesk push"
    done = shell(script, cwd=folder)
    assert done.returncode == 0, done.stderr
    yield folder / "desk"
    shell("copydesk studio stop", cwd=folder / "desk")


@pytest.fixture
def studio(served: Path) -> Iterator[Studio]:
    with connected(Workspace.open(served)) as opened:
        yield opened


def annotate(studio: Studio) -> None:
    (project,) = studio.get("api/projects/")["results"]
    (task,) = studio.get("api/tasks/", params={"project": project["id"]})["tasks"]
    studio.post(f"api/tasks/{task['id']}/annotations/", json={"result": [], "ground_truth": False})


class Watch:
    """A running ``copydesk watch``, whose lines are read as they come."""

    def __init__(self, folder: Path, *options: str, interval: float, **environment: str) -> None:
        settings = folder / "copydesk.toml"
        kept = settings.read_text(encoding="utf-8").split("[watch]")[0].rstrip()
        settings.write_text(f"{kept}\n\n[watch]\ninterval = {interval}\nlongest = 1.0\n", encoding="utf-8")
        command = [sys.executable, "-c", "from copydesk.cli import main; main()", "watch", *options]
        everything = {**os.environ, "COPYDESK_WATCH_TOKEN": TOKEN, "PYTHONUNBUFFERED": "1", **environment}
        self.process = subprocess.Popen(
            command, cwd=folder, env=everything, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        return told

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors


def test_it_brings_what_is_new_and_agrees_and_ends_with_0_on_either_signal(served: Path, studio: Studio) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        annotate(studio)
        watch = Watch(served, "--json", "--agree", interval=0.5)
        first, second = watch.line(), watch.line()
        assert (first["stage"], first["counts"]["new"], second["stage"]) == ("pull", 1, "agree")
        annotate(studio)
        assert watch.line()["counts"]["new"] == 1
        assert watch.line()["stage"] == "agree"
        assert watch.end(number) == (0, "")


def test_a_look_that_finds_nothing_new_is_one_request(served: Path, studio: Studio, make_front: Any) -> None:
    running = server.status(served / ".copydesk" / "studio")
    assert running is not None
    front = make_front(running.url)
    annotate(studio)
    at = {"COPYDESK_STUDIO_URL": front.url, "COPYDESK_STUDIO_TOKEN": running.token}
    watch = Watch(served, "--json", interval=0.3, **at)
    watch.line()
    asked = len(front.seen)
    while len(front.seen) < asked + 6:
        time.sleep(0.05)
    assert watch.end()[0] == 0
    assert {request.partition("?")[0] for request in front.seen[asked + 1 :]} == {"GET /api/tasks/"}
    assert all("page_size=20" in request for request in front.seen[asked + 1 :]), "an overview, and no page of tasks"


def test_it_outlives_a_server_that_is_stopped_and_started_elsewhere(served: Path, studio: Studio, shell: Shell) -> None:
    annotate(studio)
    watch = Watch(served, "--json", interval=0.2)
    watch.line()
    assert shell("copydesk studio stop", cwd=served).returncode == 0
    assert watch.line()["waiting"]["error"] == "studio-unreachable"
    assert shell("copydesk studio start", cwd=served).returncode == 0
    assert watch.line()["waiting"] is None
    with connected(Workspace.open(served)) as again:
        annotate(again)
    assert watch.line()["counts"]["new"] == 1
    assert watch.end()[0] == 0


def test_a_webhook_with_the_token_makes_it_look_now_and_is_never_data(served: Path) -> None:
    with connected(Workspace.open(served)) as studio:
        annotate(studio)
        watch = Watch(served, "--json", "--listen", "127.0.0.1:18099", interval=3600)
        watch.line()
        hook = "http://127.0.0.1:18099/"
        assert httpx.post(f"{hook}wrong", trust_env=False).status_code == 404
        assert httpx.post(f"{hook}{TOKEN}", content=b"nonsense", trust_env=False).status_code == 204
        annotate(studio)
        assert httpx.post(f"{hook}{TOKEN}", json={"action": "ANNOTATION_CREATED"}, trust_env=False).status_code == 204
        assert watch.line()["counts"]["new"] == 1
        code, errors = watch.end()
    assert (code, TOKEN in errors) == (0, False)


def test_what_waiting_does_not_mend_ends_it_with_the_fix(served: Path, shell: Shell) -> None:
    running = server.status(served / ".copydesk" / "studio")
    assert running is not None
    at = f"COPYDESK_STUDIO_URL={running.url} COPYDESK_STUDIO_TOKEN={'0' * 40}"
    done = shell(f"{at} copydesk watch", cwd=served)
    assert (done.returncode, "copy the token again" in done.stderr) == (3, True), done.stderr
    done = shell("COPYDESK_WATCH_TOKEN=short copydesk watch --listen 127.0.0.1:0", cwd=served)
    assert (done.returncode, "16 characters" in done.stderr) == (2, True), done.stderr


def test_once_looks_once_and_prints_a_plain_line(served: Path, shell: Shell) -> None:
    with connected(Workspace.open(served)) as studio:
        annotate(studio)
    done = shell("copydesk watch --once", cwd=served)
    assert (done.returncode, done.stdout.startswith("pull      1 new")) == (0, True), done.stderr
    assert shell("copydesk watch --once", cwd=served).stdout == ""


def test_a_draft_on_a_submitted_annotation_is_told_in_pull(served: Path, shell: Shell) -> None:
    with connected(Workspace.open(served)) as studio:
        (project,) = studio.get("api/projects/")["results"]
        (task,) = studio.get("api/tasks/", params={"project": project["id"]})["tasks"]
        path = f"api/tasks/{task['id']}"
        made = studio.post(f"{path}/annotations/", json={"result": [], "ground_truth": False})
        studio.post(f"{path}/annotations/{made['id']}/drafts", json={"result": [], "lead_time": 3})
    done = shell("copydesk pull", cwd=served)
    assert re.search(r"drafts: in 1 tasks .* for example in task \d+;", done.stdout), done.stdout
    assert "in at least 1 of them on a submitted annotation" in done.stdout


def test_a_project_that_is_deleted_under_it_ends_it_and_every_label_is_kept(served: Path) -> None:
    with connected(Workspace.open(served)) as studio:
        annotate(studio)
        watch = Watch(served, "--json", interval=0.3)
        watch.line()
        kept = Workspace.open(served).pulls.digest
        (project,) = studio.get("api/projects/")["results"]
        studio.delete(f"api/projects/{project['id']}/")
    assert watch.line()["error"] == "studio-gone"
    watch.process.communicate(timeout=60)
    assert watch.process.returncode == 3
    assert Workspace.open(served).pulls.digest == kept
