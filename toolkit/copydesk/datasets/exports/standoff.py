"""Corpora without texts: what may be passed on where a licence forbids the texts, and how the texts are put back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.exports.corpus import Corpus
from copydesk.datasets.layout import NESTED, TABLES, file_of, schema_of
from copydesk.datasets.load import read_file
from copydesk.datasets.nested import nest
from copydesk.datasets.version import LABEL_SET, LABELLING, read_object
from copydesk.errors import DataError, UsageError
from copydesk.model.document import text_sha256
from copydesk.model.plain import from_plain
from copydesk.model.schema import LabelSchema
from copydesk.store import file_sha256

RECEIPT = "export.json"
SURFACE, DIGEST = "surface", "surface_sha256"
# Columns that hold an article's words, or words made of them.
_WORDS = frozenset({"text", "title", "readings", "detail", "evidence", "contents", "sources", "source_names", "cues"})
_NEEDED = frozenset({"documents", "sources", "zones", "spans", "relations"})


def recipe() -> str:
    """Say how the texts are put back, for the README of an export without them."""
    return resources.files(__package__).joinpath("standoff.md").read_text(encoding="utf-8")


def without_text(corpus: Corpus) -> Corpus:
    """The same corpus without the words of the articles: SHA-256 of the marked words stand for them.

    The nested table, which holds nothing that the others have not, is left out.
    """
    tables = tuple(name for name in corpus.tables if name != NESTED)
    return replace(corpus, tables=tables, has_text=False, read=lambda split, name: _stripped(corpus.read(split, name)))


def with_text(folder: Path, texts: Mapping[str, str]) -> Corpus:
    """Put texts, by their SHA-256, back into what ``write_parquet`` wrote without them.

    All rows of a document without its text are left out; ``missing`` names it. Titles stay empty. Raises UsageError where
    ``folder`` is no such export, DataError where the words of a label are not those that were published.
    """
    receipt = read_object(folder / RECEIPT) if (folder / RECEIPT).is_file() else {}
    if receipt.get("format") != "parquet" or receipt["has_text"]:
        raise UsageError(f"{folder} is no export without texts", fix="make one: --format parquet --without-text")
    names = tuple(receipt["tables"])
    lacking = _NEEDED - set(names)
    if lacking:
        raise UsageError(
            f"{folder} has no {', '.join(sorted(lacking))}, without which there is no joining", fix="export all tables"
        )
    parts = {
        split: {name: read_file(folder / file_of(name, split), None) for name in names} for split in receipt["splits"]
    }
    joined = {split: _joined(part, texts) for split, part in parts.items()}
    missing = [
        row["doc_id"]
        for part in parts.values()
        for row in part["documents"].select(["doc_id", "text_sha256"]).to_pylist()
        if row["text_sha256"] not in texts
    ]
    return Corpus(
        **{name: receipt[name] for name in ("name", "version", "licence")},
        digest=file_sha256(folder / RECEIPT),
        language=tuple(receipt["language"]),
        label_set=read_object(folder / LABEL_SET),
        schema=from_plain(LabelSchema, read_object(folder / LABELLING)),
        splits=tuple(receipt["splits"]),
        tables=tuple(next(iter(joined.values()), ())),
        read=lambda split, name: joined[split][name],
        missing=tuple(missing),
    )


def _stripped(table: pa.Table) -> pa.Table:
    if SURFACE in table.column_names:
        digests = pa.chunked_array([_digests(table[SURFACE].combine_chunks())])
        table = _in_place(table, SURFACE, DIGEST, digests)
    return table.drop_columns([name for name in table.column_names if name in _WORDS])


def _digests(texts: pa.Array) -> pa.Array:
    """SHA-256 of each text's UTF-8; each that occurs is computed once."""
    encoded = texts.dictionary_encode()
    digests = [text_sha256(one) for one in encoded.dictionary.to_pylist()]
    return pa.array(digests, pa.string()).take(encoded.indices)


def _joined(part: Mapping[str, pa.Table], texts: Mapping[str, str]) -> dict[str, pa.Table]:
    """Put the texts back into one split."""
    documents = part["documents"]
    found = [texts.get(sha256) for sha256 in documents["text_sha256"].to_pylist()]
    of_document = dict(zip(documents["doc_id"].to_pylist(), found, strict=True))
    known = pa.array([doc_id for doc_id, text in of_document.items() if text is not None], pa.string())
    rows = {name: table.filter(pc.is_in(table["doc_id"], known)) for name, table in part.items()}
    held = pa.array([text for text in found if text is not None], pa.string())
    rows["documents"] = rows["documents"].append_column(pa.field("text", pa.string(), nullable=False), held)
    joined = {name: _published(name, _with_surface(table, of_document)) for name, table in rows.items()}
    labels = {name: joined[name] for name in ("zones", "spans", "relations")}
    if any(table.schema.names != TABLES[name].names for name, table in labels.items()):
        return joined  # of an older version, whose labels lack what the nested table says of them today
    return {NESTED: nest(joined["documents"], **labels), **joined}


def _with_surface(table: pa.Table, of_document: Mapping[str, str | None]) -> pa.Table:
    if DIGEST not in table.column_names:
        return table
    columns = (table[name].to_pylist() for name in ("doc_id", "start", "end", DIGEST))
    surfaces = []
    for doc_id, start, end, sha256 in zip(*columns, strict=True):
        surface = None if sha256 is None else (of_document[doc_id] or "")[start:end]
        if surface is not None and text_sha256(surface) != sha256:
            raise DataError(
                f"document {doc_id}: the words at {start}:{end} are not those that were published",
                fix="export the version again: the folder was changed",
            )
        surfaces.append(surface)
    return _in_place(table, DIGEST, SURFACE, pa.chunked_array([surfaces], pa.string()))


def _in_place(table: pa.Table, old: str, new: str, column: pa.ChunkedArray) -> pa.Table:
    """Put a column where another is, which may be empty in just the same rows."""
    at = table.column_names.index(old)
    return table.set_column(at, table.schema.field(at).with_name(new), column)


def _published(name: str, table: pa.Table) -> pa.Table:
    """Give the columns of a published table, in its order: titles are empty, and other columns that a corpus without texts has not are left out."""
    schema = schema_of(name)
    assert schema is not None
    if name == "documents":
        table = table.append_column(schema.field("title"), pa.nulls(table.num_rows, pa.string()))
    there = pa.schema([field for field in schema if field.name in table.column_names])
    return table.select(there.names).cast(there)
