"""Documents go in, page by page; which of them are asked for comes out, in the order of their numbers.

The index is SQLite's FTS5 in a temporary database without a name: SQLite takes the file's name away as it opens it, so that nothing
is left of it however the process ends. What is known of a document can be found before its words can.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import threading
import weakref
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from copydesk.errors import StoreError

PAGE = 50
MOST_COUNTED = 10_000
_MOST_TERMS = 20
_CACHE_KIB = 32_000
_AT_ONCE = 250  # documents that are added before somebody who asks is answered
_OPENS, _CLOSES = "\x02", "\x03"  # around what was found; no text of a document holds them
# Scripts that do not part words: a sign of theirs is a word here, and several are found one after the other.
_UNPARTED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_PARTING = "\u200b"
_TERM = re.compile(r'"([^"]*)"?|([^\s"]+)')
_SNIPPET = f"snippet(words, -1, '{_OPENS}', '{_CLOSES}', '…', 32)"
_LAYOUT = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE documents (
  number INTEGER PRIMARY KEY, doc_id TEXT, source TEXT, title TEXT, publisher TEXT, language TEXT, published_at TEXT
);
CREATE INDEX by_doc_id ON documents (doc_id);
CREATE INDEX by_source ON documents (source);
CREATE INDEX by_publisher ON documents (publisher, number);
CREATE INDEX by_language ON documents (language, number);
CREATE TABLE places (
  doc_id TEXT, revision INTEGER, part TEXT, row INTEGER, PRIMARY KEY (doc_id, revision)
) WITHOUT ROWID;
CREATE TABLE texts (number INTEGER PRIMARY KEY, title TEXT, body BLOB);
CREATE VIEW read AS SELECT number, parted(title) AS title, parted(unpacked(body)) AS body FROM texts;
CREATE VIRTUAL TABLE words USING fts5 (
  title, body, content = 'read', content_rowid = 'number', columnsize = 0, prefix = '1 2', tokenize = 'unicode61'
);
CREATE TABLE facts (
  schema TEXT, number INTEGER, readers INTEGER, disputes INTEGER, waiting INTEGER, agreement REAL, PRIMARY KEY (schema, number)
) WITHOUT ROWID;
CREATE TABLE labelled (
  schema TEXT, label TEXT, number INTEGER, spans INTEGER, PRIMARY KEY (schema, label, number)
) WITHOUT ROWID;
CREATE INDEX labels_of ON labelled (number, schema);
"""


class Listed(NamedTuple):
    """What is listed of a document; its number is its place among all."""

    number: int
    doc_id: str
    source: str
    title: str | None
    publisher: str | None
    language: str | None
    published_at: str | None


class Place(NamedTuple):
    """Where a revision of a document stands: in which row of which part of the log."""

    doc_id: str
    revision: int
    part: str
    row: int


