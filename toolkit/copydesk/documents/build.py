"""The table ``articles`` in; ``documents``, their ``zones`` and ``edits`` out, or a row of ``rejected`` with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from copydesk.documents.read import Made, read_document
from copydesk.errors import StoreError
from copydesk.model import tables
from copydesk.model.document import Document, doc_id_of
from copydesk.model.tables import Outcome

STAGE = "documents"
RECIPE = "documents/1"
_TOLD = tuple(name for name in tables.DOCUMENTS.names if name not in {"revision", "text"})


def build_documents(articles: pa.Table, *, known: pa.Table, max_chars: int) -> Outcome:
    """Make the documents of ``articles`` (rows with an ``encoding``; see ``copydesk.articles.accepted``).

    ``known`` are earlier rows of ``documents``, of which all columns but ``text`` are read. An article whose document is known
    and whose newest revision says the same is a kept row that adds nothing; any other is the next revision of its document,
    also of one made earlier in the same call. Rejected with ``undecodable`` (the row is damaged), ``no-text`` and ``too-long``
    (more than ``max_chars`` characters).
    Raises StoreError for a row without ``raw``, ``format`` or ``encoding``, and for a ``known`` without one of those columns.
    """
    history = _History(known)
    kept = _Kept()
    rejected: list[dict[str, Any]] = []
    for row in articles.to_pylist():
        made = _made(row, max_chars=max_chars)
        if made.document is None:
            rejected.append(_rejected(row, made))
            continue
        kept.rows += 1
        document = _row(row, made, made.document)
        revision = history.next_revision(document)
        if revision:
            kept.add(document, made.document, revision)
    return Outcome(kept=kept.tables(), rejected=tables.from_rows("rejected", rejected), kept_rows=kept.rows)


class _History:
    """The newest revision of each document, and what it says."""

    def __init__(self, known: pa.Table) -> None:
        missing = [name for name in ("revision", *_TOLD) if name not in known.column_names]
        if missing:
            raise StoreError(f"table documents: no column {missing[0]!r} among the known documents")
        self._newest: dict[str, tuple[int, tuple[Any, ...]]] = {}
        for row in known.select(["revision", *_TOLD]).to_pylist():
            if row["revision"] > self._newest.get(row["doc_id"], (0, ()))[0]:
                self._newest[row["doc_id"]] = (row["revision"], _told(row))

    def next_revision(self, document: Mapping[str, Any]) -> int:
        """Give the revision of a document that says something new, and note it; 0 for one that does not."""
        revision, told = self._newest.get(document["doc_id"], (0, ()))
        if told == _told(document):
            return 0
        self._newest[document["doc_id"]] = (revision + 1, _told(document))
        return revision + 1


def _told(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _TOLD)


@dataclass(slots=True)
class _Kept:
    """The tables in the making, as columns: documents are few, but their edits are many."""

    rows: int = 0
    documents: list[dict[str, Any]] = field(default_factory=list)
    zones: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in tables.ZONES.names})
    edits: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in tables.EDITS.names})

    def add(self, row: Mapping[str, Any], document: Document, revision: int) -> None:
        self.documents.append({**row, "revision": revision})
        keys = {"doc_id": document.doc_id, "revision": revision}
        for seq, zone in enumerate(document.zones):
            speaker = zone.speaker or (None, None)
            cells = {"kind": zone.kind, "start": zone.start, "end": zone.end, "rule": zone.rule}
            _append(self.zones, keys | {"seq": seq} | cells | {"speaker_start": speaker[0], "speaker_end": speaker[1]})
        for seq, edit in enumerate(document.edits):
            cells = {"start": edit.start, "end": edit.end, "removed": edit.removed, "inserted": edit.inserted}
            _append(self.edits, keys | {"seq": seq} | cells | {"rule": edit.rule})

    def tables(self) -> dict[str, pa.Table]:
        return {
            "documents": tables.from_rows("documents", self.documents),
            "zones": pa.table(self.zones, schema=tables.ZONES),
            "edits": pa.table(self.edits, schema=tables.EDITS),
        }


def _row(article: Mapping[str, Any], made: Made, document: Document) -> dict[str, Any]:
    """A row of ``documents`` but for its revision; what the article says of itself stands in where nobody else said it."""
    return {
        "doc_id": document.doc_id,
        "text_sha256": document.text_sha256,
        "source": article["source"],
        "raw_sha256": article["raw_sha256"],
        "title": document.title,
        "url": article["url"] or made.facts.url,
        "publisher": article["publisher"] or made.facts.publisher,
        "published_at": article["published_at"] or made.facts.published_at,
        "licence": article["licence"],
        "recipe": document.recipe,
        "text": document.text,
    }


def _append(columns: Mapping[str, list[Any]], cells: Mapping[str, Any]) -> None:
    for name, cell in cells.items():
        columns[name].append(cell)


def _made(row: Mapping[str, Any], *, max_chars: int) -> Made:
    """Decode one article and read its document."""
    for name in ("raw", "format", "encoding"):
        if row[name] is None:
            raise StoreError(
                f"table articles, source {row['source']!r}: {name!r} is empty, so it was rejected when it was read",
                fix="hand over accepted(articles) only",
            )
    try:
        text = row["raw"].decode(row["encoding"])
    except (UnicodeDecodeError, LookupError) as error:
        return Made(reason="undecodable", detail=f"as {row['encoding']}: {error} (fix: read the file again)")
    return read_document(
        text, format=row["format"], doc_id=doc_id_of(row["source"]), recipe=RECIPE, max_chars=max_chars
    )


def _rejected(row: Mapping[str, Any], made: Made) -> dict[str, Any]:
    # The bytes stay in `articles`, found by their digest.
    facts = {name: value for name, value in row.items() if name != "raw"}
    return tables.rejected_row(
        stage=STAGE,
        item=row["source"],
        reason=made.reason,
        detail=made.detail,
        row=facts,
        doc_id=doc_id_of(row["source"]),
    )
