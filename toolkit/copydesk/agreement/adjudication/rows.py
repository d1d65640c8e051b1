"""What annotators said in, as tables; who holds a reading, and the row that it has when it is agreed or set aside, out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.adjudication.readings import Contest, Place, Reading
from copydesk.agreement.identity import relation_id, span_id
from copydesk.model.tables import TABLES

ADJUDICATED = "adjudicated"  # what ``decided`` says

Row = dict[str, Any]
Key = tuple[str, str, Reading]  # document, category or empty, reading


@dataclass(frozen=True, slots=True)
class Heard:
    """What the annotators of some documents said last: their rows by reading, and what they read by document and person."""

    said: dict[Key, list[Row]]
    reads: Mapping[str, Mapping[str, Row]]

    @classmethod
    def of(cls, doc_ids: Iterable[str], *, tables: Mapping[str, pa.Table]) -> Heard:
        """Read what is of these documents in the tables ``reads``, ``spans``, ``relations`` and ``categories``."""
        wanted = pa.array(sorted(set(doc_ids)), pa.string())
        rows = {name: table.filter(pc.is_in(table["doc_id"], wanted)).to_pylist() for name, table in tables.items()}
        last: dict[str, dict[str, Row]] = {}
        for row in sorted(rows["reads"], key=_age):
            last.setdefault(row["doc_id"], {})[row["annotator"]] = row
        counted = {(doc_id, row["annotation_id"]) for doc_id, people in last.items() for row in people.values()}
        said: dict[Key, list[Row]] = {}
        spans = {(row["annotation_id"], row["span_id"]): row for row in rows["spans"]}
        for name in ("spans", "relations", "categories"):
            for row in rows[name]:
                key = _key(name, row, spans)
                if key and (row["doc_id"], row["annotation_id"]) in counted:
                    said.setdefault(key, []).append(row)
        return cls(said, last)

    def by_document(self) -> dict[str, dict[Key, list[Row]]]:
        """Give what was said of each document."""
        found: dict[str, dict[Key, list[Row]]] = {}
        for key, rows in self.said.items():
            found.setdefault(key[0], {})[key] = rows
        return found

    def rows(self, contest: Contest, reading: Reading) -> list[Row]:
        """Give the rows of those who hold a reading."""
        return self.said.get((contest.doc_id, contest.name, reading), [])

    def also(self, doc_id: str, before: Reading, now: Reading) -> None:
        """Take who holds a relation for holders of what became of it."""
        if now != before:
            there = self.said.setdefault((doc_id, "", now), [])
            there += [row for row in self.said.get((doc_id, "", before), []) if row not in there]

    def holders(self, doc_id: str, name: str, reading: Reading) -> frozenset[str]:
        """Say who holds a reading now."""
        return frozenset(row["annotator"] for row in self.said.get((doc_id, name, reading), []))

    def agreed(self, contest: Contest, reading: Reading, *, decided: str) -> Row:
        """Give what every agreed row says: of what document, who held it, and how it was decided."""
        people = sorted(contest.held.get(reading, ()))
        read = self.reads[contest.doc_id]
        return {
            "doc_id": contest.doc_id,
            "revision": contest.revision,
            "votes": len(people),
            "readers": len(contest.readers),
            "annotators": people,
            "annotation_ids": sorted(read[one]["annotation_id"] for one in people if one in read),
            "decided": decided,
            "method": "adjudication" if decided == ADJUDICATED else "vote",
        }


def span_row(heard: Heard, contest: Contest, reading: Reading, *, decided: str) -> Row:
    """Give the row of ``agreed_spans`` of a reading; it has what more than half of those who drew it say of it."""
    drawn = heard.rows(contest, reading)
    counts = Counter((one["name"], one["value"]) for row in drawn for one in row["attributes"])
    read = next(iter(heard.reads[contest.doc_id].values()))
    return whole(
        "agreed_spans",
        heard.agreed(contest, reading, decided=decided),
        span_id=span_id(contest.doc_id, start=reading.start, end=reading.end, label=reading.label),
        text_sha256=read["text_sha256"],
        start=reading.start,
        end=reading.end,
        surface=reading.surface,
        label=reading.label,
        attributes=[
            {"name": name, "value": value} for (name, value), n in sorted(counts.items()) if 2 * n > len(drawn)
        ],
    )


def relation_row(
    heard: Heard, contest: Contest, reading: Reading, *, decided: str, ends: Mapping[tuple[str, Place], str]
) -> Row:
    """Give the row of ``agreed_relations`` of a reading; ``ends`` are the agreed spans by document and place."""
    assert reading.tail is not None
    head, tail = ends[contest.doc_id, reading.head], ends[contest.doc_id, reading.tail]
    return whole(
        "agreed_relations",
        heard.agreed(contest, reading, decided=decided),
        relation_id=relation_id(contest.doc_id, head=head, tail=tail, label=reading.label),
        head_span_id=head,
        tail_span_id=tail,
        label=reading.label,
    )


def category_row(heard: Heard, contest: Contest, reading: Reading, *, decided: str) -> Row:
    """Give the row of ``agreed_categories`` of a value."""
    said = heard.rows(contest, reading)
    return whole(
        "agreed_categories",
        heard.agreed(contest, reading, decided=decided),
        name=contest.name,
        value=reading.label,
        number=said[0]["number"] if said else None,
        at=said[0]["at"] if said else None,
    )


def whole(table: str, common: Mapping[str, Any], **own: Any) -> Row:
    """Make a row of a table; a column that is neither in ``common`` nor in ``own`` is empty."""
    given = {**common, **own}
    return {name: given.get(name) for name in TABLES[table].names}


def _age(row: Row) -> tuple[Any, ...]:
    at = row["updated_at"]
    return row["revision"], at is not None, at.timestamp() if at else 0.0, row["annotation_id"]


def _key(name: str, row: Row, spans: Mapping[tuple[str, str], Row]) -> Key | None:
    doc_id = row["doc_id"]
    if name == "spans":
        return doc_id, "", Reading(row["start"], row["end"], row["label"], row["surface"])
    if name == "categories":
        return doc_id, row["name"], Reading(0, 0, row["value"], row["value"])
    ends = [spans.get((row["annotation_id"], row[end])) for end in ("head_span_id", "tail_span_id")]
    if ends[0] is None or ends[1] is None:
        return None
    tail = ends[1]["start"], ends[1]["end"]
    return (
        doc_id,
        "",
        Reading(ends[0]["start"], ends[0]["end"], row["label"], ends[0]["surface"], tail, ends[1]["surface"]),
    )
