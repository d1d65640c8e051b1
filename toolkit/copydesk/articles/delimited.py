"""A stream of CSV or TSV in, an entry for each row below the header out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from copydesk.articles.columns import Resolved, resolve
from copydesk.articles.decoding import decode
from copydesk.articles.entry import At, Entry, refused
from copydesk.articles.rows import from_resolved
from copydesk.articles.streams import as_utf8

_SAMPLE = 1 << 16  # bytes that the delimiter is looked for in
_DELIMITERS = ",;\t|"


def read_csv(stream: io.BufferedReader, at: At) -> Iterator[Entry]:
    """Give the article of each row of a CSV file; the delimiter is the one of ``,`` ``;`` tab ``|`` that the header has most."""
    text = as_utf8(stream)
    return _rows(text, at, delimiter=_delimiter(text.peek(_SAMPLE)))


def read_tsv(stream: io.BufferedReader, at: At) -> Iterator[Entry]:
    """Give the article of each row of a file whose columns are parted by tabs."""
    return _rows(as_utf8(stream), at, delimiter="\t")


def _rows(text: io.BufferedReader, at: At, *, delimiter: str) -> Iterator[Entry]:
    # The limit belongs to the whole process: it is raised, never lowered, and each line has our own.
    csv.field_size_limit(max(csv.field_size_limit(), at.limits.max_bytes))
    lines = _Lines(text, at.limits.max_bytes)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header, found = None, None
    number = 0
    while (row := _next(reader, lines)) is not None:
        if header is None or found is None:
            if isinstance(row, list) and row:
                header = [_text(name) for name in row]
                found = _header_fault(header) or resolve(header, at.options.columns)
                if found.fault:
                    yield refused(at, number=0, place="header", reason="no-text-column", detail=found.fault)
                    return
            elif isinstance(row, str):
                yield refused(at, number=0, place="header", reason="not-csv", detail=row)
                return
        elif row != []:
            number += 1
            yield _entry(at, header, found, row, number=number)


def _entry(at: At, header: list[str], found: Resolved, row: list[str] | str, *, number: int) -> Entry:
    place = f"row {number}"
    if isinstance(row, str):
        return refused(at, number=number, place=place, reason="not-csv", detail=row)
    if len(row) != len(header):
        what = f"{len(row)} values under {len(header)} columns"
        detail = f"{what} (fix: put quotation marks around values that hold the delimiter or a line's end)"
        return refused(at, number=number, place=place, reason="ragged-row", detail=detail)
    values: dict[str, Any] = {name: _text(value) for name, value in zip(header, row, strict=True)}
    body = next((found.by_role[role] for role in ("html", "text") if values.get(found.by_role.get(role, ""))), "")
    if body:
        original = row[header.index(body)]
        values[body] = original if values[body] is original else original.encode("utf-8", "surrogateescape")
    return from_resolved(at, values, found, number=number, place=place)


def _header_fault(header: list[str]) -> Resolved | None:
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if not twice:
        return None
    return Resolved({}, fault=f"columns are there twice: {', '.join(twice[:10])} (fix: give each a name of its own)")


def _text(value: str) -> str:
    """Read a value that was written in another encoding than UTF-8 as what it most likely is."""
    if value.isascii() or not any("\udc80" <= character <= "\udcff" for character in value):
        return value
    raw = value.encode("utf-8", errors="surrogateescape")
    return decode(raw, declared=None).text or raw.decode("utf-8", errors="replace")


def _next(reader: Any, lines: _Lines) -> list[str] | str | None:
    """Give the next row, or why there is none where one begins; ``None`` at the end."""
    try:
        return next(reader)  # type: ignore[no-any-return]
    except StopIteration:
        return None
    except csv.Error as error:
        fix = "close every quotation mark, and double those within a value"
        return f"not CSV up to line {lines.number}: {error} (fix: {fix})"


class _Lines:
    """The lines of a text, each with its end. One that is too long is a fault of the row that it stands in."""

    def __init__(self, text: io.BufferedReader, limit: int) -> None:
        self._text = text
        self._limit = limit
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(self._limit + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > self._limit and not line.endswith(b"\n"):
            while (rest := self._text.readline(1 << 20)) and not rest.endswith(b"\n"):
                pass
            raise csv.Error(f"a line has more than {self._limit:,} bytes; [ingest] max_bytes is the limit")
        return line.decode("utf-8", errors="surrogateescape")


def _delimiter(sample: bytes) -> str:
    """Give the delimiter that the first line has most, outside quotation marks."""
    first = sample.lstrip().split(b"\n", 1)[0].decode("utf-8", errors="replace")
    bare = "".join(first.split('"')[::2])
    return max(_DELIMITERS, key=bare.count)
