"""Reads and labels in, the documents that everybody labelled alike out: gold grows from these."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from copydesk.agreement.columns import Bools, Ints
from copydesk.agreement.people.work import work_of
from copydesk.model.tables import empty


def unanimous(*, reads: pa.Table, spans: pa.Table, fewest: int) -> tuple[pa.Table, pa.Table]:
    """Give the documents that ``fewest`` or more people read, and all of them labelled alike, and their labels.

    The first table has ``doc_id``, ``revision``, ``text_sha256`` and ``annotators`` (all who read it); the second is
    ``gold_spans``. A document in which all of them drew nothing is one of these.
    """
    work = work_of(reads=reads, spans=spans, labels=())
    counted, votes = work.ballot.reads, work.ballot.spans
    alike = np.ones(len(counted.docs), bool)
    alike[votes.doc[votes.ballots < counted.readers[votes.doc]]] = False
    chosen = np.flatnonzero(alike & (counted.readers >= fewest))
    owners = [counted.names(counted.annotator[counted.first[doc] : counted.first[doc + 1]]) for doc in chosen.tolist()]
    documents = pa.table(
        {
            "doc_id": counted.docs.take(pa.array(chosen, pa.int64())).cast(pa.string()),
            "revision": pa.array(counted.revision[chosen], pa.int32()),
            "text_sha256": counted.text_sha256.take(pa.array(chosen, pa.int64())),
            "annotators": pa.array(owners, pa.list_(pa.string())),
        }
    )
    return documents, _labels(spans, votes.candidate, np.isin(votes.doc, chosen))


def _labels(spans: pa.Table, candidate: Ints, mine: Bools) -> pa.Table:
    """Give one row for each candidate that is meant, in the order of the text."""
    rows = np.flatnonzero(candidate >= 0)
    rows = rows[mine[candidate[rows]]]
    _, first = np.unique(candidate[rows], return_index=True)
    schema = empty("gold_spans").schema
    return spans.take(pa.array(rows[first], pa.int64())).select(schema.names).cast(schema)
