"""Labels by item and annotator in; how likely each true label is, and how each annotator confuses labels, out.

The model is Dawid and Skene (1979): an item has one true class, and an annotator gives each label with a probability that
depends on that class alone. Without a prior it is fitted by expectation maximisation; with Dirichlet priors by variational
Bayes (IBCC: Kim and Ghahramani 2012; Simpson et al. 2013). Both steps are one product with the sparse matrix of who said what.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.special import digamma

from copydesk.agreement.columns import Floats, Ints

_Block = tuple[slice, sp.csr_array, sp.csc_array]
BLOCK = 16_384  # items
_LEAST = 1e-300  # a probability of nought: its logarithm must stay a number


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

    def matrix(self) -> sp.csr_array:
        """Count, for each item (row), how often each annotator gave each label (column ``annotator * labels + label``)."""
        columns = self.annotator * self.labels + self.label
        shape = (self.items, self.annotators * self.labels)
        return sp.csr_array((np.ones(len(columns)), (self.item, columns)), shape=shape)


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
    blocks, columns = _blocks(ratings.matrix()), ratings.annotators * ratings.labels
    clamp = _Clamp.of(known, ratings.labels)
    posterior = clamp.hold(shares_of_votes(ratings))
    said = _said(blocks, posterior, columns)
    likelihood, done = -np.inf, 0
    while done < rounds:
        spoken, shares = _expected_logs(said, posterior, ratings, prior)
        # Block by block, so that what one step leaves is at hand for the next: with a million items that is twice as fast.
        likelihood, moved = 0.0, 0.0
        for rows, votes, _ in blocks:
            new, some = normalised(votes @ spoken + shares)
            new = clamp.hold(new, rows)
            likelihood += some
            moved = max(moved, float(np.abs(new - posterior[rows]).max(initial=0.0)))
            posterior[rows] = new
        said = _said(blocks, posterior, columns)
        done += 1
        if moved <= tolerance:
            break
    return Fitted(posterior, *_means(said, posterior, ratings, prior), likelihood, done)


def _blocks(votes: sp.csr_array) -> list[_Block]:
    """Cut the votes into blocks of items, each with its transpose."""
    starts = range(0, votes.shape[0], BLOCK)
    cut = [(slice(start, min(start + BLOCK, votes.shape[0])), votes[start : start + BLOCK]) for start in starts]
    return [(rows, part, part.T) for rows, part in cut]


def _said(blocks: list[_Block], posterior: Floats, columns: int) -> Floats:
    """Count what annotators said (rows) by true class."""
    total: Floats = np.zeros((columns, posterior.shape[1]))
    for rows, _, transposed in blocks:
        total += transposed @ posterior[rows]
    return total


def normalised(logs: Floats) -> tuple[Floats, float]:
    """Make each row of unnormalised log probabilities one of probabilities; gives also the sum of the logs of their sums."""
    top = logs.max(axis=1, keepdims=True)
    weights = np.exp(logs - top)
    total = weights.sum(axis=1, keepdims=True)
    return weights / total, float((np.log(total) + top).sum())


@dataclass(frozen=True, slots=True)
class _Clamp:
    rows: Ints
    truth: Floats

    @classmethod
    def of(cls, known: Ints | None, classes: int) -> _Clamp:
        if known is None:
            return cls(np.empty(0, np.int64), np.empty((0, classes)))
        rows = np.flatnonzero(known >= 0)
        return cls(rows, np.eye(classes)[known[rows]])

    def hold(self, posterior: Floats, rows: slice = slice(None)) -> Floats:
        """Put what is known into ``posterior``, which has these rows of all."""
        low, high = np.searchsorted(self.rows, (rows.start or 0, len(posterior) + (rows.start or 0)))
        posterior[self.rows[low:high] - (rows.start or 0)] = self.truth[low:high]
        return posterior


def shares_of_votes(ratings: Ratings) -> Floats:
    """Give each item's shares of labels; even ones where nobody gave any."""
    counts = np.bincount(ratings.item * ratings.labels + ratings.label, minlength=ratings.items * ratings.labels)
    counts = counts.reshape(ratings.items, ratings.labels).astype(np.float64)
    counts[counts.sum(axis=1) == 0] = 1
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _counted(said: Floats, posterior: Floats, ratings: Ratings, prior: Prior | None) -> tuple[Floats, Floats]:
    """Give what annotators said by true class (annotators, said, true), and the classes; with the pseudo-counts."""
    said = said.reshape(ratings.annotators, ratings.labels, ratings.labels)
    classes = posterior.sum(axis=0)
    if prior is None:
        return said, classes
    return said + prior.wrong + np.eye(ratings.labels) * (prior.right - prior.wrong), classes + prior.share


def _expected_logs(counts: Floats, posterior: Floats, ratings: Ratings, prior: Prior | None) -> tuple[Floats, Floats]:
    """Give the log probability of each annotator's labels (rows) by true class (columns), and of the classes."""
    said, classes = _counted(counts, posterior, ratings, prior)
    if prior is None:
        spoken = np.log(np.maximum(said / np.maximum(said.sum(axis=1, keepdims=True), _LEAST), _LEAST))
        shares = np.log(np.maximum(classes / max(classes.sum(), _LEAST), _LEAST))
    else:
        spoken = digamma(said) - digamma(said.sum(axis=1, keepdims=True))
        shares = digamma(classes) - digamma(classes.sum())
    return spoken.reshape(-1, ratings.labels), shares


def _means(counts: Floats, posterior: Floats, ratings: Ratings, prior: Prior | None) -> tuple[Floats, Floats]:
    """Give the mean confusion (annotators, true, said) and shares; a class that an annotator never met is told as even."""
    said, classes = _counted(counts, posterior, ratings, prior)
    total = said.sum(axis=1, keepdims=True)
    confusion = np.where(total > 0, said / np.maximum(total, _LEAST), 1 / ratings.labels)
    return confusion.transpose(0, 2, 1), classes / max(classes.sum(), _LEAST)
