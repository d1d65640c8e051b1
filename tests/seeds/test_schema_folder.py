"""The reference schema: the labels, keys and relations of the labelling screen, its guidelines and its names."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from pathlib import Path

import pytest

from copydesk.model.schema import RESERVED_HOTKEYS, Attribute, LabelSchema

FOLDER = Path(__file__).parents[2] / "schemas" / "news-entities"


@pytest.fixture(scope="module")
def schema() -> LabelSchema:
    text = (FOLDER / "schema.toml").read_text(encoding="utf-8")
    return LabelSchema.read(tomllib.loads(text), place="schema.toml", guidelines=guidelines())


def guidelines() -> str:
    return (FOLDER / "guidelines.md").read_text(encoding="utf-8")


def name_rows() -> list[list[str]]:
    lines = (FOLDER / "names.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def attribute(schema: LabelSchema, name: str) -> Attribute:
    return next(one for one in schema.attributes if one.name == name)


def test_the_screen_has_the_twelve_labels_with_their_keys(schema: LabelSchema) -> None:
    keys = {label.hotkey: label.name for label in schema.labels}
    assert " ".join(f"{key}:{name}" for key, name in keys.items()) == (
        "1:PERSON 2:ORG 3:GPE 4:LOC 5:FAC 6:NORP 7:ARMED_GROUP 8:WEAPON 9:DATE 0:NUMBER q:EVENT_NAME x:RESIDUE"
    )


def test_no_key_is_used_twice_and_none_is_the_editors(schema: LabelSchema) -> None:
    choices = [hotkey for one in schema.attributes for _, hotkey in one.choices if hotkey]
    keys = [label.hotkey for label in schema.labels] + choices
    assert len(keys) == len(set(keys)) == 17
    assert not RESERVED_HOTKEYS & set(keys)


def test_labels_can_be_told_apart_by_colour(schema: LabelSchema) -> None:
    assert len({label.colour for label in schema.labels}) == len(schema.labels)


def test_the_six_relations_are_there_and_only_those_of_equals_are_symmetric(schema: LabelSchema) -> None:
    assert schema.relation_names == ("same_as", "alias_of", "part_of", "member_of", "leads", "affiliated_with")
    assert [one.name for one in schema.relations if one.symmetric] == ["same_as", "alias_of"]
    assert all(one.heads == one.tails for one in schema.relations if one.symmetric)


def test_residue_dates_and_numbers_have_no_relations(schema: LabelSchema) -> None:
    for relation in schema.relations:
        assert relation.heads, relation.name
        assert relation.tails, relation.name
        assert not {"RESIDUE", "DATE", "NUMBER"} & {*relation.heads, *relation.tails}, relation.name


@pytest.mark.parametrize("value", ["Q858", "geonames:170793", "NIL"])
def test_a_kb_id_may_be(schema: LabelSchema, value: str) -> None:
    assert re.fullmatch(attribute(schema, "kb_id").pattern, value)


@pytest.mark.parametrize("value", ["858", "Q0858", "Q858 ", "nil", "geonames:", "Syria", ""])
def test_a_kb_id_may_not_be(schema: LabelSchema, value: str) -> None:
    assert not re.fullmatch(attribute(schema, "kb_id").pattern, value)


@pytest.mark.parametrize(
    "value",
    ["2017", "2017-11", "2017-11-03", "2017-11-03T07:40", "2017-11-03TEV", "2017-W44", "2017-SP", "P3Y", "PT2H"],
)
def test_a_timex_may_be(schema: LabelSchema, value: str) -> None:
    assert re.fullmatch(attribute(schema, "timex").pattern, value)


@pytest.mark.parametrize("value", ["17", "2017-11-3", "03.11.2017", "2017-W4", "Friday", "P3", "NOW_REF", ""])
def test_a_timex_may_not_be(schema: LabelSchema, value: str) -> None:
    assert not re.fullmatch(attribute(schema, "timex").pattern, value)


def test_the_placeholders_of_text_attributes_show_values_that_their_patterns_allow(schema: LabelSchema) -> None:
    shown = [(one.pattern, value) for one in schema.attributes if one.pattern for value in one.placeholder.split(" | ")]
    assert len(shown) == 6
    assert all(re.fullmatch(pattern, value) for pattern, value in shown)


def test_the_guidelines_have_a_section_for_each_label_with_its_key_an_example_and_an_edge_case(
    schema: LabelSchema,
) -> None:
    sections = {part.splitlines()[0]: part for part in re.split(r"^## ", guidelines(), flags=re.MULTILINE)[1:]}
    for label in schema.labels:
        section = sections[f"{label.name}, key {label.hotkey}"]
        assert "- Example: " in section, label.name
        assert "- Edge: " in section, label.name


def test_the_guidelines_explain_every_relation_choice_and_attribute(schema: LabelSchema) -> None:
    words = {relation.name for relation in schema.relations} | {one.name for one in schema.attributes}
    words |= {choice for one in schema.attributes for choice, _ in one.choices}
    assert [word for word in sorted(words) if not re.search(rf"\b{word}\b", guidelines())] == []


def test_each_section_of_the_guidelines_fits_on_a_screen() -> None:
    for section in re.split(r"^## ", guidelines(), flags=re.MULTILINE):
        assert len(section.splitlines()) <= 20, section.splitlines()[0]


def test_the_guidelines_are_headings_paragraphs_and_flat_lists_only() -> None:
    odd = [line for line in guidelines().splitlines() if line and not re.match(r"#{1,2} \S|- \S", line)]
    assert odd == []


def test_every_name_has_a_surface_a_label_and_a_canonical_form(schema: LabelSchema) -> None:
    rows = name_rows()
    assert [row for row in rows if len(row) != 3 or not all(part == part.strip() != "" for part in row)] == []
    assert {label for _, label, _ in rows} <= set(schema.label_names)
    assert [row for row in rows if not all(unicodedata.is_normalized("NFC", part) for part in row)] == []


def test_no_surface_is_listed_twice() -> None:
    surfaces = [surface for surface, _, _ in name_rows()]
    assert sorted({one for one in surfaces if surfaces.count(one) > 1}) == []


def test_names_with_one_canonical_form_have_one_label() -> None:
    labels: dict[str, set[str]] = {}
    for _, label, canonical in name_rows():
        labels.setdefault(canonical, set()).add(label)
    assert {canonical: found for canonical, found in labels.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    "variants",
    [
        {"Deir el-Zour", "Deir al-Zour"},
        {"Qaim", "al-Qaim"},
        {"ISIS", "Islamic State", "Islamic State in Iraq and Syria", "Daesh"},
        {"Bashar al-Assad", "Assad"},
    ],
    ids=sorted,
)
def test_the_spellings_of_the_founding_article_are_known_as_one_thing(variants: set[str]) -> None:
    found = {surface: canonical for surface, _, canonical in name_rows() if surface in variants}
    assert set(found) == variants
    assert len(set(found.values())) == 1
