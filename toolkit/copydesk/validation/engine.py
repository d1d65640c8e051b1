"""Great Expectations' engine for Arrow tables: the metrics of its common map expectations, computed over whole columns.

It is Great Expectations' engine for pandas with those metrics replaced; whatever is not replaced here, and whatever has a
``row_condition``, is computed by pandas on the same frame, which holds the columns that it needs and no others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from great_expectations.core.batch import BatchMarkers
from great_expectations.core.batch_spec import RuntimeDataBatchSpec
from great_expectations.datasource.fluent.pandas_datasource import PandasDatasource
from great_expectations.execution_engine.pandas_batch_data import PandasBatchData
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.registry import (
    get_expectation_impl,
    get_metric_kwargs,
    get_metric_provider,
    register_metric,
)

from copydesk.validation.columns import RULES, question
from copydesk.validation.failing import Failing
from copydesk.validation.lookup import Lookup
from copydesk.validation.questions import Question, ask

LOOKUP = "copydesk.lookup"  # where a frame's attrs hold the tables of its run,
TABLE = "copydesk.table"  # and the name of its own
_MOST = 200  # values that a result may hold, as Great Expectations has it

_Row = dict[str, Any]
_Metric = Callable[
    [str, "ArrowExecutionEngine", _Row, _Row, _Row], Any
]  # of a rule, of a domain, asked so, from what others gave


class ArrowExecutionEngine(PandasExecutionEngine):
    """Judges the Arrow table that a frame's ``attrs`` name."""

    def get_batch_data_and_markers(self, batch_spec: Any) -> tuple[PandasBatchData, BatchMarkers]:
        """Take the frame as it is; the engine for pandas would compute a digest of it that nothing reads."""
        assert isinstance(batch_spec, RuntimeDataBatchSpec)
        frame, batch_spec.batch_data = batch_spec.batch_data, "ArrowTable"
        loaded = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        return PandasBatchData(self, frame), BatchMarkers({"ge_load_time": loaded})

    def failing(self, metric: str, domain: Mapping[str, Any], value: Mapping[str, Any]) -> Failing:
        """Give the rows of the table that fail the rule behind a metric."""
        attrs = self.get_domain_records({"batch_id": domain.get("batch_id")}).attrs
        lookup: Lookup = attrs[LOOKUP]
        return ask(question(metric, attrs[TABLE], domain, value), lookup)


class ArrowDatasource(PandasDatasource):
    """A source of frames whose ``attrs`` name Arrow tables; ``data_sources.add_arrow``."""

    type: Literal["arrow"] = "arrow"  # type: ignore[assignment]
    execution_engine_override: ClassVar = ArrowExecutionEngine


def is_columnar(kind: str, kwargs: Mapping[str, Any]) -> bool:
    """Say whether an expectation of this type is judged over Arrow columns, and needs none in the frame."""
    return getattr(get_expectation_impl(kind), "map_metric", None) in RULES and not kwargs.get("row_condition")


def columnar_question(kind: str, kwargs: Mapping[str, Any], table: str) -> Question:
    """Give what such an expectation asks."""
    made: Any = get_expectation_impl(kind)(**kwargs)
    asked = get_metric_kwargs(f"{made.map_metric}.condition", configuration=made.configuration)
    return question(made.map_metric, table, asked["metric_domain_kwargs"], asked["metric_value_kwargs"])


def _condition(metric: str, engine: ArrowExecutionEngine, domain: _Row, value: _Row, _: _Row) -> Failing:
    return engine.failing(metric, domain, value)


def _count(_metric: str, _engine: ArrowExecutionEngine, _domain: _Row, _value: _Row, metrics: _Row) -> int:
    return len(metrics["unexpected_condition"].rows)


def _judged(_metric: str, _engine: ArrowExecutionEngine, _domain: _Row, _value: _Row, metrics: _Row) -> int:
    judged: int = metrics["unexpected_condition"].judged
    return judged


def _index(_metric: str, _engine: ArrowExecutionEngine, _domain: _Row, value: _Row, metrics: _Row) -> list[int]:
    rows: list[int] = metrics["unexpected_condition"].rows[: _most(value)].tolist()
    return rows


def _values(_metric: str, _engine: ArrowExecutionEngine, _domain: _Row, value: _Row, metrics: _Row) -> list[Any]:
    """Give the first values that fail: of a pair as two, of more columns by name."""
    failing: Failing = metrics["unexpected_condition"]
    return [failing.value(row) for row in failing.rows[: _most(value)].tolist()]


def _nothing(_metric: str, _engine: ArrowExecutionEngine, _domain: _Row, _value: _Row, _metrics: _Row) -> None:
    """Give nothing: what pandas would make here is not needed."""


def _most(value: _Row) -> int:
    asked = value["result_format"]
    return _MOST if asked["result_format"] == "COMPLETE" else min(_MOST, asked["partial_unexpected_count"])


_METRICS: Mapping[str, _Metric] = {
    "condition": _condition,
    "unexpected_count": _count,
    "filtered_row_count": _judged,
    "unexpected_index_list": _index,
    "unexpected_values": _values,
    "unexpected_index_query": _nothing,
}


def _register(metric: str, suffix: str, own: _Metric) -> None:
    """Put our metric in the place of the one for pandas, which still serves a ``row_condition``."""
    name = f"{metric}.{suffix}"
    found: tuple[Any, Any] = get_metric_provider(name, PandasExecutionEngine())
    stock_class, stock = found

    def provide(**handed: Any) -> Any:
        domain = handed["metric_domain_kwargs"]
        if domain.get("row_condition"):
            return stock(**handed)
        return own(metric, handed["execution_engine"], domain, handed["metric_value_kwargs"], handed["metrics"])

    register_metric(
        metric_name=name,
        **get_metric_kwargs(name),
        execution_engine=ArrowExecutionEngine,
        metric_class=stock_class,
        metric_provider=provide,
        metric_fn_type=stock.metric_fn_type,
    )


for _name in sorted(RULES):
    for _suffix in _METRICS.keys() - ({"filtered_row_count"} if _name.startswith("column_values") else set()):
        _register(_name, _suffix, _METRICS[_suffix])
_register("column_values.value_length", "map", _nothing)  # pandas measures each text for it
