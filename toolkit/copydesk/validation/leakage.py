"""Documents and their splits go in; those of which another split knows something come out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.validation.failing import Failing
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
    partner = _partners(keys, splits)
    torn = np.flatnonzero(partner != MISSING)
    other = dict(zip(judged[torn].tolist(), judged[partner[torn]].tolist(), strict=True))
    splits_of, ids = rows.column(split), rows.column("doc_id")
    return Failing(
        judged[torn],
        lambda row: f"{splits_of[row]}, and {ids[other[row]]} in {splits_of[other[row]]}",
    )


def _partners(keys: Rows, splits: Rows) -> Rows:
    """Give for each place another with the same key (numbered from 0) and another split; ``MISSING`` where there is none."""
    count = int(keys.max(initial=-1)) + 1
    first, other = (np.full(count, MISSING, dtype=np.int64) for _ in range(2))
    first[keys[::-1]] = np.arange(len(keys))[::-1]
    differs = splits != splits[first[keys]]
    other[keys[differs][::-1]] = np.flatnonzero(differs)[::-1]
    return np.where(differs, first[keys], other[keys])


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
    runs, owners = (np.concatenate(one) for one in zip(*pieces, strict=True))
    digests, keys = np.unique(runs, return_inverse=True)
    codes = numbers(pc.dictionary_encode(cells(rows, split)).indices)
    partner = _partners(keys, codes[owners])
    torn = np.flatnonzero(partner != MISSING)
    met = dict(zip(owners[torn].tolist(), owners[partner[torn]].tolist(), strict=True))
    holder_of = np.full(len(digests), MISSING, dtype=np.int64)  # a document for training with the same run
    for theirs, holders in _runs(lookup, within, parents, words):
        _, ours, same = np.intersect1d(digests, theirs, return_indices=True)
        holder_of[ours] = holders[same]
    trained = np.flatnonzero(holder_of[keys] != MISSING)
    met |= dict(zip(owners[trained].tolist(), holder_of[keys[trained]].tolist(), strict=True))
    ids = rows.column("doc_id")
    return Failing(
        np.array(sorted(met), dtype=np.int64),
        lambda row: f"{splits[row]}, quotes as {ids[met[row]]} in {splits[met[row]]} does",
    )


def _runs(lookup: Lookup, rows: Sequence[int], parents: Rows, words: int) -> Iterator[tuple[Digests, Rows]]:
    """Give the digest of every run of words, and the row that it stands in."""
    for begin in range(0, len(rows), _CHUNK):
        chosen = rows[begin : begin + _CHUNK]
        texts = [(lookup.texts[parents[row]] or "").split() for row in chosen]
        said = _word_digests([word for text in texts for word in text])
        owner = np.repeat(np.array(chosen, dtype=np.int64), [len(text) for text in texts])
        count = max(len(said) - words + 1, 0)
        runs: Digests = np.zeros(count, dtype=np.uint64)
        for step in range(words):
            runs = runs * _BASE + said[step : step + count]
        whole = owner[:count] == owner[words - 1 : words - 1 + count]
        yield runs[whole], owner[:count][whole]


def _word_digests(words: Sequence[str]) -> Digests:
    coded = pc.dictionary_encode(pa.array(words, pa.string()))
    known = [hashlib.blake2b(word.encode(), digest_size=8).digest() for word in coded.dictionary.to_pylist()]
    digests: Digests = np.frombuffer(b"".join(known), dtype="<u8")[coded.indices.to_numpy()]
    return digests
