import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from copydesk.agreement.classes import Ratings, interval, kappas, masi, measure_categories, of_counts
from copydesk.agreement.classes.coefficient import ALL_THE_SAME, NOTHING_PAIRED
from copydesk.agreement.classes.kappa import NOTHING_SHARED
from copydesk.agreement.figures import table_of
from copydesk.model.schema_parts import Attribute
from copydesk.model.tables import TABLES, empty, from_rows

TONE = Attribute("tone", "", "choice", choices=(("calm", ""), ("angry", ""), ("sad", "")))
TOPICS = Attribute("topics", "", "choices", choices=(("war", ""), ("aid", ""), ("law", "")))
STARS = Attribute("stars", "", "rating")
DEAD = Attribute("dead", "", "number")
DAY = Attribute("day", "", "date")
MONDAY = datetime(2024, 4, 29, tzinfo=UTC)  # of the eighteenth week


@dataclass
class Read:
    """One person's read of a document and the values said there, by category."""

    doc: str
    annotator: str
    said: dict
    revision: int = 1
    day: int = 0
    number: int = 0

    @property
    def annotation_id(self):
        return f"{self.doc}-{self.annotator}-{self.number}"


def _tables(works):
    reads, rows = [], []
    for work in works:
        own = {"annotation_id": work.annotation_id, "doc_id": work.doc, "revision": work.revision, "text_sha256": "x"}
        own["annotator"] = work.annotator
        at = MONDAY + timedelta(days=work.day, minutes=work.number)
        reads.append(own | {"created_at": at, "updated_at": None, "lead_time": None, "spans": 0, "relations": 0})
        for name, values in work.said.items():
            for value in values if isinstance(values, list) else [values]:
                number = float(value) if isinstance(value, int | float) else None
                row = {"name": name, "value": str(value), "number": number, "at": None, "made_on_revision": 1}
                rows.append(own | row)
    return {"reads": from_rows("reads", reads), "categories": from_rows("categories", rows)}


def _measure(works, *asked, **options):
    figures = measure_categories(
        **_tables(works), asked=asked, **({"resamples": 50, "documents": empty("documents")} | options)
    )
    return {(one.measure, one.label, one.annotators, one.within): one for one in figures}


def _of(category, *columns):
    """Documents d0, d1, …; a column holds what each person said of one, None where it was not read."""
    return [
        Read(f"d{doc}", f"A{person}", {} if value == "" else {category: value})
        for doc, column in enumerate(columns)
        for person, value in enumerate(column, 1)
        if value is not None
    ]


def test_a_choice_has_nominal_coefficients_of_all_of_each_pair_and_of_each_value():
    columns = [("calm", "calm", "calm"), ("angry", "angry", "sad"), ("calm", "angry", None), ("sad", "sad", "sad")]
    found = _measure(_of("tone", *columns), TONE)
    counts = np.array([[3, 0, 0], [0, 2, 1], [1, 1, 0], [0, 0, 3]])
    for name, expected in {
        "category_alpha": of_counts.alpha(counts),
        "category_percent": of_counts.percent(counts),
        "category_fleiss": of_counts.fleiss(counts),
        "category_ac1": of_counts.ac1(counts),
    }.items():
        figure = found[name, "tone", "all", ""]
        assert figure.value == pytest.approx(expected.value, abs=1e-12)
        assert (figure.n, figure.documents) == (11, 4)
        assert figure.low <= figure.value <= figure.high
    for value, expected in zip(("calm", "angry", "sad"), of_counts.value_alphas(counts), strict=True):
        figure = found["category_value_alpha", f"tone={value}", "all", ""]
        assert figure.value == pytest.approx(expected.value, abs=1e-12)
    unit, rater, value = np.array(
        [
            (0, 0, 0),
            (0, 1, 0),
            (0, 2, 0),
            (1, 0, 1),
            (1, 1, 1),
            (1, 2, 2),
            (2, 0, 0),
            (2, 1, 1),
            (3, 0, 2),
            (3, 1, 2),
            (3, 2, 2),
        ]
    ).T
    matrix = kappas(Ratings.of(unit, rater, value).tables_of_pairs())
    for one, other in ((0, 1), (0, 2), (1, 2)):
        figure = found["category_kappa", "tone", f"A{one + 1} A{other + 1}", ""]
        assert figure.value == pytest.approx(matrix[one][other].value, abs=1e-12)
        assert (figure.documents, figure.n) == (matrix[one][other].units, matrix[one][other].values)
    assert found["category_alpha", "tone", "all", ""].note == "nominal"


