"""The fenced blocks of a page, and the pages' commands run as a reader runs them, their output beside what the page says.

A block of ``console`` has commands after ``$ ``, which go on after ``> ``, and below each what it prints. A block that is not run says why behind its language:
```` ```sh not run: needs a cluster````. Run as a program this writes what the commands print now into the pages:
``python tests/docs/blocks.py docs/tutorial.md``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^( *)(`{3,})(\S*)[ \t]*([^\n]*)\n(.*?)^\1\2$", flags=re.MULTILINE | re.DOTALL)
MARK = re.compile(r"^<!-- (.+) -->$", flags=re.MULTILINE)
COMMAND = re.compile(r"^\$ (.*(?:\n>(?: .*)?)*)\n", flags=re.MULTILINE)
GOES_ON = re.compile(r"^> ?", flags=re.MULTILINE)
NOT_RUN = "not run: "
TOLD = {0, 1}  # exit codes of a command that says what it found; 2 and above: it could not do its work
WORKSPACE = ("copydesk.toml", "schemas", "validation", "seeds", "datasets")
# how far a command had got when it told so, which depends on the machine; and the first start, which others were before
PASSING = re.compile(r"^(preparing .*|[a-z][\w ():]*: [\d,]+ of [\d,]+.*)\n", flags=re.MULTILINE)
# what is another one each time: ports, times, and ids that rest on a time
VARYING = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:8080"),
    (re.compile(r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d(:\d\d)?(\.\d+)?"), r"2026-01-01\g<1>12:00"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "0123456789ab"),
    (re.compile(r"\b[0-9a-f]{6}(-\d+-\d+)\b"), r"012345\1"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page; ``told`` is what stands behind the language."""

    page: Path
    line: int
    language: str
    told: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_run(self) -> bool:
        return self.language == "console" and not self.told.startswith(NOT_RUN)

    def commands(self) -> list[tuple[str, str]]:
        """Give each command with what is to stand below it."""
        parts = COMMAND.split(self.text)
        return list(zip(parts[1::2], parts[2::2], strict=True))


def pages() -> list[Path]:
    """Give every page that people read: the documentation, and what lies at the root of the checkout."""
    return [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md"))]


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found[3], found[4], dedent(found[5]))
        for found in FENCE.finditer(text)
    ]


def steps(page: Path) -> Iterator[Block | str]:
    """Give the blocks of a page that are run, and the marks between them, in their order."""
    text = page.read_text(encoding="utf-8")
    found = {text.count("\n", 0, mark.start()) + 1: mark[1] for mark in MARK.finditer(text)}
    steps = {**found, **{block.line: block for block in blocks(page) if block.is_run}}
    return (steps[line] for line in sorted(steps))


def tidy(text: str) -> str:
    """Write what a terminal shows when a command is done."""
    return "\n".join(line.rstrip() for line in PASSING.sub("", text).strip("\n").split("\n"))


def plain(text: str) -> str:
    """Write what varies from run to run always the same."""
    text = tidy(text)
    for varying, fixed in VARYING:
        text = varying.sub(fixed, text)
    return text


@dataclass(slots=True)
class Reader:
    """Somebody who types what a page says, beginning in ``home``, which stands as ``~`` in what is printed."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.home

    def type(self, command: str) -> str:
        """Run a command as it stands on the page, and give what the terminal shows; a ``cd`` holds for the next one."""
        after = self.home / ".where"
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        plain_terminal = {"PATH": path, "BROWSER": "true", "COLUMNS": "120", "NO_COLOR": "1"}
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", f'{GOES_ON.sub("", command)}\ncode=$?; pwd > "{after}"; exit $code'],
            cwd=self.folder,
            env={**os.environ, **plain_terminal, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.folder = Path(after.read_text(encoding="utf-8").strip())
        assert done.returncode in TOLD, f"$ {command}\n{done.stdout}"
        return done.stdout.replace(str(self.home), "~")


def follow(page: Path, reader: Reader, *, act: Callable[[str, Reader], None]) -> Iterator[tuple[Block, list[str]]]:
    """Do all that a page says; gives each block with what its commands printed. ``act`` does what a mark between them says."""
    for step in steps(page):
        if isinstance(step, str):
            act(step, reader)
        else:
            yield step, [reader.type(command) for command, _ in step.commands()]


def held(page: Path, reader: Reader, *, act: Callable[[str, Reader], None]) -> None:
    """Do all that a page says, and hold what is printed to what it shows."""
    for block, printed in follow(page, reader, act=act):
        for (command, shown), output in zip(block.commands(), printed, strict=True):
            assert plain(output) == plain(shown), f"{block.place}: $ {command}\n(python tests/docs/blocks.py writes it)"


def desk(folder: Path) -> Reader:
    """Lay out the files of the checkout that a workspace is made of, as a reader has them who cloned it."""
    for name in WORKSPACE:
        subprocess.run(["cp", "-r", str(ROOT / name), str(folder)], check=True)
    return Reader(folder)


def write(page: Path, *, act: Callable[[str, Reader], None]) -> None:
    """Write what the commands of a page print now into it."""
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for block, printed in follow(page, desk(Path(folder)), act=act):
            told = zip(block.commands(), printed, strict=True)
            now = "".join(_shown(command, before, output) for (command, before), output in told)
            text = text.replace(f"console\n{block.text}", f"console\n{now}", 1)
    page.write_text(text, encoding="utf-8")


def _shown(command: str, before: str, printed: str) -> str:
    """Write a command with what it printed; what differs in nothing but what varies stays as it was."""
    now = tidy(before if plain(before) == plain(printed) else printed)
    return f"$ {command}\n{now}\n" if now else f"$ {command}\n"


if __name__ == "__main__":
    from hands import label_by_hand

    for name in sys.argv[1:]:
        write(Path(name).resolve(), act=label_by_hand)
