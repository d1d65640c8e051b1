"""Columns of an Arrow table go in, the rows that fail come out: the rules of Great Expectations' own map expectations.

Each is what the expectation of that name says of a pandas column, over whole Arrow columns: an empty cell, as a NaN, is passed
over. They are known by the name of the metric that the expectation asks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import NotEvaluatedError
from copydesk.validation.failing import Failing, as_seen
from copydesk.validation.lookup import Lookup, Mask, Rows, cells
from copydesk.validation.questions import Question

_MOST_CODES = 2**63  # that 64 bits hold
_PASSED_OVER = {  # of ignore_row_if: how many of the row's cells have to be empty
    "both_values_are_missing": "all",
    "all_values_are_missing": "all",
    "either_value_is_missing": "any",
    "any_value_is_missing": "any",
    "neither": "never",
    "never": "never",
}


def columns_hold(
    lookup: Lookup, table: str, *, metric: str, domain: Mapping[str, Any], value: Mapping[str, Any]
) -> Failing:
    """A row fails where the rule behind ``metric`` does not hold; ``domain`` names the columns, ``value`` what the rule is told."""
    rows = lookup.table(table)
    names = columns_of(domain)
    columns = [cells(rows, name) for name in names]
    if "column" in domain:
        there = _there(columns[0])
        holds = COLUMN_RULES[metric](columns[0], **value)
        judged = np.ones_like(there) if metric == "column_values.nonnull" else there
    else:
        judged = ~_passed_over(columns, domain["ignore_row_if"])
        holds = _TOGETHER[metric](columns, judged, value)

    def found(row: int) -> Any:
        shown = tuple(column[row].as_py() for column in columns)
        if "column" in domain:
            return shown[0]
        return shown if "column_A" in domain else dict(zip(names, shown, strict=True))

    return Failing(
        np.flatnonzero(judged & ~holds), lambda row: as_seen(found(row), domain), judged=int(judged.sum()), value=found
    )


def columns_of(domain: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the columns that a domain names: one, a pair, or a list."""
    if "column" in domain:
        return (domain["column"],)
    return tuple(domain["column_list"]) if "column_list" in domain else (domain["column_A"], domain["column_B"])


def question(metric: str, table: str, domain: Mapping[str, Any], value: Mapping[str, Any]) -> Question:
    """Ask which rows of a table fail the rule behind a metric of Great Expectations; what is unique is so among its equals."""
    asked = {name: one for name, one in value.items() if name != "result_format" and one is not None}
    spoken = {name: one for name, one in domain.items() if name in _DOMAIN and one is not None}
    divided = {table: columns_of(domain) if metric in _AMONG_EQUALS else ()}
    return Question(columns_hold, table, {"metric": metric, "domain": spoken, "value": asked}, divided)


def there(asked: Question) -> Iterator[Question]:
    """Ask, of a question about one column, which of its cells are empty."""
    domain = asked.arguments.get("domain", {})
    if "column" in domain and asked.arguments.get("metric") in COLUMN_RULES:
        yield question("column_values.nonnull", asked.table, domain, {})


def _there(column: pa.Array) -> Mask:
    mask: Mask = pc.invert(pc.is_null(column, nan_is_null=True)).to_numpy(zero_copy_only=False)
    return mask


def _passed_over(columns: Sequence[pa.Array], ignore_row_if: str) -> Mask:
    if ignore_row_if not in _PASSED_OVER:
        raise NotEvaluatedError(f"unknown ignore_row_if {ignore_row_if!r}", fix=f"one of {', '.join(_PASSED_OVER)}")
    how = _PASSED_OVER[ignore_row_if]
    empty = np.array([~_there(column) for column in columns])
    if how == "never":
        return np.zeros(empty.shape[1], dtype=np.bool_)
    passed: Mask = np.all(empty, axis=0) if how == "all" else np.any(empty, axis=0)
    return passed


def _as_mask(array: pa.Array) -> Mask:
    """Give the answers; no answer is no."""
    mask: Mask = pc.fill_null(array, False).to_numpy(zero_copy_only=False)
    return mask


def between(
    column: pa.Array,
    *,
    min_value: Any = None,
    max_value: Any = None,
    strict_min: bool | None = None,
    strict_max: bool | None = None,
) -> Mask:
    """Say where a value lies between the bounds; a strict one is not included."""
    if min_value is None and max_value is None:
        raise NotEvaluatedError("neither min_value nor max_value is given", fix="give one of them")
    holds = np.ones(len(column), dtype=np.bool_)
    if min_value is not None:
        above = pc.greater if strict_min else pc.greater_equal
        holds &= _as_mask(above(column, _bound(min_value, column.type)))
    if max_value is not None:
        below = pc.less if strict_max else pc.less_equal
        holds &= _as_mask(below(column, _bound(max_value, column.type)))
    return holds


