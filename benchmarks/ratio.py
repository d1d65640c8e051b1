"""A ratio of two sides, and how a side is timed: in CPU seconds, in a process of its own, on one thread.

Needs the standard library alone: the peers' scripts use it too, in environments of their own.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True)
class Ratio:
    """What was compared, ours over the floor or the other way round, and what it has to be."""

    name: str
    value: float
    target: str
    reached: bool
    rounds: tuple[float, ...]


def at_least(name: str, rounds: Sequence[float], target: float) -> Ratio:
    """Give the median of rounds, which has to be ``target`` or more."""
    value = statistics.median(rounds)
    return Ratio(name, value, f"≥ {target:g}", value >= target, tuple(rounds))


def at_most(name: str, rounds: Sequence[float], target: float) -> Ratio:
    """Give the median of rounds, which has to be ``target`` or less."""
    value = statistics.median(rounds)
    return Ratio(name, value, f"≤ {target:g}", value <= target, tuple(rounds))


def cpu_seconds(work: Callable[[], object]) -> float:
    """Give the better of two turns: the first pays for memory that is asked for the first time."""
    turns = []
    for _ in range(2):
        begin = time.process_time()
        work()
        turns.append(time.process_time() - begin)
    return min(turns)


def answer_of(python: str | Path, script: str, *arguments: object) -> Any:
    """Run a script of this folder, and read what it prints last, a line of JSON."""
    command = [str(python), str(Path(__file__).with_name(script)), *(str(one) for one in arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | ONE_THREAD)
    return json.loads(done.stdout.splitlines()[-1])


def show(ratios: Iterable[Ratio]) -> int:
    """Print ratios as they come; gives 1 where one is not what it has to be."""
    missed = 0
    for one in ratios:
        rounds = ", ".join(f"{each:.3g}" for each in one.rounds)
        print(f"{one.name}: {one.value:.3g} (has to be {one.target}; rounds {rounds})", flush=True)
        missed |= not one.reached
    return missed
