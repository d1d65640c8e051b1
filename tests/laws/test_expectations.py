"""Great Expectations' own expectations over Arrow columns find what they find by pandas, and exactly what was planted."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.validation.lookup import Lookup

DAY = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = st.fixed_dictionaries(
    {
        "number": st.one_of(st.none(), st.integers(-3, 3)),
        "other": st.one_of(st.none(), st.integers(-3, 3)),
        "share": st.one_of(st.none(), st.sampled_from([0.0, 0.5, 1.0, 1.5, math.nan])),
        "text": st.one_of(st.none(), st.sampled_from(["", "A1", "A12", "B\n", "a b", " ", "\u00a0x", "é😀"])),
        "at": st.one_of(st.none(), st.sampled_from([DAY, DAY.replace(year=1989), DAY.replace(month=6)])),
    }
)
SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("other", pa.int64()),
        ("share", pa.float64()),
        ("text", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
    ]
)
PAIR = {"column_A": "number", "column_B": "other"}
SUITE: list[tuple[str, dict[str, Any]]] = [
    ("expect_column_values_to_not_be_null", {"column": "text"}),
    ("expect_column_values_to_be_between", {"column": "number", "min_value": 0, "strict_min": True}),
    ("expect_column_values_to_be_between", {"column": "share", "min_value": 0, "max_value": 1, "mostly": 0.6}),
    ("expect_column_values_to_be_between", {"column": "at", "min_value": DAY.replace(year=1990), "max_value": DAY}),
    ("expect_column_values_to_be_in_set", {"column": "text", "value_set": ["A1", "", "a b"]}),
    ("expect_column_values_to_not_be_in_set", {"column": "number", "value_set": [1, 2]}),
    ("expect_column_values_to_match_regex", {"column": "text", "regex": r"^[A-Z]\w*$"}),
    ("expect_column_values_to_not_match_regex", {"column": "text", "regex": r"^\s|\s$"}),
    ("expect_column_values_to_be_unique", {"column": "text"}),
    ("expect_column_value_lengths_to_be_between", {"column": "text", "min_value": 1, "max_value": 2}),
    *(
        ("expect_compound_columns_to_be_unique", {"column_list": ["number", "text"], "ignore_row_if": how})
        for how in ("all_values_are_missing", "any_value_is_missing", "never")
    ),
    *(
        ("expect_column_pair_values_a_to_be_greater_than_b", {**PAIR, "or_equal": equal, "ignore_row_if": how})
        for equal, how in ((True, "both_values_are_missing"), (False, "either_value_is_missing"), (True, "neither"))
    ),
]
ELSEWHERE = {"expect_table_row_count_to_be_between"}  # judged by Great Expectations' own engine
COMPARED = (
    "element_count",
    "unexpected_count",
    "missing_count",
    "partial_unexpected_list",
    "partial_unexpected_index_list",
)


def judged(table: pa.Table, *, arrow: bool) -> list[tuple[Any, ...]]:
    """Run the suite over a table by our engine, or by Great Expectations' own for pandas."""
    import pandas as pd

    from copydesk.validation.run import LOOKUP, TABLE, gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    frame = pd.DataFrame(index=range(table.num_rows)) if arrow else table.to_pandas()
    frame.attrs = {LOOKUP: Lookup({"rows": table}), TABLE: "rows"} if arrow else {}
    source = (context.data_sources.add_arrow if arrow else context.data_sources.add_pandas)("source")
    batch = source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
    expectations = [
        {"type": kind, "kwargs": kwargs, "meta": {"number": number}} for number, (kind, kwargs) in enumerate(SUITE)
    ]
    suite = gx.ExpectationSuite(name="law", expectations=expectations)
    done = batch.get_batch(batch_parameters={"dataframe": frame}).validate(suite, result_format="SUMMARY")
    results = sorted(done.results, key=lambda one: one.expectation_config.meta["number"])
    assert len(results) == len(SUITE)
    return [(one.success, *(plain(one.result.get(name)) for name in COMPARED)) for one in results]


def plain(value: Any) -> Any:
    """Give a value as Arrow has it: pandas makes numbers with gaps into floats, and gaps into NaN."""
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value


