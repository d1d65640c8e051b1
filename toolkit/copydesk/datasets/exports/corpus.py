"""What is exported: the documents and agreed labels of a version, split by split, wherever they are read from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.about import about_of
from copydesk.datasets.layout import DECLARED, TABLES, file_of
from copydesk.datasets.load import read_file, splits_in
from copydesk.datasets.version import LABEL_SET, LABELLING, MANIFEST, Release, open_release, read_object
from copydesk.errors import UnknownError
from copydesk.model.document import text_sha256
from copydesk.model.name import is_name
from copydesk.model.new_schema import colour
from copydesk.model.schema import LabelSchema
from copydesk.store import file_sha256

Row = Mapping[str, Any]
_GROUPED: Mapping[str, tuple[str, ...]] = {
    "spans": ("span_id", "start", "end", "surface", "label", "attributes"),
    "relations": ("relation_id", "head_span_id", "tail_span_id", "label"),
    "categories": ("name", "value"),
    "sentences": ("start", "end"),
}
# Of what labels.json says, what a labelling schema's file says too.
_LABEL = ("name", "definition")
_RELATION = ("name", "definition", "heads", "tails", "symmetric")
_SAID = ("name", "definition", "kind", "placeholder", "pattern")
_AT_ONCE = 1_000  # documents that are values of Python's own at a time


@dataclass(frozen=True, slots=True)
class Labelled:
    """A document with what is agreed of it; offsets are code points into ``text``, and rows are in the order of their table."""

    row: Row
    spans: Sequence[Row]
    relations: Sequence[Row]
    categories: Sequence[Row]
    sentences: Sequence[Row]

    @property
    def doc_id(self) -> str:
        """What names the document."""
        return str(self.row["doc_id"])

    @property
    def file_name(self) -> str:
        """What its files are called, without a suffix: its id, or where no file can be called that, the id's digest."""
        return self.doc_id if is_name(self.doc_id) and "." not in self.doc_id else text_sha256(self.doc_id)

    @property
    def text(self) -> str:
        """The document's text."""
        return str(self.row["text"])


@dataclass(frozen=True, slots=True)
class Corpus:
    """Published tables with what a version says of itself. ``read`` gives one table of one split.

    ``digest`` is the SHA-256 of the version's manifest, or of the receipt of the export that texts were put back into; ``missing`` are
    its documents of which no text was found. ``has_text`` is false of a corpus without texts.
    """

    name: str
    version: str
    digest: str
    licence: str
    language: tuple[str, ...]
    label_set: Mapping[str, Any]  # as labels.json holds it
    schema: LabelSchema
    splits: tuple[str, ...]
    tables: tuple[str, ...]
    read: Callable[[str, str], pa.Table]
    has_text: bool = True
    missing: tuple[str, ...] = ()

    @classmethod
    def of_version(cls, path: Path) -> Corpus:
        """Open the version in ``path``; raises StoreError where it is damaged."""
        release = open_release(path)
        manifest, label_set = release.manifest, read_object(path / LABEL_SET)
        files = {entry["path"] for entry in manifest["files"]}
        splits = tuple(splits_in(path))
        return cls(
            name=manifest["name"],
            version=manifest["version"],
            digest=file_sha256(path / MANIFEST),
            licence=manifest["licence"],
            language=tuple(manifest["language"]),
            label_set=label_set,
            schema=_schema(release, label_set),
            splits=splits,
            tables=tuple(name for name in (*TABLES, *DECLARED) if {file_of(name, split) for split in splits} <= files),
            read=lambda split, table: read_file(path / file_of(table, split), None),
        )

    def only(self, *, splits: Sequence[str] = (), tables: Sequence[str] = ()) -> Corpus:
        """The same with some of its splits and tables, all where none is named; raises UnknownError where one is not there."""
        return replace(
            self,
            splits=_chosen("split", splits, self.splits),
            tables=_chosen("table", tables, self.tables),
        )

    def documents(self, split: str) -> Iterator[Labelled]:
        """Give a split's documents one after the other, each with its labels."""
        table = self.read(split, "documents")
        groups = {name: self._by_document(split, name, table["doc_id"]) for name in _GROUPED}
        for batch in table.to_batches(max_chunksize=_AT_ONCE):
            for row in batch.to_pylist():
                yield Labelled(row, **{name: next(rows) for name, rows in groups.items()})

    def _by_document(self, split: str, name: str, doc_ids: pa.ChunkedArray) -> Iterator[list[Row]]:
        """Give a table's rows for each document in turn; published tables are sorted by document."""
        if name not in self.tables:
            yield from ([] for _ in range(len(doc_ids)))
            return
        table = self.read(split, name)
        home = pc.index_in(table["doc_id"], value_set=doc_ids.combine_chunks())
        counts = np.bincount(np.asarray(home, dtype=np.int64), minlength=len(doc_ids))
        rows = table.select([column for column in _GROUPED[name] if column in table.column_names]).combine_chunks()
        at = 0
        for count in counts.tolist():
            yield rows.slice(at, count).to_pylist() if count else []
            at += count


def _schema(release: Release, label_set: Mapping[str, Any]) -> LabelSchema:
    """The labelling schema of a version; one that was published without it has its label set alone: no keys, other colours."""
    if (release.path / LABELLING).exists():
        return about_of(release).schema
    labels = [{**_kept(one, _LABEL), "colour": colour(place)} for place, one in enumerate(label_set["labels"])]
    parts = {
        "labels": labels,
        "relations": [_kept(one, _RELATION) for one in label_set["relations"]],
        "attributes": [_said(one, "labels") for one in label_set["attributes"]],
        "categories": [_said(one, "required") for one in label_set.get("categories", ())],
    }
    named = _kept(label_set, ("name", "version", "title", "overlap"))
    return LabelSchema.read({**named, **parts}, place=str(release.path / LABEL_SET))


def _said(one: Row, own: str) -> dict[str, Any]:
    return _kept(one, (*_SAID, own)) | {"choices": [{"name": choice} for choice in one["choices"]]}


def _kept(one: Row, names: Sequence[str]) -> dict[str, Any]:
    return {name: one[name] for name in names if name in one}


def _chosen(what: str, named: Sequence[str], there: tuple[str, ...]) -> tuple[str, ...]:
    for one in named:
        if one not in there:
            raise UnknownError(f"no {what} {one!r} here; there are: {', '.join(there)}", fix="name one of these")
    return tuple(one for one in there if one in named) if named else there
