"""Tables on disk: what goes in is an Arrow table, what comes out is a file that is there whole or not at all.

Every file is written under a temporary name, flushed to the disk and renamed. Tables that belong together form a **part**: a
folder of Parquet files with a ``receipt.json``, renamed into place as one. A ``Log`` is a sequence of parts that only grows;
a ``Latest`` keeps the newest part alone.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.errors import OWN_FAULT, ConfigError, StoreError, WorkspaceError
from copydesk.model.tables import TABLES
from copydesk.remote import FIX, RemotePath

TEMPORARY = ".tmp-"
_GROUP_BYTES = 16_000_000  # of texts in a row group
_PART = re.compile(r"\d{6}")
_TEXT_COLUMNS = frozenset({"text", "raw", "result", "row", "removed", "inserted", "detail"})
_CATEGORIES = frozenset(
    {"kind", "rule", "label", "annotator", "origin", "state", "format", "encoding", "decided", "reason"}
)


@dataclass(frozen=True, slots=True)
class Part:
    """One committed set of tables. ``receipt`` says what they were made from and how many rows they hold."""

    path: Path
    receipt: Mapping[str, Any]

    def read(self, table: str, *, columns: Sequence[str] = ()) -> pa.Table:
        """Read one table of this part, or some of its columns; a part that has none gives an empty one."""
        if table not in self.receipt["files"]:
            return _columns(TABLES[table], columns).empty_table()
        return read_table(self.path / f"{table}.parquet", _columns(TABLES[table], columns))

    def row(self, table: str, number: int) -> dict[str, Any]:
        """Read one row of a table, and of the file no more than the row group that it is in."""
        path, before = self.path / f"{table}.parquet", 0
        with _readable(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if number < before + rows:
                    row: dict[str, Any] = file.read_row_group(group).slice(number - before, 1).to_pylist()[0]
                    return row
                before += rows
        raise IndexError(f"{path} has no row {number}")

    def where(self, table: str, column: str, value: str) -> pa.Table:
        """Read the rows with this value in a column, and of the file no more than that column and the row groups that hold some."""
        found, path = [TABLES[table].empty_table()], self.path / f"{table}.parquet"
        if not self.receipt["files"].get(table, {}).get("rows"):
            return found[0]
        with _readable(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
            place = file.schema_arrow.get_field_index(column)
            for group in range(file.num_row_groups):
                known = file.metadata.row_group(group).column(place).statistics
                if known and known.has_min_max and not known.min <= value <= known.max:
                    continue
                mine = pc.equal(file.read_row_group(group, [column])[column], value)
                if pc.any(mine).as_py():
                    found.append(file.read_row_group(group, TABLES[table].names).filter(mine))
            return pa.concat_tables(found)


class Log:
    """Parts that are only ever added: the history is the data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._last: int | None = None  # that this value added, so that it does not look through the folder for each

    def parts(self) -> list[Part]:
        """Give the committed parts, oldest first."""
        return [part_at(self.folder / name) for name in self._names()]

    def read(self, table: str, *, columns: Sequence[str] = ()) -> pa.Table:
        """Read one table over all parts, or some of its columns, oldest rows first."""
        empty = _columns(TABLES[table], columns).empty_table()
        return pa.concat_tables([empty, *(part.read(table, columns=columns) for part in self.parts())])

    def append(self, tables: Mapping[str, pa.Table], receipt: Mapping[str, Any]) -> Part:
        """Commit the tables as the next part; either all of it is there afterwards or nothing.

        Raises StoreError where the file system refuses.
        """
        with translated(self.folder, "write"):
            self.folder.mkdir(parents=True, exist_ok=True)
        if self._last is None:
            sweep(self.folder)
        part = commit(self._next(), tables, receipt)
        self._last = int(part.path.name)
        return part

    def adopt(self, part: Part) -> Part:
        """Take a part that was committed elsewhere on the same file system as the next one: it is moved, not written again."""
        target = self._next()
        with translated(target, "write"):
            self.folder.mkdir(parents=True, exist_ok=True)
        commit_folder(part.path, target)
        self._last = int(target.name)
        return Part(target, part.receipt)

    def _next(self) -> Path:
        if self._last is None:
            names = self._names()
            return self.folder / f"{int(names[-1]) + 1 if names else 1:06d}"
        return self.folder / f"{self._last + 1:06d}"

    def _names(self) -> list[str]:
        with translated(self.folder, "read"):
            entries = list(self.folder.iterdir()) if self.folder.is_dir() else []
        return sorted(entry.name for entry in entries if _PART.fullmatch(entry.name))

    @property
    def digest(self) -> str:
        """SHA-256 over the receipts: two logs with the same digest hold the same tables."""
        return parts_digest(self.parts())