def test_who_chose_nothing_is_missing_for_one_choice_and_says_the_empty_set_for_several():
    found = _measure(_of("tone", ("calm", ""), ("sad", "sad")), TONE)
    assert found["category_alpha", "tone", "all", ""].documents == 1
    several = _measure(_of("topics", ("war", ""), ("", ""), (["war", "aid"], ["aid", "war"])), TOPICS)
    sets = np.array([[False, False], [True, False], [True, True]])
    counts = np.array([[1, 1, 0], [2, 0, 0], [0, 0, 2]])
    figure = several["category_alpha", "topics", "all", ""]
    assert figure.value == pytest.approx(of_counts.alpha(counts, masi(sets)).value, abs=1e-12)
    assert (figure.documents, figure.n, figure.note) == (3, 6, "MASI distance")
    assert several["category_percent", "topics", "all", ""].value == pytest.approx(2 / 3)
    pair = several["category_alpha", "topics", "A1 A2", ""]
    assert pair.value == pytest.approx(figure.value, abs=1e-12)


def test_each_of_several_choices_has_the_alpha_of_chosen_or_not():
    found = _measure(_of("topics", ("war", ""), ("", ""), (["war", "aid"], ["aid", "war"])), TOPICS)
    chosen = {"war": [[1, 1], [0, 2], [2, 0]], "aid": [[0, 2], [0, 2], [2, 0]]}
    for name, counts in chosen.items():
        figure = found["category_value_alpha", f"topics={name}", "all", ""]
        assert figure.value == pytest.approx(of_counts.alpha(np.array(counts)).value, abs=1e-12)
    law = found["category_value_alpha", "topics=law", "all", ""]
    assert law.value is None
    assert "every document or of none" in law.note


def test_a_rating_is_ordinal_and_a_number_is_interval():
    columns = [(1, 2), (5, 5), (3, 3), (2, 4)]
    counts = np.array([[1, 1, 0, 0, 0], [0, 0, 0, 0, 2], [0, 0, 2, 0, 0], [0, 1, 0, 1, 0]])
    numbers = np.arange(1.0, 6.0)
    stars = _measure(_of("stars", *columns), STARS)
    assert stars["category_alpha", "stars", "all", ""].value == pytest.approx(of_counts.ordinal_alpha(counts).value)
    expected = of_counts.ac2(counts, interval(numbers)).value
    assert stars["category_ac2", "stars", "all", ""].value == pytest.approx(expected)
    assert stars["category_kappa", "stars", "A1 A2", ""].note == "quadratic weights"
    dead = _measure(_of("dead", *columns), DEAD)
    expected = of_counts.interval_alpha(counts, numbers).value
    for people in ("all", "A1 A2"):
        figure = dead["category_alpha", "dead", people, ""]
        assert figure.value == pytest.approx(expected, abs=1e-12)
        assert figure.note == "interval"


def test_the_newest_revision_and_each_persons_latest_annotation_count():
    works = [
        Read("d0", "A1", {"tone": "calm"}, number=1),
        Read("d0", "A1", {"tone": "sad"}, number=0),
        Read("d0", "A2", {"tone": "calm"}),
        Read("d1", "A1", {"tone": "sad"}),
        Read("d1", "A2", {"tone": "sad"}),
        Read("d2", "A1", {"tone": "sad"}, revision=2),
        Read("d2", "A2", {"tone": "calm"}),
    ]
    figure = _measure(works, TONE)["category_alpha", "tone", "all", ""]
    assert (figure.value, figure.documents) == (1.0, 2)


def test_several_values_where_one_is_to_be_chosen_are_left_out_and_told():
    works = _of("tone", (["calm", "sad"], "calm"), ("calm", "calm"), ("sad", "sad"))
    figure = _measure(works, TONE)["category_alpha", "tone", "all", ""]
    assert (figure.value, figure.documents) == (1.0, 2)
    assert "1 readers' answers left out" in figure.note


def test_a_value_that_the_schema_does_not_list_is_measured_too():
    found = _measure(_of("tone", ("calm", "calm"), ("grim", "grim")), TONE)
    assert found["category_value_alpha", "tone=grim", "all", ""].value == 1.0


