"""The checks of a labelling schema: each rule on rows that it holds of and on rows that it does not (cases in tests/cases)."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from copydesk.model.schema_checks import RULES
from copydesk.model.tables import TABLES
from copydesk.validation import Validated
from copydesk.validation.checks import TABLES as CHECKED
from copydesk.validation.checks import check_holds
from copydesk.validation.findings import row_id
from copydesk.validation.lookup import Lookup

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "validation" / "checks.toml").read_text(encoding="utf-8"))[
    "cases"
]
Rows = dict[str, list[dict[str, Any]]]


def changed(rows: Rows, changes: list[Mapping[str, Any]]) -> Rows:
    for change in changes:
        table = rows[change["table"]]
        if "copy" in change:
            table.append({**table[change["copy"]], **change["set"]})
        else:
            table[change["row"]] |= change["set"]
    return rows


def failing(rows: Rows, case: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    table = CHECKED[case["on"]]
    tables = {name: pa.Table.from_pylist(listed, schema=TABLES[name]) for name, listed in rows.items()}
    found = check_holds(Lookup(tables), table, check={"rule": case["rule"], "asks": case["asks"]})
    numbers = found.rows.tolist()
    return [row_id(table, tables[table], number) for number in numbers], [found.see(number) for number in numbers]


def test_every_rule_has_a_case() -> None:
    assert {case["rule"] for case in CASES} == set(RULES)
    assert all(case["on"] in RULES[case["rule"]].on for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case['rule']}" for number, case in enumerate(CASES)])
def test_a_row_fails_where_its_check_does_not_hold_and_no_other(case: Mapping[str, Any], clean: Rows) -> None:
    assert failing(clean, case)[0] == case.get("clean", [])
    ids, seen = failing(changed(clean, case["changes"]), case)
    assert ids == case["fails"]
    assert "sees" not in case or case["sees"] in seen


def test_a_check_is_an_expectation_of_its_own_with_its_sentence_and_severity(
    clean: Rows, judge: Callable[..., Validated], suite_folder: Callable[..., Path]
) -> None:
    asks = {"columns": ["sources"]}
    check = {"name": "sourced", "on": "claims", "rule": "filled", "say": "Whose {is} it?", "severity": "warning"}
    done = judge(clean, suite_folder("together"), checks=[{**check, "asks": asks}])
    (found,) = done.findings.to_pylist()
    assert (found["suite"], found["expectation"]) == ("schema", "sourced expect_check_to_hold")
    assert (found["severity"], found["row_ids"], found["rows"]) == ("warning", ["k2"], 1)
    assert found["message"].startswith("Whose {is} it? Not so in 1 of 2 rows (k2 in doc-")
    assert set(done.suites) == {"together", "schema"}
