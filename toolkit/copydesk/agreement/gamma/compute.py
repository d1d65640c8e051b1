"""Continua in, observed and expected disorder of each out, in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Bools, Floats, Ints, added
from copydesk.agreement.gamma.align import best_alignment
from copydesk.agreement.gamma.continua import Dissimilarity, Units
from copydesk.agreement.gamma.disorder import Disorder, disorder_of
from copydesk.agreement.gamma.sample import sampled
from copydesk.agreement.gamma.tuples import tuples_of
from copydesk.agreement.gamma.windows import windowed

SAMPLES = 30
_BATCH = 30_000  # units at once, samples included: what a cache about holds
_CONFIDENCE = 1.96  # of 95 %, as in section 5.3 of the paper


@dataclass(frozen=True, slots=True)
class Gammas:
    """Of each continuum: disorder of the best alignment, the mean one of its samples, and the same for categories.

    ``observed`` and ``expected`` are sums of the disorders of unitary alignments, so they add up over continua, and gamma is 1 -
    observed / expected; divided by units per annotator they are the paper's. ``disagreed`` and ``weight`` are those of ``Disorder``, and
    ``chance_disagreed`` and ``chance_weight`` their means over samples. ``windowed``: too crowded to be solved whole;
    ``unsolved``: even in windows (all its figures are 0).
    """

    observed: Floats
    expected: Floats
    units: Ints
    alignments: Ints
    disagreed: Floats
    weight: Floats
    chance_disagreed: Floats
    chance_weight: Floats
    samples: Ints
    windowed: Bools
    unsolved: Bools


def gammas(
    units: Units,
    *,
    categories: int,
    dissimilarity: Dissimilarity | None = None,
    samples: int = SAMPLES,
    precision: float | None = None,
    seed: int = 0,
) -> Gammas:
    """Find the best alignment of every continuum and of ``samples`` chance continua for each.

    Where ``precision`` is given, such as .02, more are drawn until the mean is that exact, as a share of itself, with 95 % confidence.
    """
    own = dissimilarity or Dissimilarity()
    parts = [
        _gammas(units.of(chosen), own, categories=categories, samples=samples, precision=precision, seed=seed)
        for chosen in _batches(units, samples)
    ]
    columns = zip(*(tuple(getattr(part, name) for name in Gammas.__slots__) for part in parts), strict=True)
    return Gammas(*(np.concatenate(column) for column in columns))


def _batches(units: Units, samples: int) -> Iterator[Bools]:
    """Cut the continua into batches, in their order."""
    batch = np.cumsum((units.counts + 1) * (samples + 1)) // _BATCH
    for number in np.unique(batch) if len(batch) else [0]:
        yield batch == number


def _gammas(
    units: Units, own: Dissimilarity, *, categories: int, samples: int, precision: float | None, seed: int
) -> Gammas:
    size = len(units.annotators)
    times = np.where((units.counts > 0) & (units.annotators > 1), samples, 0)
    real, sums, cut, unsolved = _beside_chance(units, own, categories, times=times, round_=0, seed=seed)
    if precision is not None:
        mean = sums[:, 0] / np.maximum(times, 1)
        spread = np.sqrt(np.maximum(sums[:, 1] / np.maximum(times, 1) - mean**2, 0)) / np.where(mean > 0, mean, 1)
        wanted = np.ceil((spread * _CONFIDENCE / precision) ** 2).astype(np.int64)
        more = np.where((times > 0) & ~unsolved, np.maximum(wanted - times, 0), 0)
        _, added, cut_too, lost = _beside_chance(units, own, categories, times=more, round_=1, seed=seed)
        sums, times, cut, unsolved = sums + added, times + more, cut | cut_too, unsolved | lost
    drawn = np.maximum(times, 1)
    known = ~unsolved
    width = 1 + categories
    return Gammas(
        observed=real.total * known,
        expected=sums[:, 0] / drawn * units.counts / np.maximum(units.annotators, 1) * known,
        units=units.counts,
        alignments=real.alignments,
        disagreed=real.disagreed * known[:, np.newaxis],
        weight=real.weight * known[:, np.newaxis],
        chance_disagreed=(sums[:, 2 : 2 + width] / drawn[:, np.newaxis]).reshape(size, width) * known[:, np.newaxis],
        chance_weight=(sums[:, 2 + width :] / drawn[:, np.newaxis]).reshape(size, width) * known[:, np.newaxis],
        samples=times,
        windowed=cut & known,
        unsolved=unsolved,
    )


def _beside_chance(
    units: Units, own: Dissimilarity, categories: int, *, times: Ints, round_: int, seed: int
) -> tuple[Disorder, Floats, Bools, Bools]:
    """Align each continuum and its samples, all in one go: one document alone costs little more than its share of a batch.

    Gives the disorder of each, the sums over its samples (disorder, the square of that, and those for categories), and which were
    cut into windows, and which could not be solved.
    """
    size = len(times)
    drawn, of = sampled(units, times=times, round_=round_, seed=seed)
    both = units.followed_by(drawn)
    found, cut, unsolved = _aligned(both, own, categories)
    per_annotator = found.units / np.maximum(both.annotators, 1)
    disorder = found.total / np.where(per_annotator > 0, per_annotator, 1)
    columns = np.concatenate([np.stack([disorder, disorder**2], axis=1), found.disagreed, found.weight], axis=1)
    sums = np.stack([added(of, column[size:], size) for column in columns.T], axis=1)
    real = Disorder(*(getattr(found, name)[:size] for name in Disorder.__slots__))
    everyone = np.concatenate([np.arange(size), of])
    some_cut, some_unsolved = (np.bincount(everyone[flag], minlength=size) > 0 for flag in (cut, unsolved))
    return real, sums, some_cut, some_unsolved


def _aligned(units: Units, own: Dissimilarity, categories: int) -> tuple[Disorder, Bools, Bools]:
    """Align each continuum; gives its disorder, and which were cut into windows, and which could not be solved at all."""
    together, crowded, unsolved = aligned(units, own)
    return disorder_of(units, together, own, categories=categories), crowded, unsolved


def aligned(units: Units, own: Dissimilarity) -> tuple[Ints, Bools, Bools]:
    """Find the best alignment of each continuum.

    Gives the number of the set of each unit, that of its first one; and which continua were cut into windows, and which could not be
    solved at all.
    """
    tuples, crowded = tuples_of(units, own)
    together = best_alignment(units, tuples)
    unsolved: Bools = np.zeros(len(crowded), bool)
    if np.any(crowded):
        unsolved = windowed(units, own, crowded, together)
    return together, crowded, unsolved
