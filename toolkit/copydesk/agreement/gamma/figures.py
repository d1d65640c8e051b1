"""Votes for spans in, figures of gamma, gamma-cat and gamma-k out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from copydesk.agreement.bootstrap import ratio_interval, sums_interval
from copydesk.agreement.columns import Floats, Ints
from copydesk.agreement.compare import places_of
from copydesk.agreement.figures import ALL, Figure
from copydesk.agreement.gamma.compute import Gammas, gammas
from copydesk.agreement.gamma.continua import Units, units_of
from copydesk.agreement.scores import Field, part_sums, why_not
from copydesk.agreement.votes import Reads, Votes

_Value = Callable[[Floats], Floats]
_NO_CHANCE = "chance alone would give no disorder here, so there is nothing to compare with"
_NO_CHANCE_CATEGORY = "chance alone would give no other labels here, so there is nothing to compare with"
_WINDOWS = (
    "{} of the documents were too crowded to be aligned whole and were cut into windows, which can only lower gamma"
)
_UNSOLVED = "{} of the documents were too crowded to be aligned and are left out"


def gamma_figures(
    votes: Votes, reads: Reads, field: Field, *, labels: Sequence[str], samples: int, seed: int = 0
) -> Iterator[Figure]:
    """Write gamma and gamma-cat for all documents, with intervals, and for each document, source and week; gamma-k for each label.

    Over several documents disorders are added up, observed and expected, so that a document counts by its spans.
    """
    chosen = np.flatnonzero(field.shared)
    units = units_in(votes, reads, chosen, places_of(votes, labels))
    sums = _Sums(gammas(units, categories=len(labels), samples=samples, seed=seed), chosen, field)
    yield from sums.gamma()
    for column, label in enumerate((ALL, *labels)):
        yield from sums.categories(column, label)


def units_in(votes: Votes, reads: Reads, chosen: Ints, place: Ints) -> Units:
    """Take the votes in the ``chosen`` documents as units; each reader is an annotator, with spans or without."""
    number = np.full(len(reads.docs), -1)
    number[chosen] = np.arange(len(chosen))
    doc = votes.doc[votes.drawn]
    kept = number[doc] >= 0
    drawn, doc, drawer = votes.drawn[kept], doc[kept], votes.drawer[kept]
    people = len(reads.annotators)
    entry = np.searchsorted(reads.doc * people + reads.annotator, doc * people + drawer)
    return units_of(
        continuum=number[doc],
        annotator=entry - reads.first[doc],
        start=votes.left[drawn].astype(np.float64),
        end=votes.right[drawn].astype(np.float64),
        category=place[votes.label[drawn]],
        annotators=reads.readers[chosen],
    )


@dataclass(frozen=True, slots=True)
class _Sums:
    found: Gammas
    chosen: Ints
    field: Field

    def gamma(self) -> Iterator[Figure]:
        """Write gamma."""
        observed, expected = self.found.observed, self.found.expected
        low, high = ratio_interval(observed[:, np.newaxis], expected[:, np.newaxis])
        table = np.stack([observed, expected], axis=1)
        yield from self._figures("gamma", ALL, table, _gamma, (1 - high[0], 1 - low[0]), none=_NO_CHANCE)

    def categories(self, column: int, label: str) -> Iterator[Figure]:
        """Write gamma-cat, or gamma-k of a label."""
        found = self.found
        names = ("disagreed", "weight", "chance_disagreed", "chance_weight")
        table = np.stack([getattr(found, name)[:, column] for name in names], axis=1)
        low, high = sums_interval(table, lambda sums: _category(sums)[:, np.newaxis])
        name = "gamma_cat" if label == ALL else "gamma_k"
        figures = self._figures(name, label, table, _category, (low[0], high[0]), none=_NO_CHANCE_CATEGORY)
        yield next(figures)
        if label == ALL:
            yield from figures

    def _figures(
        self, measure: str, label: str, table: Floats, value: _Value, interval: tuple[float, float], *, none: str
    ) -> Iterator[Figure]:
        extra = np.stack([self.found.units, self.found.windowed, self.found.unsolved], axis=1).astype(np.float64)
        whole = np.zeros((len(self.field.shared), table.shape[1] + 3))
        whole[self.chosen] = np.concatenate([table, extra], axis=1)
        draft = Figure(measure=measure, label=label, value=None, n=0, documents=0)
        total = _figure(draft, whole.sum(axis=0), self.field.pairs.shared, value, none)
        known = total.value is not None and not np.isnan(interval[0])
        yield replace(total, low=float(interval[0]), high=float(interval[1])) if known else total
        for scope in self.field.scopes:
            parts = np.stack([part_sums(scope, column) for column in whole.T], axis=1)
            documents = part_sums(scope, np.ones(len(scope.of)))
            values = value(parts[:, :-3])
            for at, within in enumerate(scope.names):
                own = replace(draft, scope=scope.name, within=within)
                yield _figure(own, parts[at], int(documents[at]), value, none, known=float(values[at]))


def _figure(
    draft: Figure, sums: Floats, documents: int, value: _Value, none: str, known: float | None = None
) -> Figure:
    found = float(value(sums[np.newaxis, :-3])[0]) if known is None else known
    units, windowed, unsolved = (int(one) for one in sums[-3:])
    undefined = why_not(units, documents=documents, thing="span", label=ALL)
    if not undefined and np.isnan(found):
        undefined = none if unsolved < documents else "too crowded to be aligned"
    remarks = [_WINDOWS.format(windowed) if windowed else "", _UNSOLVED.format(unsolved) if unsolved else ""]
    return replace(
        draft,
        value=None if undefined else found,
        n=units,
        documents=documents,
        note="; ".join(part for part in (undefined, *remarks) if part),
    )


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0))


def _gamma(sums: Floats) -> Floats:
    return 1 - _ratio(sums[:, 0], sums[:, 1])


def _category(sums: Floats) -> Floats:
    return 1 - _ratio(_ratio(sums[:, 0], sums[:, 1]), _ratio(sums[:, 2], sums[:, 3]))