class Latest:
    """The newest part of a table that is made from others; older ones are removed once it is in place."""

    def __init__(self, folder: Path) -> None:
        self._log = Log(folder)

    def part(self) -> Part | None:
        """Give the newest part, if there is one."""
        parts = self._log.parts()
        return parts[-1] if parts else None

    def read(self, table: str, *, columns: Sequence[str] = ()) -> pa.Table:
        """Read one table of the newest part, or some of its columns; empty where there is none."""
        part = self.part()
        return part.read(table, columns=columns) if part else _columns(TABLES[table], columns).empty_table()

    def where(self, table: str, column: str, value: str) -> pa.Table:
        """Read the rows of the newest part with this value in a column; none where there is no part."""
        part = self.part()
        return part.where(table, column, value) if part else TABLES[table].empty_table()

    def is_made_from(self, key: str) -> bool:
        """Say whether the newest part was made from the input with this key."""
        part = self.part()
        return part is not None and part.receipt.get("key") == key

    def replace(self, tables: Mapping[str, pa.Table], receipt: Mapping[str, Any]) -> Part:
        """Commit the tables and remove what they replace."""
        new = self._log.append(tables, receipt)
        for part in self._log.parts():
            if part.path != new.path:
                _remove(part.path)
        return new


@contextlib.contextmanager
def translated(path: Path, what: str) -> Iterator[None]:
    """Raise StoreError where the system refuses to do ``what`` ("read", "write", …) with ``path`` or a file below it."""
    try:
        yield
    except OSError as error:
        on_disk = "check the disk's space and the rights of the file and its folder"
        raise StoreError(
            f"cannot {what} {error.filename or path}: {error.strerror or error}",
            fix=FIX if isinstance(path, RemotePath) else on_disk,
        ) from error