def test_a_rare_value_is_warned_of_where_alpha_and_ac1_part():
    rare = [("calm", "calm")] * 18 + [("calm", "sad"), ("sad", "calm")]
    found = _measure(_of("tone", *rare), TONE)
    alpha, ac1 = (found[name, "tone", "all", ""] for name in ("category_alpha", "category_ac1"))
    assert alpha.value < 0
    assert ac1.value > 0.8
    assert "prevalence: alpha is -0.03 and AC1 0.90" in alpha.note
    assert "prevalence" in ac1.note
    even = _measure(_of("tone", *[("calm", "calm"), ("sad", "sad"), ("angry", "angry")] * 3), TONE)
    assert "prevalence" not in even["category_alpha", "tone", "all", ""].note


def test_sources_and_weeks_have_figures_of_their_own_without_pairs():
    works = [
        *(Read("d0", name, {"tone": "calm"}) for name in ("A1", "A2")),
        *(Read("d1", name, {"tone": "sad"}, day=6) for name in ("A1", "A2")),
        Read("d2", "A1", {"tone": "sad"}, day=6),
        Read("d2", "A2", {"tone": "calm"}, day=7),
        *(Read("d3", name, {"tone": "calm"}, day=8) for name in ("A1", "A2")),
    ]
    ids, files = ["d0", "d2", "d1", "x"], ["a", "b", "a", "c"]
    nothing = pa.nulls(4, pa.string())
    documents = pa.table({"doc_id": ids, "publisher": nothing, "url": nothing, "source": files})
    found = _measure(works, TONE, documents=documents)
    values = {
        within: (one.scope, one.documents) for (name, _, _, within), one in found.items() if name == "category_alpha"
    }
    assert values == {
        "": ("all", 4),
        "a": ("source", 2),
        "b": ("source", 1),
        "2024-W18": ("week", 2),
        "2024-W19": ("week", 2),
    }
    assert found["category_alpha", "tone", "all", "2024-W18"].value == 1.0
    one = found["category_alpha", "tone", "all", "b"]
    assert (one.value, one.low, one.high) == (0.0, None, None)
    assert not any(within and (people != "all" or "value" in name) for name, _, people, within in found)


def test_what_is_not_defined_is_none_with_the_reason():
    nobody = _measure([], TONE, TOPICS, STARS, DEAD, DAY)
    assert {one.value for one in nobody.values()} == {None}
    assert all(NOTHING_PAIRED in one.note for one in nobody.values())
    alone = _measure(_of("tone", ("calm",), ("sad",)), TONE)
    assert all(one.value is None and NOTHING_PAIRED in one.note for one in alone.values())
    same = _measure(_of("tone", ("calm", "calm"), ("calm", "calm")), TONE)
    assert same["category_alpha", "tone", "all", ""].value is None
    assert ALL_THE_SAME in same["category_alpha", "tone", "all", ""].note
    assert same["category_percent", "tone", "all", ""].value == 1.0
    silent = _measure(_of("tone", ("calm", "calm", ""), ("sad", "calm", "")), TONE)
    assert NOTHING_SHARED in silent["category_kappa", "tone", "A1 A3", ""].note


def test_too_many_distinct_values_are_not_measured_and_that_is_said():
    works = _of("day", *[(f"2024-{number:04}", f"2024-{number:04}") for number in range(1_001)])
    found = _measure(works, DAY)
    assert all(one.value is None and one.note.startswith("more than 1000 distinct values") for one in found.values())


def test_tables_without_rows_give_rows_that_say_so():
    figures = measure_categories(
        reads=empty("reads"), categories=empty("categories"), documents=empty("documents"), asked=[TONE]
    )
    assert {one.value for one in figures} == {None}
    assert {one.measure for one in figures} >= {"category_alpha", "category_percent", "category_fleiss", "category_ac1"}


def test_the_order_of_rows_changes_nothing_and_the_figures_fit_the_table(drawing):
    works = [
        *_of("tone", ("calm", "calm", "sad"), ("angry", "sad", None), ("sad", "sad", "sad"), ("calm", "", "calm")),
        *(
            Read(f"e{doc}", f"A{person}", {"topics": topics, "stars": doc + person, "dead": 3.5 * person})
            for doc in range(4)
            for person, topics in enumerate((["war"], ["war", "aid"], []))
        ),
    ]
    tables = _tables(works)
    order = random.Random(3)
    mixed = {name: drawing.shuffled(table, order) for name, table in tables.items()}
    one, other = (
        table_of(
            measure_categories(**rows, documents=empty("documents"), asked=[TONE, TOPICS, STARS, DEAD], resamples=40)
        )
        for rows in (tables, mixed)
    )
    assert one == other
    assert one.schema == TABLES["agreement"]
    values = [*one["value"].to_pylist(), *one["low"].to_pylist(), *one["high"].to_pylist()]
    assert not any(value is not None and np.isnan(value) for value in values)
