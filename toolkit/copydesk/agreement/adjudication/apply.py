"""Agreed labels and disputes as the votes alone make them, and decisions, in; both as they stand with the decisions out.

A decision holds for the readings that were shown. It settles the dispute over just these, and goes on holding where more votes
would settle that otherwise: as long as all of them are still held, and none of them is part of another dispute. Where somebody's
labels changed so that other readings compete, the dispute is open again, and the decision is told as one that holds no more.

A decision of a whole document holds in the same way: for all that was known then, whoever holds it, and for what the adjudicator
drew besides. Where something competes that was not known, that dispute is open, and the rest of the decision holds. Of a decision of
the document and one of a conflict in it, the later one counts.

What settles a span carries the relations that end there over to what was chosen; where they then say the same, they are agreed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from copydesk.agreement.adjudication.ask import Question, Settled, answer, latest_of
from copydesk.agreement.adjudication.book import Book, close_books, open_books
from copydesk.agreement.adjudication.moved import Ends, Moves, add_moves, is_touched, moved, moved_reading
from copydesk.agreement.adjudication.readings import SUSPECT, Contest, Reading
from copydesk.agreement.adjudication.rows import Heard, Key
from copydesk.agreement.adjudication.whole import Whole

HOLDS, SENT_BACK, OPEN_AGAIN, PAST = "holds", "sent-back", "open-again", "past"


@dataclass(frozen=True, slots=True)
class Applied:
    """The tables with the decisions applied, and of each conflict and document decided how its decision stands.

    ``standing`` is ``holds``, ``sent-back``, ``open-again`` (other readings compete now) or ``past`` (nobody holds some of what
    was shown any more, and nothing is open there).
    """

    tables: dict[str, pa.Table]
    standing: dict[str, str]


def apply_decisions(
    tables: Mapping[str, pa.Table],
    decisions: Sequence[Mapping[str, Any]],
    wholes: Sequence[Whole] = (),
    *,
    heard: Heard,
) -> Applied:
    """Apply decisions to ``agreed_spans``, ``agreed_relations``, ``agreed_categories``, ``disputes`` and ``rejected``.

    ``decisions`` are rows of that table, in any order, ``wholes`` the decisions of whole documents, one of each; ``heard`` is what
    the annotators of at least their documents said. What was chosen is agreed (``decided`` is ``adjudicated``); the rows of what was
    not are rejected, with the reason ``adjudicated``. The other tables in ``tables`` stay as they are.
    """
    by_document: dict[str, dict[str, Mapping[str, Any]]] = {}
    for conflict_id, row in latest_of(decisions).items():
        by_document.setdefault(row["doc_id"], {})[conflict_id] = row
    whole_of = {one.doc_id: one for one in wholes}
    doc_ids = by_document.keys() | whole_of.keys()
    if not doc_ids:
        return Applied(dict(tables), {})
    books, rest = open_books(tables, heard=heard, doc_ids=doc_ids)
    standing: dict[str, str] = {}
    for doc_id, book in books.items():
        work = _Work(book, by_document.get(doc_id, {}), whole_of.get(doc_id))
        work.apply()
        standing |= work.standing
    return Applied({**tables, **close_books(books.values(), rest)}, standing)


@dataclass(slots=True)
class _Work:
    """What is decided of one document: the ``latest`` decision of each of its conflicts, and that of the whole."""

    book: Book
    latest: Mapping[str, Mapping[str, Any]]
    whole: Whole | None
    standing: dict[str, str] = field(default_factory=dict)
    moves: Moves = field(default_factory=dict)
    settled: set[Key] = field(default_factory=set)

    def apply(self) -> None:
        """Apply all decisions to the book, and say how they stand."""
        if self.whole and self.whole.doc_id not in self.book.heard.reads:
            self.standing[self.whole.question_id] = PAST  # nobody's reading counts any more
            self.whole = None
        if self.whole:
            older = (key for key, row in self.latest.items() if row["at"] <= self.whole.at)
            self.standing |= dict.fromkeys(older, PAST)  # unless something else shows
        before = self.book.agreed_places()
        self.settle("span")
        self.book.carry_agreed(self.moves, before)
        self.carry_relations()
        self.settle("relation")
        self.settle("category")
        if self.whole:
            self.standing[self.whole.question_id] = OPEN_AGAIN if self.book.contests else HOLDS

    def settle(self, about: str) -> None:
        """Settle the disputes that are decided, what is no dispute any more and was decided, and what the document is besides."""
        for contest in [one for one in self.book.contests.values() if one.about == about]:
            found = self._answer(contest)
            if self._is_decided_whole(contest, found):
                self.book.drop_dispute(contest.dispute_id)
            elif isinstance(found, Settled):
                self.book.drop_dispute(contest.dispute_id)
                self._settle(contest, found)
            else:
                self._note_open(contest, found)
        for contest in [one for one in self._past_contests() if one.about == about]:
            self._settle_past(contest)
        if self.whole:
            for name in self.whole.names(about):
                self._settle_whole(self.whole, about, name)

    def carry_relations(self) -> None:
        """Carry the relations in dispute whose ends were settled over, and agree to those that then say the same."""
        self.whole = self.whole and self.whole.carried(self.book.heard, self.moves)
        ends = self.book.ends()
        touched = [
            one for one in self.book.contests.values() if one.about == "relation" and is_touched(one, self.moves)
        ]
        for contest in touched:
            now = moved(contest, self.moves, ends)
            became = {one: moved_reading(contest.doc_id, one, self.moves) for one in contest.held}
            for before, after in became.items():
                if after is not None:
                    self.book.heard.also(contest.doc_id, before, after)
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
        self.settled |= {(contest.doc_id, contest.name, one) for one in contest.held}
        self.standing.update(dict.fromkeys(found.by, HOLDS))

    def _answer(self, contest: Contest) -> Question | Settled:
        """Follow the decisions of a contest, or those of parts of it, where nobody drew the rest of it since.

        What was outvoted when it was decided, or another conflict, can be part of one later, when more people draw what was chosen.
        """
        found = answer(contest, self.latest)
        if isinstance(found, Settled) or found.conflict_id in self.latest:
            return found
        left, chosen, by = set(contest.held), set[Reading](), list[str]()
        for row in self._decided_there(contest):
            shown = {Reading.of_row(one) for one in row["readings"]}
            if shown <= left:
                part = answer(replace(contest, held={one: contest.held[one] for one in shown}), self.latest)
                if isinstance(part, Settled):
                    left -= shown
                    chosen |= part.chosen
                    by += part.by
        first = min((self.latest[one]["at"] for one in by), default=None)
        is_decided = first is not None and all(self._is_older(contest, one, first) for one in left)
        return Settled(frozenset(chosen), tuple(by)) if is_decided else found

    def _decided_there(self, contest: Contest) -> list[Mapping[str, Any]]:
        """Give the decisions at a contest's place, the fullest first, and of these the latest."""
        mine = [row for row in self.latest.values() if row["name"] == contest.name]
        return sorted(mine, key=lambda row: (len(row["readings"]), row["at"]), reverse=True)

    def _is_older(self, contest: Contest, reading: Reading, at: datetime) -> bool:
        """Whether all who hold a reading submitted it before that time."""
        read = self.book.heard.reads.get(contest.doc_id, {})
        times = [read[one]["updated_at"] if one in read else None for one in contest.held[reading]]
        return all(time is not None and time <= at for time in times)

    def _is_decided_whole(self, contest: Contest, found: Question | Settled) -> bool:
        """Whether a contest is decided with its document, and not again since by itself."""
        if self.whole is None or not self.whole.decides(contest):
            return False
        by = found.by if isinstance(found, Settled) else ()
        return all(self.latest[one]["at"] <= self.whole.at for one in by)

    def _settle_whole(self, whole: Whole, about: str, name: str) -> None:
        """Settle all of a document that is decided with it, but for what is open and what was decided since."""
        rivals = [one for one in self.book.contests.values() if (one.about, one.name) == (about, name)]
        still_open = {reading for one in rivals for reading in one.held}
        mine = [
            one
            for one in whole.readings(about, name)
            if one not in still_open and (whole.doc_id, name, one) not in self.settled
        ]
        if not mine or (name and rivals):
            return
        contest = self.book.contest_over(whole.doc_id, mine, kind=about, name=name)
        wanted = [one for one in mine if (whole.doc_id, name, one) in whole.judged]
        chosen = self.book.with_room(contest, wanted, beside={one.head for one in still_open})
        self.book.settle(contest, chosen, judged=Heard(whole.judged, self.book.heard.reads))
        if about == "span":
            add_moves(self.moves, contest, chosen)

    def _note_open(self, contest: Contest, question: Question) -> None:
        """Say that a contest was sent back, or that what was decided of other readings at its place holds no more."""
        self.standing.update(dict.fromkeys(question.after, HOLDS))
        if question.conflict_id in self.latest:
            self.standing[question.conflict_id] = SENT_BACK
        for row in self._decided_there(contest):
            shown = {Reading.of_row(one) for one in row["readings"]}
            is_heard = row["conflict_id"] in self.standing or row["dispute_id"] == contest.dispute_id
            if not is_heard and shown & set(contest.held):
                self.standing[row["conflict_id"]] = OPEN_AGAIN

    def _settle_past(self, contest: Contest) -> None:
        found = answer(contest, self.latest)
        mine = [row["conflict_id"] for row in self._decided_there(contest) if row["dispute_id"] == contest.dispute_id]
        standing = PAST
        if self.book.is_contested(contest):
            standing = OPEN_AGAIN
        elif isinstance(found, Settled) and self._is_held(contest) and self._has_room(contest, found.chosen):
            self._settle(contest, found)
            standing = HOLDS
        for conflict_id in mine:
            self.standing.setdefault(conflict_id, standing)

    def _is_held(self, contest: Contest) -> bool:
        """Whether people hold all that was shown; of a suspect, the reading that nobody holds was shown, too."""
        return all(contest.held.values()) or (contest.kind == SUSPECT and contest.doc_id in self.book.heard.reads)

    def _has_room(self, contest: Contest, chosen: frozenset[Reading]) -> bool:
        return self.book.with_room(contest, chosen) == chosen

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
