"""The exits of ``copydesk validate``: 0 where all holds, 1 where a finding is an error, 4 where something could not be judged."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from copydesk.cli import cli
from copydesk.errors import CopydeskError, FindingError, NotEvaluatedError
from copydesk.model.tables import TABLES
from copydesk.validation import validate

# Great Expectations drops what cannot be made; this can where it is checked, and not where a suite is made of it
VANISHING = """
from typing import ClassVar

from great_expectations.exceptions import InvalidExpectationConfigurationError

from copydesk.validation.expectations import RowsExpectation
from copydesk.validation.rules import required_columns


class ExpectToVanish(RowsExpectation):
    columns: list[str]
    success_keys: ClassVar = ("columns",)
    rule: ClassVar = staticmethod(required_columns)

    def __init__(self, **said):
        if "meta" in said:
            raise InvalidExpectationConfigurationError("no meta, please")
        super().__init__(**said)
"""
BETWEEN = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "start", "min_value": 0}}
CASES: dict[str, tuple[dict[str, Any], type[CopydeskError] | None, str]] = {
    "all holds": (BETWEEN, None, ""),
    "a finding": ({**BETWEEN, "kwargs": {"column": "start", "min_value": 9}}, FindingError, "findings are errors"),
    "not registered": ({"type": "expect_what_nobody_knows", "kwargs": {}}, NotEvaluatedError, "registered"),
    "not evaluated": (
        {**BETWEEN, "kwargs": {"column": "begin", "min_value": 0}},
        NotEvaluatedError,
        "begin",
    ),
    "an exception in a metric": (
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "label", "regex": "("}},
        NotEvaluatedError,
        "unterminated",
    ),
    "fewer results than expectations": (
        {"type": "expect_to_vanish", "kwargs": {"columns": ["label"]}},
        NotEvaluatedError,
        "no result for T2",
    ),
    "an empty table": (BETWEEN, NotEvaluatedError, "nothing could be judged of spans"),
}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace whose only suite is still to be written."""
    root = tmp_path / "work"
    assert CliRunner().invoke(cli, ["init", str(root)]).exit_code == 0
    for suite in (root / "validation").glob("*.json"):
        suite.unlink()
    (root / "tables").mkdir()
    return root


def put(root: Path, *asked: dict[str, Any]) -> None:
    """Write a suite of the labels with an expectation that holds, and these."""
    say = {"table": "spans", "say": "{rows} of {of} ({examples})"}
    rows = [{**one, "meta": {"code": f"T{number}", **say}} for number, one in enumerate([BETWEEN, *asked], start=1)]
    suite = {"name": "trial", "meta": {"gate": "labels"}, "expectations": rows}
    (root / "validation" / "trial.json").write_text(json.dumps(suite), encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_judged_has_an_exit_of_its_own(case, workspace, clean, monkeypatch):
    asked, error, said = CASES[case]
    rows = [] if case == "an empty table" else clean["spans"]
    pq.write_table(pa.Table.from_pylist(rows, TABLES["spans"]), workspace / "tables" / "spans.parquet")
    put(workspace, asked)
    monkeypatch.chdir(workspace)
    (workspace / "own.py").write_text(VANISHING, encoding="utf-8")
    settings = workspace / "copydesk.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("[validation]", '[validation]\nmodules = ["own.py"]')
    )
    done = CliRunner().invoke(cli, ["validate", "--tables", "tables", "--gate", "labels", "--json"])
    if isinstance(done.exception, CopydeskError):  # main() leaves with its exit code
        assert (type(done.exception), done.exception.exit_code) == (error, 4)
        assert said in str(done.exception)
    else:
        assert done.exit_code == (error.exit_code if error else 0)
        assert said in done.output


def test_tables_in_files_leave_every_row_at_fault_as_those_of_the_workspace_do(workspace, clean, monkeypatch):
    for row in clean["spans"][1:7:2]:
        row["start"] = -1
    put(workspace)
    tables = {name: pa.Table.from_pylist(clean[name], TABLES[name]) for name in ("documents", "spans")}
    for name, table in tables.items():
        pq.write_table(table, workspace / "tables" / f"{name}.parquet")
    whole = validate(tables, suites=workspace / "validation", parameters={}, data_docs=None)
    monkeypatch.chdir(workspace)
    done = CliRunner().invoke(cli, ["validate", "--tables", "tables", "--gate", "labels", "--json"])
    told = json.loads(done.stdout)
    assert done.exit_code == FindingError.exit_code
    assert pq.read_table(told["failing_rows"]).to_pylist() == whole.failing_rows.to_pylist()
    assert whole.failing_rows.num_rows == 3
    assert told["great_expectations"] == version("great-expectations")
