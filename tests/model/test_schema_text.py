"""Rules of changing the labels in the text of a schema: it says what it is to say, and comments and layout stay."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from copydesk.model.migration import became, check_plan, migrated, pending, read_plan
from copydesk.model.schema_text import rewritten, tables_of

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
PLANS: list[tuple[str, dict[str, Any]]] = [
    ("news-entities", {"rename": {"ORG": "ORGANISATION"}, "merge": {"PLACE": ["GPE", "LOC"]}, "drop": ["EVENT_NAME"]}),
    ("news-entities", {"merge": {"GPE": ["GPE", "LOC"]}, "split": {"FAC": ["BRIDGE", "BUILDING"]}, "add": ["LAW"]}),
    ("news-entities", {"split": {"DATE": ["DAY", "HOUR"]}, "drop": ["RESIDUE"]}),
    ("conflict-events", {"rename": {"ACTOR": "PARTY"}, "split": {"BOMBING": ["CAR_BOMB", "MINE"]}}),
    ("attribution-claims", {"rename": {"SOURCE": "SPEAKER", "CLAIM": "ASSERTION"}}),
]


@pytest.mark.parametrize(("schema", "plan"), PLANS, ids=str)
def test_comments_and_layout_stay_when_labels_change(schema: str, plan: dict[str, Any]) -> None:
    text, read = (SCHEMAS / schema / "schema.toml").read_text(encoding="utf-8"), read_plan(plan, place="test")
    data = tomllib.loads(text)
    check_plan(read, data)
    for made in (migrated(data, read), pending(data, read)):
        into = became(read, [row["name"] for row in made["labels"]])
        after = rewritten(text, made, lambda label, into=into: into.get(label, (label,)))  # type: ignore[misc]
        assert after is not None
        assert tomllib.loads(after) == made
        assert comments(after) == comments(text)


def comments(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("#")]


def test_what_a_merged_label_is_called_elsewhere_is_all_that_its_parts_were() -> None:
    data = tomllib.loads((SCHEMAS / "news-entities" / "schema.toml").read_text(encoding="utf-8"))
    made = migrated(data, read_plan({"merge": {"PLACE": ["GPE", "LOC"]}}, place="test"))
    assert (made["maps"]["ontonotes"]["PLACE"], made["maps"]["conll2003"]["PLACE"]) == ("GPE; LOC", "LOC")


def test_a_file_that_cannot_be_changed_in_place_is_told() -> None:
    text = 'name = "x"\nlabels = [{ name = "A" }]\n'
    assert rewritten(text, {"name": "x", "labels": [{"name": "B"}]}, lambda label: ("B",)) is None


def test_places_of_entries_are_found_whatever_strings_and_comments_hold() -> None:
    text = 'a = "x # [b]" # c\n[t] # [no]\nb = """\n[not.a.table]\nc = "\\""""\n"d e" = [ # ]\n  \'a"\', # "\n]\nf = {g = "}"}\n'
    found = {(table.name, one.key): text[one.value : one.ends] for table in tables_of(text) for one in table.entries}
    data = tomllib.loads(text)
    assert list(found) == [("", "a"), ("t", "b"), ("t", "d e"), ("t", "f")]
    assert all(
        tomllib.loads(f"x = {value}")["x"] == (data["t"] if table else data)[key]
        for (table, key), value in found.items()
    )
