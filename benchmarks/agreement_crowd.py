"""Labels of a crowd merged by Dawid-Skene and MACE, against crowd-kit: CPU time for each iteration, in one run; and ten times the data."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from peers import python_of
from sync import Ratio

from copydesk.agreement.crowd import Prior, Ratings, dawid_skene, mace

HERE = Path(__file__).resolve().parent
ITEMS, PEOPLE, LABELS = 100_000, 5, 10
ROUNDS, ITERATIONS = 3, 8
DAWID_SKENE_TARGET, MACE_TARGET, GROWTH_TARGET = 10.0, 20.0, 11.0


def labels(items: int) -> np.ndarray:
    """Items by people: five who are right in .55 to .9 of all cases, and else say anything."""
    draw = np.random.default_rng(7)
    truth = draw.integers(LABELS, size=items)
    right = draw.random((items, PEOPLE)) < np.linspace(0.55, 0.9, PEOPLE)
    return np.where(right, truth[:, None], draw.integers(LABELS, size=(items, PEOPLE)))


def ratings(said: np.ndarray) -> Ratings:
    items = len(said)
    return Ratings(
        np.repeat(np.arange(items), PEOPLE), np.tile(np.arange(PEOPLE), items), said.ravel(), items, PEOPLE, LABELS
    )


def run() -> Iterator[Ratio]:
    """Give the ratios; raises PeerMissingError where crowd-kit cannot be installed."""
    given = ratings(labels(ITEMS))
    ways: dict[str, tuple[Callable[[], object], float]] = {
        "DawidSkene": (lambda: dawid_skene(given, prior=Prior(), rounds=ITERATIONS, tolerance=0.0), DAWID_SKENE_TARGET),
        "MACE": (lambda: mace(given, rounds=ITERATIONS, tolerance=0.0), MACE_TARGET),
    }
    yield from grown()
    peer = python_of("crowd-kit", ["crowd-kit==1.4.2"])
    for name, (ours, target) in ways.items():
        values = []
        for _ in range(ROUNDS):
            mine = timed(ours)
            theirs = _theirs(peer, name)
            values.append(theirs / mine)
            print(
                f"{name}: ours {mine / ITERATIONS:.4f} s an iteration, crowd-kit {theirs / ITERATIONS:.4f} s",
                flush=True,
            )
        value = statistics.median(values)
        yield Ratio(
            f"{name}, {ITEMS:,} items × {PEOPLE} people, against crowd-kit, {ITERATIONS} iterations each",
            value,
            f"at least {target:g}",
            value >= target,
            tuple(values),
        )


def grown() -> Iterator[Ratio]:
    """Compare ten times the items with one time."""
    small, large = ratings(labels(ITEMS)), ratings(labels(10 * ITEMS))
    for name, fit in (("Dawid-Skene", _fit), ("MACE", _mace)):
        values = []
        for _ in range(ROUNDS):
            values.append(timed(lambda fit=fit: fit(large)) / timed(lambda fit=fit: fit(small)))
        value = statistics.median(values)
        yield Ratio(
            f"{name}, ten times the items, time",
            value,
            f"at most {GROWTH_TARGET:g}",
            value <= GROWTH_TARGET,
            tuple(values),
        )


def _fit(given: Ratings) -> object:
    return dawid_skene(given, prior=Prior(), rounds=ITERATIONS, tolerance=0.0)


def _mace(given: Ratings) -> object:
    return mace(given, rounds=ITERATIONS, tolerance=0.0)


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def _theirs(python: Path, name: str) -> float:
    """CPU seconds that crowd-kit takes, reading the data left out."""
    command = [str(python), str(HERE / "agreement_crowd_peer.py"), name, str(ITERATIONS)]
    given = json.dumps(labels(ITEMS).tolist())
    done = subprocess.run(command, check=True, capture_output=True, text=True, input=given)
    return float(done.stdout.split()[-1])


if __name__ == "__main__":
    for ratio in run():
        print(ratio)
        sys.stdout.flush()
