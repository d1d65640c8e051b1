"""Votes for candidates in; how likely each candidate is to be right, and how each annotator errs, out.

A **place** is where somebody drew something: a span's two ends, or a relation's two spans. Everybody who read the text has said
of each place either a label, or that something else is there (they drew a span that crosses it), or "nothing"; and Dawid-Skene tells
what is there. So every answer is one that somebody gave.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Bools, Floats, Ints, distinct, ranges
from copydesk.agreement.crowd.dawid_skene import Fitted, Prior, Ratings, dawid_skene
from copydesk.agreement.match import Pairs

# The class of a place where nothing is; label ``n`` is class ``n + 1``, and the last class is something else.
NOTHING = 0
PRIOR = Prior(right=4.0, wrong=1.0)
# Above this a span belongs to the consensus: people overlook more than they invent. On simulated crowds F1 is flat, within a quarter
# of a point, from .08 to .2 and for priors from 3 to 6.
THRESHOLD = 0.15
# People err alike, which the model does not know: fitted to the end it comes to explain their errors as truth. On simulated crowds F1 is
# the same after four to twelve rounds, and two tenths lower at the end.
ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Stand:
    """Candidates, and who stands for them: ``drawn`` and ``drawer`` hold each vote once, as in ``votes.Votes``.

    Candidates are distinct and sorted by ``group``, ``left``, ``right``, ``label``. ``reader`` and ``read`` say who read which group,
    each pair once; ``blind`` are pairs of candidate and person who have not read its place, each once. ``crossing`` are pairs of
    candidates that share a character. ``known`` says of each candidate whether it is right: 1 or 0, and -1 where nobody knows.
    """

    group: Ints
    left: Ints
    right: Ints
    label: Ints
    drawn: Ints
    drawer: Ints
    read: Ints
    reader: Ints
    blind: tuple[Ints, Ints]
    crossing: Pairs
    known: Ints
    people: int
    labels: int

    @property
    def place(self) -> Ints:
        """The number of each candidate's place; labels that the same people drew there together are places of their own."""
        row, place = distinct(self.group, self.left, self.right)
        voter, _ = distinct(place[self.drawn], self.drawer)
        people = np.bincount(place[self.drawn][voter], minlength=len(row))
        votes = np.bincount(place[self.drawn], minlength=len(row))
        together = (2 * votes >= 3 * people) & (people > 0)
        return np.asarray(distinct(place, np.where(together[place], self.label + 1, 0))[1], np.int64)


@dataclass(frozen=True, slots=True)
class Judged:
    """How likely each candidate is right, and what was learnt of the annotators."""

    posterior: Floats  # of each candidate
    voters: Ints  # of each candidate: how many people have a say at its place
    experience: Ints  # of each person: at how many places they had a say
    fitted: Fitted


def judge(stand: Stand, *, prior: Prior = PRIOR) -> Judged:
    """Fit Dawid-Skene (variational) to the votes on all places."""
    place = stand.place
    ratings = ratings_of(stand, place)
    fitted = dawid_skene(ratings, prior=prior, known=_known(stand, place, ratings.items), rounds=ROUNDS)
    voter, _ = distinct(ratings.item, ratings.annotator)
    voters = np.bincount(ratings.item[voter], minlength=ratings.items)
    experience = np.bincount(ratings.annotator[voter], minlength=stand.people)
    posterior = fitted.posterior[place, stand.label + 1]
    return Judged(posterior, voters[place], experience, fitted)


def ratings_of(stand: Stand, place: Ints) -> Ratings:
    """Write out what each reader said of each place of what they read."""
    places = int(place.max(initial=-1)) + 1
    item, label = place[stand.drawn], stand.label[stand.drawn] + 1
    group = np.zeros(places, np.int64)
    group[place] = stand.group
    order = np.lexsort((stand.reader, stand.read))
    read, reader = stand.read[order], stand.reader[order]
    first = np.searchsorted(read, group)
    asked, at = ranges(first, np.searchsorted(read, group, side="right") - first)
    said = np.unique(item * stand.people + stand.drawer)
    unseen = np.unique(place[stand.blind[0]] * stand.people + stand.blind[1])
    silent = asked * stand.people + reader[at]
    silent = silent[~np.isin(silent, said) & ~np.isin(silent, unseen)]
    return Ratings(
        item=np.concatenate([item, silent // stand.people]),
        annotator=np.concatenate([stand.drawer, silent % stand.people]),
        label=np.concatenate([label, np.where(np.isin(silent, _elsewhere(stand, place)), stand.labels + 1, NOTHING)]),
        items=places,
        annotators=stand.people,
        labels=stand.labels + 2,
    )


def _elsewhere(stand: Stand, place: Ints) -> Ints:
    """Give, as ``place * people + person``, who drew something that crosses a place."""
    here, there = stand.crossing.both_ways()
    first = np.searchsorted(stand.drawn, there)
    crossed, vote = ranges(first, np.searchsorted(stand.drawn, there, side="right") - first)
    return np.asarray(np.unique(place[here[crossed]] * stand.people + stand.drawer[vote]), np.int64)


def _known(stand: Stand, place: Ints, places: int) -> Ints:
    """What is at each place: a label that is known to be right, or, where every label is known to be wrong, what is there instead."""
    known = np.full(places, -1)
    wrong = np.bincount(place, weights=stand.known == 0, minlength=places) == np.bincount(place, minlength=places)
    known[wrong] = NOTHING
    here, there = stand.crossing.both_ways()
    other = place[here[stand.known[there] == 1]]
    known[other[wrong[other]]] = stand.labels + 1
    right = np.flatnonzero(stand.known == 1)
    known[place[right]] = stand.label[right] + 1
    return known


def best_at_place(stand: Stand, posterior: Floats) -> Bools:
    """Say which candidate of each place is the likeliest; of equals the one whose label comes first."""
    place = stand.place
    order = np.lexsort((stand.label, -posterior, place))
    best = np.zeros(len(place), bool)
    best[order[np.flatnonzero(np.diff(place[order], prepend=-1))]] = True
    return best


def log_odds(posterior: Floats, *, over: float) -> Floats:
    """How far each posterior is above the threshold, in log odds; at most some 14 above even odds."""
    held = np.clip(posterior, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(held / (1 - held)) - np.log(over / (1 - over)))
