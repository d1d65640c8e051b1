"""Regions of a result go in, spans come out, and which pairs of them a relation may join; what does not fit is told with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from copydesk.model.schema import RelationType

Key = tuple[int, int, str]


@dataclass(slots=True)
class Span:
    """A span while its annotation is read; attributes are added as they are met."""

    span_id: str
    start: int
    end: int
    label: str
    origin: str
    attributes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def place(self) -> Key:
        """Where it stands, and its label: what makes two spans of an annotation the same."""
        return self.start, self.end, self.label


class UnfitError(Exception):
    """One part of a result does not fit; carries the reason and the sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def units(item: Mapping[str, Any], key: str) -> object:
    """Give what an item says under a key: its labels or values, in a list where there is one alone."""
    value = item.get("value")
    said = value.get(key) if isinstance(value, Mapping) else None
    return [said] if isinstance(said, str) else said


def place_in(value: Mapping[str, Any], text: str) -> tuple[int, int]:
    """Check a region's offsets and trim white space at its edges."""
    start, end = value.get("start"), value.get("end")
    if type(start) is not int or type(end) is not int or start < 0 or end <= start:
        raise UnfitError("bad-offsets", f"offsets {start!r}:{end!r} are no span")
    if end > len(text):
        raise UnfitError("span-outside-text", f"[{start}:{end}] reaches beyond the text of {len(text)} characters")
    surface = text[start:end]
    trimmed = surface.strip()
    if not trimmed:
        raise UnfitError("empty-span", f"[{start}:{end}] holds nothing but white space")
    start += len(surface) - len(surface.lstrip())
    return start, start + len(trimmed)


def is_said(span: Span, name: str, value: str, *, once: bool) -> bool:
    """Say whether this was said of a span before; of what is said ``once`` alone, whether anything was."""
    return any(key == name and (once or said == value) for key, said in span.attributes)


def joined(relation: RelationType, heads: Sequence[Span], tails: Sequence[Span]) -> tuple[Span, Span]:
    """Give the first pair of spans that the relation may join; a symmetric relation runs in the order of the text."""
    for head, tail in _pairs(heads, tails):
        if relation.symmetric:
            first, second = sorted((head, tail), key=lambda span: span.place)
            if _allows(relation, first, second) or _allows(relation, second, first):
                return first, second
        elif _allows(relation, head, tail):
            return head, tail
    ends = f"{heads[0].label} and {tails[0].label}"
    if not any(_pairs(heads, tails)):
        raise UnfitError("relation-to-itself", f"{relation.name} joins a span to itself")
    raise UnfitError("relation-not-allowed", f"{relation.name} does not join {ends} in this direction")


def _pairs(heads: Sequence[Span], tails: Sequence[Span]) -> Iterator[tuple[Span, Span]]:
    return ((head, tail) for head in heads for tail in tails if head is not tail)


def _allows(relation: RelationType, head: Span, tail: Span) -> bool:
    return (not relation.heads or head.label in relation.heads) and (not relation.tails or tail.label in relation.tails)
