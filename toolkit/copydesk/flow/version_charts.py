"""What a version holds, and what changed since its parent, go in; charts come out, for its page and for its card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import ceil, log10
from typing import Any

from copydesk.datasets.profile import Profile
from copydesk.flow.agreement_charts import Row, agreement_charts, confusion_chart, pair_chart
from copydesk.report import charts
from copydesk.report.charts import Chart

_BARS = 25  # of one chart; the rest is one bar more
_BINS = 20
_UNKNOWN = "not stated"
_QUANTILES = (("shortest", 0.0), ("median", 0.5), ("95th percentile", 0.95), ("longest", 1.0))
# Signs of an ISO date, and for up to how many days.
_PERIODS = (("day", 10, 31), ("month", 7, 1_100), ("year", 4, 21_900))
_LONGEST = ("year", 4)
_COLUMNS = 60
_CAME, _WENT = ("added", "relabelled"), ("removed", "relabelled_away")
Changes = Mapping[str, Mapping[str, int]]


def version_charts(profile: Profile, *, agreement: Sequence[Row], changes: Changes) -> Iterator[Chart]:
    """Give every chart of a version; ``changes`` counts what changed of the spans of each label since the parent, by kind."""
    if profile.spans:
        yield _labels(profile)
    if profile.relations:
        yield _counted("relations", "Relations", "relations of each type", "relation", profile.relations, "relations")
    if profile.categories:
        said = Counter({f"{name} = {value}": count for (name, value), count in profile.categories.items()})
        yield _counted("categories", "Whole documents", "documents of each category", "category", said, "documents")
    yield _lengths("document-lengths", "Lengths of documents", "documents", profile.characters)
    if profile.spans:
        yield _lengths("span-lengths", "Lengths of spans", "spans", profile.lengths)
    publishers: Counter[str] = Counter()
    for name, count in profile.publishers.items():
        publishers[name or _UNKNOWN] += count
    yield _counted("sources", "Sources", "documents of each publisher", "publisher", publishers, "documents")
    yield from _over_time(profile.days)
    yield from agreement_charts(agreement)
    yield from confusion_chart(profile.same_place)
    if len(profile.holding) > 1:
        says = "How many documents hold both of two labels; on the diagonal, those that hold the one."
        both = {**profile.together, **{(label, label): count for label, count in profile.holding.items()}}
        yield pair_chart("co-occurrence", "Labels in the same document", says, both, most=max(both.values()))
    if changes:
        yield _changed(changes)
        yield _shift(profile.spans, changes)


def quantiles(counts: Mapping[int, int]) -> list[tuple[str, int]]:
    """Give shortest, median, 95th percentile and longest of lengths that are counted."""
    ordered = sorted(counts.items())
    total = sum(counts.values())
    return [(name, _reached(ordered, ceil(share * total))) for name, share in _QUANTILES] if total else []


def counts_before(now: Mapping[str, int], changes: Changes) -> dict[str, int]:
    """Give how often each label stood in the parent, from how often it stands now and what changed."""
    before = dict(now)
    for label, kinds in changes.items():
        before[label] = before.get(label, 0) - _sum(kinds, _CAME) + _sum(kinds, _WENT)
    return before


def shifts(before: Mapping[Any, int], now: Mapping[Any, int]) -> list[tuple[Any, float, float]]:
    """Give of everything that is counted its share before and now, the largest shift first."""
    totals = [max(sum(counts.values()), 1) for counts in (before, now)]
    shares = [(one, before.get(one, 0) / totals[0], now.get(one, 0) / totals[1]) for one in before.keys() | now.keys()]
    return sorted(shares, key=lambda row: (-abs(row[2] - row[1]), str(row[0])))


def _labels(profile: Profile) -> Chart:
    total = max(sum(profile.spans.values()), 1)
    ranked = _ranked(profile.spans)
    return Chart(
        name="labels",
        title="Labels",
        says=f"How many spans carry each of {len(ranked)} labels.",
        spec=charts.bars(_cut(ranked), what="spans"),
        head=("label", "spans", "share", "documents"),
        rows=tuple((label, count, f"{count / total:.1%}", profile.holding[label]) for label, count in ranked),
    )


def _counted(name: str, title: str, says: str, what: str, counts: Counter[str], unit: str) -> Chart:
    ranked = _ranked(counts)
    shown = _cut(ranked)
    return Chart(
        name=name,
        title=title,
        says=f"How many {says}.",
        spec=charts.bars(shown, what=unit),
        head=(what, unit),
        rows=tuple(shown),
    )


def _lengths(name: str, title: str, unit: str, counts: Mapping[int, int]) -> Chart:
    told = ", ".join(f"{what} {value:,}" for what, value in quantiles(counts))
    bins = _bins(counts)
    return Chart(
        name=name,
        title=title,
        says=f"How many {unit} are how long, in characters: {told}.",
        spec=charts.columns([(first, count) for first, _, count in bins], what=unit, across="characters"),
        head=("characters", unit),
        rows=tuple((f"{first} to {last}" if last else f"{first} and more", count) for first, last, count in bins),
    )


def _bins(counts: Mapping[int, int]) -> list[tuple[str, str, int]]:
    """Cut lengths into stretches of a round size: first and last length and the count; the longest are in one that has no end."""
    least, _, far, _ = (value for _, value in quantiles(counts))
    most = max((length for length in counts if length <= 1.5 * far), default=far)
    step = _round_up(max(most - least, 1) / _BINS)
    edges = range(least - least % step, most + step, step)
    binned: Counter[int] = Counter()
    for length, count in counts.items():
        binned[min((length - edges[0]) // step, len(edges))] += count
    found = [(f"{edge:,}", f"{edge + step - 1:,}", binned[at]) for at, edge in enumerate(edges)]
    return found + ([(f"{edges[-1] + step:,}", "", binned[len(edges)])] if binned[len(edges)] else [])


def _round_up(number: float) -> int:
    """Give the next of 1, 2, 5, 10, 20, 50 …"""
    power = int(10 ** int(log10(max(number, 1))))
    return next(one * power for one in (1, 2, 5, 10) if one * power >= number)


def _over_time(days: Mapping[date | None, int]) -> Iterator[Chart]:
    known = {day: count for day, count in days.items() if day}
    if not known:
        return
    first, last = min(known), max(known)
    length = (last - first).days
    what, signs = next(((what, signs) for what, signs, most in _PERIODS if length <= most), _LONGEST)
    gaps = range(length + 1) if length <= _PERIODS[-1][2] else ()  # one wrong date may lie centuries away
    counts = Counter({(first + timedelta(number)).isoformat()[:signs]: 0 for number in gaps})
    for day, count in sorted(known.items()):
        counts[day.isoformat()[:signs]] += count
    unknown = days.get(None, 0)
    rows = tuple(counts.items())
    yield Chart(
        name="time",
        title="Time of publication",
        says=f"How many documents were published in each {what}, from {first} to {last}; of {unknown:,} it is not stated.",
        spec=charts.columns(rows[-_COLUMNS:], what="documents", across=what),
        head=(what, "documents"),
        rows=(*rows, *([(_UNKNOWN, unknown)] if unknown else [])),
    )


def _changed(changes: Changes) -> Chart:
    kinds = [*_CAME, *_WENT, "moved", "reworded"]
    ordered = sorted(changes.items(), key=lambda one: (-sum(one[1].values()), one[0]))
    sides = [(label, _sum(counts, _CAME), _sum(counts, _WENT)) for label, counts in ordered]
    return Chart(
        name="changes",
        title="Labels that changed",
        says="What came of each label since the version before (added, or relabelled to it), to the right, and what went, to the left.",
        spec=charts.came_and_went(sides[:_BARS], what="spans: went, came"),
        head=("label", *(kind.replace("_", " ") for kind in kinds)),
        rows=tuple((label, *(counts.get(kind, 0) for kind in kinds)) for label, counts in ordered),
    )


def _shift(now: Mapping[str, int], changes: Changes) -> Chart:
    rows = shifts(counts_before(now, changes), now)
    return Chart(
        name="drift",
        title="Drift of labels",
        says="Which share of all spans each label had in the version before (ring) and has now (dot).",
        spec=charts.from_to(rows[:_BARS], what="share of all spans"),
        head=("label", "before", "now", "shift"),
        rows=tuple((label, f"{was:.1%}", f"{is_:.1%}", f"{is_ - was:+.1%}") for label, was, is_ in rows),
    )


def _sum(counts: Mapping[str, int], kinds: Sequence[str]) -> int:
    return sum(counts.get(kind, 0) for kind in kinds)


def _ranked(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def _cut(ranked: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Give the first, and the rest as one."""
    rest = ranked[_BARS:]
    return [*ranked[:_BARS], *([(f"{len(rest):,} others", sum(count for _, count in rest))] if rest else [])]


def _reached(ordered: Sequence[tuple[int, int]], wanted: int) -> int:
    passed = 0
    for length, count in ordered:
        passed += count
        if passed >= wanted:
            return length
    return ordered[-1][0]
