"""What runs in a process of the ``processes`` engine: items come in over a pipe, answers go out."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from copydesk.engines.watch import Watch
from copydesk.errors import CopydeskError

MOST_BYTES = 400_000_000  # of memory that a process keeps between two items


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an item: its result, or what the work raised."""

    result: Any = None
    error: CopydeskError | None = None
    did: float = 0.0  # how much it said that it did (see ``Watch.did``)
    is_last: bool = False  # its process has grown too large, and ends


def serve(work: Callable[[Any, Watch], Any], connection: Connection, alive: Connection, seen: Any) -> None:
    """Do the work on each item that comes, until nothing can come any more. ``seen`` is read by the process that watches.

    A process that has grown past ``MOST_BYTES`` ends after an item: what is left of the work before it goes with it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of the terminal; the first one ends us
    threading.Thread(target=_end_with, args=(alive,), daemon=True).start()

    def at(place: int) -> None:
        seen[1] = place
        seen[0] += 1

    def did(much: int) -> None:
        seen[2] = much

    while True:
        try:
            item, lost = connection.recv()
        except EOFError:
            return
        at(-1)
        did(0)
        done = answer(work, item, Watch(at, did, lost))
        at(-1)
        is_last = resident_bytes() > MOST_BYTES
        connection.send(replace(done, did=seen[2], is_last=is_last))
        if is_last:
            return


def answer(work: Callable[[Any, Watch], Any], item: Any, watch: Watch) -> Answer:
    """Do the work on one item. What is no error of Copydesk's own is raised: it ends the process, and counts as a loss."""
    try:
        return Answer(result=work(item, watch))
    except CopydeskError as error:
        return Answer(error=error)


def resident_bytes() -> int:
    """Give how much memory this process has, where the system tells; elsewhere 0."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except FileNotFoundError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _end_with(alive: Connection) -> None:
    """Wait until the process that started this one is gone, however it ended, and end with it."""
    try:
        alive.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)
