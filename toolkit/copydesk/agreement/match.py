"""Spans in, pairs out: which spans overlap, which belong together one to one, and which hang together at all.

Spans come as integer columns: ``group`` (only spans of one group can meet: a document, or a document and a label), ``start``
and ``end`` in code points, end exclusive. Pairs come as two columns of row numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Ints, ranges


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of rows; ``overlap`` is how many characters they share."""

    left: Ints
    right: Ints
    overlap: Ints

    def both_ways(self) -> tuple[Ints, Ints]:
        """Give every row of a pair, in order, and the other row."""
        one, other = np.concatenate([self.left, self.right]), np.concatenate([self.right, self.left])
        order = np.argsort(one, kind="stable")
        return one[order], other[order]


def overlapping(*, group: Ints, start: Ints, end: Ints) -> Pairs:
    """Give every two spans of one group that share at least a character, each pair once."""
    order = np.lexsort((end, start, group))
    group, start, end = group[order], start[order], end[order]
    width = int(end.max(initial=0)) + 1
    reach = np.searchsorted(group * width + start, group * width + end)
    rows = np.arange(len(order))
    left, right = ranges(rows + 1, np.maximum(reach - rows - 1, 0))
    shared = np.minimum(end[left], end[right]) - start[right]
    meet = shared > 0
    return Pairs(order[left[meet]], order[right[meet]], shared[meet])


def match(*, group: Ints, start: Ints, end: Ints, owner: Ints) -> Pairs:
    """Match the spans of every two owners one to one, the largest overlap first.

    Of equal overlaps the pair goes first that covers less together (so a span's exact copy is always its match), then the
    one that begins earlier. No owner may hold one span twice.
    """
    pairs = overlapping(group=group, start=start, end=end)
    left, right = pairs.left, pairs.right
    together = end[left] - start[left] + end[right] - start[right] - pairs.overlap
    order = np.lexsort((start[left] + start[right], together, -pairs.overlap))
    order = order[owner[left[order]] != owner[right[order]]]
    chosen = order[one_to_one(left[order], right[order], owner=owner)]
    return Pairs(left[chosen], right[chosen], pairs.overlap[chosen])


def one_to_one(left: Ints, right: Ints, *, owner: Ints) -> Ints:
    """Choose from pairs of spans of different owners, listed best first, so that a span has one match with each other owner."""
    # A place is a span and the owner that it is to be matched with.
    owners = int(owner.max(initial=0)) + 1
    places = np.concatenate([left * owners + owner[right], right * owners + owner[left]])
    _, place = np.unique(places, return_inverse=True)
    return _best_first(place[: len(left)], place[len(left) :], places=int(place.max(initial=-1)) + 1)


def _best_first(left: Ints, right: Ints, *, places: int) -> Ints:
    """Choose pairs of places, listed best first, so that no place is used twice."""
    taken = bytearray(places)
    chosen = []
    # A plain loop: rounds of whole columns are no faster on real labels, and quadratic where spans are nested deeply.
    for pair, (one, other) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        if not (taken[one] or taken[other]):
            taken[one] = taken[other] = 1
            chosen.append(pair)
    return np.array(chosen, np.int64)


def components(left: Ints, right: Ints, *, size: int) -> Ints:
    """Give each of ``size`` rows the smallest row that it hangs together with through the pairs."""
    root = np.arange(size)
    while True:
        low = np.minimum(root[left], root[right])
        new = root.copy()
        np.minimum.at(new, root[left], low)
        np.minimum.at(new, root[right], low)
        while not np.array_equal(new, new[new]):
            new = new[new]
        if np.array_equal(new, root):
            return root
        root = new
