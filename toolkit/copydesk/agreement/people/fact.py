"""One fact about one person in, a row of the table ``annotators`` out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pyarrow as pa

from copydesk.agreement.people.intervals import wilson
from copydesk.model.tables import from_rows

ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A row of the table ``annotators``; ``value`` is None where it is not defined, and ``note`` then says why."""

    annotator: str
    measure: str
    value: float | None
    n: int
    label: str = ALL
    low: float | None = None
    high: float | None = None
    note: str = ""


def share(
    annotator: str, measure: str, hits: float, n: float, *, label: str = ALL, nothing: str, note: str = ""
) -> Fact:
    """Give the share ``hits`` of ``n`` with its Wilson interval; ``nothing`` says why there is none where n is 0."""
    if not n:
        return Fact(annotator=annotator, measure=measure, value=None, n=0, label=label, note=nothing)
    low, high = wilson(hits, n)
    return Fact(
        annotator=annotator, measure=measure, value=hits / n, n=round(n), label=label, low=low, high=high, note=note
    )


def table_of(facts: Iterable[Fact]) -> pa.Table:
    """Make the table ``annotators``."""
    return from_rows("annotators", map(asdict, facts))
