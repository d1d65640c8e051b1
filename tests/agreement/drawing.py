"""What people drew, in a short notation, as the tables ``reads``, ``spans``, ``relations`` and ``documents``.

A mark is ``LABEL quote`` (the quote's first occurrence in the text), with attributes after a bar: ``PLACE Qaim | certainty=high``;
or a relation between two own marks: ``located_in: Qaim > Iraq``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from copydesk.model.tables import from_rows

START = datetime(2024, 5, 1, tzinfo=UTC)
COLUMNS = ("start", "end", "label", "attributes")


@dataclass
class Work:
    """One person's annotation of a document: spans as (start, end, label, attributes), relations as (head, tail, label)."""

    doc: str
    annotator: str
    spans: list = field(default_factory=list)
    relations: list = field(default_factory=list)
    annotation_id: str = ""
    revision: int = 1
    at: int | None = None  # minutes after START

    def __post_init__(self):
        self.annotation_id = self.annotation_id or f"1-{self.doc}-{self.annotator}"


def marked(text, marks, **work):
    """Read marks in the notation above into a Work."""
    spans, relations = [], []
    for mark in marks:
        if ": " in mark and " > " in mark:
            kind, _, ends = mark.partition(": ")
            relations.append((kind, ends.split(" > ")))
            continue
        said, _, extra = mark.partition(" | ")
        label, _, quote = said.partition(" ")
        start = text.index(quote)
        attributes = [tuple(one.split("=")) for one in extra.split(", ") if one]
        spans.append((start, start + len(quote), label, attributes))
    quotes = [text[start:end] for start, end, *_ in spans]
    joined = [(quotes.index(head), quotes.index(tail), kind) for kind, (head, tail) in relations]
    return Work(spans=spans, relations=joined, **work)


def tables(works, *, texts):
    """The tables ``reads``, ``spans`` and ``relations``, as keywords for decide and measure."""
    reads, spans, relations = [], [], []
    for work in works:
        text = texts[work.doc]
        own = {"annotation_id": work.annotation_id, "doc_id": work.doc, "revision": work.revision}
        own["annotator"] = work.annotator
        digest = hashlib.sha256(text.encode()).hexdigest()
        at = None if work.at is None else START + timedelta(minutes=work.at)
        counts = {"spans": len(work.spans), "relations": len(work.relations)}
        times = {"created_at": at, "updated_at": at, "lead_time": None}
        reads.append({**own, "text_sha256": digest, **times, **counts})
        spans += [
            {
                **own,
                "span_id": f"{work.annotation_id}-{number}",
                "text_sha256": digest,
                "start": start,
                "end": end,
                "surface": text[start:end],
                "label": label,
                "origin": "manual",
                "attributes": [{"name": name, "value": value} for name, value in (extra[0] if extra else [])],
            }
            for number, (start, end, label, *extra) in enumerate(work.spans)
        ]
        relations += [
            {
                **own,
                "relation_id": f"{work.annotation_id}-r{number}",
                "head_span_id": f"{work.annotation_id}-{head}",
                "tail_span_id": f"{work.annotation_id}-{tail}",
                "label": label,
            }
            for number, (head, tail, label) in enumerate(work.relations)
        ]
    return {
        "reads": from_rows("reads", reads),
        "spans": from_rows("spans", spans),
        "relations": from_rows("relations", relations),
    }


def documents(texts, *, revision=1):
    """The table ``documents``."""
    empty = dict.fromkeys(("title", "authors", "language", "url", "publisher", "published_at", "licence"))
    digests = dict.fromkeys(("text_sha256", "source", "raw_sha256", "recipe"), "x")
    return from_rows(
        "documents",
        [{"doc_id": doc, "revision": revision, "text": text, **digests, **empty} for doc, text in texts.items()],
    )


def shuffled(table: pa.Table, order) -> pa.Table:
    """The rows of a table in another order; ``order`` is a random.Random."""
    rows = list(range(table.num_rows))
    order.shuffle(rows)
    return table.take(pa.array(rows, pa.int64()))