def _bound(value: Any, kind: pa.DataType) -> pa.Scalar:
    if pa.types.is_temporal(kind):
        value = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)
        return pa.scalar(value, type=kind)
    if isinstance(value, float) and value.is_integer() and pa.types.is_integer(kind):
        value = int(value)  # Great Expectations makes a float of every number
    return pa.scalar(value)


def length_between(column: pa.Array, **bounds: Any) -> Mask:
    """Say where a text has as many characters as the bounds allow."""
    return between(pc.utf8_length(column), **bounds)


def in_set(column: pa.Array, *, value_set: Sequence[Any] | None = None) -> Mask:
    """Say where a value is one of the set; without a set everywhere."""
    if value_set is None:
        return np.ones(len(column), dtype=np.bool_)
    return _as_mask(pc.is_in(column, value_set=pa.array(value_set, type=column.type)))


def not_in_set(column: pa.Array, *, value_set: Sequence[Any]) -> Mask:
    """Say where a value is none of the set."""
    return ~in_set(column, value_set=value_set)


def match_regex(column: pa.Array, *, regex: str) -> Mask:
    """Say where Python's ``re`` finds the pattern; each value that there is is searched once."""
    pattern = re.compile(regex)
    coded = pc.dictionary_encode(column.cast(pa.string()))
    found = [value is not None and pattern.search(value) is not None for value in coded.dictionary.to_pylist()]
    return _as_mask(pa.array(found, pa.bool_()).take(coded.indices))


def not_match_regex(column: pa.Array, *, regex: str) -> Mask:
    """Say where Python's ``re`` does not find the pattern."""
    return ~match_regex(column, regex=regex)


def unique(column: pa.Array) -> Mask:
    """Say where no other row has the same value."""
    return _alone(_codes(column))


def _codes(column: pa.Array) -> Rows:
    """Number the different values; an empty cell is one."""
    codes: Rows = pc.dictionary_encode(column, null_encoding="encode").indices.to_numpy().astype(np.int64)
    return codes


def _alone(numbers: Rows) -> Mask:
    """Say which of these numbers are there once."""
    ordered = np.sort(numbers)
    repeated = pa.array(ordered[1:][ordered[1:] == ordered[:-1]])
    alone: Mask = ~pc.is_in(pa.array(numbers), value_set=repeated).to_numpy(zero_copy_only=False)
    return alone


def _compound_unique(columns: Sequence[pa.Array], judged: Mask, _value: Mapping[str, Any]) -> Mask:
    """Say where no other judged row has the same values: the codes of its columns make one number of each row."""
    chosen = np.flatnonzero(judged)
    joined: Rows = np.zeros(len(chosen), dtype=np.int64)
    size = 1  # above every joined number
    for column in columns:
        codes = _codes(column)[chosen]
        count = int(codes.max(initial=0)) + 1
        if size * count > _MOST_CODES:
            joined = _codes(pa.array(joined))
            size = len(chosen)
        joined = joined * count + codes
        size *= count
    holds = np.ones(len(judged), dtype=np.bool_)
    holds[chosen] = _alone(joined)
    return holds


def _greater(columns: Sequence[pa.Array], _judged: Mask, value: Mapping[str, Any]) -> Mask:
    compare = pc.greater_equal if value.get("or_equal") else pc.greater
    return _as_mask(compare(*columns))


_DOMAIN = ("column", "column_A", "column_B", "column_list", "ignore_row_if")
_AMONG_EQUALS = frozenset({"column_values.unique", "compound_columns.unique"})
COLUMN_RULES: Mapping[str, Callable[..., Mask]] = {
    "column_values.nonnull": _there,
    "column_values.between": between,
    "column_values.in_set": in_set,
    "column_values.not_in_set": not_in_set,
    "column_values.match_regex": match_regex,
    "column_values.not_match_regex": not_match_regex,
    "column_values.unique": unique,
    "column_values.value_length.between": length_between,
}
_TOGETHER: Mapping[str, Callable[[Sequence[pa.Array], Mask, Mapping[str, Any]], Mask]] = {
    "compound_columns.unique": _compound_unique,
    "column_pair_values.a_greater_than_b": _greater,
}
RULES = frozenset({*COLUMN_RULES, *_TOGETHER})
