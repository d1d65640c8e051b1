"""Places that a reader has not read go in; which people are no readers of which candidates comes out.

Work that was carried over from an older text says nothing of what the newest one has besides. Pairs of candidate and person come
as two columns; no pair is there twice.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from copydesk.agreement.columns import Ints, distinct, ints, look_up, ranges
from copydesk.agreement.match import overlapping
from copydesk.agreement.votes import COUNTS, Ballot, Votes


def blind_to(ballot: Ballot, unread: pa.Table) -> tuple[Ints, Ints]:
    """Give the span candidates that overlap an ``unread`` place of an annotation that counts, with whose it is."""
    annotation = look_up(unread["annotation_id"], ballot.annotations.ids)
    row = np.flatnonzero(annotation >= 0)
    row = row[ballot.annotations.standing[annotation[row]] == COUNTS]
    annotation = annotation[row]
    spans, size = ballot.spans, len(ballot.spans.doc)
    pairs = overlapping(
        group=np.concatenate([spans.doc, ballot.annotations.doc[annotation]]),
        start=np.concatenate([spans.left, ints(unread["start"])[row]]),
        end=np.concatenate([spans.right, ints(unread["end"])[row]]),
    )
    low, high = np.minimum(pairs.left, pairs.right), np.maximum(pairs.left, pairs.right)
    mixed = (low < size) & (high >= size)
    return _each_once(low[mixed], ballot.annotations.annotator[annotation[high[mixed] - size]])


def without_blind(ballot: Ballot, blind: tuple[Ints, Ints]) -> tuple[Ballot, tuple[Ints, Ints]]:
    """Leave out of a document's readers who has read no place there that anybody drew; gives what is left of ``blind`` as well."""
    spans, reads, people = ballot.spans, ballot.reads, len(ballot.reads.annotators)
    read = reads.doc * people + reads.annotator
    unseen, times = np.unique(spans.doc[blind[0]] * people + blind[1], return_counts=True)
    unseen = unseen[times == np.bincount(spans.doc, minlength=len(reads.docs))[unseen // max(people, 1)]]
    unseen = np.setdiff1d(unseen, spans.doc[spans.drawn] * people + spans.drawer)
    left = ~np.isin(spans.doc[blind[0]] * people + blind[1], unseen)
    return replace(ballot, reads=reads.only(~np.isin(read, unseen))), (blind[0][left], blind[1][left])


def blind_to_ends(relations: Votes, blind: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Give the relation candidates of which a person is blind to an end; ``blind`` are pairs of span candidates and people."""
    order = np.argsort(blind[0], kind="stable")
    spans, people = blind[0][order], blind[1][order]
    ends = np.concatenate([relations.left, relations.right])
    first = np.searchsorted(spans, ends)
    end, at = ranges(first, np.searchsorted(spans, ends, side="right") - first)
    return _each_once(end % max(1, len(relations.left)), people[at])


def _each_once(candidate: Ints, person: Ints) -> tuple[Ints, Ints]:
    row, _ = distinct(candidate, person)
    return candidate[row], person[row]
