import json
import subprocess
import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from copydesk.agreement.classes import Ratings, interval, jaccard, kappas, linear, masi, of_counts
from copydesk.agreement.classes.coefficient import ALL_THE_SAME, NO_DISTANCE, NOTHING_PAIRED
from copydesk.agreement.classes.kappa import NOTHING_SHARED, ONE_VALUE

CASES = tomllib.loads((Path(__file__).parents[1] / "cases/agreement/coefficients.toml").read_text())["case"]
ORACLES = Path(__file__).parents[1] / "cases/agreement/oracles"
PEER = Path(__file__).parents[2] / ".peers/agreement/bin/python"
EXPECTED = [(case, name, printed) for case in CASES for name, printed in case["expected"].items()]


def _ratings(case):
    """The ratings of a case, and what its values are."""
    if "confusion" in case:
        pairs = [(i, j) for i, row in enumerate(case["confusion"]) for j, times in enumerate(row) for _ in range(times)]
        columns, names = np.array(pairs), [*map(str, range(1, len(case["confusion"]) + 1))]
    else:
        columns = [unit.split() for unit in case["sets"]] if "sets" in case else _turned(case["values"])
        names = case.get("order", " ".join(sorted({value for unit in columns for value in unit} - {"."}))).split()
        columns = np.array([[names.index(value) if value != "." else -1 for value in unit] for unit in columns])
    unit, rater = np.nonzero(columns >= 0)
    return Ratings.of(unit, rater, columns[unit, rater], values=len(names)), names


def _turned(rows):
    return list(zip(*(row.split() for row in rows), strict=True))


def _found(case, name):
    """The coefficient that a case asks for; a list where there is one for each value."""
    if "counts" in case:
        counts, numbers = np.array(case["counts"]), np.zeros(0)
    else:
        ratings, names = _ratings(case)
        counts = ratings.counts()
        numbers = np.array([*map(float, names)]) if all(value.isdigit() for value in names) else np.zeros(0)
    distance = np.array(case.get("distance", [[]]), float)
    if name == "light":
        return _light(kappas(ratings.tables_of_pairs()))
    return {
        "alpha": lambda: of_counts.alpha(counts),
        "ordinal": lambda: of_counts.ordinal_alpha(counts),
        "interval": lambda: of_counts.interval_alpha(counts, numbers),
        "ratio": lambda: of_counts.ratio_alpha(counts, numbers),
        "distance_alpha": lambda: of_counts.alpha(counts, distance),
        "value_alphas": lambda: of_counts.value_alphas(counts),
        "percent": lambda: of_counts.percent(counts),
        "fleiss": lambda: of_counts.fleiss(counts),
        "value_fleiss": lambda: of_counts.value_fleiss(counts),
        "bennett": lambda: of_counts.bennett(counts),
        "ac1": lambda: of_counts.ac1(counts),
        "ac2": lambda: of_counts.ac2(counts, interval(numbers)),
        "kappa": lambda: kappas(ratings.tables_of_pairs())[0][1],
        "weighted_kappa": lambda: kappas(ratings.tables_of_pairs(), distance)[0][1],
    }[name]()


def _light(matrix):
    pairs = [matrix[one][other].value for one, other in combinations(range(len(matrix)), 2)]
    return of_counts.Coefficient(sum(pairs) / len(pairs), 0, 0)


@pytest.mark.parametrize(
    ("case", "name", "printed"), EXPECTED, ids=[f"{case['name']}: {name}" for case, name, _ in EXPECTED]
)
def test_a_coefficient_is_what_the_source_prints(case, name, printed):
    found = _found(case, name)
    for one, digits in zip(
        found if isinstance(printed, list) else [found],
        printed if isinstance(printed, list) else [printed],
        strict=True,
    ):
        last = 10.0 ** -len(digits.partition(".")[2])
        # A few sources cut where others round, so the last printed digit may be one too low.
        assert -0.5 <= (one.value - float(digits)) / last + 1e-9 <= 1


def test_fleiss_of_each_value_in_the_paper_follows_from_shares_that_it_rounded():
    """Fleiss 1971, p. 381: p_j and P_j with three digits give the printed figures; unrounded they are ours, .003 apart at most."""
    (case,) = (case for case in CASES if "value_fleiss" in case["expected"] and "Fleiss 1971" in case["source"])
    counts = np.array(case["counts"])
    ratings, share = counts.sum(), np.round(counts.sum(axis=0) / counts.sum(), 3)
    agreeing = np.round(((counts**2).sum(axis=0) / (ratings * share) - 1) / (counts[0].sum() - 1), 3)
    printed = [0.248, 0.248, 0.517, 0.470, 0.565]
    assert np.round((agreeing - share) / (1 - share), 3).tolist() == printed
    assert [one.value for one in of_counts.value_fleiss(counts)] == pytest.approx(printed, abs=0.0035)


def _counts(*units):
    return np.array(units, np.int64).reshape(-1, 2)


