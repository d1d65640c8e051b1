"""Rows of ``suspects`` in, questions about them out: what is published against what it may be instead, nobody's name on either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from copydesk.agreement.adjudication.ask import conflict_of, lettered
from copydesk.agreement.adjudication.carried import dispute_of
from copydesk.agreement.adjudication.readings import SUSPECT, Reading

Row = dict[str, Any]


def conflicts_of_suspects(suspects: Iterable[Mapping[str, Any]], *, revisions: Mapping[str, int]) -> list[Row]:
    """Give a row of ``conflicts`` for each suspect, in their order; ``revisions`` are the newest of the documents."""
    return [_conflict(row, revisions[row["doc_id"]]) for row in suspects]


def _conflict(suspect: Mapping[str, Any], revision: int) -> Row:
    labels = [label for label in (suspect["label"], suspect["other"]) if label is not None]
    readings = [Reading(suspect["start"], suspect["end"], label, suspect["surface"]) for label in labels]
    conflict_id = conflict_of(suspect["doc_id"], "", readings)
    options = [(one,) for one in readings] + [()] * (2 - len(readings))
    asked = lettered(conflict_id, options)
    return {
        "conflict_id": conflict_id,
        "dispute_id": dispute_of(suspect["doc_id"], readings),
        "doc_id": suspect["doc_id"],
        "revision": revision,
        "kind": SUSPECT,
        "name": "",
        "start": suspect["start"],
        "end": suspect["end"],
        "readings": [one.as_row(letter) for letter, option in asked.items() for one in option],
        "doubt": suspect["score"],
    }
