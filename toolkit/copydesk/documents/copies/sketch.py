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
WINDOW = 32  # of so many runs one after the other, the least is a mark; a power of two
BATCH_CHARS = 1 << 17  # what fits in a processor's cache
Bins = NDArray[np.uint32]
EMPTY = np.uint32(0xFFFFFFFF)
NONE = np.uint64(0xFFFFFFFFFFFFFFFF)
_FACTORS = (np.uint64(0xD6E8FEB86659FD93), np.uint64(0xA0761D6478BD642F), np.uint64(0xE7037ED1A0B428DB))


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of some length in words, of a batch of texts.

    There is a value for each word, of the run that begins with it; ``NONE`` for the last ones of a text, with which none begins.
    The words of text ``i`` are those from ``ends[i]`` to ``ends[i + 1]``; the first ``counts[i]`` of them begin runs.
    """

    value: Numbers
    ends: Places
    counts: Places

    def of(self, text: int) -> Numbers:
        """Give the runs of one text, in order."""
        return self.value[self.ends[text] : self.ends[text] + self.counts[text]]


@dataclass(frozen=True, slots=True)
class _Part:
    """What the sketches of a batch hold, one text after the other; ``counts`` say how many values each text has."""

    digests: list[str]
    words: Places
    shingles: Places
    bins: Bins
    marks: Numbers
    mark_counts: Places
    lines: Numbers
    line_words: NDArray[np.int32]
    line_counts: Places


def sketch(documents: pa.Table, zones: pa.Table | None = None) -> pa.Table:
    """Give the table ``sketches``: a row for each row of ``documents``, in the same order.

    ``zones``, where given, are those of the documents (any others are passed over): what is not body is left out.
    """
    texts = documents["text"].to_pylist()
    parts = [_part(read_words([], left_out=None))]
    for first, last in batches(texts):
        left = left_out(documents.slice(first, last - first), zones) if zones is not None else None
        parts.append(_part(read_words(texts[first:last], left_out=left)))
    columns = {name: documents[name] for name in ("doc_id", "revision", "published_at")}
    return pa.table(columns | {"outlet": outlets(documents)} | _columns(parts), SKETCHES)


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


def _part(words: Words) -> _Part:
    found, runs = _shingles_and_runs(words)
    marks, mark_counts = _winnowed(runs)
    lines, line_words, line_ends = line_digests(words)
    return _Part(
        digests=[hashlib.sha256(own).hexdigest() for own in _per_text(words)],
        words=np.diff(words.ends),
        shingles=found.counts,
        bins=_least_of_bins(found),
        marks=marks,
        mark_counts=mark_counts,
        lines=lines,
        line_words=line_words,
        line_counts=np.diff(line_ends),
    )


def _columns(parts: Sequence[_Part]) -> dict[str, pa.Array]:
    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])

    bins = _densified(joined("bins")).astype("<u4", copy=False)
    line_counts = joined("line_counts")
    return {
        "body_sha256": pa.array([digest for part in parts for digest in part.digests], pa.string()),
        "words": pa.array(joined("words")),
        "shingles": pa.array(joined("shingles")),
        "signature": pa.Array.from_buffers(pa.binary(4 * BINS), len(bins), [None, pa.py_buffer(bins)]),
        "runs": _lists(joined("marks").view(np.int64), joined("mark_counts")),
        "lines": _lists(joined("lines").view(np.int64), line_counts),
        "line_words": _lists(joined("line_words"), line_counts),
    }


def _lists(values: NDArray[Any], counts: Places) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(_ends(counts).astype(np.int32)), pa.array(values))


def _ends(counts: Places) -> Places:
    """Where each text's values end, after a 0: where the first one's begin."""
    ends = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=ends[1:])
    return ends


def _per_text(words: Words) -> Iterator[memoryview]:
    """Give the words' numbers of each text as bytes, little-endian: texts with the same ones say the same."""
    stored = words.value.astype("<u8", copy=False).view(np.uint8).data
    return (stored[a:b] for a, b in itertools.pairwise((8 * words.ends).tolist()))


def shingles(words: Words) -> Runs:
    """Give every run of three words of every text; a text with fewer is one shingle, an empty one none."""
    return _shingles_and_runs(words)[0]


def _shingles_and_runs(words: Words) -> tuple[Runs, Runs]:
    last = _last_places(words.ends, RUN - 1)
    short = _combined(words.value, last, steps=(0, 1, 2))
    long = _combined(short, last, steps=(0, 3, 5))  # three words each: eight together
    return _whole(short, words.ends, last[SHINGLE - 1], SHINGLE), _whole(long, words.ends, last[RUN - 1], RUN)


