"""The tables of one run go in; out come rows found by key and the texts that offsets point into.

Rules reach other tables through a ``Lookup`` and never by values copied into a suite or merged into a frame. One is made for
each run and travels with the run's data frames, so that runs at the same time cannot see each other's tables.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import NotEvaluatedError

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
MISSING = -1
TEXT_KEY = ("doc_id", "revision")
Found = TypeVar("Found")
_BETWEEN = "\x1f"  # no id holds this control character, so joined keys stay distinct


class Lookup:
    """The tables of one run by name, and what was found in them before. Copying one gives itself, as pandas copies attrs.

    ``projects`` are the pages of projects in Label Studio, by what the ids of their annotations begin with.
    """

    def __init__(self, tables: Mapping[str, pa.Table], projects: Mapping[str, str] | None = None) -> None:
        self._tables = dict(tables)
        self.projects = projects or {}
        self._found: dict[Hashable, Any] = {}

    def __copy__(self) -> Lookup:
        return self

    def __deepcopy__(self, memo: object) -> Lookup:
        return self

    @property
    def schemas(self) -> Mapping[str, pa.Schema]:
        """The columns of each table."""
        return {name: table.schema for name, table in self._tables.items()}

    def __contains__(self, name: str) -> bool:
        return name in self.schemas

    def once(self, key: Hashable, find: Callable[[], Found]) -> Found:
        """Find something in the tables, or give what was found under this key before."""
        if key not in self._found:
            self._found[key] = find()
        found: Found = self._found[key]
        return found

    def forget(self) -> None:
        """Let go of what was found, which holds this lookup in turn: the tables would stay until a collection of cycles."""
        self._found.clear()

    def table(self, name: str) -> pa.Table:
        """Give a table; raises NotEvaluatedError where the run has none of that name."""
        self._check(name)
        return self._tables[name]

    def _check(self, name: str, columns: Sequence[str] = ()) -> None:
        if name not in self:
            raise NotEvaluatedError(
                f"there is no table {name!r} in this run; there are: {', '.join(sorted(self.schemas))}",
                fix="hand it in, or correct the suite",
            )
        for column in columns:
            _check_column(column, self.schemas[name].names)

    def count(self, name: str) -> int:
        """Give how many rows a table has."""
        return len(self.table(name))

    def columns(self, name: str, columns: Sequence[str]) -> pa.Table:
        """Give some columns of a table; raises NotEvaluatedError where it has none of that name."""
        self._check(name, columns)
        return self._tables[name].select(list(columns))

    def rows(self, name: str, rows: Sequence[int] | Rows) -> pa.Table:
        """Give some rows of a table, by their numbers."""
        return self.table(name).take(pa.array(rows, pa.int64()))

    def parents(
        self, name: str, columns: Sequence[str], *, reference: str, reference_columns: Sequence[str] = ()
    ) -> Rows:
        """For each row of the table ``name``, give the row of ``reference`` with the same key; ``MISSING`` where there is none.

        A key with an empty part is found nowhere. Of equal keys in the reference the first counts.
        """
        wanted = tuple(reference_columns or columns)
        return self.once(
            ("parents", name, tuple(columns), reference, wanted),
            lambda: self.positions(joined_key(self.columns(name, columns), columns), reference, wanted),
        )

    def positions(self, keys: pa.Array, reference: str, columns: Sequence[str]) -> Rows:
        """Give the row of ``reference`` for each key, ``MISSING`` where there is none."""
        self._check(reference, columns)
        if not len(keys):
            return np.empty(0, dtype=np.int64)
        values = joined_key(self.columns(reference, columns), columns)
        found = pc.index_in(keys, value_set=values, skip_nulls=True)
        rows: Rows = pc.fill_null(found, MISSING).to_numpy(zero_copy_only=False).astype(np.int64)
        return rows

    @property
    def text_cells(self) -> pa.Array:
        """The texts of ``documents``, in the order of its rows."""
        return self.once("text cells", lambda: cells(self.columns("documents", ["text"]), "text"))

    @property
    def texts(self) -> list[str | None]:
        """The same as a list."""
        return self.once("texts", self.text_cells.to_pylist)

    def text_lengths(self, rows: Rows) -> Rows:
        """Give the length, in code points, of the text of each of these rows of ``documents``; 0 for ``MISSING``."""
        every: Rows = self.once("lengths", lambda: np.append(numbers(pc.utf8_length(self.text_cells)), 0))
        return every[rows]


def cells(table: pa.Table, name: str) -> pa.Array:
    """Give one column as one array; raises NotEvaluatedError where the table has none of that name."""
    _check_column(name, table.column_names)
    column = table.column(name)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()  # that would copy a single one too


def _check_column(name: str, names: Sequence[str]) -> None:
    if name not in names:
        raise NotEvaluatedError(f"there is no column {name!r}; there are: {', '.join(names)}", fix="correct the suite")


def numbers(array: pa.Array) -> Rows:
    """Give integers as numpy; an empty cell gives ``MISSING``."""
    filled = pc.fill_null(array.cast(pa.int64()), MISSING)
    values: Rows = filled.to_numpy(zero_copy_only=False)
    return values


def filled(table: pa.Table, columns: Sequence[str]) -> Mask:
    """Say of each row whether all of these columns hold something."""
    mask = np.ones(table.num_rows, dtype=np.bool_)
    for name in columns:
        mask &= cells(table, name).is_valid().to_numpy(zero_copy_only=False)
    return mask


def joined_key(table: pa.Table, columns: Sequence[str]) -> pa.Array:
    """Give one text for each row that is equal where all these columns are; empty where one of them is."""
    parts = [cells(table, name).cast(pa.string()) for name in columns]
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, _BETWEEN)
