"""Labels of chosen documents and how these were chosen go in, estimates for all documents come out, unbiased and with intervals.

A draw with known probabilities from what is left gives an unbiased estimate of a total: what was chosen before, and what the draw
adds, each divided by its probability, whatever the probabilities were learned from (Des Raj, Journal of the American Statistical
Association 51, 1956, pages 269-284, section 3; the same in active learning: Farquhar, Gal and Rainforth, ICLR 2021). The estimates
of several draws are uncorrelated, and their mean with fixed weights is unbiased. A draw's weight is one over its **spread**, the sum
over all documents of 1 / p - 1, which is its variance where all values are alike but for chance; where all probabilities are
equal, that makes the plain mean of what was chosen. (It is fixed beforehand but for what strata and stories change in it, and for
documents that come later.) So a document of draw ``d`` with probability ``p`` counts
``w_d / p + w_(d+1) + w_(d+2) + …``.

Ratios (a label's share, labels in a document) are those of two estimated totals (Hájek), and their error is that of the linearised
residuals; within a draw the variance is that of one of fixed size and high entropy (Hájek, Annals of Mathematical Statistics 35,
1964; Deville and Tillé, Journal of Statistical Planning and Inference 128, 2005, section 4). A draw is spread over strata and
clusters more than that supposes, so that intervals are rather too wide than too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copydesk.sampling.draw import Floats

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Chosen documents: the number of the draw that took each, the first draw that it was there for, its probability in the draw that
    took it, and that draw's spread.
    """

    draws: Numbers
    since: Numbers
    inclusion: Floats
    spreads: Floats


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate with its standard error and the interval that holds the truth in ``level`` of the cases."""

    value: float
    error: float
    low: float
    high: float


def spread(inclusion: Floats) -> float:
    """Give the spread of a draw whose probabilities are these."""
    return float((1 / inclusion - 1).sum())


def weights(drawn: Drawn) -> tuple[Floats, Floats]:
    """Give what each document counts in a total, and the part of it that is divided by chance."""
    spreads = dict(zip(drawn.draws.tolist(), drawn.spreads.tolist(), strict=True))
    shares = {one: _shares({d: said for d, said in spreads.items() if d >= one}) for one in set(drawn.since.tolist())}
    columns = zip(drawn.draws.tolist(), drawn.since.tolist(), drawn.inclusion.tolist(), strict=True)
    own = np.array([shares[since][draw] / chance for draw, since, chance in columns])
    later = [
        sum(share for one, share in shares[since].items() if one > draw)
        for draw, since in zip(drawn.draws.tolist(), drawn.since.tolist(), strict=True)
    ]
    return own + np.array(later), own


def _shares(spreads: dict[int, float]) -> dict[int, float]:
    """Weigh draws; one that took all there was says all."""
    if whole := [one for one, said in spreads.items() if said <= 0]:
        return {one: float(one == max(whole)) for one in spreads}
    total = sum(1 / said for said in spreads.values())
    return {one: 1 / said / total for one, said in spreads.items()}


@dataclass(frozen=True, slots=True)
class Sample:
    """The documents whose labels are known: what each counts, which draw it came by, and the probability that it had there.

    A document that nobody drew, and whose labels are known all the same, counts as itself: it has the draw -1.
    """

    weights: Floats
    own: Floats  # the part of the weight that is divided by chance
    draws: Numbers
    inclusion: Floats

    @classmethod
    def of(cls, drawn: Drawn, read: NDArray[np.bool_], *, besides: int = 0) -> Sample:
        """Take those that were read, of the batches that all were read of but a few; these few are taken to be as the others are.

        ``besides`` documents, which nobody drew, follow. (Weighting classes: Oh and Scheuren, Incomplete Data in Sample Surveys 2, 1983.)
        """
        whole, own = weights(drawn)
        _, draws = np.unique(drawn.draws, return_inverse=True)
        answered = (np.bincount(draws, read) / np.bincount(draws))[draws]
        whole, own = whole / answered, own / answered
        alone = np.zeros(besides)
        return cls(
            np.concatenate([whole[read], alone + 1]),
            np.concatenate([own[read], alone]),
            np.concatenate([drawn.draws[read], alone.astype(np.int64) - 1]),
            np.concatenate([drawn.inclusion[read], alone + 1]),
        )

    def total(self, values: Floats, *, level: float = 0.95) -> Estimate:
        """Estimate the sum of a value, not below 0, over all documents."""
        return self._around(float(self.weights @ values), values, self._one_more(values), level)

    def ratio(self, values: Floats, of: Floats, *, level: float = 0.95) -> Estimate:
        """Estimate the sum of a value over all documents, divided by that of another; nothing is known where that one is 0."""
        whole = float(self.weights @ of)
        if whole <= 0:
            return Estimate(float("nan"), float("nan"), float("nan"), float("nan"))
        value = float(self.weights @ values) / whole
        return self._around(value, (values - value * of) / whole, self._one_more(values) / whole, level)

    def _one_more(self, values: Floats) -> float:
        """Give what one more document that has the value would add, if it counted as much as any."""
        by_chance, there = self.own[self.inclusion < 1], values[values > 0]
        return float(by_chance.max() * there.mean()) if len(by_chance) and len(there) else 0.0

    def _around(self, value: float, residuals: Floats, one_more: float, level: float) -> Estimate:
        from scipy.stats import norm as normal
        from scipy.stats import t as student

        variance, freedom = 0.0, 0
        for one in np.unique(self.draws[self.inclusion < 1]).tolist():
            rows = self.draws == one
            apart, miss = self.own[rows] * residuals[rows], 1 - self.inclusion[rows]
            n = len(apart)
            centre = float(miss @ apart / miss.sum()) if n > 1 else 0.0
            variance += float(miss @ (apart - centre) ** 2) * (n / (n - 1) if n > 1 else 1)
            freedom += n - 1
        tail = (1 - level) / 2
        wider = variance * float(student.ppf(tail, max(freedom, 1)) / normal.ppf(tail)) ** 2
        low, high = _gamma(tail, value, wider), _gamma(1 - tail, value + one_more, wider + one_more**2)
        return Estimate(value, variance**0.5, low, high)


def _gamma(share: float, mean: float, variance: float) -> float:
    """Give the quantile of the gamma distribution with this mean and variance."""
    from scipy.stats import gamma

    if mean <= 0 or variance <= 0:
        return mean
    return float(gamma.ppf(share, mean**2 / variance, scale=variance / mean))


def finished(batches: Numbers, read: NDArray[np.bool_], *, least: float = 0.9) -> int:
    """Give the last batch that, as all before it, was read but for a few documents; 0 where there is none."""
    done = 0
    for batch in np.unique(batches).tolist():
        if read[batches == batch].mean() < least:
            break
        done = int(batch)
    return done