NUMBERS = np.array([1.0, 2.0])
EVERY = {
    "alpha": of_counts.alpha,
    "ordinal alpha": of_counts.ordinal_alpha,
    "interval alpha": lambda counts: of_counts.interval_alpha(counts, NUMBERS),
    "ratio alpha": lambda counts: of_counts.ratio_alpha(counts, NUMBERS),
    "value alpha": lambda counts: of_counts.value_alphas(counts)[0],
    "Fleiss": of_counts.fleiss,
    "AC1": of_counts.ac1,
    "AC2": lambda counts: of_counts.ac2(counts, interval(NUMBERS)),
    "S": of_counts.bennett,
}


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    ("counts", "units", "values", "why"),
    [
        (_counts(), 0, 0, NOTHING_PAIRED),
        (_counts((1, 0), (0, 1), (0, 0)), 0, 0, NOTHING_PAIRED),
        (_counts((2, 0), (3, 0), (0, 0)), 2, 5, ALL_THE_SAME),
    ],
    ids=["no units", "nobody said a thing twice", "one value only"],
)
def test_what_cannot_be_said_has_a_reason_in_place_of_a_value(name, counts, units, values, why):
    found = EVERY[name](counts)
    assert (found.value, found.units, found.values, found.why) == (None, units, values, why)


def test_percent_of_one_value_is_known_though_nothing_can_be_corrected():
    assert of_counts.percent(_counts((2, 0), (2, 0))).value == 1.0
    assert of_counts.percent(_counts((1, 0))).why == NOTHING_PAIRED


@pytest.mark.parametrize("name", EVERY)
def test_every_coefficient_of_copies_is_one_and_says_on_what_it_rests(name):
    found = EVERY[name](_counts((2, 0), (0, 3), (1, 0), (0, 0)))
    assert (found.value, found.units, found.values, found.why) == (pytest.approx(1.0, abs=1e-15), 2, 5, "")


@pytest.mark.parametrize("name", ["alpha", "ordinal alpha", "Fleiss", "AC1", "S"])
def test_a_table_without_columns_has_nothing_to_compare(name):
    assert EVERY[name](np.zeros((3, 0), np.int64)).why == NOTHING_PAIRED


def test_ratio_alpha_of_values_below_zero_is_not_defined():
    counts = _counts((2, 0), (1, 1), (0, 2))
    assert of_counts.ratio_alpha(counts, np.array([-1.0, 2.0])).why == NO_DISTANCE
    assert of_counts.ratio_alpha(_counts((2, 0), (1, 1)), np.array([0.0, 2.0])).value is not None
    unused = np.column_stack([counts, np.zeros(3, np.int64)])
    assert of_counts.ratio_alpha(unused, np.array([1.0, 2.0, -1.0])).value is not None


def test_kappa_says_who_shares_nothing_and_who_knows_one_value_only():
    # Raters 0 and 1 share two units, both with value 0; rater 2 shares nothing with either; 3 differs from 0 by one constant.
    unit, rater, value = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0), (2, 2, 1), (0, 3, 1), (1, 3, 1)]).T
    matrix = kappas(Ratings.of(unit, rater, value).tables_of_pairs())
    assert [one.why for one in matrix[0]] == ["the same person", ONE_VALUE, NOTHING_SHARED, ""]
    assert [one.units for one in matrix[0]] == [0, 2, 0, 2]
    assert matrix[0][3].value == 0.0
    assert all(matrix[i][j] == matrix[j][i] for i in range(4) for j in range(4))


def test_tables_of_pairs_are_the_same_whether_made_from_gaps_or_from_votes():
    draw = np.random.default_rng(6)
    for share in (0.0, 0.2, 0.6, 1.0):
        values = np.where(draw.random((9_000, 4)) < share, draw.integers(0, 3, (9_000, 4)), -1)
        unit, rater = np.nonzero(values >= 0)
        few = Ratings.of(unit, rater, values[unit, rater], units=9_000, raters=40, values=3)
        many = Ratings.of(unit, rater, values[unit, rater], units=9_000, raters=4, values=3)
        tables = few.tables_of_pairs()
        np.testing.assert_array_equal(tables[:4, :4], many.tables_of_pairs())
        assert tables.sum() == tables[:4, :4].sum()


def test_a_rater_who_gives_a_unit_two_values_is_refused():
    with pytest.raises(ValueError, match="rater 1 gives unit 4 two values"):
        Ratings.of(np.array([4, 3, 4]), np.array([1, 1, 1]), np.array([0, 0, 1]))


SETS = [set(), {"a"}, {"b"}, {"a", "b"}, {"a", "c"}, {"a", "b", "c"}, {"c", "d"}]
MASI = {
    (0, 1): 1.0,  # nothing against something
    (1, 2): 1.0,  # nothing in common
    (1, 3): 1 - 1 / 2 * 2 / 3,  # one holds the other
    (3, 4): 1 - 1 / 3 * 1 / 3,  # they overlap
    (3, 5): 1 - 2 / 3 * 2 / 3,
    (5, 6): 1 - 1 / 4 * 1 / 3,
}


