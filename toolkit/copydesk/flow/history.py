"""What the ingest log knows of every document goes in, with a part that was read; what is new in the part comes out.

Of each document three things are kept in mind: a digest of its newest article, a digest of what its newest revision says, and the
number of that revision. Parts are settled one after the other, in the order in which they go into the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import StoreError
from copydesk.model.tables import DOCUMENTS, INGESTED
from copydesk.store import Log

_TOLD = tuple(name for name in DOCUMENTS.names if name not in {"revision", "text"})
_RECENT = 100_000  # documents that are kept aside before they are sorted in among the others
_OF_REVISIONS = ("documents", "zones", "edits", "sketches")

Tables = Mapping[str, pa.Table]
Keys = np.ndarray[Any, np.dtype[np.uint64]]
States = np.ndarray[Any, np.dtype[np.void]]


@dataclass(slots=True)
class State:
    """What is known of a document; ``revision`` is 0 where every article of it was rejected."""

    article: int = 0
    document: int | None = None
    revision: int = 0


def doc_key(doc_id: str) -> int:
    """The number in a document's identity."""
    return int(doc_id[4:], 16)


def doc_keys(names: pa.ChunkedArray) -> Keys:
    """The numbers in many documents' identities."""
    digits = "".join([name[4:] for name in names.to_pylist()])
    return np.frombuffer(bytes.fromhex(digits), ">u8").astype(np.uint64)


def key_of(values: object) -> int:
    """A digest of values as a whole number of 64 bits."""
    return int.from_bytes(hashlib.blake2b(repr(values).encode("utf-8"), digest_size=8).digest(), "big")


def document_keys(documents: pa.Table) -> list[int]:
    """The digest of what each row of ``documents`` says, whichever revision it is."""
    return [key_of(told) for told in zip(*(documents[name].to_pylist() for name in _TOLD), strict=True)]


def settle(states: dict[int, State], tables: Tables) -> dict[str, pa.Table]:
    """Leave out of a part what the states know already, number the revisions after those, and bring the states up to date.

    ``tables`` are those of a part: each row of ``ingested`` belongs to the row of ``articles`` in its place, and names a revision that
    is the part's own; rows of a rejected article stay. The same part settled from the same states gives the same tables.
    """
    kept: list[bool] = []
    numbers: list[int | None] = []
    renamed: dict[tuple[int, int], int] = {}  # revisions of the part that are new, and their numbers
    for row in zip(*(tables["ingested"][name].to_pylist() for name in INGESTED.names), strict=True):
        doc, article, document, own = row
        state = states.setdefault(doc, State())
        is_new = document is not None and document != state.document
        kept.append(is_new or article != state.article)
        state.article = article
        if is_new:
            state.document = document
            state.revision += 1
            renamed[doc, own] = state.revision
        numbers.append(state.revision if document is not None else None)
    return _settled(tables, kept=kept, numbers=numbers, renamed=renamed)


def _settled(
    tables: Tables, *, kept: list[bool], numbers: list[int | None], renamed: Mapping[tuple[int, int], int]
) -> dict[str, pa.Table]:
    mask = pa.array(kept, pa.bool_())
    place = INGESTED.get_field_index("revision")
    ingested = tables["ingested"].set_column(place, INGESTED.field(place), pa.array(numbers, pa.int32()))
    articles = tables["articles"].filter(mask)
    rejected = tables["rejected"]
    return {
        **tables,
        "articles": articles,
        "ingested": ingested.filter(mask),
        "rejected": rejected.filter(pc.is_in(rejected["item"], articles["source"].combine_chunks())),
        **{name: _renumbered(tables[name], renamed) for name in tables if name in _OF_REVISIONS},
    }


def _renumbered(table: pa.Table, renamed: Mapping[tuple[int, int], int]) -> pa.Table:
    """Keep the rows of the revisions that are new, under their numbers."""
    pairs = zip(map(doc_key, table["doc_id"].to_pylist()), table["revision"].to_pylist(), strict=True)
    numbers = pa.array([renamed.get(pair) for pair in pairs], pa.int32())
    place = table.schema.get_field_index("revision")
    return table.set_column(place, table.schema.field(place), numbers).filter(numbers.is_valid())


class History:
    """The states of all documents in a log: 28 bytes each."""

    def __init__(self, log: Log) -> None:
        self._keys: Keys = np.empty(0, np.uint64)
        self._states: States = np.empty(0, np.dtype([("article", "u8"), ("document", "u8"), ("revision", "i4")]))
        self._recent: dict[int, State] = {}
        for part in log.parts():
            if "ingested" not in part.receipt["files"]:
                raise StoreError(
                    f"{part.path} was written by an earlier version of Copydesk",
                    fix=f"remove {log.folder} and ingest again",
                )
            self.add(part.read("ingested"))

    def of(self, ingested: pa.Table) -> dict[int, State]:
        """Give the states of those documents of a part that are known."""
        found = ((key, self._find(key)) for key in set(ingested["doc_key"].to_pylist()))
        return {key: replace(state) for key, state in found if state}

    def add(self, ingested: pa.Table) -> None:
        """Take note of a part that is in the log."""
        for doc, article, document, revision in zip(
            *(ingested[name].to_pylist() for name in INGESTED.names), strict=True
        ):
            state = self._find(doc) or State()
            state.article = article
            if document is not None:
                state.document, state.revision = document, revision
            self._recent[doc] = state
        if len(self._recent) > _RECENT:
            self._merge()

    def _find(self, key: int) -> State | None:
        if key in self._recent:
            return self._recent[key]
        place = int(np.searchsorted(self._keys, np.uint64(key)))
        if place == len(self._keys) or int(self._keys[place]) != key:
            return None
        article, document, revision = self._states[place].tolist()
        return State(article, document if revision else None, revision)

    def _merge(self) -> None:
        keys = np.fromiter(self._recent, np.uint64, len(self._recent))
        rows = [(one.article, one.document or 0, one.revision) for one in self._recent.values()]
        states = np.array(rows, self._states.dtype)
        old = ~np.isin(self._keys, keys)
        keys, states = np.concatenate([self._keys[old], keys]), np.concatenate([self._states[old], states])
        order = np.argsort(keys)
        self._keys, self._states = keys[order], states[order]
        self._recent = {}