def test_every_type_of_great_expectations_that_ships_is_compared():
    from copydesk.validation.run import RowsExpectation, get_expectation_impl

    files = (Path(__file__).parents[2] / "validation").glob("*.json")
    ships = {row["type"] for file in files for row in json.loads(file.read_text(encoding="utf-8"))["expectations"]}
    theirs = {kind for kind in ships if not issubclass(get_expectation_impl(kind), RowsExpectation)}
    assert theirs <= {kind for kind, _ in SUITE} | ELSEWHERE


@settings(deadline=None, max_examples=25)
@given(st.lists(ROWS, max_size=12))
def test_the_arrow_engine_finds_what_great_expectations_finds_by_pandas(rows):
    table = pa.Table.from_pylist(rows, SCHEMA)
    # Of no rows, pandas has columns of no type and Great Expectations nothing to compare.
    if any(table.column(name).null_count == table.num_rows for name in table.column_names):
        return
    for (kind, kwargs), ours, theirs in zip(SUITE, judged(table, arrow=True), judged(table, arrow=False), strict=True):
        assert ours == theirs, (kind, kwargs)


PLANTS: dict[str, tuple[str, dict[str, Any], Any, Any]] = {  # by metric's rule: domain, value, good(row), bad(row)
    "column_values.nonnull": ("text", {}, lambda row: "a", lambda row: None),
    "column_values.between": ("number", {"min_value": 0.0}, lambda row: row, lambda row: -1 - row),
    "column_values.in_set": ("text", {"value_set": ["PER"]}, lambda row: "PER", lambda row: "ORG"),
    "column_values.not_in_set": ("text", {"value_set": ["ORG"]}, lambda row: None, lambda row: "ORG"),
    "column_values.match_regex": ("text", {"regex": "^A[0-9]+$"}, lambda row: f"A{row}", lambda row: f"{row}"),
    "column_values.not_match_regex": ("text", {"regex": r"\s$"}, lambda row: f"A{row}", lambda row: "x\u2003"),
    "column_values.unique": ("text", {}, lambda row: f"A{row}", lambda row: "twice"),
    "column_values.value_length.between": ("text", {"max_value": 1}, lambda row: "😀", lambda row: "e\u0301"),
}


@settings(deadline=None, max_examples=200)
@given(st.integers(2, 300), st.data())
def test_each_rule_finds_exactly_the_rows_that_were_planted(size, data):
    from copydesk.validation.columns import COLUMN_RULES, columns_hold

    assert set(PLANTS) == set(COLUMN_RULES)
    metric = data.draw(st.sampled_from(sorted(PLANTS)))
    column, value, good, bad = PLANTS[metric]
    planted = data.draw(st.sets(st.integers(0, size - 1), min_size=2))
    rows = [{column: (bad if row in planted else good)(row)} for row in range(size)]
    table = pa.Table.from_pylist(rows, pa.schema([SCHEMA.field(column)]))
    found = columns_hold(Lookup({"rows": table}), "rows", metric=metric, domain={"column": column}, value=value)
    assert found.rows.tolist() == sorted(planted)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.tuples(*[st.one_of(st.none(), st.integers(-2, 2))] * 3)),
    st.sampled_from(["any_value_is_missing", "never"]),
)
def test_rows_that_are_equal_in_several_columns_are_all_found(rows, ignore_row_if):
    from copydesk.validation.columns import columns_hold

    table = pa.table({name: pa.array([row[at] for row in rows], pa.int64()) for at, name in enumerate("abc")})
    domain = {"column_list": list("abc"), "ignore_row_if": ignore_row_if}
    found = columns_hold(Lookup({"rows": table}), "rows", metric="compound_columns.unique", domain=domain, value={})
    judged = [row for row in rows if ignore_row_if == "never" or None not in row]
    assert found.judged == len(judged)
    assert found.rows.tolist() == [at for at, row in enumerate(rows) if row in judged and judged.count(row) > 1]


def test_columns_with_more_values_together_than_64_bits_can_number_are_compared_all_the_same():
    from copydesk.validation.columns import columns_hold

    names = list("abcdefghi")
    rows = [[(row * step) % 300 for step in range(1, 10)] for row in range(300)]
    rows += [rows[7], [*rows[8][:-1], 299]]
    table = pa.table({name: pa.array([row[at] for row in rows], pa.int64()) for at, name in enumerate(names)})
    domain = {"column_list": names, "ignore_row_if": "never"}
    found = columns_hold(Lookup({"rows": table}), "rows", metric="compound_columns.unique", domain=domain, value={})
    assert 300 ** len(names) > 2**63
    assert found.rows.tolist() == [7, 300]
