"""Comparisons and which of them agree in, F1 out: for all pairs and each, every label, document, source and week.

F1 between people is the mean of precision and recall that does not care who is taken as the standard. It equals the limit of
kappa where the number of non-spans has no bound, as in text: G. Hripcsak and A. Rothschild, Agreement, the F-measure, and
Reliability in Information Retrieval, JAMIA 12 (2005) 296-298.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from copydesk.agreement.bootstrap import ratio_interval
from copydesk.agreement.columns import Bools, Floats, Ints, added
from copydesk.agreement.compare import Comparisons, ReaderPairs
from copydesk.agreement.figures import ALL, Figure
from copydesk.agreement.scopes import Scope

Interval = tuple[float | None, float | None]  # low and high; None where nothing can vary
NOBODY = "no document was read by two people"


@dataclass(frozen=True, slots=True)
class Field:
    """What figures are measured over: the pairs of people, and the documents (``shared``: with two or more readers) in their scopes."""

    pairs: ReaderPairs
    shared: Bools
    scopes: tuple[Scope, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """A kind of agreement: ``hits`` says of each comparison whether it agrees; ``remark`` is added to every note."""

    name: str
    thing: str
    compared: Comparisons
    hits: Bools
    remark: str = ""


def f1_figures(measures: Sequence[Measure], field: Field) -> Iterator[Figure]:
    """Write F1 = agreeing comparisons over all comparisons.

    Intervals are by bootstrap over documents: for all pairs and every label; for each pair, source and week of all labels.
    """
    tallies = [_Tally(one, field) for one in measures]
    hits, sizes = (np.hstack([tally.by_document[at][field.shared] for tally in tallies]) for at in (0, 1))
    pooled = _ends(*ratio_interval(hits, sizes))
    hits, sizes = (np.column_stack([tally.by_reading[at] for tally in tallies]) for at in (0, 1))
    pairs = field.pairs
    of_pair = _intervals(hits, sizes, pairs.readings % max(len(pairs.names), 1), len(pairs.names))
    hits, sizes = (np.column_stack([tally.by_document[at][:, 0] for tally in tallies]) for at in (0, 1))
    of_part = [_intervals(hits, sizes, scope.of, len(scope.names)) for scope in field.scopes]
    first = 0
    for number, tally in enumerate(tallies):
        yield from tally.pooled(pooled[first : first + len(tally.labels)])
        yield from tally.each_pair([own[number] for own in of_pair])
        for scope, parts in zip(field.scopes, of_part, strict=True):
            yield from tally.each_part(scope, [own[number] for own in parts])
        first += len(tally.labels)


def _intervals(hits: Floats, sizes: Floats, part: Ints, parts: int) -> list[list[Interval]]:
    """Give, for each part of the rows, the interval of each column; ``part`` is -1 for rows that are in none."""
    order = np.argsort(part, kind="stable")
    bounds = np.searchsorted(part[order], np.arange(parts + 1))
    unknown: list[Interval] = [(None, None)] * hits.shape[1]
    return [
        _ends(*ratio_interval(hits[order[first:last]], sizes[order[first:last]])) if last - first > 1 else unknown
        for first, last in pairwise(bounds.tolist())
    ]


def _ends(low: Floats, high: Floats) -> list[Interval]:
    ends = zip(low.tolist(), high.tolist(), strict=True)
    return [(None, None) if np.isnan(one) else (one, other) for one, other in ends]


class _Tally:
    """The counts of a measure, in tables whose first column is that of all labels."""

    def __init__(self, measure: Measure, field: Field) -> None:
        self._measure, self._field = measure, field
        compared = measure.compared
        self.labels = (ALL, *compared.names)
        documents = len(field.shared)
        self.by_document = (
            self._table(compared.doc, compared.label, measure.hits, documents),
            self._table(compared.doc, compared.label, None, documents),
        )
        pairs = field.pairs
        reading = np.searchsorted(pairs.readings, compared.doc * len(pairs.names) + compared.pair)
        size = len(pairs.readings)
        self.by_reading = (
            added(reading, measure.hits.astype(np.int64), size),
            added(reading, np.ones(len(reading)), size),
        )
        # A vote is compared with every other reader, but it is one vote.
        _, once = np.unique(compared.vote, return_index=True)
        self._votes = self._table(compared.doc[once], compared.label[once], None, documents)

    def _table(self, row: Ints, label: Ints, hits: Bools | None, rows: int) -> Floats:
        width = len(self.labels) - 1
        cell = row * width + label
        counts = np.bincount(cell if hits is None else cell[hits], minlength=rows * width).reshape(rows, width)
        return np.hstack([counts.sum(axis=1, keepdims=True), counts]).astype(np.float64)

    def _labelled(self) -> list[tuple[int, str]]:
        """Give the columns to write: where labels were passed over there is only that of all."""
        return [(at, label) for at, label in enumerate(self.labels) if at == 0 or label != ALL]

    def pooled(self, intervals: Sequence[Interval]) -> Iterator[Figure]:
        hits, sizes = (side.sum(axis=0) for side in self.by_document)
        units, documents = self._votes.sum(axis=0), self._field.pairs.shared
        for at, label in self._labelled():
            figure = self._figure(hits[at], sizes[at], units[at], documents=documents, label=label)
            yield _with(figure, intervals[at])

    def each_pair(self, intervals: Sequence[Interval]) -> Iterator[Figure]:
        compared, pairs = self._measure.compared, self._field.pairs
        hits = self._table(compared.pair, compared.label, self._measure.hits, len(pairs.names))
        sizes = self._table(compared.pair, compared.label, None, len(pairs.names))
        for row, names in enumerate(pairs.names):
            for at, label in self._labelled():
                size, documents = sizes[row, at], int(pairs.documents[row])
                figure = self._figure(hits[row, at], size, size, documents=documents, label=label)
                named = replace(figure, annotators=names)
                yield _with(named, intervals[row]) if at == 0 else named

    def each_part(self, scope: Scope, intervals: Sequence[Interval]) -> Iterator[Figure]:
        documents = part_sums(scope, np.ones(len(scope.of)))
        hits, sizes, votes = (part_sums(scope, side[:, 0]) for side in (*self.by_document, self._votes))
        for at, name in enumerate(scope.names):
            figure = self._figure(hits[at], sizes[at], votes[at], documents=int(documents[at]))
            yield _with(replace(figure, scope=scope.name, within=name), intervals[at])

    def _figure(self, hits: float, size: float, n: float, *, documents: int, label: str = ALL) -> Figure:
        undefined = why_not(size, documents=documents, thing=self._measure.thing, label=label)
        return Figure(
            measure=self._measure.name,
            label=label,
            value=None if undefined else float(hits / size),
            n=int(n),
            documents=documents,
            note="; ".join(part for part in (undefined, self._measure.remark) if part),
        )


def _with(figure: Figure, interval: Interval) -> Figure:
    low, high = interval
    return figure if figure.value is None else replace(figure, low=low, high=high)


def part_sums(scope: Scope, of_document: Floats) -> Floats:
    """Add up a column of documents over the parts of a scope."""
    inside = scope.of >= 0
    return added(scope.of[inside], of_document[inside], len(scope.names))


def why_not(size: float, *, documents: int, thing: str, label: str = ALL) -> str:
    """Say why a figure is not defined; empty where it is."""
    if not documents:
        return NOBODY
    if size:
        return ""
    return f"there is no {thing}" + ("" if label == ALL else f" {label}") + " in these documents"
