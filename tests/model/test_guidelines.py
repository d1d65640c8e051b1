"""Marked examples of guidelines: what is read, and what is wrong with them under a schema (cases in tests/cases/guidelines)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.model.guidelines import example_faults, examples, read_example, unshown
from copydesk.model.schema import LabelSchema

DATA: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "cases" / "guidelines" / "faults.toml").read_text(encoding="utf-8")
)
SCHEMA = LabelSchema.read(tomllib.loads(DATA["schema"]), place="s")


@pytest.mark.parametrize("case", DATA["cases"], ids=lambda case: case["name"])
def test_what_is_wrong_with_an_example_is_said_with_its_line_and_the_fix(case: dict[str, Any]) -> None:
    assert example_faults(case["text"], SCHEMA) == case["faults"]


def test_an_example_gives_its_text_without_the_notation_and_its_marks_by_their_places() -> None:
    (one,) = examples(
        "# Here\n\n- Example: **[University of [Bamenda]{GPE #b}]{PERSON x=1 near>b}**, a \\[ and\n  `[c]`.\n"
    )
    assert one.text == "University of Bamenda, a [ and [c]."
    assert [(one.surface(mark), mark.label, mark.relations) for mark in one.marks] == [
        ("University of Bamenda", "PERSON", (("near", "b"),)),
        ("Bamenda", "GPE", ()),
    ]
    assert [one.line_at(mark.opens) for mark in one.marks] == [3, 3]


def test_a_value_with_blanks_stands_in_double_quotes() -> None:
    (mark,) = read_example('[army]{ORG name="Syrian Army" kb=Q1}').marks
    assert (mark.label, mark.attributes) == ("ORG", (("name", "Syrian Army"), ("kb", "Q1")))


def test_a_label_that_no_example_shows_is_named() -> None:
    assert unshown("[Bamenda]{GPE} [x]{not PERSON}", SCHEMA) == [
        "no example of PERSON (fix: write one, such as - Example: [words]{PERSON})"
    ]


@given(st.text(alphabet='[]{}\\`*#=>" \nnotGPEa→😀', max_size=60))
@settings(deadline=None, max_examples=200)
def test_whatever_is_written_is_read_and_every_mark_lies_in_the_text(source: str) -> None:
    one = read_example(source)
    assert all(0 <= mark.start <= mark.end <= len(one.text) for mark in one.marks)
    assert all(mark.opens < mark.closes < mark.ends <= len(source) for mark in one.marks)
    example_faults(source, SCHEMA)
