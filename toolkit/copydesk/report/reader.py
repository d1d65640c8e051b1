"""A text, its zones and what was marked in it by several hands go in; the text in pieces that can be drawn one after the other comes out.

A text is cut at every boundary: of zones into blocks, and within these of marks into segments, each with all marks over it. Marks that
meet are on lanes of their own below the line, so that nested and crossing ones can be told apart.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise

from copydesk.model.document import RESIDUE_ZONES

AGREED = "agreed"
LANES = 6  # that can be told apart; deeper ones share the last
DIFFERENCES = {  # what it is called, and the sign for it
    "label": ("other label", "≠"),
    "boundary": ("other boundary", "↔"),
    "only": ("only here", "∗"),
    "some": ("not all", "◐"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of the text with a label. ``key`` is its own on the page; ``href`` leads to what is known of it.

    ``kind`` is label, dispute or waiting; ``told`` says in a sentence where it comes from; ``difference`` is one of ``DIFFERENCES``,
    or empty.
    """

    key: str
    start: int
    end: int
    label: str
    href: str
    told: str
    kind: str = "label"
    difference: str = ""
    lane: int = 0

    @property
    def differs(self) -> tuple[str, str]:
        """What the difference is called, and the sign for it."""
        return DIFFERENCES.get(self.difference, ("", ""))


@dataclass(frozen=True, slots=True)
class Layer:
    """What one hand marked: that of an annotator, or what is agreed."""

    name: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of the text; ``speaker`` is where a quote says who speaks."""

    kind: str
    start: int
    end: int
    rule: str
    speaker: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text that nothing begins or ends in. ``opens`` are the marks that begin with it, ``over`` all that lie over it."""

    text: str
    opens: tuple[Mark, ...]
    over: tuple[Mark, ...]
    role: str = ""  # quoted, speaker


@dataclass(frozen=True, slots=True)
class Block:
    """What one zone holds, as each layer has it. ``lanes`` is how many of them the deepest place needs."""

    kind: str
    rule: str
    columns: tuple[tuple[Segment, ...], ...]
    lanes: int

    @property
    def is_residue(self) -> bool:
        """Whether it is no part of the story."""
        return self.kind in RESIDUE_ZONES


def blocks(text: str, zones: Sequence[Zone], layers: Sequence[Layer]) -> Iterator[Block]:
    """Cut a text into blocks; white space between zones is left out, where nothing is marked in it."""
    quotes = [zone for zone in zones if zone.kind == "quote"]
    roles = {
        "speaker": sorted(zone.speaker for zone in quotes if zone.speaker),
        "quoted": sorted((zone.start, zone.end) for zone in quotes),
    }
    sides = [_Side(on_lanes(layer.marks), roles) for layer in layers]
    for start, end, zone in _stretches(len(text), [zone for zone in zones if zone.kind != "quote"]):
        is_blank = zone is None and not text[start:end].strip()
        if is_blank and not any(side.begins_in(start, end) for side in sides):
            continue
        columns = tuple(tuple(side.segments(text, start, end)) for side in sides)
        lanes = max((mark.lane + 1 for column in columns for one in column for mark in one.over), default=0)
        yield Block(zone.kind if zone else "", zone.rule if zone else "", columns, min(lanes, LANES))


def on_lanes(marks: Iterable[Mark]) -> list[Mark]:
    """Put marks that meet on different lanes, the longer ones of one place first."""
    free_from: list[int] = []  # each lane, from this character on
    placed = []
    for mark in sorted(marks, key=lambda one: (one.start, -one.end, one.key)):
        lane = next((number for number, end in enumerate(free_from) if end <= mark.start), len(free_from))
        free_from[lane : lane + 1] = [mark.end]
        placed.append(replace(mark, lane=min(lane, LANES - 1)))
    return placed


def _stretches(length: int, zones: Sequence[Zone]) -> Iterator[tuple[int, int, Zone | None]]:
    """Go through a text by the innermost zone."""
    cuts = sorted({0, length, *(at for zone in zones for at in (zone.start, zone.end) if 0 <= at <= length)})
    waiting = sorted(zones, key=lambda zone: zone.start, reverse=True)
    here: list[Zone] = []
    begun, last = 0, None
    for start, _ in pairwise([*cuts, length]):
        here = [zone for zone in here if zone.end > start]
        while waiting and waiting[-1].start <= start:
            here.append(waiting.pop())
        inner = min((zone for zone in here if zone.end > start), key=lambda zone: zone.end - zone.start, default=None)
        if start and inner is not last:
            yield begun, start, last
            begun = start
        last = inner
    if begun < length:
        yield begun, length, last


