"""Live annotations in the log go in, and what is known of a task comes out: of a large project few tasks are asked for.

An annotation is known by what no other ever shares, since ids are given again after a deletion; beside that stands what is compared.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

KEY = ("annotation_id", "project", "task_created_at", "doc_id", "created_at")
COMPARED = ("content_sha256", "shown_sha256", "revision", "text_sha256")

Key = tuple[Any, ...]
Content = tuple[Any, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Known:
    """Live annotations of one project, by task; ``len`` is their number."""

    def __init__(self, entries: pa.Table) -> None:
        """Take the newest entries of a project: ``task_id``, ``KEY``, ``COMPARED`` and ``updated_at``."""
        task = entries["task_id"].to_numpy()
        self._entries = entries.take(pa.array(np.argsort(task, kind="stable"))).combine_chunks()
        self._task = np.sort(task)

    def __len__(self) -> int:
        """Give the number of annotations."""
        return len(self._task)

    def of_task(self, task_id: int) -> dict[Key, Content]:
        """Give what is compared of each annotation of a task, by its key."""
        first, end = np.searchsorted(self._task, [task_id, task_id + 1])
        if first == end:
            return {}
        rows = self._entries.slice(first, end - first)
        keys = zip(*(rows[name].to_pylist() for name in KEY), strict=True)
        contents = zip(*(rows[name].to_pylist() for name in COMPARED), ticks(rows["updated_at"]), strict=True)
        return dict(zip(keys, contents, strict=True))


def tick(time: datetime | None) -> int | None:
    """Give a time in microseconds."""
    return None if time is None else (time - _EPOCH) // timedelta(microseconds=1)


def tick_of(told: str) -> int:
    """Give a time that the server tells (ISO 8601) in microseconds."""
    return (datetime.fromisoformat(told) - _EPOCH) // timedelta(microseconds=1)


def ticks(times: pa.ChunkedArray) -> list[int | None]:
    """Give times in microseconds, which takes a tenth of the time that it takes to make them values of Python's own."""
    found: list[int | None] = times.cast(pa.int64()).to_pylist()
    return found


def instant_of(ticks: int) -> datetime:
    """Give the time of so many microseconds."""
    return _EPOCH + timedelta(microseconds=ticks)
