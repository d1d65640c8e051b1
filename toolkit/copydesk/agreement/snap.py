"""Spans as people drew them in, the same spans on whole words out, with a record of every boundary that moved.

An editor that marks single characters lets a boundary slip into the white space, or into a word. Each slip would count as
a disagreement, so boundaries are snapped before anything is measured or decided. The words are those of ``words``; where a word
has an apostrophe, a boundary on either side of it is no slip (``Qaim`` in ``Qaim's``), and scripts that are written without spaces,
and Hangul, whose particles hang on to the word, have no words to snap to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.columns import Bools, Ints, ints
from copydesk.agreement.words import OTHER, WORD, kind_of, kinds_of, without_marks
from copydesk.model.tables import SNAPPED, empty

# What moved, in the order in which it is tried; a span may have several.
WHITE_SPACE, MARKS, COMPLETED, LEFT_OUT = "white-space", "marks", "word-completed", "word-left-out"
# As in Unicode's block names: letters of these stand without spaces, or take particles without a space.
_UNSPACED = (
    (0x0E00, 0x0FFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF), (0x2E80, 0x2FDF), (0x3040, 0x318F),
    (0x31A0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xF900, 0xFAFF),
    (0xFF66, 0xFFDC), (0x20000, 0x3FFFF),
)  # fmt: skip
_SPACE = 3
_BATCH_CHARACTERS = 2_000_000


@dataclass(frozen=True, slots=True)
class _Snapped:
    start: Ints
    end: Ints
    trimmed: Bools
    unmarked: Bools
    completed: Bools
    left_out: Bools


def snap(spans: pa.Table, *, documents: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Give the table ``spans`` with ``start``, ``end`` and ``surface`` on whole words, and the table of changes (``snapped``).

    White space at the edges is cut off, and so are the marks that ``without_marks`` names. A word that a span covers in part belongs
    to it where more than half of its characters
    are covered; else it is left out, with what stands between it and the next word. A span that would vanish keeps the word that it
    covers most of (the first of equals). A span of white space or marks alone keeps these. Rows and their order stay, and
    nested and crossing spans stay so; a span whose revision is not in ``documents``, or that does not lie in its text, is not touched.
    """
    start, end = ints(spans["start"]), ints(spans["end"])
    texts, text = _texts(spans, documents)
    snapped = _Snapped(start.copy(), end.copy(), *(np.zeros(len(start), bool) for _ in range(4)))
    lengths = np.array([len(one) for one in texts], np.int64)
    fits = (text >= 0) & (start >= 0) & (start < end) & (end <= np.append(lengths, 0)[text])
    for rows, first, joined in _batches(texts, text, fits):
        found = _snap(joined, start[rows] + first, end[rows] + first)
        snapped.start[rows], snapped.end[rows] = found.start - first, found.end - first
        snapped.trimmed[rows], snapped.unmarked[rows] = found.trimmed, found.unmarked
        snapped.completed[rows], snapped.left_out[rows] = found.completed, found.left_out
    moved = np.flatnonzero((snapped.start != start) | (snapped.end != end))
    if not len(moved):
        return spans, empty("snapped")
    return _replaced(spans, snapped, moved, [texts[at] for at in text[moved]]), _changes(spans, snapped, moved)


def _texts(spans: pa.Table, documents: pa.Table) -> tuple[list[str], Ints]:
    """The texts that spans lie in, and the number of each span's (-1: not there)."""
    wanted = documents.filter(pc.is_in(documents["doc_id"], value_set=pc.unique(spans["doc_id"])))
    keys = zip(wanted["doc_id"].to_pylist(), wanted["revision"].to_pylist(), strict=True)
    place: Mapping[tuple[str, int], int] = {key: at for at, key in enumerate(keys)}
    own = zip(spans["doc_id"].to_pylist(), spans["revision"].to_pylist(), strict=True)
    return wanted["text"].to_pylist(), np.array([place.get(key, -1) for key in own], np.int64)


def _batches(texts: list[str], text: Ints, fits: Bools) -> Iterator[tuple[Ints, Ints, str]]:
    """Give rows whose texts are joined into one, with where each row's text begins in it, and that text."""
    order = np.flatnonzero(fits)
    order = order[np.argsort(text[order], kind="stable")]
    used = np.unique(text[order])
    batch: list[int] = []
    size = 0
    for at in used.tolist():
        batch.append(at)
        size += len(texts[at])
        if size >= _BATCH_CHARACTERS or at == used[-1]:
            begins = np.cumsum([0, *(len(texts[one]) + 1 for one in batch)])
            rows = order[np.searchsorted(text[order], batch[0]) : np.searchsorted(text[order], batch[-1], side="right")]
            first = begins[np.searchsorted(batch, text[rows])]
            # A line break after each text keeps its last word from joining the next text's first.
            yield rows, first, "".join(texts[one] + "\n" for one in batch)
            batch, size = [], 0


