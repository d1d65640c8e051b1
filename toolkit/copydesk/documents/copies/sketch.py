"""Documents in, their sketches out: what the search for copies needs to know of each, made of its own text alone.

A sketch holds a one-permutation MinHash signature of the body's shingles (Li, Owen & Zhang 2012: one hash, ``BINS`` bins, the
least of each; empty bins borrow by optimal densification, Shrivastava 2017), the marks of its longer runs chosen by winnowing
(Schleimer, Wilkerson & Aiken 2003), and the digests of its lines. All constants are written down and tests pin what they
give: a sketch made today can be compared with one made in years.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from copydesk.documents.copies.body import left_out, outlets
from copydesk.documents.copies.words import Numbers, Places, Words, mix, polynomials, read_words
from copydesk.model.tables import SKETCHES

RECIPE = "sketch/1"
BINS = 128
SHINGLE = 3  # words
RUN = 8  # words whose number is a mark
WINDOW = 32  # of so many runs one after the other, the least is a mark
BATCH_CHARS = 1 << 17  # what fits in a processor's cache
Bins = NDArray[np.uint32]
EMPTY = np.uint32(0xFFFFFFFF)
_FACTORS = (np.uint64(0xD6E8FEB86659FD93), np.uint64(0xA0761D6478BD642F), np.uint64(0xE7037ED1A0B428DB))


@dataclass(frozen=True, slots=True)
class Shingles:
    """The shingles of a batch of texts: text ``i`` has ``value[ends[i] : ends[i + 1]]``."""

    value: Numbers
    ends: Places

    @property
    def text(self) -> Places:
        """The number of the text of each."""
        return _repeated(self.ends)


def sketch(documents: pa.Table, zones: pa.Table | None = None) -> pa.Table:
    """Give the table ``sketches``: a row for each row of ``documents``, in the same order.

    ``zones``, where given, are those of the documents (any others are passed over): what is not body is left out.
    """
    texts = documents["text"].to_pylist()
    made: list[dict[str, pa.Array]] = []
    for first, last in batches(texts):
        rows = documents.slice(first, last - first)
        made.append(_sketched(read_words(texts[first:last], left_out=left_out(rows, zones)), last - first))
    columns = {name: documents[name] for name in ("doc_id", "revision", "published_at")}
    columns["outlet"] = outlets(documents)
    for field in SKETCHES:
        if field.name not in columns:
            columns[field.name] = pa.chunked_array([part[field.name] for part in made], field.type)
    return pa.table(columns, SKETCHES)


def batches(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Cut ``texts`` into batches of about ``BATCH_CHARS`` characters; what is made of a text does not depend on its batch."""
    first = size = 0
    for row, text in enumerate(texts):
        if size and size + len(text) > BATCH_CHARS:
            yield first, row
            first, size = row, 0
        size += len(text) + 1
    if first < len(texts):
        yield first, len(texts)


def _sketched(words: Words, texts: int) -> dict[str, pa.Array]:
    found, runs = _shingles_and_runs(words)
    lines, line_words, line_ends = line_digests(words)
    bins = signatures(found, texts).astype("<u4", copy=False)
    return {
        "body_sha256": pa.array([hashlib.sha256(part).hexdigest() for part in _per_text(words)], pa.string()),
        "words": pa.array(np.diff(words.ends)),
        "shingles": pa.array(np.diff(found.ends)),
        "signature": pa.Array.from_buffers(pa.binary(4 * BINS), texts, [None, pa.py_buffer(bins)]),
        "runs": _lists(*_winnowed(runs)),
        "lines": _lists(lines, line_ends),
        "line_words": _lists(line_words, line_ends),
    }


def _lists(values: NDArray[Any], ends: Places) -> pa.Array:
    """The values of each text as one list; numbers of 64 bits become signed ones with the same bits."""
    signed = values.view(np.int64) if values.dtype == np.uint64 else values
    return pa.ListArray.from_arrays(pa.array(ends.astype(np.int32)), pa.array(signed))


def _per_text(words: Words) -> Iterator[bytes]:
    """Give the words' numbers of each text as bytes, little-endian: texts with the same ones say the same."""
    stored = words.value.astype("<u8", copy=False).tobytes()
    return (stored[a:b] for a, b in itertools.pairwise((8 * words.ends).tolist()))


def shingles(words: Words) -> Shingles:
    """Give every run of three words of every text; a text with fewer is one shingle, an empty one none."""
    return _shingles_and_runs(words)[0]


