"""What each document adds to some figures in; each figure with its interval, or the reason why there is none, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from copydesk.agreement.alpha import Measure
from copydesk.agreement.bootstrap import RESAMPLES, Statistic, sums_interval
from copydesk.agreement.classes.ratings import patterns
from copydesk.agreement.columns import Floats, Ints


@dataclass(frozen=True, slots=True)
class Draws:
    """How often documents are drawn again for an interval, and from which seed."""

    resamples: int = RESAMPLES
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95 % interval; all None where the figure is not defined, low and high also where fewer than two documents count."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """``parts[kind, column]`` is what a document of a kind adds, ``times`` how many are of the kind, ``statistic`` makes sums figures.

    ``units`` and ``values`` say on how many documents and values the figures rest.
    """

    parts: Floats
    statistic: Statistic
    times: Ints
    units: int
    values: int

    def estimates(self, draws: Draws) -> list[Estimate]:
        """Give each figure with its interval."""
        whole = self.statistic((self.times @ self.parts)[np.newaxis])[0]
        if self.units < 2:
            return [Estimate() if np.isnan(value) else Estimate(float(value)) for value in whole]
        ends = sums_interval(self.parts, self.statistic, times=self.times, resamples=draws.resamples, seed=draws.seed)
        return [
            Estimate()
            if np.isnan(value)
            else Estimate(float(value), *(None if np.isnan(end) else float(end) for end in pair))
            for value, *pair in zip(whole, *ends, strict=True)
        ]


def sums_of(counts: Ints, measures: Sequence[Measure], *, times: Ints | None = None) -> Sums:
    """Put the figures of several measures of one count table side by side; ``times`` is how many documents a row stands for."""
    rows, many = patterns(counts) if times is None else (counts, times)
    values = rows.sum(axis=1)
    paired = values > 1
    blocks = [measure.parts(rows) for measure in measures]
    edges = np.cumsum([block.shape[1] for block in blocks])[:-1]

    def statistic(sums: Floats) -> Floats:
        split = np.split(sums, edges, axis=1)
        return np.hstack([measure.figures(block) for measure, block in zip(measures, split, strict=True)])

    return Sums(np.hstack(blocks), statistic, many, int(many[paired].sum()), int((many * values)[paired].sum()))
