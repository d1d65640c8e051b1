"""A rule and votes in; which candidates hold, which do not, and which are left to people, out.

Two readers need no model: what both drew holds. From three readers up, and where there is enough to learn from, a model says how
likely each candidate is to be right. One from ``HOLDS`` up holds, one down to ``FAILS`` does not, and what lies between is a
dispute. Since people err alike, and no model here knows that, no candidate holds on one person's word where three have read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Bools, Floats, Ints
from copydesk.agreement.crowd.span_ds import Stand, judge
from copydesk.agreement.votes import Reads, Votes
from copydesk.errors import UsageError

VOTE, UNANIMOUS, SPAN_DS, BSC_SEQ = METHODS = ("vote", "unanimous", "span_ds", "bsc_seq")
_MODELS = (SPAN_DS, BSC_SEQ)
# On simulated crews of three to ten, what lay beyond these was right (or wrong) as often as a majority is.
HOLDS, FAILS = 0.85, 0.15
_SECONDED = 2
# Enough to learn from: so many readers of a place, each of whom had a say on so many places, of so many in all. With fewer
# labels for an item, or for an annotator, a vote is as good or better.
READERS, EXPERIENCE, PLACES = 3, 20, 100
_HAIR = 1e-9  # shares and posteriors are compared with less than this between them as equal


@dataclass(frozen=True, slots=True)
class Rule:
    """How candidates are decided.

    ``vote`` holds with at least ``min_votes`` votes that are more than ``min_share`` of the readers; the models decide by
    that, too, where they have not enough to learn from. ``unanimous`` asks for every reader.
    """

    method: str = SPAN_DS
    min_votes: int = 1
    min_share: float = 0.5

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UsageError(f"unknown method {self.method!r}", fix=f"one of {', '.join(METHODS)}")
        if not (0 <= self.min_share < 1 and self.min_votes >= 1):
            raise UsageError(
                f"a vote of at least {self.min_votes}, and more than {self.min_share} of the readers, cannot be",
                fix="give min_votes from 1 up, and min_share from 0 up and below 1",
            )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of each candidate: ``holds``, ``fails``, or neither; and the share of silent readers that outvotes a cell.

    ``posterior`` is empty (NaN) where nothing but votes was counted, and ``by_model`` and ``by_gold`` say what decided; ``model`` is
    the model's name.
    """

    holds: Bools
    fails: Bools
    posterior: Floats
    by_model: Bools
    by_gold: Bools
    silence: float
    model: str
    basis: str  # of what is decided by votes: vote or unanimous
    note: str = ""

    def methods(self) -> list[str]:
        """The method that decided each candidate."""
        said = np.where(self.by_model, self.model, np.where(self.by_gold, "gold", self.basis))
        return [str(one) for one in said]


def verdict(votes: Votes, reads: Reads, rule: Rule, *, readers: Ints, blind: tuple[Ints, Ints], known: Ints) -> Verdict:
    """Judge every candidate; ``readers`` are those who have read its place, and ``known`` is 1 or 0 where gold says so, else -1."""
    size = len(votes.doc)
    basis = UNANIMOUS if rule.method == UNANIMOUS else VOTE
    share = 1 - _HAIR if basis == UNANIMOUS else rule.min_share + _HAIR
    holds = (votes.ballots >= rule.min_votes) & (votes.ballots > share * readers)
    posterior = np.full(size, np.nan)
    by_model: Bools = np.zeros(size, np.bool_)
    note = ""
    if rule.method in _MODELS and size:
        learnt, by_model, note = learn(votes, reads, blind=blind, known=known)
        posterior[by_model] = learnt[by_model]
    by_gold = known >= 0
    posterior[by_gold] = known[by_gold]
    by_model = by_model & ~by_gold
    likely = np.where(by_model, posterior, 0.5)
    holds = np.where(by_model, (likely >= HOLDS) & (votes.ballots >= _SECONDED), np.where(by_gold, known == 1, holds))
    fails = np.where(by_model, likely <= FAILS, known == 0)
    return Verdict(holds, fails, posterior, by_model, by_gold, max(0.5, 1 - share), SPAN_DS, basis, note)


def learn(votes: Votes, reads: Reads, *, blind: tuple[Ints, Ints], known: Ints) -> tuple[Floats, Bools, str]:
    """Give how likely each candidate is to be right, for which of them there is enough to tell, and else why not."""
    size = len(votes.doc)
    posterior, enough = np.zeros(size), np.zeros(size, bool)
    shared = reads.readers[votes.doc] >= READERS
    if not shared.any():
        return posterior, enough, ""
    judged = judge(_stand(votes, reads, shared, blind=blind, known=known))
    told = np.flatnonzero(shared)
    posterior[told] = np.round(judged.posterior, 9)  # no decision hangs on the order in which numbers were added up
    experienced = judged.experience >= EXPERIENCE
    least = np.bincount(reads.doc, weights=experienced[reads.annotator], minlength=len(reads.docs)) >= READERS
    places = len(judged.fitted.posterior)
    enough[told] = (judged.voters >= READERS) & least[votes.doc[told]] & (places >= PLACES)
    if enough[told].all():
        return posterior, enough, ""
    left = int((~enough[told]).sum())
    note = (
        f"{left} of {len(told)} candidates that three or more had a say on were decided by vote: a model learns from {PLACES} places "
        f"({places} here), and from {READERS} readers who each had a say on {EXPERIENCE} of them"
    )
    return posterior, enough, note


def _stand(votes: Votes, reads: Reads, shared: Bools, *, blind: tuple[Ints, Ints], known: Ints) -> Stand:
    """The candidates that are ``shared``, numbered anew."""
    told = np.flatnonzero(shared)
    number = np.cumsum(shared) - 1
    cast = shared[votes.drawn]
    unseen = shared[blind[0]]
    read = reads.readers[reads.doc] >= READERS
    return Stand(
        group=votes.doc[told],
        left=votes.left[told],
        right=votes.right[told],
        label=votes.label[told],
        drawn=number[votes.drawn[cast]],
        drawer=votes.drawer[cast],
        read=reads.doc[read],
        reader=reads.annotator[read],
        blind=(number[blind[0][unseen]], blind[1][unseen]),
        known=known[told],
        people=len(reads.annotators),
        labels=len(votes.labels),
    )
