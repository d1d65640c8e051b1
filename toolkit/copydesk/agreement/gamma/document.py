"""What people drew in one document in, the alignment that gamma rests on out: which of their units belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from copydesk.agreement.compare import places_of
from copydesk.agreement.gamma.compute import aligned
from copydesk.agreement.gamma.continua import Dissimilarity
from copydesk.agreement.gamma.figures import units_in
from copydesk.agreement.votes import count_votes
from copydesk.model.tables import empty

SAME, LABEL, PLACE, BOTH, MISSING = "same", "other label", "other boundary", "other label and boundary", "not by all"


@dataclass(frozen=True, slots=True)
class Unit:
    """A span that somebody drew: ``together`` is the number of its set, from 1 in the order of the text."""

    annotator: str
    start: int
    end: int
    label: str
    together: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """The best alignment of a document. ``windowed``: it was too crowded to be aligned whole; ``unsolved``: even in windows."""

    annotators: tuple[str, ...]
    units: tuple[Unit, ...]
    windowed: bool
    unsolved: bool

    @property
    def sets(self) -> dict[int, list[Unit]]:
        """The units of each set, by its number."""
        found: dict[int, list[Unit]] = {}
        for unit in sorted(self.units, key=lambda unit: unit.together):
            found.setdefault(unit.together, []).append(unit)
        return found

    def kind(self, units: Sequence[Unit]) -> str:
        """Say how the units of a set differ."""
        if len(units) < len(self.annotators):
            return MISSING
        labels, places = len({one.label for one in units}) > 1, len({(one.start, one.end) for one in units}) > 1
        return {(False, False): SAME, (True, False): LABEL, (False, True): PLACE, (True, True): BOTH}[labels, places]


def alignment_of(*, reads: pa.Table, spans: pa.Table) -> Alignment:
    """Align what was drawn in the one document of the tables ``reads`` and ``spans``; of nobody or nothing there are no units."""
    ballot = count_votes(reads=reads, spans=spans, relations=empty("relations"))
    votes, read = ballot.spans, ballot.reads
    names = [str(label) for label in votes.labels.to_pylist()]
    people = tuple(read.names(read.annotator))
    if not len(votes.drawn):
        return Alignment(people, (), windowed=False, unsolved=False)
    units = units_in(votes, read, np.arange(1), places_of(votes, names))
    together, windowed, unsolved = aligned(units, Dissimilarity())
    _, number = np.unique(together, return_inverse=True)
    columns = (
        units.annotator,
        units.start.astype(np.int64),
        units.end.astype(np.int64),
        units.category,
        number.ravel() + 1,
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    made = tuple(Unit(people[who], start, end, names[label], at) for who, start, end, label, at in rows)
    return Alignment(people, made, bool(windowed[0]), bool(unsolved[0]))
