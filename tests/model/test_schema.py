"""Labelling schemas: what a good one gives, and how a bad one is refused (cases in tests/cases/schema)."""

from __future__ import annotations

import pickle
import tomllib
from pathlib import Path

import pytest

from copydesk.errors import SchemaError
from copydesk.model.schema import LabelSchema

CASES = Path(__file__).parents[1] / "cases" / "schema"
BAD = sorted(folder.name for folder in CASES.iterdir() if (folder / "error.txt").is_file())
GOOD = """
name = "places"
version = "1.0.0"
title = "Places"
labels = [{ name = "GPE", definition = "A place with a government.", hotkey = "1", colour = "#4363d8" }]
"""


def read(text: str, *, guidelines: str = "") -> LabelSchema:
    return LabelSchema.read(tomllib.loads(text), place="schema.toml", guidelines=guidelines)


@pytest.mark.parametrize("case", BAD)
def test_a_bad_schema_is_refused_with_the_place_and_the_fix(case: str) -> None:
    with pytest.raises(SchemaError) as caught:
        read((CASES / case / "schema.toml").read_text(encoding="utf-8"))
    assert str(caught.value) + "\n" == (CASES / case / "error.txt").read_text(encoding="utf-8")


def test_each_bad_case_has_an_expected_error_and_a_schema() -> None:
    assert BAD
    assert [folder.name for folder in sorted(CASES.iterdir()) if not (folder / "schema.toml").is_file()] == []
    assert sorted(folder.name for folder in CASES.iterdir()) == BAD


def test_the_error_of_a_bad_schema_survives_pickling() -> None:
    with pytest.raises(SchemaError) as caught:
        read("labels = []")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (SchemaError, str(caught.value))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "places"', "name = 5"),
        ('name = "places"', 'name = ""'),
        ('definition = "A place with a government."', 'definition = ""'),
        (
            'title = "Places"',
            'title = "Places"\nrelations = [{ name = "near", definition = "Close by.", symmetric = "no" }]',
        ),
        (
            'title = "Places"',
            'title = "Places"\nattributes = [{ name = "id", definition = "Its number.", kind = "text", pattern = 5 }]',
        ),
    ],
    ids=["name-is-a-number", "name-is-empty", "definition-is-empty", "symmetric-is-a-word", "pattern-is-a-number"],
)
def test_a_value_of_the_wrong_type_is_refused(old: str, new: str) -> None:
    assert old in GOOD
    with pytest.raises(SchemaError):
        read(GOOD.replace(old, new))


def test_a_schema_that_says_only_what_it_must_has_no_relations_and_allows_nesting() -> None:
    schema = read(GOOD)
    assert (schema.label_names, schema.relations, schema.attributes, schema.overlap) == (("GPE",), (), (), "nested")


def test_the_digest_changes_with_the_guidelines_and_with_any_value_and_not_with_the_layout_of_the_file() -> None:
    digests = {
        read(GOOD).digest,
        read(GOOD, guidelines="Mark names.").digest,
        read(GOOD.replace("#4363d8", "#4363d9")).digest,
        read(GOOD.replace("A place", "A spot")).digest,
    }
    assert len(digests) == 4
    assert read("# a comment\n" + GOOD.replace(" = ", "  =  ")).digest == read(GOOD).digest
