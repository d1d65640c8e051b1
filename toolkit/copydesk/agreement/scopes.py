"""Reads and documents in, what figures are measured over out: each document, each source, each week of work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.columns import Ints
from copydesk.agreement.votes import UNKNOWN, Reads

_DAY = 86_400_000_000  # microseconds
_TEXT_ALONE = "urn:sha256:"  # how the source of a text begins that came with an export of Label Studio
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scope:
    """A way to divide the documents: ``of[doc]`` is the place of its part in ``names``, or -1 where it is in none."""

    name: str
    names: tuple[str, ...]
    of: Ints


def scopes_of(reads: Reads, documents: pa.Table) -> tuple[Scope, ...]:
    """Divide the documents that two or more people read: by themselves, by source and by the ISO week of their last reading.

    The source of a document is its publisher; without one the host of its address, and without that the file that it came in. A
    document that no reading dates is in no week, and one that is not among ``documents``, or of which nothing but its text is known,
    of no source.
    """
    shared = reads.readers > 1
    docs = [str(doc) for doc in reads.docs.to_pylist()]
    return (
        _scope("document", (doc if two else None for doc, two in zip(docs, shared.tolist(), strict=True))),
        _scope("source", _sources(docs, shared.tolist(), documents)),
        _scope("week", _weeks(reads, shared.tolist())),
    )


def _scope(name: str, parts: Iterable[str | None]) -> Scope:
    listed = list(parts)
    names = tuple(sorted({part for part in listed if part is not None}))
    place: Mapping[str | None, int] = {part: at for at, part in enumerate(names)}
    return Scope(name, names, np.array([place.get(part, -1) for part in listed], np.int64))


def _sources(docs: list[str], shared: list[bool], documents: pa.Table) -> list[str | None]:
    wanted = pa.array([doc for doc, two in zip(docs, shared, strict=True) if two], pa.string())
    known = documents.filter(pc.is_in(documents["doc_id"], value_set=wanted))
    rows = known.select(["doc_id", "publisher", "url", "source"]).to_pylist()
    named = {row["doc_id"]: _source(row) for row in rows}
    return [named.get(doc) for doc in docs]


def _source(row: Mapping[str, Any]) -> str | None:
    host = urlsplit(row["url"] or "").hostname if "[" not in (row["url"] or "") else None
    file = None if row["source"].startswith(_TEXT_ALONE) else row["source"].partition("#")[0]
    return row["publisher"] or host or file


def _weeks(reads: Reads, shared: list[bool]) -> list[str | None]:
    latest = np.full(len(shared), UNKNOWN)
    np.maximum.at(latest, reads.doc, reads.at)
    day = np.where(latest == UNKNOWN, 0, latest // _DAY)
    named = {int(one): _week(int(one)) for one in np.unique(day)}
    told = zip(day.tolist(), (latest != UNKNOWN).tolist(), shared, strict=True)
    return [named[one] if known and two else None for one, known, two in told]


def _week(day: int) -> str:
    year, week, _ = (_EPOCH + timedelta(days=day)).isocalendar()
    return f"{year}-W{week:02}"
