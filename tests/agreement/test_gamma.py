import csv
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from copydesk.agreement import measure
from copydesk.agreement.gamma import Dissimilarity, gammas, units_of
from copydesk.agreement.gamma.align import _from_the_left, _programmed

CASES = json.loads((Path(__file__).parents[1] / "cases/agreement/gamma.json").read_text())["cases"]

PRINTED = tomllib.loads((Path(__file__).parents[1] / "cases/agreement/pygamma.toml").read_text())
PYGAMMA = Path(__file__).parents[2] / ".peers/pygamma-agreement"


def _units(continua, people=None):
    """Units of continua given as rows of (annotator, category, start, end)."""
    rows = [(number, *row) for number, continuum in enumerate(continua) for row in continuum]
    who = [sorted({row[0] for row in continuum}) for continuum in continua]
    categories = sorted({row[2] for row in rows})
    units = units_of(
        continuum=np.array([row[0] for row in rows], np.int64),
        annotator=np.array([who[row[0]].index(row[1]) for row in rows], np.int64),
        category=np.array([categories.index(row[2]) for row in rows], np.int64),
        start=np.array([row[3] for row in rows], float),
        end=np.array([row[4] for row in rows], float),
        annotators=np.array(people or [len(one) for one in who]),
    )
    return units, len(categories)


def _gammas(continua, **options):
    people = options.pop("people", None)
    units, categories = _units(continua, people)
    return units, gammas(units, categories=categories, **options)


def _gamma(found):
    return 1 - found.observed.sum() / found.expected.sum()


def _gamma_cat(found, column=0):
    """Gamma-cat, or gamma-k of the category whose column is 1 + k."""
    chance = found.chance_disagreed[:, column].sum() / found.chance_weight[:, column].sum()
    return 1 - found.disagreed[:, column].sum() / found.weight[:, column].sum() / chance


def test_observed_disorder_is_the_one_of_pygamma():
    units, found = _gammas([case["rows"] for case in CASES], samples=1)
    disorder = found.observed * units.annotators / found.units
    assert disorder == pytest.approx([case["disorder"] for case in CASES], abs=1e-5)
    assert not found.windowed.any()


def test_the_example_of_the_paper_has_six_unitary_alignments_and_a_disorder_of_96_hundredths():
    _, found = _gammas([CASES[0]["rows"]], samples=1)
    assert found.alignments.tolist() == [6]
    assert found.observed[0] * 3 / 16 == pytest.approx(0.96062, abs=5e-6)


@pytest.mark.parametrize("case", [case for case in CASES if "gamma" in case], ids=lambda case: len(case["rows"]))
def test_gamma_and_gamma_cat_are_those_of_pygamma_within_a_hundredth(case):
    _, found = _gammas([case["rows"]], samples=600)
    assert _gamma(found) == pytest.approx(case["gamma"], abs=0.01)
    assert _gamma_cat(found) == pytest.approx(case["gamma_cat"], abs=0.01)


def test_observed_disorder_with_other_weights_is_the_one_of_pygamma():
    cases = PRINTED["weighted"]
    units, found = _gammas([case["rows"] for case in cases], samples=1, dissimilarity=Dissimilarity(beta=2))
    disorder = found.observed * units.annotators / found.units
    assert disorder == pytest.approx([case["disorder"] for case in cases], abs=1e-5)


@pytest.mark.skipif(
    not PYGAMMA.is_dir(),
    reason="needs the sdist of pygamma-agreement 0.5.9 (pip download --no-binary :all: --no-deps), unpacked in .peers/pygamma-agreement",
)
@pytest.mark.parametrize("file", PRINTED["file"], ids=lambda file: file["name"])
def test_files_of_pygamma_have_its_disorder_alignments_gamma_gamma_cat_and_gamma_k(file):
    with (PYGAMMA / "tests/data" / file["name"]).open(encoding="utf-8") as lines:
        rows = [(who, said, float(start), float(end)) for who, said, start, end in csv.reader(lines)]
    units, found = _gammas([rows], samples=200)
    assert found.alignments.tolist() == [file["alignments"]]
    assert found.observed * units.annotators / found.units == pytest.approx(file["disorder"], abs=1e-5)
    assert file["gamma"][0] <= _gamma(found) <= file["gamma"][1]
    assert file["gamma_cat"][0] <= _gamma_cat(found) <= file["gamma_cat"][1]
    for column, name in enumerate(sorted(file["gamma_k"]), start=1):
        low, high = file["gamma_k"][name]
        assert low <= _gamma_cat(found, column) <= high, name


def test_gamma_is_the_same_for_the_same_seed_in_any_batch_and_order_of_annotators():
    continua = [case["rows"] for case in CASES[1:16]]
    _, whole = _gammas(continua, seed=7)
    for number, rows in enumerate(continua):
        renamed = [({"A0": "A9"}.get(row[0], row[0]), *row[1:]) for row in reversed(rows)]
        _, alone = _gammas([renamed], seed=7)
        assert alone.observed[0] == pytest.approx(whole.observed[number], abs=1e-12)
        assert alone.expected[0] == pytest.approx(whole.expected[number], abs=1e-12)
    _, other = _gammas(continua, seed=8)
    assert not np.allclose(other.expected, whole.expected)