def _last_places(ends: Places, most: int) -> list[Places]:
    """The places of the last word of every text, of the last two, and so on to ``most``, after those of the last none."""
    back = ends[1:] - 1 - np.arange(most)[:, None]
    there = back >= ends[:-1]
    places = back[there]
    return [places[:count] for count in _ends(there.sum(axis=1)).tolist()]


def _combined(values: Numbers, last: Sequence[Places], *, steps: tuple[int, int, int]) -> Numbers:
    """One number for the values at these steps from each place; beyond the end of its text stands 0."""
    total = values * _FACTORS[0]
    later = np.empty_like(total)
    for step, factor in zip(steps[1:], _FACTORS[1:], strict=True):
        np.multiply(values[step:], factor, out=later[: max(len(values) - step, 0)])
        later[last[step]] = 0
        total += later
    return mix(total)


def _whole(values: Numbers, ends: Places, last: Places, size: int) -> Runs:
    """Those that have all their words, or the first one of a text that has fewer words; overwrites the others in ``values``."""
    begin, counts = ends[:-1], np.diff(ends)
    few = begin[(counts > 0) & (counts < size)]
    kept = values[few]
    values[last] = NONE
    values[few] = kept
    return Runs(values, ends, _windows(counts, size))


def _windows(counts: Places, size: int) -> Places:
    """How many runs of ``size`` a text of so many has: one where it has fewer, none where it has none."""
    windows: Places = np.maximum(counts - (size - 1), np.minimum(counts, 1))
    return windows


def _least_of_bins(found: Runs) -> Bins:
    """The least number of each bin of each text, ``EMPTY`` where a bin has none; what is ``NONE`` changes no bin."""
    texts = len(found.counts)
    bins = np.full((texts, BINS), EMPTY, np.uint32)
    slot = (found.value >> np.uint64(57)).view(np.int64)
    slot += np.repeat(np.arange(texts) * BINS, np.diff(found.ends))
    np.minimum.at(bins.ravel(), slot, (found.value >> np.uint64(25)).astype(np.uint32))  # its low 32 bits
    return bins


def _densified(bins: Bins) -> Bins:
    """Fill the empty bins of signatures, in place; a text without a word leaves all of its own empty.

    The share of bins in which two texts agree estimates the Jaccard resemblance of their sets of shingles.
    """
    every = bins.ravel()
    empty = every == EMPTY
    place = np.flatnonzero(empty)
    place = place[~empty.reshape(bins.shape).all(axis=1)[place // BINS]]
    for turn in range(BINS):
        if not place.size:
            break
        column = place % BINS
        lender = place - column + _lenders()[column, turn]
        every[place] = every[lender]
        place = place[empty[lender]]
    return bins


@cache
def _lenders() -> Places:
    """For each bin, the order in which it asks the others."""
    asks = np.arange(BINS * BINS, dtype=np.uint64).reshape(BINS, BINS)
    return np.argsort(mix(asks + _FACTORS[1]), axis=1, kind="stable")


def _winnowed(runs: Runs) -> tuple[Numbers, Places]:
    """The marks: the least number of every ``WINDOW`` runs in a row, or of all where a text has fewer.

    Gives the marks of all texts in their order, of the same ones in a row one, and how many each text has.
    """
    begin, windows = runs.ends[:-1], _windows(runs.counts, WINDOW)
    least = _least_of_windows(runs.value)
    few = np.flatnonzero((runs.counts > 0) & (runs.counts < WINDOW))
    if few.size:
        spans = np.stack((begin[few], begin[few] + runs.counts[few]), axis=1).ravel()
        least[begin[few]] = np.minimum.reduceat(np.append(runs.value, NONE), spans)[::2]
    new = np.empty(len(least), np.bool_)
    np.not_equal(least[1:], least[:-1], out=new[1:])
    new[begin[windows > 0]] = True
    for after, end in zip((begin + windows).tolist(), runs.ends[1:].tolist(), strict=True):
        new[after:end] = False
    places = np.flatnonzero(new)
    return least[places], np.diff(np.searchsorted(places, runs.ends))


def _least_of_windows(values: Numbers) -> Numbers:
    """The least of the ``WINDOW`` values from each place on; where there are fewer, anything."""
    least, other = values.copy(), np.zeros_like(values)
    for step in (1 << power for power in range(WINDOW.bit_length() - 1)):
        np.minimum(least[:-step], least[step:], out=other[:-step])
        least, other = other, least
    return least


def line_digests(words: Words) -> tuple[Numbers, NDArray[np.int32], Places]:
    """Give the digest of every line with a word, its number of words, and the ends of each text's lines."""
    begin, end = words.lines, np.append(words.lines[1:], len(words.value))[: len(words.lines)]
    digests = polynomials(words.value, begin)
    return digests, (end - begin).astype(np.int32), np.searchsorted(begin, words.ends)
