"""Ingest that is killed leaves what is committed, whole, and running it again finishes the work."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from copydesk.flow.units import FILES
from copydesk.store import TEMPORARY
from copydesk.workspace import Workspace

Run = Callable[..., str]
Tries = Callable[..., list[dict[str, object]]]
Hold = Callable[[list[dict[str, object]]], None]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CLOSER = "More of it in the evening letter"


@pytest.fixture
def changed(workspace: Workspace, copydesk: Run) -> Workspace:
    """A workspace that was ingested, and in which articles are new, changed, unreadable and the same since.

    A line closes most of them before and after: how many of how many changes.
    """
    seeds = workspace.root / "seeds"
    for number in range(7):
        (seeds / f"b{number:04d}.txt").write_text(f"It rained on {DAYS[number]}.\n\n{CLOSER}\n", encoding="utf-8")
    copydesk("ingest")
    (seeds / "b0007.txt").write_text(f"It rained all week.\n\n{CLOSER}\n", encoding="utf-8")
    (seeds / "a0001.txt").write_text("A corrected headline\n\nThe paragraph was corrected.\n", encoding="utf-8")
    (seeds / "new.html").write_text(
        "<html><body><h1>News</h1><p>It was said on Monday.</p></body></html>", encoding="utf-8"
    )
    (seeds / "empty.txt").write_bytes(b"")
    return workspace


@pytest.mark.usefixtures("changed")
def test_killed_at_a_sample_of_its_writes_ingest_leaves_old_or_new_and_finishes(kill_each: Tries, hold: Hold) -> None:
    tries = kill_each("ingest", "--step", "28", "--last", "6")
    hold(tries)
    assert {one["left"] for one in tries} == {"old", "new"}


@pytest.mark.usefixtures("changed")
def test_power_lost_at_a_sample_of_its_writes_ingest_leaves_old_or_new_and_finishes(
    kill_each: Tries, hold: Hold
) -> None:
    tries = kill_each("ingest", "--power-loss", "--step", "44", "--last", "6")
    hold(tries)
    assert {one["left"] for one in tries} == {"old", "new"}


def test_killed_between_batches_ingest_keeps_the_first_and_goes_on_with_the_second(
    workspace: Workspace, more_articles: Callable[[Workspace, int], None], kill_each: Tries, hold: Hold
) -> None:
    more_articles(workspace, FILES + 5)
    tries = kill_each("ingest", "--step", "45", "--last", "2")
    hold(tries)
    assert {one["left"] for one in tries} == {"old", "some", "new"}


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("how", [(), ("--power-loss",)], ids=["kill", "power-loss"])
def test_killed_at_every_write_ingest_leaves_old_or_new_and_finishes(
    kill_each: Tries, hold: Hold, how: tuple[str, ...]
) -> None:
    tries = kill_each("ingest", *how)
    hold(tries)
    assert len(tries) == tries[0]["of"]


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed_at_every_write_of_two_batches_ingest_finishes_both(
    workspace: Workspace, more_articles: Callable[[Workspace, int], None], kill_each: Tries, hold: Hold
) -> None:
    more_articles(workspace, FILES + 5)
    tries = kill_each("ingest")
    hold(tries)
    assert {one["left"] for one in tries} == {"old", "some", "new"}


def test_what_a_killed_ingest_left_half_written_is_neither_read_nor_kept(
    workspace: Workspace, copydesk: Run, place: Path
) -> None:
    wrapper = Path(__file__).with_name("killpoint.py")
    options = ["--power-loss", str(workspace.root)]
    command = [sys.executable, str(wrapper), *options, "12", "--", "copydesk", "ingest"]
    done = subprocess.run(
        command, cwd=workspace.root, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert list(workspace.state.rglob(f"{TEMPORARY}*/*.parquet"))  # the killed run was in the middle of its part
    counts = json.loads(copydesk("status", "--json"))
    assert counts["documents"] == {"documents": 0, "revisions": 0}
    copydesk("ingest")
    assert list(workspace.state.rglob(f"{TEMPORARY}*")) == []
    assert json.loads(copydesk("status", "--json"))["documents"] == {"documents": 6, "revisions": 6}
