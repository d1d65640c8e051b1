"""What a step of the line reports: counts, reasons of rejection, and facts for people and programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Report:
    """What one step did. ``counts`` are in the order in which they are to be read; ``lines`` are whole sentences."""

    stage: str
    counts: Mapping[str, int]
    changed: bool = True
    lines: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    def of(self, schema: str) -> Report:
        """The same report as that of one schema among several."""
        return replace(self, stage=f"{self.stage} {schema}", data={**self.data, "schema": schema})

    def followed_by(self, more: Report) -> Report:
        """The same report with what another says of what was done next."""
        return replace(
            self,
            counts={**self.counts, **more.counts},
            changed=self.changed or more.changed,
            lines=(*self.lines, *more.lines),
            data={**self.data, **more.data},
        )

    def as_dict(self) -> dict[str, Any]:
        """Give the report as one JSON object."""
        return {"stage": self.stage, "counts": dict(self.counts), "changed": self.changed, **self.data}


def reason_lines(rejected: Iterable[Mapping[str, Any]], *, shown: int = 5) -> tuple[str, ...]:
    """Say why rows were rejected: a line for each of the first, and how many more there are."""
    rows = list(rejected)
    lines = [f"rejected {row['item']}: {row['detail']}" for row in rows[:shown]]
    if len(rows) > shown:
        lines.append(f"… and {len(rows) - shown} more")
    return tuple(lines)


def reason_counts(rejected: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Count rejected rows by reason."""
    counts: dict[str, int] = {}
    for row in rejected:
        counts[row["reason"]] = counts.get(row["reason"], 0) + 1
    return dict(sorted(counts.items()))
