"""What is checked before anything is written: tables go in, and a DataError comes out where a version would contradict itself.

Validation has looked at the labels already; here stands only what every reader of a version relies on, so that a version that
breaks it cannot exist, whoever calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.matching import Ints
from copydesk.errors import OWN_FAULT, DataError, FindingError
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import TABLES

INPUTS = (
    "documents",
    "zones",
    "sentences",
    "agreed_spans",
    "agreed_relations",
    "spans",
    "relations",
    "reads",
    "anchors",
    "snapped",
    "agreement",
    "disputes",
    "findings",
)
ARTICLE_COLUMNS = ("source", "raw_sha256", "retrieved_at", "format", "encoding", "bytes")
PSEUDONYM = "^[A-Z]{1,3}[0-9]+$"
_KEYS: Mapping[str, tuple[str, ...]] = {
    "documents": ("doc_id",),
    "zones": ("doc_id", "seq"),
    "sentences": ("doc_id", "seq"),
    "agreed_spans": ("span_id",),
    "agreed_relations": ("relation_id",),
    "spans": ("annotation_id", "span_id"),
    "relations": ("annotation_id", "relation_id"),
    "reads": ("annotation_id",),
    "disputes": ("dispute_id",),
}
_WITH_PEOPLE = ("agreed_spans", "agreed_relations", "agreed_categories")
# What is there where the schema declares it.
_DECLARED_KEYS: Mapping[str, tuple[str, ...]] = {
    "agreed_attributes": ("span_id", "name", "value"),
    "agreed_categories": ("doc_id", "name", "value"),
    "times": ("span_id",),
    "events": ("event_id",),
    "arguments": ("event_id", "role", "span_id"),
    "claims": ("claim_id",),
}
# Made on one revision of the text: an offset into another revision would be wrong.
_ON_THE_TEXT = ("zones", "sentences", "agreed_spans", "agreed_relations", "disputes")
_STRETCHES = ("zones", "disputes", "times", "events", "arguments", "claims")
# What an annotator did on an earlier revision stays what it was: only the document must be there.
_ON_THE_DOCUMENT = ("spans", "relations", "reads", "anchors")


def check(tables: Mapping[str, pa.Table], *, schema: LabelSchema) -> None:
    """Refuse tables that no version may be made of; ``schema`` has the label set, and says which spans may overlap.

    Raises DataError that names the table and the first row at fault, FindingError where findings are errors.
    """
    _columns(tables)
    _findings(tables["findings"])
    if not tables["documents"].num_rows:
        raise DataError("there is no labelled document to publish", fix="label documents and pull them first")
    for name, key in _KEYS.items():
        _unique(name, tables[name], key)
    _unique("agreed_spans", tables["agreed_spans"], ("doc_id", "start", "end", "label"))
    for name, key in _DECLARED_KEYS.items():
        if name in tables:
            _unique(name, tables[name], key)
            _belongs(name, tables[name], tables["documents"], ("doc_id", "revision"))
    for name in _ON_THE_TEXT:
        _belongs(name, tables[name], tables["documents"], ("doc_id", "revision"))
    for name in _ON_THE_DOCUMENT:
        _belongs(name, tables[name], tables["documents"], ("doc_id",))
    _known("agreed_spans", tables["agreed_spans"], schema.label_names)
    _known("agreed_relations", tables["agreed_relations"], schema.relation_names)
    _ends(tables["agreed_relations"], tables["agreed_spans"])
    _pseudonyms(tables)
    texts = _Texts.of(tables["documents"])
    _surfaces(tables["agreed_spans"], texts)
    _overlaps(tables["agreed_spans"], schema.overlap)
    for name in _STRETCHES:
        if name in tables:
            _inside(name, tables[name], texts)
    _within(tables["sentences"], texts)


@dataclass(frozen=True, slots=True)
class _Texts:
    """The documents' texts and how long each is, in code points."""

    doc_ids: pa.Array
    texts: pa.ChunkedArray
    lengths: Ints

    @classmethod
    def of(cls, documents: pa.Table) -> _Texts:
        lengths = pc.utf8_length(documents["text"])
        return cls(documents["doc_id"].combine_chunks(), documents["text"], np.asarray(lengths, np.int64))

    def home(self, table: pa.Table) -> Ints:
        """For each row the place of its document."""
        return np.asarray(pc.index_in(table["doc_id"], value_set=self.doc_ids), np.int64)