def _kind(character: str) -> int:
    """Say whether a character can be cut from its neighbours (``OTHER``), cannot (``WORD``), or is white space."""
    if character.isspace():
        return _SPACE
    point = ord(character)
    alone = any(first <= point <= last for first, last in _UNSPACED)
    return WORD if kind_of(character) == WORD and not alone else OTHER


def _snap(text: str, start: Ints, end: Ints) -> _Snapped:
    kinds = kinds_of(text, _kind)
    ink = np.append(np.flatnonzero(kinds != _SPACE), len(kinds))
    left, right = ink[np.searchsorted(ink, start)], ink[np.searchsorted(ink, end) - 1] + 1
    blank = left >= end
    left, right = np.where(blank, start, left), np.where(blank, end, right)
    trimmed = (left != start) | (right != end)
    inner_left, inner_right = left.copy(), right.copy()
    for row in np.flatnonzero((kinds[left] != WORD) | (kinds[right - 1] != WORD)).tolist():
        inner_left[row], inner_right[row] = without_marks(text, int(left[row]), int(right[row]))
    unmarked = (inner_left != left) | (inner_right != right)
    left, right = inner_left, inner_right
    edges = np.flatnonzero(np.diff(kinds == WORD, prepend=False, append=False))
    # Two sentinels, so that the word after the last can be asked for.
    begins, ends = (np.concatenate([side, [len(kinds), len(kinds)]]) for side in (edges[::2], edges[1::2]))

    first, last = np.searchsorted(ends, left, side="right"), np.searchsorted(begins, right) - 1
    covered_first = np.minimum(ends[first], right) - left
    covered_last = right - np.maximum(begins[last], left)
    touches = first <= last
    cut_first, cut_last = touches & (begins[first] < left), touches & (ends[last] > right)
    more_first = 2 * covered_first > ends[first] - begins[first]
    more_last = 2 * covered_last > ends[last] - begins[last]
    # A word that is cut on both sides is covered by what lies in between.
    kept_from = first + (cut_first & ~more_first)
    kept_to = last - (cut_last & ~more_last)
    alone = touches & (kept_from > kept_to)
    widest = np.where((first < last) & (covered_last > covered_first), last, first)

    new_left = np.where(cut_first, np.where(more_first, begins[first], begins[first + 1]), left)
    new_right = np.where(cut_last, np.where(more_last, ends[last], ends[np.maximum(last - 1, 0)]), right)
    new_left, new_right = np.where(alone, begins[widest], new_left), np.where(alone, ends[widest], new_right)
    inked = (new_left != left) | (new_right != right)
    return _Snapped(
        start=new_left,
        end=new_right,
        trimmed=trimmed,
        unmarked=unmarked,
        completed=inked & ((new_left < left) | (new_right > right)),
        left_out=inked & ((new_left > left) | (new_right < right)),
    )


def _replaced(spans: pa.Table, snapped: _Snapped, moved: Ints, texts: list[str]) -> pa.Table:
    mask = np.zeros(spans.num_rows, bool)
    mask[moved] = True
    places = zip(texts, snapped.start[moved].tolist(), snapped.end[moved].tolist(), strict=True)
    surfaces = pa.array([text[start:end] for text, start, end in places], pa.string())
    columns = {
        "start": pa.array(snapped.start),
        "end": pa.array(snapped.end),
        "surface": pc.replace_with_mask(spans["surface"].combine_chunks(), pa.array(mask), surfaces),
    }
    for name, column in columns.items():
        spans = spans.set_column(spans.schema.get_field_index(name), spans.schema.field(name), column)
    return spans


def _changes(spans: pa.Table, snapped: _Snapped, moved: Ints) -> pa.Table:
    rules = zip(
        *(flags[moved].tolist() for flags in (snapped.trimmed, snapped.unmarked, snapped.completed, snapped.left_out)),
        strict=True,
    )
    names = (WHITE_SPACE, MARKS, COMPLETED, LEFT_OUT)
    said = [", ".join(name for name, holds in zip(names, own, strict=True) if holds) for own in rules]
    chosen = spans.take(pa.array(moved))
    columns = [
        chosen["annotation_id"],
        chosen["span_id"],
        chosen["start"],
        chosen["end"],
        pa.array(snapped.start[moved]),
        pa.array(snapped.end[moved]),
        pa.array(said, pa.string()),
    ]
    return pa.table(columns, schema=SNAPPED)
