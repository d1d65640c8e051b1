"""Tables as JSON in (a row is a rater, a column a unit, "." is missing), alpha and kappa of each as JSON out, by other packages.

Run where krippendorff 0.9.0 and scikit-learn 1.9.1 are: ``python ask.py < tables.json``.
"""

import json
import sys
import warnings
from itertools import combinations

import krippendorff
import numpy as np
from sklearn.metrics import cohen_kappa_score

LEVELS = ("nominal", "ordinal", "interval", "ratio")


def as_numbers(rows):
    return np.array([[np.nan if value == "." else float(value) for value in row] for row in rows])


def alphas(rows):
    data = as_numbers(rows)
    return {level: float(krippendorff.alpha(data, level_of_measurement=level)) for level in LEVELS}


def kappas(rows):
    """Kappa of each pair: no, linear and quadratic weights, where it is a number."""
    return [[one, other, *_kappa(rows[one], rows[other])] for one, other in combinations(range(len(rows)), 2)]


def _kappa(one, other):
    shared = [(a, b) for a, b in zip(one, other, strict=True) if "." not in (a, b)]
    if not shared:
        return [None] * 3
    left, right = zip(*shared, strict=True)
    labels = [str(number) for number in range(1, 6)]
    values = [cohen_kappa_score(left, right, labels=labels, weights=kind) for kind in (None, "linear", "quadratic")]
    return [None if np.isnan(value) else float(value) for value in values]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    json.dump(
        [
            {"values": [" ".join(row) for row in rows], **alphas(rows), "kappas": kappas(rows)}
            for rows in json.load(sys.stdin)
        ],
        sys.stdout,
    )
