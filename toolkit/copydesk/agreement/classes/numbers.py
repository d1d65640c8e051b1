"""Numbers in, interval alpha out, without a column for each distinct number.

Sums of squares hold all that interval alpha needs: over pairs of n values, the squared differences sum to 2 * (n * sum of squares - the
sum squared). It is the alpha of ``Alpha`` under the distance ``interval``, which a law says.
"""

from __future__ import annotations

import numpy as np

from copydesk.agreement.columns import Floats, Ints

# A spread below this share of the squares is what rounding leaves of none.
_ROUNDING = 1e-12


def interval_parts(unit: Ints, number: Floats, *, units: int) -> Floats:
    """Give what each unit adds: observed disagreement, values that can be paired, their sum and their sum of squares."""
    # Numbers are told from one that occurs: where all are the same, all sums are exactly 0.
    centred = number - (np.sort(number)[len(number) // 2] if len(number) else 0.0)
    values, total, squares = (
        np.bincount(unit, weights=weights, minlength=units) for weights in (None, centred, centred**2)
    )
    paired = values > 1
    apart = 2 * (values * squares - total**2) / np.where(paired, values - 1, 1)
    return np.column_stack([apart, values, total, squares]) * paired[:, np.newaxis]


def interval_figures(sums: Floats) -> Floats:
    """Turn sums [resamples, 4] into interval alpha [resamples, 1], nan where all values are the same."""
    apart, values, total, squares = sums.T
    spread = values * squares
    expected = 2 * (spread - total**2)
    varied = expected > _ROUNDING * spread
    ratio = np.divide((values - 1) * apart, expected, out=np.full(len(sums), np.nan), where=varied)
    return np.asarray(1 - ratio)[:, np.newaxis]
