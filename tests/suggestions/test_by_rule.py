from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.errors import SchemaError
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import SUGGESTIONS, empty, from_rows
from copydesk.suggestions import Name, Rules, Setup, read_names
from copydesk.suggestions.names import NameIndex
from copydesk.suggestions.patterns import Pattern, pattern_index, read_rule, rule_names
from copydesk.suggestions.variants import variants
from copydesk.suggestions.words import is_whole

ROOT = Path(__file__).parents[2]
CASES = tomllib.loads((ROOT / "tests/cases/suggestions/dates-and-numbers.toml").read_text(encoding="utf-8"))["cases"]

RULES = tuple(read_rule(name) for name in rule_names())
PATTERNS = [pattern for rule in RULES for pattern in rule.patterns]
NAMES = (
    Name("Qaim", "PLACE", "q"),
    Name("al-Qaim", "PLACE", "q"),
    Name("Deir el-Zour", "PLACE", "d"),
    Name("Islamic State", "GROUP", "i"),
    Name("Islamic State in Iraq and Syria", "GROUP", "i"),
    Name("Iraq", "PLACE", "ir"),
    Name("Syria", "PLACE", "s"),
    Name("Sana", "PLACE", "sa"),
    Name("U.S.", "PLACE", "u"),
    Name("’Ayn", "PLACE", "a"),
    Name("May", "GROUP", "m"),
    Name("Third Brigade", "GROUP", "t"),
    Name("Area 51", "PLACE", "x"),
    Name("2 May Movement", "GROUP", "x"),
)
# what the rules look for, and what joins it in ways that are easy to get wrong
PARTS = (
    *(name.surface for name in NAMES),
    *(
        "Friday",
        "May",
        "3",
        "2014",
        "nearly three years",
        "more than 90",
        "per cent",
        "$",
        "US$40",
        "%",
        "two",
        "million",
    ),
    *(
        "’s",
        "'",
        "’",
        "-",
        " ",
        " ",
        "\n",
        ".",
        ",",
        "x",
        "é",
        "\u0301",
        "\u064b",
        "\u200d",
        "😀",
        "ي",
        "1",
        "_",
        "\u00a0",
    ),
)
texts = st.lists(st.sampled_from(PARTS), max_size=25).map("".join)
Tasks = Callable[[Sequence[str]], pa.Table]


def surfaces(found: pa.Table) -> list[str]:
    listed: list[str] = found["surface"].to_pylist()
    return listed


def suggest(tasks: pa.Table, *, zones: pa.Table, schema: LabelSchema, names: Sequence[Name]) -> pa.Table:
    return Rules(Setup(schema, Path(), tuple(names))).suggest(tasks, zones=zones).spans


@pytest.mark.parametrize("case", CASES, ids=[case["text"][:40] for case in CASES])
def test_dates_and_numbers_are_found_as_the_cases_say(
    case: dict[str, Any], schema: LabelSchema, tasks_of: Tasks
) -> None:
    found = suggest(tasks_of([case["text"]]), zones=empty("zones"), schema=schema, names=())
    assert [f"{row['rule'].split('/')[0]} {row['surface']}" for row in found.to_pylist()] == case["found"]


@settings(deadline=None, max_examples=400)
@given(text=texts)
def test_a_suggestion_is_its_slice_overlaps_none_and_never_cuts_a_word(
    text: str, schema: LabelSchema, tasks_of: Tasks
) -> None:
    found = suggest(tasks_of([text]), zones=empty("zones"), schema=schema, names=NAMES)
    assert found.schema == SUGGESTIONS
    at = 0
    for row in found.to_pylist():
        start, end = row["start"], row["end"]
        assert at <= start < end <= len(text)
        assert row["surface"] == text[start:end] == text[start:end].strip()
        for edge in (start, end):
            if 0 < edge < len(text):
                assert not (in_word(text[edge - 1]) and in_word(text[edge]))
                assert unicodedata.category(text[edge])[0] != "M"
        at = end


def in_word(character: str) -> bool:
    """The rule said once more, without the expression that the product uses."""
    return character in "_\u200c\u200d" or unicodedata.category(character)[0] in "LNM"


@settings(deadline=None, max_examples=300)
@given(text=texts)
def test_of_all_places_where_a_pattern_or_name_matches_none_is_passed_over(text: str) -> None:
    for rule in RULES:
        everywhere = {}
        for start in range(len(text)):
            matches = [one.expression.match(text, start) for one in rule.patterns]
            ends = [match.end() for match in matches if match and is_whole(text, start, match.end())]
            if ends:
                everywhere[start] = max(ends)
        assert {start: end for start, end, *_ in pattern_index((rule.name,)).find(text)} == everywhere
    plain: dict[int, int] = {}
    for surface in {one for name in NAMES for one in (name.surface, *variants(name.surface))}:
        for start in range(len(text)):
            end = start + len(surface)
            if text.startswith(surface, start) and is_whole(text, start, end):
                plain[start] = max(end, plain.get(start, 0))
    assert {start: end for start, end, *_ in NameIndex(NAMES).find(text)} == plain


