"""Agreed labels and disputes as the votes alone make them, and decisions, in; both as they stand with the decisions out.

A decision holds for the readings that were shown. It settles the dispute over just these, and goes on holding where more votes
would settle that otherwise: as long as all of them are still held, and none of them is part of another dispute. Where somebody's
labels changed so that other readings compete, the dispute is open again, and the decision is told as one that holds no more.

What settles a span carries the relations that end there over to what was chosen; where they then say the same, they are agreed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from copydesk.agreement.adjudication.ask import Question, Settled, answer, latest_of
from copydesk.agreement.adjudication.book import Book
from copydesk.agreement.adjudication.moved import Ends, Moves, add_moves, is_touched, moved, moved_reading
from copydesk.agreement.adjudication.readings import Contest, Reading
from copydesk.agreement.adjudication.rows import Heard

HOLDS, SENT_BACK, OPEN_AGAIN, PAST = "holds", "sent-back", "open-again", "past"


@dataclass(frozen=True, slots=True)
class Applied:
    """The tables with the decisions applied, and of each conflict decided how its decision stands.

    ``standing`` is ``holds``, ``sent-back``, ``open-again`` (other readings compete now) or ``past`` (nobody holds some of what
    was shown any more, and nothing is open there).
    """

    tables: dict[str, pa.Table]
    standing: dict[str, str]


def apply_decisions(tables: Mapping[str, pa.Table], decisions: Sequence[Mapping[str, Any]], *, heard: Heard) -> Applied:
    """Apply decisions to ``agreed_spans``, ``agreed_relations``, ``agreed_categories``, ``disputes`` and ``rejected``.

    ``decisions`` are rows of that table, in any order; ``heard`` is what the annotators of at least their documents said. What was
    chosen is agreed (``decided`` is ``adjudicated``); the rows of what was not are rejected, with the reason ``adjudicated``. The
    other tables in ``tables`` stay as they are.
    """
    latest = latest_of(decisions)
    if not latest:
        return Applied(dict(tables), {})
    book = Book.open(tables, heard=heard, doc_ids={row["doc_id"] for row in latest.values()})
    work = _Work(book, latest)
    before = book.agreed_places()
    work.settle("span")
    book.carry_agreed(work.moves, before)
    work.carry_relations()
    work.settle("relation")
    work.settle("category")
    return Applied(book.close(tables), work.standing)


@dataclass(slots=True)
class _Work:
    book: Book
    latest: Mapping[str, Mapping[str, Any]]
    standing: dict[str, str] = field(default_factory=dict)
    moves: Moves = field(default_factory=dict)

    def settle(self, about: str) -> None:
        """Settle the disputes that are decided, and what is no dispute any more and was decided."""
        for contest in [one for one in self.book.contests.values() if one.about == about]:
            found = answer(contest, self.latest)
            if isinstance(found, Settled):
                self.book.drop_dispute(contest.dispute_id)
                self._settle(contest, found)
            else:
                self._note_open(contest, found)
        for contest in [one for one in self._past_contests() if one.about == about]:
            self._settle_past(contest)

    def carry_relations(self) -> None:
        """Carry the relations in dispute whose ends were settled over, and agree to those that then say the same."""
        ends = self.book.ends()
        touched = [
            one for one in self.book.contests.values() if one.about == "relation" and is_touched(one, self.moves)
        ]
        for contest in touched:
            now = moved(contest, self.moves, ends)
            became = {one: moved_reading(contest.doc_id, one, self.moves) for one in contest.held}
            for before, after in became.items():
                if after is not None:
                    self.book.heard.also(contest, before, after)
            lost = [before for before, after in became.items() if after is None]
            self.book.set_aside(contest, lost, "the adjudicator decided otherwise on one of its ends")
            agreed = _agreed_by_most(now, ends)
            if now.held and agreed is None:
                self.book.replace_dispute(contest.dispute_id, now)
                continue
            self.book.drop_dispute(contest.dispute_id)
            if agreed is not None:
                everybody = len(now.held[agreed]) == len(now.readers)
                self.book.agree(now, agreed, decided="unanimous" if everybody else "majority")

    def _settle(self, contest: Contest, found: Settled) -> None:
        self.book.settle(contest, found.chosen)
        if contest.about == "span":
            add_moves(self.moves, contest, found.chosen)
        self.standing.update(dict.fromkeys(found.by, HOLDS))

    def _note_open(self, contest: Contest, question: Question) -> None:
        """Say that a contest was sent back, or that what was decided of other readings at its place holds no more."""
        if question.conflict_id in self.latest:
            self.standing[question.conflict_id] = SENT_BACK
        for row in self._unheard():
            shown = {Reading.of_row(one) for one in row["readings"]}
            same_place = (row["doc_id"], row["name"]) == (contest.doc_id, contest.name)
            if same_place and row["dispute_id"] != contest.dispute_id and shown & set(contest.held):
                self.standing[row["conflict_id"]] = OPEN_AGAIN

    def _settle_past(self, contest: Contest) -> None:
        found = answer(contest, self.latest)
        mine = [row["conflict_id"] for row in self._unheard() if row["dispute_id"] == contest.dispute_id]
        standing = PAST
        if self.book.is_contested(contest):
            standing = OPEN_AGAIN
        elif isinstance(found, Settled) and all(contest.held.values()) and self.book.has_room(contest, found.chosen):
            self._settle(contest, found)
            standing = HOLDS
        for conflict_id in mine:
            self.standing.setdefault(conflict_id, standing)

    def _unheard(self) -> list[Mapping[str, Any]]:
        return [row for row in self.latest.values() if row["conflict_id"] not in self.standing]

    def _past_contests(self) -> list[Contest]:
        """Give what was decided and is no dispute any more, each with all of its readings."""
        fullest: dict[str, Mapping[str, Any]] = {}
        for row in self._unheard():
            before = fullest.get(row["dispute_id"])
            if before is None or len(row["readings"]) > len(before["readings"]):
                fullest[row["dispute_id"]] = row
        open_ids = set(self.book.contests)
        return [self.book.contest_again(row) for key, row in fullest.items() if key not in open_ids]


def _agreed_by_most(contest: Contest, ends: Ends) -> Reading | None:
    """Give the one relation that is left where more than half of the readers hold it and both its ends are agreed."""
    if len(contest.held) != 1:
        return None
    ((reading, people),) = contest.held.items()
    there = all((contest.doc_id, place) in ends for place in (reading.head, reading.tail))
    return reading if there and 2 * len(people) > len(contest.readers) else None
