"""Labels by item and annotator in; how likely each true label is, and how each annotator confuses labels, out.

The model is Dawid and Skene (1979): an item has one true class, and an annotator gives each label with a probability that
depends on that class alone. Without a prior it is fitted by expectation maximisation; with Dirichlet priors by variational
Bayes (IBCC: Kim and Ghahramani 2012; Simpson et al. 2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Floats, Ints
from copydesk.agreement.crowd.patterns import Patterns, Ratings

__all__ = ["Fitted", "Prior", "Ratings", "dawid_skene"]

_LEAST = 1e-300  # a probability of nought: its logarithm must stay a number


@dataclass(frozen=True, slots=True)
class Prior:
    """Dirichlet pseudo-counts: of the right label, of each wrong one, and of each class."""

    right: float = 10.0
    wrong: float = 1.0
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was learnt; ``confusion[annotator, true, said]`` and ``shares`` are means of the posterior.

    ``log_likelihood`` is that of the ratings under the parameters that gave ``posterior`` (items by classes).
    """

    posterior: Floats
    confusion: Floats
    shares: Floats
    log_likelihood: float
    rounds: int


def dawid_skene(
    ratings: Ratings,
    *,
    prior: Prior | None = None,
    known: Ints | None = None,
    rounds: int = 200,
    tolerance: float = 1e-6,
) -> Fitted:
    """Fit the model, starting from each item's shares of votes, until no posterior moves by more than ``tolerance``.

    ``known`` holds the true class of each item, or -1: what is known stays as it is, and the annotators are judged by it.
    """
    patterns = Patterns.of(ratings, known)
    posterior = patterns.start.copy()
    likelihood, done = -np.inf, 0
    said, classes = _counted(patterns, posterior, ratings, prior)
    while done < rounds:
        likelihood, moved = patterns.expect(posterior, *_expected_logs(said, classes, prior))
        said, classes = _counted(patterns, posterior, ratings, prior)
        done += 1
        if moved <= tolerance:
            break
    return Fitted(posterior[patterns.number], *_means(said, classes), likelihood, done)


def _counted(patterns: Patterns, posterior: Floats, ratings: Ratings, prior: Prior | None) -> tuple[Floats, Floats]:
    """Give what annotators said by true class (annotators, said, true), and the classes; with the pseudo-counts."""
    said = patterns.said(posterior).reshape(ratings.annotators, ratings.labels, ratings.labels)
    classes = np.einsum("i,ij->j", patterns.times, posterior)  # a product would start threads, which wait at full speed
    if prior is None:
        return said, classes
    return said + prior.wrong + np.eye(ratings.labels) * (prior.right - prior.wrong), classes + prior.share


def _expected_logs(said: Floats, classes: Floats, prior: Prior | None) -> tuple[Floats, Floats]:
    """Give the log probability of each annotator's labels (rows) by true class (columns), and of the classes."""
    from scipy.special import digamma

    if prior is None:
        spoken = np.log(np.maximum(said / np.maximum(said.sum(axis=1, keepdims=True), _LEAST), _LEAST))
        shares = np.log(np.maximum(classes / max(classes.sum(), _LEAST), _LEAST))
    else:
        spoken = digamma(said) - digamma(said.sum(axis=1, keepdims=True))
        shares = digamma(classes) - digamma(classes.sum())
    return spoken.reshape(-1, len(classes)), shares


def _means(said: Floats, classes: Floats) -> tuple[Floats, Floats]:
    """Give the mean confusion (annotators, true, said) and shares; a class that an annotator never met is told as even."""
    total = said.sum(axis=1, keepdims=True)
    confusion = np.where(total > 0, said / np.maximum(total, _LEAST), 1 / len(classes))
    return confusion.transpose(0, 2, 1), classes / max(classes.sum(), _LEAST)
