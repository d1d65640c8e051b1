"""The suggester ``copies``: labels of a document are suggested in those that share its text, each where the same words stand now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.model.alignment import align
from copydesk.model.anchor import Placed, place
from copydesk.suggestions.suggester import Found, Known, Setup, Suggester

_FILES = ("stories.parquet", "texts.parquet", "spans.parquet", "relations.parquet")
_SPAN = ("doc_id", "span_id", "start", "end", "label")
_RELATION = ("doc_id", "head_span_id", "tail_span_id", "label")
_Row = dict[str, Any]


class Copies(Suggester):
    """What people labelled in a copy of the same story. Scores are how alike the places are, as ``model.anchor`` says."""

    name = "copies"
    learns = True

    def __init__(self, setup: Setup) -> None:
        """Read what was learned, if anything was."""
        paths = [setup.folder / name for name in _FILES]
        there = paths[0].exists()
        stories, texts, spans, relations = (pq.read_table(path).to_pylist() if there else [] for path in paths)
        sums = [hashlib.sha256(path.read_bytes()).digest() for path in paths if there]
        self._version = hashlib.sha256(b"".join(sums)).hexdigest()[:12]
        self._story: dict[str, str] = {row["doc_id"]: row["story_id"] for row in stories}
        self._texts: dict[str, str] = {row["doc_id"]: row["text"] for row in texts}
        self._labelled: dict[str, list[str]] = {}
        for doc_id in self._texts:
            self._labelled.setdefault(self._story[doc_id], []).append(doc_id)
        self._spans, self._relations = _by_document(spans), _by_document(relations)

    @property
    def version(self) -> str:
        """It changes with the labels, and with what is a copy of what."""
        return self._version

    @classmethod
    def learn(cls, setup: Setup, known: Known) -> None:
        """Keep the labelled documents that have a copy, with their labels."""
        sizes = known.copies.group_by("story_id").aggregate([("doc_id", "count")])
        several = sizes.filter(pc.greater(sizes["doc_id_count"], 1))["story_id"].combine_chunks()
        stories = known.copies.filter(pc.is_in(known.copies["story_id"], several)).select(["doc_id", "story_id"])
        mine = stories["doc_id"].combine_chunks()
        told = (
            stories.sort_by("doc_id"),
            _of(known.documents, mine).select(["doc_id", "text"]),
            _of(known.spans, mine).select(_SPAN),
            _of(known.relations, mine).select(_RELATION),
        )
        for name, table in zip(_FILES, told, strict=True):
            pq.write_table(table.combine_chunks(), setup.folder / name)

    def suggest(self, documents: pa.Table, *, zones: pa.Table) -> Found:
        """Suggest, for each document that has a labelled copy, what the labels of the first of them are here."""
        del zones
        spans: list[_Row] = []
        relations: list[_Row] = []
        for doc_id, text in zip(documents["doc_id"].to_pylist(), documents["text"].to_pylist(), strict=True):
            others = [one for one in self._labelled.get(self._story.get(doc_id, ""), ()) if one != doc_id]
            if not others:
                continue
            placed = dict(self._placed(min(others), text))
            spans += [_span(doc_id, text, row, there) for row, there in placed.values()]
            relations += self._joined(min(others), doc_id, placed)
        return Found.of(spans=spans, relations=relations)

    def _placed(self, other: str, text: str) -> Iterator[tuple[str, tuple[_Row, Placed]]]:
        alignment = align(self._texts[other], text)
        for row in self._spans.get(other, ()):
            there = place(alignment, row["start"], row["end"])
            if there.how != "lost":
                yield row["span_id"], (row, there)

    def _joined(self, other: str, doc_id: str, placed: Mapping[str, tuple[_Row, Placed]]) -> Iterator[_Row]:
        for row in self._relations.get(other, ()):
            if row["head_span_id"] in placed and row["tail_span_id"] in placed:
                ends = {end: placed[row[f"{end}_span_id"]] for end in ("head", "tail")}
                yield {
                    "doc_id": doc_id,
                    **{f"{end}_start": there.start for end, (_, there) in ends.items()},
                    **{f"{end}_end": there.end for end, (_, there) in ends.items()},
                    **{f"{end}_label": span["label"] for end, (span, _) in ends.items()},
                    "label": row["label"],
                    "score": min(there.score for _, there in ends.values()),
                }


def _span(doc_id: str, text: str, row: _Row, there: Placed) -> _Row:
    return {
        "doc_id": doc_id,
        "start": there.start,
        "end": there.end,
        "surface": text[there.start : there.end],
        "label": row["label"],
        "rule": f"{Copies.name}/{there.how}",
        "score": there.score,
    }


def _of(table: pa.Table, doc_ids: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table["doc_id"], doc_ids))


def _by_document(rows: list[_Row]) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = {}
    for row in rows:
        found.setdefault(row["doc_id"], []).append(row)
    return found
