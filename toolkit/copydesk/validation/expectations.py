"""The expectations of Copydesk's own that suites may name, as classes of Great Expectations over the functions in ``rules``.

Each class is known to Great Expectations by its name in snake case once this module is imported. Its fields are the ``kwargs``
in a suite; a surplus or missing one is refused. What comes out is the usual result of a map expectation: counts and the first
failing rows with what is seen there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal

from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine.execution_engine import ExecutionEngine
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.expectations.registry import get_expectation_impl
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validator import ValidationDependencies

from copydesk.validation import checks, label_rules, leakage, overlap, rules
from copydesk.validation.engine import LOOKUP, TABLE
from copydesk.validation.failing import Failing
from copydesk.validation.questions import Divided, Question, ask

FIRST = 20  # rows that a result names
_METRIC = "copydesk.failing_rows"


class FailingRows(TableMetricProvider):
    """The metric that runs a rule over Arrow tables: how many rows fail, and the first of them."""

    metric_name = _METRIC
    value_keys = ("rule", "arguments")

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805 - the decorator makes it a class method
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> dict[str, Any]:
        frame, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE)
        expectation = get_expectation_impl(metric_value_kwargs["rule"])
        assert issubclass(expectation, RowsExpectation)
        made = expectation(**metric_value_kwargs["arguments"])
        failing = ask(made.question(frame.attrs[TABLE]), frame.attrs[LOOKUP])
        first = [int(row) for row in failing.rows[:FIRST]]
        return {
            "of": len(frame),
            "rows": len(failing.rows),
            "first": first,
            "seen": [failing.see(row) for row in first],
        }


class RowsExpectation(BatchExpectation):
    """An expectation of the rows of one table that may look into the other tables of the run.

    ``rule`` gives the failing rows from the run's tables, the name of the one judged, and the fields in ``success_keys``. ``reach``
    is ``row`` where it looks at nothing else, ``text`` where also at the document's text and at rows of the same document, ``key``
    where at rows with the same ``columns`` or ``group`` (in the ``reference`` with the same ``reference_columns``).
    """

    success_keys: ClassVar[tuple[str, ...]] = ()
    rule: ClassVar[Callable[..., Failing] | None] = None
    reach: ClassVar[Literal["row", "text", "key", "all"]] = "all"  # what the rule looks at beside a row

    @classmethod
    def is_abstract(cls) -> bool:
        """Say whether this class has no rule and so is not one that a suite can name."""
        return cls.rule is None

    def question(self, table: str) -> Question:
        """Give what this asks of a table."""
        assert self.rule is not None
        return Question(type(self).rule, table, self.arguments, self.divided(table))  # type: ignore[arg-type]

    def divided(self, table: str) -> Divided | None:
        """Say by which columns the tables may be divided (see ``Question``)."""
        if self.reach == "row":
            return {table: ()}
        if self.reach == "text":
            return {table: ("doc_id",), "documents": ("doc_id",)}
        if self.reach == "key":
            arguments = self.arguments
            own = tuple(arguments.get("columns") or arguments["group"])
            reference = arguments.get("reference", table)
            theirs = tuple(arguments.get("reference_columns") or own)
            return {table: own, reference: theirs} if reference != table or theirs == own else None
        return None

    @property
    def arguments(self) -> dict[str, Any]:
        """What the rule is told beside the tables."""
        return {name: getattr(self, name) for name in self.success_keys}

    def get_validation_dependencies(
        self, execution_engine: ExecutionEngine[Any] | None = None, runtime_configuration: dict[str, Any] | None = None
    ) -> ValidationDependencies:
        """Ask Great Expectations for the one metric of these rules."""
        dependencies = super().get_validation_dependencies(execution_engine, runtime_configuration)
        metric = MetricConfiguration(
            metric_name=_METRIC,
            metric_domain_kwargs={"batch_id": self.configuration.kwargs.get("batch_id")},
            metric_value_kwargs={"rule": self.expectation_type, "arguments": self.arguments},
        )
        dependencies.set_metric_configuration(metric_name=_METRIC, metric_configuration=metric)
        return dependencies

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,
    ) -> dict[str, Any]:
        found = metrics[_METRIC]
        result = {
            "element_count": found["of"],
            "unexpected_count": found["rows"],
            "unexpected_percent": 100 * found["rows"] / found["of"] if found["of"] else 0.0,
            "partial_unexpected_list": found["seen"],
            "partial_unexpected_index_list": found["first"],
            "seen": found["seen"],
        }
        return {"success": found["rows"] == 0, "result": result}


class ExpectRequiredColumnsToBeFilled(RowsExpectation):
    """Expect that none of these columns is empty in any row."""

    columns: list[str]
    success_keys: ClassVar = ("columns",)
    reach: ClassVar = "row"
    rule: ClassVar = staticmethod(rules.required_columns)


class ExpectColumnsToBeFilledTogether(RowsExpectation):
    """Expect that these columns are all filled or all empty."""

    columns: list[str]
    success_keys: ClassVar = ("columns",)
    reach: ClassVar = "row"
    rule: ClassVar = staticmethod(rules.filled_together)


class ExpectTextToBeCanonical(RowsExpectation):
    """Expect a Unicode normal form, and nowhere a character of the pattern ``forbidden``."""

    column: str
    form: rules.NormalForm
    forbidden: str
    success_keys: ClassVar = ("column", "form", "forbidden")
    reach: ClassVar = "row"
    rule: ClassVar = staticmethod(rules.canonical_text)


class ExpectColumnToBeDigestOfText(RowsExpectation):
    """Expect the SHA-256 of the UTF-8 of the text."""

    column: str
    text_column: str
    success_keys: ClassVar = ("column", "text_column")
    reach: ClassVar = "row"
    rule: ClassVar = staticmethod(rules.digest_of_text)


class ExpectRowsToHaveParent(RowsExpectation):
    """Expect a row in the reference table with the same key: a foreign key."""

    columns: list[str]
    reference: str
    reference_columns: list[str]
    success_keys: ClassVar = ("columns", "reference", "reference_columns")
    reach: ClassVar = "key"
    rule: ClassVar = staticmethod(rules.has_parent)


class ExpectRowsToAgreeWithParent(RowsExpectation):
    """Expect the same values as in the reference's row with the same key."""

    columns: list[str]
    reference: str
    reference_columns: list[str]
    compare: list[str]
    success_keys: ClassVar = ("columns", "reference", "reference_columns", "compare")
    reach: ClassVar = "key"
    rule: ClassVar = staticmethod(rules.agrees_with_parent)