class _Side:
    """The marks of one layer, in the order of the text."""

    def __init__(self, marks: Sequence[Mark], roles: Mapping[str, Sequence[tuple[int, int]]]) -> None:
        self._marks = sorted(marks, key=lambda mark: (mark.start, mark.lane))
        self._next = 0
        self._open: list[Mark] = []
        self._roles = roles
        edges = {at for mark in marks for at in (mark.start, mark.end)}
        self._cuts = sorted(edges | {at for places in roles.values() for place in places for at in place})

    def begins_in(self, start: int, end: int) -> bool:
        """Whether a mark is to be shown there that was not shown before; stretches are asked for in their order."""
        return any(mark.start < end for mark in self._marks[self._next : self._next + 1])

    def segments(self, text: str, start: int, end: int) -> Iterator[Segment]:
        """Give the segments of a stretch; stretches are asked for in their order."""
        cuts = self._cuts[bisect.bisect_right(self._cuts, start) : bisect.bisect_left(self._cuts, end)]
        for low, high in pairwise([start, *cuts, end]):
            self._open = [mark for mark in self._open if mark.end > low]
            opens = []
            while self._next < len(self._marks) and self._marks[self._next].start < high:
                opens.append(self._marks[self._next])
                self._next += 1
            self._open += opens
            over = tuple(sorted(self._open, key=lambda mark: mark.lane))
            role = next((name for name, places in self._roles.items() if _is_in(low, places)), "")
            yield Segment(text[low:high], tuple(opens), over, role)


def _is_in(at: int, places: Sequence[tuple[int, int]]) -> bool:
    """Whether a character is in one of these places, which do not overlap and are in order."""
    before = bisect.bisect_right(places, at, key=lambda place: place[0])
    return before > 0 and at < places[before - 1][1]


def compared(layers: Sequence[Layer]) -> list[Layer]:
    """Say of each mark in what it differs from those of the other layers."""
    known = [Places(layer.marks) for layer in layers]
    return [
        replace(
            layer,
            marks=tuple(
                replace(mark, difference=_difference(mark, own, [one for one in known if one is not own]))
                for mark in layer.marks
            ),
        )
        for layer, own in zip(layers, known, strict=True)
    ]


def _difference(mark: Mark, own: Places, others: Sequence[Places]) -> str:
    """Say what others have in the place of a mark; what its own layer has, too, is not in its place."""
    lacking = [one for one in others if not one.has(mark)]
    if not lacking:
        return ""
    met = [other for one in lacking for other in one.meeting(mark.start, mark.end) if not own.has(other)]
    if not met:
        return "only" if len(lacking) == len(others) else "some"
    return "boundary" if any(other.label == mark.label for other in met) else "label"


class Places:
    """Marks, to be found by where they are."""

    def __init__(self, marks: Iterable[Mark]) -> None:
        self._marks = sorted(marks, key=lambda mark: mark.start)
        self._starts = [mark.start for mark in self._marks]
        self._reach = list(accumulate((mark.end for mark in self._marks), max))
        self._same = {(mark.start, mark.end, mark.label) for mark in self._marks}

    def has(self, mark: Mark) -> bool:
        """Whether the very same is among them."""
        return (mark.start, mark.end, mark.label) in self._same

    def meeting(self, start: int, end: int) -> Iterator[Mark]:
        """Give those that share a character with a stretch."""
        first, last = bisect.bisect_right(self._reach, start), bisect.bisect_left(self._starts, end)
        return (mark for mark in self._marks[first:last] if mark.end > start)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label of the schema as the legend shows it: name, key, the number of its colour, and how often it is there."""

    name: str
    hotkey: str
    colour: int
    count: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """An entry beside the text: what it is headed, sentences about it, and marks that it leads to, each with its words."""

    key: str
    head: str
    lines: tuple[str, ...] = ()
    links: tuple[tuple[str, str, str], ...] = ()  # what it is there, its words, its key
    href: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that the page of a document shows."""

    doc_id: str
    title: str | None
    facts: Mapping[str, str]
    revision: int
    revisions: Sequence[int]
    text: str
    zones: Sequence[Zone]
    layers: Sequence[Layer]
    labels: Sequence[Labelled]
    notes: Sequence[str] = ()
    beside: Mapping[str, Sequence[Said]] = field(default_factory=dict)
