"""Work and a standard in, what each read has in common with it out: the counts behind every F1, precision and recall.

A standard is either what all others drew in the same document (each other reader is one comparison), or a set of labels that
somebody settled: agreed ones, or gold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from copydesk.agreement.columns import Bools, Floats, Ints, ints, look_up, pack
from copydesk.agreement.match import overlapping
from copydesk.agreement.people.work import Work


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of each read and label (reads x labels), and which reads are compared at all.

    ``own`` and ``theirs`` are spans in the person's work and in the standard, ``hits`` those in both. Against others each span
    counts once for each other reader; ``units`` are then the spans themselves.
    """

    compared: Bools
    hits: Floats
    own: Floats
    theirs: Floats
    units: Floats

    def sizes(self) -> Floats:
        """Spans of both sides together, of each read, over all labels."""
        sizes: Floats = self.own.sum(axis=1) + self.theirs.sum(axis=1)
        return sizes


def against_others(work: Work) -> Tally:
    """Compare each read with what every other reader of the document drew, exactly."""
    reads, votes = work.ballot.reads, work.ballot.spans
    others = work.others
    drawn, label = votes.drawn, work.label[votes.drawn]
    own = _summed(work, work.read, label, np.ones(len(drawn)))
    of_document = np.zeros((len(reads.docs), len(work.labels)))
    np.add.at(of_document, (votes.doc[drawn], label), 1.0)
    hits = _summed(work, work.read, label, (votes.ballots[drawn] - 1).astype(np.float64))
    compared = others > 0
    return Tally(compared, hits, own * others[:, None], of_document[reads.doc] - own, own * compared[:, None])


def against_standard(work: Work, standard: pa.Table, *, compared: Bools, undecided: pa.Table | None = None) -> Tally:
    """Compare the ``compared`` reads with ``standard`` (columns ``doc_id``, ``start``, ``end``, ``label``), exactly.

    A span that is not in it and overlaps a place of ``undecided`` (``doc_id``, ``start``, ``end``) is neither right nor wrong.
    """
    reads, votes = work.ballot.reads, work.ballot.spans
    doc, label = look_up(standard["doc_id"], reads.docs), look_up(standard["label"], pa.array(work.labels, pa.string()))
    here = np.flatnonzero(doc >= 0)
    doc, label = doc[here], label[here]
    start, end = ints(standard["start"])[here], ints(standard["end"])[here]
    right = _is_among(work, doc=doc, start=start, end=end, label=label)
    left_out = _touched(work, undecided) & ~right if undecided is not None else np.zeros(len(votes.doc), bool)
    counted = ~left_out[votes.drawn] & compared[work.read]
    drawn, read = votes.drawn[counted], work.read[counted]
    own = _summed(work, read, work.label[drawn], np.ones(len(drawn)))
    hits = _summed(work, read, work.label[drawn], right[drawn].astype(np.float64))
    of_document = np.zeros((len(reads.docs), len(work.labels)))
    known = label >= 0  # a label that nobody drew is added by who gathered the work
    np.add.at(of_document, (doc[known], label[known]), 1.0)
    return Tally(compared, hits, own, of_document[reads.doc] * compared[:, None], own)


def are_right(work: Work, standard: pa.Table) -> Bools:
    """Say of each candidate whether it is in the standard."""
    doc, label = (
        look_up(standard["doc_id"], work.ballot.reads.docs),
        look_up(standard["label"], pa.array(work.labels, pa.string())),
    )
    here = np.flatnonzero(doc >= 0)
    start, end = ints(standard["start"])[here], ints(standard["end"])[here]
    return _is_among(work, doc=doc[here], start=start, end=end, label=label[here])


def touch(work: Work, places: pa.Table) -> Bools:
    """Say of each candidate whether it overlaps one of the places."""
    return _touched(work, places)


def _is_among(work: Work, *, doc: Ints, start: Ints, end: Ints, label: Ints) -> Bools:
    votes = work.ballot.spans
    size = len(votes.doc)
    key = pack(
        np.concatenate([votes.doc, doc]),
        np.concatenate([votes.left, start]),
        np.concatenate([votes.right, end]),
        np.concatenate([work.label, label]) + 1,
    )
    found: Bools = np.isin(key[:size], key[size:])
    return found


def _touched(work: Work, places: pa.Table) -> Bools:
    votes = work.ballot.spans
    size = len(votes.doc)
    doc = look_up(places["doc_id"], work.ballot.reads.docs)
    here = np.flatnonzero(doc >= 0)
    pairs = overlapping(
        group=np.concatenate([votes.doc, doc[here]]),
        start=np.concatenate([votes.left, ints(places["start"])[here]]),
        end=np.concatenate([votes.right, ints(places["end"])[here]]),
    )
    low, high = np.minimum(pairs.left, pairs.right), np.maximum(pairs.left, pairs.right)
    touched = np.zeros(size, bool)
    touched[low[(low < size) & (high >= size)]] = True
    return touched


def _summed(work: Work, read: Ints, label: Ints, weight: Floats) -> Floats:
    summed = np.zeros((len(work.others), len(work.labels)))
    np.add.at(summed, (read, label), weight)
    return summed
