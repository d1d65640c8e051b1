"""Continua in, chance continua out: as many annotators, whose units are drawn with the means and deviations of the real ones.

The statistical sampler of pygamma-agreement (R. Titeux and R. Riad, Journal of Open Source Software 6 (2021) 2989): the number of
units of an annotator, the gap before each and its length are normal, its category is drawn by its share.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Floats, Ints, added
from copydesk.agreement.gamma.continua import Units

_SHORTEST = 1e-6
_NONE = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class _Shape:
    """Mean and deviation of each continuum's counts, gaps and lengths, and the shares of its categories, added up."""

    count: tuple[Floats, Floats]
    gap: tuple[Floats, Floats]
    length: tuple[Floats, Floats]
    categories: Floats  # [continuum, category]


def sampled(units: Units, *, times: Ints, round_: int, seed: int) -> tuple[Units, Ints]:
    """Draw ``times[c]`` chance continua of each continuum; gives them, and of which one each is.

    What is drawn depends on the continuum, the round and the seed alone: on no other continuum, nor on who the annotators are.
    """
    shape = _shape(units)
    first = np.searchsorted(units.continuum, np.arange(len(times) + 1))
    columns: list[tuple[Ints, Ints, Floats, Floats, Ints]] = []
    made = 0
    for at in np.flatnonzero(times).tolist():
        rows = slice(first[at], first[at + 1])
        content = np.concatenate([units.start[rows], units.end[rows], [units.annotators[at]]])
        rng = np.random.default_rng([seed, round_, zlib.crc32(content.tobytes())])
        columns.append(_drawn(rng, shape, at, int(times[at]), int(units.annotators[at]), made))
        made += int(times[at])
    of = np.repeat(np.arange(len(times)), times)
    columns = columns or [(_NONE, _NONE, _NONE.astype(np.float64), _NONE.astype(np.float64), _NONE)]
    continuum, annotator, start, end, category = zip(*columns, strict=True)
    order = np.lexsort((np.concatenate(start), np.concatenate(continuum)))
    drawn = Units(
        continuum=np.concatenate(continuum)[order],
        annotator=np.concatenate(annotator)[order],
        start=np.concatenate(start)[order],
        end=np.concatenate(end)[order],
        category=np.concatenate(category)[order],
        annotators=units.annotators[of],
    )
    return drawn, of


def _drawn(
    rng: np.random.Generator, shape: _Shape, at: int, times: int, annotators: int, made: int
) -> tuple[Ints, Ints, Floats, Floats, Ints]:
    counts = np.abs(rng.normal(shape.count[0][at], shape.count[1][at], (times, annotators)).astype(np.int64))
    # No sample is empty: the first annotator has a unit.
    counts[:, 0] = np.maximum(counts[:, 0], 1)
    each = counts.ravel()
    total = int(each.sum())
    gap = rng.normal(shape.gap[0][at], shape.gap[1][at], total)
    length = np.maximum(np.abs(rng.normal(shape.length[0][at], shape.length[1][at], total)), _SHORTEST)
    category = np.searchsorted(shape.categories[at], rng.random(total), side="right")
    run = np.cumsum(gap + length)
    before = np.concatenate([[0.0], run])[np.repeat(np.cumsum(each) - each, each)]
    end = run - before
    owner = np.repeat(np.arange(times * annotators), each)
    return made + owner // annotators, owner % annotators, end - length, end, category


def _shape(units: Units) -> _Shape:
    size = len(units.annotators)
    counts = units.counts
    length = units.end - units.start
    person = units.continuum * (int(units.annotators.max(initial=0)) + 1) + units.annotator
    order = np.lexsort((units.end, units.start, person))
    own = person[order]
    begins = np.concatenate([[True], own[1:] != own[:-1]])[: len(own)]
    gap = units.start[order] - np.where(begins, 0, np.concatenate([[0.0], units.end[order][:-1]])[: len(own)])
    # A gap of nothing is counted in, so that a continuum with one unit has one; a first unit at the very start has none before it.
    counted = ~begins | (gap > 0)
    continuum, gap = units.continuum[order][counted], gap[counted]
    _, one, per_person = np.unique(person, return_index=True, return_counts=True)
    squares = added(units.continuum[one], per_person**2.0, size)
    categories = int(units.category.max(initial=0)) + 1
    table = np.bincount(units.continuum * categories + units.category, minlength=size * categories)
    shares = np.cumsum(table.reshape(size, categories), axis=1) / np.maximum(counts, 1)[:, np.newaxis]
    return _Shape(
        _moments(counts.astype(np.float64), squares, units.annotators),
        _moments(
            added(continuum, gap, size),
            added(continuum, gap**2, size),
            np.bincount(continuum, minlength=size) + 1,
        ),
        _moments(
            added(units.continuum, length, size),
            added(units.continuum, length**2, size),
            counts,
        ),
        shares,
    )


def _moments(total: Floats, squares: Floats, number: Ints) -> tuple[Floats, Floats]:
    """Give mean and deviation."""
    number = np.maximum(number, 1)
    mean = total / number
    return mean, np.sqrt(np.maximum(squares / number - mean**2, 0))
