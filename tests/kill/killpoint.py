"""Run a command and kill it with SIGKILL just before its N-th operation on files: what a crash at that point leaves behind.

::

    python tests/kill/killpoint.py N -- copydesk publish NAME
    python tests/kill/killpoint.py N -- -m some.module ARGUMENT…
    python tests/kill/killpoint.py N -- script.py ARGUMENT…

Where the command has fewer operations than N, it ends as it would alone, with its exit code, and the last line on standard error
says how many there were: ``killpoints: 123``. Counted are: opening a file to write, creating, renaming, linking, truncating,
removing, changing the mode (by the audit events that CPython raises), and each flush and fsync that Python code calls (so that
a file whose bytes are still in a buffer is met too). What child processes do is not counted.

``--network`` before N counts connecting, sending and receiving, too: a request that was sent and not answered is met, and one
that was answered and not read. ``--power-loss FOLDER`` cuts every file below the folder that was changed since the start and not
brought onto the disk by fsync down to half, before it kills: what losing power leaves of it.
"""

from __future__ import annotations

import argparse
import os
import runpy
import signal
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
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
_NETWORK_EVENTS = frozenset({"socket.connect"})
_NETWORK_CALLS = frozenset({"send", "sendall", "recv", "recv_into"})


class Power:
    """Knows which files of a folder are on the disk, and can take away what is not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept = dict(self._files())

    def watch(self) -> None:
        """Take note of every fsync from now on."""
        really = os.fsync

        def fsync(handle: Any) -> None:
            really(handle)
            found = os.fstat(handle if isinstance(handle, int) else handle.fileno())
            self._kept[found.st_ino] = (found.st_mtime_ns, found.st_size)

        os.fsync = fsync

    def lose(self) -> None:
        """Cut what was changed and not kept down to half."""
        changed = [
            (path, size) for path, (number, (time, size)) in self._paths() if self._kept.get(number) != (time, size)
        ]
        for path, size in changed:
            os.truncate(path, size // 2)

    def _files(self) -> Iterator[tuple[int, tuple[int, int]]]:
        return (state for _, state in self._paths())

    def _paths(self) -> Iterator[tuple[Path, tuple[int, tuple[int, int]]]]:
        for path in self.folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                found = path.stat()
                yield path, (found.st_ino, (found.st_mtime_ns, found.st_size))


class Points:
    """Counts operations on files, and on the network where asked to; kills this process at the N-th, or lets that one fail."""

    def __init__(self, last: int, *, network: bool = False, power: Power | None = None, error: int = 0) -> None:
        self.last = last
        self.met = 0
        self._events = _EVENTS | _NETWORK_EVENTS if network else _EVENTS
        self._calls = _CALLS | _NETWORK_CALLS if network else _CALLS
        self._power = power
        self._error = error  # what the operation fails with (errno), instead of the kill

    def arm(self) -> None:
        """Begin to count. An audit hook cannot be taken off again: the process must end afterwards."""
        sys.dont_write_bytecode = True  # files of the interpreter's own are none of the command's
        if self._power:
            self._power.watch()
        sys.addaudithook(self._audit)
        sys.setprofile(self._call)
        threading.setprofile(self._call)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in self._events or (event == "open" and _writes(*arguments)):
            self._step()

    def _call(self, frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call" and function.__name__ in self._calls and not _is_terminal(function):
            self._step()

    def _step(self) -> None:
        self.met += 1
        if self.met == self.last:
            if self._error:
                raise OSError(self._error, os.strerror(self._error))
            if self._power:
                self._power.lose()
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
    parser = argparse.ArgumentParser(usage="killpoint.py [--network] [--power-loss FOLDER] N -- COMMAND…")
    parser.add_argument("--network", action="store_true")
    parser.add_argument("--power-loss", type=Path, metavar="FOLDER")
    parser.add_argument("number", type=int)
    own, command = _split(sys.argv[1:])
    if not command:
        parser.error("a command is missing after --")
    asked = parser.parse_args(own)
    power = Power(asked.power_loss) if asked.power_loss else None
    points = Points(asked.number, network=asked.network, power=power)
    points.arm()
    try:
        run(command)
    finally:
        met = points.met
        sys.setprofile(None)
        print(f"killpoints: {met}", file=sys.stderr)


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    middle = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:middle], arguments[middle + 1 :]


if __name__ == "__main__":
    main()
