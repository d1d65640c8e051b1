"""A row of ``disputes`` in, its readings as values out: what somebody drew or said, where, and who holds it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

NOTHING = "nothing"
SUSPECT = "suspect"  # the kind of a label that nobody disputes, and that is asked for all the same
_PLACE = re.compile(r"\[(\d+):(\d+)\] ")
_ARROW = " → "
_OF_DOCUMENT = " of the document: "

Place = tuple[int, int]


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """A span, a relation from ``start``, ``end`` to ``tail``, or a value of a category (``label``), whatever who holds it."""

    start: int
    end: int
    label: str
    surface: str
    tail: Place | None = None
    tail_surface: str = ""

    @property
    def head(self) -> Place:
        """Where a span stands, or a relation begins."""
        return self.start, self.end

    def as_row(self, option: str) -> dict[str, Any]:
        """Give the reading as a value of the tables ``conflicts`` and ``decisions``."""
        return {"option": option, **self.as_value()}

    def as_value(self) -> dict[str, Any]:
        """Give the reading alone."""
        tail_start, tail_end = self.tail or (None, None)
        return {
            "label": self.label,
            "start": self.start,
            "end": self.end,
            "surface": self.surface,
            "tail_start": tail_start,
            "tail_end": tail_end,
            "tail_surface": self.tail_surface if self.tail else None,
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Reading:
        """Take a reading from such a value."""
        tail = None if row["tail_start"] is None else (int(row["tail_start"]), int(row["tail_end"]))
        place = int(row["start"]), int(row["end"])
        return cls(*place, row["label"], row["surface"], tail, row["tail_surface"] or "")


@dataclass(frozen=True, slots=True)
class Contest:
    """A dispute whose readings are values. ``held`` gives who holds each, ``silent`` who read the place and drew nothing."""

    dispute_id: str
    doc_id: str
    revision: int
    kind: str
    name: str  # of a category
    start: int
    end: int
    held: Mapping[Reading, frozenset[str]]
    silent: frozenset[str] = frozenset()
    posterior: float | None = None  # of what would win

    @property
    def readers(self) -> frozenset[str]:
        """Everybody who has a say here."""
        return self.silent.union(*self.held.values())

    @property
    def about(self) -> str:
        """What it is about: ``span``, ``relation`` or ``category``."""
        return self.kind if self.kind in {"relation", "category"} else "span"


def contest_of(row: Mapping[str, Any]) -> Contest | None:
    """Read a row of ``disputes``; None where its readings are written in another way than is known here.

    Who holds a reading stands behind its last colon, and a place says how long its words are, so that words may hold anything.
    """
    category = row["kind"] == "category"
    held: dict[Reading, frozenset[str]] = {}
    silent: frozenset[str] = frozenset()
    for told in row["readings"]:
        said, _, names = told.rpartition(": ")
        people = frozenset(names.split(", "))
        if said == NOTHING:
            silent = people
            continue
        reading = Reading(0, 0, said, said) if category else read(said)
        if reading is None:
            return None
        # relations that differ in the labels of their ends alone read alike
        held[reading] = held.get(reading, frozenset()) | people
    if not held:
        return None
    return Contest(
        dispute_id=row["dispute_id"],
        doc_id=row["doc_id"],
        revision=row["revision"],
        kind=row["kind"],
        name=row["detail"].partition(_OF_DOCUMENT)[0] if category else "",
        start=row["start"],
        end=row["end"],
        held=held,
        silent=silent,
        posterior=row.get("posterior"),
    )


def read(said: str) -> Reading | None:
    """Read a span or relation in words: ``PLACE [0:4] Qaim``, ``located_in [0:4] Qaim → [8:12] Iraq``."""
    first = _PLACE.search(said)
    if first is None or first.start() < 2:
        return None
    label = said[: first.start() - 1]
    start, end = int(first[1]), int(first[2])
    surface, rest = said[first.end() :][: end - start], said[first.end() :][end - start :]
    if not rest:
        return Reading(start, end, label, surface) if len(surface) == end - start else None
    second = _PLACE.match(rest, len(_ARROW))
    if not rest.startswith(_ARROW) or second is None:
        return None
    tail = int(second[1]), int(second[2])
    words = rest[second.end() :]
    return Reading(start, end, label, surface, tail, words) if len(words) == tail[1] - tail[0] else None


def in_words(reading: Reading) -> str:
    """Write a reading as ``disputes`` does; ``read`` is its inverse."""
    head = f"{reading.label} [{reading.start}:{reading.end}] {reading.surface}"
    return head + (f"{_ARROW}[{reading.tail[0]}:{reading.tail[1]}] {reading.tail_surface}" if reading.tail else "")


def told(held: Mapping[Reading, Iterable[str]], silent: Iterable[str]) -> list[str]:
    """Write the readings of a dispute and who holds them, as ``disputes`` does."""
    lines = [f"{in_words(reading)}: {', '.join(sorted(people))}" for reading, people in sorted(held.items())]
    return lines + ([f"{NOTHING}: {', '.join(sorted(silent))}"] if silent else [])
