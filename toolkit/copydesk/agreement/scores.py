"""Comparisons and which of them agree in, F1 out: for all pairs and each, every label, document, source and week.

F1 between people is the mean of precision and recall that does not care who is taken as the standard. It equals the limit of
kappa where the number of non-spans has no bound, as in text: G. Hripcsak and A. Rothschild, Agreement, the F-measure, and
Reliability in Information Retrieval, JAMIA 12 (2005) 296-298.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from copydesk.agreement.bootstrap import ratio_interval
from copydesk.agreement.columns import Bools, Floats, Ints, added
from copydesk.agreement.compare import Comparisons, ReaderPairs
from copydesk.agreement.figures import ALL, Figure
from copydesk.agreement.scopes import Scope

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
    """Write F1 = agreeing comparisons over all comparisons, with an interval by bootstrap over documents where all pairs are pooled."""
    tallies = [_Tally(one, field) for one in measures]
    hits, sizes = (np.hstack([tally.by_document[at][field.shared] for tally in tallies]) for at in (0, 1))
    low, high = (
        [None if np.isnan(end) else float(end) for end in side] for side in ratio_interval(hits, sizes, resamples=1000)
    )
    first = 0
    for tally in tallies:
        width = len(tally.labels)
        yield from tally.pooled(low[first : first + width], high[first : first + width])
        yield from tally.each_pair()
        for scope in field.scopes:
            yield from tally.each_part(scope)
        first += width


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

    def pooled(self, low: Sequence[float | None], high: Sequence[float | None]) -> Iterator[Figure]:
        hits, sizes = (side.sum(axis=0) for side in self.by_document)
        units, documents = self._votes.sum(axis=0), self._field.pairs.shared
        for at, label in self._labelled():
            figure = self._figure(hits[at], sizes[at], units[at], documents=documents, label=label)
            yield figure if figure.value is None else replace(figure, low=low[at], high=high[at])

    def each_pair(self) -> Iterator[Figure]:
        compared, pairs = self._measure.compared, self._field.pairs
        hits = self._table(compared.pair, compared.label, self._measure.hits, len(pairs.names))
        sizes = self._table(compared.pair, compared.label, None, len(pairs.names))
        for row, names in enumerate(pairs.names):
            for at, label in self._labelled():
                size, documents = sizes[row, at], int(pairs.documents[row])
                figure = self._figure(hits[row, at], size, size, documents=documents, label=label)
                yield replace(figure, annotators=names)

    def each_part(self, scope: Scope) -> Iterator[Figure]:
        documents = part_sums(scope, np.ones(len(scope.of)))
        hits, sizes, votes = (part_sums(scope, side[:, 0]) for side in (*self.by_document, self._votes))
        for at, name in enumerate(scope.names):
            figure = self._figure(hits[at], sizes[at], votes[at], documents=int(documents[at]))
            yield replace(figure, scope=scope.name, within=name)

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
    article = "an" if thing[0] in "aeiou" else "a"
    return f"nobody drew {article} {thing}" + ("" if label == ALL else f" {label}") + " in these documents"
