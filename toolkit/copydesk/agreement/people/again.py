"""Reads and spans in, how far people agree with themselves out: on texts that one person annotated twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from copydesk.agreement.columns import Bools, Ints, distinct, encode, ints, look_up, pack
from copydesk.agreement.people.fact import Fact
from copydesk.agreement.people.scores import f1_bounds
from copydesk.agreement.people.work import instants


def self_agreement(*, reads: pa.Table, spans: pa.Table, people: list[str]) -> Iterator[Fact]:
    """Give ``f1_self`` of each person: exact F1 between each annotation of a text and that person's next one of the same text.

    These are annotations that a later one superseded, and documents with the same text: exact copies. The number is the
    ceiling for agreement with others. The interval is Wilson's, over the matches and half of what does not match.
    """
    earlier, later = _pairs(reads)
    hits, sizes = _compared(reads, spans, earlier, later)
    owner = look_up(reads["annotator"], pa.array(people, pa.string()))[earlier]
    for at, name in enumerate(people):
        mine = np.flatnonzero(owner == at)
        hit, size = float(hits[mine].sum()), float(sizes[mine].sum())
        if not size:
            note = f"{name} drew nothing in texts annotated twice" if len(mine) else f"{name} annotated no text twice"
            yield Fact(annotator=name, measure="f1_self", value=None, n=0, note=note)
            continue
        low, high = f1_bounds(hit, size)
        times = f"{len(mine)} text{'s' * (len(mine) > 1)} annotated again"
        yield Fact(
            annotator=name, measure="f1_self", value=2 * hit / size, low=low, high=high, n=round(size), note=times
        )


def _pairs(reads: pa.Table) -> tuple[Ints, Ints]:
    """Give the rows of every two successive annotations by one person of one text."""
    _, annotator = encode(reads["annotator"])
    _, text = encode(reads["text_sha256"])
    _, annotation = encode(reads["annotation_id"])
    order = np.lexsort((annotation, instants(reads), text, annotator))
    same = pack(annotator[order], text[order])
    again = np.flatnonzero(same[1:] == same[:-1])
    return order[again], order[again + 1]


def _compared(reads: pa.Table, spans: pa.Table, earlier: Ints, later: Ints) -> tuple[Ints, Ints]:
    """Count, of each pair, the spans in both and the spans of both together; a span drawn twice is one."""
    pair = np.arange(len(earlier))
    one, of_one = _drawn(reads, spans, earlier)
    other, of_other = _drawn(reads, spans, later)
    start, end = ints(spans["start"]), ints(spans["end"])
    _, label = encode(spans["label"])
    rows, pairs = np.concatenate([one, other]), np.concatenate([of_one, of_other])
    side = np.repeat([0, 1], [len(one), len(other)])
    once, _ = distinct(pairs, start[rows], end[rows], label[rows], side)
    rows, pairs = rows[once], pairs[once]
    first, number = distinct(pairs, start[rows], end[rows], label[rows])
    both = np.bincount(number, minlength=len(first)) == 2
    hits = np.bincount(pairs[first][both], minlength=len(pair))
    return hits, np.bincount(pairs, minlength=len(pair))


def _drawn(reads: pa.Table, spans: pa.Table, rows: Ints) -> tuple[Ints, Ints]:
    """Give the spans of the annotations in these rows of ``reads``, and for each the number of its row among them."""
    ids = reads["annotation_id"].combine_chunks().take(pa.array(rows))
    at = look_up(spans["annotation_id"], ids)
    mine: Bools = at >= 0
    return np.flatnonzero(mine), at[mine]
