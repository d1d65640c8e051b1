"""The demo that is interrupted with Ctrl-C ends quietly, leaves no server behind, and running it again finishes the work."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from copydesk.flow.connect import connected
from copydesk.flow.studio import start_studio, stop_studio
from copydesk.studio.embedded import LOCK
from copydesk.workspace import Workspace

pytestmark = [
    pytest.mark.studio,
    pytest.mark.usefixtures("label_studio_installed"),
    pytest.mark.skipif(not Path("/proc").exists(), reason="reads /proc, which only Linux has"),
]

CHECKOUT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-c", "from copydesk.cli import main; main()", "demo"]
ARTICLES = ("004_sarn-pass.txt", "006_dravik-school.txt", "008_night-train.txt")
WRITING = ("ingest", "push", "annotate", "pull", "agree", "validate", "publish")


@pytest.fixture
def reference(tmp_path: Path) -> Iterator[Workspace]:
    """The reference workspace with three of its articles and what the recorded annotators said of them."""
    root = tmp_path / "reference"
    for name in ("schemas", "validation"):
        shutil.copytree(CHECKOUT / name, root / name)
    settings = (CHECKOUT / "copydesk.toml").read_text("utf-8")
    (root / "copydesk.toml").write_text(settings.replace("[publish]\n", "[publish]\npictures = false\n"), "utf-8")
    (root / "seeds" / "annotators").mkdir(parents=True)
    for name in (*ARTICLES, "provenance.toml"):
        shutil.copyfile(CHECKOUT / "seeds" / name, root / "seeds" / name)
    for record in (CHECKOUT / "seeds" / "annotators").glob("*.toml"):
        (root / "seeds" / "annotators" / record.name).write_text(_shortened(record.read_text("utf-8")), "utf-8")
    workspace = Workspace.find(root)
    yield workspace
    stop_studio(workspace)


def _shortened(record: str) -> str:
    head, *articles = record.split('\n["')
    return "\n".join([head, *(f'["{article}' for article in articles if article.startswith(ARTICLES))])


def interrupted(workspace: Workspace, begin: str, *, after: float = 0.0, times: int = 1) -> str:
    """Run the demo and press Ctrl-C, so many seconds after it printed a line that begins so; gives all that it printed.

    Ctrl-C reaches every process of the terminal's foreground group, as here.
    """
    with subprocess.Popen(
        PROGRAM, cwd=workspace.root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    ) as process:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith(begin):
                break
        assert said[-1].startswith(begin), "".join(said)
        for _ in range(times):
            time.sleep(after)
            os.killpg(process.pid, signal.SIGINT)
        said += process.stdout.readlines()
    ended_quietly(process, "".join(said))
    return "".join(said)


def ended_quietly(process: subprocess.Popen[str], said: str) -> None:
    """See that a demo that was interrupted says so, in its words and its exit code, and left no process of its group."""
    assert (process.returncode, "Traceback" in said) == (130, False), said
    assert said.endswith("interrupted; run the command again to go on\n")
    deadline = time.monotonic() + 20
    while in_group(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)  # what was waiting for a word of the demo learns a moment later that none will come
    assert in_group(process.pid) == []


def in_group(number: int) -> list[str]:
    """Give the numbers of the living processes of a group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, _, group, *_ = stat.read_text("utf-8", "replace").rpartition(")")[2].split()
            if group == str(number) and state not in "ZX":
                found.append(stat.parent.name)
    return found


def server_lives(workspace: Workspace) -> bool:
    """Say whether a process holds the lock that each server of the workspace holds as long as it lives."""
    file = workspace.studio_folder / LOCK
    if not file.exists():
        return False
    with file.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def finished(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Run the demo to its end and give what each stage reports."""
    done = subprocess.run([*PROGRAM, "--json"], cwd=workspace.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {stage["stage"]: stage for stage in json.loads(done.stdout)["stages"]}


def holds_everything_once(workspace: Workspace) -> None:
    """See that the demo has nothing left to do, and that the server holds each thing once."""
    again = finished(workspace)
    assert [name for name in WRITING if again[name]["changed"]] == []
    with connected(workspace) as studio:
        counted = {"include": "id,task_number,total_annotations_number"}
        projects = studio.get("api/projects/", params=counted)["results"]
        users = studio.get("api/users/")
    assert [one["task_number"] for one in projects] == [len(ARTICLES)] * len(workspace.schemas)
    assert sum(one["total_annotations_number"] for one in projects) == 2 * len(ARTICLES)  # under the first schema alone
    assert len(users) == 3  # the owner and the two annotators
    published = workspace.datasets / workspace.settings.name
    assert [path.name for path in published.iterdir() if path.is_dir()] == [again["publish"]["version"]]


def test_interrupted_at_four_moments_in_turn_the_demo_finishes_and_doubles_nothing(reference: Workspace) -> None:
    interrupted(reference, "starting Label Studio")
    assert not server_lives(reference)
    interrupted(reference, "ingest")  # the tasks are being pushed then
    assert not server_lives(reference)
    start_studio(reference, say=print)
    interrupted(reference, "push")  # the annotators' accounts are being made
    interrupted(reference, "agree")  # the tables are being validated
    assert server_lives(reference)  # it ran before the demo did, so it is left alone
    assert finished(reference)["publish"]["changed"]
    holds_everything_once(reference)


# A line that the demo prints, and how many seconds later Ctrl-C comes.
MOMENTS = [
    ("starting", 0.5), ("starting", 2.0), ("ingest", 0.0), ("ingest", 0.1), ("push", 0.0), ("push", 0.3), ("annotate", 0.0),
    ("annotate", 0.1), ("pull", 0.0), ("agree", 0.2), ("agree", 2.0), ("validate", 0.0), ("validate", 0.1), ("publish", 0.0),
]  # fmt: skip


@pytest.mark.soak
@pytest.mark.parametrize(("begin", "after"), MOMENTS)
def test_interrupted_at_any_moment_the_demo_finishes_and_doubles_nothing(
    reference: Workspace, begin: str, after: float
) -> None:
    interrupted(reference, begin, after=after)
    assert not server_lives(reference)
    finished(reference)
    start_studio(reference, say=print)
    holds_everything_once(reference)


@pytest.mark.soak
@pytest.mark.parametrize("begin", ["starting", "push", "agree"])
def test_a_second_ctrl_c_while_the_first_is_obeyed_leaves_no_server_behind(reference: Workspace, begin: str) -> None:
    interrupted(reference, begin, after=0.2, times=2)
    assert not server_lives(reference)
    finished(reference)
    assert not server_lives(reference)
