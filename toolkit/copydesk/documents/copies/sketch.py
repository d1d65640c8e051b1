"""Documents in, their sketches out: what the search for copies needs to know of each, made of its own text alone.

A sketch holds a one-permutation MinHash signature of the body's shingles (Li, Owen & Zhang 2012: one hash, ``BINS`` bins, the
least of each; empty bins borrow by optimal densification, Shrivastava 2017), the marks of its longer runs chosen by winnowing
(Schleimer, Wilkerson & Aiken 2003), and the digests of its lines. All constants are written down and tests pin what they
give: a sketch made today can be compared with one made in years.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from copydesk.documents.copies.body import left_out, outlets
from copydesk.documents.copies.words import Flags, Numbers, Places, Words, mix, powers, read_words, running_sums
from copydesk.model.tables import SKETCHES

RECIPE = "sketch/1"
BINS = 128
SHINGLE = 3  # words
RUN = 8  # words whose number is a mark
WINDOW = 32  # of so many runs one after the other, the least is a mark
BATCH_CHARS = 1 << 17  # what fits in a processor's cache
EMPTY = np.uint32(0xFFFFFFFF)
_FACTORS = (np.uint64(0xD6E8FEB86659FD93), np.uint64(0xA0761D6478BD642F), np.uint64(0xE7037ED1A0B428DB))


@dataclass(frozen=True, slots=True)
class Shingles:
    """The shingles of a batch of texts: their numbers, and the number of the text of each."""

    value: Numbers
    text: Places


def sketch(documents: pa.Table, zones: pa.Table | None = None) -> pa.Table:
    """Give the table ``sketches``: a row for each row of ``documents``, in the same order.

    ``zones``, where given, are those of the documents (any others are passed over): what is not body is left out.
    """
    texts = documents["text"].to_pylist()
    columns: dict[str, list[object]] = {name: [] for name in _MADE}
    for first, last in batches(texts):
        rows = documents.slice(first, last - first)
        words = read_words(texts[first:last], left_out=left_out(rows, zones))
        for name, made in _sketched(words, last - first).items():
            columns[name] += made
    known = {name: documents[name] for name in ("doc_id", "revision", "published_at")}
    arrays = {**known, "outlet": outlets(documents), **columns}
    return pa.table([_cast(arrays[field.name], field.type) for field in SKETCHES], SKETCHES)


_MADE = ("body_sha256", "words", "shingles", "signature", "runs", "lines", "line_words")


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


def _sketched(words: Words, texts: int) -> dict[str, list[object]]:
    found, runs = _shingles_and_runs(words)
    counts = np.bincount(found.text, minlength=texts)
    lines, line_words, line_text = line_digests(words)
    cuts = np.searchsorted(line_text, np.arange(1, texts))
    return {
        "body_sha256": [hashlib.sha256(part).hexdigest() for part in _per_text(words, texts)],
        "words": np.bincount(words.text, minlength=texts).tolist(),
        "shingles": counts.tolist(),
        "signature": [row.tobytes() for row in signatures(found, texts).astype("<u4", copy=False)],
        "runs": _split(*_winnowed(runs), texts),
        "lines": [part.view(np.int64) for part in np.split(lines, cuts)],
        "line_words": list(np.split(line_words, cuts)),
    }


def _per_text(words: Words, texts: int) -> Iterator[bytes]:
    """Give the words' numbers of each text as bytes, little-endian: texts with the same ones say the same."""
    stored = words.value.astype("<u8", copy=False).tobytes()
    ends = (8 * np.searchsorted(words.text, np.arange(texts + 1))).tolist()
    return (stored[a:b] for a, b in zip(ends[:-1], ends[1:], strict=True))


def shingles(words: Words) -> Shingles:
    """Give every run of three words of every text; a text with fewer is one shingle, an empty one none."""
    return _shingles_and_runs(words)[0]


def _shingles_and_runs(words: Words) -> tuple[Shingles, Shingles]:
    place, count = _places(words.text)
    short = _combined(words.value, place, count, steps=(0, 1, 2))
    long = _combined(short, place, count, steps=(0, 3, 5))  # three words each: eight together
    at = [np.flatnonzero((place + size <= count) | (place == 0)) for size in (SHINGLE, RUN)]
    return Shingles(short[at[0]], words.text[at[0]]), Shingles(long[at[1]], words.text[at[1]])


