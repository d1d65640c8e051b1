"""Contests and what was decided so far in; the question that is next, or what is settled, out.

A question has two options, A and B, since one key is to answer it. Readings that just the same people hold are one option: a
person who drew two spans where another drew one has one opinion. Where there are more than two options, the two that most people
hold are asked for and the others are told; ``neither`` then brings the next ones. Where one is left, B is "nothing".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from copydesk.agreement.adjudication.readings import Contest, Place, Reading, contest_of
from copydesk.model.tables import from_rows

SEND_BACK = "send_back"
_OUTCOMES: Mapping[str, Sequence[str]] = {"A": ("A",), "B": ("B",), "both": ("A", "B"), "neither": ()}
Option = tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What an adjudicator is asked: ``options`` by letter (an empty one is "nothing"), and what is told beside."""

    conflict_id: str
    options: Mapping[str, Option]
    others: tuple[Option, ...]
    after: tuple[str, ...]  # conflict_id of each that said "neither" before

    def as_rows(self) -> list[dict[str, Any]]:
        """Give the readings as a value of the table ``conflicts``."""
        asked = [one.as_row(letter) for letter, option in sorted(self.options.items()) for one in option]
        return asked + [one.as_row("") for option in self.others for one in option]


@dataclass(frozen=True, slots=True)
class Settled:
    """What the decisions chose of a contest; ``by`` are those that said so."""

    chosen: frozenset[Reading]
    by: tuple[str, ...]  # conflict_id of each


def ask(
    disputes: pa.Table, decisions: Iterable[Mapping[str, Any]], *, agreed_spans: pa.Table
) -> tuple[pa.Table, dict[str, str]]:
    """Give the table ``conflicts``, the most doubtful first, and why each other dispute is not asked for, by its id.

    ``disputes`` and ``agreed_spans`` are as they stand when the decisions are applied. A relation is asked for when both its ends
    are agreed, and not before.
    """
    latest = latest_of(decisions)
    ends = {
        (doc_id, start, end)
        for doc_id, start, end in zip(
            *(agreed_spans[name].to_pylist() for name in ("doc_id", "start", "end")), strict=True
        )
    }
    rows, waiting = [], {}
    for dispute in disputes.to_pylist():
        contest = contest_of(dispute)
        if contest is None:
            waiting[dispute["dispute_id"]] = "unreadable"
        elif not all((contest.doc_id, *place) in ends for place in _ends(contest)):
            waiting[dispute["dispute_id"]] = "end-in-dispute"
        elif isinstance(question := answer(contest, latest), Question):
            rows.append(_row(contest, question))
    rows.sort(key=lambda row: (-row["doubt"], row["doc_id"], row["start"], row["end"], row["conflict_id"]))
    return from_rows("conflicts", rows), waiting


def latest_of(decisions: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Give the latest decision of each conflict."""
    found: dict[str, Mapping[str, Any]] = {}
    for row in sorted(decisions, key=lambda row: (row["at"], row["annotation_id"])):
        found[row["conflict_id"]] = row
    return found


def answer(contest: Contest, latest: Mapping[str, Mapping[str, Any]]) -> Question | Settled:
    """Follow the decisions of a contest to what they settle, or to the question that is open.

    A decision is one of all the readings that were left then, whoever held them: more votes for them do not undo it.
    """
    left, heard = frozenset(contest.held), list[str]()
    while left:
        conflict_id = conflict_of(contest.doc_id, contest.name, left)
        decision = latest.get(conflict_id)
        if decision is None or decision["outcome"] == SEND_BACK:
            return _question(conflict_id, contest, left, after=tuple(heard))
        heard.append(conflict_id)
        letters = _OUTCOMES[decision["outcome"]]
        if letters:
            return Settled(_readings(decision, letters), tuple(heard))
        left = _readings(decision, ("",))
    return Settled(frozenset(), tuple(heard))


def conflict_of(doc_id: str, name: str, readings: Iterable[Reading]) -> str:
    """The identity of a conflict over these readings, whoever holds them and however they are asked for."""
    said = [str(one.as_row("")) for one in sorted(readings)]
    return f"conflict-{hashlib.sha256(chr(0).join([doc_id, name, *said]).encode()).hexdigest()[:16]}"


def conflict_of_row(row: Mapping[str, Any]) -> str:
    """The identity of the conflict that a row of ``decisions`` shows."""
    return conflict_of(row["doc_id"], row["name"], [Reading.of_row(one) for one in row["readings"]])


def _readings(decision: Mapping[str, Any], letters: Sequence[str]) -> frozenset[Reading]:
    return frozenset(Reading.of_row(row) for row in decision["readings"] if row["option"] in letters)


def _question(conflict_id: str, contest: Contest, left: frozenset[Reading], *, after: tuple[str, ...]) -> Question:
    """Ask for the two options that most people hold."""
    by_people: dict[frozenset[str], list[Reading]] = {}
    for reading in sorted(left):
        by_people.setdefault(contest.held[reading], []).append(reading)
    options = sorted((tuple(held) for held in by_people.values()), key=lambda one: (-len(contest.held[one[0]]), one))
    asked = [options[0], options[1] if len(options) > 1 else ()]
    return Question(conflict_id, lettered(conflict_id, asked), tuple(options[2:]), after)


def lettered(conflict_id: str, options: Sequence[Option]) -> dict[str, Option]:
    """Call two options A and B, in an order that is random and always the same."""
    return dict(zip("AB", reversed(options) if int(conflict_id[-1], 16) % 2 else options, strict=True))


def _ends(contest: Contest) -> set[Place]:
    """Give the places that must be agreed before the contest is."""
    return {place for one in contest.held if one.tail for place in (one.head, one.tail)}


def _row(contest: Contest, question: Question) -> dict[str, Any]:
    return {
        "conflict_id": question.conflict_id,
        "dispute_id": contest.dispute_id,
        "doc_id": contest.doc_id,
        "revision": contest.revision,
        "kind": contest.kind,
        "name": contest.name,
        "start": contest.start,
        "end": contest.end,
        "readings": question.as_rows(),
        "doubt": _doubt(contest),
    }


def _doubt(contest: Contest) -> float:
    """Give how open a contest is: by the posterior of what would win, or else by how far it leads, of all who have a say."""
    if contest.posterior is not None:
        return min(max(1.0 - contest.posterior, 0.0), 1.0)
    votes = sorted([len(people) for people in contest.held.values()] + [len(contest.silent)], reverse=True)
    return 1.0 - (votes[0] - votes[1]) / len(contest.readers)
