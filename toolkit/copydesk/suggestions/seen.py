"""The suggester ``seen``: what people labelled is suggested wherever the same words stand.

How sure that is, is counted in the documents that people read: the share of all places of these words that got the label, each
count one higher (Laplace). Words that are mostly left alone, or called something else, are not suggested.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping

import pyarrow as pa

from copydesk.suggestions.suggester import Found, Known, Setup, Suggester, digest, spans_in
from copydesk.suggestions.words import Phrases, is_whole, word_pattern

_FILE = "surfaces.json"
_LEAST = 0.5
_Place = tuple[int, int]


class Seen(Suggester):
    """What people labelled before, elsewhere."""

    name = "seen"
    learns = True

    def __init__(self, setup: Setup) -> None:
        """Read what was learned, if anything was."""
        path = setup.folder / _FILE
        self._surfaces: list[tuple[str, str, float]] = json.loads(path.read_bytes()) if path.exists() else []
        self._phrases = Phrases([surface for surface, _, _ in self._surfaces])

    @property
    def version(self) -> str:
        """It changes with what was learned."""
        return digest(self._surfaces)

    @classmethod
    def learn(cls, setup: Setup, known: Known) -> None:
        """Count how the words of every label are labelled, throughout the documents that were read."""
        drawn: dict[str, dict[_Place, str]] = {}
        columns = (known.spans[name].to_pylist() for name in ("doc_id", "start", "end", "label"))
        for doc_id, start, end, label in zip(*columns, strict=True):
            drawn.setdefault(doc_id, {})[start, end] = label
        texts = dict(zip(known.documents["doc_id"].to_pylist(), known.documents["text"].to_pylist(), strict=True))
        surfaces = sorted(
            {
                texts[doc_id][start:end]
                for doc_id, places in drawn.items()
                if doc_id in texts
                for start, end in places
                if word_pattern().search(texts[doc_id], start, end)
            }
        )
        counts: list[Counter[str]] = [Counter() for _ in surfaces]
        phrases = Phrases(surfaces)
        for doc_id, text in texts.items():
            for number, start, end in phrases.find(text):
                if is_whole(text, start, end):
                    counts[number].update(_said(drawn.get(doc_id, {}), (start, end)))
        learned = [one for one in map(_judged, surfaces, counts) if one[2] > _LEAST]
        (setup.folder / _FILE).write_text(json.dumps(learned, ensure_ascii=False), encoding="utf-8")

    def suggest(self, documents: pa.Table, *, zones: pa.Table) -> Found:
        """Suggest the longest words at each place; of two that overlap, the longer, then the earlier."""
        del zones
        return Found.of(spans=spans_in(documents, self._standing, rule=self.name))

    def _standing(self, text: str) -> Iterator[tuple[int, int, str, float]]:
        last = 0
        for number, start, end in sorted(self._phrases.find(text), key=lambda hit: (hit[1], -hit[2])):
            if start >= last and is_whole(text, start, end):
                _, label, score = self._surfaces[number]
                yield start, end, label, score
                last = end


def _said(drawn: Mapping[_Place, str], place: _Place) -> list[str]:
    """Say what people called a place: its label, or nothing; what lies inside or across their spans tells neither."""
    if place in drawn:
        return [drawn[place]]
    return [] if any(start < place[1] and place[0] < end for start, end in drawn) else [""]


def _judged(surface: str, counts: Counter[str]) -> tuple[str, str, float]:
    """Give the label that the words mostly have, and how often."""
    labels = sorted(((count, label) for label, count in counts.items() if label), key=lambda one: (-one[0], one[1]))
    if not labels:
        return surface, "", 0.0
    most, label = labels[0]
    return surface, label, round((most + 1) / (counts.total() + 2), 4)
