"""What is known of a label goes in, sentences that say where it came from come out: each for one link of the chain.

``copydesk show`` strings them together under each label of a document, ``copydesk why`` tells them of one label with all that is
behind them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_Row = Mapping[str, Any]


def place_in_article(start: int, end: int, edits: Sequence[_Row]) -> tuple[int, int]:
    """Give where the characters ``start`` to ``end`` of a text come from in the decoded article; ``edits`` are in order."""
    return _in_article(start, edits)[0], _in_article(end - 1, edits)[1]


def edits_about(start: int, end: int, edits: Sequence[_Row]) -> tuple[list[_Row], list[_Row]]:
    """Give the edits that moved the characters ``start`` to ``end`` of a text, and those that changed something in them."""
    before: list[_Row] = []
    within: list[_Row] = []
    shift = 0
    for edit in edits:
        first = edit["start"] + shift
        last = first + len(edit["inserted"])
        if first >= end:
            break
        (within if last > start else before).append(edit)
        shift += len(edit["inserted"]) - len(edit["removed"])
    return before, within


def article_told(document: _Row, place: tuple[int, int]) -> str:
    """Say which article a label stands in, and where."""
    return f"raw article {document['raw_sha256'][:12]} ({document['source']}), characters {place[0]} to {place[1]}"


def document_told(document: _Row) -> str:
    """Say which text it was made on."""
    return f"text {document['text_sha256'][:12]}, revision {document['revision']}, made by {document['recipe']}"


def decision_told(label: _Row) -> str:
    """Say how it was decided."""
    return f"{label['decided']}: {label['votes']} of {label['readers']} readers"


def vote_told(read: _Row, anchor: _Row | None) -> str:
    """Say who drew it, and when; ``anchor`` says where, if that was on an older text."""
    when = read["updated_at"] or "no time given"
    return f"drawn by {read['annotator']} in annotation {read['annotation_id']}, {when}{_made_on(anchor)}"


def _made_on(anchor: _Row | None) -> str:
    """Say where a label was drawn that was carried over from an older text; a published version does not hold its words."""
    if anchor is None:
        return ""
    made = anchor.get("made_surface")
    there = f" as {made!r} [{anchor['made_start']}:{anchor['made_end']}]" if made is not None else ""
    return (
        f", on revision {anchor['made_on_revision']}{there}, {anchor['anchored']} (score {anchor['anchor_score']:.2f})"
    )


def _in_article(offset: int, edits: Sequence[_Row]) -> tuple[int, int]:
    """Where a character of the text comes from in the decoded article, as start and end.

    One that an edit put there comes from all that the edit replaced.
    """
    shift = 0
    for edit in edits:
        start = edit["start"] + shift
        if offset < start:
            break
        if offset < start + len(edit["inserted"]):
            return edit["start"], edit["end"]
        shift += len(edit["inserted"]) - len(edit["removed"])
    return offset - shift, offset - shift + 1
