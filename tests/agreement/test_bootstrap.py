import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.agreement.bootstrap import distinct_rows, ratio_interval, sums_interval

SMALL = st.integers(0, 3)


def _f1(seed, documents=200, figures=3):
    draw = np.random.default_rng(seed)
    sizes = draw.integers(0, 9, (documents, figures)).astype(float)
    return np.floor(sizes * draw.random((documents, figures))), sizes


def test_the_interval_is_the_one_of_a_plain_loop_over_resampled_documents():
    above, below = _f1(3)
    draw = np.random.default_rng(5)
    looped = []
    for _ in range(4_000):
        chosen = draw.integers(0, len(above), len(above))
        looped.append(above[chosen].sum(axis=0) / below[chosen].sum(axis=0))
    expected = np.quantile(looped, [0.025, 0.975], axis=0)
    np.testing.assert_allclose(ratio_interval(above, below, resamples=4_000), expected, atol=0.004)


def test_the_interval_covers_the_truth_about_95_times_in_100():
    draw = np.random.default_rng(11)
    hits = 0
    for trial in range(300):
        sizes = np.full((80, 1), 10.0)
        low, high = ratio_interval(draw.binomial(10, 0.7, (80, 1)).astype(float), sizes, resamples=300, seed=trial)
        hits += bool(low[0] <= 0.7 <= high[0])
    assert 0.90 <= hits / 300 <= 0.985


@settings(deadline=None)
@given(st.lists(st.tuples(SMALL, SMALL), max_size=8), st.randoms(use_true_random=False), st.integers(0, 9))
def test_the_order_of_documents_changes_nothing(rows, order, seed):
    def ends(listed):
        table = np.array(listed, float).reshape(-1, 2)
        return ratio_interval(table[:, :1], table[:, 1:], resamples=40, seed=seed)

    other = list(rows)
    order.shuffle(other)
    np.testing.assert_array_equal(ends(rows), ends(other))


@settings(deadline=None)
@given(st.lists(st.tuples(SMALL, SMALL), max_size=8), st.integers(0, 9))
def test_rows_that_stand_for_several_documents_are_those_documents(rows, seed):
    table = np.array(rows, float).reshape(-1, 2)
    times = np.arange(len(rows)) % 3 + 1
    options = {"resamples": 40, "seed": seed}
    np.testing.assert_array_equal(
        sums_interval(table, _identity, times=times, **options),
        sums_interval(table.repeat(times, axis=0), _identity, **options),
    )


def _identity(sums):
    return sums


def test_a_seed_gives_one_interval_and_another_seed_another():
    above, below = _f1(3)
    first, again, other = (ratio_interval(above, below, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("above", "below"),
    [([], []), ([2], [3]), ([0, 0], [0, 0]), ([2, 0, 0], [3, 0, 0])],
    ids=["no document", "one document", "no denominator", "one denominator"],
)
def test_what_cannot_vary_has_no_interval(above, below):
    column = [np.array(one, float)[:, np.newaxis] for one in (above, below)]
    assert np.isnan(ratio_interval(*column)).all()


def test_no_figures_give_no_intervals():
    low, high = ratio_interval(np.zeros((3, 0)), np.zeros((3, 0)))
    assert low.shape == high.shape == (0,)


def test_resamples_without_a_denominator_are_left_out():
    above = np.array([[1.0], [1.0], *[[0.0]] * 6])
    low, high = ratio_interval(above, above)
    assert low == high == 1.0


def test_a_figure_that_never_varies_keeps_its_value_to_the_bit():
    sizes = np.full((7, 1), 3.0)
    low, high = ratio_interval(sizes / 3, sizes)
    assert low[0] == high[0] == 1 / 3


def test_distinct_rows_do_not_tell_zero_from_minus_zero():
    rows, times = distinct_rows(np.array([[0.0], [-0.0], [1.0]]))
    assert sorted(zip(rows[:, 0].tolist(), times.tolist(), strict=True)) == [(0.0, 2), (1.0, 1)]
