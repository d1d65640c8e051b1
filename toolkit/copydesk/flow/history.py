"""What the ingest log knows of every document goes in, with a part that was read; what is new in the part comes out.

Of each document three things are kept in mind: a digest of its newest article, a digest of what its newest revision says, and the
number of that revision. Parts are settled one after the other, in the order in which they go into the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import StoreError
from copydesk.model.tables import DOCUMENTS, INGESTED
from copydesk.store import Log, Part

_TOLD = tuple(name for name in DOCUMENTS.names if name not in {"revision", "text"})
_STATE = np.dtype([("key", "u8"), ("article", "u8"), ("document", "u8"), ("revision", "i4"), ("known", "?")])
_OF_REVISIONS = ("documents", "zones", "edits", "sketches", "edges")
_NEEDED = frozenset({"ingested", "edges"})

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


def article_rows(documents: pa.Table, ingested: pa.Table) -> list[int]:
    """Say in which row of ``articles`` the article of each row of ``documents`` stands; all three are tables of one part."""
    first: dict[tuple[int, int | None], int] = {}
    for row, pair in enumerate(zip(*(ingested[name].to_pylist() for name in ("doc_key", "revision")), strict=True)):
        first.setdefault(pair, row)
    pairs = zip(map(doc_key, documents["doc_id"].to_pylist()), documents["revision"].to_pylist(), strict=True)
    return [first[pair] for pair in pairs]


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


def readable_parts(log: Log) -> list[Part]:
    """Give the parts of the log; raises StoreError where an earlier version of Copydesk wrote one, which did not note what is asked here."""
    parts = log.parts()
    for part in parts:
        if not set(part.receipt["files"]) >= _NEEDED:
            raise StoreError(
                f"{part.path} was written by an earlier version of Copydesk",
                fix=f"remove {log.folder} and ingest again",
            )
    return parts


class History:
    """The states of all documents in a log: 29 bytes each, in sorted runs that are merged as they grow."""

    def __init__(self, log: Log) -> None:
        self._runs: list[States] = []
        for part in readable_parts(log):
            self.add(part.read("ingested"))

    def of(self, ingested: pa.Table) -> dict[int, State]:
        """Give the states of those documents of a part that are known."""
        found = self._known(np.unique(ingested["doc_key"].to_numpy()))
        told = found[found["known"]].tolist()
        return {
            key: State(article, document if revision else None, revision)
            for key, article, document, revision, _ in told
        }

    def add(self, ingested: pa.Table) -> None:
        """Take note of a part that is in the log."""
        key, article = (ingested[name].to_numpy() for name in ("doc_key", "article_key"))
        order = np.argsort(key, kind="stable")
        last = order[np.append(np.diff(key[order]) != 0, True)] if len(order) else order
        states = self._known(key[last])
        states["article"], states["known"] = article[last], True
        told = ingested.filter(ingested["document_key"].is_valid())
        if told.num_rows:
            of = np.searchsorted(states["key"], told["doc_key"].to_numpy())
            states["document"][of] = told["document_key"].to_numpy()  # of several to one place the last one stays
            states["revision"][of] = told["revision"].to_numpy()
        self._runs.append(states)
        while len(self._runs) > 1 and len(self._runs[-2]) < 2 * len(self._runs[-1]):
            newer, older = self._runs.pop(), self._runs.pop()
            both = np.concatenate([older[~np.isin(older["key"], newer["key"])], newer])
            self._runs.append(both[np.argsort(both["key"])])

    def _known(self, keys: Keys) -> States:
        """Give the states of documents, sorted by their keys; ``known`` says whether there is any."""
        found = np.zeros(len(keys), _STATE)
        found["key"] = keys
        for run in self._runs:  # later ones are newer
            at = np.minimum(np.searchsorted(run["key"], keys), max(len(run) - 1, 0))
            there = run["key"][at] == keys if len(run) else np.zeros(len(keys), np.bool_)
            found[there] = run[at[there]]
        return found
