"""Labels in, votes out: who read which document, and which spans and relations of theirs count, as integer columns.

What counts is the same for ``decide`` and ``measure``: of each document the newest revision that anybody read; of each
person the latest annotation of it. A span that one person drew twice is one vote. The numbers that stand for
documents, annotators and labels follow the sorted order of their names, so nothing depends on the order of rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.columns import Bools, Ints, distinct, encode, ints, look_up, pack, to_numpy

UNKNOWN = np.iinfo(np.int64).min
COUNTS, NO_READ, OLDER_REVISION, SUPERSEDED, END_MISSING = range(5)
REASONS = {
    NO_READ: ("no-read", "its annotation is not among the reads of this document and person; pull again"),
    OLDER_REVISION: ("older-revision", "a later revision of the document has been read, and only that is decided"),
    SUPERSEDED: ("superseded", "the same person has a later annotation of this document, which counts instead"),
    END_MISSING: ("end-missing", "its head or its tail is not among the spans of its annotation that count"),
}


@dataclass(frozen=True, slots=True)
class Reads:
    """Who read what: ``doc`` and ``annotator`` hold one entry for each reader of a document, sorted by both.

    The readers of document ``d`` are the entries ``first[d]:first[d + 1]``.
    """

    docs: pa.Array
    annotators: pa.Array
    doc: Ints
    annotator: Ints
    first: Ints
    revision: Ints  # of each document
    text_sha256: pa.Array  # of each document
    at: Ints  # of each entry: when it was last changed, in microseconds; UNKNOWN where nothing says

    @property
    def readers(self) -> Ints:
        """How many people read each document."""
        return np.diff(self.first)

    def only(self, kept: Bools) -> Reads:
        """Give the entries that are ``kept``; documents and people keep their numbers."""
        doc = self.doc[kept]
        first = np.searchsorted(doc, np.arange(len(self.docs) + 1))
        return replace(self, doc=doc, annotator=self.annotator[kept], first=first, at=self.at[kept])

    def names(self, codes: Ints) -> list[str]:
        """The pseudonyms behind ``codes``, in their order."""
        return [str(name) for name in self.annotators.take(pa.array(codes)).to_pylist()]


@dataclass(frozen=True, slots=True)
class Annotations:
    """Every annotation that the reads name: whose it is, and whether it counts (``standing``)."""

    ids: pa.Array
    standing: Ints
    doc: Ints
    annotator: Ints
    revision: Ints


@dataclass(frozen=True, slots=True)
class Votes:
    """Votes for candidates; a candidate is one span (or relation) that at least one person drew.

    Each row of the table has ``standing``, ``annotation`` and ``candidate`` (-1 where it does not count). Candidates are
    sorted by ``doc``, ``left``, ``right``, ``label``: start and end of a span, head and tail (candidates among the spans) of
    a relation, twice the number of a category whose value is the label. ``drawn`` and ``drawer`` hold one entry for each person who drew a candidate, sorted by both.
    """

    standing: Ints
    annotation: Ints
    candidate: Ints
    doc: Ints
    left: Ints
    right: Ints
    label: Ints
    drawn: Ints
    drawer: Ints
    ballots: Ints  # how many people drew each candidate
    labels: pa.Array


@dataclass(frozen=True, slots=True)
class Ballot:
    """All that was read and drawn."""

    reads: Reads
    annotations: Annotations
    spans: Votes
    relations: Votes

    def of_pair(self, one: int, other: int) -> tuple[Votes, Reads]:
        """Give the spans that two people drew, of all candidates, and what they read."""
        spans, reads = self.spans, self.reads
        theirs = np.isin(spans.drawer, (one, other))
        votes = replace(spans, drawn=spans.drawn[theirs], drawer=spans.drawer[theirs])
        return votes, reads.only(np.isin(reads.annotator, (one, other)))


def count_votes(*, reads: pa.Table, spans: pa.Table, relations: pa.Table) -> Ballot:
    """Count the votes in the tables ``reads``, ``spans`` and ``relations``; raises nothing on rows that do not fit."""
    read, annotations = _count_reads(reads)
    drawn = _span_votes(spans, read, annotations)
    return Ballot(read, annotations, drawn, _relation_votes(relations, spans, read, annotations, drawn))


def count_values(categories: pa.Table, ballot: Ballot) -> tuple[list[str], Votes]:
    """Count the votes in the table ``categories``; gives the categories by number, and the votes."""
    names, name = encode(categories["name"])
    standing, annotation = _standing(categories, ballot.reads, ballot.annotations)
    values = pa.table({"label": categories["value"]})
    votes = _votes(values, standing=standing, annotation=annotation, ends=(name, name), annotations=ballot.annotations)
    return names.to_pylist(), votes


def _count_reads(table: pa.Table) -> tuple[Reads, Annotations]:
    docs, doc = encode(table["doc_id"])
    annotators, annotator = encode(table["annotator"])
    ids, annotation = encode(table["annotation_id"])
    revision = ints(table["revision"])
    newest = np.zeros(len(docs), np.int64)
    np.maximum.at(newest, doc, revision)
    current = revision == newest[doc]

    at = _instants(table)
    by_age = np.lexsort((annotation, at, annotator, doc))
    by_age = by_age[current[by_age]]
    reader = pack(doc[by_age], annotator[by_age])
    latest = by_age[np.flatnonzero(np.diff(reader, append=-1))]

    standing = np.full(len(ids), SUPERSEDED)
    row = np.zeros(len(ids), np.int64)
    for rows, value in ((np.flatnonzero(~current), OLDER_REVISION), (by_age, SUPERSEDED), (latest, COUNTS)):
        standing[annotation[rows]] = value
        row[annotation[rows]] = rows
    first = np.searchsorted(doc[latest], np.arange(len(docs) + 1))
    digests = table["text_sha256"].combine_chunks().take(pa.array(latest[first[:-1]]))
    reads = Reads(docs, annotators, doc[latest], annotator[latest], first, newest, digests, at[latest])
    return reads, Annotations(ids, standing, doc[row], annotator[row], revision[row])


def _instants(reads: pa.Table) -> Ints:
    """When each read was last changed; one that does not say counts as the oldest."""
    when = pc.coalesce(reads["updated_at"], reads["created_at"]).cast(pa.int64())
    return to_numpy(pc.fill_null(when, UNKNOWN))


def _standing(table: pa.Table, reads: Reads, annotations: Annotations) -> tuple[Ints, Ints]:
    """Say of each row whether its annotation counts, and give the number of that annotation (-1: unknown)."""
    annotation = look_up(table["annotation_id"], annotations.ids)
    known = np.flatnonzero(annotation >= 0)
    at = annotation[known]
    belongs = (
        (annotations.doc[at] == look_up(table["doc_id"], reads.docs)[known])
        & (annotations.annotator[at] == look_up(table["annotator"], reads.annotators)[known])
        & (annotations.revision[at] == ints(table["revision"])[known])
    )
    standing = np.full(table.num_rows, NO_READ)
    standing[known] = np.where(belongs, annotations.standing[at], NO_READ)
    return standing, annotation


def _span_votes(spans: pa.Table, reads: Reads, annotations: Annotations) -> Votes:
    standing, annotation = _standing(spans, reads, annotations)
    ends = ints(spans["start"]), ints(spans["end"])
    return _votes(spans, standing=standing, annotation=annotation, ends=ends, annotations=annotations)


def _relation_votes(
    relations: pa.Table, spans: pa.Table, reads: Reads, annotations: Annotations, drawn: Votes
) -> Votes:
    standing, annotation = _standing(relations, reads, annotations)
    ids, span_id = encode(spans["span_id"])
    counted = np.flatnonzero(drawn.candidate >= 0)
    # An editor may give the same region id to several people's spans, so a span is known by its annotation and id.
    key = drawn.annotation[counted] * len(ids) + span_id[counted]
    order = np.lexsort((drawn.candidate[counted], key))
    key, candidate = key[order], drawn.candidate[counted][order]
    ends = []
    for name in ("head_span_id", "tail_span_id"):
        span = look_up(relations[name], ids)
        wanted = np.where(span >= 0, annotation * len(ids) + span, -1)
        at = np.searchsorted(key, wanted)
        found = np.append(key, -1)[at] == wanted
        found &= (span >= 0) & (annotation >= 0)
        ends.append(np.where(found, np.append(candidate, -1)[at], -1))
    missing = (standing == COUNTS) & ((ends[0] < 0) | (ends[1] < 0))
    standing = np.where(missing, END_MISSING, standing)
    return _votes(relations, standing=standing, annotation=annotation, ends=(ends[0], ends[1]), annotations=annotations)


def _votes(
    table: pa.Table, *, standing: Ints, annotation: Ints, ends: tuple[Ints, Ints], annotations: Annotations
) -> Votes:
    labels, label = encode(table["label"])
    rows = np.flatnonzero(standing == COUNTS)
    doc = annotations.doc[annotation[rows]]
    left, right, label = ends[0][rows], ends[1][rows], label[rows]
    row, number = distinct(doc, left, right, label)
    candidate = np.full(table.num_rows, -1)
    candidate[rows] = number
    drawer = annotations.annotator[annotation[rows]]
    vote, _ = distinct(number, drawer)
    return Votes(
        standing=standing,
        annotation=annotation,
        candidate=candidate,
        doc=doc[row],
        left=left[row],
        right=right[row],
        label=label[row],
        drawn=number[vote],
        drawer=drawer[vote],
        ballots=np.bincount(number[vote], minlength=len(row)),
        labels=labels,
    )
