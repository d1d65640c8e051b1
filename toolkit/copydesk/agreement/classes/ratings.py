"""Long votes in (a unit, a rater, a value; what was not said is not there), one count table out, or a table for every two raters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from copydesk.agreement.columns import Bools, Ints, pack


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
        sizes = [
            int(column.max(initial=-1)) + 1 if size is None else size
            for column, size in ((unit, units), (rater, raters), (value, values))
        ]
        key = unit * sizes[1] + rater
        if np.any(key[1:] <= key[:-1]):
            order = np.argsort(key, kind="stable")
            key, unit, rater, value = key[order], unit[order], rater[order], value[order]
            twice = np.flatnonzero(key[1:] == key[:-1])
            if len(twice):
                raise ValueError(f"rater {rater[twice[0]]} gives unit {unit[twice[0]]} two values (fix: keep one)")
        return cls(unit, rater, value, *sizes)

    def counts(self) -> Ints:
        """Make the count table: how many raters gave each unit each value, [units, values]."""
        cells = self.units * self.values
        return np.bincount(self.unit * self.values + self.value, minlength=cells).reshape(self.units, self.values)

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

        Only pairs of a lower and a higher rater are filled. This is the Gram matrix of the one-hot table units x (rater, value), of
        which only the cells are visited that are not 0.
        """
        codes = self.raters * self.values
        code = self.rater * self.values + self.value
        found = np.zeros(codes * codes, np.int64)
        left: Ints = np.arange(len(code))
        for step in range(1, self.raters):
            # Raters of a unit lie side by side: whoever has no one this far behind has no one further behind.
            left = left[left + step < len(code)]
            left = left[self.unit[left + step] == self.unit[left]]
            if not len(left):
                break
            found += np.bincount(code[left] * codes + code[left + step], minlength=len(found))
        return found.reshape(self.raters, self.values, self.raters, self.values).transpose(0, 2, 1, 3)


def patterns(counts: Ints) -> tuple[Ints, Ints]:
    """Give each distinct row of a count table once, sorted, and how many units have it."""
    if not counts.size:
        return counts[:0], np.zeros(0, np.int64)
    _, row, times = np.unique(pack(*counts.T), return_index=True, return_counts=True)
    return counts[row], times
