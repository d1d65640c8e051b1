"""Rules of ``copydesk status``: it says what waits; followed, it fills the terminal, without flicker, and leaves it as it was."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.cells import cell_len

from copydesk.flow.ingest import ingest
from copydesk.flow.overview import Pace, overview
from copydesk.model.tables import from_rows
from copydesk.workspace import Workspace

COMMAND = [sys.executable, "-c", "from copydesk.cli import main; main()", "status"]
# What tells a terminal to show another screen and the old one again, to hide and show the cursor, to move it, to clear the screen.
ENTERED, LEFT, HIDDEN, SHOWN, HOME, CLEARED = (
    "\x1b[?1049h",
    "\x1b[?1049l",
    "\x1b[?25l",
    "\x1b[?25h",
    "\x1b[H",
    "\x1b[2J",
)
NOW = datetime(2025, 3, 14, 12, tzinfo=UTC)


def lines_of(picture: str) -> list[str]:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", picture).split("\r\n")


def annotation(number: int, doc_id: str, annotator: str, at: datetime, *, cancelled: bool = False) -> dict[str, Any]:
    return {
        **dict.fromkeys(("project", "task_created_at", "shown_sha256", "content_sha256", "text_sha256"), "x"),
        **{"annotation_id": str(number), "project_id": 1, "task_id": 1, "doc_id": doc_id, "revision": 1},
        **{"annotator": annotator, "created_at": at, "updated_at": at, "lead_time": 60.0 * number},
        **{"cancelled": cancelled, "ground_truth": False, "state": "live", "result": "[]"},
    }


def sent(workspace: Workspace, *doc_ids: str) -> None:
    rows = [{"doc_id": one, "revision": 1, "text_sha256": "x", "bare": False, "sent_at": NOW} for one in doc_ids]
    workspace.sent.append({"sent": from_rows("sent", rows)}, {"stage": "sent"})


def test_what_waits_is_told_with_what_is_done_about_it(workspace: Workspace) -> None:
    (document,) = workspace.documents.read("documents")["doc_id"].to_pylist()
    view = overview(workspace, now=NOW)
    steps = {step.name: step for step in (*view.shared, *view.under["news-entities"])}
    assert list(steps) == ["articles", "documents", "tasks", "labels", "agreed", "findings", "version"]
    assert [(one.count, one.next) for one in steps["tasks"].waiting] == [(1, "copydesk push")]
    sent(workspace, document, "another")
    rows = [
        annotation(1, document, "A1", NOW - timedelta(minutes=5)),
        annotation(2, document, "A2", NOW - timedelta(days=2)),
        annotation(3, "another", "A1", NOW - timedelta(days=2), cancelled=True),
        annotation(4, "another", "A2", NOW - timedelta(days=10)),
    ]
    workspace.pulls.append({"annotations": from_rows("annotations", rows)}, {"stage": "pull"})
    view = overview(workspace, now=NOW)
    steps = {step.name: step for step in view.under["news-entities"]}
    assert [(one.count, one.what) for one in steps["tasks"].waiting] == [(1, "to be read (1 readings)")]
    assert [(one.count, one.next) for one in steps["labels"].waiting] == [(4, "copydesk agree")]
    by_day = (0,) * 3 + (1,) + (0,) * 7 + (1, 0, 1)
    assert view.pace == Pace(by_day, last_hour=1, left=1, days_left=3.5), "two in seven days"
    assert [(one.annotator, one.documents, one.today, one.lead_time) for one in view.people] == [
        ("A2", 2, 0, 180.0),
        ("A1", 1, 1, 60.0),
    ]


def test_followed_it_fills_a_terminal_of_any_size_and_is_drawn_over_itself_when_something_changed(
    workspace: Workspace, terminal: Callable[..., Any]
) -> None:
    sizes = [(40, 18), (80, 24), (200, 50)]
    seen = terminal("status", "--watch", columns=40, rows=18, cwd=workspace.root)
    before = seen.line_settings()
    seen.wait_for("version")
    for size in sizes[1:]:
        seen.resize(*size)
        seen.wait_for("version")
    (workspace.root / "seeds" / "more.txt").write_text("A headline\n\nMore was said.\n", encoding="utf-8")
    ingest(workspace, (), progress=lambda *_: None)
    seen.wait_for("version")
    seen.say("q")
    assert (seen.end(), seen.left) == (0, before), seen.heard
    inside = seen.heard.partition(ENTERED)[2].partition(SHOWN)[0]
    pictures = [lines_of(picture) for picture in inside.split(HOME)[2:]]
    drawn = [(cell_len(line), len(picture)) for picture in pictures for line in picture]
    assert list(dict.fromkeys(drawn)) == sizes, (
        "every line reaches to the end, so that nothing of the last picture stays"
    )
    assert CLEARED not in inside
    assert (HIDDEN in inside, LEFT in seen.heard) == (True, True)


STILL = """
from rich.text import Text
from copydesk.cli.screen import fill_screen
fill_screen(lambda out: Text("version"), stamp=lambda: 0)
"""


@pytest.mark.parametrize("by", ["ctrl-c", "sigterm"])
def test_told_to_stop_it_leaves_the_terminal_as_it_was_with_0(terminal: Callable[..., Any], by: str) -> None:
    seen = terminal(program=STILL)
    before = seen.line_settings()
    seen.wait_for("version")
    assert seen.line_settings() != before, "keys are not echoed"
    seen.say("\x03") if by == "ctrl-c" else seen.process.send_signal(signal.SIGTERM)
    assert (seen.end(), seen.left) == (0, before), seen.heard
    assert (SHOWN in seen.heard, LEFT in seen.heard) == (True, True)


def test_followed_without_a_terminal_the_counts_are_printed_until_it_is_told_to_stop(labelled: Workspace) -> None:
    with subprocess.Popen(
        [*COMMAND, "--watch", "--json"], cwd=labelled.root, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout
        first = json.loads(running.stdout.readline())
        running.send_signal(signal.SIGINT)
        assert running.wait() == 0
    assert first["documents"]["documents"] == 1
    assert first["overview"]["under"]["news-entities"][0]["waiting"][0]["next"] == "copydesk push"
