"""Count tables in, percent agreement and the coefficients that correct it for chance out: Fleiss, Gwet's AC1 and AC2, Bennett's S.

All are (observed - chance) / (1 - chance), with the mean over units of the share of agreeing pairs as what is observed: J. Fleiss,
Measuring Nominal Scale Agreement Among Many Raters, Psychological Bulletin 76 (1971) 378-382. For units with unequal numbers of values
and for weights: K. Gwet, Handbook of Inter-Rater Reliability (4th edition 2014), chapters 4 and 5: a unit with one value counts in
the shares of values, not in what is observed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copydesk.agreement.alpha import pairable
from copydesk.agreement.columns import Floats, Ints

PERCENT, FLEISS, GWET, BENNETT = range(4)


@dataclass(frozen=True, slots=True)
class Chance:
    """Percent agreement, Fleiss' kappa, Gwet's AC and Bennett's S, in this order.

    ``weights[value, value]`` say how far two values agree: 1 on the diagonal; elsewhere 0 (AC1) or more (AC2). Columns: units that
    can be compared, their share of agreeing pairs, units with a value, the share of each value.
    """

    weights: Floats

    def parts(self, counts: Ints) -> Floats:
        """Give what each unit adds: [units, columns]."""
        values = counts.sum(axis=1)
        table, paired = pairable(counts)
        agreeing = (table * (table @ self.weights - 1)).sum(axis=1) / (paired * (paired - 1))
        shares = counts / np.maximum(values, 1)[:, np.newaxis]
        return np.column_stack([values > 1, agreeing, values > 0, shares])

    def figures(self, sums: Floats) -> Floats:
        """Turn sums [resamples, columns] into [resamples, figures], nan where one is not defined."""
        size = len(self.weights)
        observed = _over(sums[:, 1], sums[:, 0])
        share = sums[:, 3:] / np.maximum(sums[:, 2:3], 1)
        varied = np.count_nonzero(share, axis=1) > 1
        total = self.weights.sum()
        expected = {
            FLEISS: ((share @ self.weights) * share).sum(axis=1),
            GWET: total * (share * (1 - share)).sum(axis=1) / max(size * (size - 1), 1),
            BENNETT: np.full(len(sums), total / max(size * size, 1)),
        }
        found = [
            np.where(varied, _over(observed - by_chance, 1 - by_chance), np.nan) for by_chance in expected.values()
        ]
        return np.column_stack([observed, *found])


@dataclass(frozen=True, slots=True)
class Percent:
    """Percent agreement alone; columns: units that can be compared, their share of agreeing pairs."""

    def parts(self, counts: Ints) -> Floats:
        """Give what each unit adds: [units, columns]."""
        table, paired = pairable(counts)
        return np.column_stack([counts.sum(axis=1) > 1, (table * (table - 1)).sum(axis=1) / (paired * (paired - 1))])

    def figures(self, sums: Floats) -> Floats:
        """Turn sums [resamples, columns] into [resamples, 1], nan where it is not defined."""
        return _over(sums[:, 1], sums[:, 0])[:, np.newaxis]


def agreement_weights(distance: Floats) -> Floats:
    """Turn distances into weights: 1 - distance / the largest."""
    largest = distance.max(initial=0)
    return 1 - distance / largest if largest > 0 else np.ones(distance.shape)


def _over(above: Floats, below: Floats) -> Floats:
    return np.asarray(np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0))
