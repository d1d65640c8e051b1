"""The zones of documents in, the same with repeated lines claimed out, where that can be said without building the documents again.

A claim takes a block out of the body, and what a rule says of another block may hang on that. It does not where the lines are all
that is left of the body at its end, and the headline, the block before them and the rest of the body stay what they are. That is how
nearly all such lines stand; a test builds documents of every kind again and compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, islice, pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from copydesk.documents.repeated import RULE
from copydesk.documents.wording import are_headings
from copydesk.model.tables import ZONES

_SUBHEAD = "subhead.shape"
_OF_BODY = frozenset({"paragraph.rest", "headline.first-block", "section.picture-tag", "caption.set-apart", _SUBHEAD})
Places = NDArray[np.int64]


def claim_lines(
    documents: pa.Table, zones: pa.Table, places: Mapping[tuple[str, int], int]
) -> tuple[pa.Table, list[int]]:
    """Give the zones of the documents in which a line of ``places`` is claimed, and the rows of those that have to be built again.

    ``zones`` are those of ``documents``, in the same order; ``places`` names a line by ``doc_id`` and where it begins. A document of
    which no line is claimed, since words say what each is, is in neither.
    """
    begins = zones["seq"].to_numpy() == 0
    start, end = zones["start"].to_numpy(), zones["end"].to_numpy()
    outer = np.flatnonzero(_is_outer(np.cumsum(begins), start, end))
    ends = np.searchsorted(outer, [*np.flatnonzero(begins), len(begins)]).tolist()
    rules = zones["rule"].take(pa.array(outer)).to_pylist()
    spans = list(zip(start[outer].tolist(), end[outer].tolist(), strict=True))
    doc_ids = documents["doc_id"].to_pylist()
    found: list[
        tuple[int, list[int], list[int]]
    ] = []  # of a document that has a line: its row, its lines, the rest of its body
    for row, (doc_id, (low, high)) in enumerate(zip(doc_ids, pairwise(ends), strict=True)):
        body = [place for place in range(low, high) if rules[place] in _OF_BODY]
        mine = [place for place in body if (doc_id, spans[place][0]) in places]
        if mine:
            found.append((row, mine, body))
    texts = documents["text"].take(pa.array([row for row, _, _ in found], pa.int64())).to_pylist()
    shaped = _are_headings(
        [[text[slice(*spans[place])] for place in body] for text, (_, _, body) in zip(texts, found, strict=True)]
    )
    lines: dict[int, int] = {}
    others = []
    for (row, mine, body), headings in zip(found, shaped, strict=True):
        rest = len(body) - len(mine)
        stays = body[rest:] == mine and rest > 1 and rules[body[rest - 1]] != _SUBHEAD and not all(headings[:rest])
        if stays:
            lines |= {int(outer[place]): places[doc_ids[row], spans[place][0]] for place in mine}
        else:
            others.append(row)
    return _claimed(zones, np.cumsum(begins), outer, lines), others


def _are_headings(written: Sequence[Sequence[str]]) -> list[list[bool]]:
    """Say which of the blocks of each document have the shape of a heading."""
    found: list[bool] = are_headings(pa.array(chain.from_iterable(written), pa.large_string())).tolist()
    rest = iter(found)
    return [list(islice(rest, len(blocks))) for blocks in written]


def _is_outer(document: Places, start: Places, end: Places) -> NDArray[np.bool_]:
    """Say which zones stand within no other."""
    size = int(end.max(initial=0)) + 1  # of a text, at most: one behind the other, they do not meet
    reached = np.maximum.accumulate(document * size + end)
    found = np.ones(len(start), np.bool_)
    found[1:] = document[1:] * size + start[1:] >= reached[:-1]
    return found


def _claimed(zones: pa.Table, document: Places, outer: Places, lines: Mapping[int, int]) -> pa.Table:
    """Make the lines boilerplate, without what stands within them, and keep the documents that have one."""
    row = np.array(sorted(lines), np.int64)
    within = outer[np.searchsorted(outer, np.arange(len(document)), side="right") - 1] if len(outer) else outer
    is_line = np.zeros(len(document), np.bool_)
    is_line[row] = True
    kept = np.isin(document, document[row]) & (is_line | ~is_line[within])
    table = zones.filter(pa.array(kept))
    names = iter([f"{RULE}{lines[one]}" for one in row.tolist()])
    told = zip(table["kind"].to_pylist(), table["rule"].to_pylist(), is_line[kept].tolist(), strict=True)
    said = [("boilerplate", next(names)) if claimed else (kind, rule) for kind, rule, claimed in told]
    number = np.arange(table.num_rows)
    first = np.diff(document[kept], prepend=-1) != 0
    columns = {
        "seq": pa.array(number - np.maximum.accumulate(np.where(first, number, 0)), pa.int32()),
        "kind": pa.array([kind for kind, _ in said], pa.string()),
        "rule": pa.array([rule for _, rule in said], pa.string()),
    }
    return pa.table([columns.get(name, table[name]) for name in ZONES.names], ZONES)
