"""What the peers of ``agreement_classes`` need for the same work; run in their environment, prints JSON: CPU seconds of each.

The table [units, raters] of small numbers comes as a file of numpy's; -1 is missing. Making a peer's own input is not counted.
"""

import json
import random
import sys
import time
from itertools import combinations

import krippendorff
import numpy as np
from nltk.metrics import agreement
from sklearn.metrics import cohen_kappa_score


def main(file: str) -> None:
    table = np.load(file).astype(np.int64)
    data = np.where(table >= 0, table, np.nan).T
    drawn = data[:, np.random.default_rng(0).integers(0, len(table), len(table))]
    triples = [(rater, unit, int(table[unit, rater])) for unit, rater in zip(*np.nonzero(table >= 0), strict=True)]
    random.Random(1).shuffle(triples)
    task = agreement.AnnotationTask(triples)
    pairs = []
    for one, other in combinations(table.T, 2):
        both = (one >= 0) & (other >= 0)
        pairs.append((one[both], other[both]))
    seconds = {
        "krippendorff": _seconds(lambda: krippendorff.alpha(data, level_of_measurement="nominal")),
        "krippendorff-ordinal": _seconds(lambda: krippendorff.alpha(data, level_of_measurement="ordinal")),
        "krippendorff-resample": _seconds(lambda: krippendorff.alpha(drawn, level_of_measurement="nominal")),
        "nltk": _seconds(task.alpha),
        "scikit-learn": _seconds(lambda: [cohen_kappa_score(one, other) for one, other in pairs]),
    }
    print(json.dumps(seconds))


def _seconds(work):
    """The better of two turns: the first pays for memory that is asked for the first time."""
    turns = []
    for _ in range(2):
        begin = time.process_time()
        work()
        turns.append(time.process_time() - begin)
    return min(turns)


if __name__ == "__main__":
    main(sys.argv[1])
