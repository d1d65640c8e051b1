"""The suites that ship: what each expectation lets through, and what makes it, and it alone, fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from copydesk.model.schema import LabelSchema
from copydesk.model.settings import ValidationSettings
from copydesk.model.tables import TABLES
from copydesk.validation import parameters_of
from copydesk.validation.findings import ROW_IDS
from copydesk.validation.suites import expectation_id, read_suites

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "validation").glob("*.json"))
FAILING = json.loads((ROOT / "tests/cases/validation/failing.json").read_text(encoding="utf-8"))
CURRENT = [file for file in FILES if file.stem != "version"]  # it has a test of its own
LISTED = [(file.stem, row) for file in CURRENT for row in json.loads(file.read_text(encoding="utf-8"))["expectations"]]


def codes(findings: Any) -> list[str]:
    return [row["expectation"].split()[0] for row in findings.to_pylist()]


def test_clean_tables_give_no_finding_and_every_expectation_is_evaluated(clean, judge):
    done = judge(clean)
    assert done.findings.to_pylist() == []
    assert done.evaluated == done.expected == len(LISTED)
    assert sorted(done.suites) == [file.stem for file in CURRENT]


def test_every_expectation_has_a_failing_case_and_every_case_an_expectation():
    assert {row["meta"]["code"] for _, row in LISTED} == set(FAILING)


@pytest.mark.parametrize(("suite", "row"), LISTED, ids=[f"{suite}-{row['meta']['code']}" for suite, row in LISTED])
def test_the_failing_case_makes_exactly_its_expectation_fail(suite, row, clean, corrupted, judge, suite_folder):
    code = row["meta"]["code"]
    case = FAILING[code]
    done = judge(corrupted(clean, case["changes"]), suite_folder(suite), **case.get("parameters", {}))
    assert sorted(codes(done.findings)) == sorted([code, *case.get("also", [])])
    found = next(one for one in done.findings.to_pylist() if one["expectation"].startswith(f"{code} "))
    assert found["suite"] == suite
    assert found["expectation"] == f"{code} {row['type']}"
    assert found["severity"] == {"critical": "error", "warning": "warning"}[row["severity"]]
    assert found["table"] == row["meta"]["table"]
    assert found["row_ids"] == case["row_ids"]
    assert found["rows"] == len(case["row_ids"])
    assert all(row_id in found["message"] for row_id in found["row_ids"][:3])
    assert "{" not in found["message"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_great_expectations_reads_the_suite_as_it_stands(file):
    from great_expectations import ExpectationSuite

    import copydesk.validation.run  # noqa: F401 - registers the expectations

    data = json.loads(file.read_text(encoding="utf-8"))
    read = ExpectationSuite(**data)
    assert [one.expectation_type for one in read.expectations] == [row["type"] for row in data["expectations"]]
    parameters = {key for one in read.expectations for key in one.suite_parameter_options}
    assert parameters == {
        value["$PARAMETER"]
        for row in data["expectations"]
        for value in row["kwargs"].values()
        if isinstance(value, dict) and "$PARAMETER" in value
    }


@pytest.mark.parametrize(("suite", "row"), LISTED, ids=[f"{suite}-{row['meta']['code']}" for suite, row in LISTED])
def test_ids_follow_from_suite_and_code_so_that_files_stay_equal(suite, row):
    assert row["id"] == expectation_id(suite, row["meta"]["code"])


def test_every_table_judged_has_a_rule_for_all_of_its_required_columns():
    filled = {
        row["meta"]["table"]: row["kwargs"]["columns"]
        for _, row in LISTED
        if row["type"] == "expect_required_columns_to_be_filled"
    }
    assert set(filled) == {row["meta"]["table"] for _, row in LISTED}
    for table, columns in filled.items():
        assert columns == [field.name for field in TABLES[table] if not field.nullable]


def test_rows_of_every_table_can_be_named():
    assert set(ROW_IDS) == set(TABLES)
    assert all(set(columns) <= set(TABLES[table].names) for table, columns in ROW_IDS.items())


def test_a_labelling_schema_gives_every_parameter_that_the_suites_ask_for():
    schema = LabelSchema.read(
        {
            "name": "s",
            "version": "1.0.0",
            "title": "S",
            "labels": [
                {"name": "PERSON", "definition": "d", "hotkey": "1", "colour": "#112233"},
                {"name": "ORG", "definition": "d", "hotkey": "2", "colour": "#112233"},
            ],
            "relations": [{"name": "leads", "definition": "d", "heads": ["PERSON"], "tails": ["ORG"]}],
            "attributes": [{"name": "kb", "definition": "d", "kind": "text", "labels": ["ORG"], "pattern": "Q[0-9]+"}],
        },
        place="schema.toml",
    )
    parameters = parameters_of(schema, ValidationSettings(max_chars=500))
    assert parameters["labels"] == ["PERSON", "ORG"]
    assert parameters["signatures"] == {"leads": {"heads": ["PERSON"], "tails": ["ORG"]}}
    assert parameters["attributes"] == {"kb": {"labels": ["ORG"], "choices": [], "pattern": "Q[0-9]+"}}
    assert parameters["overlap"] == "nested"
    assert len(read_suites([ROOT / "validation"], parameters)) == len(FILES)
    with_other_labels = read_suites([ROOT / "validation"], {**parameters, "labels": ["PERSON"]})
    before = {suite.name: suite.digest for suite in read_suites([ROOT / "validation"], parameters)}
    changed = {suite.name for suite in with_other_labels if suite.digest != before[suite.name]}
    assert changed == {"annotations", "published", "together", "version"}
    shorter = read_suites([ROOT / "validation"], {**parameters, "max_chars": 400})
    assert {suite.name for suite in shorter if suite.digest != before[suite.name]} == {"documents"}
