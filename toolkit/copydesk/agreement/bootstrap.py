"""What each document adds to a figure in, a 95 % interval out: documents are drawn again with replacement, by a seeded generator.

The percentile interval: B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993), section 13.3. A resample is the number
of times that each document is drawn, and documents that add the same are one kind; so a resample is a multinomial draw over kinds,
and all sums of all resamples are one matrix product. Kinds are sorted, so the order of documents changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from copydesk.agreement.columns import Floats, Ints

RESAMPLES = 1_000
_TAILS = (0.025, 0.975)
_CELLS = 4_000_000  # of the weights that are held at once: 32 MB
_SHORT = 4  # deviations that first draws stay below a resample's size
_TABLED = 50  # expected draws up to which a table of probabilities is made: it is small, and serves many kinds

Statistic = Callable[[Floats], Floats]


def ratio_interval(
    numerators: Floats, denominators: Floats, *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[Floats, Floats]:
    """Give low and high of ratios of sums, such as F1: twice what is shared over the sum of both sizes.

    Both arguments have the shape [documents, figures]; both answers [figures]. All figures are of the same resamples. nan where
    fewer than two documents have a denominator that is not 0, so that nothing can vary; resamples without one are left out.
    """
    figures = numerators.shape[1]

    def ratio(sums: Floats) -> Floats:
        above, below = sums[:, :figures], sums[:, figures:]
        return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0))

    low, high = sums_interval(np.hstack([numerators, denominators]), ratio, resamples=resamples, seed=seed)
    alone = np.count_nonzero(denominators, axis=0) < 2
    return np.where(alone, np.nan, low), np.where(alone, np.nan, high)


def sums_interval(
    parts: Floats, statistic: Statistic, *, times: Ints | None = None, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[Floats, Floats]:
    """Give low and high of any figures that are made of sums over documents.

    ``parts[document, column]`` is what a document adds; ``times`` says how many documents a row stands for (None: one). ``statistic``
    makes sums [resamples, columns] into figures [resamples, figures], nan where one is not defined; such resamples are left
    out. nan where no resample has the figure, or where there are fewer than two documents.
    """
    kinds, drawn = distinct_rows(parts, times)
    order = np.argsort(drawn, kind="stable")
    kinds, drawn = kinds[order], drawn[order]
    if drawn.sum() < 2:
        nothing = np.full(statistic(parts[:0].sum(axis=0, keepdims=True)).shape[1], np.nan)
        return nothing, nothing.copy()
    generator = np.random.default_rng(seed)
    batch = max(1, _CELLS // len(kinds))
    found = []
    for first in range(0, resamples, batch):
        weights = _drawn_again(drawn, min(batch, resamples - first), generator)
        found.append(statistic(weights.T.astype(np.float64) @ kinds))
    return _percentiles(np.concatenate(found))


def _drawn_again(times: Ints, resamples: int, generator: np.random.Generator) -> Ints:
    """Draw as many documents as there are, with replacement; gives how often each kind is drawn: [kinds, resamples].

    ``times``, which rise, are how many documents are of each kind. Independent Poisson counts that add up to m are a multinomial draw of
    m documents. So nearly all documents are drawn at once as such counts, and the few that are missing one by one.
    """
    total = int(times.sum())
    share = max(0.0, 1 - _SHORT / np.sqrt(total))
    weights = np.empty((len(times), resamples), np.int32)
    edges = [0, *(np.flatnonzero(np.diff(times)) + 1).tolist(), len(times)]
    missing = np.array([-1])
    while missing.min() < 0:  # a draw of too many is hardly ever seen, and done again
        for begin, end in pairwise(edges):
            weights[begin:end] = _poisson(times[begin] * share, (end - begin, resamples), generator)
        missing = total - weights.sum(axis=0)
    kind = np.repeat(np.arange(len(times)), times)[generator.integers(0, total, missing.sum())]
    cell = kind * resamples + np.repeat(np.arange(resamples), missing)
    return weights + np.bincount(cell, minlength=weights.size).reshape(weights.shape)


def _poisson(mean: float, shape: tuple[int, int], generator: np.random.Generator) -> Ints:
    from scipy.special import pdtr

    if mean > _TABLED:
        return generator.poisson(mean, shape)
    table = pdtr(np.arange(3 * _TABLED), mean)
    return np.searchsorted(table, generator.random(shape), side="right")


def distinct_rows(table: Floats, times: Ints | None = None) -> tuple[Floats, Ints]:
    """Give each distinct row once, in an order that depends on no other, and how many documents it stands for."""
    if not table.shape[1]:
        return table[:1], np.array([len(table) if times is None else times.sum()][: len(table)], np.int64)
    plain = np.ascontiguousarray(table + 0.0)  # which makes -0.0 the same bytes as 0.0
    rows = plain.view(np.dtype((np.void, plain.dtype.itemsize * plain.shape[1]))).ravel()
    _, first, number = np.unique(rows, return_index=True, return_inverse=True)
    counted = np.bincount(number, weights=times, minlength=len(first))
    return plain[first], np.rint(counted).astype(np.int64)


def _percentiles(figures: Floats) -> tuple[Floats, Floats]:
    """Give both ends of each column, nan left out: linear between the two nearest, as numpy.quantile does."""
    ordered = np.sort(figures, axis=0)  # nan comes last
    known = np.count_nonzero(~np.isnan(ordered), axis=0)
    column = np.arange(figures.shape[1])
    ends = []
    for tail in _TAILS:
        place = np.maximum(known - 1, 0) * tail
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(known - 1, 0))
        low, high = ordered[below, column], ordered[above, column]
        # Where the two are equal their difference is exactly 0, and a figure that never varies keeps its value.
        ends.append(low + (high - low) * (place - below))
    return ends[0], ends[1]
