"""Rules of ``copydesk status``: followed, it fills the terminal, without flicker, and leaves it as it was."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Callable
from typing import Any

import pytest
from rich.cells import cell_len

from copydesk.flow.ingest import ingest
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


def lines_of(picture: str) -> list[str]:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", picture).split("\r\n")


def test_followed_it_fills_a_terminal_of_any_size_and_is_drawn_over_itself_when_something_changed(
    workspace: Workspace, terminal: Callable[..., Any]
) -> None:
    sizes = [(40, 18), (80, 24), (200, 50)]
    seen = terminal("status", "--watch", columns=40, rows=18, cwd=workspace.root)
    before = seen.line_settings()
    seen.wait_for("versions")
    for size in sizes[1:]:
        seen.resize(*size)
        seen.wait_for("versions")
    (workspace.root / "seeds" / "more.txt").write_text("A headline\n\nMore was said.\n", encoding="utf-8")
    ingest(workspace, (), progress=lambda *_: None)
    seen.wait_for("versions")
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
fill_screen(lambda out: Text("versions"), key=lambda: 0)
"""


@pytest.mark.parametrize("by", ["ctrl-c", "sigterm"])
def test_told_to_stop_it_leaves_the_terminal_as_it_was_with_0(terminal: Callable[..., Any], by: str) -> None:
    seen = terminal(program=STILL)
    before = seen.line_settings()
    seen.wait_for("versions")
    shown = seen.line_settings()
    assert shown != before, "keys are not echoed"
    assert shown[6][termios.VSUSP] == b"\0", "Ctrl-Z would leave the shell behind a picture"
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
