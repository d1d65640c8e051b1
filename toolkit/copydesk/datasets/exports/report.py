"""What an export wrote, and what it could not: nothing is left out without a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

_FIRST = 5


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A span or relation that a format cannot hold.

    ``reason``: misaligned (a token stands on its boundary), nested (within the span ``beside``, or around it), crossing (the span
    ``beside`` goes on beyond its boundary), end-left-out (of a relation).
    """

    split: str
    doc_id: str
    kind: str  # span, relation
    id: str
    label: str
    reason: str
    start: int | None = None
    end: int | None = None
    beside: str = ""  # span_id of what was kept in its place

    def as_row(self) -> dict[str, Any]:
        """Give it as one JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Made:
    """What a format wrote: ``counts`` of what is in the files. ``tokenizer`` is empty where the format has no tokens."""

    counts: Mapping[str, int]
    left_out: Sequence[LeftOut] = ()
    tokenizer: str = ""


@dataclass(slots=True)
class Tally:
    """Gathers what a format writes, document after document."""

    tokenizer: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)

    def add(self, **counts: int) -> None:
        """Count what was written."""
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + count

    def made(self) -> Made:
        """Give what was gathered."""
        return Made(self.counts, self.left_out, self.tokenizer)


def summary(left_out: Sequence[LeftOut]) -> dict[str, dict[str, Any]]:
    """Count what was left out by kind and reason (``nested spans``), with the first ids of each."""
    ids: dict[str, list[str]] = {}
    for one in left_out:
        ids.setdefault(f"{one.reason} {one.kind}s", []).append(one.id)
    return {name: {"count": len(those), "first": those[:_FIRST]} for name, those in sorted(ids.items())}
