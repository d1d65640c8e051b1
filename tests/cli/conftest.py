"""What tests of the command line share: a pseudo-terminal to run a command in, and a workspace with labels."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from copydesk.flow.ingest import ingest
from copydesk.model.tables import from_rows
from copydesk.workspace import Workspace

SECONDS = 60  # that are waited for what is to come, on a busy machine
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COPYDESK = "from copydesk.cli import main; main()"
# The new session has no terminal yet; Ctrl-C reaches a program in its own one alone.
OWN_TERMINAL = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"


class Terminal:
    """A Python program that runs in a pseudo-terminal; ``heard`` is all that it has printed."""

    def __init__(
        self,
        *arguments: str,
        program: str = COPYDESK,
        columns: int = 80,
        rows: int = 24,
        cwd: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.heard = ""
        self.left: list[Any] = []
        self._waited = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._fd, side = pty.openpty()
        self.resize(columns, rows)
        environment = {
            key: value for key, value in os.environ.items() if key not in {"CI", "NO_COLOR", "COLUMNS", "LINES"}
        }
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", **(settings or {})}
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWN_TERMINAL + program, *arguments],
            cwd=cwd, env=environment, stdin=side, stdout=side, stderr=side, start_new_session=True,
        )  # fmt: skip
        os.close(side)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def say(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def wait_for(self, text: str) -> None:
        """Wait until a text is printed, after what was waited for before."""
        end = time.monotonic() + SECONDS
        while text not in self.heard[self._waited :]:
            assert time.monotonic() < end, f"{text!r} never came: {self.heard!r}"
            assert self._listen(), f"it ended before {text!r}: {self.heard!r}"
        self._waited = self.heard.index(text, self._waited) + len(text)

    def end(self) -> int:
        """Wait until the program ends; gives its exit code."""
        while self._listen():
            pass
        self.left = self.line_settings()
        os.close(self._fd)
        return self.process.wait()

    def line_settings(self) -> list[Any]:
        """What the terminal does with what is typed: whether it is echoed, and passed on line by line."""
        return termios.tcgetattr(self._fd)

    @property
    def lines(self) -> list[str]:
        """What was printed, without the terminal's escapes."""
        return [line.rstrip() for line in ESCAPE.sub("", self.heard).replace("\r", "").split("\n")]

    @property
    def widest(self) -> int:
        """Cells of the longest line."""
        return max(map(cell_len, self.lines))

    def _listen(self) -> bool:
        ready, _, _ = select.select([self._fd], [], [], 1)
        if not ready:
            return True
        try:
            data = os.read(self._fd, 65_536)
        except OSError:  # so says Linux when the other side has gone
            return False
        self.heard += self._decoder.decode(data)
        return bool(data)


@pytest.fixture(scope="session")
def terminal() -> Callable[..., Terminal]:
    """Run a program in a pseudo-terminal: its arguments, and columns, rows, cwd and settings (of the environment)."""
    return Terminal


# Whatever breaks a terminal, in one article: escapes and bidirectional controls, and scripts of all widths.
HOSTILE = "Bad \x1b[31m\x1b]0;title\x07 news\n\nLena Ostrom met \u202eevil\u202c 中文新闻报道 and محمد رفت\u200cو in Port Merrin 👨‍👩‍👧.\n"


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with one hostile article, and labels agreed on it that are nested and that cross."""
    workspace = _ingested(tmp_path_factory.mktemp("labelled") / "desk", HOSTILE)
    (document,) = workspace.documents.read("documents").to_pylist()
    spans = [
        ("Lena Ostrom met", "PERSON"),
        ("Ostrom", "PERSON"),
        ("Ostrom met", "GPE"),
        ("新闻", "ORG"),
        ("محمد", "PERSON"),
    ]
    rows = [_agreed(document, surface, label) for surface, label in spans]
    workspace.agreed.replace({"agreed_spans": from_rows("agreed_spans", rows)}, {"stage": "agree", "key": ""})
    return workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with one document, which no other test has."""
    return _ingested(tmp_path / "desk", "A headline\n\nSomething was said.\n")


def _ingested(folder: Path, article: str) -> Workspace:
    """A workspace that works without other processes, which would cost more than the work."""
    made = Workspace.create(folder)
    with (folder / "copydesk.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[engine]\nname = "inline"\n')
    for seed in (folder / "seeds").iterdir():
        seed.unlink()
    (folder / "seeds" / "story.txt").write_text(article, encoding="utf-8")
    made = Workspace.open(folder)
    ingest(made, (), progress=lambda *_: None)
    return made


def _agreed(document: Mapping[str, Any], surface: str, label: str) -> dict[str, Any]:
    start = document["text"].index(surface)
    decided = {"votes": 2, "readers": 2, "annotators": ["A1", "A2"], "annotation_ids": [], "decided": "unanimous"}
    return {
        **{name: document[name] for name in ("doc_id", "revision", "text_sha256")},
        **{"span_id": f"{start}-{label}", "start": start, "end": start + len(surface), "surface": surface},
        **{"label": label, "attributes": [], "posterior": None, "method": "vote"},
        **decided,
    }
