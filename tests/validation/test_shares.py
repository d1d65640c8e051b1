"""Tables in files, judged share by share, give the findings of whole tables, wherever the shares are judged."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from copydesk.engines import EngineOptions
from copydesk.errors import NotEvaluatedError
from copydesk.flow.validate_files import on_engine
from copydesk.model.tables import TABLES
from copydesk.validation import Validated, validate, validate_files

ROOT = Path(__file__).parents[2]
SUITES = ROOT / "validation"
FAILING = json.loads((ROOT / "tests/cases/validation/failing.json").read_text(encoding="utf-8"))

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def bad(clean: Rows) -> Rows:
    """The clean rows, and beside them many that are wrong, each in its own way."""
    for case in FAILING.values():
        for change in case["changes"]:
            table = clean[change["table"]]
            if "copy" in change and len(table):
                table.append({**table[change["copy"]], **change["set"]})
            elif "row" in change and not any(value is None for value in change["set"].values()):
                table.append({**table[change["row"]], **change["set"]})
    return clean


def written(rows: Rows, folder: Path) -> tuple[dict[str, pa.Table], dict[str, list[Path]]]:
    """Write each table in two files, the first of which has row groups of two rows."""
    folder.mkdir()
    tables, files = {}, {}
    for name, listed in rows.items():
        tables[name] = table = pa.Table.from_pylist(listed, schema=TABLES[name])
        files[name] = [folder / f"{name}-{part}.parquet" for part in range(2)]
        half = table.num_rows // 2
        pq.write_table(table.slice(0, half), files[name][0], row_group_size=2)
        pq.write_table(table.slice(half), files[name][1])
    return tables, files


def assert_same(one: Validated, other: Validated) -> None:
    assert one.findings.to_pylist() == other.findings.to_pylist()
    assert one.failing_rows.to_pylist() == other.failing_rows.to_pylist()
    assert (one.evaluated, one.suites) == (other.evaluated, other.suites)


@pytest.mark.parametrize("most_rows", [1, 1_000])
def test_shares_of_any_size_give_the_findings_of_the_whole(bad, parameters, tmp_path, most_rows):
    tables, files = written(bad, tmp_path / "tables")
    whole = validate(tables, suites=SUITES, parameters=parameters, data_docs=None)
    assert whole.findings.num_rows > 60
    each = partial(on_engine, EngineOptions("inline"))
    assert_same(validate_files(files, suites=SUITES, parameters=parameters, each=each, most_rows=most_rows), whole)


def test_processes_give_the_findings_of_the_whole(bad, parameters, suite_folder, tmp_path):
    tables, files = written(bad, tmp_path / "tables")
    folder = suite_folder("annotations")
    whole = validate(tables, suites=folder, parameters=parameters, data_docs=None)
    each = partial(on_engine, EngineOptions("processes", workers=2))
    assert_same(validate_files(files, suites=folder, parameters=parameters, each=each, most_rows=20), whole)


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # Spark leaves its socket to the collector
@pytest.mark.parametrize("master", ["local[2]", pytest.param("local-cluster[2,1,1024]", marks=pytest.mark.soak)])
def test_spark_gives_the_findings_of_the_whole(spark_installed, bad, parameters, tmp_path, master):
    tables, files = written(bad, tmp_path / "tables")
    folder = a_suite_of({"S03", "S04", "S09", "S11", "S12"}, tmp_path / "suites")
    whole = validate(tables, suites=folder, parameters=parameters, data_docs=None)
    assert whole.findings.num_rows == 5
    each = partial(on_engine, EngineOptions("spark", master=master))
    assert_same(validate_files(files, suites=folder, parameters=parameters, each=each, most_rows=20), whole)


def a_suite_of(codes: set[str], folder: Path) -> Path:
    """Lay out the suite of the labels with some of its expectations."""
    suite = json.loads((SUITES / "annotations.json").read_text(encoding="utf-8"))
    suite["expectations"] = [row for row in suite["expectations"] if row["meta"]["code"] in codes]
    folder.mkdir()
    (folder / "annotations.json").write_text(json.dumps(suite), encoding="utf-8")
    return folder


def test_a_share_that_gives_no_answer_is_an_error_and_no_success(bad, parameters, suite_folder, tmp_path):
    _, files = written(bad, tmp_path / "tables")

    def lossy(judge: Any, shares: Iterable[Any]) -> Iterable[Any]:
        return [judge(share) for share in list(shares)[1:]]

    with pytest.raises(NotEvaluatedError, match=r"1 of \d+ shares gave no answer"):
        validate_files(files, suites=suite_folder("annotations"), parameters=parameters, each=lossy, most_rows=20)
