"""Writes gamma.json beside this file: random continua with what pygamma-agreement says of them.

Run it in an environment that has pygamma-agreement 0.5.9 (it needs cvxopt, which is GPL, so it is no dependency of anything here):
``python gamma_oracle.py > gamma.json``. The first continuum is the example of section 5 of the paper on gamma, as pygamma-agreement has it in its
tests (MIT licence, copyright CoML 2020-2021); the others are made here from a seed.
"""

from __future__ import annotations

import json
import logging
import os
import sys

import numpy as np
from pyannote.core import Segment
from pygamma_agreement import CombinedCategoricalDissimilarity, Continuum

EXAMPLE = (
    "Alex 1 2 9|Alex 2 11 17|Alex 5 24 30|Alex 6 32 36|Alex 6 36 44|Alex 7 44 60|Paul 1 2 9|Paul 3 11 17|Paul 5 19 25|"
    "Paul 6 32 44|Suzan 1 2 9|Suzan 4 11 17|Suzan 5 21 27|Suzan 6 32 36|Suzan 6 36 40|Suzan 6 40 44"
)


def made(seed: int, people: int, units: int, *, crowd: int) -> list[list[object]]:
    """People who find most of the same units, and slip in place and category; ``crowd`` is how long a unit can be."""
    rng = np.random.default_rng(seed)
    rows = set()
    for _ in range(units):
        start = int(rng.integers(0, units * 12))
        end = start + int(rng.integers(1, crowd))
        category = int(rng.integers(0, 4))
        for person in range(people):
            if rng.random() < 0.8:
                first = max(0, start + int(rng.integers(-3, 4)) * int(rng.random() < 0.4))
                last = max(first + 1, end + int(rng.integers(-3, 4)) * int(rng.random() < 0.4))
                said = int(rng.integers(0, 4)) if rng.random() < 0.2 else category
                rows.add((f"A{person}", f"c{said}", first, last))
    return [list(row) for row in sorted(rows)]


def told(rows: list[list[object]], *, samples: int) -> dict[str, object]:
    """What pygamma-agreement says; gamma only where samples are asked for."""
    continuum = Continuum()
    for annotator, category, start, end in rows:
        continuum.add(annotator, Segment(float(start), float(end)), category)
    measure = CombinedCategoricalDissimilarity(alpha=3, beta=1, delta_empty=1)
    said: dict[str, object] = {"rows": rows}
    if not samples:
        best = continuum.get_best_alignment(measure)
        return {**said, "disorder": float(best.disorder)}
    np.random.seed(1)
    found = continuum.compute_gamma(measure, n_samples=samples)
    said |= {"disorder": float(found.observed_disorder), "samples": samples, "gamma": float(found.gamma)}
    return {**said, "gamma_cat": float(found.gamma_cat)}


def main() -> None:
    """Print the file; the solver's chatter goes elsewhere."""
    logging.disable(logging.CRITICAL)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    example = [[a, c, int(s), int(e)] for a, c, s, e in (row.split() for row in EXAMPLE.split("|"))]
    cases = [told(example, samples=2000)]
    cases += [told(made(seed, 2, 12, crowd=20), samples=0) for seed in range(10)]
    cases += [told(made(seed, 3, 10, crowd=30), samples=0) for seed in range(10, 20)]
    cases += [told(made(seed, 4, 6, crowd=30), samples=0) for seed in range(20, 24)]
    cases += [told(made(30, 2, 30, crowd=15), samples=600), told(made(31, 3, 12, crowd=15), samples=600)]
    cases += [told(made(40, 2, 60, crowd=60), samples=0)]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    out.write(f'{{"made_with":"pygamma-agreement 0.5.9, gamma_oracle.py","cases":[\n{lines}\n]}}\n')
    out.flush()
    sys.exit(0)


if __name__ == "__main__":
    main()
