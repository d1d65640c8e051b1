"""The tables ``reads`` and ``categories`` in; who said what in each category of the schema out, as ratings of documents.

A reader who said nothing in a category of which one value is chosen is missing there; where several may be chosen, nothing is the
empty set, and a vote. Whoever did not read a document is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.classes.ratings import Ratings
from copydesk.agreement.columns import Bools, Floats, Ints, distinct, encode, look_up
from copydesk.agreement.votes import COUNTS, Ballot, count_votes
from copydesk.model.schema_parts import Attribute
from copydesk.model.tables import empty

NUMERIC = frozenset({"rating", "number"})


@dataclass(frozen=True, slots=True)
class Said:
    """What readers said in one category: ``ratings`` of documents by annotators, whose values are numbers from 0 up.

    ``names`` and ``numbers`` (of ratings and numbers) tell what the values are. Where several may be chosen a value is a set:
    ``sets[value, name]``. ``left_out`` readers gave several values where one is to be chosen, or something that is no number.
    """

    category: Attribute
    ratings: Ratings
    names: tuple[str, ...]
    numbers: Floats
    sets: Bools
    left_out: int


@dataclass(frozen=True, slots=True)
class Readings:
    """What counts among the reads (``count_votes``), and the rows of ``categories`` that belong to it."""

    ballot: Ballot
    rows: pa.Table
    read: Ints  # the read of each row, among the readers of all documents

    @classmethod
    def of(cls, *, reads: pa.Table, categories: pa.Table) -> Readings:
        """Count the reads: the newest revision of each document that was read, the latest annotation of each person."""
        ballot = count_votes(reads=reads, spans=empty("spans"), relations=empty("relations"))
        held, counted = ballot.annotations, ballot.reads
        annotation = look_up(categories["annotation_id"], held.ids)
        rows = np.flatnonzero(annotation >= 0)
        at = annotation[rows]
        belongs = (held.standing[at] == COUNTS) & (held.doc[at] == look_up(categories["doc_id"], counted.docs)[rows])
        rows, at = rows[belongs], at[belongs]
        people = len(counted.annotators)
        read = np.searchsorted(counted.doc * people + counted.annotator, held.doc[at] * people + held.annotator[at])
        return cls(ballot, categories.take(pa.array(rows)), read)

    def said(self, category: Attribute) -> Said:
        """Give what was said in one category."""
        rows = np.flatnonzero(pc.equal(self.rows["name"], category.name).to_numpy())
        table, read = self.rows.take(pa.array(rows)), self.read[rows]
        if category.kind in NUMERIC:
            return self._numbers(category, read, table["number"])
        values, value = encode(table["value"])
        names = list(dict.fromkeys([*(name for name, _ in category.choices), *values.to_pylist()]))
        value = np.array([names.index(one) for one in values.to_pylist()], np.int64)[value]
        if category.is_several:
            return self._sets(category, read, value, names)
        once, left_out = _once(read, value)
        return self._said(category, read[once], value[once], names=names, left_out=left_out)

    def _numbers(self, category: Attribute, read: Ints, column: pa.ChunkedArray) -> Said:
        given = column.to_numpy().astype(np.float64)
        known = np.flatnonzero(np.isfinite(given))
        numbers, value = np.unique(given[known], return_inverse=True)
        once, twice = _once(read[known], value)
        names = [f"{number:g}" for number in numbers]
        left_out = twice + len(given) - len(known)
        return self._said(category, read[known][once], value[once], names=names, numbers=numbers, left_out=left_out)

    def _sets(self, category: Attribute, read: Ints, value: Ints, names: list[str]) -> Said:
        """Make a value of each distinct set of choices; every reader has one, though it be empty."""
        chosen = np.zeros((len(self.ballot.reads.doc), max(len(names), 1)), bool)
        chosen[read, value] = True
        number = distinct(*_packed(chosen).T)[1]
        first = np.unique(number, return_index=True)[1]
        everybody = np.arange(len(chosen))
        return self._said(category, everybody, number, names=names, sets=chosen[first][:, : len(names)])

    def _said(
        self,
        category: Attribute,
        read: Ints,
        value: Ints,
        *,
        names: list[str],
        numbers: Floats | None = None,
        sets: Bools | None = None,
        left_out: int = 0,
    ) -> Said:
        reads = self.ballot.reads
        ratings = Ratings.of(
            reads.doc[read],
            reads.annotator[read],
            value,
            units=len(reads.docs),
            raters=len(reads.annotators),
            values=len(names) if sets is None else len(sets),
        )
        return Said(
            category,
            ratings,
            tuple(names),
            np.zeros(0) if numbers is None else numbers,
            np.zeros((0, 0), bool) if sets is None else sets,
            left_out,
        )


def _once(read: Ints, value: Ints) -> tuple[Ints, int]:
    """Give the rows of readers who gave one value (however often), once each, and how many readers gave several."""
    row, _ = distinct(read, value)
    _, first, times = np.unique(read[row], return_index=True, return_counts=True)
    return row[first[times == 1]], int(np.count_nonzero(times > 1))


def _packed(chosen: Bools) -> Ints:
    """Write each row of a table of yes and no as a few numbers."""
    width = 60
    blocks = [chosen[:, first : first + width] for first in range(0, chosen.shape[1], width)]
    return np.column_stack([block @ (1 << np.arange(block.shape[1])) for block in blocks]).astype(np.int64)
