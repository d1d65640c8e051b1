"""Several suggesters, put together."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.suggestions import Calibration, Found, combine

VERSIONS = {"one": "1", "two": "2"}
Row = tuple[int, int, str, float]
rows = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 8), st.sampled_from("AB"), st.floats(0, 1, allow_subnormal=False)).map(
        lambda one: (one[0], one[0] + one[1], one[2], one[3])
    ),
    max_size=8,
    unique_by=lambda one: one[:3],
)


def found(*spans: Row) -> Found:
    return Found.of(
        spans=(
            {"doc_id": "d", "start": start, "end": end, "surface": "x", "label": label, "rule": "r", "score": score}
            for start, end, label, score in spans
        )
    )


def put_together(
    one: Found, two: Found, *, overlap: str = "none", least: float = 0.0
) -> list[tuple[int, int, str, float]]:
    both = {"one": one, "two": two}
    made = combine(both, versions=VERSIONS, least=least, overlap=overlap, calibration=Calibration())
    return [(row["start"], row["end"], row["label"], round(row["score"], 6)) for row in made.spans.to_pylist()]


def test_who_says_the_same_is_named_together_and_surer_than_alone() -> None:
    both = {"one": found((0, 4, "A", 0.5)), "two": found((0, 4, "A", 0.8), (6, 9, "B", 0.3))}
    made = combine(both, versions=VERSIONS, least=0.0, overlap="none", calibration=Calibration())
    first, second = made.spans.to_pylist()
    assert (first["by"], round(first["score"], 6)) == (["one 1", "two 2"], 0.9)
    assert (second["by"], second["score"]) == (["two 2"], 0.3)


def test_a_score_is_what_it_was_measured_to_be_worth() -> None:
    worth = Calibration({"one": {"A": [(0.0, 0.1), (0.5, 0.6)]}})
    both = {"one": found((0, 4, "A", 0.4), (5, 9, "A", 0.9), (10, 12, "B", 0.4)), "two": found()}
    made = combine(both, versions=VERSIONS, least=0.0, overlap="none", calibration=worth)
    assert made.spans["score"].to_pylist() == [0.1, 0.6, 0.4]


@pytest.mark.parametrize(
    ("overlap", "kept"),
    [
        ("none", [(0, 9, "A", 0.9)]),
        ("nested", [(0, 9, "A", 0.9), (2, 5, "B", 0.8)]),
        ("any", [(0, 9, "A", 0.9), (2, 5, "B", 0.8), (7, 12, "B", 0.7)]),
    ],
)
def test_of_spans_that_may_not_stand_together_the_surer_stays(overlap: str, kept: list[Row]) -> None:
    said = found((0, 9, "A", 0.9), (0, 9, "B", 0.6)), found((2, 5, "B", 0.8), (7, 12, "B", 0.7))
    assert put_together(*said, overlap=overlap) == kept


def test_a_relation_stays_where_both_its_spans_do_and_of_a_category_the_surest_value() -> None:
    ends = {"head_start": 0, "head_end": 4, "head_label": "A", "tail_start": 6, "tail_end": 9, "tail_label": "B"}
    relation = {"doc_id": "d", **ends, "label": "in", "score": 0.9}
    said = [
        {"doc_id": "d", "name": "topic", "value": value, "score": score} for value, score in (("x", 0.4), ("y", 0.6))
    ]
    whole = Found.of(
        spans=found((0, 4, "A", 0.9), (6, 9, "B", 0.2)).spans.drop_columns("by").to_pylist(),
        relations=[relation],
        categories=said,
    )
    for least, there in ((0.0, 1), (0.5, 0)):
        made = combine({"one": whole}, versions=VERSIONS, least=least, overlap="none", calibration=Calibration())
        assert made.relations.num_rows == there
        assert made.categories["value"].to_pylist() == ["y"]


@settings(deadline=None, max_examples=200)
@given(one=rows, two=rows, overlap=st.sampled_from(["none", "nested", "any"]))
def test_what_stands_may_stand_together_and_whoever_is_asked_first_it_is_the_same(
    one: list[Row], two: list[Row], overlap: str
) -> None:
    made = put_together(found(*one), found(*two), overlap=overlap)
    for (start, end, *_), (first, last, *_) in combinations(made, 2):
        apart = end <= first or last <= start
        inside = (start <= first and last <= end) or (first <= start and end <= last)
        assert (start, end) != (first, last)
        assert apart or overlap == "any" or (overlap == "nested" and inside)
    assert {row[:3] for row in made} <= {row[:3] for row in (*one, *two)}
    assert bool(made) == bool(one or two)
    assert put_together(found(*two), found(*one), overlap=overlap) == made