def _columns(tables: Mapping[str, pa.Table]) -> None:
    for name in INPUTS:
        if name not in tables or not tables[name].schema.equals(TABLES[name]):
            found = tables[name].schema.names if name in tables else "nothing"
            raise DataError(f"table {name} must have the columns {TABLES[name].names}; found {found}", fix=OWN_FAULT)
    missing = set(ARTICLE_COLUMNS) - set(tables["articles"].column_names if "articles" in tables else ())
    if missing:
        raise DataError(f"table articles lacks the columns {', '.join(sorted(missing))}", fix=OWN_FAULT)


def _findings(findings: pa.Table) -> None:
    errors = findings.filter(pc.equal(findings["severity"], "error"))
    if errors.num_rows:
        raise FindingError(
            f"validation found {errors.num_rows} errors, the first: {errors['message'][0]}",
            fix="correct the labels; copydesk validate lists every finding",
        )


def _unique(name: str, table: pa.Table, key: tuple[str, ...]) -> None:
    counted = table.select(key).group_by(list(key), use_threads=False).aggregate([([], "count_all")])
    if counted.num_rows == table.num_rows:
        return
    twice = counted.filter(pc.greater(counted["count_all"], 1)).select(key).slice(0, 1).to_pylist()[0]
    raise DataError(f"table {name}: {_row(twice)} stands there twice", fix="hand over one row of each")


def _belongs(name: str, table: pa.Table, documents: pa.Table, key: tuple[str, ...]) -> None:
    at = pc.index_in(table["doc_id"], value_set=documents["doc_id"].combine_chunks())
    same = (pc.equal(table[column], pc.take(documents[column], at)) for column in key)
    orphans = table.select(key).filter(pc.invert(reduce(pc.and_, (pc.fill_null(one, False) for one in same))))
    if orphans.num_rows:
        first = min(map(_row, orphans.slice(0, 1000).to_pylist()))
        raise DataError(
            f"table {name}: {orphans.num_rows} rows belong to no document of this version, such as {first}",
            fix="hand over the document that the rows were made on, or leave the rows out",
        )


def _known(name: str, table: pa.Table, labels: Sequence[str]) -> None:
    found = pc.unique(table["label"]).to_pylist()
    unknown = sorted(set(found) - set(labels))
    if unknown:
        raise DataError(
            f"table {name}: unknown label {unknown[0]!r}; the schema lists: {', '.join(labels)}",
            fix="add it to schema.toml, or correct the label",
        )


def _ends(relations: pa.Table, spans: pa.Table) -> None:
    """Both ends of a relation are agreed spans of its own document."""
    ends = pc.unique(
        pa.chunked_array([*relations["head_span_id"].chunks, *relations["tail_span_id"].chunks], pa.string())
    )
    homes = spans.select(["span_id", "doc_id"]).filter(pc.is_in(spans["span_id"], value_set=ends)).combine_chunks()
    for column in ("head_span_id", "tail_span_id"):
        found = pc.index_in(relations[column], value_set=homes["span_id"])
        same = pc.fill_null(pc.equal(pc.take(homes["doc_id"], found), relations["doc_id"]), False)
        wrong = relations.filter(pc.invert(same))
        if wrong.num_rows:
            raise DataError(
                f"table agreed_relations: {column} {wrong[column][0]} of relation {wrong['relation_id'][0]} is no agreed "
                f"span of document {wrong['doc_id'][0]}",
                fix="agree on the span, or leave the relation out",
            )


def _pseudonyms(tables: Mapping[str, pa.Table]) -> None:
    """No name or e-mail address goes out: what is not shaped like a pseudonym is refused, and not repeated in the message."""
    columns = {name: tables[name]["annotator"] for name in _ON_THE_DOCUMENT}
    columns |= {name: pc.list_flatten(tables[name]["annotators"]) for name in _WITH_PEOPLE if name in tables}
    for name, column in columns.items():
        if not pc.all(pc.match_substring_regex(column, PSEUDONYM), min_count=0).as_py():
            raise DataError(
                f"table {name} names an annotator by something else than a pseudonym such as A1",
                fix="pull again: people are given pseudonyms there",
            )