def test_masi_and_jaccard_are_what_was_computed_by_hand_and_nothing_equals_nothing():
    table = np.array([[member in one for member in "abcd"] for one in SETS])
    distance, plain = masi(table), jaccard(table)
    assert not distance.diagonal().any()
    assert not plain.diagonal().any()
    for (one, other), expected in MASI.items():
        assert distance[one, other] == distance[other, one] == pytest.approx(expected, abs=1e-15)
        index = len(SETS[one] & SETS[other]) / len(SETS[one] | SETS[other])
        assert plain[one, other] == pytest.approx(1 - index, abs=1e-15)


def test_random_labels_lie_near_zero():
    values = np.random.default_rng(7).integers(0, 4, (100_000, 3))
    unit, rater = np.nonzero(values >= 0)
    ratings = Ratings.of(unit, rater, values[unit, rater])
    counts = ratings.counts()
    numbers = np.arange(1.0, 5.0)
    found = [
        of_counts.alpha(counts),
        of_counts.ordinal_alpha(counts),
        of_counts.interval_alpha(counts, numbers),
        of_counts.fleiss(counts),
        of_counts.ac1(counts),
        of_counts.ac2(counts, interval(numbers)),
        *of_counts.value_alphas(counts),
        *(kappas(ratings.tables_of_pairs())[one][other] for one, other in ((0, 1), (0, 2), (1, 2))),
    ]
    assert all(abs(one.value) < 0.01 for one in found)
    assert of_counts.alpha(ratings).value == pytest.approx(found[0].value, abs=1e-12)


def _stored(name):
    return [json.loads(line) for line in (ORACLES / name).read_text().splitlines()]


def _near(found, stored):
    return found.value is None if stored is None else found.value == pytest.approx(stored, abs=1e-12)


def _alphas_are_equal(case):
    ratings, names = _ratings(case)
    counts, numbers = ratings.counts(), np.array([*map(float, names)])
    assert _near(of_counts.alpha(counts), case["nominal"])
    assert _near(of_counts.ordinal_alpha(counts), case["ordinal"])
    assert _near(of_counts.interval_alpha(counts, numbers), case["interval"])
    assert _near(of_counts.ratio_alpha(counts, numbers), case["ratio"])


def _kappas_are_equal(case):
    ratings, names = _ratings(case)
    numbers = np.array([*map(float, names)])
    tables = ratings.tables_of_pairs()
    matrices = [kappas(tables), kappas(tables, linear(numbers)), kappas(tables, interval(numbers))]
    for one, other, *stored in case["kappas"]:
        assert all(_near(matrix[one][other], value) for matrix, value in zip(matrices, stored, strict=True))


def test_alpha_fleiss_s_ac1_and_ac2_equal_other_packages_on_two_hundred_tables_with_gaps():
    cases = _stored("classes.jsonl")
    assert len(cases) == 200
    for case in cases:
        _alphas_are_equal(case)
        ratings, names = _ratings(case)
        counts, numbers = ratings.counts(), np.array([*map(float, names)])
        assert _near(of_counts.fleiss(counts), case["fleiss"])
        assert _near(of_counts.ac1(counts), case["ac1"])
        assert _near(of_counts.ac2(counts, interval(numbers)), case["ac2"])
        assert _near(of_counts.bennett(counts), case["bennett"])


def test_kappa_of_every_pair_equals_scikit_learn_with_and_without_weights():
    cases = _stored("classes.jsonl")
    assert sum(len(case["kappas"]) for case in cases) > 900
    for case in cases:
        _kappas_are_equal(case)


@pytest.mark.skipif(
    not PEER.exists(),
    reason="needs krippendorff and scikit-learn, which benchmarks/agreement_classes.py installs in .peers",
)
def test_alpha_and_kappa_equal_krippendorff_and_scikit_learn_as_they_are_installed():
    draw = np.random.default_rng(17)
    tables = []
    for _ in range(100):
        truth, raters = draw.integers(1, 5, 12), int(draw.integers(2, 6))
        said = np.where(draw.random((raters, 12)) < 0.6, truth, draw.integers(1, 5, (raters, 12))).astype(str)
        said[:, 2:][draw.random((raters, 10)) < 0.2] = "."
        said[:, 0], said[:, 1] = "1", "2"  # two values occur
        tables.append(said.tolist())
    asked = subprocess.run(
        [PEER, ORACLES / "ask.py"], input=json.dumps(tables), text=True, capture_output=True, check=True
    )
    for case in json.loads(asked.stdout):
        _alphas_are_equal(case)
        _kappas_are_equal(case)


def test_alpha_of_sets_equals_nltk_where_that_does_not_fail():
    for case in _stored("sets.jsonl"):
        ratings, names = _ratings({"sets": [" ".join(unit) for unit in _turned(case["sets"])]})
        sets = np.array([[member in name for member in "abcd"] for name in names])
        assert _near(of_counts.alpha(ratings.counts(), masi(sets)), case["masi"])
        assert _near(of_counts.alpha(ratings.counts(), jaccard(sets)), case["jaccard"])
