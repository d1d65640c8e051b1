"""Coefficients for classes against krippendorff, NLTK and scikit-learn on the same votes in the same run, in CPU seconds.

100,000 documents, 5 annotators who are right in .55 to .9 of cases, 10 classes, a tenth of votes missing; a million for memory and growth.
Our time goes from long votes, in order, to the coefficient; the peers' input is ready as each likes it. The interval of 1,000 resamples
goes from the votes as well, and is held against 1,000 times one computation on a resampled table: krippendorff's, and our own,
neither with what it takes to draw the table.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from peers import python_of
from sync import Ratio

from copydesk.agreement.alpha import Alpha
from copydesk.agreement.classes import Ratings, kappas, nominal, of_counts
from copydesk.agreement.classes.sums import Draws, sums_of

DOCUMENTS, CLASSES, ROUNDS = 100_000, 10, 5
SKILLS = (0.55, 0.65, 0.75, 0.85, 0.9)
PEER = ("krippendorff==0.9.0", "nltk==3.10.4", "scikit-learn==1.9.1", "numpy==2.4.6", "scipy==1.17.1")
HERE = Path(__file__).resolve().parent
Votes = tuple[np.ndarray, np.ndarray, np.ndarray]


def run() -> Iterator[Ratio]:
    """Measure both sides in turn and give the ratios. Raises PeerMissingError without the peers."""
    peer = python_of("agreement", PEER)
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.npy", Path(folder) / "large.npy"
        np.save(small, made(DOCUMENTS))
        np.save(large, made(10 * DOCUMENTS))
        ours, theirs = [_ours(small, large)], []
        for _ in range(ROUNDS):
            ours.append(_ours(small, large))
            theirs.append(json.loads(_output(peer, "agreement_peer.py", str(small))))
        memory = [
            int(_output(python, "agreement_memory.py", who, str(large)))
            for python, who in ((peer, "krippendorff"), (Path(sys.executable), "ours"))
        ]
    del ours[0]  # which warmed up
    yield from _ratios(ours, theirs)
    share = memory[1] / memory[0]
    yield Ratio(
        "alpha of a million documents, peak memory over krippendorff's", share, "≤ 0.125", share <= 1 / 8, (share,)
    )


def _ratios(ours: list[dict[str, float]], theirs: list[dict[str, float]]) -> Iterator[Ratio]:
    for name, mine, other, target in (
        ("alpha, speed against krippendorff", "alpha", "krippendorff", 5),
        ("ordinal alpha, speed against krippendorff", "ordinal", "krippendorff-ordinal", 5),
        ("alpha, speed against NLTK", "alpha", "nltk", 40),
        ("kappa of all pairs, speed against scikit-learn", "kappa", "scikit-learn", 10),
    ):
        yield _at_least(name, [their[other] / own[mine] for own, their in zip(ours, theirs, strict=True)], target)
    name = "alpha with 1,000 resamples, speed against a loop over"
    looped = [1_000 * their["krippendorff-resample"] / own["interval"] for own, their in zip(ours, theirs, strict=True)]
    yield _at_least(f"{name} krippendorff", looped, 100)
    yield _at_least(f"{name} our own", [1_000 * own["resample"] / own["interval"] for own in ours], 40)
    for what in ("alpha", "kappa", "interval"):
        grown = [own[f"{what}, ten times"] / own[what] for own in ours]
        value = statistics.median(grown)
        yield Ratio(f"{what}, time for ten times the documents", value, "≤ 11", value <= 11, tuple(grown))


def _at_least(name: str, rounds: list[float], target: int) -> Ratio:
    value = statistics.median(rounds)
    return Ratio(name, value, f"≥ {target}", value >= target, tuple(rounds))


def made(documents: int) -> np.ndarray:
    """Make what each annotator says of each document: [documents, annotators]; -1 is missing."""
    draw = np.random.default_rng(0)
    truth = draw.integers(0, CLASSES, documents)
    said = [np.where(draw.random(documents) < skill, truth, draw.integers(0, CLASSES, documents)) for skill in SKILLS]
    table = np.stack(said, axis=1).astype(np.int8)
    table[draw.random(table.shape) < 0.1] = -1
    return table


def votes(file: Path) -> Votes:
    """Read a table as long votes: unit, rater, value."""
    table = np.load(file)
    unit, rater = np.nonzero(table >= 0)
    return unit, rater, table[unit, rater].astype(np.int64)


def _ours(small: Path, large: Path) -> dict[str, float]:
    seconds = {}
    for file, tenfold in ((small, ""), (large, ", ten times")):
        long = votes(file)
        seconds |= {
            f"alpha{tenfold}": _seconds(lambda long=long: of_counts.alpha(_ratings(long))),
            f"kappa{tenfold}": _seconds(lambda long=long: kappas(_ratings(long).tables_of_pairs())),
            f"interval{tenfold}": _seconds(lambda long=long: _interval(_ratings(long))),
        }
    long = votes(small)
    seconds["ordinal"] = _seconds(lambda: of_counts.ordinal_alpha(_ratings(long)))
    chosen = np.sort(np.random.default_rng(0).integers(0, DOCUMENTS, DOCUMENTS))
    rows = np.load(small)[chosen]
    unit, rater = np.nonzero(rows >= 0)
    drawn = unit, rater, rows[unit, rater].astype(np.int64)
    return seconds | {"resample": _seconds(lambda: of_counts.alpha(_ratings(drawn)))}


def _ratings(long: Votes) -> Ratings:
    return Ratings.of(*long, raters=len(SKILLS), values=CLASSES)


def _interval(ratings: Ratings) -> object:
    return sums_of(ratings.counts(), [Alpha((nominal(ratings.values),))]).estimates(Draws())


def _seconds(work: Callable[[], object]) -> float:
    """The better of two turns, as for the peers: the first pays for memory that is asked for the first time."""
    turns = []
    for _ in range(2):
        begin = time.process_time()
        work()
        turns.append(time.process_time() - begin)
    return min(turns)


def _output(python: Path, *arguments: str) -> str:
    done = subprocess.run(
        [str(python), str(HERE / arguments[0]), *arguments[1:]], check=True, capture_output=True, text=True
    )
    return done.stdout


if __name__ == "__main__":
    for ratio in run():
        rounds = ", ".join(f"{one:.3f}" for one in ratio.rounds)
        print(
            f"{ratio.name}: {ratio.value:.3f} ({ratio.target}{'' if ratio.reached else ', MISSED'}) {rounds}",
            flush=True,
        )
