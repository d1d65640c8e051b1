"""Counts of values in, Krippendorff's alpha out, for any level of measurement or distance between values.

Source: K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), sections C (any number of observers, missing values)
and D (other levels of measurement): alpha = 1 - observed / expected disagreement.

A count table has a row for each unit and a column for each value: how many observers gave the unit that value. All that alpha needs
of a unit can be added up over units, so the same sums give alpha itself and, drawn again, its interval (``bootstrap``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from copydesk.agreement.columns import Floats, Ints

_CELLS = 40_000  # of the floats that a block of units is turned into: what a cache holds


class Measure(Protocol):
    """Figures that are made of sums over units."""

    def parts(self, counts: Ints) -> Floats:
        """Give what each unit adds: [units, columns]."""
        ...

    def figures(self, sums: Floats) -> Floats:
        """Turn sums [resamples, columns] into [resamples, figures], nan where one is not defined."""
        ...


def add_up(measure: Measure, blocks: Iterable[Ints]) -> Floats:
    """Sum what all units add, block by block, so that nothing of the size of the table is made: [1, columns]."""
    return np.asarray(sum(measure.parts(block).sum(axis=0, keepdims=True) for block in blocks))


def blocks_of(counts: Ints) -> Iterator[Ints]:
    """Cut a count table into blocks of units; at least one."""
    size = block_size(counts.shape[1])
    return (counts[first : first + size] for first in range(0, max(len(counts), 1), size))


def block_size(values: int) -> int:
    """Say how many units a block has, so that a cache holds what is made of it."""
    return max(1, _CELLS // max(values, 1))


def pairable(counts: Ints) -> tuple[Floats, Floats]:
    """Give the counts of units that have two values or more, 0 for others, and how many values each has (2 for others)."""
    values = counts.sum(axis=1)
    paired = values > 1
    return counts * paired[:, np.newaxis].astype(np.float64), np.where(paired, values, 2).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Alpha:
    """Alpha under distances that are known beforehand, a figure for each: [value, value], symmetric, 0 on the diagonal.

    Columns: the observed disagreement under each distance, then how often each value occurs among those that can be paired.
    """

    distances: tuple[Floats, ...]

    def parts(self, counts: Ints) -> Floats:
        """Give what each unit adds: [units, columns]."""
        table, values = pairable(counts)
        many = len(self.distances)
        parts = np.empty((len(table), many + table.shape[1]), order="F")  # columns are what is added up
        for at, distance in enumerate(self.distances):
            parts[:, at] = ((table @ distance) * table).sum(axis=1) / (values - 1)
        parts[:, many:] = table
        return parts

    def figures(self, sums: Floats) -> Floats:
        """Turn sums [resamples, columns] into [resamples, figures], nan where one is not defined."""
        margins = sums[:, len(self.distances) :]
        return np.column_stack([alpha_of(sums[:, at], margins, one) for at, one in enumerate(self.distances)])


@dataclass(frozen=True, slots=True)
class OrdinalAlpha:
    """Alpha of values in order, whose distance depends on how often each occurs; columns: the coincidence matrix, row by row."""

    size: int

    def parts(self, counts: Ints) -> Floats:
        """Give what each unit adds: [units, columns]."""
        table, values = pairable(counts)
        both = table[:, :, np.newaxis] * table[:, np.newaxis, :]
        both[:, range(self.size), range(self.size)] -= table
        return both.reshape(len(table), self.size**2) / (values - 1)[:, np.newaxis]

    def figures(self, sums: Floats) -> Floats:
        """Turn sums [resamples, columns] into [resamples, figures], nan where one is not defined."""
        matrix = sums.reshape(len(sums), self.size, self.size)
        margins = matrix.sum(axis=2)
        distance = ordinal(margins)
        return alpha_of((matrix * distance).sum(axis=(1, 2)), margins, distance)[:, np.newaxis]


@dataclass(frozen=True, slots=True)
class ValueAlphas:
    """Nominal alpha of each value against all others; columns: pairs that agree on each value, then how often each occurs."""

    size: int

    def parts(self, counts: Ints) -> Floats:
        """Give what each unit adds: [units, columns]."""
        table, values = pairable(counts)
        return np.hstack([table * (table - 1) / (values - 1)[:, np.newaxis], table])

    def figures(self, sums: Floats) -> Floats:
        """Turn sums [resamples, columns] into [resamples, figures], nan where one is not defined."""
        same, own = sums[:, : self.size], sums[:, self.size :]
        total = own.sum(axis=1, keepdims=True)
        return _corrected((total - 1) * (own - same), own * (total - own))


def alpha_of(observed: Floats, margins: Floats, distance: Floats) -> Floats:
    """Give 1 - (n - 1) * sum of o_ck d_ck / sum of n_c n_k d_ck for each resample, nan where no disagreement could be expected.

    ``observed`` [resamples] is the upper sum; ``margins`` [resamples, values] are the n_c; ``distance`` d_ck is one matrix, or one for
    each resample.
    """
    reach = margins @ distance if distance.ndim == 2 else np.einsum("rc,rck->rk", margins, distance)
    return _corrected((margins.sum(axis=1) - 1) * observed, (reach * margins).sum(axis=1))


def _corrected(observed: Floats, expected: Floats) -> Floats:
    return np.asarray(1 - np.divide(observed, expected, out=np.full(expected.shape, np.nan), where=expected > 0))


def ordinal(margins: Floats) -> Floats:
    """Give the squared difference of ranks: (values between two, and half of those equal to either)², section D.

    ``margins`` [..., values] is how often each value occurs, in order. The sum equals a difference of middle ranks.
    """
    rank = margins.cumsum(axis=-1) - margins / 2
    return np.asarray((rank[..., :, np.newaxis] - rank[..., np.newaxis, :]) ** 2)


def coincidences(counts: Ints) -> Floats:
    """Make the coincidence matrix of a count table.

    A unit with m values gives each ordered pair of values of two observers the weight 1/(m - 1); a unit with fewer than two
    values cannot be paired and adds nothing. The matrices of parts of the data add up to that of the whole.
    """
    table, values = pairable(counts)
    weighted = table / (values - 1)[:, np.newaxis]
    return np.asarray(table.T @ weighted - np.diag(weighted.sum(axis=0)))


def one_against_rest(matrix: Floats, category: int) -> Floats:
    """Fold a coincidence matrix into that of one category (row 1) against all others (row 0)."""
    own = matrix[category, category]
    mixed = matrix[category].sum() - own
    return np.array([[matrix.sum() - own - 2 * mixed, mixed], [mixed, own]])


def nominal_alpha(matrix: Floats) -> float | None:
    """Give the nominal alpha of a coincidence matrix.

    None where it is not defined: nothing can be paired, or all values are of one category, so that no disagreement
    could be expected.
    """
    apart = 1 - np.eye(len(matrix))
    observed = (matrix * apart).sum()
    (value,) = alpha_of(np.array([observed]), matrix.sum(axis=1)[np.newaxis], apart)
    return None if np.isnan(value) else float(value)
