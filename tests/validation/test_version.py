"""The gate before a version: leakage between splits, drift, what is gone, agreement; each expectation alone finds what is wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.model.tables import TABLES
from copydesk.validation import validate
from copydesk.validation.leakage import in_one_split, no_shared_quotes
from copydesk.validation.lookup import Lookup
from copydesk.validation.version_tables import KNOWN

ROOT = Path(__file__).parents[2]
SUITE = json.loads((ROOT / "validation" / "version.json").read_text(encoding="utf-8"))["expectations"]
CASES = json.loads((ROOT / "tests" / "cases" / "validation" / "version.json").read_text(encoding="utf-8"))


@pytest.fixture
def found_in(corrupted: Callable[..., Any], parameters: dict[str, Any]) -> Callable[..., list[dict[str, Any]]]:
    """The function that gives the findings in the clean tables of the cases, changed; a cell that is not given is empty."""

    def found(changes: list[dict[str, Any]], **thresholds: Any) -> list[dict[str, Any]]:
        rows = corrupted(copy.deepcopy(CASES["clean"]), changes)
        tables = {
            name: pa.table(
                [pa.array([row.get(one.name) for row in listed], one.type) for one in KNOWN[name]], KNOWN[name]
            )
            for name, listed in rows.items()
        }
        done = validate(
            tables,
            suites=ROOT / "validation",
            parameters=parameters | {"labels": ["PER", "ORG"]} | thresholds,
            data_docs=None,
            gates=("version",),
        )
        assert list(done.suites) == ["version"]
        assert done.evaluated == len(SUITE)
        findings: list[dict[str, Any]] = done.findings.to_pylist()
        return findings

    return found


def test_a_clean_version_gives_no_finding_and_every_expectation_has_a_failing_case(found_in):
    assert found_in([]) == []
    assert set(CASES["failing"]) == {row["meta"]["code"] for row in SUITE}


@pytest.mark.parametrize("row", SUITE, ids=lambda row: row["meta"]["code"])
def test_the_failing_case_makes_exactly_its_expectation_fail(row, found_in):
    code = row["meta"]["code"]
    case = CASES["failing"][code]
    findings = found_in(case["changes"], **case.get("thresholds", {}))
    by_code = {one["expectation"].split()[0]: one for one in findings}
    assert sorted(by_code) == sorted([code, *case.get("also", [])])
    found = by_code[code]
    assert found["severity"] == {"critical": "error", "warning": "warning", "info": "info"}[row["severity"]]
    assert (found["table"], found["row_ids"]) == (row["meta"]["table"], case["row_ids"])
    assert "{" not in found["message"]


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.sampled_from([None, "a", "b", "c"]), st.sampled_from(["train", "test", "validation"]))))
def test_a_key_in_two_splits_is_found_with_all_of_its_rows(rows):
    listed = [{"doc_id": f"d{n}", "group_id": key, "split": split} for n, (key, split) in enumerate(rows)]
    lookup = Lookup(
        {
            "division": pa.Table.from_pylist(
                listed, pa.schema([(name, pa.string()) for name in ("doc_id", "group_id", "split")])
            )
        }
    )
    found = in_one_split(lookup, "division", columns=["group_id"], split="split")
    splits = {key: {split for other, split in rows if other == key} for key, _ in rows}
    assert found.rows.tolist() == [n for n, (key, _) in enumerate(rows) if key and len(splits[key]) > 1]
    for row in found.rows.tolist():
        _, _, said = found.see(row).partition(", and ")
        other, _, split = said.partition(" in ")
        assert rows[int(other[1:])] == (rows[row][0], split)
        assert split != rows[row][1]


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.tuples(st.sampled_from(["train", "test", "validation"]), st.lists(st.sampled_from("xyz"), max_size=12)),
        max_size=6,
    ),
    st.integers(1, 4),
)
def test_a_shared_run_of_words_is_found_on_the_side_that_is_not_for_training(texts, words):
    division = [{"doc_id": f"d{n}", "revision": 1, "split": split} for n, (split, _) in enumerate(texts)]
    documents = [{"doc_id": f"d{n}", "revision": 1, "text": " ".join(said)} for n, (_, said) in enumerate(texts)]
    schema = pa.schema([("doc_id", pa.string()), ("revision", pa.int32()), ("split", pa.string())])
    lookup = Lookup(
        {
            "division": pa.Table.from_pylist(division, schema),
            "documents": pa.Table.from_pylist(
                [{name: row.get(name) for name in TABLES["documents"].names} for row in documents], TABLES["documents"]
            ),
        }
    )
    found = no_shared_quotes(lookup, "division", split="split", words=words, training="train")
    runs = [{tuple(said[at : at + words]) for at in range(len(said) - words + 1)} for _, said in texts]

    def leaks(row: int) -> bool:
        others = (runs[n] for n, (split, _) in enumerate(texts) if split != texts[row][0])
        return texts[row][0] != "train" and any(runs[row] & other for other in others)

    assert found.rows.tolist() == [row for row in range(len(texts)) if leaks(row)]
    assert all("quotes as d" in found.see(row) for row in found.rows.tolist())
