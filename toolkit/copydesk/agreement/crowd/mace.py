"""Labels by item and annotator in; how likely each true label is, and how often each annotator only pretends, out.

MACE (Hovy, Berg-Kirkpatrick, Vaswani and Hovy 2013): an annotator either gives the true label, or spams: then the label comes from
habits of their own, whatever the item. Variational Bayes, as in the paper; it starts from the shares of votes and so needs no restarts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma

from copydesk.agreement.columns import Floats, Ints
from copydesk.agreement.crowd.dawid_skene import BLOCK, Ratings, normalised, shares_of_votes

# Pseudo-counts of the paper: of spamming and of not spamming, and of each label of a spammer.
_SPAM, _LABEL = 0.5, 0.1
_Block = tuple[slice, Ints, Ints]


@dataclass(frozen=True, slots=True)
class Trusted:
    """What was learnt: ``spam`` is each annotator's probability to spam, and ``habits`` what they then say (annotators by labels)."""

    posterior: Floats
    spam: Floats
    habits: Floats
    log_likelihood: float
    rounds: int


def mace(ratings: Ratings, *, known: Ints | None = None, rounds: int = 50, tolerance: float = 1e-6) -> Trusted:
    """Fit the model, until no posterior moves by more than ``tolerance``; ``known`` holds an item's true label, or -1."""
    labels, size = ratings.labels, ratings.annotators * ratings.labels
    posterior = shares_of_votes(ratings)
    truth = np.full(ratings.items, -1) if known is None else known
    held = np.flatnonzero(truth >= 0)
    posterior[held] = np.eye(labels)[truth[held]]
    blocks = list(_blocks(ratings))
    every = ratings.annotator * labels + ratings.label
    said: Floats = np.bincount(every, minlength=size).astype(np.float64)
    agreed = _agreed(blocks, posterior, size)
    honest: Floats = np.full(size, 0.5)
    likelihood, done = -np.inf, 0
    while True:
        said_so, habits = _counts(honest * agreed, said, labels)
        if done == rounds:
            break
        trust, by_chance = _expected(said_so, habits)
        # A label tells for its class by how much likelier it is there than from a spammer; that speaks for all classes alike.
        honest, gain = trust / (trust + by_chance), np.log1p(trust / by_chance)
        likelihood, moved = float(np.log(by_chance) @ said), 0.0
        for rows, cell, habit in blocks:
            shape = posterior[rows].shape
            logs = np.bincount(cell, weights=gain[habit], minlength=shape[0] * shape[1]).reshape(shape)
            new, some = normalised(logs - np.log(labels))
            fixed = np.flatnonzero(truth[rows] >= 0)
            new[fixed] = posterior[rows][fixed]
            likelihood += some
            moved = max(moved, float(np.abs(new - posterior[rows]).max(initial=0.0)))
            posterior[rows] = new
        agreed, done = _agreed(blocks, posterior, size), done + 1
        if moved <= tolerance:
            rounds = done
    total = said_so.sum(axis=1, keepdims=True)
    return Trusted(posterior, (said_so / total)[:, 0], habits / habits.sum(axis=1, keepdims=True), likelihood, done)


def _blocks(ratings: Ratings) -> Iterator[_Block]:
    """Cut the votes into blocks of items: its items, and for each vote its cell (item, label) and its habit (annotator, label)."""
    order = np.argsort(ratings.item, kind="stable")
    item, habit = ratings.item[order], (ratings.annotator * ratings.labels + ratings.label)[order]
    cell = item * ratings.labels + ratings.label[order]
    for start in range(0, ratings.items, BLOCK):
        low, high = np.searchsorted(item, (start, start + BLOCK))
        yield slice(start, min(start + BLOCK, ratings.items)), cell[low:high] - start * ratings.labels, habit[low:high]


def _agreed(blocks: Sequence[_Block], posterior: Floats, size: int) -> Floats:
    """Count, for each label of each annotator, how often it is expected to be the true one."""
    total = np.zeros(size)
    for rows, cell, habit in blocks:
        total += np.bincount(habit, weights=posterior[rows].ravel()[cell], minlength=size)
    return total


def _counts(meant: Floats, said: Floats, labels: int) -> tuple[Floats, Floats]:
    """Count how often each annotator spammed (first) or meant it (second), and what they said when they spammed.

    Both columns have an entry for each label of each annotator.
    """
    spammed = (said - meant).reshape(-1, labels)
    sincere = meant.reshape(-1, labels)
    return np.stack([spammed.sum(axis=1), sincere.sum(axis=1)], axis=1) + _SPAM, spammed + _LABEL


def _expected(said_so: Floats, habits: Floats) -> tuple[Floats, Floats]:
    """Give, for each label of each annotator, the geometric means of their sincerity, and of spamming and saying it then."""
    share = np.exp(digamma(said_so) - digamma(said_so.sum(axis=1, keepdims=True)))
    spoken = np.exp(digamma(habits) - digamma(habits.sum(axis=1, keepdims=True)))
    return np.repeat(share[:, 1], habits.shape[1]), np.maximum(share[:, :1] * spoken, 1e-300).ravel()
