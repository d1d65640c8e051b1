"""Documents in, one by one; the tables ``documents``, ``zones`` and ``edits`` out, built once from columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any

import pyarrow as pa

from copydesk.model import tables
from copydesk.model.document import Document, Edit, Zone

_REVISION = 1  # the place of the column in `documents`


class Columns:
    """The tables in the making: whole rows are noted, and turned into columns at the end."""

    def __init__(self) -> None:
        self._documents: list[tuple[Any, ...]] = []
        self._zones: list[tuple[Zone, ...]] = []
        self._edits: list[tuple[Edit, ...]] = []

    def add(self, told: tuple[Any, ...], document: Document, revision: int) -> None:
        """Note a document; ``told`` are its columns but for ``revision`` and ``text``."""
        self._documents.append((*told[:_REVISION], revision, *told[_REVISION:], document.text))
        self._zones.append(document.zones)
        self._edits.append(document.edits)

    def tables(self) -> dict[str, pa.Table]:
        """Build the three tables."""
        kinds, starts, ends, rules, speakers = _transposed(self._zones, 5)
        zones = [*self._keys(self._zones), kinds, starts, ends, rules]
        zones += [[speaker and speaker[0] for speaker in speakers], [speaker and speaker[1] for speaker in speakers]]
        edits = [*self._keys(self._edits), *_transposed(self._edits, 5)]
        return {
            "documents": tables.from_tuples("documents", self._documents),
            "zones": _table("zones", zones),
            "edits": _table("edits", edits),
        }

    def _keys(self, parts: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """Give the columns ``doc_id``, ``revision`` and ``seq`` of the parts of all documents."""
        lengths = list(map(len, parts))
        return [
            list(chain.from_iterable(map(repeat, (row[0] for row in self._documents), lengths))),
            list(chain.from_iterable(map(repeat, (row[_REVISION] for row in self._documents), lengths))),
            list(chain.from_iterable(map(range, lengths))),
        ]


def _transposed(parts: Iterable[Sequence[Any]], width: int) -> Sequence[Sequence[Any]]:
    return list(zip(*chain.from_iterable(parts), strict=True)) or [()] * width


def _table(name: str, columns: Sequence[Sequence[Any]]) -> pa.Table:
    schema = tables.TABLES[name]
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema)
