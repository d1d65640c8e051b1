"""Work in, how people work out: how much, how fast, what they skip, and what they take over unread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.columns import Bools, Floats, ints, look_up
from copydesk.agreement.people.fact import Fact, share
from copydesk.agreement.people.tally import Tally, are_right, touch
from copydesk.agreement.people.work import Work
from copydesk.agreement.snap import COMPLETED, LEFT_OUT, WHITE_SPACE

# Twice the mean speed of silent reading, 238 words a minute: M. Brysbaert, How many words do we read per minute? A review and
# meta-analysis of reading rate, Journal of Memory and Language 109 (2019) 104047.
FASTEST = 2 * 238 / 60  # words a second
_NO_TIME = "Label Studio told no lead time"
_NO_SUGGESTION = "none of their spans was suggested"
_SLIPS = {"cut_words": {COMPLETED, LEFT_OUT}, "edge_space": {WHITE_SPACE}}


def habits(work: Work, *, skipped: Mapping[str, int]) -> Iterator[Fact]:
    """Give what each person did: ``documents``, ``spans``, ``skipped`` tasks, ``read_empty`` and lead times in seconds.

    ``skipped`` counts the documents that a person skipped and has not read since. Who did nothing else is told so.
    """
    spans = np.bincount(work.read, minlength=len(work.others))
    lead = work.rows["lead_time"].to_numpy().astype(np.float64)
    for person, name in enumerate(work.people):
        reads = work.of(person)
        yield Fact(annotator=name, measure="documents", value=len(reads), n=len(reads))
        yield Fact(annotator=name, measure="spans", value=int(spans[reads].sum()), n=len(reads))
        left = skipped.get(name, 0)
        yield share(name, "skipped", left, left + len(reads), nothing="")
        empty = int(np.count_nonzero(spans[reads] == 0))
        yield share(name, "read_empty", empty, len(reads), nothing="")
        told = lead[reads][~np.isnan(lead[reads])]
        for measure, percent in (("lead_time_median", 50), ("lead_time_p95", 95)):
            value = float(np.percentile(told, percent)) if len(told) else None
            yield Fact(annotator=name, measure=measure, value=value, n=len(told), note="" if len(told) else _NO_TIME)
    for name in sorted(set(skipped) - set(work.people)):
        note = f"skipped all of {skipped[name]} tasks: there is nothing to measure"
        yield Fact(annotator=name, measure="documents", value=0, n=0, note=note)
        yield share(name, "skipped", skipped[name], skipped[name], nothing="", note=note)


def slips(spans: pa.Table, snapped: pa.Table) -> Iterator[Fact]:
    """Give of each person who drew spans the shares of them that were moved to whole words, by what was amiss.

    ``cut_words``: they began or ended inside a word; ``edge_space``: they had white space at an edge.
    """
    drawn = Counter(spans["annotator"].to_pylist())
    owner = dict(zip(spans["span_id"].to_pylist(), spans["annotator"].to_pylist(), strict=True))
    moved = [
        (owner[span], rule)
        for span, rule in zip(*(snapped[name].to_pylist() for name in ("span_id", "rule")), strict=True)
    ]
    for measure, rules in _SLIPS.items():
        slipped = Counter(name for name, rule in moved if not rules.isdisjoint(rule.split(", ")))
        for name, count in drawn.items():
            yield share(name, measure, slipped[name], count, nothing="")


def suggestions(
    work: Work,
    spans: pa.Table,
    *,
    agreed: pa.Table,
    disputed: pa.Table,
    judged: Tally,
    hasty: Bools,
    known: Bools,
) -> Iterator[Fact]:
    """Give what each person made of suggestions that were shown to them.

    ``suggestions_kept``: of their spans, those that were suggested and kept as they were. ``suggestions_wrong``: of these, the
    share that is not among the agreed labels (in reads that ``judged`` compares, places in dispute left out).
    ``suggestions_unread``: the share that stands in documents done faster than they can be read (``hasty``), of those of which that
    is ``known``.
    """
    votes = work.ballot.spans
    row = np.flatnonzero(votes.candidate >= 0)
    kept = np.asarray(pc.equal(spans["origin"].take(pa.array(row)), "prediction").to_pylist(), bool)
    candidate = votes.candidate[row]
    person = work.ballot.annotations.annotator[votes.annotation[row]]
    doc = work.ballot.annotations.doc[votes.annotation[row]]
    people = max(1, len(work.people))
    reads = work.ballot.reads
    read = np.searchsorted(reads.doc * people + reads.annotator, doc * people + person)
    right = are_right(work, agreed)
    decided = judged.compared[read] & (right | ~touch(work, disputed))[candidate]
    for at, name in enumerate(work.people):
        mine = person == at
        taken = int(np.count_nonzero(mine & kept))
        yield share(name, "suggestions_kept", taken, int(np.count_nonzero(mine)), nothing=f"{name} drew no span")
        why = "nothing is agreed by three or more readers there" if taken else _NO_SUGGESTION
        wrong = mine & kept & decided
        yield share(
            name,
            "suggestions_wrong",
            int(np.count_nonzero(wrong & ~right[candidate])),
            int(np.count_nonzero(wrong)),
            nothing=why,
        )
        timed = int(np.count_nonzero(mine & kept & known[read]))
        unread = int(np.count_nonzero(mine & kept & hasty[read]))
        yield share(name, "suggestions_unread", unread, timed, nothing=_NO_TIME if taken else _NO_SUGGESTION)


def hasty_reads(work: Work, documents: pa.Table) -> tuple[Bools, Bools]:
    """Say of each read whether it was done faster than its words can be read, and whether that is known at all."""
    lead = work.rows["lead_time"].to_numpy().astype(np.float64)
    words = _words(work, documents)[work.ballot.reads.doc]
    known = ~np.isnan(lead) & (words >= 0)
    return known & (lead < words / FASTEST), known


def haste(work: Work, *, hasty: Bools, known: Bools) -> Iterator[Fact]:
    """Give of each person ``read_too_fast``: the share of documents done faster than they can be read."""
    for person, name in enumerate(work.people):
        reads = work.of(person)
        yield share(
            name,
            "read_too_fast",
            int(np.count_nonzero(hasty[reads])),
            int(np.count_nonzero(known[reads])),
            nothing=_NO_TIME,
        )


def _words(work: Work, documents: pa.Table) -> Floats:
    """Count the words of each document that was read, in the revision that was read; -1 where the text is not there."""
    reads = work.ballot.reads
    doc = look_up(documents["doc_id"], reads.docs)
    rows = np.flatnonzero((doc >= 0) & (np.append(reads.revision, -1)[doc] == ints(documents["revision"])))
    words = np.full(len(reads.docs), -1.0)
    texts = documents["text"].take(pa.array(rows)).to_pylist()
    words[doc[rows]] = [len(text.split()) for text in texts]
    return words
