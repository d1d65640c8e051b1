from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from copydesk.model.settings import ValidationSettings
from copydesk.model.tables import TABLES
from copydesk.validation import Validated, validate

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases" / "validation"
SUITES = ROOT / "validation"

Rows = dict[str, list[dict[str, Any]]]


def as_tables(rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, pa.Table]:
    return {name: pa.Table.from_pylist(listed, schema=TABLES[name]) for name, listed in rows.items()}


@pytest.fixture
def corrupted() -> Callable[[Rows, list[dict[str, Any]]], Rows]:
    """The function that changes rows as a case says: a table emptied, a row copied with other values, or values set in a row."""

    def corrupt(rows: Rows, changes: list[dict[str, Any]]) -> Rows:
        for change in changes:
            table = rows[change["table"]]
            if change.get("empty"):
                table.clear()
            elif "copy" in change:
                table.append({**table[change["copy"]], **change["set"]})
            else:
                table[change["row"]] |= change["set"]
        return rows

    return corrupt


@pytest.fixture
def clean() -> Rows:
    """The rows of tables in which every expectation holds; each test gets its own."""
    rows: Rows = json.loads((CASES / "clean.json").read_text(encoding="utf-8"))["tables"]
    return rows


@pytest.fixture
def parameters() -> dict[str, Any]:
    values: dict[str, Any] = json.loads((CASES / "clean.json").read_text(encoding="utf-8"))["parameters"]
    return values | ValidationSettings().parameters


@pytest.fixture
def suite_folder(tmp_path: Path) -> Callable[..., Path]:
    """Lay out a folder with a copy of the named suites."""

    def lay_out(*names: str) -> Path:
        folder = tmp_path / "suites"
        folder.mkdir(exist_ok=True)
        for name in names:
            shutil.copyfile(SUITES / f"{name}.json", folder / f"{name}.json")
        return folder

    return lay_out


@pytest.fixture
def judge(parameters: dict[str, Any]) -> Callable[..., Validated]:
    """Validate rows with the suites of a folder; no pages."""

    def run(rows: Rows, folder: Path = SUITES, **changed: Any) -> Validated:
        return validate(as_tables(rows), suites=folder, parameters=parameters | changed, data_docs=None)

    return run
