"""Labels by item and annotator in; how likely each true label is, and how often each annotator only pretends, out.

MACE (Hovy, Berg-Kirkpatrick, Vaswani and Hovy 2013): an annotator either gives the true label, or spams: then the label comes from
habits of their own, whatever the item. Variational Bayes, as in the paper; it starts from the shares of votes and so needs no restarts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Floats, Ints
from copydesk.agreement.crowd.patterns import Patterns, Ratings

# Pseudo-counts of the paper: of spamming and of not spamming, and of each label of a spammer.
_SPAM, _LABEL = 0.5, 0.1


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
    patterns = Patterns.of(ratings, known)
    posterior = patterns.start.copy()
    own = np.tile(
        np.eye(labels), (ratings.annotators, 1)
    )  # each label of each annotator (rows) speaks for its own class
    said = np.bincount(ratings.annotator * labels + ratings.label, minlength=size).astype(np.float64)
    honest: Floats = np.full(size, 0.5)
    likelihood, done = -np.inf, 0
    while True:
        agreed = (patterns.said(posterior) * own).sum(axis=1)  # how often each label is expected to be the true one
        said_so, habits = _counts(honest * agreed, said, labels)
        if done == rounds:
            break
        trust, by_chance = _expected(said_so, habits)
        # A label tells for its class by how much likelier it is there than from a spammer; that speaks for all classes alike.
        honest, gain = trust / (trust + by_chance), np.log1p(trust / by_chance)
        likelihood, moved = patterns.expect(posterior, gain[:, np.newaxis] * own, np.full(labels, -np.log(labels)))
        likelihood, done = likelihood + float(np.log(by_chance) @ said), done + 1
        if moved <= tolerance:
            rounds = done
    total = said_so.sum(axis=1, keepdims=True)
    spam, habits = (said_so / total)[:, 0], habits / habits.sum(axis=1, keepdims=True)
    return Trusted(posterior[patterns.number], spam, habits, likelihood, done)


def _counts(meant: Floats, said: Floats, labels: int) -> tuple[Floats, Floats]:
    """Count how often each annotator spammed (first) or meant it (second), and what they said when they spammed.

    Both columns have an entry for each label of each annotator.
    """
    spammed = (said - meant).reshape(-1, labels)
    sincere = meant.reshape(-1, labels)
    return np.stack([spammed.sum(axis=1), sincere.sum(axis=1)], axis=1) + _SPAM, spammed + _LABEL


def _expected(said_so: Floats, habits: Floats) -> tuple[Floats, Floats]:
    """Give, for each label of each annotator, the geometric means of their sincerity, and of spamming and saying it then."""
    from scipy.special import digamma

    share = np.exp(digamma(said_so) - digamma(said_so.sum(axis=1, keepdims=True)))
    spoken = np.exp(digamma(habits) - digamma(habits.sum(axis=1, keepdims=True)))
    return np.repeat(share[:, 1], habits.shape[1]), np.maximum(share[:, :1] * spoken, 1e-300).ravel()
