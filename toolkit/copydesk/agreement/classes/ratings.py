"""Long votes in (a unit, a rater, a value; what was not said is not there), one count table out, or a table for every two raters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from copydesk.agreement.alpha import block_size
from copydesk.agreement.columns import Bools, Ints, pack

_VOTES, _UNITS = 100_000, 8_000  # that are looked at in one block, what a cache about holds


@dataclass(frozen=True, slots=True)
class Ratings:
    """Who said what of which unit: three columns of numbers from 0 up, sorted by unit, then rater; no rater values a unit twice.

    Units, raters and values may be more than those that occur.
    """

    unit: Ints
    rater: Ints
    value: Ints
    units: int
    raters: int
    values: int

    @classmethod
    def of(
        cls,
        unit: Ints,
        rater: Ints,
        value: Ints,
        *,
        units: int | None = None,
        raters: int | None = None,
        values: int | None = None,
    ) -> Ratings:
        """Take columns in any order; raises ValueError where a rater gives a unit two values."""
        if not _is_sorted(unit, rater):
            order = np.lexsort((rater, unit))
            unit, rater, value = unit[order], rater[order], value[order]
            twice = np.flatnonzero((unit[1:] == unit[:-1]) & (rater[1:] == rater[:-1]))
            if len(twice):
                raise ValueError(f"rater {rater[twice[0]]} gives unit {unit[twice[0]]} two values (fix: keep one)")
        sizes = [
            int(column.max(initial=-1)) + 1 if size is None else size
            for column, size in ((unit[-1:], units), (rater, raters), (value, values))
        ]
        return cls(unit, rater, value, *sizes)

    def counts(self) -> Ints:
        """Make the count table: how many raters gave each unit each value, [units, values], each column in one piece."""
        cells = self.units * self.values
        return np.bincount(self.value * self.units + self.unit, minlength=cells).reshape(self.values, self.units).T

    def blocks(self) -> Iterator[Ints]:
        """Make the count table in blocks of units, never the whole; at least one block."""
        size = block_size(self.values)
        for first, begin, end in self._cut(size):
            units = min(size, self.units - first)
            cell = self.value[begin:end] * units + (self.unit[begin:end] - first)
            yield np.bincount(cell, minlength=units * self.values).reshape(self.values, units).T

    def paired(self) -> tuple[int, int]:
        """Count the units that have two values or more, and the values of these."""
        units = values = 0
        for _, begin, end in self._cut(_UNITS):
            _, many = _runs(self.unit[begin:end])
            units += int(np.count_nonzero(many > 1))
            values += int(many[many > 1].sum())
        return units, values

    def within(self, units: Bools) -> Ratings:
        """Keep the units that are marked, and number them anew."""
        kept = np.flatnonzero(units[self.unit])
        unit = (np.cumsum(units) - 1)[self.unit[kept]]
        return replace(self, unit=unit, rater=self.rater[kept], value=self.value[kept], units=int(units.sum()))

    def of_pair(self, one: int, other: int) -> Ratings:
        """Keep what two raters said of the units that both gave a value."""
        own = np.flatnonzero((self.rater == one) | (self.rater == other))
        both = np.zeros(self.units, bool)
        both[self.unit[own[1:]][self.unit[own[1:]] == self.unit[own[:-1]]]] = True
        kept = own[both[self.unit[own]]]
        alone = replace(self, unit=self.unit[kept], rater=self.rater[kept], value=self.value[kept])
        return alone.within(both)

    def tables_of_pairs(self) -> Ints:
        """Count, for every two raters, the units that one gave a value and the other another: [rater, rater, value, value].

        Only pairs of a lower and a higher rater are filled. This is the Gram matrix of the one-hot table units x (rater, value).
        """
        is_full = 2 * len(self.unit) > self.units * self.raters
        return self._tables_of_many() if is_full else self._tables_of_few()

    def _tables_of_many(self) -> Ints:
        """Count from the whole table of units and raters, gaps and all: fast where most raters value most units."""
        codes = self.values + 1  # 0 is a gap
        found = np.zeros((self.raters, self.raters, codes * codes), np.int64)
        for first, begin, end in self._cut(_UNITS):
            table = np.zeros((self.raters, _UNITS), np.int64)
            table[self.rater[begin:end], self.unit[begin:end] - first] = self.value[begin:end] + 1
            scaled = table * codes
            for one, other in combinations(range(self.raters), 2):
                found[one, other] += np.bincount(scaled[one] + table[other], minlength=codes * codes)
        return found.reshape(self.raters, self.raters, codes, codes)[:, :, 1:, 1:]

    def _tables_of_few(self) -> Ints:
        """Count from the votes that lie in one unit: each beside the next, then beside the one after that, while there is any."""
        codes = self.raters * self.values
        found = np.zeros(codes * codes, np.int64)
        for _, begin, end in self._cut(_UNITS):
            unit, code = self.unit[begin:end], self.rater[begin:end] * self.values + self.value[begin:end]
            rows: Ints = np.arange(len(unit))
            step = 0
            while len(rows):
                step += 1
                rows = rows[: np.searchsorted(rows, len(unit) - step)]
                rows = rows[unit[rows] == unit[rows + step]]
                found += np.bincount(code[rows] * codes + code[rows + step], minlength=len(found))
        return found.reshape(self.raters, self.values, self.raters, self.values).transpose(0, 2, 1, 3)

    def _cut(self, size: int) -> Iterator[tuple[int, int, int]]:
        """Cut into blocks of ``size`` units, at least one: its first unit, and where its votes begin and end."""
        firsts = np.arange(0, max(self.units, 1), size)
        edges = np.searchsorted(self.unit, np.append(firsts, self.units)).tolist()
        return zip(firsts.tolist(), edges, edges[1:], strict=False)


def _is_sorted(unit: Ints, rater: Ints) -> bool:
    """Say whether votes are in order and none is there twice; block by block, so that no column of that length is made."""
    for begin in range(0, len(unit), _VOTES):
        units, raters = unit[begin : begin + _VOTES + 1], rater[begin : begin + _VOTES + 1]
        rises = (units[1:] > units[:-1]) | ((units[1:] == units[:-1]) & (raters[1:] > raters[:-1]))
        if not rises.all():
            return False
    return True


def _runs(unit: Ints) -> tuple[Ints, Ints]:
    """Give where the votes of each unit begin, and how many they are."""
    bounds = (
        np.flatnonzero(np.concatenate([[True], unit[1:] != unit[:-1], [True]])) if len(unit) else np.zeros(1, np.int64)
    )
    return bounds[:-1], bounds[1:] - bounds[:-1]


def paired(counts: Ints) -> tuple[int, int]:
    """Count the units of a count table that have two values or more, and the values of these."""
    many = counts.sum(axis=1)
    return int(np.count_nonzero(many > 1)), int(many[many > 1].sum())


def patterns(counts: Ints) -> tuple[Ints, Ints]:
    """Give each distinct row of a count table once, sorted, and how many units have it."""
    if not counts.size:
        return counts[:0], np.zeros(0, np.int64)
    _, row, times = np.unique(pack(*counts.T), return_index=True, return_counts=True)
    return counts[row], times
