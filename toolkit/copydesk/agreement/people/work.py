"""Reads and labels in, what each person did out, as columns: the ground that every fact about people stands on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.columns import Ints, look_up, to_numpy
from copydesk.agreement.votes import COUNTS, Ballot, count_votes
from copydesk.model.tables import empty


@dataclass(frozen=True, slots=True)
class Work:
    """All that counts of what people did. A *read* is one person's latest annotation of a document.

    ``rows`` are the rows of the table ``reads`` in the order of the ballot's reads. ``read`` holds the read of each vote
    (``ballot.spans.drawn``), ``label`` the number of each candidate's label among ``labels``.
    """

    ballot: Ballot
    rows: pa.Table
    read: Ints
    label: Ints
    labels: tuple[str, ...]

    @property
    def people(self) -> list[str]:
        """The pseudonyms, sorted; their places are the numbers in ``ballot.reads.annotator``."""
        return [str(name) for name in self.ballot.reads.annotators.to_pylist()]

    @property
    def others(self) -> Ints:
        """How many other people read the document of each read."""
        reads = self.ballot.reads
        others: Ints = reads.readers[reads.doc] - 1
        return others

    def of(self, person: int) -> Ints:
        """The reads of a person, in the order of their documents."""
        return np.flatnonzero(self.ballot.reads.annotator == person)


def work_of(*, reads: pa.Table, spans: pa.Table, labels: Sequence[str]) -> Work:
    """Gather what counts; ``labels`` come first, then others that occur."""
    ballot = count_votes(reads=reads, spans=spans, relations=empty("relations"))
    annotation = look_up(reads["annotation_id"], ballot.annotations.ids)
    counts = np.flatnonzero(ballot.annotations.standing[annotation] == COUNTS)
    at = annotation[counts]
    order = counts[np.lexsort((ballot.annotations.annotator[at], ballot.annotations.doc[at]))]
    names = tuple(dict.fromkeys([*labels, *ballot.spans.labels.to_pylist()]))
    place = {name: number for number, name in enumerate(names)}
    number = np.array([place[name] for name in ballot.spans.labels.to_pylist()], np.int64)
    return Work(ballot, reads.take(pa.array(order)), _read_of_votes(ballot), number[ballot.spans.label], names)


def instants(reads: pa.Table) -> Ints:
    """When each read was last changed, in microseconds; one that does not say counts as the oldest."""
    when = pc.coalesce(reads["updated_at"], reads["created_at"]).cast(pa.int64())
    return to_numpy(pc.fill_null(when, np.iinfo(np.int64).min))


def _read_of_votes(ballot: Ballot) -> Ints:
    reads, votes = ballot.reads, ballot.spans
    people = max(1, len(reads.annotators))
    read: Ints = np.searchsorted(reads.doc * people + reads.annotator, votes.doc[votes.drawn] * people + votes.drawer)
    return read
