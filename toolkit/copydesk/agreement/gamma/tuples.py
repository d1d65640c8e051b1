"""Units in, the sets of units that can stand together in a best alignment out, with what each costs.

With m annotators there are C = m(m-1)/2 pairs in a unitary alignment, and a pair of a unit and nothing costs 1. All costs
here are C times those of the paper. So k units together cost their dissimilarities and 1 for each of the C - k(k-1)/2 other pairs, and k
units alone cost k * C. A set is needed only where it is cheaper than its units alone, and than all of it without any one of them:
that unit's dissimilarities to the others must not exceed C + k - 1. Few sets pass, so the rest is small and exact. Of alignments that
cost the same the one with fewer sets is best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Bools, Floats, Ints, ranges
from copydesk.agreement.gamma.continua import Dissimilarity, Units

EACH = 1e-9  # that a set costs besides, so that fewer sets are better
_LARGEST = 100_000  # sets that a continuum may try before it counts as crowded


@dataclass(frozen=True, slots=True)
class Tuples:
    """Sets of k units of different annotators: ``members[set, k]`` and what each costs."""

    members: Ints
    cost: Floats


@dataclass(frozen=True, slots=True)
class _Partial:
    members: Ints  # [set, k], in the order of annotators
    sums: Floats  # [set, k]: of each member's dissimilarities to the others


@dataclass(frozen=True, slots=True)
class _Near:
    """The neighbours of each unit that belong to later annotators: ``other[first[unit] : first[unit + 1]]``, and how far they are."""

    first: Ints
    other: Ints
    apart: Floats
    bound: Floats  # of each unit: what its dissimilarities to the others of a set can add up to
    tried: Floats  # of each continuum: sets that were looked at; counted up on the way


def tuples_of(units: Units, dissimilarity: Dissimilarity) -> tuple[list[Tuples], Bools]:
    """Give the sets of 2, 3, ... units that a best alignment may need; and which continua are too crowded (these have no sets)."""
    pairs_of = (units.annotators * (units.annotators - 1) / 2)[units.continuum]
    loose = pairs_of + units.annotators[units.continuum] - 1 + EACH
    crowded = np.zeros(len(units.annotators), bool)
    one, other = _neighbours(units, dissimilarity, loose)
    apart = dissimilarity.combined(units, one, other)
    close = apart <= loose[one]
    one, other, apart = one[close], other[close], apart[close]
    turned = units.annotator[one] > units.annotator[other]
    one, other = np.where(turned, other, one), np.where(turned, one, other)
    order = np.lexsort((other, one))
    one, other, apart = one[order], other[order], apart[order]
    near = _Near(np.searchsorted(one, np.arange(len(units.continuum) + 1)), other, apart, loose, np.zeros(len(crowded)))

    partial = _Partial(np.stack([one, other], axis=1), np.stack([apart, apart], axis=1))
    found: list[Tuples] = []
    for size in range(2, int(units.annotators.max(initial=0)) + 1):
        if size > 2:
            partial = _extended(units, dissimilarity, partial, near, crowded)
        if not len(partial.members):
            break
        found.append(_useful(units, partial, size, pairs_of))
    return [_outside(units, one, crowded) for one in found], crowded


def _neighbours(units: Units, dissimilarity: Dissimilarity, bound: Floats) -> tuple[Ints, Ints]:
    """Give every two units of different annotators of a continuum that may lie within ``bound``; some lie farther apart."""
    size = len(units.annotators)
    length = units.end - units.start
    longest, low, high = np.zeros(size), np.full(size, np.inf), np.full(size, -np.inf)
    np.maximum.at(longest, units.continuum, length)
    np.minimum.at(low, units.continuum, units.start)
    np.maximum.at(high, units.continuum, units.start)
    wide = dissimilarity.reach(bound) * (length + longest[units.continuum]) * 1.000001
    # The continua are laid one after the other, so far apart that no unit reaches into the next.
    far = np.zeros(size)
    np.maximum.at(far, units.continuum, wide)
    room = np.where(np.isfinite(low), high - low, 0) + far + 1
    place = units.start - low[units.continuum] + (np.cumsum(room) - room)[units.continuum]
    rows = np.arange(len(place))
    until = np.searchsorted(place, place + wide, side="right")
    one, other = ranges(rows + 1, np.maximum(until - rows - 1, 0))
    apart = (units.annotator[one] != units.annotator[other]) & (units.continuum[one] == units.continuum[other])
    return one[apart], other[apart]


def _extended(units: Units, dissimilarity: Dissimilarity, partial: _Partial, near: _Near, crowded: Bools) -> _Partial:
    """Add to each set every neighbour of its last member that belongs to a later annotator and lies near to all."""
    last = partial.members[:, -1]
    count = near.first[last + 1] - near.first[last]
    continuum = units.continuum[last]
    near.tried[:] += np.bincount(continuum, weights=count, minlength=len(crowded))
    crowded |= near.tried > _LARGEST
    row, edge = ranges(near.first[last], np.where(crowded[continuum], 0, count))
    new, members, sums = near.other[edge], partial.members[row], partial.sums[row]
    own = np.empty(members.shape)
    own[:, -1] = near.apart[edge]
    for at in range(members.shape[1] - 1):
        own[:, at] = dissimilarity.combined(units, members[:, at], new)
    sums = np.concatenate([sums + own, own.sum(axis=1, keepdims=True)], axis=1)
    kept = sums.max(axis=1, initial=0) <= near.bound[new]
    return _Partial(np.concatenate([members, new[:, np.newaxis]], axis=1)[kept], sums[kept])


def _useful(units: Units, partial: _Partial, size: int, pairs_of: Floats) -> Tuples:
    """Keep the sets that are cheaper than their units alone, and than themselves without any one unit."""
    all_pairs = pairs_of[partial.members[:, 0]]
    inner = size * (size - 1) / 2
    apart = partial.sums.sum(axis=1) / 2
    useful = apart <= (size - 1) * all_pairs + inner + EACH
    useful &= partial.sums.max(axis=1, initial=0) <= all_pairs + size - 1 + EACH
    return Tuples(partial.members[useful], (apart + all_pairs - inner)[useful] + EACH)


def _outside(units: Units, tuples: Tuples, crowded: Bools) -> Tuples:
    kept = ~crowded[units.continuum[tuples.members[:, 0]]]
    return Tuples(tuples.members[kept], tuples.cost[kept])
