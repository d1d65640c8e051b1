"""What the peers of ``agreement_classes`` need for the same work; run in their environment, prints JSON: CPU seconds of each.

The table [units, raters] of small numbers comes as a file of numpy's; -1 is missing. Making a peer's own input is not counted.
"""

import json
import random
import sys
from itertools import combinations

import krippendorff
import numpy as np
from nltk.metrics import agreement
from ratio import cpu_seconds
from sklearn.metrics import cohen_kappa_score


def main(file: str) -> None:
    table = np.load(file).astype(np.int64)
    data = np.where(table >= 0, table, np.nan).T
    draw = np.random.default_rng(0)
    triples = [(rater, unit, int(table[unit, rater])) for unit, rater in zip(*np.nonzero(table >= 0), strict=True)]
    random.Random(1).shuffle(triples)
    task = agreement.AnnotationTask(triples)
    pairs = []
    for one, other in combinations(table.T, 2):
        both = (one >= 0) & (other >= 0)
        pairs.append((one[both], other[both]))
    seconds = {
        "krippendorff": cpu_seconds(lambda: krippendorff.alpha(data, level_of_measurement="nominal")),
        "krippendorff-ordinal": cpu_seconds(lambda: krippendorff.alpha(data, level_of_measurement="ordinal")),
        "krippendorff-resample": cpu_seconds(
            lambda: krippendorff.alpha(_drawn(data, draw), level_of_measurement="nominal")
        ),
        "nltk": cpu_seconds(task.alpha),
        "scikit-learn": cpu_seconds(lambda: [cohen_kappa_score(one, other) for one, other in pairs]),
    }
    print(json.dumps(seconds))


def _drawn(data, draw):
    return data[:, draw.integers(0, data.shape[1], data.shape[1])]


if __name__ == "__main__":
    main(sys.argv[1])
