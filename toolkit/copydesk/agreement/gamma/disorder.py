"""Units and how they are aligned in, disorder out: of gamma, of gamma-cat and of gamma-k."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Floats, Ints, added, ranges
from copydesk.agreement.gamma.continua import Dissimilarity, Units


@dataclass(frozen=True, slots=True)
class Disorder:
    """What each continuum adds: the disorders of its unitary alignments; and for categories what disagrees, and the weight.

    Column 0 of ``disagreed`` and ``weight`` is of all categories (gamma-cat), column 1 + k of category k (gamma-k).
    """

    total: Floats
    units: Ints
    alignments: Ints
    disagreed: Floats
    weight: Floats


def disorder_of(units: Units, together: Ints, dissimilarity: Dissimilarity, *, categories: int) -> Disorder:
    """Add up the disorder of an alignment: ``together`` is the number of the set of each unit.

    A unitary alignment's is the mean over all pairs of annotators, 1 for a unit beside nothing. For categories each pair in a set
    counts with its positional confidence, 1 - alpha * positional or nothing below that, over the number of units less one (Y. Mathet,
    The agreement measure gamma-cat, Computational Linguistics 43 (2017) 661-681); as in pygamma-agreement a unit beside nothing counts
    as a pair that disagrees.
    """
    size = len(units.annotators)
    order = np.argsort(together, kind="stable")
    head, first, count = np.unique(together[order], return_index=True, return_counts=True)
    number = np.repeat(np.arange(len(head)), count)
    rows = np.arange(len(order))
    left, right = ranges(rows + 1, first[number] + count[number] - rows - 1)
    set_of = number[left]
    left, right = order[left], order[right]
    positional = dissimilarity.positional(units, left, right)
    categorial = dissimilarity.categorial(units, left, right)

    continuum, m = units.continuum[head], units.annotators[units.continuum[head]]
    pairs = m * (m - 1) / 2
    apart = np.bincount(set_of, dissimilarity.alpha * positional + dissimilarity.beta * categorial, minlength=len(head))
    own = (apart + pairs - count * (count - 1) / 2) / np.maximum(pairs, 1)

    weight = np.maximum(1 - dissimilarity.alpha * positional, 0) / np.maximum(count[set_of] - 1, 1)
    lone = np.zeros(len(units.continuum))
    lone[order] = (m - count)[number]
    disagreed, heavy = np.zeros((size, 1 + categories)), np.zeros((size, 1 + categories))
    one, other = units.category[left], units.category[right]
    everywhere, beside = units.continuum[left], units.continuum
    # A pair counts once for each category that either unit has, and once for all of them.
    for where, column, weighs, share in (
        (everywhere, np.zeros_like(one), weight, categorial),
        (everywhere, 1 + one, weight, categorial),
        (everywhere, 1 + other, weight * (one != other), categorial),
        (beside, np.zeros_like(beside), lone, np.ones(len(lone))),
        (beside, 1 + units.category, lone, np.ones(len(lone))),
    ):
        cell = where * (1 + categories) + column
        disagreed += added(cell, weighs * share, disagreed.size).reshape(disagreed.shape)
        heavy += added(cell, weighs, heavy.size).reshape(heavy.shape)
    return Disorder(
        total=added(continuum, own, size),
        units=units.counts,
        alignments=np.bincount(continuum, minlength=size),
        disagreed=disagreed,
        weight=heavy,
    )