class ExpectEndToLieInText(RowsExpectation):
    """Expect that the offset lies in the text of the row's document."""

    end: str
    success_keys: ClassVar = ("end",)
    reach: ClassVar = "text"
    rule: ClassVar = staticmethod(rules.end_in_text)


class ExpectSurfaceToBeSliceOfText(RowsExpectation):
    """Expect ``text[start:end] == surface`` in the text of the row's document; ``unless`` spares rows by a column's value."""

    start: str
    end: str
    surface: str
    unless: dict[str, list[str]] = {}  # noqa: RUF012 - pydantic copies a default for each expectation
    success_keys: ClassVar = ("start", "end", "surface", "unless")
    reach: ClassVar = "text"
    rule: ClassVar = staticmethod(rules.surface_is_slice)


class ExpectNoCutWords(RowsExpectation):
    """Expect that no span begins or ends inside a word."""

    start: str
    end: str
    success_keys: ClassVar = ("start", "end")
    reach: ClassVar = "text"
    rule: ClassVar = staticmethod(rules.cuts_no_word)


class ExpectColumnLengthToEqualExtent(RowsExpectation):
    """Expect a text that is ``end - start`` characters long."""

    column: str
    start: str
    end: str
    success_keys: ClassVar = ("column", "start", "end")
    reach: ClassVar = "row"
    rule: ClassVar = staticmethod(rules.length_is_extent)


class ExpectEditsToFitText(RowsExpectation):
    """Expect that what each edit inserted stands in the document's text, and that no two edits overlap."""

    start: str
    end: str
    inserted: str
    order: str
    success_keys: ClassVar = ("start", "end", "inserted", "order")
    reach: ClassVar = "text"
    rule: ClassVar = staticmethod(rules.edits_fit)


class ExpectColumnsToDiffer(RowsExpectation):
    """Expect different values in the two columns."""

    one: str
    other: str
    success_keys: ClassVar = ("one", "other")
    reach: ClassVar = "row"
    rule: ClassVar = staticmethod(rules.different_columns)


