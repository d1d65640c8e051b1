"""Work in, how likely each person's answers are guesses out: the model MACE, on the places that anybody marked.

D. Hovy, T. Berg-Kirkpatrick, A. Vaswani and E. Hovy, Learning Whom to Trust with MACE, NAACL 2013: each answer is either the truth
or, with the person's probability of spamming, drawn from that person's own habits whatever the truth is. Fitted by EM from an even
start, smoothed, so that it comes out the same every time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Floats, Ints, pack, ranges
from copydesk.agreement.people.fact import Fact
from copydesk.agreement.people.work import Work

_ROUNDS = 100
_NEAR = 1e-5  # change of any probability at which it is done
_SMOOTHING = 0.01
_FEWEST = 3  # people: of two, nothing tells who guesses


@dataclass(frozen=True, slots=True)
class Answers:
    """What people said of items: a row for each answer, its category from 0 up."""

    item: Ints
    person: Ints
    category: Ints
    categories: int


def spam(work: Work) -> Iterator[Fact]:
    """Give ``spam`` of each person: the share of their answers that are guesses.

    An item is a place that anybody marked, in a document that two or more people read; who marked nothing just there answered
    "nothing". ``n`` counts the answers.
    """
    answers = _answers(work)
    counts = np.bincount(answers.person, minlength=len(work.people))
    enough = np.count_nonzero(counts) >= _FEWEST
    shares = guessing(answers, people=len(work.people)) if enough else np.zeros(len(work.people))
    for person, name in enumerate(work.people):
        n = int(counts[person])
        why = "nothing was marked in documents that they and others read"
        if not enough:
            why = "fewer than three people share documents: nothing tells who of them guesses"
        defined = enough and n > 0
        yield Fact(
            annotator=name,
            measure="spam",
            value=float(shares[person]) if defined else None,
            n=n,
            note="" if defined else why,
        )


def guessing(answers: Answers, *, people: int) -> Floats:
    """Fit the model; gives each person's probability of spamming."""
    item, person, category = answers.item, answers.person, answers.category
    items, width = int(item.max(initial=-1)) + 1, answers.categories
    cell, count = item * width + category, np.bincount(person, minlength=people)
    spamming = np.full(people, 0.5)
    habits = np.full((people, width), 1 / width)
    for _ in range(_ROUNDS):
        guess = spamming[person] * habits[person, category]
        right = 1 - spamming[person] + guess
        # The log-likelihood of each truth, without what all truths have in common.
        scores = np.bincount(cell, weights=np.log(right / guess), minlength=items * width).reshape(items, width)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        truth = scores / scores.sum(axis=1, keepdims=True)
        hit = truth[item, category]
        guessed = hit * guess / right + (1 - hit)
        total = np.bincount(person, weights=guessed, minlength=people)
        new = (total + _SMOOTHING) / (count + 2 * _SMOOTHING)
        habits = np.bincount(person * width + category, weights=guessed, minlength=people * width).reshape(
            people, width
        )
        habits = (habits + _SMOOTHING) / (habits + _SMOOTHING).sum(axis=1, keepdims=True)
        moved = float(np.abs(new - spamming).max(initial=0.0))
        spamming = new
        if moved < _NEAR:
            break
    return spamming


def _answers(work: Work) -> Answers:
    reads, votes = work.ballot.reads, work.ballot.spans
    place = pack(votes.doc, votes.left, votes.right)
    _, first, of_candidate = np.unique(place, return_index=True, return_inverse=True)
    doc = votes.doc[first]
    shared = reads.readers[doc] > 1
    number = np.cumsum(shared) - 1
    item, read = ranges(reads.first[doc[shared]], reads.readers[doc[shared]])
    category = np.zeros(len(item), np.int64)  # nothing
    key = item * max(1, len(reads.doc)) + read  # sorted, since the reads of a document stand together
    mine = shared[of_candidate[votes.drawn]]
    drawn, drawer = votes.drawn[mine], work.read[mine]
    at = np.searchsorted(key, number[of_candidate[drawn]] * max(1, len(reads.doc)) + drawer)
    category[at] = work.label[drawn] + 1
    return Answers(item, reads.annotator[read], category, len(work.labels) + 1)
