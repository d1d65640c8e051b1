"""Relations in dispute, and where the spans that they join went, in; what they are now, with the same ends joined, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from copydesk.agreement.adjudication.readings import Contest, Place, Reading
from copydesk.agreement.identity import dispute_id, relation_id

Moves = dict[tuple[str, Place], Reading | None]
Ends = Mapping[tuple[str, Place], str]  # span_id of an agreed span by document and place


def add_moves(moves: Moves, contest: Contest, chosen: frozenset[Reading]) -> None:
    """Say where each place of a settled contest over spans went: to what was chosen there, or nowhere."""
    for reading in contest.held:
        moves[contest.doc_id, reading.head] = _nearest(reading.head, chosen)


def moved(contest: Contest, moves: Moves, ends: Ends) -> Contest:
    """Carry the ends of relations over; those that say the same afterwards are one, and one that has lost an end is gone."""
    held: dict[Reading, frozenset[str]] = {}
    for reading, people in contest.held.items():
        now = moved_reading(contest.doc_id, reading, moves)
        if now is not None:
            held[now] = held.get(now, frozenset()) | people
    return replace(
        contest,
        dispute_id=dispute_id(contest.doc_id, [_identity(contest.doc_id, one, ends) for one in held]),
        held=held,
        silent=contest.readers.difference(*held.values()),
    )


def is_touched(contest: Contest, moves: Moves) -> bool:
    """Whether an end of one of the relations was settled."""
    ends = ((contest.doc_id, place) for one in contest.held for place in (one.head, one.tail) if place)
    return any(end in moves for end in ends)


def moved_reading(doc_id: str, reading: Reading, moves: Moves) -> Reading | None:
    """Carry both ends of a relation over; None where one of them is gone, or both became one."""
    assert reading.tail is not None
    head = moves.get((doc_id, reading.head), Reading(*reading.head, "", reading.surface))
    tail = moves.get((doc_id, reading.tail), Reading(*reading.tail, "", reading.tail_surface))
    if head is None or tail is None or head.head == tail.head:
        return None
    return Reading(head.start, head.end, reading.label, head.surface, tail.head, tail.surface)


def _identity(doc_id: str, reading: Reading, ends: Ends) -> str:
    """Give the relation's identity when agreed; an end that is not agreed is told by its place."""
    places = (reading.head, reading.tail or reading.head)
    head, tail = (ends.get((doc_id, place), str(place)) for place in places)
    return relation_id(doc_id, head=head, tail=tail, label=reading.label)


def _nearest(place: Place, chosen: frozenset[Reading]) -> Reading | None:
    """Give what shares most characters with this place, of several the shortest; None where nothing shares any."""
    shared = {one: min(place[1], one.end) - max(place[0], one.start) for one in sorted(chosen)}
    best = max(shared, key=lambda one: (shared[one], one.start - one.end), default=None)
    return best if best is not None and shared[best] > 0 else None
