"""A count table in, or ratings of which one is made block by block; one coefficient out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from copydesk.agreement import alpha as alphas
from copydesk.agreement.alpha import Alpha, Measure, ValueAlphas, add_up, blocks_of
from copydesk.agreement.classes import distances
from copydesk.agreement.classes.chance import BENNETT, FLEISS, GWET, PERCENT, Chance, agreement_weights
from copydesk.agreement.classes.coefficient import NO_DISTANCE, Coefficient, coefficients
from copydesk.agreement.classes.ratings import Ratings, paired
from copydesk.agreement.columns import Floats, Ints

Table = Ints | Ratings


def alpha(table: Table, distance: Floats | None = None) -> Coefficient:
    """Give Krippendorff's alpha: nominal, or under a ``distance`` [values, values] such as MASI's; see ``Alpha``."""
    return _of(Alpha((distances.nominal(_values(table)) if distance is None else distance,)), table)[0]


def ordinal_alpha(table: Table) -> Coefficient:
    """Give alpha of values that are in order: Krippendorff 2011, section D."""
    return alpha(table, alphas.ordinal(_margins(table)))


def interval_alpha(table: Table, values: Floats) -> Coefficient:
    """Give alpha of ``values`` whose differences mean something: Krippendorff 2011, section D."""
    return alpha(table, distances.interval(values))


def ratio_alpha(table: Table, values: Floats) -> Coefficient:
    """Give alpha of ``values`` from 0 up whose ratios mean something: Krippendorff 2011, section D; undefined where one is below 0."""
    found = alpha(table, distances.ratio(np.maximum(values, 0)))
    below = np.any(values[_margins(table) > 0] < 0)
    return Coefficient(None, found.units, found.values, NO_DISTANCE) if below else found


def value_alphas(table: Table) -> list[Coefficient]:
    """Give nominal alpha of each value against all others."""
    return _of(ValueAlphas(_values(table)), table)


def percent(table: Table) -> Coefficient:
    """Give the mean over units of the share of pairs of values that agree."""
    return _of(_unweighted(table), table)[PERCENT]


def fleiss(table: Table) -> Coefficient:
    """Give Fleiss' kappa, generalised to units with unequal numbers of values; with two raters it is Scott's pi."""
    return _of(_unweighted(table), table)[FLEISS]


def value_fleiss(table: Table) -> list[Coefficient]:
    """Give Fleiss' kappa of each value against all others."""
    counts = table.counts() if isinstance(table, Ratings) else table
    rest = counts.sum(axis=1)
    return [fleiss(np.column_stack([own, rest - own])) for own in counts.T]


def ac1(table: Table) -> Coefficient:
    """Give Gwet's AC1, which keeps its meaning where one value is rare; a column that nobody uses counts as a value."""
    return _of(_unweighted(table), table)[GWET]


def ac2(table: Table, distance: Floats) -> Coefficient:
    """Give Gwet's AC2: AC1 where values may agree in part, 1 - distance / largest distance."""
    return _of(Chance(agreement_weights(distance)), table)[GWET]


def bennett(table: Table) -> Coefficient:
    """Give Bennett's S (for more than two raters Randolph's free-marginal kappa): chance is 1 / values, also those that nobody uses."""
    return _of(_unweighted(table), table)[BENNETT]


def _unweighted(table: Table) -> Chance:
    return Chance(np.eye(_values(table)))


def _values(table: Table) -> int:
    return table.values if isinstance(table, Ratings) else table.shape[1]


def _blocks(table: Table) -> Iterator[Ints]:
    return table.blocks() if isinstance(table, Ratings) else blocks_of(table)


def _margins(table: Table) -> Floats:
    """Count how often each value occurs among those that can be paired."""
    return np.asarray(sum(_paired_margins(block) for block in _blocks(table)), dtype=np.float64)


def _paired_margins(counts: Ints) -> Ints:
    return np.asarray(counts.sum(axis=0) - counts[counts.sum(axis=1) < 2].sum(axis=0))  # few units have fewer


def _of(measure: Measure, table: Table) -> list[Coefficient]:
    figures = measure.figures(add_up(measure, _blocks(table)))[0]
    units, values = table.paired() if isinstance(table, Ratings) else paired(table)
    return coefficients(figures, units=units, values=values)
