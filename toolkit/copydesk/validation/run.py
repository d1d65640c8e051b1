"""Tables and a folder of suites go in; Great Expectations judges each table, and every result becomes a finding or nothing.

It fails closed. Great Expectations itself drops an expectation that it does not know, and calls a suite in which nothing was
evaluated a success; here each expectation of each suite must come back with a result of its own, or ``NotEvaluatedError`` is
raised. Every run has a context, data sources and frames of its own, so runs in several threads do not touch each other.
"""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from copydesk.errors import NotEvaluatedError
from copydesk.model.tables import FAILING_ROWS, from_rows
from copydesk.validation.columns import there
from copydesk.validation.failing import Failing, as_seen
from copydesk.validation.findings import EMPTY, Validated, empty_table, finding
from copydesk.validation.lookup import Lookup
from copydesk.validation.questions import Question, ask
from copydesk.validation.sidecar import failing_rows
from copydesk.validation.suites import Expected, Suite, as_great_expectations
from copydesk.validation.version_tables import KNOWN

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of Great Expectations' own imports
    import great_expectations as gx
    from great_expectations.compatibility import pydantic
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.exceptions.exceptions import GreatExpectationsError
    from great_expectations.expectations.registry import get_expectation_impl

    from copydesk.validation import docs
    from copydesk.validation.engine import LOOKUP, TABLE, columnar_question, is_columnar
    from copydesk.validation.expectations import FIRST, RowsExpectation

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext

_RESULT_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": FIRST}


@dataclass(frozen=True, slots=True)
class Judged:
    """One expectation, and Great Expectations' result for it."""

    suite: Suite
    expected: Expected
    success: bool
    result: Mapping[str, Any]


def run(lookup: Lookup, *, suites: Sequence[Suite], data_docs: Path | None) -> Validated:
    """Judge the tables; see ``copydesk.validation.validate``."""
    check_all(suites, lookup)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    judged = [one for suite in suites for table in suite.tables for one in _judge(context, suite, table, lookup)]
    expected = sum(len(suite.expected) for suite in suites)
    if len(judged) != expected:
        raise NotEvaluatedError(
            f"{len(judged)} of {expected} expectations were evaluated", fix="report this; nothing was published"
        )
    findings = from_rows("findings", _findings(judged, suites, lookup))
    if data_docs is not None:
        docs.build(context, target=data_docs, suites=suites, findings=findings)
    failed = [failing_rows(one.suite, one.expected, _failing(one, lookup), lookup) for one in judged if not one.success]
    return Validated(
        findings=findings,
        failing_rows=pa.concat_tables([FAILING_ROWS.empty_table(), *failed]),
        suites={suite.name: suite.digest for suite in suites},
        evaluated=len(judged),
        expected=expected,
    )


def check_all(suites: Sequence[Suite], lookup: Lookup) -> None:
    """Refuse tables and suites that could not be judged in full, before anything runs."""
    for name, schema in lookup.schemas.items():
        _check_schema(name, schema)
    for suite in suites:
        _check_suite(suite, lookup)


def questions_of(suites: Sequence[Suite], lookup: Lookup) -> Iterator[Question]:
    """Give all that the suites ask, and how many cells of each column there are, which Great Expectations asks beside."""
    check_all(suites, lookup)
    for one in (one for suite in suites for one in suite.expected):
        asked = question_of(one)
        if asked is not None:
            yield asked
            yield from there(asked)


def _failing(one: Judged, lookup: Lookup) -> Failing:
    """Give every row that fails; of an expectation that pandas judged those that its result names."""
    expected = one.expected
    asked = question_of(expected)
    if asked is not None:
        return ask(asked, lookup)
    first = [int(row) for row in one.result.get("partial_unexpected_index_list") or ()]
    seen = dict(zip(first, one.result.get("partial_unexpected_list") or (), strict=False))
    return Failing(np.array(sorted(first), dtype=np.int64), lambda row: as_seen(seen.get(row), expected.kwargs))


def question_of(one: Expected) -> Question | None:
    """Give what an expectation asks of the tables; none where pandas judges it."""
    kind = get_expectation_impl(one.type)
    if issubclass(kind, RowsExpectation):
        return kind(**one.kwargs).question(one.table)
    return columnar_question(one.type, one.kwargs, one.table) if is_columnar(one.type, one.kwargs) else None


def _check_schema(name: str, schema: pa.Schema) -> None:
    if name not in KNOWN:
        raise NotEvaluatedError(f"there is no table {name!r} in Copydesk", fix=f"one of {', '.join(KNOWN)}")
    if not schema.equals(KNOWN[name]):
        odd = sorted(set(map(str, schema)) ^ set(map(str, KNOWN[name])))
        raise NotEvaluatedError(
            f"table {name} has other columns than declared: {', '.join(odd) or 'their order'}",
            fix="make the table anew with this version of Copydesk",
        )


