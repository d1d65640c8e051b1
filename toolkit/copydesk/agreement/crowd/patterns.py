"""Ratings in; each pattern of ratings once, with how many items have it, out: what a model of a crowd goes over in every round.

Items that were rated alike by the same people have the same posterior. So a round costs by the number of patterns, which grows far more
slowly than that of items. Both steps of a round are one product with the sparse matrix of who said what.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from copydesk.agreement.columns import Floats, Ints, pack, ranges

_BLOCK = 4_096  # patterns, so that what is made of them stays in a cache


@dataclass(frozen=True, slots=True)
class Ratings:
    """Who said what: ``annotator[i]`` gave ``item[i]`` the label ``label[i]``.

    An annotator may give an item several labels, or one several times. Of an item that nobody rated the posterior is the
    classes' shares.
    """

    item: Ints
    annotator: Ints
    label: Ints
    items: int
    annotators: int
    labels: int


@dataclass(frozen=True, slots=True)
class _Block:
    """Patterns in a row: how often each has each label of each annotator, [pattern, annotator * labels + label]; and ``said``, the
    transposed matrix, times the items that have the pattern. ``known`` are the rows whose class is known.
    """

    rows: slice
    votes: sp.csr_array
    said: sp.csc_array
    known: Ints


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of ratings, and of what is known: ``number`` is each item's, ``times`` how many items have each.

    ``start`` [pattern, class] has the shares of votes, even ones where there are none; what is known is certain.
    """

    number: Ints
    times: Floats
    start: Floats
    blocks: list[_Block]

    @classmethod
    def of(cls, ratings: Ratings, known: Ints | None = None) -> Patterns:
        """Find the patterns; ``known`` holds the true class of each item, or -1."""
        columns = ratings.annotators * ratings.labels
        order = np.sort(ratings.item * columns + ratings.annotator * ratings.labels + ratings.label, kind="stable")
        item, column = np.divmod(order, columns)
        many = np.bincount(item, minlength=ratings.items)
        begin = np.cumsum(many) - many
        truth = np.full(ratings.items, -1) if known is None else known
        number, first, times = _distinct(column, begin, many, truth)

        row, vote = ranges(begin[first], many[first])
        shape = (len(first), columns)
        votes = sp.csr_array((np.ones(len(row)), (row, column[vote])), shape=shape)
        start = votes @ np.tile(np.eye(ratings.labels), (ratings.annotators, 1))
        start[many[first] == 0] = 1
        start /= start.sum(axis=1, keepdims=True)
        held = np.flatnonzero(truth[first] >= 0)
        start[held] = np.eye(ratings.labels)[truth[first[held]]]
        return cls(number, times.astype(np.float64), start, _blocks(votes, times, held))

    def expect(self, posterior: Floats, spoken: Floats, shares: Floats) -> tuple[float, float]:
        """Replace the ``posterior`` [pattern, class] by that under these parameters; gives the log likelihood, and how far it moved.

        ``spoken`` is the log probability of each annotator's labels (rows) by true class (columns), ``shares`` that of the classes.
        """
        # Block by block: what one step leaves is at hand for the next.
        likelihood = moved = 0.0
        for block in self.blocks:
            new, logs = _normalised(block.votes @ spoken + shares)
            old = posterior[block.rows]
            new[block.known] = old[block.known]
            likelihood += float(self.times[block.rows] @ logs)
            moved = max(moved, float(np.abs(new - old).max(initial=0.0)))
            posterior[block.rows] = new
        return likelihood, moved

    def said(self, posterior: Floats) -> Floats:
        """Count what annotators said (rows) by true class (columns)."""
        return np.asarray(sum(block.said @ posterior[block.rows] for block in self.blocks))


def _distinct(column: Ints, begin: Ints, many: Ints, truth: Ints) -> tuple[Ints, Ints, Ints]:
    """Number the items by what is known of them and what they were called, ``column[begin : begin + many]``.

    Gives the number of each item, and of each number its first item and how many it has. Only items with as many votes are compared.
    """
    number, firsts, times, made = np.empty(len(many), np.int64), [], [], 0
    order = np.argsort(many, kind="stable")
    for items in np.split(order, np.flatnonzero(np.diff(many[order])) + 1):
        votes = column[begin[items] + np.arange(many[items[:1]].sum())[:, np.newaxis]]
        _, first, own, count = np.unique(
            pack(truth[items] + 1, *votes), return_index=True, return_inverse=True, return_counts=True
        )
        number[items] = made + own
        made += len(first)
        firsts.append(items[first])
        times.append(count)
    return number, np.concatenate(firsts), np.concatenate(times)


def _blocks(votes: sp.csr_array, times: Ints, held: Ints) -> list[_Block]:
    blocks = []
    for start in range(0, max(len(times), 1), _BLOCK):
        rows = slice(start, min(start + _BLOCK, len(times)))
        part = votes[rows]
        said = part.copy()
        said.data *= np.repeat(times[rows], np.diff(part.indptr))
        known = held[slice(*np.searchsorted(held, (rows.start, rows.stop)))] - start
        blocks.append(_Block(rows, part, said.T, known))
    return blocks


def _normalised(logs: Floats) -> tuple[Floats, Floats]:
    """Make each row of unnormalised log probabilities one of probabilities; gives also the log of each row's sum."""
    weights = np.asfortranarray(logs)  # whole columns are compared and added up ten times as fast as short rows
    top = weights.max(axis=1, keepdims=True)
    weights -= top
    np.exp(weights, out=weights)
    total = weights.sum(axis=1, keepdims=True)
    weights /= total
    return np.ascontiguousarray(weights), (np.log(total) + top)[:, 0]