class ExpectCountToMatchRows(RowsExpectation):
    """Expect as many rows with the same key in the reference table as the column says."""

    column: str
    columns: list[str]
    reference: str
    success_keys: ClassVar = ("column", "columns", "reference")
    reach: ClassVar = "key"
    rule: ClassVar = staticmethod(rules.counted_rows)


class ExpectItemsToMatchRegex(RowsExpectation):
    """Expect at least one item in each list, and that each matches the whole pattern."""

    column: str
    regex: str
    success_keys: ClassVar = ("column", "regex")
    reach: ClassVar = "row"
    rule: ClassVar = staticmethod(label_rules.items_match)


class ExpectItemsToBeCounted(RowsExpectation):
    """Expect as many different items in each list as the other column says."""

    column: str
    count_column: str
    success_keys: ClassVar = ("column", "count_column")
    reach: ClassVar = "row"
    rule: ClassVar = staticmethod(label_rules.items_counted)


class ExpectItemsToHaveParent(RowsExpectation):
    """Expect each item of each list in the reference table's column."""

    column: str
    reference: str
    reference_column: str
    success_keys: ClassVar = ("column", "reference", "reference_column")
    rule: ClassVar = staticmethod(label_rules.items_have_parent)


class ExpectNoMailAddress(RowsExpectation):
    """Expect no mail address in these columns that is not in the document's own text."""

    columns: list[str]
    success_keys: ClassVar = ("columns",)
    reach: ClassVar = "text"
    rule: ClassVar = staticmethod(label_rules.no_mail_address)


class ExpectAttributesToFollowSchema(RowsExpectation):
    """Expect attributes that the schema knows, on labels and with values that it allows."""

    column: str
    label_column: str
    attributes: dict[str, Any]  # as every field that may be written as a $PARAMETER
    success_keys: ClassVar = ("column", "label_column", "attributes")
    reach: ClassVar = "row"
    rule: ClassVar = staticmethod(label_rules.attributes_follow_schema)


class ExpectRelationSignatureToBeAllowed(RowsExpectation):
    """Expect that the relation's type may join spans of these two labels."""

    label_column: str
    head: str
    tail: str
    reference: str
    signatures: dict[str, Any]
    success_keys: ClassVar = ("label_column", "head", "tail", "reference", "signatures")
    rule: ClassVar = staticmethod(label_rules.signature_allowed)


class ExpectSpansToKeepOverlapPolicy(RowsExpectation):
    """Expect that spans of one group overlap only as the policy (none, nested, any) allows."""

    group: list[str]
    start: str
    end: str
    policy: dict[str, Any] | str
    success_keys: ClassVar = ("group", "start", "end", "policy")
    reach: ClassVar = "key"
    rule: ClassVar = staticmethod(overlap.overlap_allowed)


class ExpectValuesToFollowSchema(RowsExpectation):
    """Expect names that the schema knows, with values that it allows."""

    name_column: str
    value_column: str
    known: dict[str, Any]
    success_keys: ClassVar = ("name_column", "value_column", "known")
    reach: ClassVar = "row"
    rule: ClassVar = staticmethod(label_rules.values_follow_schema)


class ExpectItemsToBeMutual(RowsExpectation):
    """Expect that what a row lists lists that row, and that no row lists itself."""

    column: str
    id_column: str
    success_keys: ClassVar = ("column", "id_column")
    rule: ClassVar = staticmethod(label_rules.items_mutual)


class ExpectKeyToStayInOneSplit(RowsExpectation):
    """Expect that rows with the same key stand in the same split."""

    columns: list[str]
    split: str
    success_keys: ClassVar = ("columns", "split")
    reach: ClassVar = "key"
    rule: ClassVar = staticmethod(leakage.in_one_split)


class ExpectNoSharedQuotes(RowsExpectation):
    """Expect that no document outside of training shares so many words in a row with one of another split."""

    split: str
    words: dict[str, Any] | int
    training: str
    success_keys: ClassVar = ("split", "words", "training")
    rule: ClassVar = staticmethod(leakage.no_shared_quotes)


class ExpectCheckToHold(RowsExpectation):
    """Expect that a check of the labelling schema holds."""

    check: dict[str, Any]
    success_keys: ClassVar = ("check",)
    rule: ClassVar = staticmethod(checks.check_holds)
