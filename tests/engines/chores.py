"""Work for engines to do, which other processes can import."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from copydesk.engines import Watch
from copydesk.errors import ConfigError


def double(item: int, watch: Watch) -> int:
    """Twice the item, the later items sooner."""
    time.sleep(0.05 / (1 + item))
    return 2 * item


def places(item: dict[str, Any], watch: Watch) -> dict[str, Any]:
    """Go over ten places; hang, die or fail at the ones named, but for those that were lost there before."""
    done, lost = [], dict(watch.lost)
    for place in range(10):
        watch.at(place)
        if place in lost:
            continue
        if place in item.get("die", ()):
            os.kill(os.getpid(), signal.SIGKILL)
        if place in item.get("hang", ()):
            time.sleep(3600)
        if place in item.get("fail", ()):
            raise RecursionError(f"at {place}")
        done.append(place)
    return {"done": done, "lost": lost, "pid": os.getpid()}


HELD: list[bytearray] = []


def grows(item: int, watch: Watch) -> tuple[int, int, int]:
    """Keep 150 MB for good; gives the item, the process, and how often it has done so."""
    HELD.append(bytearray(b"1") * 150_000_000)
    return item, os.getpid(), len(HELD)


def refuses(item: int, watch: Watch) -> int:
    """Fail with one of Copydesk's own errors."""
    raise ConfigError(f"item {item} is wrong", fix="correct it")


def dies_nowhere(item: int, watch: Watch) -> int:
    """Die without having said where."""
    os.kill(os.getpid(), signal.SIGKILL)
    return item


def dies_once(item: str, watch: Watch) -> str:
    """Die the first time, as a process does that is killed from outside."""
    mark = Path(item)
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def stays(item: str, watch: Watch) -> None:
    """Say who is at work, and go on for ever."""
    Path(item).write_text(str(os.getpid()), encoding="ascii")
    while True:
        watch.at(0)
        time.sleep(0.01)


def tells(item: int, watch: Watch) -> int:
    """Say how much of the item is done, and take a while."""
    for much in range(1, item + 1):
        watch.did(much)
        time.sleep(0.01)
    return item
