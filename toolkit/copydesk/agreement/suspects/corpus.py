"""Tables in, what the search for wrong labels goes through out: texts that people read, and what is labelled where."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

Span = Mapping[str, Any]  # a row of agreed_spans


@dataclass(frozen=True, slots=True)
class Covered:
    """Places of one document, sorted and joined where they overlap."""

    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of(cls, places: Sequence[tuple[int, int]]) -> Covered:
        """Join places that overlap."""
        starts: list[int] = []
        ends: list[int] = []
        for start, end in sorted(places):
            if ends and start < ends[-1]:
                ends[-1] = max(ends[-1], end)
            else:
                starts.append(start)
                ends.append(end)
        return cls(starts, ends)

    def meets(self, start: int, end: int) -> bool:
        """Say whether a place overlaps one of these."""
        at = bisect_left(self.starts, end) - 1
        return at >= 0 and self.ends[at] > start


@dataclass(frozen=True, slots=True)
class Corpus:
    """What people read: the text of each document, its agreed spans in the order of the text, and who read it.

    ``disputed`` are places that are open; ``stories`` gathers documents that tell one story, as copies of each other; ``aliases``
    gives the main spelling of surfaces that have another.
    """

    texts: Mapping[str, str]
    spans: Mapping[str, Sequence[Span]]
    readers: Mapping[str, int]
    disputed: Mapping[str, Covered]
    stories: Sequence[Sequence[str]]
    aliases: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *,
        documents: pa.Table,
        reads: pa.Table,
        agreed: pa.Table,
        disputes: pa.Table,
        copies: pa.Table,
        aliases: Mapping[str, str],
    ) -> Corpus:
        """Gather it from the tables of a workspace; ``documents`` are the newest revisions."""
        read: dict[tuple[str, int], set[str]] = {}
        columns = (reads[name].to_pylist() for name in ("doc_id", "revision", "annotator"))
        for doc_id, revision, annotator in zip(*columns, strict=True):
            read.setdefault((doc_id, revision), set()).add(annotator)
        rows = zip(*(documents[name].to_pylist() for name in ("doc_id", "revision", "text")), strict=True)
        found = {
            doc_id: (text, len(read[doc_id, revision])) for doc_id, revision, text in rows if (doc_id, revision) in read
        }
        spans: dict[str, list[Span]] = {doc_id: [] for doc_id in sorted(found)}
        for span in agreed.to_pylist():
            if span["doc_id"] in spans:
                spans[span["doc_id"]].append(span)
        for own in spans.values():
            own.sort(key=lambda span: (span["start"], span["end"], span["label"]))
        return cls(
            texts={doc_id: found[doc_id][0] for doc_id in spans},
            spans=spans,
            readers={doc_id: found[doc_id][1] for doc_id in spans},
            disputed=_places(disputes),
            stories=_stories(copies, set(found)),
            aliases=aliases,
        )


def _places(disputes: pa.Table) -> dict[str, Covered]:
    places: dict[str, list[tuple[int, int]]] = {}
    rows = zip(*(disputes[name].to_pylist() for name in ("doc_id", "kind", "start", "end")), strict=True)
    for doc_id, kind, start, end in rows:
        if kind not in {"relation", "category"}:
            places.setdefault(doc_id, []).append((start, end))
    return {doc_id: Covered.of(own) for doc_id, own in places.items()}


def _stories(copies: pa.Table, read: set[str]) -> list[list[str]]:
    """Give the documents of each story that people read, the canonical one first; those that stand alone are left out."""
    stories: dict[str, list[tuple[bool, str]]] = {}
    rows = zip(*(copies[name].to_pylist() for name in ("doc_id", "story_id", "canonical_doc_id")), strict=True)
    for doc_id, story_id, canonical in rows:
        if doc_id in read:
            stories.setdefault(story_id, []).append((doc_id != canonical, doc_id))
    return [[doc_id for _, doc_id in sorted(own)] for _, own in sorted(stories.items()) if len(own) > 1]
