"""What cannot be judged is an error, never a silent success."""

from __future__ import annotations

import json
import logging
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from copydesk.errors import ConfigError, NotEvaluatedError
from copydesk.validation import validate

ROOT = Path(__file__).parents[2]


def expectation(code: str = "T1", **changed: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "start", "min_value": 0},
        "meta": {"code": code, "table": "spans", "say": "Spans before their text: {rows} of {of} ({examples})."},
        "severity": "critical",
    }
    for key, value in changed.items():
        target = row["meta"] if key in ("table", "say") else row
        target[key] = value
    return row


@pytest.fixture
def suite_of(tmp_path):
    """Write a suite of these expectations and give its folder."""

    def write(*expectations: dict[str, Any], **changed: Any) -> Path:
        suite = {"name": "trial", "expectations": list(expectations), **changed}
        (tmp_path / "trial.json").write_text(json.dumps(suite), encoding="utf-8")
        return tmp_path

    return write


def test_great_expectations_itself_calls_a_suite_with_an_unknown_expectation_a_success(caplog):
    from copydesk.validation.run import gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    with caplog.at_level(logging.CRITICAL):
        suite = gx.ExpectationSuite(name="open", expectations=[{"type": "expect_what_nobody_knows", "kwargs": {}}])
    asset = context.data_sources.add_pandas("open").add_dataframe_asset("spans")
    frame = pa.table({"start": [-1]}).to_pandas()
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": frame})
    done = batch.validate(suite)
    assert done.success
    assert done.statistics["evaluated_expectations"] == 0


def test_an_unregistered_expectation_is_named_with_its_suite(suite_of, clean, judge):
    with pytest.raises(NotEvaluatedError, match=r"suite trial.*expect_what_nobody_knows") as caught:
        judge(clean, suite_of(expectation(), expectation("T2", type="expect_what_nobody_knows", kwargs={})))
    assert pickle.loads(pickle.dumps(caught.value)).message == caught.value.message


@pytest.mark.parametrize(
    "changed",
    [
        {"kwargs": {"column": "start", "min_valeu": 0}},
        {"type": "expect_end_to_lie_in_text", "kwargs": {}},
        {"type": "expect_end_to_lie_in_text", "kwargs": {"end": "end", "row_condition": "start > 3"}},
        {"type": "expect_rows_to_have_parent", "kwargs": {"columns": "doc_id", "reference": "documents"}},
    ],
    ids=["misspelt", "missing", "one that a rule does not know", "of another type"],
)
def test_a_wrong_argument_is_named_with_its_suite(changed, suite_of, clean, judge):
    with pytest.raises(NotEvaluatedError, match=r"suite trial, expectation T1 .*wrong kwargs"):
        judge(clean, suite_of(expectation(**changed)))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kwargs": {"column": "begin", "min_value": 0}}, "begin"),
        (
            {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "label", "regex": "("}},
            "was not evaluated",
        ),
        ({"type": "expect_end_to_lie_in_text", "kwargs": {"end": "finish"}}, "finish"),
        (
            {
                "type": "expect_rows_to_have_parent",
                "kwargs": {"columns": ["doc_id"], "reference": "tasks", "reference_columns": ["doc_id"]},
            },
            "no table 'tasks'",
        ),
        (
            {
                "type": "expect_spans_to_keep_overlap_policy",
                "kwargs": {"group": ["doc_id"], "start": "start", "end": "end", "policy": "some"},
            },
            "some",
        ),
    ],
    ids=["unknown column", "broken pattern", "unknown column of a rule", "missing reference", "unknown policy"],
)
def test_an_exception_while_judging_is_an_error_with_its_message(changed, said, suite_of, clean, judge):
    with pytest.raises(NotEvaluatedError, match=r"suite trial, expectation T1 \(expect_") as caught:
        judge(clean, suite_of(expectation(**changed)))
    assert said in caught.value.message


def test_an_unknown_table_in_a_suite_is_an_error(suite_of, clean, judge):
    with pytest.raises(NotEvaluatedError, match=r"suite trial.*'chapters'"):
        judge(clean, suite_of(expectation(table="chapters")))
    with pytest.raises(NotEvaluatedError, match=r"suite trial.*'chapters'"):
        judge(clean, suite_of(expectation(), meta={"may_be_empty": ["chapters"]}))


def test_a_table_that_was_not_handed_in_is_an_error(suite_of, clean, judge):
    del clean["spans"]
    with pytest.raises(NotEvaluatedError, match="no table 'spans' in this run"):
        judge(clean, suite_of(expectation()))


def test_a_parameter_without_a_value_is_an_error(suite_of, clean, judge):
    asks = expectation(
        type="expect_column_values_to_be_in_set", kwargs={"column": "label", "value_set": {"$PARAMETER": "labelz"}}
    )
    with pytest.raises(NotEvaluatedError, match=r"suite trial, expectation T1: .*'labelz' has no value"):
        judge(clean, suite_of(asks))
    with pytest.raises(NotEvaluatedError, match="not JSON"):
        judge(clean, suite_of(asks), labelz=object())


