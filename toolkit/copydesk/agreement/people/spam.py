"""Work in, how likely each person's answers are guesses out: the model MACE (``crowd.mace``), on the places that anybody marked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from copydesk.agreement.columns import pack, ranges
from copydesk.agreement.crowd.dawid_skene import Ratings
from copydesk.agreement.crowd.mace import mace
from copydesk.agreement.people.fact import Fact
from copydesk.agreement.people.work import Work

_FEWEST = 3  # people: of two, nothing tells who guesses


def spam(work: Work) -> Iterator[Fact]:
    """Give ``spam`` of each person: the share of their answers that are guesses.

    An item is a place that anybody marked, in a document that two or more people read; who marked nothing just there answered
    "nothing". ``n`` counts the answers.
    """
    answers = _answers(work)
    counts = np.bincount(answers.annotator, minlength=len(work.people))
    enough = np.count_nonzero(counts) >= _FEWEST
    shares = mace(answers).spam if enough else np.zeros(len(work.people))
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


def _answers(work: Work) -> Ratings:
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
    items, people = int(item.max(initial=-1)) + 1, len(work.people)
    return Ratings(item, reads.annotator[read], category, items, people, len(work.labels) + 1)