class Facts(NamedTuple):
    """What is known of the labels of a document; ``labels`` are the agreed ones, counted."""

    doc_id: str
    readers: int
    disputes: int
    waiting: int
    agreement: float | None
    labels: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: ``words`` as they are typed, the rest as it must be; and numbers that the page comes ``after`` or ``before``."""

    words: str = ""
    schema: str = ""
    label: str = ""
    publisher: str = ""
    language: str = ""
    disputed: bool = False
    waiting: bool = False
    after: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that was found. ``snippet`` is what stands around the words, in pieces, each with whether it was asked for."""

    listed: Listed
    facts: Facts
    snippet: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of hits, how many there are in all (no more than ``MOST_COUNTED`` are counted), and whether others come before and after."""

    hits: tuple[Hit, ...]
    count: int
    earlier: bool
    later: bool


class Index:
    """The index. It may be asked from any thread, also while it is filled from another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._base = sqlite3.connect("", check_same_thread=False)
        self._base.create_function("parted", 1, _parted, deterministic=True)
        self._base.create_function("unpacked", 1, _unpacked, deterministic=True)
        self.close = weakref.finalize(self, self._base.close)
        self._base.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._base.executescript(_LAYOUT)
        self.read = 0  # documents whose words can be found

    def add_places(self, places: Iterable[Place]) -> None:
        """Add where revisions stand; raises StoreError, as whatever adds to the index, where there is no room for it."""
        with self._writing() as base, base:
            base.executemany("INSERT INTO places VALUES (?, ?, ?, ?)", places)

    def add_documents(self, documents: Iterable[Listed]) -> None:
        """Add what is listed of documents."""
        with self._writing() as base, base:
            base.executemany("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)", documents)

    def add_texts(self, texts: Iterable[tuple[int, str | None, str]]) -> None:
        """Add the words of documents: number, title and text of each. Who asks meanwhile is answered between some of them."""
        rows = sorted(texts)  # FTS5 takes them in fastest in this order, and in one transaction
        for at in range(0, len(rows), _AT_ONCE):
            some = rows[at : at + _AT_ONCE]
            packed = [(number, title, zlib.compress(text.encode(), 1)) for number, title, text in some]
            words = [(number, _parted(title), _parted(text)) for number, title, text in some]
            with self._writing() as base:
                base.executemany("INSERT INTO texts VALUES (?, ?, ?)", packed)
                base.executemany("INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)", words)
            self.read += len(some)
        with self._writing() as base:
            base.commit()

    def set_facts(self, schema: str, facts: Sequence[Facts]) -> None:
        """Put what is known of the labels of a schema in the place of what was known."""
        counts = ((schema, *one[1:5], one.doc_id) for one in facts)
        labels = ((schema, label, spans, one.doc_id) for one in facts for label, spans in one.labels.items())
        with self._writing() as base, base:
            for table in ("facts", "labelled"):
                base.execute(f"DELETE FROM {table} WHERE schema = ?", (schema,))
            base.executemany("INSERT INTO facts SELECT ?, number, ?, ?, ?, ? FROM documents WHERE doc_id = ?", counts)
            base.executemany("INSERT INTO labelled SELECT ?, ?, number, ? FROM documents WHERE doc_id = ?", labels)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                yield self._base
        except sqlite3.Error as error:
            raise StoreError(
                f"the index of the documents cannot be written: {error}",
                fix="make room where temporary files lie, or name another folder for them with SQLITE_TMPDIR",
            ) from error

    def _ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._base.execute(statement, values).fetchall()

    def places(self, name: str) -> list[Place]:
        """Give where the revisions of a document stand, the newest last; ``name`` is its ``doc_id`` or its source."""
        found = self._ask("SELECT doc_id FROM documents WHERE doc_id = ? OR source = ? LIMIT 1", name, name)
        rows = self._ask("SELECT * FROM places WHERE doc_id = ? ORDER BY revision", found[0][0]) if found else []
        return [Place(*row) for row in rows]

    def values(self, column: str) -> list[str]:
        """Give the most frequent values of ``publisher`` or ``language``, in their order."""
        assert column in {"publisher", "language"}
        most = f"SELECT {column} FROM documents WHERE {column} > '' GROUP BY 1 ORDER BY count(*) DESC LIMIT 500"
        return sorted(value for (value,) in self._ask(most))

    def find(self, wanted: Wanted) -> Answer:
        """Give the page of documents that is asked for."""
        match = match_of(wanted.words)
        if wanted.words.strip() and not match:
            return Answer((), 0, earlier=False, later=False)
        chosen = _chosen(wanted, match)
        backwards = wanted.before is not None
        edge = wanted.before if backwards else wanted.after
        rows = self._ask(
            f"SELECT {chosen.number}, {_SNIPPET if match else 'NULL'} FROM {chosen.tables}"
            f" WHERE {chosen.limits} AND {chosen.number} {'<' if backwards else '>'} ?"
            f" ORDER BY {chosen.number} {'DESC' if backwards else ''} LIMIT {PAGE + 1}",
            *chosen.values,
            -1 if edge is None else edge,
        )
        more, snippets = len(rows) > PAGE, dict(sorted(rows[:PAGE]))
        count = f"SELECT count(*) FROM (SELECT 1 FROM {chosen.tables} WHERE {chosen.limits} LIMIT {MOST_COUNTED + 1})"
        total = self._ask(count, *chosen.values)[0][0] if more or edge is not None else len(rows)
        hits = tuple(Hit(*told, _pieces(snippets[told[0].number])) for told in self._told(wanted.schema, [*snippets]))
        earlier, later = (more, True) if backwards else (edge is not None, more)
        return Answer(hits, total, earlier=earlier, later=later)

    def _told(self, schema: str, numbers: Sequence[int]) -> Iterator[tuple[Listed, Facts]]:
        """Give what is known of documents, in the order of their numbers."""
        marks = ", ".join("?" * len(numbers))
        labels: dict[int, dict[str, int]] = {number: {} for number in numbers}
        counted = f"SELECT number, label, spans FROM labelled INDEXED BY labels_of WHERE schema = ? AND number IN ({marks}) ORDER BY spans DESC"
        for number, label, spans in self._ask(counted, schema, *numbers):
            labels[number][label] = spans
        known = self._ask(
            f"SELECT {', '.join(f'd.{name}' for name in Listed._fields)}, coalesce(readers, 0), coalesce(disputes, 0),"
            " coalesce(waiting, 0), agreement FROM documents d LEFT JOIN facts f ON f.schema = ? AND f.number = d.number"
            f" WHERE d.number IN ({marks}) ORDER BY d.number",
            schema,
            *numbers,
        )
        for row in known:
            listed, (readers, disputes, waiting, agreement) = Listed(*row[:-4]), row[-4:]
            yield listed, Facts(listed.doc_id, readers, disputes, waiting, agreement, labels[listed.number])