def test_no_suite_and_a_suite_without_expectations_are_errors(tmp_path, suite_of, clean, judge):
    with pytest.raises(NotEvaluatedError, match="no suite in"):
        judge(clean, tmp_path)
    with pytest.raises(NotEvaluatedError, match="suite trial holds no expectation"):
        judge(clean, suite_of())


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"name": "trial",\n "expectations": [}', "line 2 column 19"),
        ('{"name": "trial", "name": "trial", "expectations": []}', "'name' stands twice"),
        ('{"name": "trial", "expectations": [{"kwargs": NaN}]}', "NaN"),
        ("[]", "@ $"),
        ('{"name": "other", "expectations": []}', "@ $.name"),
        ('{"name": "trial", "expectation": []}', "unknown key 'expectation' @ $"),
        ('{"name": "trial", "expectations": [{}, 3]}', "@ $.expectations[1]"),
        ('{"name": "trial", "meta": {"may_be_empty": "spans"}, "expectations": []}', "@ $.meta.may_be_empty"),
    ],
)
def test_a_suite_file_that_is_wrong_is_refused_with_the_place(text, place, tmp_path, clean, judge):
    (tmp_path / "trial.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        judge(clean, tmp_path)
    assert "trial.json" in caught.value.message
    assert place in caught.value.message


def test_everything_wrong_with_a_suite_is_said_at_once(suite_of, clean, judge):
    rows = [
        expectation(say="{row} spans"),
        expectation("T2", say="a { brace"),
        expectation("T3", severity="fatal"),
        expectation("T4", table=""),
        expectation("T4", kwargs=[]),
        expectation("T6", typ="x"),
        expectation("T7", type=None),
    ]
    with pytest.raises(ConfigError) as caught:
        judge(clean, suite_of(*rows))
    for place in (
        "unknown field 'row' @ $.expectations[0].meta.say",
        "@ $.expectations[1].meta.say",
        "unknown severity 'fatal' @ $.expectations[2].severity",
        "@ $.expectations[3].meta.table",
        "@ $.expectations[4].kwargs",
        "unknown key 'typ' @ $.expectations[5]",
        "@ $.expectations[6].type",
        "code 'T4' stands twice",
    ):
        assert place in caught.value.message


def test_an_empty_table_is_an_error_although_nothing_asks_for_its_rows(suite_of, clean, judge):
    clean["spans"].clear()
    done = judge(clean, suite_of(expectation()))
    (found,) = done.findings.to_pylist()
    assert (found["severity"], found["table"], found["row_ids"]) == ("error", "spans", [])
    assert "spans is empty" in found["message"]
    allowed = judge(clean, suite_of(expectation(), meta={"may_be_empty": ["spans"]}))
    assert allowed.findings.num_rows == 0
    assert allowed.evaluated == 1


def test_a_table_with_other_columns_than_declared_is_not_judged(suite_of, clean, parameters):
    spans = pa.table({"span_id": ["s1"], "start": [3]})
    with pytest.raises(NotEvaluatedError, match="table spans has other columns"):
        validate({"spans": spans}, suites=suite_of(expectation()), parameters=parameters, data_docs=None)
    with pytest.raises(NotEvaluatedError, match="no table 'chapters'"):
        validate({"chapters": spans}, suites=suite_of(expectation()), parameters=parameters, data_docs=None)


def test_two_equal_expectations_with_two_codes_are_both_evaluated(suite_of, clean, judge):
    clean["spans"][0]["start"] = -1
    done = judge(clean, suite_of(expectation("T1"), expectation("T2")))
    assert done.evaluated == 2
    assert [row["expectation"][:2] for row in done.findings.to_pylist()] == ["T1", "T2"]


def test_a_row_condition_is_kept_and_names_the_right_rows(suite_of, clean, judge):
    only = {"type": "comparison", "column": {"name": "label"}, "operator": "==", "parameter": "ORG"}
    clean["spans"][0]["start"] = clean["spans"][2]["start"] = -1
    row = expectation(kwargs={"column": "start", "min_value": 0, "row_condition": only})
    (found,) = judge(clean, suite_of(row)).findings.to_pylist()
    assert found["row_ids"] == [clean["spans"][2]["span_id"]]


def test_a_share_below_mostly_is_tolerated_as_great_expectations_says(suite_of, clean, judge):
    clean["spans"][0]["start"] = -1
    row = expectation(kwargs={"column": "start", "min_value": 0, "mostly": 0.5})
    assert judge(clean, suite_of(row)).findings.num_rows == 0


def test_severities_of_great_expectations_become_error_warning_and_info(suite_of, clean, judge):
    clean["spans"][0]["start"] = -1
    rows = [expectation(f"T{i}", severity=one) for i, one in enumerate(("critical", "warning", "info"))]
    found = judge(clean, suite_of(*rows)).findings.to_pylist()
    assert [row["severity"] for row in found] == ["error", "warning", "info"]


def test_a_finding_says_value_place_and_count_and_names_the_first_rows(suite_of, clean, judge):
    extra = [{**clean["spans"][0], "span_id": f"n{number}", "start": -number} for number in range(1, 1301)]
    clean["spans"] += extra
    (found,) = judge(clean, suite_of(expectation())).findings.to_pylist()
    assert found["rows"] == 1300
    assert found["row_ids"] == [f"n{number}" for number in range(1, 21)]
    doc = clean["documents"][0]["doc_id"]
    assert found["message"] == (
        f"Spans before their text: 1,300 of 1,308 (n1 in {doc} at -1:3: start ‘-1’; n2 in {doc} at -2:3: start ‘-2’; "
        f"n3 in {doc} at -3:3: start ‘-3’; and 1,297 more)."
    )