@pytest.mark.parametrize("pattern", PATTERNS, ids=[pattern.name for pattern in PATTERNS])
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_match_begins_with_what_its_pattern_says_that_it_begins_with(pattern: Pattern, data: st.DataObject) -> None:
    within = re.sub(r"\(\?<?=[^()]*\)", "", pattern.expression.pattern)  # without what must stand beside a match
    text = data.draw(st.from_regex(within, fullmatch=True))
    assert re.sub("[\u00a0\u202f]", " ", text).startswith(tuple(pattern.begins))


def test_the_longest_match_wins_and_case_counts(schema: LabelSchema, tasks_of: Tasks) -> None:
    text = "In al-Qaim, the Islamic State in Iraq and Syria and the islamic state; 2 May Movement on 2 May."
    found = suggest(tasks_of([text]), zones=empty("zones"), schema=schema, names=NAMES)
    assert surfaces(found) == ["al-Qaim", "Islamic State in Iraq and Syria", "2 May Movement", "2 May"]


def test_a_name_is_found_before_a_possessive_or_hyphen_and_never_inside_a_word(
    schema: LabelSchema, tasks_of: Tasks
) -> None:
    text = "Syria’s, Syria's, Syria-held, Syrian, SyriaÉ, Syria\u0301, Sana’a, O’Iraq, U.S.-backed, the ‘Syria’ of U.S. Qaim_1"
    found = suggest(tasks_of([text]), zones=empty("zones"), schema=schema, names=NAMES)
    assert surfaces(found) == ["Syria", "Syria", "Syria", "U.S.", "Syria", "U.S."]


def test_residue_zones_give_one_suggestion_a_line_and_win_over_what_is_in_them(
    schema: LabelSchema, tasks_of: Tasks
) -> None:
    text = "Syria fell.\n\nRelated:\n Syria in 2014 \n\nNews | Iraq"
    blank = {"revision": 1, "rule": "r", "speaker_start": None, "speaker_end": None}
    kinds = [("paragraph", 0, 11), ("related", 13, 38), ("section_tag", 38, len(text))]
    zones = [
        {**blank, "doc_id": "d0000", "seq": i, "kind": k, "start": s, "end": e} for i, (k, s, e) in enumerate(kinds)
    ]
    zones += [{**blank, "doc_id": "d0000", "revision": 2, "seq": 0, "kind": "promo", "start": 0, "end": 11}]
    found = suggest(tasks_of([text]), zones=from_rows("zones", zones), schema=schema, names=NAMES)
    assert [(row["label"], row["surface"]) for row in found.to_pylist()] == [
        ("PLACE", "Syria"),
        ("RESIDUE", "Related:"),
        ("RESIDUE", "Syria in 2014"),
        ("RESIDUE", "News | Iraq"),
    ]


def test_a_rule_that_the_schema_does_not_name_makes_nothing(
    make_schema: Callable[..., LabelSchema], tasks_of: Tasks
) -> None:
    tasks = tasks_of(["On Friday two men left Qaim."])
    only_dates = suggest(tasks, zones=empty("zones"), schema=make_schema(date="DATE"), names=())
    assert surfaces(only_dates) == ["Friday"]
    nothing = suggest(tasks, zones=empty("zones"), schema=make_schema(), names=NAMES)
    assert surfaces(nothing) == ["Qaim"]


def test_an_unknown_rule_is_refused_with_the_known_ones(
    make_schema: Callable[..., LabelSchema], tasks_of: Tasks
) -> None:
    with pytest.raises(SchemaError, match=r"unknown rule 'dates' @ \$\.suggest \(fix: .*date, number, residue\)"):
        suggest(tasks_of(["x"]), zones=empty("zones"), schema=make_schema(dates="DATE"), names=())


def test_the_schema_of_the_checkout_suggests_what_its_founding_article_needs(tasks_of: Tasks) -> None:
    folder = ROOT / "schemas/news-entities"
    with (folder / "schema.toml").open("rb") as file:
        schema = LabelSchema.read(tomllib.load(file), place="schema.toml")
    names = read_names((folder / "names.tsv").read_text(encoding="utf-8"), place="names.tsv", schema=schema)
    text = (ROOT / "seeds/000_624767c5aad575bc.txt").read_text(encoding="utf-8")
    found = suggest(tasks_of([text]), zones=empty("zones"), schema=schema, names=names)
    pairs = {(row["label"], row["surface"]) for row in found.to_pylist()}
    assert {
        ("GPE", "Deir el-Zour"),
        ("GPE", "Deir al-Zour"),
        ("GPE", "Qaim"),
        ("GPE", "al-Qaim"),
        ("ARMED_GROUP", "ISIS"),
        ("ARMED_GROUP", "Daesh"),
        ("ARMED_GROUP", "Islamic State in Iraq and Syria"),
        ("DATE", "nearly three years"),
        ("NUMBER", "more than 90 per cent"),
        ("NUMBER", "nearly a third"),
    } <= pairs
