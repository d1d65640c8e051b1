"""Rows of two versions find each other: what a search through packed numbers finds is what a comparison of all rows finds."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.datasets.matching import differing, partners

SIZES = st.sampled_from([3, 1_000, 2**20, 2**40])


@st.composite
def sides(draw):
    """Two tables of whole numbers, of small and of large ones, that share rows."""
    sizes = [draw(SIZES) for _ in range(4)]
    row = st.tuples(*(st.integers(0, size) for size in sizes))
    common = draw(st.sets(row, max_size=8))
    return [sorted(common | draw(st.sets(row, max_size=8))) for _ in range(2)]


def columns(rows):
    return [np.array([row[at] for row in rows], np.int64) for at in range(4)]


@settings(deadline=None, max_examples=300)
@given(sides())
def test_each_row_finds_its_equal_and_no_other(tables):
    old, new = tables
    if not old:
        return
    found = partners(columns(old), columns(new))
    assert [new[at] if at >= 0 else None for at in found] == [row if row in new else None for row in old]


PAIR = st.fixed_dictionaries({"name": st.sampled_from("ab"), "value": st.sampled_from("xy")})
LISTS = st.lists(st.tuples(st.lists(PAIR, max_size=2), st.lists(PAIR, max_size=2)), min_size=1, max_size=6)
KIND = pa.list_(pa.struct([("name", pa.string()), ("value", pa.string())]))


@settings(deadline=None)
@given(LISTS)
def test_lists_differ_where_they_are_not_equal(rows):
    old, new = (pa.chunked_array([pa.array([row[side] for row in rows], KIND)]) for side in (0, 1))
    at = np.arange(len(rows))
    assert differing(old, new, (at, at)).tolist() == [number for number, row in enumerate(rows) if row[0] != row[1]]
