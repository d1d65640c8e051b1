"""Sums over units in, a coefficient or the reason why there is none out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Floats

NOTHING_PAIRED = "no two people said something of one document, so nothing can be compared"
ALL_THE_SAME = "all values are the same, so no disagreement could be expected"
NO_DISTANCE = "values below 0 have no ratio to others"


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient of agreement; ``value`` is None where it is not defined, and ``why`` then says the reason.

    ``units`` have two values or more; ``values`` are those of these units, which can be paired.
    """

    value: float | None
    units: int
    values: int
    why: str = ""


def coefficients(figures: Floats, *, units: int, values: int, why: str = ALL_THE_SAME) -> list[Coefficient]:
    """Give a coefficient for each of ``figures``; ``why`` is the reason of those that are nan though values can be paired."""
    reason = why if units else NOTHING_PAIRED
    return [
        Coefficient(None, units, values, reason) if np.isnan(figure) else Coefficient(float(figure), units, values)
        for figure in figures
    ]
