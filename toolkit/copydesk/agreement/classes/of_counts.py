"""A count table in, one coefficient out."""

from __future__ import annotations

import numpy as np

from copydesk.agreement import alpha as alphas
from copydesk.agreement.alpha import Alpha, Measure, ValueAlphas, add_up, pairable
from copydesk.agreement.classes import distances
from copydesk.agreement.classes.chance import BENNETT, FLEISS, GWET, PERCENT, Chance, agreement_weights
from copydesk.agreement.classes.coefficient import NO_DISTANCE, Coefficient, coefficients
from copydesk.agreement.columns import Floats, Ints


def alpha(counts: Ints, distance: Floats | None = None) -> Coefficient:
    """Give Krippendorff's alpha: nominal, or under a ``distance`` [values, values] such as MASI's; see ``Alpha``."""
    return _of(Alpha(distances.nominal(counts.shape[1]) if distance is None else distance), counts)[0]


def ordinal_alpha(counts: Ints) -> Coefficient:
    """Give alpha of values that are in order: Krippendorff 2011, section D."""
    margins = pairable(counts)[0].sum(axis=0)
    return alpha(counts, alphas.ordinal(margins))


def interval_alpha(counts: Ints, values: Floats) -> Coefficient:
    """Give alpha of ``values`` whose differences mean something: Krippendorff 2011, section D."""
    return alpha(counts, distances.interval(values))


def ratio_alpha(counts: Ints, values: Floats) -> Coefficient:
    """Give alpha of ``values`` from 0 up whose ratios mean something: Krippendorff 2011, section D; undefined where one is below 0."""
    found = alpha(counts, distances.ratio(np.maximum(values, 0)))
    below = np.any(values[counts.any(axis=0)] < 0)
    return Coefficient(None, found.units, found.values, NO_DISTANCE) if below else found


def value_alphas(counts: Ints) -> list[Coefficient]:
    """Give nominal alpha of each value against all others."""
    return _of(ValueAlphas(counts.shape[1]), counts)


def percent(counts: Ints) -> Coefficient:
    """Give the mean over units of the share of pairs of values that agree."""
    return _of(_unweighted(counts), counts)[PERCENT]


def fleiss(counts: Ints) -> Coefficient:
    """Give Fleiss' kappa, generalised to units with unequal numbers of values; with two raters it is Scott's pi."""
    return _of(_unweighted(counts), counts)[FLEISS]


def value_fleiss(counts: Ints) -> list[Coefficient]:
    """Give Fleiss' kappa of each value against all others."""
    rest = counts.sum(axis=1)
    return [fleiss(np.column_stack([own, rest - own])) for own in counts.T]


def ac1(counts: Ints) -> Coefficient:
    """Give Gwet's AC1, which keeps its meaning where one value is rare; a column that nobody uses counts as a value."""
    return _of(_unweighted(counts), counts)[GWET]


def ac2(counts: Ints, distance: Floats) -> Coefficient:
    """Give Gwet's AC2: AC1 where values may agree in part, 1 - distance / largest distance."""
    return _of(Chance(agreement_weights(distance)), counts)[GWET]


def bennett(counts: Ints) -> Coefficient:
    """Give Bennett's S (for more than two raters Randolph's free-marginal kappa): chance is 1 / values, also those that nobody uses."""
    return _of(_unweighted(counts), counts)[BENNETT]


def _unweighted(counts: Ints) -> Chance:
    return Chance(np.eye(counts.shape[1]))


def _of(measure: Measure, counts: Ints) -> list[Coefficient]:
    return coefficients(measure.figures(add_up(measure, counts))[0], counts)
