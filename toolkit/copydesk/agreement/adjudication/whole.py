"""What an adjudicator decided of a whole document, as a value: what was known then, and what of it, or beside it, holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from copydesk.agreement.adjudication.moved import Moves, moved_reading
from copydesk.agreement.adjudication.readings import Contest, Reading
from copydesk.agreement.adjudication.rows import Heard, Key, Row


@dataclass(frozen=True, slots=True)
class Whole:
    """A decision of a document. It decides what was ``known``, and what the adjudicator said: ``judged`` gives the rows of that."""

    question_id: str
    doc_id: str
    at: datetime
    known: frozenset[Key]
    judged: dict[Key, list[Row]]

    @classmethod
    def of(cls, decision: Mapping[str, Any], *, judged: dict[Key, list[Row]]) -> Whole:
        """Take a row of ``document_decisions``; ``judged`` is what its result says in the newest text."""
        doc_id = decision["doc_id"]
        known = frozenset((doc_id, row["name"], Reading.of_row(row)) for row in decision["known"])
        return cls(decision["question_id"], doc_id, decision["at"], known, judged)

    def names(self, about: str) -> list[str]:
        """Give the categories that it says something of; for what is drawn, no name."""
        return sorted({name for _, name, _ in self.judged if name}) if about == "category" else [""]

    def readings(self, about: str, name: str) -> list[Reading]:
        """Give all that it decides of a kind."""
        mine = (one for _, called, one in self.known.union(self.judged) if called == name)
        return sorted(one for one in mine if about == "category" or (one.tail is not None) == (about == "relation"))

    def decides(self, contest: Contest) -> bool:
        """Whether nothing competes here but what it decides."""
        if contest.name not in self.names(contest.about):
            return False
        keys = [(self.doc_id, contest.name, one) for one in contest.held]
        return all(key in self.known or key in self.judged for key in keys)

    def carried(self, heard: Heard, moves: Moves) -> Whole:
        """Carry the relations that were known over to what was chosen of their ends, with who holds them."""
        known = {key for key in self.known if key[2].tail is None}
        for doc_id, name, one in self.known - known:
            now = moved_reading(doc_id, one, moves)
            if now is not None:
                heard.also(doc_id, one, now)
                known.add((doc_id, name, now))
        return replace(self, known=frozenset(known))


def known_of(said: Iterable[Key]) -> list[dict[str, Any]]:
    """Give all that people drew and said of one document as a value of ``document_decisions``, sorted."""
    order = sorted((name, one.tail is not None, one) for _, name, one in said)
    return [{"name": name, **one.as_value()} for name, _, one in order]


def latest_wholes(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Give the latest decision of each document."""
    return {row["doc_id"]: row for row in sorted(rows, key=lambda row: (row["at"], row["annotation_id"]))}


def question_of(doc_id: str, text_sha256: str, known: Iterable[Mapping[str, Any]]) -> str:
    """The identity of the question what holds in a document, of this text and with what is known of it."""
    said = [str((row["name"], Reading.of_row(row))) for row in known]
    return f"document-{hashlib.sha256(chr(0).join([doc_id, text_sha256, *said]).encode()).hexdigest()[:16]}"
