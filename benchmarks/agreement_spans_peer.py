"""The peers' side of ``agreement_spans.py``, run in their own environment: exact F1 of nervaluate, gamma of pygamma-agreement.

``python agreement_spans_peer.py exact|gamma FILE`` prints JSON: the CPU seconds, without imports and warming, and what was found.
"""

import json
import logging
import os
import sys
import time
from itertools import combinations
from pathlib import Path

from nervaluate.evaluator import Evaluator
from pyannote.core import Segment
from pygamma_agreement import CombinedCategoricalDissimilarity, Continuum


def exact(rows):
    documents = 1 + max(row[0] for row in rows)
    people = 1 + max(row[1] for row in rows)
    labels = sorted({row[4] for row in rows})
    sides = [[[] for _ in range(documents)] for _ in range(people)]
    for doc, who, start, end, label in rows:
        sides[who][doc].append({"label": str(label), "start": start, "end": end - 1})  # its ends are inclusive
    begin = time.process_time()
    found = [
        Evaluator(sides[one], sides[other], tags=[str(label) for label in labels], loader="dict").evaluate()
        for one, other in combinations(range(people), 2)
    ]
    return time.process_time() - begin, [one["overall"]["strict"].f1 for one in found]


def gamma(rows):
    continua = {}
    for doc, who, start, end, label in rows:
        continua.setdefault(doc, Continuum()).add(f"A{who}", Segment(float(start), float(end)), str(label))
    measure = CombinedCategoricalDissimilarity(alpha=3, beta=1, delta_empty=1)
    continua[0].compute_gamma(measure, n_samples=1)  # numba compiles
    begin = time.process_time()
    found = [continuum.compute_gamma(measure, n_samples=30) for _, continuum in sorted(continua.items())]
    disorders = [float(one.observed_disorder) for one in found]
    assert all(one.gamma <= 1 for one in found)
    return time.process_time() - begin, disorders


def main():
    logging.disable(logging.CRITICAL)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the solver talks
    rows = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    seconds, found = {"exact": exact, "gamma": gamma}[sys.argv[1]](rows)
    print(json.dumps([seconds, found]), file=out, flush=True)


if __name__ == "__main__":
    main()
