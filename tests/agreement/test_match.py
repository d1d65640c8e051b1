import numpy as np
import pytest

from copydesk.agreement.columns import pack
from copydesk.agreement.match import components, overlapping


def _meeting(*spans):
    start, end = np.array(spans, np.int64).T
    pairs = overlapping(group=np.zeros(len(spans), np.int64), start=start, end=end)
    return sorted(zip(pairs.left.tolist(), pairs.right.tolist(), pairs.overlap.tolist(), strict=True))


def test_spans_that_only_touch_do_not_overlap():
    assert _meeting((0, 4), (4, 8)) == []


def test_an_empty_span_overlaps_nothing():
    assert _meeting((0, 8), (4, 4)) == []


def test_nested_and_equal_spans_overlap_by_the_shorter_one():
    assert _meeting((0, 8), (2, 5), (2, 5)) == [(0, 1, 3), (0, 2, 3), (1, 2, 3)]


def test_spans_of_different_groups_do_not_meet():
    columns = np.array([0, 1]), np.array([0, 0]), np.array([5, 5])
    assert len(overlapping(group=columns[0], start=columns[1], end=columns[2]).left) == 0


def test_rows_hang_together_through_others_however_long_the_chain():
    order = np.random.default_rng(3).permutation(999)
    found = components(order, order + 1, size=1001)
    assert found.tolist() == [0] * 1000 + [1000]


@pytest.mark.parametrize("scale", [1, 2**40])
def test_packed_columns_sort_and_compare_as_rows_do_even_when_the_numbers_are_large(scale):
    columns = np.random.default_rng(5).integers(0, 4, (3, 200)) * scale
    packed = pack(*columns)
    rows = list(map(tuple, columns.T.tolist()))
    assert [rows[at] for at in np.argsort(packed, kind="stable")] == sorted(rows)
    assert len(np.unique(packed)) == len(set(rows))
