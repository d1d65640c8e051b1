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
from copydesk.documents.copies.words import Flags, Numbers, Places, Words, mix, powers, read_words, running_sums
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
    """The shingles of a batch of texts: their numbers, and the number of the text of each."""

    value: Numbers
    text: Places


def sketch(documents: pa.Table, zones: pa.Table | None = None) -> pa.Table:
    """Give the table ``sketches``: a row for each row of ``documents``, in the same order.

    ``zones``, where given, are those of the documents (any others are passed over): what is not body is left out.
    """
    texts = documents["text"].to_pylist()
    made: list[dict[str, pa.Array]] = []
    for first, last in batches(texts):
        rows = documents.slice(first, last - first)
        made.append(_sketched(read_words(texts[first:last], left_out=left_out(rows, zones)), last - first))
    columns = {name: documents[name] for name in ("doc_id", "revision", "published_at")} | {
        "outlet": outlets(documents)
    }
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
    marks, mark_text = _winnowed(runs)
    lines, line_words, line_text = line_digests(words)
    bins = signatures(found, texts).astype("<u4", copy=False)
    return {
        "body_sha256": pa.array([hashlib.sha256(part).hexdigest() for part in _per_text(words, texts)], pa.string()),
        "words": pa.array(np.bincount(words.text, minlength=texts)),
        "shingles": pa.array(np.bincount(found.text, minlength=texts)),
        "signature": pa.Array.from_buffers(pa.binary(4 * BINS), texts, [None, pa.py_buffer(bins.tobytes())]),
        "runs": _lists(marks.view(np.int64), mark_text, texts),
        "lines": _lists(lines.view(np.int64), line_text, texts),
        "line_words": _lists(line_words, line_text, texts),
    }


def _lists(values: NDArray[Any], text: Places, texts: int) -> pa.Array:
    """The values of each text as one list."""
    return pa.ListArray.from_arrays(pa.array(ends_of(text, texts), pa.int32()), pa.array(values))


def ends_of(text: Places, texts: int) -> Places:
    """Where the values of each text begin and end, of values that stand in the order of their texts."""
    ends = np.zeros(texts + 1, np.int64)
    np.cumsum(np.bincount(text, minlength=texts), out=ends[1:])
    return ends


def _per_text(words: Words, texts: int) -> Iterator[bytes]:
    """Give the words' numbers of each text as bytes, little-endian: texts with the same ones say the same."""
    stored = words.value.astype("<u8", copy=False).tobytes()
    ends = (8 * ends_of(words.text, texts)).tolist()
    return (stored[a:b] for a, b in itertools.pairwise(ends))


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
    sizes = np.bincount(text)
    begins = np.cumsum(sizes) - sizes
    return np.arange(len(text)) - np.repeat(begins, sizes), np.repeat(sizes, sizes)


def _combined(values: Numbers, place: Places, count: Places, *, steps: tuple[int, int, int]) -> Numbers:
    """One number for the values at these steps from each place; beyond the end of its text stands 0."""
    total = values * _FACTORS[0]
    left = count - place
    for step, factor in zip(steps[1:], _FACTORS[1:], strict=True):
        total[:-step] += values[step:] * factor * (left[: len(values[step:])] > step)
    return mix(total)


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


def line_digests(words: Words) -> tuple[Numbers, NDArray[np.int32], Places]:
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
    new = np.ones(len(words.line), np.bool_)
    np.not_equal(words.line[1:], words.line[:-1], out=new[1:])  # texts are joined by a line break: a line has one text
    return new
