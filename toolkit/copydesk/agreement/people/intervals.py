"""Counts in, intervals of 95 % out: Wilson's for a share, and one by bootstrap over documents for what is no plain share."""

from __future__ import annotations

from math import sqrt

import numpy as np

from copydesk.agreement.columns import Floats, Ints

_Z = 1.959963984540054  # the normal quantile of .975
_RESAMPLES = 1_000
_FEWEST = 5  # documents: of fewer a bootstrap says nothing


def wilson(hits: float, n: float) -> tuple[float, float]:
    """Give the interval of the share ``hits / n`` (n > 0); n may be no whole number.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209-212.
    """
    p, square = hits / n, _Z * _Z
    centre = (p + square / (2 * n)) / (1 + square / n)
    half = _Z / (1 + square / n) * sqrt(max(0.0, p * (1 - p) / n + square / (4 * n * n)))
    return max(0.0, centre - half), min(1.0, centre + half)


def resampled(documents: int) -> Floats | None:
    """Say how often each document is drawn in each of the resamples: resamples x documents; None of too few documents.

    The seed is fixed: the same documents always give the same interval.
    """
    if documents < _FEWEST:
        return None
    draws = np.random.default_rng(0).multinomial(documents, np.full(documents, 1 / documents), _RESAMPLES)
    return draws.astype(np.float64)


def f1(hits: Floats | Ints, sizes: Floats | Ints) -> Floats:
    """Give ``2 * hits / sizes`` (sizes: own and theirs together); nan where there is nothing."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value: Floats = 2 * np.asarray(hits, np.float64) / np.asarray(sizes, np.float64)
    return value


def interval(values: Floats) -> tuple[float, float] | tuple[None, None]:
    """Give the middle 95 % of what the resamples gave; of those that are not defined nothing is said."""
    values = values[~np.isnan(values)]
    if not len(values):
        return None, None
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)