def write_file(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file whole or not at all, and see it onto the disk.

    Raises StoreError where the file system refuses.
    """
    temporary = path.with_name(f"{TEMPORARY}{path.name}")
    with translated(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        temporary.touch(mode=mode)  # a secret is never readable by others, not even for a moment
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)


def write_json(path: Path, value: object, *, mode: int = 0o644) -> None:
    """Write a value as canonical JSON: sorted keys, two spaces, UTF-8, a line end."""
    write_file(path, canonical_json(value), mode=mode)


def canonical_json(value: object) -> bytes:
    """Give the one JSON form of a value that digests are taken of."""
    return (json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode("utf-8")


def digest_of(value: object) -> str:
    """SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_table(path: Path, table: pa.Table, *, sorted_by: Sequence[str] = ()) -> None:
    """Write a table as Parquet, so that the same rows always give the same bytes.

    zstd level 3, checksummed pages, dictionaries only for columns of few values, no pandas metadata; row groups of 2,000
    rows where the table holds texts, of fewer where these are more than 16 MB, and of 131,072 elsewhere. ``sorted_by`` tells
    readers which order the rows are in.
    Raises StoreError where the file system refuses.
    """
    table = table.replace_schema_metadata(None).combine_chunks()
    with translated(path, "write"), path.open("wb") as file:
        with pq.ParquetWriter(
            file,
            table.schema,
            compression="zstd",
            compression_level=3,
            use_dictionary=[name for name in table.column_names if name in _CATEGORIES],
            write_statistics=[name for name in table.column_names if name not in _TEXT_COLUMNS],
            write_page_checksum=True,
            write_page_index=True,
            sorting_columns=pq.SortingColumn.from_ordering(table.schema, [(name, "ascending") for name in sorted_by])
            if sorted_by
            else None,
        ) as writer:
            for start, rows in _row_groups(table):
                writer.write_table(table.slice(start, rows), row_group_size=max(rows, 1))
        file.flush()
        os.fsync(file.fileno())


def _row_groups(table: pa.Table) -> Iterator[tuple[int, int]]:
    """Where each row group begins, and how many rows it has; a table without rows has one."""
    texts = [table[name] for name in table.column_names if name in _TEXT_COLUMNS]
    if not texts:
        size = 131_072
        yield from ((start, min(size, table.num_rows - start)) for start in range(0, max(table.num_rows, 1), size))
        return
    lengths = (
        pc.fill_null(pc.binary_length(text), 0).to_numpy() for text in texts if not pa.types.is_nested(text.type)
    )
    ends = np.cumsum(sum(lengths, np.zeros(table.num_rows, np.int64)))
    start = 0
    while start < table.num_rows or start == 0:
        before = int(ends[start - 1]) if start else 0
        within = int(np.searchsorted(ends, before + _GROUP_BYTES, side="right")) - start
        rows = max(1, min(2_000, within, table.num_rows - start)) if table.num_rows else 0
        yield start, rows
        start += max(rows, 1)


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Read these columns of a Parquet file, which must have them in just these types.

    Raises StoreError, naming the file, where it is missing, damaged or of another schema.
    """
    with _readable(path):
        table = pq.read_table(path, columns=schema.names, page_checksum_verification=True, partitioning=None)
    if not table.schema.equals(schema):
        raise StoreError(
            f"{path} has other columns than this version of Copydesk expects: {', '.join(table.schema.names)}",
            fix="use the version of Copydesk that wrote it",
        )
    return table


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raise StoreError where a Parquet file is missing or damaged."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise StoreError(
            f"cannot read {path}: {error}", fix="restore the file, or remove its folder and run again"
        ) from error


def sweep(folder: Path) -> None:
    """Remove what an interrupted run left under temporary names."""
    with translated(folder, "clear"):
        for entry in folder.glob(f"{TEMPORARY}*"):
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()


def commit_folder(temporary: Path, target: Path) -> None:
    """Rename a finished folder into place and see it onto the disk; a target that is there already is an error."""
    if target.exists():
        raise StoreError(f"{target} is there already", fix="another run wrote it; run the command again")
    with translated(target, "write"):
        for folder in (temporary, *(path for path in temporary.rglob("*") if path.is_dir())):
            sync_folder(folder)
        temporary.rename(target)
        sync_folder(target.parent)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a workspace while writing in it, and remove the half-made parts that a killed command left.

    Raises WorkspaceError where another command holds it, StoreError where the file system refuses.
    """
    with contextlib.ExitStack() as stack:
        with translated(path, "write"):
            path.parent.mkdir(parents=True, exist_ok=True)
            _hold(stack.enter_context(path.open("a+")))
            for left in path.parent.glob(f"*/{TEMPORARY}[0-9]*"):
                shutil.rmtree(left)
        yield  # outside: what the command itself meets is not the lock's fault


def read_text(path: Path, *, missing: str | None = None) -> str:
    """Read a text that a person wrote, in UTF-8; ``missing`` is what stands for a file that is not there.

    Raises ConfigError, naming the file, where it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        if missing is not None:
            return missing
        raise ConfigError(f"{path} is missing", fix="restore it") from error
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or error}", fix="make it a file that you may read"
        ) from error
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise ConfigError(
            f"{path} cannot be read: byte {byte:#04x} at {error.start} is not UTF-8", fix="save it as UTF-8"
        ) from error


def read_secrets(path: Path, *, keys: Sequence[str] = ()) -> dict[str, Any]:
    """Read a JSON object that only its owner may read; a missing file is empty.

    Raises StoreError where others can read it, it is damaged, or it lacks one of ``keys``.
    """
    with translated(path, "read"):
        if not path.exists():
            return {}
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise StoreError(f"{path} can be read by others", fix=f"chmod 600 {path}")
        raw = path.read_bytes()
    try:
        return _object(raw, keys)
    except ValueError as error:
        raise StoreError(
            f"{path} is damaged: {error}", fix="restore it, or remove it and set the accounts up again"
        ) from error


def _object(raw: bytes, keys: Sequence[str]) -> dict[str, Any]:
    """Parse a JSON object; raises ValueError where it is none, or lacks a key."""
    loaded = json.loads(raw)
    if not isinstance(loaded, dict):
        raise ValueError("it is no JSON object")
    lacking = [key for key in keys if key not in loaded]
    if lacking:
        raise ValueError(f"it lacks {', '.join(lacking)}")
    return loaded


def _hold(file: TextIO) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        raise WorkspaceError(
            f"another copydesk command (process {holder}) is writing in this workspace", fix="wait until it is done"
        ) from error
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()


def _columns(schema: pa.Schema, columns: Sequence[str]) -> pa.Schema:
    return pa.schema([schema.field(name) for name in columns]) if columns else schema


def parts_digest(parts: Iterable[Part]) -> str:
    """SHA-256 over the receipts of a log's parts, or of its first ones."""
    return digest_of([part.receipt["files"] for part in parts])


def part_at(folder: Path) -> Part:
    """Give the part that was committed as this folder; raises StoreError where its receipt cannot be read."""
    return Part(folder, _receipt(folder))


def commit(target: Path, tables: Mapping[str, pa.Table], receipt: Mapping[str, Any]) -> Part:
    """Write tables as a part in this folder, which is there whole afterwards or not at all.

    Raises StoreError where the file system refuses, or the folder is there.
    """
    temporary = target.with_name(f"{TEMPORARY}{target.name}")
    with translated(temporary, "write"):
        temporary.mkdir()
    files = {}
    for name, table in tables.items():
        if not table.schema.equals(TABLES[name]):
            raise StoreError(f"table {name} has other columns than declared: {table.schema.names}", fix=OWN_FAULT)
        path = temporary / f"{name}.parquet"
        write_table(path, table)
        with translated(path, "read"):
            files[name] = {"rows": table.num_rows, "sha256": file_sha256(path)}
    whole = {**receipt, "files": files}
    write_json(temporary / "receipt.json", whole)
    commit_folder(temporary, target)
    return Part(target, whole)


def offer(part: Part, target: Path) -> None:
    """Rename a part to a name that another process may give to the same part at the same time: the first one stays."""
    with translated(target, "write"):
        try:
            part.path.rename(target)
        except OSError as error:
            if error.errno not in {errno.EEXIST, errno.ENOTEMPTY}:
                raise
            shutil.rmtree(part.path)
        sync_folder(target.parent)


def _remove(part: Path) -> None:
    """Take a part away whole: one that is half removed would be found damaged."""
    with translated(part, "remove"):
        gone = part.rename(part.with_name(f"{TEMPORARY}{part.name}"))
        shutil.rmtree(gone)


def _receipt(folder: Path) -> Mapping[str, Any]:
    try:
        loaded = _object((folder / "receipt.json").read_bytes(), ("files",))
        if not isinstance(loaded["files"], dict):
            raise ValueError("its files are no JSON object")
        return loaded
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{folder} has no readable receipt: {error}", fix="restore the folder, or remove it and run again"
        ) from error


def sync_folder(folder: Path) -> None:
    """See the names in a folder onto the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
