"""Tallies in, how good each person is out: F1 with its interval, precision and recall of each label, and drift over time."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

import numpy as np

from copydesk.agreement.columns import Floats, Ints
from copydesk.agreement.people.fact import ALL, Fact, share
from copydesk.agreement.people.intervals import f1, interval, resampled, wilson
from copydesk.agreement.people.tally import Tally
from copydesk.agreement.people.work import Work, instants

WINDOW = 50  # reads


def scores(
    work: Work, tally: Tally, *, against: str, nothing: str, remark: str = "", wilsons: bool = False
) -> Iterator[Fact]:
    """Give ``f1_``, ``precision_`` and ``recall_`` of each person against a standard; ``nothing`` says why there is none.

    The interval of F1 is by bootstrap over the documents; with ``wilsons`` it is Wilson's, over the matches and half of what
    does not match, which also holds for a handful of documents. That of precision and recall is Wilson's.
    """
    for person, name in enumerate(work.people):
        reads = work.of(person)
        reads = reads[tally.compared[reads]]
        hits, own, theirs, units = (part[reads] for part in (tally.hits, tally.own, tally.theirs, tally.units))
        yield _overall(name, f"f1_{against}", hits, own + theirs, nothing=nothing, remark=remark, wilsons=wilsons)
        totals = (hits.sum(axis=0), own.sum(axis=0), theirs.sum(axis=0), units.sum(axis=0))
        for at in (None, *range(len(work.labels))):
            hit, mine, their, n = (float(total.sum() if at is None else total[at]) for total in totals)
            if at is not None and not mine and not their:
                continue  # a label that neither side has here says nothing of this person
            label = ALL if at is None else work.labels[at]
            # Against several others a span is compared several times, and is still one span.
            times = mine / n if n else 1.0
            of_label = "" if at is None else f" {label}"
            nobody = f"{name} drew no span{of_label} there" if len(reads) else nothing
            none_there = f"there is no span{of_label} to find" if len(reads) else nothing
            yield share(name, f"precision_{against}", hit / times, n, label=label, nothing=nobody, note=remark)
            yield share(
                name, f"recall_{against}", hit / times, their / times, label=label, nothing=none_there, note=remark
            )


def _overall(name: str, measure: str, hits: Floats, sizes: Floats, *, nothing: str, remark: str, wilsons: bool) -> Fact:
    hit, size = hits.sum(axis=1), sizes.sum(axis=1)
    if not len(hit):
        return Fact(annotator=name, measure=measure, value=None, n=0, note=nothing)
    if not size.sum():
        return Fact(annotator=name, measure=measure, value=None, n=0, note="nobody drew a span in these documents")
    value, n = float(2 * hit.sum() / size.sum()), float(size.sum())
    if wilsons:
        low, high = f1_bounds(float(hit.sum()), n)
        return Fact(annotator=name, measure=measure, value=value, low=low, high=high, n=round(n), note=remark)
    weights = resampled(len(hit))
    ends = interval(f1(weights @ hit, weights @ size)) if weights is not None else (None, None)
    few = "" if weights is not None else f"no interval: {len(hit)} documents are too few"
    note = "; ".join(part for part in (remark, few) if part)
    return Fact(annotator=name, measure=measure, value=value, low=ends[0], high=ends[1], n=round(n), note=note)


def f1_bounds(hits: float, sizes: float) -> tuple[float, float]:
    """Give Wilson's interval of ``2 * hits / sizes``, where sizes counts both sides, as that of hits among ``sizes / 2``."""
    return wilson(hits, sizes / 2)


def drifts(work: Work, tally: Tally, *, nothing: str) -> Iterator[Fact]:
    """Give each person's F1 against others over successive windows of reads in their order in time, and its trend.

    ``f1_window`` has the number of the window in ``label``; ``drift`` is the slope of a straight line through the windows, F1
    for each window, with its interval by bootstrap over the reads. What is left over at the end joins the last window if it is
    less than half of one.
    """
    when = instants(work.rows)
    for person, name in enumerate(work.people):
        reads = work.of(person)
        reads = reads[tally.compared[reads]]
        reads = reads[np.argsort(when[reads], kind="stable")]
        hits, sizes = tally.hits[reads].sum(axis=1), tally.sizes()[reads]
        first = _windows(len(reads))
        if len(first) < 2:
            yield Fact(
                annotator=name,
                measure="drift",
                value=None,
                n=len(reads),
                note=nothing
                if not len(reads)
                else f"{len(reads)} compared documents are less than two windows of {WINDOW}",
            )
            continue
        values = f1(np.add.reduceat(hits, first), np.add.reduceat(sizes, first))
        lengths = np.diff([*first, len(reads)])
        for number, (value, length) in enumerate(zip(values.tolist(), lengths.tolist(), strict=True), start=1):
            empty = isnan(value)
            yield Fact(
                annotator=name,
                measure="f1_window",
                label=str(number),
                value=None if empty else value,
                n=length,
                note="nobody drew a span in these documents" if empty else "",
            )
        yield _trend(name, values, hits, sizes, first)


def _trend(name: str, values: Floats, hits: Floats, sizes: Floats, first: Ints) -> Fact:
    slope = float(_slopes(values[None, :])[0])
    if isnan(slope):
        return Fact(annotator=name, measure="drift", value=None, n=len(hits), note="nobody drew a span in a window")
    weights = resampled(len(hits))
    assert weights is not None  # two windows are more documents than a bootstrap needs
    drawn = f1(np.add.reduceat(weights * hits, first, axis=1), np.add.reduceat(weights * sizes, first, axis=1))
    low, high = interval(_slopes(drawn))
    way = "steady" if low is None or high is None or low <= 0 <= high else "rising" if low > 0 else "falling"
    return Fact(annotator=name, measure="drift", value=slope, low=low, high=high, n=len(hits), note=way)


def _slopes(values: Floats) -> Floats:
    """Give the slope of the straight line of least squares through each row of values, one step apart."""
    step = np.arange(values.shape[1]) - (values.shape[1] - 1) / 2
    slopes: Floats = values @ step / (step @ step)
    return slopes


def _windows(reads: int) -> Ints:
    """Give where each window begins."""
    count = max(1, (reads + WINDOW // 2) // WINDOW) if reads else 0
    return np.arange(count) * WINDOW
