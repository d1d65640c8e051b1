"""Sketches in; out come the lines that an outlet puts into many of its articles, which say nothing of what an article tells.

A line that many articles have in common is an outlet's own ("Sign up for our newsletter") or is a wire story that many outlets
print. What tells them apart is the outlet: a paper prints its own line in many articles that have little else in common.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.copies.options import DEFAULT, CopyOptions
from copydesk.documents.copies.words import Places

REPEATED = pa.schema([pa.field("outlet", pa.string()), pa.field("line", pa.int64(), nullable=False)])


def repeated_lines(sketches: pa.Table, options: CopyOptions = DEFAULT) -> pa.Table:
    """Give each line that stands in ``options.repeated`` articles of one outlet, each with enough of its own (schema ``REPEATED``).

    ``sketches`` holds all articles of each of its outlets, one row a document: the whole table, or a part divided by ``outlet``.
    """
    outlet = sketches["outlet"].combine_chunks().dictionary_encode(null_encoding="encode")
    articles = max(sketches.num_rows, 1)
    lines = sketches["lines"].combine_chunks()
    article = pc.list_parent_indices(lines).to_numpy()
    code = outlet.indices.to_numpy().astype(np.int64)[article]
    line = pc.list_flatten(lines).to_numpy()
    words = pc.list_flatten(sketches["line_words"].combine_chunks()).to_numpy()

    number, first = _numbered(code, line)
    stands = np.unique(number * articles + article)  # each line once in each article
    common = np.bincount(stands // articles, minlength=len(first)) >= options.repeated
    own = np.bincount(article, minlength=sketches.num_rows, weights=words * ~common[number])
    share = own / np.maximum(sketches["words"].to_numpy(), 1)
    known = sketches["outlet"].combine_chunks().is_valid().to_numpy(zero_copy_only=False)
    telling = share >= np.where(known, options.own, options.own_unknown)
    times = np.bincount(stands // articles, minlength=len(first), weights=telling[stands % articles])
    chosen = first[times >= options.repeated]
    found = pa.table([outlet.dictionary.take(pa.array(code[chosen])), pa.array(line[chosen])], REPEATED)
    return found.sort_by([("outlet", "ascending"), ("line", "ascending")])


def _numbered(code: Places, line: Places) -> tuple[Places, Places]:
    """Number the lines of each outlet; gives the number of each, and where each number stands first."""
    order = np.lexsort((line, code))
    new = np.ones(len(line), np.bool_)
    new[1:] = (code[order][1:] != code[order][:-1]) | (line[order][1:] != line[order][:-1])
    number = np.empty(len(line), np.int64)
    number[order] = np.cumsum(new) - 1
    return number, order[new]
