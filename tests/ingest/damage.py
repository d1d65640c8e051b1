"""The work of ingest, hurt at places: what an extractor that crashes or hangs does to its process."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from copydesk.engines import Watch
from copydesk.flow.shard import Assignment, Staging, lay_aside


def hurt(assignment: Assignment, watch: Watch, *, staging: Staging, die: tuple[int, ...], hang: tuple[int, ...]) -> int:
    """Lay aside; die or hang as often as the work comes to one of these places."""

    def at(place: int) -> None:
        watch.at(place)
        if place in die:
            os.kill(os.getpid(), signal.SIGKILL)
        if place in hang:
            time.sleep(3600)

    return lay_aside(assignment, replace(watch, at=at), staging=staging)


def killed_once(assignment: Assignment, watch: Watch, *, staging: Staging, every: int) -> int:
    """Lay aside; at every so many places be killed from outside, once at each."""

    def at(place: int) -> None:
        watch.at(place)
        mark = staging.folder / f"killed-{assignment.unit.key[:16]}-{place}"
        if place % every == 0 and not mark.exists():
            Path(mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)

    return lay_aside(assignment, replace(watch, at=at), staging=staging)
