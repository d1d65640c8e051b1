"""A rule and votes in; which candidates hold, which do not, and which are left to people, out.

Two readers need no model: what both drew holds. From three readers up, and where there is enough to learn from, a model says how
likely each candidate is to be right. One from ``HOLDS`` up holds, one down to ``FAILS`` does not, and what lies between is a
dispute. Since people err alike, and no model here knows that, no candidate holds on one person's word where three have read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from copydesk.agreement.columns import Bools, Floats, Ints
from copydesk.agreement.crowd.field import Field
from copydesk.agreement.crowd.sequence import tell
from copydesk.agreement.crowd.span_ds import Stand, judge
from copydesk.agreement.crowd.tokens import on_tokens, tokens_of
from copydesk.agreement.match import overlapping
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
class Case:
    """What is to be judged: ``blind`` are candidates and people who have not read their place; ``known`` is 1 or 0 where gold says so, else
    -1; ``texts`` are those of the documents, where candidates are spans and words may tell (empty: not there).
    """

    votes: Votes
    reads: Reads
    blind: tuple[Ints, Ints]
    known: Ints
    texts: Sequence[str] | None = None


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


def verdict(case: Case, rule: Rule, readers: Ints) -> Verdict:
    """Judge every candidate; ``readers`` are those who have read its place."""
    votes = case.votes
    size = len(votes.doc)
    basis = UNANIMOUS if rule.method == UNANIMOUS else VOTE
    share = 1 - _HAIR if basis == UNANIMOUS else rule.min_share + _HAIR
    holds = (votes.ballots >= rule.min_votes) & (votes.ballots > share * readers)
    posterior = np.full(size, np.nan)
    by_model: Bools = np.zeros(size, np.bool_)
    note = ""
    model = BSC_SEQ if rule.method == BSC_SEQ and case.texts is not None else SPAN_DS
    if rule.method in _MODELS and size:
        learnt, by_model, note = learn(case, texts=case.texts if model == BSC_SEQ else None)
        posterior[by_model] = learnt[by_model]
    known = case.known
    by_gold = known >= 0
    posterior[by_gold] = known[by_gold]
    by_model = by_model & ~by_gold
    likely = np.where(by_model, posterior, 0.5)
    holds = np.where(by_model, (likely >= HOLDS) & (votes.ballots >= _SECONDED), np.where(by_gold, known == 1, holds))
    fails = np.where(by_model, likely <= FAILS, known == 0)
    return Verdict(holds, fails, posterior, by_model, by_gold, max(0.5, 1 - share), model, basis, note)


def learn(case: Case, *, texts: Sequence[str] | None = None) -> tuple[Floats, Bools, str]:
    """Give how likely each candidate is to be right, for which of them there is enough to tell, and else why not.

    With ``texts``, one for each document, candidates are spans, and bsc_seq judges them; a document whose text is empty is left out.
    """
    votes, reads = case.votes, case.reads
    size = len(votes.doc)
    posterior, enough = np.zeros(size), np.zeros(size, bool)
    shared = reads.readers[votes.doc] >= READERS
    if not shared.any():
        return posterior, enough, ""
    stand = _stand(case, shared)
    judged = judge(stand)
    told = np.flatnonzero(shared)
    likely = judged.posterior if texts is None else _by_sequence(stand, texts)
    posterior[told] = np.round(likely, 9)  # no decision hangs on the order in which numbers were added up
    experienced = judged.experience >= EXPERIENCE
    least = np.bincount(reads.doc, weights=experienced[reads.annotator], minlength=len(reads.docs)) >= READERS
    places = len(judged.fitted.posterior)
    if texts is not None:
        least &= np.array([text != "" for text in texts], np.bool_)
    enough[told] = (judged.voters >= READERS) & least[votes.doc[told]] & (places >= PLACES)
    if enough[told].all():
        return posterior, enough, ""
    left = int((~enough[told]).sum())
    note = (
        f"{left} of {len(told)} candidates that three or more had a say on were decided by vote: a model learns from {PLACES} places "
        f"({places} here), and from {READERS} readers who each had a say on {EXPERIENCE} of them"
    )
    return posterior, enough, note


def _by_sequence(stand: Stand, texts: Sequence[str]) -> Floats:
    """Judge candidates that are spans by what stands around them; one that holds no word is not likely at all."""
    tokens = tokens_of(texts)
    start, end = on_tokens(tokens, text=stand.group, start=stand.left, end=stand.right)
    worded = start < end
    cast, right = worded[stand.drawn], np.flatnonzero(worded & (stand.known == 1))
    row = np.concatenate([stand.drawn[cast], right])
    blind, who = (column[worded[stand.blind[0]]] for column in stand.blind)
    settled = np.zeros(len(texts), np.bool_)
    settled[stand.group[stand.known >= 0]] = True
    field = Field(
        tokens=tokens,
        people=tuple(map(str, range(stand.people))),
        labels=tuple(map(str, range(stand.labels))),
        text=stand.group[row],
        person=np.concatenate([stand.drawer[cast], np.full(len(right), -1)]),
        start=start[row],
        end=end[row],
        label=stand.label[row],
        read=stand.read,
        reader=stand.reader,
        settled=settled,
        blank=int((~worded).sum()),
        unseen=(stand.group[blind], who, start[blind], end[blind]),
    )
    likely = np.zeros(len(start))
    likely[worded] = tell(field, replace(stand, left=start, right=end), texts).posterior[worded]
    return likely


def _stand(case: Case, shared: Bools) -> Stand:
    """The candidates that are ``shared``, numbered anew."""
    votes, reads, blind, known = case.votes, case.reads, case.blind, case.known
    told = np.flatnonzero(shared)
    number = np.cumsum(shared) - 1
    cast = shared[votes.drawn]
    unseen = shared[blind[0]]
    read = reads.readers[reads.doc] >= READERS
    spans = told if case.texts is not None else told[:0]
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
        crossing=overlapping(group=votes.doc[spans], start=votes.left[spans], end=votes.right[spans]),
        known=known[told],
        people=len(reads.annotators),
        labels=len(votes.labels),
    )
