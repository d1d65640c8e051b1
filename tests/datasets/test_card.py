"""The data card and the schema files describe what is there."""

import json

import pytest

from copydesk.datasets.layout import DECLARED, TABLES, dictionary, meaning, schema_of


@pytest.mark.parametrize("table", [*TABLES, *DECLARED])
def test_every_column_of_a_table_is_described(table):
    assert all(meaning(table, column).endswith(".") for column in schema_of(table).names)


def test_nothing_is_described_that_is_not_there():
    entries = dictionary()
    assert entries["tables"].keys() == {*TABLES, *DECLARED}
    for name, entry in entries["tables"].items():
        assert set(entry.get("columns", {})) <= set(schema_of(name).names)
    assert set(entries["columns"]) <= {column for table in TABLES for column in schema_of(table).names}


def test_the_card_tells_counts_definitions_and_sources(first):
    card = (first / "README.md").read_text()
    for line in (
        "| documents | 3 (3 train) |",
        "| agreed spans | 5 |",
        "| annotators (pseudonyms) | 3 |",
        "| PERSON | 2 | A person with a name. |",
        "| PLACE | 3 | A place \\| with a name. |",
        "| located_in | 1 | The head is in the tail. |",
        "| unanimous | 1 | 0 |",
        "| majority | 4 | 1 |",
        "| vote | 5 | 1 |",
        "| all | 0.812 (9) |",
        "| PLACE | – (9) |",
        "* span_f1_exact: too few units",
        "| not stated | CC0-1.0 | 1 |",
        "No dispute is left.",
        "* this is the first version.",
    ):
        assert line in card.splitlines(), line
    assert "$" not in card


def test_the_schema_files_and_the_label_set_say_what_the_tables_hold(first, newsroom):
    for name, schema in TABLES.items():
        told = json.loads((first / "schema" / f"{name}.json").read_text())
        assert [column["name"] for column in told["columns"]] == schema.names
    spans = {column["name"]: column for column in json.loads((first / "schema/default.json").read_text())["columns"]}
    assert spans["spans"]["type"] == "list<struct>"
    assert [field["name"] for field in spans["spans"]["fields"]] == [
        "id",
        "start",
        "end",
        "label",
        "surface",
        "attributes",
        *("votes", "readers", "decided", "method", "posterior"),
    ]
    label_set = json.loads((first / "labels.json").read_text())
    assert [label["name"] for label in label_set["labels"]] == list(newsroom.SCHEMA.label_names)
    assert label_set["attributes"][0]["choices"] == ["sure", "unsure"]
    assert (first / "guidelines.md").read_text() == newsroom.SCHEMA.guidelines
