"""Laws of the coefficients for classes, and their fast forms against plain ones written from their definitions."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.agreement.alpha import Alpha, OrdinalAlpha, ValueAlphas, add_up, blocks_of
from copydesk.agreement.classes import Ratings, interval, jaccard, kappas, masi, of_counts, ratio
from copydesk.agreement.classes.coefficient import ALL_THE_SAME, NOTHING_PAIRED
from copydesk.agreement.classes.numbers import interval_figures, interval_parts
from copydesk.agreement.classes.ratings import patterns
from copydesk.agreement.classes.sums import Draws, sums_of

NUMBERS = np.array([1.0, 2.0, 4.0, 7.0])
RAW = st.lists(st.lists(st.integers(-1, 3), min_size=3, max_size=3), max_size=8).map(
    lambda rows: np.array(rows, np.int64).reshape(-1, 3)
)


def _ratings(table):
    """Ratings of a table [units, raters], in which -1 is missing."""
    unit, rater = np.nonzero(table >= 0)
    return Ratings.of(unit, rater, table[unit, rater], units=len(table), raters=table.shape[1], values=4)


def _every(table):
    """All coefficients of a table, by name."""
    counts = _ratings(table).counts()
    return {
        "alpha": of_counts.alpha(counts),
        "ordinal": of_counts.ordinal_alpha(counts),
        "interval": of_counts.interval_alpha(counts, NUMBERS),
        "ratio": of_counts.ratio_alpha(counts, NUMBERS),
        "percent": of_counts.percent(counts),
        "fleiss": of_counts.fleiss(counts),
        "ac1": of_counts.ac1(counts),
        "ac2": of_counts.ac2(counts, interval(NUMBERS)),
        "bennett": of_counts.bennett(counts),
    }


def _close(one, other):
    assert (one.units, one.values, one.why) == (other.units, other.values, other.why)
    assert one.value == (None if other.value is None else pytest.approx(other.value, abs=1e-9))


def _kappas(table):
    return kappas(_ratings(table).tables_of_pairs())


@settings(deadline=None)
@given(RAW, st.randoms(use_true_random=False))
def test_the_order_of_units_and_of_raters_changes_nothing(table, order):
    units, raters = list(range(len(table))), list(range(3))
    order.shuffle(units)
    order.shuffle(raters)
    other = table[units][:, raters]
    after = _every(other)
    for name, one in _every(table).items():
        _close(one, after[name])
    ours, theirs = _kappas(table), _kappas(other)
    for i, j in combinations(range(3), 2):
        _close(theirs[i][j], ours[raters[i]][raters[j]])


@settings(deadline=None)
@given(RAW, st.randoms(use_true_random=False))
def test_ratings_in_any_order_are_the_same_ratings(table, order):
    unit, rater = np.nonzero(table >= 0)
    rows = list(range(len(unit)))
    order.shuffle(rows)
    mixed = Ratings.of(unit[rows], rater[rows], table[unit, rater][rows], units=len(table), raters=3, values=4)
    np.testing.assert_array_equal(mixed.counts(), _ratings(table).counts())
    np.testing.assert_array_equal(mixed.tables_of_pairs(), _ratings(table).tables_of_pairs())


@settings(deadline=None)
@given(RAW, st.permutations(range(4)))
def test_other_names_for_values_change_no_nominal_coefficient(table, names):
    renamed = np.where(table >= 0, np.array(names)[table], -1)
    after = _every(renamed)
    for name, one in _every(table).items():
        if name in {"alpha", "percent", "fleiss", "ac1", "bennett"}:
            _close(one, after[name])
    for one, other in zip(_kappas(table), _kappas(renamed), strict=True):
        for ours, theirs in zip(one, other, strict=True):
            _close(ours, theirs)


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), max_size=8), st.integers(2, 4))
def test_perfect_copies_agree_perfectly_or_have_nothing_to_differ_in(values, copies):
    table = np.array(values, np.int64)[:, np.newaxis].repeat(copies, axis=1)
    varied = len(set(values)) > 1
    for name, one in _every(table).items():
        if varied or (name == "percent" and values):
            assert one.value == pytest.approx(1.0, abs=1e-12)
        else:
            assert (one.value, one.why) == (None, ALL_THE_SAME if values else NOTHING_PAIRED)
    matrix = _kappas(table)
    assert all(matrix[i][j].value == (1.0 if varied else None) for i, j in combinations(range(copies), 2))


@settings(deadline=None)
@given(RAW)
def test_a_coefficient_is_a_number_of_its_range_or_a_reason(table):
    for one in [*_every(table).values(), *(one for row in _kappas(table) for one in row)]:
        assert (one.value is None) == bool(one.why)
        assert one.value is None or (np.isfinite(one.value) and one.value <= 1 + 1e-12)


def _plain_alpha(table, distance):
    """Alpha from its definition: pairs of values within units against pairs of all that can be paired."""
    units = [[value for value in row if value >= 0] for row in table.tolist()]
    units = [row for row in units if len(row) > 1]
    every = [value for row in units for value in row]
    within = sum(
        distance(a, b) / (len(row) - 1) for row in units for i, a in enumerate(row) for j, b in enumerate(row) if i != j
    )
    across = sum(distance(a, b) for i, a in enumerate(every) for j, b in enumerate(every) if i != j)
    return 1 - (len(every) - 1) * within / across if across else None


@settings(deadline=None)
@given(RAW)
def test_alpha_is_the_one_of_its_definition_under_any_distance(table):
    counts = _ratings(table).counts()
    members = np.array([[False, False], [True, False], [False, True], [True, True]])
    for distance in (1 - np.eye(4), interval(NUMBERS), ratio(NUMBERS), masi(members), jaccard(members)):
        expected = _plain_alpha(table, lambda a, b, d=distance: d[a, b])
        found = of_counts.alpha(counts, distance)
        assert found.value == (None if expected is None else pytest.approx(expected, abs=1e-12))
    for value, found in enumerate(of_counts.value_alphas(counts)):
        expected = _plain_alpha(table, lambda a, b, v=value: float((a == v) != (b == v)))
        assert found.value == (None if expected is None else pytest.approx(expected, abs=1e-12))


@settings(deadline=None)
@given(RAW)
def test_kappa_is_the_one_of_its_definition(table):
    matrix = _kappas(table)
    for i, j in combinations(range(3), 2):
        both = table[(table[:, i] >= 0) & (table[:, j] >= 0)][:, [i, j]]
        assert matrix[i][j].units == len(both)
        if not len(both):
            continue
        observed = np.mean(both[:, 0] == both[:, 1])
        expected = sum(np.mean(both[:, 0] == value) * np.mean(both[:, 1] == value) for value in range(4))
        kappa = None if expected == 1 else pytest.approx((observed - expected) / (1 - expected), abs=1e-12)
        assert matrix[i][j].value == kappa


@settings(deadline=None)
@given(RAW)
def test_what_units_add_makes_the_same_figures_whole_in_blocks_or_by_pattern(table):
    counts = _ratings(table).counts()
    np.testing.assert_array_equal(np.concatenate([*_ratings(table).blocks()]), counts)
    np.testing.assert_array_equal(np.concatenate([*blocks_of(counts)]), counts)
    assert of_counts.ordinal_alpha(_ratings(table)) == of_counts.ordinal_alpha(counts)
    measures = [Alpha((interval(NUMBERS),)), OrdinalAlpha(4), ValueAlphas(4)]
    expected = [
        of_counts.interval_alpha(counts, NUMBERS),
        of_counts.ordinal_alpha(counts),
        *of_counts.value_alphas(counts),
    ]
    found = sums_of(counts, measures).estimates(Draws(resamples=3))
    for one, other in zip(found, expected, strict=True):
        assert one.value == (None if other.value is None else pytest.approx(other.value, abs=1e-12))
    for measure in measures:
        rows, times = patterns(counts)
        np.testing.assert_allclose(times @ measure.parts(rows), add_up(measure, blocks_of(counts))[0], atol=1e-9)


@settings(deadline=None)
@given(RAW)
def test_interval_alpha_of_numbers_is_the_one_over_distinct_numbers(table):
    ratings = _ratings(table)
    parts = interval_parts(ratings.unit, NUMBERS[ratings.value], units=ratings.units)
    (found,) = interval_figures(parts.sum(axis=0)[np.newaxis])[0]
    expected = of_counts.interval_alpha(ratings.counts(), NUMBERS).value
    assert np.isnan(found) if expected is None else found == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(RAW, st.sampled_from([(0, 1), (0, 2), (1, 2)]))
def test_the_ratings_of_a_pair_are_their_table(table, people):
    one, other = people
    pair = _ratings(table).of_pair(one, other)
    found = np.zeros((4, 4), np.int64)
    np.add.at(found, (pair.value[::2], pair.value[1::2]), 1)
    np.testing.assert_array_equal(found, _ratings(table).tables_of_pairs()[one, other])
