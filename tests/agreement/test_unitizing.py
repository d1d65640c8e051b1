import numpy as np
import pytest

from copydesk.agreement import measure
from copydesk.agreement.unitizing import Continua, disagreement

# K. Krippendorff, Content Analysis (2004), p. 254: a continuum of 300 from 150 on; observers i and j, categories c and k.
EXAMPLE = {
    "i": [(225, 70, "c"), (370, 30, "c"), (180, 60, "k"), (300, 50, "k")],
    "j": [(220, 80, "c"), (355, 20, "c"), (400, 20, "c"), (180, 60, "k"), (300, 50, "k")],
}


def _overall(drawing, works, text):
    texts = {"d": text}
    rows = measure(**drawing.tables(works, texts=texts), documents=drawing.documents(texts), labels=(), samples=0)
    rows = [row for row in rows.to_pylist() if row["measure"] == "unitizing_alpha" and row["scope"] == "all"]
    return {row["label"]: row for row in rows}


def _works(drawing, marks):
    return [
        drawing.Work("d", name, [(begin - 150, begin - 150 + length, label) for begin, length, label in units])
        for name, units in marks.items()
    ]


def test_alpha_is_what_the_book_prints(drawing):
    found = _overall(drawing, _works(drawing, EXAMPLE), "x" * 300)
    # The book goes on from disagreements of four digits.
    assert round(1 - 0.0144 / (0.0532 + 0.0490), 4) == 0.8591
    assert found["all"]["value"] == pytest.approx(0.8591, abs=5e-4)
    assert found["c"]["value"] == pytest.approx(0.7286, abs=5e-5)
    assert found["k"]["value"] == 1.0
    assert found["all"]["n"] == 9


def test_disagreements_are_what_the_book_prints():
    rows = [
        ("ck".index(c), "ij".index(who), b - 150, b - 150 + n) for who, units in EXAMPLE.items() for b, n, c in units
    ]
    section, reader, start, end = np.array(sorted(rows), np.int64).T
    observed, expected = disagreement(Continua(section, reader, start, end, 2), np.full(2, 300.0), np.full(2, 2))
    assert observed == pytest.approx([0.0144, 0], abs=5e-5)
    assert expected == pytest.approx([0.0532, 0.0490], abs=5e-5)


# K. Krippendorff, On the Reliability of Unitizing Contiguous Data (1995), p. 57: begin+length of both observers' units on a continuum of 24;
# observed disagreement, and, on one so fine that it makes no difference, the expected one and alpha. DKPro asserts these to .005 and .02.
CONTINUUM = {
    "A": ("2+8 14+6", "4+4 15+2", 0.03125, 0.06990, 0.553),
    "B": ("0+18", "0+2 2+1 3+1 4+1 5+1 6+3 9+1", 2.26736, 1.17731, -0.926),
    "C": ("2+6 10+2 14+4 20+2", "0+2 4+4 10+4 16+2 20+2", 0.02777, 0.08642, 0.679),
    "D": ("0+2 2+8 10+4 14+6 20+4", "0+4 4+4 8+7 15+2 17+7", 0.38715, 0.41445, 0.066),
}


@pytest.mark.parametrize("name", CONTINUUM)
def test_disagreements_of_one_category_are_those_of_1995(name):
    *observers, observed, expected, alpha = CONTINUUM[name]
    fine = 50_000
    rows = [(who, *map(int, unit.split("+"))) for who, units in enumerate(observers) for unit in units.split()]
    reader, begin, length = np.array(rows, np.int64).T
    units = Continua(np.zeros(len(rows), np.int64), reader, begin * fine, (begin + length) * fine, 1)
    found = disagreement(units, np.array([24.0 * fine]), np.array([2]))
    assert found[0] == pytest.approx([observed], abs=1e-5)
    assert found[1] == pytest.approx([expected], abs=0.005)
    assert 1 - found[0] / found[1] == pytest.approx([alpha], abs=0.02)


def _distance(one, other):
    """Twice the disagreement of two observers with one unit each, or none, on a continuum of 1,000, as a sum of squares."""
    rows = [(reader, *unit) for reader, unit in enumerate((one, other)) if unit]
    reader, begin, length = np.array(rows, np.int64).T
    units = Continua(np.zeros(len(rows), np.int64), reader, begin, begin + length, 1)
    observed, _ = disagreement(units, np.array([1000.0]), np.array([2]))
    return observed[0] * 1000**2


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((5, 6), (4, 2), 26),
        ((5, 6), (5, 2), 16),
        ((5, 6), (6, 2), 10),
        ((5, 6), (7, 2), 8),
        ((5, 6), (6, 4), 2),
        ((5, 6), (5, 6), 0),
        ((225, 70), (220, 80), 50),
        ((370, 30), (355, 20), 850),
        (None, (400, 20), 400),
        ((2, 2), (5, 6), 40),
    ],
)
def test_distances_are_what_the_book_prints(one, other, expected):
    assert _distance(one, other) == pytest.approx(expected, abs=1e-9)


def test_spans_that_overlap_under_one_label_are_merged_and_said_so(drawing):
    works = [drawing.Work("d", "A1", [(0, 9, "x"), (3, 5, "x")]), drawing.Work("d", "A2", [(0, 9, "x")])]
    row = _overall(drawing, works, "x" * 50)["all"]
    assert row["value"] == 1.0
    assert "1 spans that overlap" in row["note"]
