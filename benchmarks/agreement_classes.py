"""Coefficients for classes against krippendorff, NLTK and scikit-learn on the same votes in the same run, in CPU seconds.

100,000 documents, 5 annotators who are right in .55 to .9 of cases, 10 classes, a tenth of votes missing; a million for memory and growth.
Our time goes from long votes, in order, to the coefficient; the peers' input is ready as each likes it. The interval of 1,000 resamples
goes from the votes as well, and is held against 1,000 turns of a loop that draws the documents again and computes alpha: krippendorff's,
and our own.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from peers import python_of
from ratio import Ratio, answer_of, at_least, at_most, cpu_seconds, show

from copydesk.agreement.alpha import Alpha
from copydesk.agreement.classes import Ratings, kappas, nominal, of_counts
from copydesk.agreement.classes.sums import Draws, sums_of

DOCUMENTS, CLASSES, ROUNDS = 100_000, 10, 5
SKILLS = (0.55, 0.65, 0.75, 0.85, 0.9)
PEER = ("krippendorff==0.9.0", "nltk==3.10.4", "scikit-learn==1.9.1", "numpy==2.4.6", "scipy==1.17.1")
Votes = tuple[np.ndarray, np.ndarray, np.ndarray]


def run() -> Iterator[Ratio]:
    """Measure both sides in turn and give the ratios. Raises PeerMissingError without the peers."""
    peer = python_of("agreement", PEER)
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.npy", Path(folder) / "large.npy"
        np.save(small, made(DOCUMENTS))
        np.save(large, made(10 * DOCUMENTS))
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(answer_of(sys.executable, "agreement_classes.py", small, large))
            theirs.append(answer_of(peer, "agreement_classes_peer.py", small))
        theirs_held, ours_held = (
            answer_of(python, "agreement_memory.py", who, large)
            for python, who in ((peer, "krippendorff"), (sys.executable, "ours"))
        )
    for name, mine, other, target in (
        ("alpha, speed against krippendorff", "alpha", "krippendorff", 5),
        ("ordinal alpha, speed against krippendorff", "ordinal", "krippendorff-ordinal", 5),
        ("alpha, speed against NLTK", "alpha", "nltk", 40),
        ("kappa of all pairs, speed against scikit-learn", "kappa", "scikit-learn", 10),
    ):
        yield at_least(name, [their[other] / own[mine] for own, their in zip(ours, theirs, strict=True)], target)
    name = "alpha with 1,000 resamples, speed against a loop over"
    looped = [1_000 * their["krippendorff-resample"] / own["interval"] for own, their in zip(ours, theirs, strict=True)]
    yield at_least(f"{name} krippendorff", looped, 100)
    yield at_least(f"{name} our own", [1_000 * own["resample"] / own["interval"] for own in ours], 100)
    for what in ("alpha", "kappa", "interval"):
        grown = [own[f"{what}, ten times"] / own[what] for own in ours]
        yield at_most(f"{what}, time for ten times the documents", grown, 11)
    yield at_most("alpha of a million documents, peak memory over krippendorff's", [ours_held / theirs_held], 1 / 8)


def made(documents: int) -> np.ndarray:
    """Make what each annotator says of each document: [documents, annotators]; -1 is missing."""
    draw = np.random.default_rng(0)
    truth = draw.integers(0, CLASSES, documents)
    said = [np.where(draw.random(documents) < skill, truth, draw.integers(0, CLASSES, documents)) for skill in SKILLS]
    table = np.stack(said, axis=1).astype(np.int8)
    table[draw.random(table.shape) < 0.1] = -1
    return table


def votes(table: np.ndarray) -> Votes:
    """Turn a table into long votes: unit, rater, value."""
    unit, rater = np.nonzero(table >= 0)
    return unit, rater, table[unit, rater].astype(np.int64)


def _ours(small: str, large: str) -> dict[str, float]:
    seconds = {}
    for file, tenfold in ((small, ""), (large, ", ten times")):
        long = votes(np.load(file))
        seconds |= {
            f"alpha{tenfold}": cpu_seconds(lambda long=long: of_counts.alpha(_ratings(long))),
            f"kappa{tenfold}": cpu_seconds(lambda long=long: kappas(_ratings(long).tables_of_pairs())),
            f"interval{tenfold}": cpu_seconds(lambda long=long: _interval(_ratings(long))),
        }
    table, draw = np.load(small), np.random.default_rng(0)
    long = votes(table)
    return seconds | {
        "ordinal": cpu_seconds(lambda: of_counts.ordinal_alpha(_ratings(long))),
        "resample": cpu_seconds(lambda: of_counts.alpha(_ratings(votes(_drawn(table, draw))))),
    }


def _drawn(table: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    return table[draw.integers(0, len(table), len(table))]


def _ratings(long: Votes) -> Ratings:
    return Ratings.of(*long, raters=len(SKILLS), values=CLASSES)


def _interval(ratings: Ratings) -> object:
    return sums_of(ratings.counts(), [Alpha((nominal(ratings.values),))]).estimates(Draws())


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(_ours(*sys.argv[1:])))
    else:
        sys.exit(show(run()))
