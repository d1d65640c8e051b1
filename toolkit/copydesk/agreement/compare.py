"""Votes in, comparisons out: each vote beside every other reader of its document, and how many there are of what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from copydesk.agreement.columns import Bools, Ints, ranges
from copydesk.agreement.votes import Reads, Votes


@dataclass(frozen=True, slots=True)
class ReaderPairs:
    """Every two people who read a document in common: ``keys`` is sorted, ``keys[i] == one * people + other``.

    ``readings`` has an entry for each document and each two people who read it, ``document * pairs + pair``, sorted.
    """

    names: tuple[str, ...]
    keys: Ints
    documents: Ints
    shared: int  # documents with two or more readers
    people: int
    readings: Ints

    def number(self, one: Ints, other: Ints) -> Ints:
        """Give the number of the pair of each two people."""
        return np.asarray(np.searchsorted(self.keys, np.minimum(one, other) * self.people + np.maximum(one, other)))


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Each vote beside each other reader of its document: that reader, the pair, the document, and the label's place in ``names``."""

    vote: Ints
    other: Ints
    pair: Ints
    doc: Ints
    label: Ints
    names: tuple[str, ...]


def pairs_of(reads: Reads) -> ReaderPairs:
    """Find the pairs of people who can be compared."""
    rows = np.arange(len(reads.doc))
    left, right = ranges(rows + 1, reads.first[reads.doc + 1] - rows - 1)
    people = len(reads.annotators)
    keys, pair, documents = np.unique(
        reads.annotator[left] * people + reads.annotator[right], return_inverse=True, return_counts=True
    )
    one, other = reads.names(keys // max(people, 1)), reads.names(keys % max(people, 1))
    names = tuple(f"{a} {b}" for a, b in zip(one, other, strict=True))
    readings = np.sort(reads.doc[left] * len(keys) + pair)
    return ReaderPairs(names, keys, documents, int(np.count_nonzero(reads.readers > 1)), people, readings)


def compare(votes: Votes, reads: Reads, pairs: ReaderPairs, *, labels: Sequence[str] = ()) -> Comparisons:
    """Set each vote beside each other reader; ``labels`` are counted first, then those that occur besides."""
    doc = votes.doc[votes.drawn]
    vote, read = ranges(reads.first[doc], reads.readers[doc])
    other = reads.annotator[read]
    someone_else = other != votes.drawer[vote]
    vote, other = vote[someone_else], other[someone_else]
    names = tuple(in_order(votes, labels))
    label = places_of(votes, names)[votes.label[votes.drawn[vote]]]
    return Comparisons(vote, other, pairs.number(votes.drawer[vote], other), doc[vote], label, names)


def in_order(votes: Votes, labels: Sequence[str]) -> list[str]:
    """Give the labels asked for, then those that occur besides."""
    present = votes.labels.take(pa.array(np.unique(votes.label))).to_pylist()
    return list(dict.fromkeys([*labels, *present]))


def places_of(votes: Votes, names: Sequence[str]) -> Ints:
    """Give the place among ``names`` of each label of the votes."""
    place = {name: at for at, name in enumerate(names)}
    return np.array([place.get(str(label), -1) for label in votes.labels.to_pylist()], np.int64)


def among(row: Ints, person: Ints, rows: Ints, people: Ints) -> Bools:
    """Say of each (row, person) whether it is among (rows, people)."""
    width = max(int(person.max(initial=0)), int(people.max(initial=0))) + 1
    known = np.sort(rows * width + people)
    wanted = row * width + person
    found: Bools = np.append(known, -1)[np.searchsorted(known, wanted)] == wanted
    return found


def same(votes: Votes, compared: Comparisons) -> Bools:
    """Say of each comparison whether the other reader drew the very same."""
    return among(votes.drawn[compared.vote], compared.other, votes.drawn, votes.drawer)
