"""Run a command and kill it with SIGKILL just before its N-th operation on files: what a crash at that point leaves behind.

::

    python tests/kill/killpoint.py N -- copydesk publish NAME
    python tests/kill/killpoint.py N -- -m some.module ARGUMENT…
    python tests/kill/killpoint.py N -- script.py ARGUMENT…

Where the command has fewer operations than N, it ends as it would alone, with its exit code, and the last line on standard error
says how many there were: ``killpoints: 123``. Counted are: opening a file to write, creating, renaming, linking, truncating,
removing, changing the mode (by the audit events that CPython raises), and each flush and fsync that Python code calls (so that
a file whose bytes are still in a buffer is met too). What child processes do is not counted.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
from importlib.metadata import entry_points
from types import FrameType
from typing import Any

_EVENTS = frozenset(
    {
        "os.chmod",
        "os.link",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.symlink",
        "os.truncate",
    }
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CALLS = frozenset({"flush", "fsync", "fdatasync"})


class Points:
    """Counts operations on files; kills this process at the N-th."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.met = 0

    def arm(self) -> None:
        """Begin to count. An audit hook cannot be taken off again: the process must end afterwards."""
        sys.dont_write_bytecode = True  # files of the interpreter's own are none of the command's
        sys.addaudithook(self._audit)
        sys.setprofile(self._call)
        threading.setprofile(self._call)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _EVENTS or (event == "open" and _writes(*arguments)):
            self._step()

    def _call(self, frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call" and function.__name__ in _CALLS and not _is_terminal(function):
            self._step()

    def _step(self) -> None:
        self.met += 1
        if self.met == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def _writes(path: Any, mode: Any, flags: Any) -> bool:
    if isinstance(path, str | bytes) and os.fsdecode(path).startswith("/dev/"):
        return False
    return isinstance(flags, int) and bool(flags & _WRITING)


def _is_terminal(function: Any) -> bool:
    """What is printed is no file of the command's."""
    owner = getattr(function, "__self__", None)
    try:
        return owner is not None and hasattr(owner, "fileno") and owner.fileno() <= 2
    except (OSError, ValueError):  # a closed file, or one of memory
        return True


def run(command: list[str]) -> None:
    """Run a console script, a module (``-m``) or a script in this process."""
    if command[0] == "-m":
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    elif command[0].endswith(".py"):
        sys.argv = command
        runpy.run_path(command[0], run_name="__main__")
    else:
        (script,) = entry_points(group="console_scripts", name=command[0])
        sys.argv = command
        sys.exit(script.load()())


def main() -> None:
    """Read the command line, arm, run."""
    if len(sys.argv) < 4 or sys.argv[2] != "--" or not sys.argv[1].isdigit():
        sys.exit(__doc__)
    points, command = Points(int(sys.argv[1])), sys.argv[3:]
    points.arm()
    try:
        run(command)
    finally:
        met = points.met
        sys.setprofile(None)
        print(f"killpoints: {met}", file=sys.stderr)


if __name__ == "__main__":
    main()
