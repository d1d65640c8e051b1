"""Weighted spans in; those of the largest total weight of which no two overlap, out."""

from __future__ import annotations

import numpy as np

from copydesk.agreement.columns import Bools, Floats, Ints

# Weights are compared as whole numbers: sums of these do not depend on their order, as sums of fractions do.
_STEPS = 1e6


def best_apart(*, group: Ints, start: Ints, end: Ints, weight: Floats) -> Bools:
    """Say which spans to keep so that none of one ``group`` share a character and their weights sum to the most.

    Spans of no or negative weight are never kept. Of two choices of equal weight the one holds that ends earlier, then the one
    that starts earlier: nothing depends on the order of rows, but for rows that are equal in all columns.
    """
    kept = np.zeros(len(group), bool)
    worth = np.rint(weight * _STEPS).astype(np.int64)
    rows = np.flatnonzero((worth > 0) & (end > start))
    if not len(rows):
        return kept
    # All groups side by side on one line: then the whole is a single problem.
    width = int(end[rows].max()) + 1
    _, number = np.unique(group[rows], return_inverse=True)
    left, right = number * width + start[rows], number * width + end[rows]
    order = np.lexsort((worth[rows], left, right))
    rows, left, right = rows[order], left[order], right[order]
    before = np.searchsorted(right, left, side="right").tolist()  # how many spans end before this one starts
    values = worth[rows].tolist()
    best = [0] * (len(rows) + 1)
    for at, value in enumerate(values):
        best[at + 1] = max(best[at], value + best[before[at]])
    at = len(rows)
    while at:
        if best[at] > best[at - 1]:
            kept[rows[at - 1]] = True
            at = before[at - 1]
        else:
            at -= 1
    return kept
