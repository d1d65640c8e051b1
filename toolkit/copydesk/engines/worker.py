"""What runs in a process of the ``processes`` engine: items come in over a pipe, answers go out."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

from copydesk.engines.watch import Watch
from copydesk.errors import CopydeskError


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an item: its result, or what the work raised."""

    result: Any = None
    error: CopydeskError | None = None
    did: float = 0.0  # how much it said that it did (see ``Watch.did``)


def serve(work: Callable[[Any, Watch], Any], connection: Connection, alive: Connection, seen: Any) -> None:
    """Do the work on each item that comes, until nothing can come any more. ``seen`` is read by the process that watches."""
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
        connection.send(replace(done, did=seen[2]))


def answer(work: Callable[[Any, Watch], Any], item: Any, watch: Watch) -> Answer:
    """Do the work on one item. What is no error of Copydesk's own is raised: it ends the process, and counts as a loss."""
    try:
        return Answer(result=work(item, watch))
    except CopydeskError as error:
        return Answer(error=error)


def _end_with(alive: Connection) -> None:
    """Wait until the process that started this one is gone, however it ended, and end with it."""
    try:
        alive.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)
