"""Sketches in; out come the lines that an outlet puts into many of its articles, which say nothing of what an article tells.

A line that many articles have in common is an outlet's own ("Sign up for our newsletter") or is a wire story that many outlets
print. What tells them apart is the outlet: a paper prints its own line in many articles that have little else in common.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.documents.copies.options import DEFAULT, CopyOptions
from copydesk.documents.copies.words import Flags, Places

LINES_AT_ONCE = 1_000_000  # that are sorted; those of one outlet may be all that there are
REPEATED = pa.schema([pa.field("outlet", pa.string()), pa.field("line", pa.int64(), nullable=False)])


def repeated_lines(sketches: pa.Table, options: CopyOptions = DEFAULT) -> pa.Table:
    """Give each line that stands in ``options.repeated`` articles of one outlet, each with enough of its own (schema ``REPEATED``).

    ``sketches`` holds all articles of each of its outlets, one row a document: the whole table, or a part divided by ``outlet``.
    """
    outlet = sketches["outlet"].combine_chunks().dictionary_encode(null_encoding="encode")
    rows = _rows(sketches, outlet.indices.to_numpy())
    own = np.zeros(sketches.num_rows)
    common = []
    parts = 1 + len(rows.line) // LINES_AT_ONCE
    part_of = (rows.line.view(np.uint64) % np.uint64(parts)).astype(np.int32)
    for part in range(parts):
        some = rows.where(np.flatnonzero(part_of == part))
        stands, often = _stands(some, sketches.num_rows, options)
        own += np.bincount(some.article, minlength=sketches.num_rows, weights=some.words * ~often)
        common.append(stands)
    share = own / np.maximum(sketches["words"].to_numpy(), 1)
    known = sketches["outlet"].combine_chunks().is_valid().to_numpy(zero_copy_only=False)
    telling = share >= np.where(known, options.own, options.own_unknown)
    found = [_in_enough(stands, telling, options) for stands in common]
    code, line = (np.concatenate(columns) for columns in zip(*found, strict=True))
    lines = pa.table([outlet.dictionary.take(pa.array(code)), pa.array(line)], REPEATED)
    return lines.sort_by([("outlet", "ascending"), ("line", "ascending")])


@dataclass(frozen=True, slots=True)
class _Rows:
    """Lines in articles: the code of the outlet, the line's digest, the article, and the line's words."""

    code: NDArray[np.int32]
    line: Places
    article: NDArray[np.int32]
    words: NDArray[np.int32]

    def where(self, kept: Places | Flags) -> _Rows:
        return _Rows(self.code[kept], self.line[kept], self.article[kept], self.words[kept])


def _rows(sketches: pa.Table, code: NDArray[np.int32]) -> _Rows:
    lines = sketches["lines"].combine_chunks()
    article = pc.list_parent_indices(lines).to_numpy().astype(np.int32)
    words = pc.list_flatten(sketches["line_words"].combine_chunks()).to_numpy()
    return _Rows(code[article], pc.list_flatten(lines).to_numpy(), article, words)


def _stands(rows: _Rows, articles: int, options: CopyOptions) -> tuple[_Rows, Flags]:
    """Give the lines that stand in enough articles of their outlet, once for each article, and mark all rows of them."""
    number, first = _numbered(rows.code, rows.line)
    stands = np.unique(number * max(articles, 1) + rows.article)  # each line once in each article
    of, article = stands // max(articles, 1), (stands % max(articles, 1)).astype(np.int32)
    often = np.bincount(of, minlength=len(first)) >= options.repeated
    kept = often[of]
    chosen = first[of[kept]]
    return _Rows(rows.code[chosen], rows.line[chosen], article[kept], rows.words[chosen]), often[number]


def _in_enough(stands: _Rows, telling: Flags, options: CopyOptions) -> tuple[NDArray[np.int32], Places]:
    """Give the outlets and lines of those that stand in enough telling articles."""
    number, first = _numbered(stands.code, stands.line)
    times = np.bincount(number, minlength=len(first), weights=telling[stands.article])
    chosen = first[times >= options.repeated]
    return stands.code[chosen], stands.line[chosen]


def _numbered(code: NDArray[np.int32], line: Places) -> tuple[Places, Places]:
    """Number the lines of each outlet; gives the number of each, and where each number stands first."""
    order = np.lexsort((line, code))
    new = np.ones(len(line), np.bool_)
    new[1:] = (code[order][1:] != code[order][:-1]) | (line[order][1:] != line[order][:-1])
    number = np.empty(len(line), np.int64)
    number[order] = np.cumsum(new) - 1
    return number, order[new]
