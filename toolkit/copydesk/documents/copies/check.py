"""Pairs and their documents in; out comes what each pair has in common, counted exactly, and whether one is a copy of the other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.copies.body import NOT_BODY, left_out, outlets
from copydesk.documents.copies.options import DEFAULT, CopyOptions
from copydesk.documents.copies.pairs import ends
from copydesk.documents.copies.sketch import batches, line_digests, shingles
from copydesk.documents.copies.words import Flags, Numbers, Words, numbers_of, read_words
from copydesk.errors import StoreError

KINDS = ("exact", "near", "contained", "related", "none")  # from the closest on
LINKS = pa.schema(
    [
        pa.field("left", pa.string(), nullable=False),
        pa.field("right", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),  # exact, near, contained; related: not enough alone; none
        pa.field("why", pa.string(), nullable=False),  # one sentence with the figures
        pa.field("jaccard", pa.float64(), nullable=False),
        pa.field("containment", pa.float64(), nullable=False),  # share of the shorter body that the other holds
        pa.field("shared_shingles", pa.int64(), nullable=False),
        pa.field("left_shingles", pa.int64(), nullable=False),
        pa.field("right_shingles", pa.int64(), nullable=False),
    ]
)
# The same where documents are numbered: the pair as ``pairs`` says, and the kind's place in KINDS.
NUMBERED_LINKS = pa.schema(
    [
        pa.field("pair", pa.uint64(), nullable=False),
        pa.field("kind", pa.int8(), nullable=False),
        *(LINKS.field(name) for name in LINKS.names[4:]),
    ]
)


@dataclass(frozen=True, slots=True)
class Body:
    """What a body is compared by: its different shingles and numbers, each sorted, and a digest of all its words; empty without any."""

    shingles: Numbers
    numbers: Numbers
    words: bytes


@dataclass(frozen=True, slots=True)
class _Link:
    """What two bodies have in common."""

    kind: str
    why: str
    jaccard: float
    containment: float
    shared: int
    left: int
    right: int

    @property
    def figures(self) -> tuple[float, float, int, int, int]:
        return self.jaccard, self.containment, self.shared, self.left, self.right


def check(
    pairs: pa.Table,
    documents: pa.Table,
    *,
    zones: pa.Table | None = None,
    repeated: pa.Table | None = None,
    options: CopyOptions = DEFAULT,
) -> pa.Table:
    """Compare each pair (schema ``LINKS``: a row for each row of ``pairs``, in the same order).

    ``documents`` holds at least those that are named, one row each; what ``zones`` say is not body is left out, and the lines
    of ``repeated`` in the documents of their outlet. ``kind`` is ``exact`` for bodies with the same words, ``near`` and
    ``contained`` by the thresholds of ``options``, ``related`` for what is too little alone (see ``clusters``), and ``none`` where
    neither is a copy; ``why`` says it in one sentence.
    Raises StoreError where a document is not there, or stands there twice.
    """
    names = pc.unique(pa.concat_arrays([*pairs["left"].chunks, *pairs["right"].chunks, pa.array([], pa.string())]))
    needed = documents.filter(pc.is_in(documents["doc_id"], names))
    if pc.count_distinct(needed["doc_id"]).as_py() != needed.num_rows or needed.num_rows != len(names):
        raise StoreError(
            "table documents: a document of the pairs is not there, or stands there twice",
            fix="hand over the newest revision of every document that the pairs name",
        )
    found = dict(zip(needed["doc_id"].to_pylist(), bodies(needed, zones=zones, repeated=repeated), strict=True))
    rows = []
    for left, right in zip(pairs["left"].to_pylist(), pairs["right"].to_pylist(), strict=True):
        link = _link(found[left], found[right], options)
        rows.append((left, right, link.kind, link.why, *link.figures))
    return _table(rows, LINKS)


def compared(pairs: Numbers, body_of: Callable[[int], Body], options: CopyOptions) -> pa.Table:
    """Compare documents that are numbered (schema ``NUMBERED_LINKS``): a row for each pair that is linked or related, in their order."""
    rows = []
    for pair, left, right in zip(pairs.tolist(), *(end.tolist() for end in ends(pairs)), strict=True):
        link = _link(body_of(left), body_of(right), options)
        if link.kind != "none":
            rows.append((pair, KINDS.index(link.kind), *link.figures))
    return _table(rows, NUMBERED_LINKS)


def _table(rows: Sequence[Sequence[object]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema)


def bodies(documents: pa.Table, *, zones: pa.Table | None, repeated: pa.Table | None) -> Iterator[Body]:
    """Give the body of each document, in order: without what ``zones`` say is none, and the lines that its outlet repeats."""
    own = zones.filter(pc.is_in(zones["kind"], pa.array(NOT_BODY))) if zones is not None else None
    texts = documents["text"].to_pylist()
    lines = _lines_by_outlet(repeated)
    for first, last in batches(texts):
        rows = documents.slice(first, last - first)
        words = read_words(texts[first:last], left_out=left_out(rows, own))
        if lines:
            words = words.where(~_repeated(words, outlets(rows).to_pylist(), lines))
        yield from _each(words, last - first)


def _each(words: Words, texts: int) -> Iterator[Body]:
    found = shingles(words)
    number, goes_on = numbers_of(words)
    for text in range(texts):
        own = slice(words.ends[text], words.ends[text + 1])
        yield Body(
            shingles=np.unique(found.of(text)),
            numbers=_numbers(words.value[own], number[own], goes_on[own]),
            words=hashlib.sha256(words.value[own].tobytes()).digest()[:16] if own.stop > own.start else b"",
        )


def _numbers(value: Numbers, number: Flags, goes_on: Flags) -> Numbers:
    """The different numbers, "2,114.6" being one."""
    begins = np.flatnonzero(~goes_on[number])
    return np.unique(np.add.reduceat(value[number], begins)) if begins.size else value[:0]


def _lines_by_outlet(repeated: pa.Table | None) -> dict[str | None, Numbers]:
    lines: dict[str | None, list[int]] = {}
    for row in repeated.to_pylist() if repeated is not None else ():
        lines.setdefault(row["outlet"], []).append(row["line"])
    return {outlet: np.array(own, np.int64).view(np.uint64) for outlet, own in lines.items()}


def _repeated(words: Words, of: Sequence[str | None], lines: dict[str | None, Numbers]) -> Flags:
    """Mark the words of lines that their outlet repeats."""
    digests, sizes, ends = line_digests(words)
    marked = np.zeros(len(digests), np.bool_)
    for text, outlet in enumerate(of):
        if outlet in lines:
            own = slice(ends[text], ends[text + 1])
            marked[own] = np.isin(digests[own], lines[outlet])
    return np.repeat(marked, sizes)


def _link(one: Body, other: Body, options: CopyOptions) -> _Link:
    shared = _shared(one.shingles, other.shingles)
    left, right = len(one.shingles), len(other.shingles)
    jaccard = shared / max(left + right - shared, 1)
    containment = shared / max(min(left, right), 1)
    kind, why = _judged(one, other, (jaccard, containment), options)
    return _Link(kind, why, jaccard, containment, shared, left, right)


def _judged(one: Body, other: Body, figures: tuple[float, float], options: CopyOptions) -> tuple[str, str]:
    jaccard, containment = figures
    said = f"resemblance {jaccard:.2f}, and {containment:.0%} of the shorter body is in the other"
    shorter = min(len(one.shingles), len(other.shingles))
    if one.words and one.words == other.words:
        return "exact", "the bodies have the same words"
    if containment < options.related:
        return "none", f"{said}: less than {options.related:.0%}"
    if shorter < options.least_shingles:
        return (
            "none",
            f"{said}, but the shorter has {shorter} shingles, too few to tell (at least {options.least_shingles})",
        )
    counts = len(one.numbers), len(other.numbers)
    in_both = _shared(one.numbers, other.numbers)
    if min(counts) >= options.least_numbers and in_both < options.numbers * min(counts):
        return "none", f"{said}, but only {in_both} of {min(counts)} numbers are: the same form, filled in anew"
    if jaccard < options.near and containment < options.contained:
        return (
            "related",
            f"{said}: less than {options.near:g} and {options.contained:.0%}, so a copy only where a third is one of both",
        )
    return ("near" if jaccard >= options.near else "contained"), said


def _shared(one: Numbers, other: Numbers) -> int:
    """Count the values that two sorted arrays of different values have in common."""
    few, many = sorted((one, other), key=len)
    if not few.size:
        return 0
    at = np.minimum(np.searchsorted(many, few), len(many) - 1)
    return int(np.count_nonzero(many[at] == few))
