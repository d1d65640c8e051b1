"""Work and gold in, how each person stands on the gold that they read last out: what ``copydesk quality gate`` decides by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.columns import Bools, look_up
from copydesk.agreement.people.intervals import wilson
from copydesk.agreement.people.scores import f1_bounds
from copydesk.agreement.people.tally import against_standard
from copydesk.agreement.people.work import Work, instants

PASSED, FAILED, UNDECIDED = "passed", "failed", "undecided"


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands: ``documents`` of gold that they read, F1 on them with Wilson's interval, and the verdict."""

    annotator: str
    documents: int
    spans: int  # of both sides together
    f1: float | None
    low: float | None
    high: float | None
    verdict: str
    reason: str


def gold_reads(work: Work, gold: pa.Table) -> Bools:
    """Say of each read whether it is compared with gold: of the text that is gold, not by who made it so, and not since it retired."""
    reads = work.ballot.reads
    doc = look_up(gold["doc_id"], reads.docs)
    compared = np.zeros(len(reads.doc), bool)
    digests = reads.text_sha256.to_pylist()
    retired = pc.fill_null(gold["retired_at"].cast(pa.int64()), np.iinfo(np.int64).max).to_pylist()
    columns = zip(doc.tolist(), gold["text_sha256"].to_pylist(), gold["annotators"].to_pylist(), retired, strict=True)
    people, when = work.people, instants(work.rows)
    for at, digest, makers, until in columns:
        if at < 0 or digests[at] != digest:
            continue
        for read in range(int(reads.first[at]), int(reads.first[at + 1])):
            compared[read] = people[int(reads.annotator[read])] not in makers and when[read] <= until
    return compared


def standings(work: Work, *, gold: pa.Table, gold_spans: pa.Table, min_f1: float, window: int) -> Iterator[Standing]:
    """Judge each person by the last ``window`` documents of gold that they read.

    Failed: the lower bound of F1 is under ``min_f1``, and there was gold enough to be above it. Undecided: so little gold that
    not even faultless work would be above it (and what there is does not speak against it), or none.
    """
    tally = against_standard(work, gold_spans, compared=gold_reads(work, gold))
    when = instants(work.rows)
    hits, sizes = tally.hits.sum(axis=1), tally.sizes()
    for person, name in enumerate(work.people):
        reads = work.of(person)
        reads = reads[tally.compared[reads]]
        reads = reads[np.argsort(when[reads], kind="stable")][-window:]
        yield _judged(name, len(reads), float(hits[reads].sum()), float(sizes[reads].sum()), min_f1)


def failed_reads(work: Work, *, gold: pa.Table, gold_spans: pa.Table, min_f1: float) -> Iterator[tuple[str, str]]:
    """Give the documents of gold that somebody read with an F1 under ``min_f1``: ``doc_id`` and the annotator."""
    tally = against_standard(work, gold_spans, compared=gold_reads(work, gold))
    reads, hits, sizes = work.ballot.reads, tally.hits.sum(axis=1), tally.sizes()
    docs = reads.docs.to_pylist()
    for read in np.flatnonzero(tally.compared & (2 * hits < min_f1 * sizes)).tolist():
        yield str(docs[reads.doc[read]]), work.people[int(reads.annotator[read])]


def _judged(name: str, documents: int, hits: float, sizes: float, min_f1: float) -> Standing:
    if not sizes:
        reason = "has read no gold" if not documents else "read gold without a span, and drew none there"
        return Standing(name, documents, 0, None, None, None, UNDECIDED, reason)
    value = 2 * hits / sizes
    low, high = f1_bounds(hits, sizes)
    if low >= min_f1:
        verdict, reason = PASSED, f"F1 is at least {low:.3f}"
    elif high >= min_f1 and wilson(sizes / 2, sizes / 2)[0] < min_f1:
        verdict, reason = (
            UNDECIDED,
            f"too little gold: with {round(sizes / 2)} spans even faultless work could not show {min_f1:g}",
        )
    else:
        verdict, reason = FAILED, f"F1 may be as low as {low:.3f}, which is under {min_f1:g}"
    return Standing(name, documents, round(sizes), value, low, high, verdict, reason)
