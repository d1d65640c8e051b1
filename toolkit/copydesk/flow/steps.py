"""What searches over the whole log share: its newest documents part by part, and a folder where steps leave what the next ones need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import feather

from copydesk.store import Log, Part


@dataclass(frozen=True, slots=True)
class Source:
    """A part of the log, and those of its rows of ``documents`` that are the newest of their document."""

    number: int
    part: Part
    rows: tuple[int, ...] | None  # None: all

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

    def write(self, table: pa.Table, what: str, *numbers: int) -> None:
        """Keep a table for another step; work that is done twice writes the same."""
        path = self.file(what, *numbers)
        feather.write_feather(table, path, compression="zstd")

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
    counts = [part.receipt["files"]["documents"]["rows"] for part in parts]
    names = [part.read("documents", columns=["doc_id"])["doc_id"] for part in parts]
    codes = pa.chunked_array([chunk for name in names for chunk in name.chunks], pa.string()).combine_chunks()
    code = codes.dictionary_encode().indices.to_numpy() if len(codes) else np.empty(0, np.int64)
    last = np.zeros(int(code.max()) + 1 if len(code) else 0, np.int64)
    last[code] = np.arange(len(code))  # of several assignments to one place the last one stays
    is_newest = np.zeros(len(code), np.bool_)
    is_newest[last] = True
    return list(_with_rows(parts, counts, is_newest))


def _with_rows(
    parts: Sequence[Part], counts: Sequence[int], is_newest: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> Iterator[Source]:
    at = 0
    for number, (part, count) in enumerate(zip(parts, counts, strict=True)):
        mine = is_newest[at : at + count]
        rows = None if mine.all() else tuple(np.flatnonzero(mine).tolist())
        yield Source(number, part, rows)
        at += count
