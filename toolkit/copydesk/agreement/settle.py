"""Votes in, a fate for each candidate out: agreed, disputed or outvoted. The rule is the same for spans and relations.

Let a document have r readers.

* Two candidates **compete** when they are rivals (spans that share a character; relations between the same two places; values
  of a category that has one) and at most half of the people who drew one of them drew both. So a span inside another is no
  competition where those who draw the one mostly draw the other too. What the schema lets no two spans do always is one.
* A candidate **holds** when the rule says so (``crowd/rule.py``): where votes are counted, when more than half of the r readers drew
  it; where a model has enough to learn from, when it is likely enough, or every one of several readers drew it. It is **agreed** when
  it holds and competes with no other candidate that holds.
* What is not agreed falls into **cells**: candidates that compete, directly or through others. The readers who drew nothing
  of a cell vote for "nothing" there. A cell is **outvoted** when they are more than half of r, and **disputed** otherwise. A model
  outvotes each candidate by itself, when it is unlikely enough, and leaves the others to people. A relation with an end that was
  outvoted is outvoted with it.

Hence, by votes, one reader decides alone; of two readers both must have drawn it, and one of two is a dispute; of three, two are
enough, and what one drew is outvoted if the other two drew nothing (else) there, but disputed if one of them drew a rival of it.

Who has not read a place (their work was carried over from an older text that lacked it) is no reader there: r is counted for
each candidate, and for each cell, without those who are blind to it and drew nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from copydesk.agreement.columns import Bools, Ints, distinct, ranges
from copydesk.agreement.crowd.rule import Verdict
from copydesk.agreement.match import Pairs, components
from copydesk.agreement.votes import Votes

AGREED, DISPUTED, OUTVOTED = range(3)


@dataclass(frozen=True, slots=True)
class Rivals:
    """Pairs of candidates that may compete, each pair once; those ``apart`` cannot both be agreed, whoever drew both."""

    left: Ints
    right: Ints
    apart: Bools

    @classmethod
    def of(cls, pairs: Pairs) -> Rivals:
        """Take pairs that people may draw together."""
        return cls(pairs.left, pairs.right, np.zeros(len(pairs.left), np.bool_))


@dataclass(frozen=True, slots=True)
class Fates:
    """The ``fate`` of each candidate, and its ``cell``: the smallest candidate in it (an agreed one stands alone)."""

    fate: Ints
    cell: Ints
    readers: Ints  # of the cell
    silent: Ints  # readers who drew nothing of the cell
    blind: frozenset[tuple[int, int]]  # cells, and people who read the document but not all of the cell's place
    dropped: Bools  # of each candidate: whether it is outvoted with one of its ends
    verdict: Verdict


def settle(
    votes: Votes,
    *,
    readers: Ints,
    rivals: Rivals,
    blind: tuple[Ints, Ints],
    judge: Callable[[Ints], Verdict],
    ends: Ints | None = None,
) -> Fates:
    """Decide every candidate.

    ``readers`` holds, for each candidate, how many people read its document; ``blind`` are candidates and people who have not read
    their place, each pair once; ``judge`` gives the verdict on all candidates, given how many have read the place of each. ``ends``
    is the worse fate of the two ends of each relation: it is agreed only where both are, and dropped where one is outvoted.
    """
    size = len(votes.doc)
    left, right = _competing(votes, rivals)
    unseen, _ = _without_drawers(votes, np.arange(size), *blind)
    said = judge(readers - np.bincount(unseen, minlength=size))
    both = said.holds[left] & said.holds[right] & ~(said.by_gold[left] & said.by_gold[right])
    agreed = said.holds.copy()
    agreed[left[both]] = agreed[right[both]] = False
    ends = np.full(size, AGREED) if ends is None else ends
    agreed &= ends == AGREED
    failed = said.fails | (ends == OUTVOTED)
    closed = agreed | failed
    open_pairs = ~closed[left] & ~closed[right]
    cell = components(left[open_pairs], right[open_pairs], size=size)
    row, _ = distinct(cell[votes.drawn], votes.drawer)
    unseen, unseeing = _without_drawers(votes, cell, *blind)
    readers = readers - np.bincount(unseen, minlength=size)[cell]
    silent = readers - np.bincount(cell[votes.drawn[row]], minlength=size)[cell]
    outvoted = failed | ((silent > said.silence * readers) & ~said.by_model)
    fate = np.where(agreed, AGREED, np.where(outvoted, OUTVOTED, DISPUTED))
    unread = frozenset(zip(unseen.tolist(), unseeing.tolist(), strict=True))
    return Fates(fate, cell, readers, silent, unread, ends == OUTVOTED, said)


def with_unanimous(said: Verdict, votes: Votes, readers: Ints) -> Verdict:
    """Let hold what every one of several readers drew, whatever a model makes of it: it has learnt from what they differ in."""
    drawn = said.by_model & (votes.ballots == readers) & (readers > 1)
    return replace(said, holds=said.holds | drawn, fails=said.fails & ~drawn)


def _without_drawers(votes: Votes, cell: Ints, candidate: Ints, person: Ints) -> tuple[Ints, Ints]:
    """Give the cells that people are blind to, each pair once, without those who drew something of the cell."""
    people = max(int(votes.drawer.max(initial=0)), int(person.max(initial=0))) + 1
    pairs = np.unique(cell[candidate] * people + person)
    pairs = pairs[~np.isin(pairs, cell[votes.drawn] * people + votes.drawer)]
    return pairs // people, pairs % people


def _competing(votes: Votes, rivals: Rivals) -> tuple[Ints, Ints]:
    """Keep the pairs that are to stand apart, or of which at most half of those who drew either drew both."""
    left, right = rivals.left, rivals.right
    both = _drew_both(votes, left, right)
    either = votes.ballots[left] + votes.ballots[right] - both
    compete = rivals.apart | (2 * both <= either)
    return left[compete], right[compete]


def _drew_both(votes: Votes, left: Ints, right: Ints) -> Ints:
    """Count, for each pair of candidates, the people who drew both."""
    first = np.searchsorted(votes.drawn, left)
    pair, vote = ranges(first, votes.ballots[left])
    people = int(votes.drawer.max(initial=0)) + 1
    drew = votes.drawn * people + votes.drawer
    wanted = right[pair] * people + votes.drawer[vote]
    found = np.append(drew, -1)[np.searchsorted(drew, wanted)] == wanted
    return np.bincount(pair[found], minlength=len(left))
