"""Ingest on a real Spark: a master and two workers, each a Java process of its own, one of which is killed half-way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from copydesk.workspace import Workspace

MakeWorkspace = Callable[..., Workspace]
LogOf = Callable[[Workspace], dict[str, str]]
CLUSTER = 'name = "spark"\nmaster = "local-cluster[2,1,1024]"'
pytestmark = pytest.mark.usefixtures("spark_installed")


def started(workspace: Workspace) -> subprocess.Popen[str]:
    program = [
        sys.executable,
        "-c",
        "from copydesk.cli import main; main()",
        "--workspace",
        str(workspace.root),
        "ingest",
    ]
    return subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def executors(group: int) -> list[int]:
    """The executors of the cluster that was started in this session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes()
                if b"CoarseGrainedExecutorBackend" in words and os.getsid(int(entry.name)) == group:
                    found.append(int(entry.name))
            except OSError:
                continue
    return sorted(found)


@pytest.mark.skipif(not Path("/proc").exists(), reason="finds the executors in /proc, which only Linux has")
def test_spark_with_an_executor_killed_half_way_makes_the_log_that_one_process_makes(
    make_workspace: MakeWorkspace, log_of: LogOf
) -> None:
    alone = make_workspace("alone", 'name = "inline"')
    _, err = started(alone).communicate()
    assert "copydesk:" not in err
    workspace = make_workspace("spark", CLUSTER)
    running = started(workspace)
    victim = None
    while running.poll() is None:
        at_work = list((workspace.state / "staged").glob("*-000000*"))
        if victim is None and at_work and (found := executors(running.pid)):
            victim = found[0]
            os.kill(victim, signal.SIGKILL)
        time.sleep(0.05)
    out, err = running.communicate()
    assert running.returncode == 0, err
    assert victim is not None
    assert "5,094 articles" in out
    assert log_of(workspace) == log_of(alone)
