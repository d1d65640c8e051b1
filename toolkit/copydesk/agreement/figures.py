"""One measured figure in, a row of the table ``agreement`` out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import pyarrow as pa

from copydesk.model.tables import from_rows

ALL = "all"
OF_CATEGORY = "category_"  # and of those whose label is a category, or category=value
COUNTED = "spans_"  # how the names of measures begin that count what spans of two people are to each other


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A row of the table ``agreement``, whose columns are told there.

    ``value`` is None where the measure is not defined, and ``note`` then says why; ``low`` and ``high`` are of the 95 % interval.
    """

    measure: str
    value: float | None
    n: int
    documents: int
    note: str = ""
    label: str = ALL
    annotators: str = ALL
    scope: str = ALL
    within: str = ""
    low: float | None = None
    high: float | None = None


def table_of(figures: Iterable[Figure]) -> pa.Table:
    """Make the table ``agreement``."""
    names = [one.name for one in fields(Figure)]
    return from_rows("agreement", ({name: getattr(figure, name) for name in names} for figure in figures))
