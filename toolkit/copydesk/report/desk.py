"""What the page of the desk shows, as values; and how fast annotators are, from what they submitted day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, sqrt

from copydesk.report import charts
from copydesk.report.charts import Chart

DAYS = 28  # that are looked back on
_EIGHT_IN_TEN = 1.2816  # standard errors on either side of a mean, as of a normal distribution


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the line: how much there is, of what, and what else there is to say."""

    name: str
    count: int
    what: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work that waits at a step: how much of what, and the command or the page that goes on."""

    step: str
    count: int
    what: str
    command: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Pace:
    """Annotations on each of the last days, how many are to come, and how many days they take: at the mean pace, and in eight of ten cases.

    ``a_day`` is the mean since the first day with work.
    """

    by_day: Mapping[date, int]
    since: date
    to_come: int
    a_day: float
    days: int | None
    between: tuple[int, int | None] | None

    @property
    def total(self) -> int:
        """How many there are in these days."""
        return sum(self.by_day.values())

    @property
    def chart(self) -> Chart:
        """A column for each day."""
        rows = tuple((day.isoformat(), count) for day, count in self.by_day.items())
        return Chart(
            name="days",
            title="Annotations by day",
            says=f"How many annotations were submitted on each day from {rows[0][0]} to {rows[-1][0]}.",
            spec=charts.columns(rows, what="annotations", across="day"),
            head=("day", "annotations"),
            rows=rows,
        )


@dataclass(frozen=True, slots=True)
class Person:
    """An annotator under her pseudonym; ``seconds`` is the median time of an annotation, ``agreement`` the F1 of exact spans with each other."""

    name: str
    submitted: int
    skipped: int
    seconds: float | None
    last: str
    agreement: tuple[tuple[str, float, int], ...]  # with whom, F1, of how many spans


@dataclass(frozen=True, slots=True)
class Matter:
    """A dispute or a finding that waits for somebody: what it is about, what is said of it, and where it is looked at."""

    kind: str
    quote: str
    said: tuple[str, ...]
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Labelling:
    """The work under one schema. ``more_*`` are how many others there are of what is listed in part."""

    schema: str
    steps: Sequence[Step]
    waiting: Sequence[Waiting]
    pace: Pace
    people: Sequence[Person]
    disputes: Sequence[Matter]
    more_disputes: int
    findings: Sequence[Matter]
    more_findings: int
    pulled: str  # when the last pull saw the last change


def pace(by_day: Mapping[date, int], *, to_come: int, today: date) -> Pace:
    """Say how long what is to come will take, from the annotations of each day.

    The pace is the mean over the days from the first with work (at most ``DAYS`` ago) to today, days without work included, so that
    weekends count as they will again. The interval comes from the standard error of that mean; days are taken as independent. There
    is no forecast from fewer than three days, or where nobody works.
    """
    first = min((day for day, count in by_day.items() if count and day > today - timedelta(DAYS)), default=today)
    days = [first + timedelta(number) for number in range((today - first).days + 1)]
    counts = [by_day.get(day, 0) for day in days]
    mean = sum(counts) / len(counts)
    shown = {day: by_day.get(day, 0) for day in (today - timedelta(ago) for ago in reversed(range(DAYS)))}
    if not to_come or not mean or len(counts) < 3:
        return Pace(shown, first, to_come, mean, None, None)
    deviation = sqrt(sum((count - mean) ** 2 for count in counts) / (len(counts) - 1))
    around = _EIGHT_IN_TEN * deviation / sqrt(len(counts))
    slowest = ceil(to_come / (mean - around)) if around < mean else None
    return Pace(shown, first, to_come, mean, ceil(to_come / mean), (ceil(to_come / (mean + around)), slowest))