class _Chosen(NamedTuple):
    """Tables that are gone through in this order, by the first one's numbers, and what must be true of their rows."""

    tables: str
    number: str
    limits: str
    values: list[object]


def _chosen(wanted: Wanted, match: str) -> _Chosen:
    tables: list[tuple[str, str]] = []
    limits: list[str] = []
    values: list[object] = []

    def take(table: str, number: str, given: Mapping[str, object]) -> None:
        tables.append((table, number))
        limits.extend(given)
        values.extend(value for value in given.values() if value is not None)

    if match:
        take("words", "words.rowid", {"words MATCH ?": match})
    if wanted.label:
        take("labelled l", "l.number", {"l.schema = ?": wanted.schema, "l.label = ?": wanted.label})
    if wanted.disputed or wanted.waiting:
        flags = {"f.disputes > 0": wanted.disputed, "f.waiting > 0": wanted.waiting}
        take("facts f", "f.number", {"f.schema = ?": wanted.schema, **{flag: None for flag, on in flags.items() if on}})
    exact = {"d.publisher = ?": wanted.publisher, "d.language = ?": wanted.language}
    given = {limit: value for limit, value in exact.items() if value}
    if given or not tables:
        take("documents d", "d.number", given)
    first = tables[0][1]
    same = [f"{number} = {first}" for _, number in tables[1:]]
    joined = " CROSS JOIN ".join(table for table, _ in tables)  # SQLite keeps to this order
    return _Chosen(joined, first, " AND ".join([*limits, *same]) or "TRUE", values)


def match_of(words: str) -> str:
    """Give what FTS5 takes for words as people type them: all of them, ``"a phrase"`` as it stands, and what begins with ``word*``."""
    terms = []
    for phrase, word in _TERM.findall("".join(sign if sign.isprintable() else " " for sign in words)):
        text = _parted(phrase or word.rstrip("*")).replace('"', "")
        if any(sign.isalnum() for sign in text):
            terms.append(f'"{text}"' + ("*" if word.endswith("*") else ""))
    return " ".join(terms[:_MOST_TERMS])


def _parted(text: str | None) -> str:
    return _UNPARTED.sub(lambda sign: f"{sign[0]}{_PARTING}", text or "")


def _unpacked(packed: bytes) -> str:
    return zlib.decompress(packed).decode()


def _pieces(snippet: str | None) -> tuple[tuple[str, bool], ...]:
    """Take a snippet apart at the signs that stand around what was found."""
    parts = re.split(f"([{_OPENS}{_CLOSES}])", (snippet or "").replace(_PARTING, ""))
    pieces, found = [], False
    for part in parts:
        if part in (_OPENS, _CLOSES):
            found = part == _OPENS
        elif part:
            pieces.append((part, found))
    return tuple(pieces)
