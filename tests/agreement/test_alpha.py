import random
import tomllib
from pathlib import Path

import numpy as np
import pytest

from copydesk.agreement.alpha import coincidences, nominal_alpha, one_against_rest

CASES = tomllib.loads((Path(__file__).parents[1] / "cases/agreement/alpha.toml").read_text())["case"]


def _counts(case):
    if "counts" in case:
        return np.array(case["counts"])
    if "confusion" in case:
        pairs = [(i, j) for i, row in enumerate(case["confusion"]) for j, n in enumerate(row) for _ in range(n)]
        rows = [[first for first, _ in pairs], [second for _, second in pairs]]
    else:
        rows = [row.split() for row in case["values"]]
    return _tally(rows)


def _tally(rows, missing="."):
    categories = sorted({value for row in rows for value in row if value != missing})
    return np.array([[column.count(category) for category in categories] for column in zip(*rows, strict=True)])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_alpha_is_what_the_source_prints(case):
    counts = _counts(case)
    alpha = nominal_alpha(coincidences(counts))
    if "fleiss_kappa" in case:
        alpha, printed = 1 - (1 - alpha) * counts.sum() / (counts.sum() - 1), case["fleiss_kappa"]
    else:
        printed = case["alpha"]
    # A few sources cut where others round, so the last printed digit may be one too low.
    assert 0 <= alpha - float(printed) + 0.0005 <= 0.0015


def test_the_coincidence_matrix_is_the_printed_one():
    rows = [row.split() for row in CASES[0]["values"]]
    printed = [[7, 4 / 3, 1 / 3, 1 / 3, 0], [4 / 3, 10, 4 / 3, 1 / 3, 0], [1 / 3, 4 / 3, 8, 1 / 3, 0]]
    printed += [[1 / 3, 1 / 3, 1 / 3, 4, 0], [0, 0, 0, 0, 3]]
    np.testing.assert_allclose(coincidences(_tally(rows)), printed)


def test_alpha_of_one_label_is_alpha_after_renaming_all_others():
    rows = [row.split() for row in CASES[0]["values"]]
    whole = coincidences(_tally(rows))
    for at, category in enumerate("12345"):
        renamed = [[value if value in (category, ".") else "x" for value in row] for row in rows]
        expected = nominal_alpha(coincidences(_tally(renamed)))
        assert nominal_alpha(one_against_rest(whole, at)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "counts",
    [np.zeros((0, 3), int), np.array([[1, 0], [0, 1]]), np.array([[2, 0], [3, 0]]), np.zeros((4, 0), int)],
    ids=["no units", "nothing to pair", "one category", "no categories"],
)
def test_alpha_is_undefined_rather_than_nothing_or_one(counts):
    assert nominal_alpha(coincidences(counts)) is None


def test_random_categories_have_an_alpha_near_zero():
    values = np.random.default_rng(7).integers(0, 4, (100_000, 3))
    counts = np.stack([(values == category).sum(axis=1) for category in range(4)], axis=1)
    assert abs(nominal_alpha(coincidences(counts))) < 0.01


def test_alpha_equals_nltk_on_matrices_with_gaps():
    agreement = pytest.importorskip("nltk.metrics.agreement", reason="nltk comes with the optional Label Studio")
    order = random.Random(11)
    for _ in range(100):
        coders, items = order.randint(2, 5), order.randint(2, 12)
        rows = [[order.choice("aabc.") for _ in range(items)] for _ in range(coders)]
        paired = [i for i in range(items) if sum(row[i] != "." for row in rows) > 1]
        triples = [(str(c), str(i), rows[c][i]) for c in range(coders) for i in paired if rows[c][i] != "."]
        if len({value for *_, value in triples}) < 2:
            continue
        expected = agreement.AnnotationTask(data=triples).alpha()
        assert nominal_alpha(coincidences(_tally(rows))) == pytest.approx(expected, abs=1e-12)
