"""What searches over the whole log share: its newest documents part by part, and a folder where steps leave what the next ones need."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import feather

from copydesk.flow.history import doc_keys
from copydesk.store import Log, Part

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A part of the log, and those of its rows of ``documents`` that are the newest of their document."""

    number: int
    part: Part
    rows: tuple[int, ...] | None  # None: all

    @property
    def count(self) -> int:
        """How many documents there are."""
        return self.part.receipt["files"]["documents"]["rows"] if self.rows is None else len(self.rows)

    def read(self, table: str, columns: Sequence[str] = ()) -> pa.Table:
        """Read a table that has a row for each row of ``documents``."""
        whole = self.part.read(table, columns=columns)
        return whole if self.rows is None else whole.take(pa.array(self.rows, pa.int64()))


@dataclass(frozen=True, slots=True)
class Place:
    """Where steps leave what the next ones need, and into how many shares keys are divided."""

    folder: Path
    shares: int

    def file(self, what: str, *numbers: int) -> Path:
        """Name a file of one kind."""
        folder = self.folder / what
        folder.mkdir(parents=True, exist_ok=True)
        return folder / ("-".join(f"{number:06d}" for number in numbers) + ".arrow")

    @contextlib.contextmanager
    def writing(self, what: str, *numbers: int) -> Iterator[BinaryIO]:
        """Write a file, which is there whole afterwards; work that is done twice, even at one time, writes the same."""
        path = self.file(what, *numbers)
        own = path.with_name(f"{path.name}-{uuid4().hex}")
        with own.open("wb") as file:
            yield file
        own.replace(path)

    def write(self, table: pa.Table, what: str, *numbers: int) -> None:
        """Keep a table for another step."""
        with self.writing(what, *numbers) as file:
            feather.write_feather(table, file, compression="zstd")

    def keep(self, array: Array, what: str, *numbers: int) -> None:
        """Keep an array for other steps, which look at it where it lies."""
        with self.writing(what, *numbers) as file:
            np.save(file, array, allow_pickle=False)

    def kept(self, what: str, *numbers: int) -> Array:
        """Give such an array, of which only what is looked at is loaded."""
        array: Array = np.load(self.file(what, *numbers), mmap_mode="r", allow_pickle=False)
        return array

    def read(self, what: str, *numbers: int) -> pa.Table:
        """Read such a table."""
        return feather.read_table(self.file(what, *numbers))

    def read_all(self, what: str, share: int) -> pa.Table:
        """Read the tables of one share, in the order of the parts that they were made of."""
        files = sorted((self.folder / what).glob(f"{share:06d}-*.arrow"))
        return pa.concat_tables([feather.read_table(file) for file in files])


def sources_of(log: Log) -> list[Source]:
    """Give the parts that hold the newest revision of a document, with where in them."""
    parts = log.parts()
    keys = [doc_keys(part.read("documents", columns=["doc_id"])["doc_id"]) for part in parts]
    key = np.concatenate([np.empty(0, np.uint64), *keys])
    order = np.argsort(key, kind="stable")
    is_last = np.ones(len(key), np.bool_)  # of the rows of its document
    is_last[:-1] = np.diff(key[order]) != 0
    is_newest = np.empty(len(key), np.bool_)
    is_newest[order] = is_last
    return list(_with_rows(parts, [len(one) for one in keys], is_newest))


def _with_rows(
    parts: Sequence[Part], counts: Sequence[int], is_newest: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> Iterator[Source]:
    at = 0
    for number, (part, count) in enumerate(zip(parts, counts, strict=True)):
        mine = is_newest[at : at + count]
        rows = None if mine.all() else tuple(np.flatnonzero(mine).tolist())
        yield Source(number, part, rows)
        at += count
