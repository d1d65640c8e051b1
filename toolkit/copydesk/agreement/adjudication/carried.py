"""Decisions made on older texts in; the same decisions, of the same words where they stand in the newest texts, out.

A decision follows its words as the labels do that it is of (``model.anchor``): where the place of one of them is not certain, it
decides nothing any more, and what is disputed there is asked for again. What was sent back stays as it is: its sending was for then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from copydesk.agreement.adjudication.ask import SEND_BACK, conflict_of
from copydesk.agreement.adjudication.readings import Place, Reading
from copydesk.agreement.identity import dispute_id, span_id
from copydesk.model.alignment import Alignment, align
from copydesk.model.anchor import place

Row = dict[str, Any]
Texts = Mapping[str, Mapping[int, str]]  # of each document, by revision


@dataclass(slots=True)
class Carrier:
    """Carries readings over to the newest of the ``texts``; two texts are aligned once."""

    texts: Texts
    _alignments: dict[tuple[str, int], Alignment] = field(default_factory=dict)

    def decisions(self, rows: Iterable[Row]) -> list[Row]:
        """Carry rows of ``decisions``; one that has no certain place is left out."""
        carried = (self._decision(row) if self._is_older(row) else row for row in rows)
        return [row for row in carried if row is not None]

    def known(self, row: Row) -> Row:
        """Carry what was known of a document, in a row of ``document_decisions``; what has no certain place is left out."""
        if not self._is_older(row):
            return row
        found = []
        for one in row["known"]:
            reading = Reading.of_row(one)
            now = reading if one["name"] else self._reading(row, reading)
            if now is not None:
                found.append({"name": one["name"], **now.as_value()})
        return {**row, "known": found}

    def _is_older(self, row: Row) -> bool:
        versions = self.texts.get(row["doc_id"], {})
        return row["revision"] in versions and row["revision"] < max(versions)

    def _decision(self, row: Row) -> Row | None:
        if row["kind"] == "category" or row["outcome"] == SEND_BACK:
            return row
        readings = [self._reading(row, Reading.of_row(one)) for one in row["readings"]]
        there = [one for one in readings if one is not None]
        if len(there) < len(readings):
            return None
        told = [now.as_row(one["option"]) for now, one in zip(there, row["readings"], strict=True)]
        ids = {"conflict_id": conflict_of(row["doc_id"], row["name"], there)}
        if (
            row["kind"] != "relation"
        ):  # a relation's is made of the labels of its ends, too, which the decision does not say
            ids["dispute_id"] = dispute_of(row["doc_id"], there)
        return {**row, **ids, "readings": told}

    def _reading(self, row: Row, reading: Reading) -> Reading | None:
        """Carry a span or relation; None where a place is not certain."""
        doc_id, revision = row["doc_id"], row["revision"]
        newest = self.texts[doc_id][max(self.texts[doc_id])]
        head = self._place(doc_id, revision, reading.head)
        tail = self._place(doc_id, revision, reading.tail) if reading.tail else None
        if head is None or (reading.tail and tail is None):
            return None
        surfaces = newest[slice(*head)], newest[slice(*tail)] if tail else ""
        return replace(reading, start=head[0], end=head[1], surface=surfaces[0], tail=tail, tail_surface=surfaces[1])

    def _place(self, doc_id: str, revision: int, there: Place) -> Place | None:
        versions = self.texts[doc_id]
        if (doc_id, revision) not in self._alignments:
            self._alignments[doc_id, revision] = align(versions[revision], versions[max(versions)])
        placed = place(self._alignments[doc_id, revision], *there)
        return (placed.start, placed.end) if placed.certain else None


def dispute_of(doc_id: str, readings: Iterable[Reading]) -> str:
    """The identity of a dispute over spans."""
    return dispute_id(doc_id, [span_id(doc_id, start=one.start, end=one.end, label=one.label) for one in readings])
