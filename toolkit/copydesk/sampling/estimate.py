"""Labels of chosen documents and how these were chosen go in, estimates for all documents come out, unbiased and with intervals.

A batch that is drawn with known probabilities from what is left gives an unbiased estimate of a total: what was chosen before, and
what the batch adds, each divided by its probability, whatever the probabilities were learned from (Des Raj, Journal of the
American Statistical Association 51, 1956, pages 269-284, section 3; the same in active learning: Farquhar, Gal and Rainforth,
ICLR 2021). The batches' estimates are uncorrelated; their mean with fixed weights is unbiased. The weights here are what makes it
the plain mean where all probabilities are equal: ``n / (N (N - n))`` of a batch of ``n`` from ``N``. So a document of batch ``t``
with probability ``p`` counts ``w_t / p + 1 - w_1 - … - w_t``.

Ratios (a label's share, labels in a document) are those of two estimated totals (Hájek), and their error is that of the linearised
residuals; within a batch the variance is that of a draw of fixed size and high entropy (Hájek, Annals of Mathematical Statistics 35,
1964; Deville and Tillé, Journal of Statistical Planning and Inference 128, 2005, section 4). The draw spreads over strata and
clusters more than that supposes, so that intervals are rather too wide than too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from copydesk.sampling.draw import Floats

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Chosen documents, one draw each: which draw it was (a batch's slice), and the first that the document was there for.

    Draws are numbered in their order within each ``group``; groups were drawn from apart from each other. ``drawn`` and ``among``
    are how many the draw took, and of how many.
    """

    groups: NDArray[np.str_]
    batches: Numbers
    since: Numbers
    inclusion: Floats
    drawn: Numbers
    among: Numbers


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate with its standard error and the interval that holds the truth in ``level`` of the cases."""

    value: float
    error: float
    low: float
    high: float


def weights(drawn: Drawn) -> tuple[Floats, Floats]:
    """Give what each document counts in a total, and the part of it that is divided by chance."""
    whole, own = np.ones(len(drawn.batches)), np.ones(len(drawn.batches))
    for group in np.unique(drawn.groups).tolist():
        batches = _batches(drawn, group)
        for row in np.flatnonzero(drawn.groups == group).tolist():
            shares = _shares({one: said for one, said in batches.items() if one >= drawn.since[row]})
            here = int(drawn.batches[row])
            own[row] = shares[here] / drawn.inclusion[row]
            whole[row] = own[row] + sum(share for one, share in shares.items() if one > here)
    return whole, own


def _batches(drawn: Drawn, group: str) -> dict[int, tuple[int, int]]:
    rows = np.flatnonzero(drawn.groups == group).tolist()
    return {int(drawn.batches[row]): (int(drawn.drawn[row]), int(drawn.among[row])) for row in rows}


def _shares(batches: dict[int, tuple[int, int]]) -> dict[int, float]:
    """Weigh batches; one that took all there was left says all."""
    if whole := [one for one, (n, among) in batches.items() if n >= among]:
        return {one: float(one == whole[-1]) for one in batches}
    precision = {one: n / (among * (among - n)) for one, (n, among) in batches.items()}
    total = sum(precision.values())
    return {one: said / total for one, said in precision.items()}


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
        _, draws = np.unique(np.stack([drawn.batches.astype(str), drawn.groups]), axis=1, return_inverse=True)
        draws = draws.ravel()
        answered = np.bincount(draws, read) / np.bincount(draws)
        whole, own = whole / answered[draws], own / answered[draws]
        alone = np.zeros(besides)
        return cls(
            np.concatenate([whole[read], alone + 1]),
            np.concatenate([own[read], alone]),
            np.concatenate([draws[read], alone.astype(np.int64) - 1]),
            np.concatenate([drawn.inclusion[read], alone + 1]),
        )

    def total(self, values: Floats, *, level: float = 0.95) -> Estimate:
        """Estimate the sum of a value over all documents."""
        return self._around(float(self.weights @ values), values, level)

    def ratio(self, values: Floats, of: Floats, *, level: float = 0.95) -> Estimate:
        """Estimate the sum of a value over all documents, divided by that of another; nothing is known where that one is 0."""
        whole = float(self.weights @ of)
        if whole <= 0:
            return Estimate(float("nan"), float("nan"), float("nan"), float("nan"))
        value = float(self.weights @ values) / whole
        return self._around(value, (values - value * of) / whole, level)

    def _around(self, value: float, residuals: Floats, level: float) -> Estimate:
        variance, freedom = 0.0, 0
        for one in np.unique(self.draws[self.inclusion < 1]).tolist():
            rows = self.draws == one
            apart, miss = self.own[rows] * residuals[rows], 1 - self.inclusion[rows]
            n = len(apart)
            centre = float(miss @ apart / miss.sum()) if n > 1 else 0.0
            variance += float(miss @ (apart - centre) ** 2) * (n / (n - 1) if n > 1 else 1)
            freedom += n - 1
        error = variance**0.5
        reach = float(student.ppf((1 + level) / 2, max(freedom, 1))) * error
        return Estimate(value, error, max(value - reach, 0), value + reach)


def finished(batches: Numbers, read: NDArray[np.bool_], *, least: float = 0.9) -> int:
    """Give the last batch that, as all before it, was read but for a few documents; 0 where there is none."""
    done = 0
    for batch in np.unique(batches).tolist():
        if read[batches == batch].mean() < least:
            break
        done = int(batch)
    return done
