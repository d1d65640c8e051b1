"""Tables of many copies of clean rows, in some of which a fault is planted: each expectation that ships finds those rows and no other."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.model.settings import ValidationSettings
from copydesk.model.tables import TABLES
from copydesk.validation.findings import NAMED_BY
from copydesk.validation.lookup import Lookup
from copydesk.validation.questions import ask
from copydesk.validation.suites import Expected, read_suites

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases" / "validation"
CLEAN = json.loads((CASES / "clean.json").read_text(encoding="utf-8"))
FAILING = json.loads((CASES / "failing.json").read_text(encoding="utf-8"))
PARAMETERS = CLEAN["parameters"] | ValidationSettings().parameters
SUITES = read_suites([ROOT / "validation"], PARAMETERS)
EXPECTED = {one.code: one for suite in SUITES if suite.name != "version" for one in suite.expected}
# Great Expectations counts the rows itself; of the others tests/validation/test_version.py has the laws
ELSEWHERE = {"expect_table_row_count_to_be_between", "expect_key_to_stay_in_one_split", "expect_no_shared_quotes"}
TYPES = sorted({one.type for one in EXPECTED.values()} - ELSEWHERE)

Rows = dict[str, list[dict[str, Any]]]


def test_every_type_of_expectation_that_ships_is_under_a_law():
    assert {one.type for suite in SUITES for one in suite.expected} == {*TYPES, *ELSEWHERE}


@pytest.mark.parametrize("kind", TYPES)
def test_an_expectation_finds_exactly_the_rows_that_were_planted(kind, corrupted):
    from copydesk.validation.run import question_of

    codes = [code for code, one in EXPECTED.items() if one.type == kind]

    @settings(deadline=None, max_examples=8)
    @given(st.sampled_from(codes), st.integers(1, 6), st.data())
    def law(code: str, count: int, data: st.DataObject) -> None:
        planted = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
        changes = FAILING[code]["changes"]
        copies = [corrupted(copy.deepcopy(CLEAN["tables"]), changes if n in planted else []) for n in range(count)]
        lookup = Lookup(tables_of(copies))
        asked = question_of(expected_of(code))
        assert asked is not None
        named = set(FAILING[code]["row_ids"])
        rows = [(n, row) for n, one in enumerate(copies) for row in one[asked.table]]
        wanted = [at for at, (n, row) in enumerate(rows) if n in planted and name_of(asked.table, row) in named]
        assert ask(asked, lookup).rows.tolist() == wanted

    law()


def expected_of(code: str) -> Expected:
    """Give an expectation with the parameters of its failing case."""
    if "parameters" not in FAILING[code]:
        return EXPECTED[code]
    suites = read_suites([ROOT / "validation"], PARAMETERS | FAILING[code]["parameters"])
    return next(one for suite in suites for one in suite.expected if one.code == code)


def name_of(table: str, row: dict[str, Any]) -> str:
    return "#".join(str(row[column]) for column in NAMED_BY[table])


def tables_of(copies: list[Rows]) -> dict[str, pa.Table]:
    """Put the copies one after another; each has ids of its own."""
    return {
        name: pa.Table.from_pylist(
            [dict(own_ids(number, row)) for number, rows in enumerate(copies) for row in rows[name]],
            schema=TABLES[name],
        )
        for name in CLEAN["tables"]
    }


def own_ids(number: int, row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for column, value in row.items():
        if column.endswith("_id") and value is not None:
            yield column, own_id(number, value)
        elif column.endswith("_ids") or column in {"part_of", "contradicts", "supports"}:
            yield column, [own_id(number, one) for one in value or ()]
        else:
            yield column, value


def own_id(number: int, value: str) -> str:
    """Give an id that only this copy has; what looks like a document's still does."""
    return value.replace("-0", f"-{number}", 1) if value.startswith("doc-0") else f"{value}.{number}"
