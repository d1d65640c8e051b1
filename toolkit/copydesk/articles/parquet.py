"""A Parquet file in, an entry for each of its rows out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.articles.columns import resolve
from copydesk.articles.entry import At, Entry, refused
from copydesk.articles.rows import from_resolved
from copydesk.articles.streams import InputFault

_BATCH_BYTES = 16_000_000
_BATCH_ROWS = 1_000
_DICTIONARY_BYTES = 256_000_000
_EXPANSIONS = {"UNCOMPRESSED": 1, "SNAPPY": 22, "LZ4": 256, "GZIP": 1_100}  # at most; zstd and brotli give far more


def read_parquet(file: BinaryIO, at: At) -> Iterator[Entry]:
    """Give the article of each row, batch by batch; ``file`` can be sought.

    Only the columns of an article are read. A damaged row group is one entry that says which rows it held; the next is read.
    """
    try:
        table = pq.ParquetFile(file, buffer_size=1 << 20, pre_buffer=False, page_checksum_verification=True)
    except (OSError, pa.ArrowException, ValueError) as error:
        fix = "get the file again; the end of a Parquet file says where everything is, so nothing of it can be read"
        raise InputFault("not-parquet", f"not a whole Parquet file: {_first_line(error)} (fix: {fix})") from error
    yield from _groups(table, at)


def _groups(table: pq.ParquetFile, at: At) -> Iterator[Entry]:
    names = table.schema_arrow.names
    found = resolve(names, at.options.columns)
    if found.fault or len(set(names)) < len(names):
        detail = found.fault or "columns are there twice (fix: give each a name of its own)"
        yield refused(at, number=0, place="columns", reason="no-text-column", detail=detail)
        return
    first = 0
    for group in range(table.metadata.num_row_groups):
        rows = table.metadata.row_group(group).num_rows
        done = 0
        try:
            for row in _rows(table, group, list(found.by_role.values())):
                done += 1
                number = first + done
                yield from_resolved(at, row, found, number=number, place=f"row {number}")
        except (OSError, pa.ArrowException, ValueError) as error:
            place = f"rows {first + done + 1} to {first + rows}"
            detail = f"row group {group + 1} is damaged: {_first_line(error)} (fix: get the file again)"
            yield refused(at, number=first + done + 1, place=place, reason="damaged", detail=detail)
        first += rows


def _rows(table: pq.ParquetFile, group: int, columns: list[str]) -> Iterator[Mapping[str, Any]]:
    size = _batch_size(table.metadata.row_group(group))
    for batch in table.iter_batches(batch_size=size, row_groups=[group], columns=columns):
        taken = [(name, batch.column(name)) for name in batch.schema.names]
        for index in range(batch.num_rows):
            yield {name: _value(array[index]) for name, array in taken}


def _value(scalar: Any) -> Any:
    """Give a value as Python's: the bytes of what should be UTF-8 and is not, and nothing for what Python has no value of."""
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return bytes(scalar.as_buffer()) if hasattr(scalar, "as_buffer") else None
    except (OverflowError, LookupError, ValueError):  # a year past 9999, a time zone that is not known
        return None


def _batch_size(group: Any) -> int:
    """Say how many rows are read at once: by their mean size, and as if each row of a dictionary could be all of it.

    A small file can hold one long value and a million references to it.
    """
    longest = max((_dictionary_size(group.column(place)) for place in range(group.num_columns)), default=0)
    each = group.total_byte_size // max(group.num_rows, 1)
    return int(max(1, min(_BATCH_ROWS, _BATCH_BYTES // max(each, 1), _DICTIONARY_BYTES // max(longest, 1))))


def _dictionary_size(chunk: Any) -> int:
    """Say how many bytes the dictionary of a column may have at most; 0 where it has none."""
    if not chunk.has_dictionary_page:
        return 0
    packed = max(chunk.data_page_offset - (chunk.dictionary_page_offset or 0), 0)
    return int(min(chunk.total_uncompressed_size, packed * _EXPANSIONS.get(chunk.compression, 20_000)))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
