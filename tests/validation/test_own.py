"""What users add without touching our code: suites of their own, expectations of their own, thresholds; and where findings lead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from copydesk.errors import ConfigError, NotEvaluatedError
from copydesk.model.tables import TABLES
from copydesk.validation import Validated, validate

SUITES = Path(__file__).parents[2] / "validation"
OWN = '''
from typing import ClassVar, Literal

import numpy as np

from copydesk.validation.expectations import RowsExpectation
from copydesk.validation.failing import Failing


def no_shouting(lookup, table, *, column):
    """A row fails where its text is in capitals."""
    texts = lookup.table(table).column(column).to_pylist()
    rows = [row for row, text in enumerate(texts) if text.isupper()]
    return Failing(np.array(rows, dtype=np.int64), lambda row: texts[row])


class ExpectNoShouting(RowsExpectation):
    """Expect texts that are not in capitals."""

    column: str
    success_keys: ClassVar = ("column",)
    rule: ClassVar = staticmethod(no_shouting)
'''


@pytest.fixture
def own(tmp_path: Path) -> tuple[Path, Path]:
    """A module with an expectation, and a folder with a suite that names it."""
    module, folder = tmp_path / "house_style.py", tmp_path / "ours"
    module.write_text(OWN, encoding="utf-8")
    folder.mkdir()
    row = {
        "type": "expect_no_shouting",
        "kwargs": {"column": "surface"},
        "severity": "warning",
        "meta": {"code": "H01", "table": "spans", "say": "Names in capitals: {rows} of {of} ({examples})."},
    }
    suite = {"name": "house", "meta": {"gate": "labels"}, "expectations": [row]}
    (folder / "house.json").write_text(json.dumps(suite), encoding="utf-8")
    return module, folder


def as_tables(rows: Any) -> dict[str, pa.Table]:
    return {name: pa.Table.from_pylist(listed, schema=TABLES[name]) for name, listed in rows.items()}


def judged(rows: Any, parameters: dict[str, Any], folder: Path, modules: list[Path]) -> Validated:
    return validate(as_tables(rows), suites=[SUITES, folder], parameters=parameters, data_docs=None, modules=modules)


def test_a_suite_without_the_module_of_its_expectation_is_an_error(own, clean, parameters):
    with pytest.raises(
        NotEvaluatedError, match=r"suite house, expectation H01 \(expect_no_shouting\).*registered"
    ) as caught:
        judged(clean, parameters, own[1], [])
    assert caught.value.exit_code == 4


def test_a_module_in_the_settings_brings_its_expectations(own, clean, parameters):
    clean["spans"][3] |= {"surface": "BO", "start": 0}
    done = judged(clean, parameters, own[1], [own[0]])
    (found,) = [row for row in done.findings.to_pylist() if row["suite"] == "house"]
    assert (found["severity"], found["row_ids"]) == ("warning", [clean["spans"][3]["span_id"]])
    assert "‘BO’" in found["message"] or "BO" in found["message"]


@pytest.mark.parametrize("text", ["import nothing_there", "def broken(:", "1 + None"])
def test_a_module_that_cannot_be_loaded_is_an_error_that_names_it(text, own, clean, parameters):
    own[0].write_text(text, encoding="utf-8")
    bad = own[0].rename(own[0].with_name(f"bad_{abs(hash(text))}.py"))
    with pytest.raises(ConfigError, match=bad.stem):
        judged(clean, parameters, own[1], [bad])


def test_two_suites_with_one_name_are_an_error(own, clean, parameters):
    (own[1] / "house.json").rename(own[1] / "documents.json")
    with pytest.raises(ConfigError, match="two suites are called documents"):
        judged(clean, parameters, own[1], [own[0]])


def test_suites_of_other_gates_are_left_alone(clean, parameters):
    tables = as_tables(clean)
    only = {name: tables[name] for name in ("documents", "zones", "edits")}
    done = validate(only, suites=SUITES, parameters=parameters, data_docs=None, gates=("documents",))
    assert list(done.suites) == ["documents"]


def test_every_row_at_fault_is_kept_with_its_article_and_task(clean, parameters, judge):
    bad = [
        {**clean["spans"][0], "span_id": f"n{number}", "annotation_id": "ab12-77-9", "start": -number}
        for number in range(1, 51)
    ]
    clean["spans"] += bad
    done = judge(clean)
    rows = done.failing_rows.to_pylist()
    before = [row for row in rows if row["expectation"].startswith("S06 ")]
    assert [row["row_id"] for row in before] == [row["span_id"] for row in bad]
    first = before[0]
    document = next(row for row in clean["documents"] if row["doc_id"] == bad[0]["doc_id"])
    assert first["article"] == (document.get("url") or document["source"])
    assert (first["tasks"], first["annotation_ids"]) == ([77], ["ab12-77-9"])
    assert (first["start"], first["seen"]) == (-1, "start ‘-1’")
    found = {row["expectation"]: row["rows"] for row in done.findings.to_pylist()}
    counted = {name: sum(row["expectation"] == name for row in rows) for name in found}
    assert counted == found


def test_thresholds_come_from_the_settings(clean, judge):
    assert judge(clean).findings.num_rows == 0
    (found, *_) = judge(clean, max_chars=3).findings.to_pylist()
    assert found["expectation"].startswith("D06 ")