def _check_suite(suite: Suite, lookup: Lookup) -> None:
    """Refuse what Great Expectations would drop in silence, before anything runs."""
    for name in (*suite.tables, *suite.may_be_empty):
        if name not in KNOWN:
            raise NotEvaluatedError(
                f"suite {suite.name} names the table {name!r}, which does not exist", fix=f"one of {', '.join(KNOWN)}"
            )
    for one in suite.expected:
        place = f"suite {suite.name}, expectation {one.code} ({one.type})"
        lookup.count(one.table)
        try:
            get_expectation_impl(one.type)(**one.kwargs)
        except GreatExpectationsError as error:
            raise NotEvaluatedError(
                f"{place}: no expectation of this type is registered", fix="correct the type in the suite"
            ) from error
        except (pydantic.ValidationError, TypeError, ValueError) as error:
            said = " ".join(str(error).split())
            raise NotEvaluatedError(f"{place}: wrong kwargs: {said}", fix="correct kwargs in the suite") from error


def _judge(context: EphemeralDataContext, suite: Suite, table: str, lookup: Lookup) -> Iterator[Judged]:
    """Run the part of a suite that speaks of one table; raises NotEvaluatedError where a result is missing."""
    expected = {one.code: one for one in suite.expected if one.table == table}
    for result in _results(context, suite, table, lookup):
        one = expected.pop(result.expectation_config.meta["code"])
        failure = _exception(result.exception_info)
        if failure or not result.result:
            raise NotEvaluatedError(
                f"suite {suite.name}, expectation {one.code} ({one.type}) on table {table} was not evaluated: "
                f"{failure or 'its result is empty'}",
                fix="correct the expectation, or the table that it cannot read",
            )
        yield Judged(suite, one, bool(result.success), result.result)
    if expected:
        raise NotEvaluatedError(
            f"suite {suite.name}: Great Expectations gave no result for {', '.join(expected)} on table {table}",
            fix="correct these expectations",
        )


def _results(context: EphemeralDataContext, suite: Suite, table: str, lookup: Lookup) -> Sequence[Any]:
    part = [one for one in suite.expected if one.table == table]
    source = context.data_sources.add_arrow(f"{suite.name}-{table}-{uuid.uuid4().hex[:12]}")
    batch = source.add_dataframe_asset(table).add_batch_definition_whole_dataframe("all")
    name = f"{suite.name}.{table}"
    try:
        made = gx.ExpectationSuite(name=name, expectations=[as_great_expectations(one) for one in part])
        definition = gx.ValidationDefinition(name=name, data=batch, suite=context.suites.add(made))
        done = context.validation_definitions.add(definition).run(
            batch_parameters={"dataframe": _frame(table, part, lookup)},
            result_format=_RESULT_FORMAT,
            run_id=RunIdentifier(run_name="copydesk", run_time=datetime.now(UTC)),
        )
    except (GreatExpectationsError, pydantic.ValidationError, TypeError, ValueError) as error:
        raise NotEvaluatedError(
            f"suite {suite.name} could not be run on table {table}: {error}", fix="correct the suite"
        ) from error
    results: Sequence[Any] = done.results
    return results


def _frame(name: str, part: Sequence[Expected], lookup: Lookup) -> pd.DataFrame:
    """Give the columns that expectations read by pandas; those over Arrow read the tables by reference."""
    import pandas as pd

    said: set[str] = set()
    for one in part:
        if question_of(one) is None:
            said.update(_strings(one.kwargs))
    columns = [column for column in lookup.schemas[name].names if column in said]
    frame = lookup.columns(name, columns).to_pandas() if columns else pd.DataFrame(index=range(lookup.count(name)))
    frame.attrs = {LOOKUP: lookup, TABLE: name}
    return frame


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, Sequence):
        for one in value:
            yield from _strings(one)


def _exception(info: Mapping[str, Any]) -> str:
    """Give the message of an exception, in either of the two forms in which Great Expectations reports one."""
    reports = [info] if "raised_exception" in info else [one for one in info.values() if isinstance(one, Mapping)]
    raised = [str(one.get("exception_message")) for one in reports if one.get("raised_exception")]
    return "; ".join(dict.fromkeys(raised))


def _findings(judged: Sequence[Judged], suites: Sequence[Suite], lookup: Lookup) -> list[dict[str, Any]]:
    """Findings in the order of the files; a table that is empty without leave is one whatever the suite asks."""
    failed = {(one.suite.name, one.expected.code): one for one in judged if not one.success}
    found: list[dict[str, Any]] = []
    for suite in suites:
        counted = {one.table for one in suite.expected if one.type == EMPTY and (suite.name, one.code) in failed}
        found += [
            empty_table(suite, name)
            for name in suite.tables
            if lookup.count(name) == 0 and name not in suite.may_be_empty | counted
        ]
        found += [
            finding(suite, one, failed[suite.name, one.code].result, lookup)
            for one in suite.expected
            if (suite.name, one.code) in failed
        ]
    return found
