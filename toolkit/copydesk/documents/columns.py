"""Documents in, one by one; the tables ``documents``, ``zones`` and ``edits`` out, built once from columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any

import pyarrow as pa

from copydesk.model import tables
from copydesk.model.document import Document, Edit, Zone

_REVISION = 1  # the place of the column in `documents`


class Columns:
    """The tables in the making: the parts of a document are taken apart at once, so that few objects live at a time."""

    def __init__(self) -> None:
        self._documents: list[tuple[Any, ...]] = []
        self._zones: list[list[Any]] = [[] for _ in Zone._fields]
        self._edits: list[list[Any]] = [[] for _ in Edit._fields]
        self._counts: list[tuple[int, int]] = []

    def add(self, told: tuple[Any, ...], document: Document, revision: int) -> None:
        """Note a document; ``told`` are its columns but for ``revision`` and ``text``."""
        self._documents.append((*told[:_REVISION], revision, *told[_REVISION:], document.text))
        self._counts.append((len(document.zones), len(document.edits)))
        for columns, parts in ((self._zones, document.zones), (self._edits, document.edits)):
            for column, values in zip(columns, zip(*parts, strict=True), strict=False):
                column.extend(values)

    def tables(self) -> dict[str, pa.Table]:
        """Build the three tables."""
        *zones, speakers = self._zones
        zones += [[speaker and speaker[0] for speaker in speakers], [speaker and speaker[1] for speaker in speakers]]
        return {
            "documents": tables.from_tuples("documents", self._documents),
            "zones": _table("zones", [*self._keys([zones for zones, _ in self._counts]), *zones]),
            "edits": _table("edits", [*self._keys([edits for _, edits in self._counts]), *self._edits]),
        }

    def _keys(self, counts: Sequence[int]) -> list[list[Any]]:
        """Give the columns ``doc_id``, ``revision`` and ``seq`` of the parts of all documents, so many of each."""
        return [
            list(chain.from_iterable(map(repeat, (row[0] for row in self._documents), counts))),
            list(chain.from_iterable(map(repeat, (row[_REVISION] for row in self._documents), counts))),
            list(chain.from_iterable(map(range, counts))),
        ]


def _table(name: str, columns: Sequence[Sequence[Any]]) -> pa.Table:
    schema = tables.TABLES[name]
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema)
