"""A small newsroom's labelled documents, for the tests of publishing; run as a program, it publishes them.

``python newsroom.py FOLDER [EDITION]`` prints what publishing did, as JSON; on an error of Copydesk its code, with exit 1. The folder
may be the address of a store.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.datasets.about import About
from copydesk.datasets.publish import Plan, Published
from copydesk.datasets.publish import publish as publish_divided
from copydesk.datasets.splits import Shares
from copydesk.errors import CopydeskError
from copydesk.model.document import text_sha256
from copydesk.model.progress import Progress
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import ARTICLES, TABLES, from_rows
from copydesk.remote import place_at

Tables = dict[str, pa.Table]
NAME = "harbour-news"
WHEN = datetime(2024, 5, 17, 8, 30, tzinfo=UTC)
SCHEMA = LabelSchema.read(
    {
        "name": "places-and-people",
        "version": "1",
        "title": "Places and people",
        "labels": [
            {"name": "PERSON", "definition": "A person with a name.", "hotkey": "1", "colour": "#aa0000"},
            {"name": "PLACE", "definition": "A place | with a name.", "hotkey": "2", "colour": "#00aa00"},
        ],
        "relations": [
            {"name": "located_in", "definition": "The head is in the tail.", "heads": [], "tails": ["PLACE"]}
        ],
        "attributes": [
            {
                "name": "certainty",
                "definition": "How sure.",
                "kind": "choice",
                "choices": [{"name": "sure"}, {"name": "unsure"}],
            }
        ],
    },
    place="schema.toml",
    guidelines="# Guidelines\n\nMark names 🚢.\n",
)
ABOUT = About(
    name=NAME,
    description="Invented news from an invented harbour.",
    licence="CC0-1.0",
    language=("en",),
    schema=SCHEMA,
    suites={"spans": "ab" * 32},
    tool_version="0.1.0",
)
# Every text has what breaks offsets: an emoji and a combining accent before the names.
TEXTS = {
    "doc-a": "🚢 Ane\u0301s Vale left Port Merrin.\nThe harbour of Port Merrin was shut.",
    "doc-b": "Ships 🚢🚢 waited off Ilo.\n\nIda Roe spoke.",
    "doc-c": "Nothing of note happened.",
}
SPANS = {  # document, surface, occurrence, label, the annotators that drew it
    "s1": ("doc-a", "Ane\u0301s Vale", 0, "PERSON", ("A1", "A2")),
    "s2": ("doc-a", "Port Merrin", 0, "PLACE", ("A1", "A2")),
    "s3": ("doc-a", "Port Merrin", 1, "PLACE", ("A2", "A10")),
    "s4": ("doc-b", "Ilo", 0, "PLACE", ("A1",)),
    "s5": ("doc-b", "Ida Roe", 0, "PERSON", ("A1", "A2")),
}
READERS = {"doc-a": ("A1", "A2", "A10"), "doc-b": ("A1", "A2"), "doc-c": ("A1",)}
PAIR = ("A1", "A2")  # who reads every other document


UNDIVIDED = Plan(shares=Shares(validation=0, test=0))
DIVIDED = Plan(shares=Shares(validation=0.2, test=0.3))


def silent(what: str, done: int, total: int) -> None:
    """Show no progress."""


def publish(folder: Path, *, tables: Tables, about: About, progress: Progress = silent) -> Published:
    """Publish with every document for training, for tests to which splits do not matter."""
    return publish_divided(folder, tables=tables, about=about, plan=UNDIVIDED, progress=progress)


def newsroom(*, texts: Mapping[str, str] = TEXTS, spans: Mapping[str, tuple[Any, ...]] = SPANS) -> Tables:
    """The tables that ``publish`` takes."""
    tables = {name: TABLES[name].empty_table() for name in ("disputes", "findings", "anchors", "snapped")}
    tables["documents"] = from_rows("documents", [_document(doc_id, text) for doc_id, text in texts.items()])
    tables["articles"] = from_rows("articles", [_article(doc_id) for doc_id in texts]).drop_columns(["raw"])
    tables["zones"] = from_rows("zones", [_zone(doc_id, text) for doc_id, text in texts.items()])
    tables["sentences"] = from_rows("sentences", [_sentence(doc_id, text) for doc_id, text in texts.items()])
    tables["reads"] = from_rows(
        "reads", [_read(doc_id, texts, who) for doc_id in texts for who in READERS.get(doc_id, PAIR)]
    )
    drawn = [(key, value) for key, value in spans.items() if value[0] in texts]
    tables["agreed_spans"] = from_rows("agreed_spans", [_agreed(key, value, texts) for key, value in drawn])
    tables["spans"] = from_rows("spans", [_drawn(key, value, texts, who) for key, value in drawn for who in value[4]])
    ends = [("s1", "s2")] if {"s1", "s2"} <= {key for key, _ in drawn} else []
    tables["agreed_relations"] = from_rows("agreed_relations", [_agreed_relation(*pair) for pair in ends])
    tables["relations"] = from_rows("relations", [_relation(*pair, who) for pair in ends for who in ("A1", "A2")])
    tables["agreement"] = from_rows("agreement", _agreement())
    return tables


def many(count: int, relabelled: Collection[str] = ()) -> Tables:
    """Tables of so many documents doc-00 …, each with one span x0 …; those ``relabelled`` are places."""
    texts = {f"doc-{number:02d}": f"Ida Roe 🚢 spoke {number} times." for number in range(count)}
    spans = {
        key: (doc_id, "Ida Roe", 0, "PLACE" if key in relabelled else "PERSON", PAIR)
        for key, doc_id in ((f"x{number}", doc_id) for number, doc_id in enumerate(texts))
    }
    return newsroom(texts=texts, spans=spans)


def disputed(tables: Tables) -> Tables:
    """The same with a dispute and a warning."""
    dispute = {
        "dispute_id": "x1",
        "doc_id": "doc-b",
        "revision": 1,
        "kind": "label",
        "start": 0,
        "end": 5,
        "surface": "Ships",
        "readings": ["PLACE [0:5] Ships: A1", "nothing: A2"],
        "detail": "A1 sees a place, A2 nothing.",
        "posterior": None,
    }
    finding = {
        "suite": "spans",
        "expectation": "short",
        "severity": "warning",
        "table": "spans",
        "rows": 1,
        "row_ids": ["s1"],
        "message": "A span is long.",
    }
    return tables | {"disputes": from_rows("disputes", [dispute]), "findings": from_rows("findings", [finding])}


def _sentence(doc_id: str, text: str) -> dict[str, Any]:
    return {"doc_id": doc_id, "revision": 1, "seq": 0, "start": 0, "end": len(text)}


def _document(doc_id: str, text: str) -> dict[str, Any]:
    return {
        "doc_id": doc_id,
        "revision": 1,
        "text_sha256": text_sha256(text),
        "source": f"articles/{doc_id}.txt",
        "raw_sha256": text_sha256(f"raw {doc_id}"),
        "title": text.split("\n", maxsplit=1)[0],
        "authors": ["Jane Doe"],
        "language": "en",
        "url": f"https://harbour.example/{doc_id}",
        "publisher": None if doc_id == "doc-c" else "The Harbour Sheet",
        "published_at": WHEN,
        "licence": "CC0-1.0",
        "recipe": "documents/1",
        "text": text,
    }


def _article(doc_id: str) -> dict[str, Any]:
    document = _document(doc_id, "x")
    same = {name: document[name] for name in ("source", "raw_sha256", "url", "publisher", "published_at", "licence")}
    return (
        dict.fromkeys(ARTICLES.names)
        | same
        | {"bytes": 80, "format": "text", "encoding": "utf-8", "raw": b"x", "retrieved_at": WHEN}
    )


def _zone(doc_id: str, text: str) -> dict[str, Any]:
    end = text.index("\n") if "\n" in text else len(text)
    speaker = {"speaker_start": None, "speaker_end": None}
    return {
        "doc_id": doc_id,
        "revision": 1,
        "seq": 0,
        "kind": "headline",
        "start": 0,
        "end": end,
        "rule": "first",
    } | speaker


def _read(doc_id: str, texts: Mapping[str, str], who: str) -> dict[str, Any]:
    return {
        "annotation_id": f"1-{doc_id}-{who}",
        "doc_id": doc_id,
        "revision": 1,
        "text_sha256": text_sha256(texts[doc_id]),
        "annotator": who,
        "created_at": WHEN,
        "updated_at": None,
        "lead_time": 12.5,
        "spans": 2,
        "relations": 0,
    }


def _place(value: tuple[Any, ...], texts: Mapping[str, str]) -> dict[str, Any]:
    doc_id, surface, occurrence, label = value[:4]
    start = -1
    for _ in range(occurrence + 1):
        start = texts[doc_id].index(surface, start + 1)
    return {
        "doc_id": doc_id,
        "revision": 1,
        "text_sha256": text_sha256(texts[doc_id]),
        "start": start,
        "end": start + len(surface),
        "surface": surface,
        "label": label,
        "attributes": [{"name": "certainty", "value": "sure"}],
    }


def _decided(doc_id: str, who: tuple[str, ...]) -> dict[str, Any]:
    return {
        "votes": len(who),
        "readers": len(READERS.get(doc_id, PAIR)),
        "annotators": sorted(who),
        "annotation_ids": sorted(f"1-{doc_id}-{one}" for one in who),
        "decided": "unanimous" if len(who) == len(READERS.get(doc_id, PAIR)) else "majority",
        "posterior": None,
        "method": "vote",
    }


def _agreed(key: str, value: tuple[Any, ...], texts: Mapping[str, str]) -> dict[str, Any]:
    return {"span_id": key} | _place(value, texts) | _decided(value[0], value[4])


def _drawn(key: str, value: tuple[Any, ...], texts: Mapping[str, str], who: str) -> dict[str, Any]:
    annotation = {"annotation_id": f"1-{value[0]}-{who}", "annotator": who, "origin": "manual"}
    return {"span_id": f"{key}-{who}"} | annotation | _place(value, texts)


def _agreed_relation(head: str, tail: str) -> dict[str, Any]:
    ends = {"head_span_id": head, "tail_span_id": tail, "label": "located_in"}
    return {"relation_id": f"{head}-{tail}", "doc_id": "doc-a", "revision": 1} | ends | _decided("doc-a", ("A1", "A2"))


def _relation(head: str, tail: str, who: str) -> dict[str, Any]:
    ends = {"head_span_id": f"{head}-{who}", "tail_span_id": f"{tail}-{who}", "label": "located_in"}
    annotation = {"annotation_id": f"1-doc-a-{who}", "annotator": who}
    return {"relation_id": f"{head}-{tail}-{who}", "doc_id": "doc-a", "revision": 1} | annotation | ends


def _agreement() -> list[dict[str, Any]]:
    row = {"measure": "span_f1_exact", "annotators": "all", "scope": "all", "within": "", "n": 9, "documents": 2}
    row |= {"low": None, "high": None}
    return [
        row | {"label": "all", "value": 0.8123456789, "note": ""},
        row | {"label": "PLACE", "value": None, "note": "too few units"},
    ]


def edition(name: str) -> tuple[Tables, About]:
    """Some editions that differ from each other."""
    if name == "relabelled":
        return newsroom(spans=SPANS | {"s4": ("doc-b", "Ilo", 0, "PERSON", ("A1",))}), ABOUT
    if name.startswith("about-"):
        return newsroom(), replace(ABOUT, description=name)
    return newsroom(), ABOUT


def put_out_divided(folder: Path, count: int = 12, relabelled: Collection[str] = ()) -> Published:
    """Publish so many documents with splits."""
    return publish_divided(folder, tables=many(count, relabelled), about=ABOUT, plan=DIVIDED, progress=silent)


def put_out(folder: Path, name: str = "first") -> Published:
    """Publish an edition."""
    tables, about = edition(name)
    return publish(folder, tables=tables, about=about, progress=silent)


if __name__ == "__main__":
    try:
        done = put_out(place_at(sys.argv[1]), *sys.argv[2:])
    except CopydeskError as error:
        print(json.dumps({"error": error.code, "message": str(error)}))
        sys.exit(1)
    print(json.dumps({"version": done.version, "created": done.created, "bump": done.bump, "reasons": done.reasons}))
