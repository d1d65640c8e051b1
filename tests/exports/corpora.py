"""Corpora to export: texts that break offsets and files, with spans that lie within, over and across each other."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from copydesk.datasets.exports.corpus import Corpus
from copydesk.datasets.exports.words import tokens_of
from copydesk.datasets.layout import NESTED, TABLES, schema_of
from copydesk.datasets.nested import nest
from copydesk.model.schema import LabelSchema

Row = dict[str, Any]
SCHEMA = LabelSchema.read(
    {
        "name": "small",
        "version": "1",
        "title": "Small",
        "overlap": "any",
        "labels": [
            {"name": "PERSON", "definition": "Who.", "colour": "#aa0000"},
            {"name": "PLACE", "definition": "Where.", "colour": "#00aa00"},
            {"name": "ARMED_GROUP", "definition": "Which.", "colour": "#0000aa", "group": "actors"},
        ],
        "relations": [{"name": "member_of", "definition": "Of what.", "heads": ["PERSON"]}],
        "attributes": [
            {"name": "mention", "definition": "How.", "kind": "choice", "choices": [{"name": "NAM"}, {"name": "NOM"}]},
            {"name": "note", "definition": "Anything.", "kind": "text"},
        ],
        "categories": [
            {
                "name": "topic",
                "definition": "About.",
                "kind": "choices",
                "choices": [{"name": "war"}, {"name": "trade"}],
            },
            {"name": "weight", "definition": "How much.", "kind": "number"},
        ],
    },
    place="schema.toml",
)
LABELS = SCHEMA.label_names
# What scraping brings, what counts differently in other units than code points, and what breaks files of lines and columns.
PARTS = (
    *("Noor", " ", "  ", "\n", "\n\n", "\t", "Aleppó", "e\u0301", "a\u0323\u0302", "\u00a0", "\u202f", "’s", "“", "”"),
    *("😀", "👩\u200d👩\u200d👧", "👍🏽", "🇸🇾", "𝔘", "\U000e0041", "\ufeff", "\u200b", "\u2028", "\u0085", "\ufffd"),
    *("حَلَب", "دير الزور", "\u200f", "שלום", "北京", "กรุงเทพ", "می\u200cخواهم", "<b>", "&amp;", "\\n", '"', "\\"),
    *("=1+1", "@cmd", "+49", "-DOCSTART-", "'", "O", "B-PERSON", "T1", "#1", ",", ";", "{{x}}", "None", "null", "NA"),
)
texts = (
    st.lists(st.sampled_from(PARTS) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=4), max_size=25)
    .map("".join)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(lambda text: any(map(str.isalnum, text)))
)
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6).filter(str.strip)
notes = words | st.sampled_from(["=A1", "two\nlines", "a\tb", "'quoted'", "two words"])


@st.composite
def spans_of(draw: st.DrawFn, doc_id: str, text: str) -> list[Row]:
    """Spans of any kind: each begins and ends with what is no white space, as published ones do."""
    places = {}
    tokens = tokens_of(text)
    for _ in range(draw(st.integers(0, 6))):
        if draw(st.booleans()):  # whole tokens: what tags can hold
            first = draw(st.integers(0, len(tokens) - 1))
            start, end = tokens[first].start, tokens[draw(st.integers(first, min(first + 3, len(tokens) - 1)))].end
        else:
            start = draw(st.integers(0, len(text) - 1))
            end = draw(st.integers(start + 1, len(text)))
        cut = text[start:end]
        if cut.strip():
            start += len(cut) - len(cut.lstrip())
            places[start, start + len(cut.strip()), draw(st.sampled_from(LABELS))] = draw(
                st.fixed_dictionaries({}, optional={"mention": st.sampled_from(["NAM", "NOM"]), "note": notes})
            )
    rows = []
    for number, ((start, end, label), said) in enumerate(sorted(places.items())):
        values = {
            "span_id": f"{doc_id}-{number}",
            "start": start,
            "end": end,
            "surface": text[start:end],
            "label": label,
        }
        attributes = [{"name": name, "value": said[name]} for name in sorted(said)]
        rows.append(_decided(doc_id, text) | values | {"attributes": attributes})
    return rows


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    """A corpus of one or two splits."""
    splits = draw(st.sampled_from([("train",), ("train", "test")]))
    parts = {}
    for split in splits:
        documents, spans, relations, sentences, categories = [], [], [], [], []
        for number in range(draw(st.integers(0, 3))):
            text, doc_id = draw(texts), f"{split}-{number}"
            documents.append(_document(doc_id, text, draw(st.none() | notes)))
            own = draw(spans_of(doc_id, text))
            spans += own
            people = [span for span in own if span["label"] == "PERSON"]
            relations += [_relation(one, other) for one in people for other in own if one is not other][:3]
            topics = draw(st.sets(st.sampled_from(["war", "trade"])))
            categories += [_category(doc_id, "topic", topic) for topic in sorted(topics)]
            categories += [_category(doc_id, "weight", "2.5")] if draw(st.booleans()) else []
            cuts = sorted({0, *draw(st.lists(st.integers(0, len(text) - 1), max_size=3))})
            ends = [*cuts[1:], len(text)]
            sentences += [
                {"doc_id": doc_id, "revision": 1, "seq": seq, "start": start, "end": end}
                for seq, (start, end) in enumerate(zip(cuts, ends, strict=True))
            ]
        parts[split] = published(documents, spans, relations, sentences, categories)
    return corpus_of(parts)


def corpus_of(parts: dict[str, dict[str, pa.Table]]) -> Corpus:
    """A corpus of tables that lie in memory."""
    return Corpus(
        name="small-news",
        version="1.0.0",
        digest="ab" * 32,
        licence="CC0-1.0",
        language=("en",),
        label_set={"name": SCHEMA.name},
        schema=SCHEMA,
        splits=tuple(parts),
        tables=tuple(next(iter(parts.values()))),
        read=lambda split, table: parts[split][table],
    )


def one_document(text: str, *spans: tuple[str, str, str], licence: str = "CC0-1.0") -> Corpus:
    """A corpus of one document with these spans: id, label, and words that stand in it once."""
    document = _document("doc", text, None) | {"licence": licence}
    rows = [
        _decided("doc", text)
        | {
            "span_id": span_id,
            "start": text.index(surface),
            "end": text.index(surface) + len(surface),
            "surface": surface,
            "label": label,
            "attributes": [],
        }
        for span_id, label, surface in spans
    ]
    rows.sort(key=lambda row: (row["start"], row["end"], row["span_id"]))
    return corpus_of({"train": published([document], rows)})


def example() -> Corpus:
    """A corpus with something of everything: two splits, a relation, attributes, what no row of tags holds."""
    text = '=Ida Roe\'s "Free Harbour\nFront" left 🚢 Port Merrin.'
    said = [{"name": "mention", "value": "NAM"}, {"name": "note", "value": "=1+1"}]
    own = [(1, 4, "PERSON"), (1, 8, "PERSON"), (12, 30, "ARMED_GROUP"), (39, 50, "PLACE")]
    spans = [
        _decided("a", text)
        | {"span_id": f"s{number}", "start": start, "end": end, "surface": text[start:end], "label": label}
        | {"attributes": said if number == 0 else said[:1] if number == 1 else []}
        for number, (start, end, label) in enumerate(own)
    ]
    train = published(
        [_document("a", text, "=Ida")], spans, [_relation(spans[0], spans[2])], [], [_category("a", "topic", "war")]
    )
    return corpus_of({"train": train, "test": published([_document("b", "Nothing.", None)])})


def published(documents: list[Row], *labels: list[Row]) -> dict[str, pa.Table]:
    """The published tables of a split; the rows are sorted: spans, relations, sentences, categories."""
    spans, relations, sentences, categories = (*labels, *[[]] * (4 - len(labels)))
    known = {"retrieved_at": None, "format": "text", "encoding": "utf-8", "bytes": 1}
    rows = {
        "documents": documents,
        "sources": [row | known for row in documents],
        "zones": [],
        "spans": spans,
        "relations": sorted(relations, key=lambda row: (row["doc_id"], row["relation_id"])),
        "sentences": sentences,
        "categories": categories,
    }
    tables = {name: _table(name, rows[name]) for name in (*TABLES, "categories") if name in rows}
    nested = {name: tables[name] for name in ("zones", "spans", "relations")}
    return {NESTED: nest(tables["documents"], **nested), **tables}


def _table(name: str, rows: list[Row]) -> pa.Table:
    schema = schema_of(name)
    assert schema is not None
    return pa.Table.from_pylist([{column: row[column] for column in schema.names} for row in rows], schema)


def _document(doc_id: str, text: str, title: str | None) -> Row:
    facts = {
        "publisher": None,
        "published_at": None,
        "licence": "CC BY 4.0",
        "raw_sha256": "0" * 64,
        "recipe": "test/1",
    }
    own = {"doc_id": doc_id, "revision": 1, "title": title, "url": f"https://news.example/{doc_id}", "text": text}
    return facts | own | {"text_sha256": hashlib.sha256(text.encode()).hexdigest()}


def _decided(doc_id: str, text: str) -> Row:
    votes = {"votes": 1, "readers": 1, "annotators": ["A1"], "annotation_ids": ["1"], "decided": "single"}
    votes |= {"method": "vote", "posterior": None, "boundary_changes": []}
    return {"doc_id": doc_id, "revision": 1, "text_sha256": hashlib.sha256(text.encode()).hexdigest(), **votes}


def _relation(head: Row, tail: Row) -> Row:
    ends = {"head_span_id": head["span_id"], "tail_span_id": tail["span_id"], "label": "member_of"}
    return _decided(head["doc_id"], "") | ends | {"relation_id": f"{head['span_id']}>{tail['span_id']}"}


def _category(doc_id: str, name: str, value: str) -> Row:
    return _decided(doc_id, "") | {
        "name": name,
        "value": value,
        "number": float(value) if name == "weight" else None,
        "at": None,
    }
