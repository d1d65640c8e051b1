"""Rules of what the doctor sees of the machine: every check says ok, warn or fail, and only what fails is a finding."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from copydesk.flow.machine import Check, machine_checks, workspace_checks
from copydesk.flow.versions import installed
from copydesk.store import write_json
from copydesk.workspace import Workspace

DOCTOR = [sys.executable, "-c", "from copydesk.cli import main; main()", "doctor"]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "desk")


def named(checks: Iterator[Check], name: str) -> list[Check]:
    return [check for check in checks if check.name == name]


def test_where_there_is_no_workspace_the_machine_alone_is_looked_at(tmp_path: Path) -> None:
    done = subprocess.run(DOCTOR, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    told = [line.split() for line in done.stdout.splitlines()[1:-1]]
    assert {words[0] for words in told} <= {"ok", "warn"}
    assert {"python:", "package:", "extra:", "disk:", "rights:"} == {words[1] for words in told}


def test_an_extra_that_is_missing_fails_only_where_the_settings_ask_for_it(workspace: Workspace) -> None:
    if installed("gcsfs"):
        pytest.skip("the extra gcs is installed here, so that it cannot be missing")
    (check,) = [one for one in named(machine_checks(workspace.root), "extra") if "gcs" in one.told.split()]
    assert (check.state, "pip install 'copydesk[gcs]'" in check.told) == ("ok", True)
    settings = workspace.root / "copydesk.toml"
    text = settings.read_text(encoding="utf-8").replace("[publish]", '[publish]\nstore = "gs://news/datasets"')
    settings.write_text(text, encoding="utf-8")
    asked = named(workspace_checks(Workspace.open(workspace.root)), "extra")
    assert [one.fix for one in asked if one.state == "fail" and "gcs" in one.told] == ["pip install 'copydesk[gcs]'"]


def test_a_port_that_another_program_took_is_a_warning(workspace: Workspace) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        record = {"pid": 1, "identity": "", "port": other.getsockname()[1], "verified": True}
        write_json(workspace.studio_folder / "server.json", record, mode=0o600)
        (check,) = named(workspace_checks(workspace), "port")
        assert (check.state, str(record["port"]) in check.told) == ("warn", True)
    (check,) = named(workspace_checks(workspace), "port")
    assert (check.state, check.told) == ("ok", f"{record['port']} is free")


def test_a_clock_behind_what_was_written_before_is_a_warning(workspace: Workspace) -> None:
    part = workspace.pulls.append({}, {"stage": "pull"})
    assert [one.state for one in named(workspace_checks(workspace), "clock")] == ["ok"]
    later = time.time() + 600
    os.utime(part.path / "receipt.json", (later, later))
    (check,) = named(workspace_checks(workspace), "clock")
    assert (check.state, "minutes later" in check.told) == ("warn", True)


def test_a_folder_that_cannot_be_written_fails() -> None:
    (check,) = named(machine_checks(Path("/proc")), "rights")
    assert (check.state, check.fix) == ("fail", "chown or chmod u+rwx /proc")