def _surfaces(spans: pa.Table, texts: _Texts) -> None:
    start, end = (spans[name].to_numpy() for name in ("start", "end"))
    whole = texts.texts.to_pylist()
    places = zip(texts.home(spans).tolist(), start.tolist(), end.tolist(), strict=True)
    there = pa.array([whole[at][first:last] for at, first, last in places], pa.string())
    same = pc.fill_null(pc.equal(there, spans["surface"]), False).to_numpy()
    wrong = spans.filter(pa.array(~same | (start < 0) | (start >= end)))
    if wrong.num_rows:
        row = wrong.slice(0, 1).to_pylist()[0]
        raise DataError(
            f"span {row['span_id']}: text[{row['start']}:{row['end']}] of {row['doc_id']} is not its surface {row['surface']!r}",
            fix="make the span's offsets from the document's text again",
        )


def _overlaps(spans: pa.Table, overlap: str) -> None:
    """Spans of a document overlap only as the label set says: not at all (``none``), or one inside another (``nested``)."""
    if overlap == "any":
        return
    spans = _overlapping(spans)
    columns = (spans[name].to_pylist() for name in ("doc_id", "start", "end"))
    around: list[int] = []  # the ends of the spans that the last one lies in
    last = ""
    for doc_id, start, minus_end in sorted((doc, start, -end) for doc, start, end in zip(*columns, strict=True)):
        around = [end for end in around if end > start] if doc_id == last else []
        if around and (overlap == "none" or min(around) < -minus_end):
            raise DataError(
                f"table agreed_spans: the span at {start}:{-minus_end} of {doc_id} overlaps another, and the schema's overlap "
                f"is {overlap}",
                fix="have one of them decided away, or allow it: overlap in schema.toml",
            )
        around.append(-minus_end)
        last = doc_id


def _overlapping(spans: pa.Table) -> pa.Table:
    """The spans of the documents in which one begins before another has ended: mostly there are none."""
    documents = spans["doc_id"].combine_chunks().dictionary_encode()
    start, end = (spans[name].to_numpy() for name in ("start", "end"))
    length = int(end.max(initial=0)) + 1
    home = np.asarray(documents.indices).astype(np.int64) * length
    order = np.argsort(home + start, kind="stable")
    reached = np.maximum.accumulate((home + end)[order])
    before = (home + start)[order][1:] < reached[:-1]
    found = np.zeros(len(documents.dictionary), bool)
    found[np.asarray(documents.indices)[order[1:][before]]] = True
    return spans.filter(pa.array(found[np.asarray(documents.indices)]))


def _inside(name: str, table: pa.Table, texts: _Texts) -> None:
    """What has a start and an end has both in its text."""
    lengths = pa.array(texts.lengths[texts.home(table)])
    ordered = pc.and_(pc.less_equal(0, table["start"]), pc.less_equal(table["start"], table["end"]))
    wrong = table.filter(pc.invert(pc.and_(ordered, pc.less_equal(table["end"], lengths))))
    if wrong.num_rows:
        start, end, doc_id = (wrong[column][0] for column in ("start", "end", "doc_id"))
        raise DataError(
            f"table {name}: [{start}:{end}] of {doc_id} is no stretch of its text",
            fix="make it from the document's text again",
        )


def _within(sentences: pa.Table, texts: _Texts) -> None:
    """Sentences lie in their text, one behind the other."""
    ordered = sentences.sort_by([("doc_id", "ascending"), ("seq", "ascending")])
    home = texts.home(ordered)
    start, end = (ordered[name].to_numpy() for name in ("start", "end"))
    reached = np.where(home[1:] == home[:-1], end[:-1], 0)
    behind = np.concatenate([start[:1] >= 0, start[1:] >= reached])
    wrong = ordered.filter(pa.array(~behind | (start >= end) | (end > texts.lengths[home])))
    if wrong.num_rows:
        start, end, doc_id = (wrong[column][0] for column in ("start", "end", "doc_id"))
        raise DataError(
            f"table sentences: [{start}:{end}] of {doc_id} is no stretch of its text behind the sentence before",
            fix="make the sentences from the document's text again",
        )


def _row(row: Mapping[str, object]) -> str:
    return ", ".join(f"{key} {value}" for key, value in row.items())