def test_more_samples_are_drawn_until_the_precision_is_reached():
    rows = CASES[0]["rows"]
    _, coarse = _gammas([rows], precision=0.5)
    _, fine = _gammas([rows], precision=0.02)
    assert coarse.samples.tolist() == [30]
    assert 50 < fine.samples[0] < 1000
    _, finer = _gammas([rows], precision=0.01)
    assert 2.5 < finer.samples[0] / fine.samples[0] < 6
    _, known = _gammas([rows], samples=3000)
    assert finer.expected[0] == pytest.approx(known.expected[0], rel=0.02)


def test_a_matrix_of_categories_that_are_near_raises_gamma():
    rows = [("A", "army", 0, 9), ("B", "militia", 0, 9), ("A", "army", 20, 24), ("B", "army", 20, 24)]
    units, categories = _units([rows])
    near = Dissimilarity(matrix=np.array([[0, 0.5], [0.5, 0]]))
    plain, matrix = (gammas(units, categories=categories, dissimilarity=one) for one in (None, near))
    assert plain.observed[0] == pytest.approx(1.0)
    assert matrix.observed[0] == pytest.approx(0.5)


def test_a_reader_who_marked_nothing_is_an_annotator():
    rows = [("A", "x", 0, 9), ("B", "x", 0, 9)]
    _, two = _gammas([rows])
    _, three = _gammas([rows], people=[3])
    assert two.observed.tolist() == [0.0]
    # One alignment, with two of its three pairs beside nothing.
    assert three.observed[0] == pytest.approx(2 / 3)


def test_random_marks_lie_near_nothing():
    rng = np.random.default_rng(3)
    continua = []
    for _ in range(60):
        rows = []
        for person in "ABC":
            gaps, lengths = rng.normal(20, 8, 15).clip(1), rng.normal(10, 3, 15).clip(1)
            ends = np.cumsum(gaps + lengths)
            said = rng.integers(0, 4, 15)
            rows += [(person, str(c), e - n, e) for c, e, n in zip(said, ends, lengths, strict=True)]
        continua.append(rows)
    _, found = _gammas(continua)
    assert abs(_gamma(found)) < 0.03
    assert abs(_gamma_cat(found)) < 0.03


def test_crowded_texts_are_cut_into_windows_and_say_so(drawing):
    rng = np.random.default_rng(1)
    text = "word " * 60
    works = []
    for person in range(12):
        starts = rng.integers(0, 100, 4)
        works.append(drawing.Work("d", f"A{person:02}", [(int(s), int(s) + 150, "ORG") for s in starts]))
    rows = measure(
        **drawing.tables(works, texts={"d": text}), documents=drawing.documents({"d": text}), labels=(), samples=1
    ).to_pylist()
    row = next(row for row in rows if row["measure"] == "gamma")
    assert "too crowded" in row["note"]
    assert row["value"] is None or row["value"] <= 1


def test_every_way_of_solving_a_component_finds_the_same_cost():
    rng = np.random.default_rng(5)
    for _ in range(20):
        size = 9
        sets = {tuple(sorted(rng.choice(size, rng.integers(2, 4), replace=False).tolist())) for _ in range(18)}
        listed = [list(one) for one in sorted(sets)]
        cost = rng.uniform(0.5, 2.5, len(listed))
        costs = []
        for chosen in (_from_the_left(size, 1.0, listed, cost.tolist()), _programmed(size, 1.0, listed, cost)):
            covered = [at for row in chosen for at in listed[row]]
            assert len(set(covered)) == len(covered)
            costs.append(size - len(covered) + sum(cost[row] for row in chosen))
        assert costs[0] == pytest.approx(costs[1], abs=1e-9)


def _corpus(drawing, magnitude, rng):
    """Two people who marked the same; then the second's marks are moved, renamed or left out, more with the magnitude."""
    texts = {f"d{number}": "word " * 400 for number in range(12)}
    works = []
    for doc in texts:
        spans = [(at * 45, at * 45 + 8 + at % 5, "ABCD"[at % 4]) for at in range(40)]
        copy = []
        for start, end, label in spans:
            roll, slip, other = rng.random(3)
            if roll < magnitude * 0.3:
                continue
            slips = int(1 + 8 * magnitude) if slip < magnitude * 0.5 else 0
            said = "ABCD"[int(other * 400) % 4] if other < magnitude * 0.4 else label
            copy.append((start + slips, end + slips, said))
        works += [drawing.Work(doc, "A1", spans), drawing.Work(doc, "A2", copy)]
    return drawing.tables(works, texts=texts), drawing.documents(texts)


def test_shuffling_more_of_a_corpus_never_raises_agreement(drawing):
    """The corpus shuffling tool of Y. Mathet and others, Manual Corpus Annotation (COLING 2012)."""
    magnitudes = np.linspace(0, 1, 11)
    names = ("span_f1_exact", "span_f1_iou", "span_f1_overlap", "span_f1_boundary", "span_f1_type", "gamma")
    found = {name: [] for name in names}
    for magnitude in magnitudes:
        tables, documents = _corpus(drawing, magnitude, np.random.default_rng(4))
        rows = measure(**tables, documents=documents, labels=tuple("ABCD"), samples=10).to_pylist()
        overall = {
            row["measure"]: row for row in rows if {row[at] for at in ("label", "annotators", "scope")} == {"all"}
        }
        for name in names:
            row = overall[name]
            found[name].append(row["value"])
            assert row["low"] <= row["value"] <= row["high"], name
    for name, values in found.items():
        assert values[0] == 1.0, name
        assert spearmanr(magnitudes, values).statistic <= -0.99, (name, values)
