"""One label that is likely to be wrong, for one reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
    other: str | None

    @classmethod
    def of(
        cls, doc_id: str, span: Mapping[str, Any], *, reason: str, score: float, detail: str, other: str | None = None
    ) -> Suspect:
        """Give the row of an agreed span, which may have the ``other`` label instead, or none."""
        place = {name: span[name] for name in ("span_id", "start", "end", "surface", "label")}
        return cls(doc_id=doc_id, **place, reason=reason, score=score, detail=detail, other=other)
