"""Agreed labels and disputes of documents, as rows that can be changed; tables come in, and go out with the changes made."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.adjudication.moved import Moves, moved_reading
from copydesk.agreement.adjudication.readings import Contest, Place, Reading, contest_of, told
from copydesk.agreement.adjudication.rows import ADJUDICATED, Heard, Row, category_row, relation_row, span_row
from copydesk.agreement.identity import span_id
from copydesk.model.tables import from_rows, rejected_row

_TABLES = ("agreed_spans", "agreed_relations", "agreed_categories", "disputes", "rejected")
_AGREED = {"span": "agreed_spans", "relation": "agreed_relations", "category": "agreed_categories"}


@dataclass(slots=True)
class Book:
    """The rows of one document by table, and its disputes as contests by dispute_id."""

    heard: Heard
    rows: dict[str, list[Row]]
    contests: dict[str, Contest]

    @classmethod
    def of(cls, rows: dict[str, list[Row]], *, heard: Heard) -> Self:
        """Read the disputes among the rows."""
        contests = [contest for row in rows["disputes"] if (contest := contest_of(row))]
        return cls(heard, rows, {one.dispute_id: one for one in contests})

    def sort(self) -> None:
        """Sort the rows by place."""
        at = {row["span_id"]: (row["start"], row["end"]) for row in self.rows["agreed_spans"]}
        self.rows["agreed_spans"].sort(key=lambda row: (row["start"], row["end"], row["label"]))
        self.rows["agreed_relations"].sort(
            key=lambda row: (at[row["head_span_id"]], at[row["tail_span_id"]], row["label"])
        )
        self.rows["agreed_categories"].sort(key=lambda row: (row["name"], row["value"]))
        self.rows["disputes"].sort(key=lambda row: (row["start"], row["end"], row["dispute_id"]))

    def settle(self, contest: Contest, chosen: Collection[Reading], *, judged: Heard | None = None) -> None:
        """Agree to what was chosen of a contest, and set the rest aside; nothing else of it stays agreed.

        ``judged`` is what the adjudicator said of what was chosen, where that is not taken from those who drew it.
        """
        table, members = _AGREED[contest.about], set(contest.held)
        if contest.about == "category":
            self._keep(table, lambda row: row["name"] != contest.name)
        elif contest.about == "relation":
            places = self._place_of_spans()
            self._keep(table, lambda row: _relation_place(row, places) not in _relation_places(contest))
        else:
            ids = {_id(contest, one) for one in members}
            self._keep(table, lambda row: row["span_id"] not in ids)
        for reading in sorted(chosen):
            self.agree(contest, reading, decided=ADJUDICATED, judged=judged)
        declined = sorted(members - set(chosen))
        said = ", ".join(f"{one.label} {one.surface!r}" for one in sorted(chosen)) or "nothing"
        self._forget_outvoted(contest)
        self.set_aside(contest, declined, f"the adjudicator chose {said}")

    def agree(self, contest: Contest, reading: Reading, *, decided: str, judged: Heard | None = None) -> None:
        """Add the agreed row of a reading; of a relation, both ends are agreed."""
        heard = judged or self.heard
        if contest.about == "span":
            self.rows["agreed_spans"].append(span_row(heard, contest, reading, decided=decided))
        elif contest.about == "category":
            self.rows["agreed_categories"].append(category_row(heard, contest, reading, decided=decided))
        else:
            ends = self.ends()
            self.rows["agreed_relations"].append(relation_row(heard, contest, reading, decided=decided, ends=ends))

    def set_aside(self, contest: Contest, readings: Iterable[Reading], detail: str) -> None:
        """Reject what people drew of these readings, with the reason ``adjudicated``."""
        if contest.about == "category":
            return  # what was said of a document is never set aside, whatever was decided
        for reading in readings:
            for row in self.heard.rows(contest, reading):
                name = f"{contest.about}_id"
                self.rows["rejected"].append(
                    rejected_row(
                        stage="agree",
                        item=f"{contest.about} {row[name]} of {row['annotator']}",
                        reason=ADJUDICATED,
                        detail=detail,
                        row=row,
                        doc_id=row["doc_id"],
                    )
                )

    def drop_dispute(self, dispute_id: str) -> None:
        """Take a dispute away."""
        del self.contests[dispute_id]
        self._keep("disputes", lambda row: row["dispute_id"] != dispute_id)

    def replace_dispute(self, before: str, now: Contest) -> None:
        """Tell a dispute by what its readings became."""
        row = next(row for row in self.rows["disputes"] if row["dispute_id"] == before)
        self.drop_dispute(before)
        places = [place for one in now.held for place in (one.head, one.tail or one.head)]
        changed = {
            "dispute_id": now.dispute_id,
            "start": min(start for start, _ in places),
            "end": max(end for _, end in places),
            "readings": told(now.held, now.silent),
            "detail": "after what was decided on its ends, they differ still",
        }
        self.rows["disputes"].append({**row, **changed})
        self.contests[now.dispute_id] = now

    def ends(self) -> dict[tuple[str, Place], str]:
        """Give the agreed spans by document and place."""
        return {(row["doc_id"], (row["start"], row["end"])): row["span_id"] for row in self.rows["agreed_spans"]}

    def contest_again(self, decision: Mapping[str, Any]) -> Contest:
        """Give a contest that was decided and is none any more, as it would be now."""
        readings = [Reading.of_row(row) for row in decision["readings"]]
        names = ("dispute_id", "kind", "name")
        return self.contest_over(decision["doc_id"], readings, **{name: decision[name] for name in names})

    def contest_over(
        self, doc_id: str, readings: Collection[Reading], *, kind: str, name: str, dispute_id: str = ""
    ) -> Contest:
        """Give the contest over these readings, with who holds each now."""
        places = [place for one in readings for place in (one.head, one.tail or one.head)]
        start, end = min(start for start, _ in places), max(end for _, end in places)
        held = {one: self.heard.holders(doc_id, name, one) for one in readings}
        read = self.heard.reads.get(doc_id, {})
        revision = max((row["revision"] for row in read.values()), default=0)
        silent = frozenset(read).difference(*held.values())
        return Contest(dispute_id, doc_id, revision, kind, name, start, end, held, silent)

    def is_contested(self, contest: Contest) -> bool:
        """Whether a reading of it is part of a dispute that is open."""
        return any(one.name == contest.name and set(one.held) & set(contest.held) for one in self.contests.values())

    def with_room(
        self, contest: Contest, chosen: Collection[Reading], *, beside: Collection[Place] = ()
    ) -> frozenset[Reading]:
        """Give what of the chosen can be agreed beside what else is: no other span crosses it, and a relation has its ends.

        ``beside`` are further places that it may not cross.
        """
        if contest.about == "category":
            return frozenset(chosen)
        if contest.about == "relation":
            ends = {place for _, place in self.ends()}
            return frozenset(one for one in chosen if {one.head, one.tail} <= ends)
        members = {_id(contest, one) for one in contest.held}
        others = [(row["start"], row["end"]) for row in self.rows["agreed_spans"] if row["span_id"] not in members]
        return frozenset(one for one in chosen if not any(_cross(one.head, other) for other in [*others, *beside]))

    def carry_agreed(self, moves: Moves, places: Mapping[str, tuple[str, Reading]]) -> None:
        """Carry agreed relations over to what became of their ends; ``places`` are spans by the ids that they had."""
        there = {row["span_id"] for row in self.rows["agreed_spans"]}
        ends = self.ends()
        kept: dict[str, Row] = {}
        for row in self.rows["agreed_relations"]:
            if {row["head_span_id"], row["tail_span_id"]} <= there:
                kept.setdefault(row["relation_id"], row)
                continue
            (doc_id, head), (_, tail) = places[row["head_span_id"]], places[row["tail_span_id"]]
            before = Reading(head.start, head.end, row["label"], head.surface, tail.head, tail.surface)
            contest = _of_one(row, before)
            now = moved_reading(doc_id, before, moves)
            if now is None or (doc_id, now.head) not in ends or (doc_id, now.tail) not in ends:
                self.set_aside(contest, [before], "the adjudicator decided otherwise on one of its ends")
                continue
            self.heard.also(doc_id, before, now)
            made = relation_row(self.heard, contest, now, decided=row["decided"], ends=ends)
            own = {name: made[name] for name in ("relation_id", "head_span_id", "tail_span_id")}
            kept.setdefault(made["relation_id"], {**row, **own})
        self.rows["agreed_relations"] = list(kept.values())

    def agreed_places(self) -> dict[str, tuple[str, Reading]]:
        """Give the agreed spans with their documents by id."""
        return {
            row["span_id"]: (row["doc_id"], Reading(row["start"], row["end"], row["label"], row["surface"]))
            for row in self.rows["agreed_spans"]
        }

    def _place_of_spans(self) -> dict[str, Place]:
        return {row["span_id"]: (row["start"], row["end"]) for row in self.rows["agreed_spans"]}

    def _keep(self, table: str, wanted: Any) -> None:
        self.rows[table] = [row for row in self.rows[table] if wanted(row)]

    def _forget_outvoted(self, contest: Contest) -> None:
        """What was outvoted is decided now."""
        if contest.about == "category":
            return
        name = f"{contest.about}_id"
        mine = {
            (row["annotation_id"], row[name]) for reading in contest.held for row in self.heard.rows(contest, reading)
        }

        def is_other(row: Row) -> bool:
            if row["reason"] != "outvoted":
                return True
            held = json.loads(row["row"])
            return (held["annotation_id"], held.get(name)) not in mine

        self._keep("rejected", is_other)


def open_books(
    tables: Mapping[str, pa.Table], *, heard: Heard, doc_ids: Collection[str]
) -> tuple[dict[str, Book], dict[str, pa.Table]]:
    """Take the rows of these documents out of the tables: a book for each, and what is left of the tables."""
    wanted = pa.array(sorted(doc_ids), pa.string())
    rows: dict[str, dict[str, list[Row]]] = {doc_id: {name: [] for name in _TABLES} for doc_id in sorted(doc_ids)}
    rest = {}
    for name in _TABLES:
        mine = pc.fill_null(pc.is_in(tables[name]["doc_id"], wanted), fill_value=False)
        rest[name] = tables[name].filter(pc.invert(mine))
        for row in tables[name].filter(mine).to_pylist():
            rows[row["doc_id"]][name].append(row)
    return {doc_id: Book.of(own, heard=heard) for doc_id, own in rows.items()}, rest


def close_books(books: Iterable[Book], rest: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Put the rows of the books back, sorted by document and place."""
    rows: dict[str, list[Row]] = {name: [] for name in _TABLES}
    for book in books:
        book.sort()
        for name in _TABLES:
            rows[name] += book.rows[name]
    return {name: pa.concat_tables([rest[name], from_rows(name, own)]).sort_by("doc_id") for name, own in rows.items()}


def _id(contest: Contest, reading: Reading) -> str:
    return span_id(contest.doc_id, start=reading.start, end=reading.end, label=reading.label)


def _of_one(row: Row, reading: Reading) -> Contest:
    """Give an agreed relation as a contest of one reading."""
    people = frozenset(row["annotators"])
    return Contest("", row["doc_id"], row["revision"], "relation", "", *reading.head, {reading: people})


def _relation_place(row: Row, places: Mapping[str, Place]) -> tuple[str, Place, Place, str]:
    return row["doc_id"], places[row["head_span_id"]], places[row["tail_span_id"]], row["label"]


def _relation_places(contest: Contest) -> set[tuple[str, Place, Place, str]]:
    return {(contest.doc_id, one.head, one.tail or one.head, one.label) for one in contest.held}


def _cross(one: Place, other: Place) -> bool:
    """Whether two places are the same, or share some characters and neither holds the other."""
    within = (one[0] <= other[0] and other[1] <= one[1]) or (other[0] <= one[0] and one[1] <= other[1])
    return one == other or (one[0] < other[1] and other[0] < one[1] and not within)
