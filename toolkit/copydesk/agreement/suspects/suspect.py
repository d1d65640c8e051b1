"""One label that is likely to be wrong, for one reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A row of the table ``suspects``, whose columns are told there."""

    doc_id: str
    span_id: str | None
    start: int
    end: int
    surface: str
    label: str | None
    reason: str
    score: float
    detail: str
