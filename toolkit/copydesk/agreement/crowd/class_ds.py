"""Classes that a crowd gave in; one class for each item, or none where they tie, out.

With few labels Dawid-Skene is no better than a vote, and may be worse: then the vote counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Bools, Floats, Ints, distinct
from copydesk.agreement.crowd.dawid_skene import Fitted, Prior, Ratings, dawid_skene

UNDECIDED = -1
# A model decides an item that so many people rated, each of whom rated so many items.
RATERS, EXPERIENCE = 3, 20
_PRIOR = Prior(right=2.0, wrong=1.0)


@dataclass(frozen=True, slots=True)
class Classes:
    """The class of each item, or ``UNDECIDED``; how likely it is (its share of the votes, where these decided); and what decided."""

    label: Ints
    posterior: Floats
    by_model: Bools
    fitted: Fitted


def class_ds(ratings: Ratings, *, known: Ints | None = None) -> Classes:
    """Give each item its class; ``known`` holds the true class of an item, or -1."""
    once, _ = distinct(ratings.item, ratings.annotator)
    item, annotator = ratings.item[once], ratings.annotator[once]
    experienced = np.bincount(annotator, minlength=ratings.annotators) >= EXPERIENCE
    by_model = np.bincount(item, weights=experienced[annotator], minlength=ratings.items) >= RATERS
    fitted = dawid_skene(ratings, prior=_PRIOR, known=known)
    counts = np.bincount(ratings.item * ratings.labels + ratings.label, minlength=ratings.items * ratings.labels)
    counts = counts.reshape(ratings.items, ratings.labels)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    given = np.zeros(ratings.items, bool) if known is None else known >= 0
    # Equal within a hair is a tie: sums in another order differ by less.
    likely = np.round(np.where((by_model | given)[:, None], fitted.posterior, shares), 9)
    best = likely.max(axis=1)
    tied = (likely == best[:, None]).sum(axis=1) > 1
    return Classes(np.where(tied, UNDECIDED, likely.argmax(axis=1)), best, by_model & ~given, fitted)
