"""Labels of a crowd merged by Dawid-Skene and MACE, against crowd-kit and on ten times the items: CPU seconds of as many iterations."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from peers import python_of
from ratio import Ratio, answer_of, at_least, at_most, cpu_seconds, show

from copydesk.agreement.crowd import Prior, Ratings, dawid_skene, mace

ITEMS, PEOPLE, LABELS = 100_000, 5, 10
ROUNDS, ITERATIONS = 5, 8
TARGETS, GROWTH_TARGET = {"Dawid-Skene": 10, "MACE": 20}, 11


def run() -> Iterator[Ratio]:
    """Measure both sides in turn and give the ratios. Raises PeerMissingError where crowd-kit cannot be installed."""
    peer = python_of("crowd-kit", ["crowd-kit==1.4.2"])
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.npy", Path(folder) / "large.npy"
        np.save(small, labels(ITEMS))
        np.save(large, labels(10 * ITEMS))
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(answer_of(sys.executable, "agreement_crowd.py", small, large))
            theirs.append(answer_of(peer, "agreement_crowd_peer.py", small, ITERATIONS))
    for name, target in TARGETS.items():
        said = f"{name}, {ITEMS:,} items x {PEOPLE} people, {ITERATIONS} iterations, speed against crowd-kit"
        yield at_least(said, [their[name] / own[name] for own, their in zip(ours, theirs, strict=True)], target)
        grown = [own[f"{name}, ten times"] / own[name] for own in ours]
        yield at_most(f"{name}, time for ten times the items", grown, GROWTH_TARGET)


def labels(items: int) -> np.ndarray:
    """Items by people: five who are right in .55 to .9 of all cases, and else say anything."""
    draw = np.random.default_rng(7)
    truth = draw.integers(LABELS, size=items)
    right = draw.random((items, PEOPLE)) < np.linspace(0.55, 0.9, PEOPLE)
    return np.where(right, truth[:, None], draw.integers(LABELS, size=(items, PEOPLE))).astype(np.int8)


def _ours(small: str, large: str) -> dict[str, float]:
    seconds = {}
    for file, tenfold in ((small, ""), (large, ", ten times")):
        given = ratings(np.load(file))
        seconds |= {
            f"Dawid-Skene{tenfold}": cpu_seconds(
                lambda given=given: dawid_skene(given, prior=Prior(), rounds=ITERATIONS, tolerance=0.0)
            ),
            f"MACE{tenfold}": cpu_seconds(lambda given=given: mace(given, rounds=ITERATIONS, tolerance=0.0)),
        }
    return seconds


def ratings(said: np.ndarray) -> Ratings:
    """Make long votes of a table."""
    items = len(said)
    item, person = np.repeat(np.arange(items), PEOPLE), np.tile(np.arange(PEOPLE), items)
    return Ratings(item, person, said.ravel().astype(np.int64), items, PEOPLE, LABELS)


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(_ours(*sys.argv[1:])))
    else:
        sys.exit(show(run()))
