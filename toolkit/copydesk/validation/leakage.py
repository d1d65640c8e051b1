"""Documents and their splits go in; those of which another split knows something come out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.validation.failing import Failing, short
from copydesk.validation.lookup import MISSING, TEXT_KEY, Lookup, Rows, cells, filled, joined_key, numbers

_CHUNK = 1_000  # documents whose words are held at once
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no word's digest is lost in a product
Digests = npt.NDArray[np.uint64]


def in_one_split(lookup: Lookup, table: str, *, columns: Sequence[str], split: str) -> Failing:
    """A row fails where another with the same key stands in another split; a key with an empty part is passed over."""
    rows = lookup.table(table)
    judged = np.flatnonzero(filled(rows, [*columns, split]))
    keys = numbers(pc.dictionary_encode(joined_key(rows, columns).take(pa.array(judged))).indices)
    splits = numbers(pc.dictionary_encode(cells(rows, split).take(pa.array(judged))).indices)
    first = np.full(int(keys.max(initial=-1)) + 1, MISSING, dtype=np.int64)
    first[keys[::-1]] = np.arange(len(keys))[::-1]  # of each key its first row
    differs = splits != splits[first[keys]]
    torn = np.zeros(len(first), dtype=np.bool_)
    torn[keys[differs]] = True
    other = dict(zip(keys[differs][::-1].tolist(), judged[differs][::-1].tolist(), strict=True))
    at = dict(zip(judged.tolist(), keys.tolist(), strict=True))

    def see(row: int) -> str:
        begun = int(judged[first[at[row]]])
        there = other[at[row]] if rows.column(split)[row] == rows.column(split)[begun] else begun
        return f"{rows.column(split)[row].as_py()}, and {rows.column('doc_id')[there].as_py()} in {rows.column(split)[there].as_py()}"

    return Failing(judged[torn[keys]], see)


def no_shared_quotes(lookup: Lookup, table: str, *, split: str, words: int, training: str) -> Failing:
    """A document outside ``training`` fails where so many words in a row stand in a document of another split too.

    Runs of words are compared by digests of 64 bits; the words of a thousand documents are held at once, and the digests of what
    is not for training.
    """
    rows = lookup.table(table)
    splits = cells(rows, split).to_pylist()
    parents = lookup.parents(table, TEXT_KEY, reference="documents")
    outside = [row for row, one in enumerate(splits) if one != training and parents[row] != MISSING]
    within = [row for row, one in enumerate(splits) if one == training and parents[row] != MISSING]
    if not outside:
        return Failing(np.empty(0, dtype=np.int64), str)
    pieces = list(_runs(lookup, outside, parents, words))
    digests = np.concatenate([one for one, _ in pieces])
    owners = np.concatenate([one for _, one in pieces])
    order = np.argsort(digests, kind="stable")
    digests, owners = digests[order], owners[order]
    met = _met_outside(digests, owners, splits)
    for theirs, holders in _runs(lookup, within, parents, words):
        place = np.searchsorted(digests, theirs)
        found = np.flatnonzero(digests[np.minimum(place, len(digests) - 1)] == theirs) if len(digests) else place[:0]
        for run in found.tolist():
            last = int(np.searchsorted(digests, theirs[run], side="right"))
            for owner in owners[place[run] : last].tolist():
                met.setdefault(owner, int(holders[run]))
    ids = rows.column("doc_id")
    return Failing(
        np.array(sorted(met), dtype=np.int64),
        lambda row: f"{splits[row]}, quotes as {ids[met[row]].as_py()} in {short(splits[met[row]])} does",
    )


def _met_outside(digests: Digests, owners: Rows, splits: Sequence[str | None]) -> dict[int, int]:
    """Give the documents that share a run with one of another split, both not for training, each with that other."""
    met: dict[int, int] = {}
    for at in np.flatnonzero(digests[1:] == digests[:-1]).tolist():
        one, other = int(owners[at]), int(owners[at + 1])
        if splits[one] != splits[other]:
            met.setdefault(one, other)
            met.setdefault(other, one)
    return met


def _runs(lookup: Lookup, rows: Sequence[int], parents: Rows, words: int) -> Iterator[tuple[Digests, Rows]]:
    """Give the digest of every run of words, and the row that it stands in."""
    for begin in range(0, len(rows), _CHUNK):
        chosen = rows[begin : begin + _CHUNK]
        texts = [(lookup.texts[parents[row]] or "").split() for row in chosen]
        said = _word_digests([word for text in texts for word in text])
        owner = np.repeat(np.array(chosen, dtype=np.int64), [len(text) for text in texts])
        count = max(len(said) - words + 1, 0)
        runs = np.zeros(count, dtype=np.uint64)
        for step in range(words):
            runs = runs * _BASE + said[step : step + count]
        whole = owner[:count] == owner[words - 1 : words - 1 + count]
        yield runs[whole], owner[:count][whole]


def _word_digests(words: Sequence[str]) -> Digests:
    coded = pc.dictionary_encode(pa.array(words, pa.string()))
    known = [hashlib.blake2b(word.encode(), digest_size=8).digest() for word in coded.dictionary.to_pylist()]
    digests: Digests = np.frombuffer(b"".join(known), dtype="<u8")[coded.indices.to_numpy()]
    return digests