def _places(text: Places) -> tuple[Places, Places]:
    """The place of each word in its text, and the words that its text has."""
    new = np.flatnonzero(np.diff(text, prepend=-1))
    sizes = np.diff(new, append=len(text))
    return np.arange(len(text)) - np.repeat(new, sizes), np.repeat(sizes, sizes)


def _combined(values: Numbers, place: Places, count: Places, *, steps: tuple[int, int, int]) -> Numbers:
    """One number for the values at these steps from each place; beyond the end of its text stands 0."""
    total = values * _FACTORS[0]
    left = count - place
    for step, factor in zip(steps[1:], _FACTORS[1:], strict=True):
        total[:-step] += values[step:] * factor * (left[: len(values[step:])] > step)
    return mix(total)


def signatures(found: Shingles, texts: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint32]]:
    """Give the signature of each text: ``BINS`` numbers; of an empty text all are ``EMPTY``.

    The share of bins in which two texts agree estimates the Jaccard resemblance of their sets of shingles.
    """
    bins = np.full(texts * BINS, EMPTY, np.uint32)
    slot = found.text * BINS + (found.value >> np.uint64(57)).astype(np.int64)
    np.minimum.at(bins, slot, ((found.value >> np.uint64(25)) & np.uint64(0xFFFFFFFF)).astype(np.uint32))
    return _densified(bins.reshape(texts, BINS))


def _densified(bins: np.ndarray[tuple[int, int], np.dtype[np.uint32]]) -> np.ndarray[tuple[int, int], np.dtype[np.uint32]]:
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
def _lenders() -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """For each bin, the order in which it asks the others."""
    asks = np.arange(BINS * BINS, dtype=np.uint64).reshape(BINS, BINS)
    return np.argsort(mix(asks + _FACTORS[1]), axis=1, kind="stable")


def _winnowed(runs: Shingles) -> tuple[Numbers, Places]:
    """The marks: the least number of every ``WINDOW`` runs in a row, or of all where a text has fewer, each once in its text."""
    place, count = _places(runs.text)
    least, size = runs.value, 1
    while size < WINDOW and len(least) > size:
        least = np.minimum(least[:-size], least[size:])
        size *= 2
    whole = np.flatnonzero((place + WINDOW <= count)[: len(least)] if size == WINDOW else place < 0)
    few = np.flatnonzero((place == 0) & (count < WINDOW))
    last = few + count[few]
    spans = np.stack((few, last), axis=1).ravel()
    of_few = np.minimum.reduceat(np.append(runs.value, runs.value[:1]), spans)[::2] if few.size else runs.value[:0]
    return _once(np.append(least[whole], of_few), np.append(runs.text[whole], runs.text[few]))


def _once(marks: Numbers, text: Places) -> tuple[Numbers, Places]:
    """Each mark once in its text, sorted by text and mark."""
    for order in (slice(None), None):  # neighbours that are the same go first, so that little is left to sort
        at = np.lexsort((marks, text)) if order is None else order
        marks, text = marks[at], text[at]
        new = np.ones(len(marks), np.bool_)
        new[1:] = (marks[1:] != marks[:-1]) | (text[1:] != text[:-1])
        marks, text = marks[new], text[new]
    return marks, text


def line_digests(words: Words) -> tuple[Numbers, np.ndarray[tuple[int], np.dtype[np.int32]], Places]:
    """Give the digest of every line with a word, its number of words, and the number of its text."""
    begin = np.flatnonzero(_begins(words))
    end = np.append(begin[1:], len(words.line))[: len(begin)]
    power, inverse = powers(len(words.value) + 1)
    sums = running_sums(words.value * power[: len(words.value)])
    return mix((sums[end] - sums[begin]) * inverse[begin]), (end - begin).astype(np.int32), words.text[begin]


def words_of_lines(words: Words) -> Places:
    """Give, for each word, the number of its line among those of ``line_digests``."""
    return np.cumsum(_begins(words)) - 1


def _begins(words: Words) -> Flags:
    return np.diff(words.line, prepend=-1) != 0  # texts are joined by a line break, so that a line has one text


def _split(values: Numbers, text: Places, texts: int) -> list[object]:
    return list(np.split(values.view(np.int64), np.searchsorted(text, np.arange(1, texts))))


def _cast(values: object, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values.cast(kind)
    return pa.array(values, kind)
