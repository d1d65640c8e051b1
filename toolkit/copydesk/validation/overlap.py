"""Spans go in, those that overlap where the schema forbids it come out.

The policy ``none`` allows no overlap, ``nested`` allows a span inside another (or of the same extent), ``any`` allows all.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np
import pyarrow.compute as pc

from copydesk.errors import NotEvaluatedError
from copydesk.model.schema import OVERLAPS
from copydesk.validation.failing import Failing
from copydesk.validation.lookup import Lookup, Mask, Rows, cells, filled, joined_key, numbers


def overlap_allowed(lookup: Lookup, table: str, *, group: Sequence[str], start: str, end: str, policy: str) -> Failing:
    """A span fails where it overlaps an earlier one of its group (equal ``group`` columns) against the policy.

    Of two spans in conflict the one that begins later fails, so that each conflict is counted once. Spans with an empty
    extent are passed over.
    """
    if policy not in OVERLAPS:
        raise NotEvaluatedError(f"unknown overlap policy {policy!r}", fix=f"one of {', '.join(OVERLAPS)}")
    rows = lookup.table(table)
    starts, ends = numbers(cells(rows, start)), numbers(cells(rows, end))
    judged = filled(rows, [*group, start, end]) & (starts >= 0) & (starts < ends)
    if policy == "any" or not judged.any():
        return Failing(np.empty(0, dtype=np.int64), str)
    codes = pc.dictionary_encode(joined_key(rows, group)).indices
    order = _sorted_spans(numbers(codes), starts, ends, judged)
    pairs = _overlaps(order, numbers(codes), starts, ends)
    if policy == "nested":
        pairs = _crossings(pairs, order, numbers(codes), starts, ends)
    ids = rows.column("span_id")

    def see(row: int) -> str:
        other = pairs[row]
        return f"overlaps {ids[other].as_py()} at {starts[other]}:{ends[other]}"

    return Failing(np.array(sorted(pairs), dtype=np.int64), see)


def _sorted_spans(codes: Rows, starts: Rows, ends: Rows, judged: Mask) -> Rows:
    """Positions by group, then start, then the longer first."""
    chosen = np.flatnonzero(judged)
    order: Rows = chosen[np.lexsort((-ends[chosen], starts[chosen], codes[chosen]))]
    return order


def _overlaps(order: Rows, codes: Rows, starts: Rows, ends: Rows) -> dict[int, int]:
    """Every span that begins before an earlier one of its group has ended, with that earlier one."""
    offset = codes[order] * (int(ends[order].max()) + 1)  # sets the groups apart on one line
    reach = ends[order] + offset
    furthest = np.maximum.accumulate(reach)
    is_new = np.append(True, reach[1:] > furthest[:-1])
    holder = np.maximum.accumulate(np.where(is_new, np.arange(len(order)), 0))
    late = np.flatnonzero(starts[order][1:] + offset[1:] < furthest[:-1]) + 1
    return dict(zip(order[late].tolist(), order[holder[late - 1]].tolist(), strict=True))


def _crossings(overlapping: dict[int, int], order: Rows, codes: Rows, starts: Rows, ends: Rows) -> dict[int, int]:
    """Of the groups with overlaps, every span that an earlier one reaches into without holding it.

    Sweeps each group with a heap of open ends: spans come by start, the longer first, so a span is crossed where the
    nearest open end lies inside it.
    """
    groups = np.unique(codes[list(overlapping)]) if overlapping else np.empty(0, dtype=np.int64)
    crossed: dict[int, int] = {}
    current, opened = -1, list[tuple[int, int]]()
    for row in order[np.isin(codes[order], groups)].tolist():
        if codes[row] != current:
            current, opened = int(codes[row]), []
        while opened and opened[0][0] <= starts[row]:
            heapq.heappop(opened)
        if opened and opened[0][0] < ends[row]:
            crossed[row] = opened[0][1]
        heapq.heappush(opened, (int(ends[row]), row))
    return crossed
