"""What annotators said of whole documents in; rows of the table ``agreement`` out: coefficients fit for the kind of each category.

* one choice, a date: nominal alpha, percent, Fleiss, AC1, alpha of each choice, Cohen's kappa of each pair of people;
* several choices, a taxonomy, texts: alpha with MASI and with Jaccard distance, percent of the very same sets, alpha of each choice;
* a rating: ordinal alpha, percent, AC2 and kappa of each pair, both with quadratic weights; a number: interval alpha.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pyarrow as pa

from copydesk.agreement.alpha import Alpha, Measure, OrdinalAlpha, ValueAlphas
from copydesk.agreement.bootstrap import RESAMPLES
from copydesk.agreement.classes import distances
from copydesk.agreement.classes.chance import Chance, Percent, agreement_weights
from copydesk.agreement.classes.coefficient import ALL_THE_SAME, NOTHING_PAIRED
from copydesk.agreement.classes.kappa import NOTHING_SHARED, ONE_VALUE, Kappa
from copydesk.agreement.classes.numbers import interval_figures, interval_parts
from copydesk.agreement.classes.ratings import Ratings
from copydesk.agreement.classes.said import Readings, Said
from copydesk.agreement.classes.sums import Draws, Estimate, Sums, sums_of
from copydesk.agreement.columns import Floats, Ints
from copydesk.agreement.figures import Figure
from copydesk.agreement.scopes import scopes_of
from copydesk.agreement.votes import Ballot
from copydesk.model.schema_parts import CHOSEN, Attribute

PREVALENCE = 0.2  # how far alpha and AC1 may lie apart before a note says so
MOST_VALUES = 1_000  # that are told apart; the memory that is needed grows with documents times values
_ALWAYS = "it was said of every document or of none, so no disagreement could be expected"
_TOO_MANY = "more than {} distinct values; agreement by chance is not reckoned over so many"

_Plan = list[
    tuple[Measure, tuple[str, ...]]
]  # a measure of the count table, and the names of its figures; "" for those not wanted


def measure_categories(
    *,
    reads: pa.Table,
    categories: pa.Table,
    asked: Sequence[Attribute],
    documents: pa.Table,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[Figure]:
    """Measure agreement in each category of the schema (``asked``) over the documents that two or more people read.

    Gives ``category_alpha``, ``category_alpha_jaccard``, ``category_percent``, ``category_fleiss``, ``category_ac1``,
    ``category_ac2``, ``category_kappa`` and ``category_value_alpha`` (label ``category=value``), as far as they fit the kind; for all
    documents, and, without pairs and values, for each source and each ISO week (``scopes_of``), by a document's
    latest read. ``n`` counts the values that can be compared. Intervals are by bootstrap over documents.
    """
    readings = Readings.of(reads=reads, categories=categories)
    draws = Draws(resamples, seed)
    scopes = [one for one in scopes_of(readings.ballot.reads, documents) if one.name != "document"]
    figures: list[Figure] = []
    for category in asked:
        said = readings.said(category)
        figures += _whole(said, said.ratings, draws)
        figures += _values(said, draws)
        figures += _pairs(said, readings.ballot, draws)
        for scope in scopes:
            for place, within in enumerate(scope.names):
                part = said.ratings.within(scope.of == place)
                figures += [replace(one, scope=scope.name, within=within) for one in _whole(said, part, draws)]
    return figures


def _distance(said: Said) -> Floats:
    """Give how far two values are apart that are no sets, as far as that does not depend on the data."""
    return distances.interval(said.numbers) if len(said.numbers) else distances.nominal(said.ratings.values)


def _plan(said: Said) -> _Plan:
    """Say which measures fit the kind of a category."""
    percent = (Percent(), ("category_percent",))
    if said.category.is_several:
        apart = (distances.masi(said.sets), distances.jaccard(said.sets))
        return [(Alpha(apart), ("category_alpha", "category_alpha_jaccard")), percent]
    if said.category.kind == "rating":
        weighted = Chance(agreement_weights(distances.interval(said.numbers)))
        ac2 = (weighted, ("", "", "category_ac2", ""))
        return [(OrdinalAlpha(said.ratings.values), ("category_alpha",)), percent, ac2]
    plain = Chance(np.eye(said.ratings.values))
    return [
        (Alpha((_distance(said),)), ("category_alpha",)),
        (plain, ("category_percent", "category_fleiss", "category_ac1", "")),
    ]


def _whole(said: Said, ratings: Ratings, draws: Draws) -> Iterator[Figure]:
    """Write the figures of all people together."""
    if said.category.is_several:
        said = _narrowed(said, ratings)
        ratings = said.ratings
    if said.category.kind == "number":
        sums, names = _of_numbers(said, ratings), ["category_alpha"]
    elif ratings.values > MOST_VALUES:
        nothing = Sums(np.zeros((0, 0)), lambda sums: sums, np.zeros(0, np.int64), *ratings.paired())
        yield _figure("category_alpha", said, nothing, Estimate(), why=_TOO_MANY.format(MOST_VALUES))
        return
    else:
        plan = _plan(said)
        sums = sums_of(ratings.counts(), [measure for measure, _ in plan])
        names = [name for _, called in plan for name in called]
    found = {name: one for name, one in zip(names, sums.estimates(draws), strict=True) if name}
    warning = _prevalence(found)
    for name, one in found.items():
        remark = warning if name in {"category_alpha", "category_ac1"} else ""
        yield _figure(name, said, sums, one, remark=remark)


def _narrowed(said: Said, ratings: Ratings) -> Said:
    """Leave out the sets that these ratings do not have: there may be far fewer of them than in all documents."""
    used, value = np.unique(ratings.value, return_inverse=True)
    return replace(said, sets=said.sets[used], ratings=replace(ratings, value=value, values=len(used)))


def _prevalence(found: dict[str, Estimate]) -> str:
    alpha, ac1 = (found.get(name, Estimate()).value for name in ("category_alpha", "category_ac1"))
    if alpha is None or ac1 is None or abs(alpha - ac1) <= PREVALENCE:
        return ""
    return f"prevalence: alpha is {alpha:.2f} and AC1 {ac1:.2f}, as one value is far more frequent than others; read them together"


def _of_numbers(said: Said, ratings: Ratings) -> Sums:
    parts = interval_parts(ratings.unit, said.numbers[ratings.value], units=ratings.units)
    return Sums(parts, interval_figures, np.ones(len(parts), np.int64), *ratings.paired())


def _values(said: Said, draws: Draws) -> Iterator[Figure]:
    """Write alpha of each choice against all others; for several choices: of having chosen it or not."""
    if said.category.kind not in CHOSEN or said.ratings.values > MOST_VALUES:
        return
    counts = said.ratings.counts()
    if not said.category.is_several:
        sums = sums_of(counts, [ValueAlphas(said.ratings.values)])
        every = [(name, sums, one) for name, one in zip(said.names, sums.estimates(draws), strict=True)]
    else:
        tables = (np.column_stack([counts @ own, counts @ ~own]) for own in said.sets.T)
        single = [sums_of(table, [Alpha((distances.nominal(2),))]) for table in tables]
        every = [(name, sums, sums.estimates(draws)[0]) for name, sums in zip(said.names, single, strict=True)]
    for name, sums, one in every:
        figure = _figure("category_value_alpha", said, sums, one, why=_ALWAYS if sums.units else NOTHING_PAIRED)
        yield replace(figure, label=f"{said.category.name}={name}")


def _pairs(said: Said, ballot: Ballot, draws: Draws) -> Iterator[Figure]:
    """Write a figure for every two people who read a document in common: kappa, or alpha where values are sets or numbers."""
    reads = ballot.reads
    everybody = Ratings.of(
        reads.doc,
        reads.annotator,
        np.zeros_like(reads.doc),
        units=len(reads.docs),
        raters=len(reads.annotators),
        values=1,
    )
    shared = everybody.tables_of_pairs()[:, :, 0, 0]
    if said.ratings.values > MOST_VALUES and said.category.kind != "number":
        return
    for one, other in combinations(range(len(shared)), 2):
        if not shared[one, other]:
            continue
        pair = said.ratings.of_pair(one, other)
        name, sums = _pair(said, pair)
        (estimate,) = sums.estimates(draws)
        figure = _figure(name, said, sums, estimate, why=ONE_VALUE if pair.units else NOTHING_SHARED)
        yield replace(figure, annotators=" ".join(reads.names(np.array([one, other]))))


def _pair(said: Said, pair: Ratings) -> tuple[str, Sums]:
    if said.category.kind == "number":
        return "category_alpha", _of_numbers(said, pair)
    used, value = np.unique(pair.value, return_inverse=True)
    size = len(used)
    distance = distances.masi(said.sets[used]) if said.category.is_several else _distance(said)[np.ix_(used, used)]
    cells, times = np.unique(value[::2] * size + value[1::2], return_counts=True)
    both = np.eye(size, dtype=np.int64)[cells // size] + np.eye(size, dtype=np.int64)[cells % size] if size else _NONE
    if said.category.is_several:
        return "category_alpha", sums_of(both, [Alpha((distance,))], times=times)
    table = np.zeros((len(cells), size * size))
    table[np.arange(len(cells)), cells] = 1
    return "category_kappa", Sums(table, Kappa(distance).figures, times, pair.units, 2 * pair.units)


_NONE: Ints = np.zeros((0, 0), np.int64)


def _figure(name: str, said: Said, sums: Sums, one: Estimate, *, why: str = "", remark: str = "") -> Figure:
    """Make a row; its note names the level of measurement, and says what was left out."""
    undefined = "" if one.value is not None else why or (ALL_THE_SAME if sums.units else NOTHING_PAIRED)
    left_out = f"{said.left_out} readers' answers left out that are several or no number" if said.left_out else ""
    return Figure(
        measure=name,
        label=said.category.name,
        value=one.value,
        low=one.low,
        high=one.high,
        n=sums.values,
        documents=sums.units,
        note="; ".join(part for part in (undefined, _level(name, said), remark, left_out) if part),
    )


def _level(name: str, said: Said) -> str:
    if name == "category_alpha" and said.category.is_several:
        return "MASI distance"
    if said.category.kind == "rating" and name in {"category_kappa", "category_ac2"}:
        return "quadratic weights"
    levels = {"rating": "ordinal", "number": "interval"}
    return levels.get(said.category.kind, "nominal") if name == "category_alpha" else ""