def _shingles_and_runs(words: Words) -> tuple[Shingles, Shingles]:
    left = np.repeat(words.ends[1:], np.diff(words.ends)) - np.arange(len(words.value))  # words to the end of the text
    short = _combined(words.value, left, steps=(0, 1, 2))
    long = _combined(short, left, steps=(0, 3, 5))  # three words each: eight together
    return _whole(short, left, words.ends, SHINGLE), _whole(long, left, words.ends, RUN)


def _combined(values: Numbers, left: Places, *, steps: tuple[int, int, int]) -> Numbers:
    """One number for the values at these steps from each place; beyond the end of its text stands 0."""
    total = values * _FACTORS[0]
    for step, factor in zip(steps[1:], _FACTORS[1:], strict=True):
        later = values[step:] * factor
        later *= left[: len(later)] > step
        total[: len(later)] += later
    return mix(total)


def _whole(values: Numbers, left: Places, ends: Places, size: int) -> Shingles:
    """Those that have all their words, or the first one of a text that has fewer words."""
    kept = left >= size
    counts = np.diff(ends)
    kept[ends[:-1][(counts > 0) & (counts < size)]] = True
    return Shingles(values[kept], np.concatenate(([0], np.cumsum(_windows(counts, size)))))


def _windows(counts: Places, size: int) -> Places:
    """How many runs of ``size`` a text of so many has: one where it has fewer, none where it has none."""
    windows: Places = np.maximum(counts - (size - 1), np.minimum(counts, 1))
    return windows


def _repeated(ends: Places) -> Places:
    numbered: Places = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    return numbered


def signatures(found: Shingles, texts: int) -> Bins:
    """Give the signature of each text: ``BINS`` numbers; of an empty text all are ``EMPTY``.

    The share of bins in which two texts agree estimates the Jaccard resemblance of their sets of shingles.
    """
    bins = np.full(texts * BINS, EMPTY, np.uint32)
    slot = found.text * BINS + (found.value >> np.uint64(57)).astype(np.int64)
    np.minimum.at(bins, slot, ((found.value >> np.uint64(25)) & np.uint64(0xFFFFFFFF)).astype(np.uint32))
    return _densified(bins.reshape(texts, BINS))


def _densified(
    bins: Bins,
) -> Bins:
    dense = bins.copy()
    row, column = np.nonzero((bins == EMPTY) & (bins != EMPTY).any(axis=1, keepdims=True))
    for turn in range(BINS):
        if not row.size:
            break
        borrowed = bins[row, _lenders()[column, turn]]
        dense[row, column] = borrowed
        still = borrowed == EMPTY
        row, column = row[still], column[still]
    return dense


@cache
def _lenders() -> Places:
    """For each bin, the order in which it asks the others."""
    asks = np.arange(BINS * BINS, dtype=np.uint64).reshape(BINS, BINS)
    return np.argsort(mix(asks + _FACTORS[1]), axis=1, kind="stable")


def _winnowed(runs: Shingles) -> tuple[Numbers, Places]:
    """The marks: the least number of every ``WINDOW`` runs in a row, or of all where a text has fewer.

    Gives the marks of all texts in their order, of the same ones in a row one, and the ends of each text's.
    """
    least, size = runs.value, 1
    while size < WINDOW:
        step = min(size, len(runs.value))
        least = np.append(np.minimum(least[: len(least) - step], least[step:]), least[len(least) - step :])
        size *= 2
    begins, counts = runs.ends[:-1], np.diff(runs.ends)
    windows = _windows(counts, WINDOW)
    ends = np.cumsum(windows)
    marks = least[np.repeat(begins - ends + windows, windows) + np.arange(ends[-1] if len(ends) else 0)]
    few = np.flatnonzero((counts > 0) & (counts < WINDOW))
    if few.size:
        spans = np.stack((begins[few], runs.ends[1:][few]), axis=1).ravel()
        marks[ends[few] - 1] = np.minimum.reduceat(np.append(runs.value, runs.value[:1]), spans)[::2]
    new = np.ones(len(marks), np.bool_)
    np.not_equal(marks[1:], marks[:-1], out=new[1:])
    new[ends[:-1][windows[1:] > 0]] = True
    return marks[new], np.concatenate(([0], np.cumsum(new)))[np.concatenate(([0], ends))]


def line_digests(words: Words) -> tuple[Numbers, NDArray[np.int32], Places]:
    """Give the digest of every line with a word, its number of words, and the ends of each text's lines."""
    begin, end = words.lines, np.append(words.lines[1:], len(words.value))[: len(words.lines)]
    digests = polynomials(words.value.copy(), begin)
    return digests, (end - begin).astype(np.int32), np.searchsorted(begin, words.ends)
