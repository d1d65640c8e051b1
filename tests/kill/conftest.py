"""Workspaces to kill commands in, and the program that kills them at each point."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from copydesk.model.marker import MARKER
from copydesk.studio.server import Server
from copydesk.workspace import Workspace

HERE = Path(__file__).parent
SEEDS = HERE.parents[1] / "seeds"
MEMORY = Path(
    "/dev/shm"
)  # a kill leaves what was written there as on a disk, and waiting for a disk is most of the time
HEADLINE = (
    "A headline of article {number}\n\nA paragraph says what happened in Halden on 3 May 2016, as article {number}.\n"
)

Tries = list[dict[str, Any]]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder to kill commands in; the workspace before the command is laid out in ``old``."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture
def copydesk(place: Path) -> Callable[..., str]:
    """Run a command of Copydesk in ``old``, which must not fail; gives what it prints."""

    def run(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
        program = [sys.executable, "-c", "from copydesk.cli import main; main()", *arguments]
        done = subprocess.run(
            program,
            cwd=place / "old",
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def workspace(place: Path) -> Workspace:
    """A new workspace in ``old`` with a few articles, nothing of it ingested; its work is done where its points are counted."""
    made = Workspace.create(place / "old")
    settings = made.root / MARKER
    written = settings.read_text(encoding="utf-8").replace(
        "[studio]\n", "[studio]\nsend_copies = true\n"
    )  # they are alike
    written = written.replace("[publish]\n", "[publish]\npictures = false\n")
    settings.write_text(f'{written}\n[engine]\nname = "inline"\n', encoding="utf-8")
    write_articles(made, 5)
    return Workspace.open(made.root)


def write_articles(workspace: Workspace, count: int) -> None:
    for number in range(count):
        (workspace.root / "seeds" / f"a{number:04d}.txt").write_text(HEADLINE.format(number=number), encoding="utf-8")


@pytest.fixture
def more_articles() -> Callable[[Workspace, int], None]:
    """Write that many articles into a workspace."""
    return write_articles


@pytest.fixture
def on_server(workspace: Workspace, studio_server: Server, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The workspace, whose settings name the real Label Studio of the tests; the token is in the environment."""
    settings = workspace.root / "copydesk.toml"
    written = settings.read_text(encoding="utf-8")
    assert 'url = ""' in written
    settings.write_text(written.replace('url = ""', f'url = "{studio_server.url}"'), encoding="utf-8")
    monkeypatch.setenv("COPYDESK_STUDIO_TOKEN", studio_server.token)
    return Workspace.find(workspace.root)


@pytest.fixture
def kill_each(place: Path, record_property: Callable[[str, object], None]) -> Callable[..., Tries]:
    """Kill a command at points and give what each kill left; see kill_each.py for the options."""

    def run(command: str, *options: str) -> Tries:
        program = [sys.executable, str(HERE / "kill_each.py"), command, str(place), *options]
        done = subprocess.run(program, capture_output=True, text=True, check=False)
        tries = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == 0, done.stderr
        record_property("killed", f"{' '.join((command, *options))}: killed at {len(tries)} of {tries[0]['of']} points")
        return tries

    return run


@pytest.fixture(scope="session")
def hold() -> Callable[[Tries], None]:
    """See that every try was killed, left a workspace that can be read, and came to the same end when run again."""

    def check(tries: Tries) -> None:
        # an answer may arrive in fewer pieces than it did when the points were counted
        assert [one for one in tries if one["code"] != -9 and (one["code"] or one["point"] < 0.9 * one["of"])] == []
        assert [one for one in tries if not one["readable"] or one["left"] == "torn"] == []
        assert [one for one in tries if one["again"] or not one["same"]] == []

    return check
