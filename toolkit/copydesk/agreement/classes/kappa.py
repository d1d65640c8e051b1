"""Tables of two raters' values in, Cohen's kappa of every pair out, weighted or not.

Sources: J. Cohen, A Coefficient of Agreement for Nominal Scales, Educational and Psychological Measurement 20 (1960) 37-46; Weighted
Kappa, Psychological Bulletin 70 (1968) 213-220: kappa = 1 - observed / expected disagreement. With 1 for any two values that differ the
second is the first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copydesk.agreement.classes.coefficient import Coefficient
from copydesk.agreement.classes.distances import nominal
from copydesk.agreement.columns import Floats, Ints

NOTHING_SHARED = "the two said nothing of one document in common"
ONE_VALUE = "both gave one and the same value throughout, so no disagreement could be expected"


@dataclass(frozen=True, slots=True)
class Kappa:
    """Kappa of tables [..., value, value], flattened in the last two axes; ``distance`` is what a disagreement weighs."""

    distance: Floats

    def figures(self, sums: Floats) -> Floats:
        """Turn tables [tables, values * values] into [tables, 1], nan where it is not defined."""
        size = len(self.distance)
        table = sums.reshape(len(sums), size, size)
        one, other = table.sum(axis=2), table.sum(axis=1)
        observed = (table * self.distance).sum(axis=(1, 2)) * one.sum(axis=1)
        expected = ((one @ self.distance) * other).sum(axis=1)
        ratio = np.divide(observed, expected, out=np.full(len(table), np.nan), where=expected > 0)
        return np.asarray(1 - ratio)[:, np.newaxis]


def kappas(tables: Ints, distance: Floats | None = None) -> tuple[tuple[Coefficient, ...], ...]:
    """Give the matrix of people: kappa of each with each, from ``Ratings.tables_of_pairs``. With oneself it is not asked for: None, why.

    ``distance`` is None for Cohen's own kappa.
    """
    raters, size = len(tables), tables.shape[-1]
    found = Kappa(nominal(size) if distance is None else distance).figures(
        tables.reshape(raters * raters, size * size).astype(np.float64)
    )
    values = found.reshape(raters, raters)
    shared = tables.sum(axis=(2, 3))
    upper = [[_coefficient(values[i, j], int(shared[i, j])) for j in range(raters)] for i in range(raters)]
    alone = Coefficient(None, 0, 0, "the same person")
    return tuple(tuple(alone if i == j else upper[min(i, j)][max(i, j)] for j in range(raters)) for i in range(raters))


def _coefficient(value: float, shared: int) -> Coefficient:
    if np.isnan(value):
        return Coefficient(None, shared, 2 * shared, ONE_VALUE if shared else NOTHING_SHARED)
    return Coefficient(float(value), shared, 2 * shared)
