"""Data of tasks on the server go in; which documents, and which windows of them, are there comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from copydesk.model.windows import Place, is_covered
from copydesk.studio.windows import place_of


@dataclass(slots=True)
class Counts:
    """What a running push has done so far. ``least`` is how many tasks the project must have then."""

    pushed: int = 0
    present: int = 0
    unchanged: int = 0
    superseded: int = 0
    suggestions: int = 0
    doubled: int = 0
    removed: int = 0
    least: int = 0
    sent: list[str] = field(default_factory=list)  # documents
    twice: list[str] = field(default_factory=list)  # those that may be there more than once


class There:
    """The tasks of some documents that the server has, by text and place."""

    def __init__(self, tasks: Iterable[Mapping[str, Any]]) -> None:
        self._tasks: dict[str, dict[str, Counter[Place]]] = {}
        for data in tasks:
            texts = self._tasks.setdefault(data["doc_id"], {})
            texts.setdefault(data.get("text_sha256", ""), Counter())[place_of(data)] += 1

    def has_just(self, doc_id: str, text_sha256: str, place: Place) -> bool:
        """Say whether there is a task of that very part of that text."""
        return place in self._of(doc_id, text_sha256)

    def has(self, doc_id: str, text_sha256: str, place: Place) -> bool:
        """Say whether tasks of that text show that part of it."""
        return is_covered(*place, self._of(doc_id, text_sha256))

    def stand_ins(self, doc_id: str, windows: Iterable[tuple[str, int, int]]) -> set[tuple[str, int, int]]:
        """Give those of these windows (a text's digest and a place) that are there."""
        return {(digest, start, end) for digest, start, end in windows if self.has(doc_id, digest, (start, end))}

    def count(self, doc_id: str, text_sha256: str, used: Iterable[tuple[str, int, int]], counts: Counts) -> None:
        """Note whether a task of the document is there more than once, and count those of older texts that nothing is used of."""
        taken: dict[str, list[Place]] = {text_sha256: []}
        for digest, start, end in used:
            taken.setdefault(digest, []).append((start, end))
        for digest, places in self._tasks.get(doc_id, {}).items():
            for (start, end), times in places.items():
                is_used = any(low < end and start < high for low, high in taken.get(digest, ()))
                if digest == text_sha256 or is_used:
                    counts.twice += [doc_id] * (times > 1)
                else:
                    counts.superseded += times

    def _of(self, doc_id: str, text_sha256: str) -> Counter[Place]:
        return self._tasks.get(doc_id, {}).get(text_sha256, Counter())
