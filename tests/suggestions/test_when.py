"""The values of dates: what is written is reckoned from the day of publication, and what is not certain has none."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.model.schema import LabelSchema
from copydesk.model.tables import DOCUMENTS, from_rows
from copydesk.suggestions import resolve, suggested_times, times

ROOT = Path(__file__).parents[2]
CASES: dict[str, Any] = tomllib.loads((ROOT / "tests/cases/suggestions/when.toml").read_text(encoding="utf-8"))
DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 1, 1))
NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def schema() -> LabelSchema:
    text = (ROOT / "schemas" / "news-entities" / "schema.toml").read_text(encoding="utf-8")
    return LabelSchema.read(tomllib.loads(text), place="schema.toml")


@pytest.mark.parametrize(("surface", "value"), CASES["values"].items())
def test_a_date_has_the_value_that_its_article_gives_it(surface: str, value: str) -> None:
    found = resolve(surface, published=CASES["published"])
    assert (found.value if found else "") == value


@pytest.mark.parametrize("case", CASES["ahead"], ids=lambda case: case["before"] + case["surface"])
def test_what_lies_ahead_is_left_to_a_person_and_the_sentence_before_says_nothing(case: dict[str, str]) -> None:
    found = resolve(case["surface"], published=CASES["published"], before=case["before"])
    assert (found.value if found else "") == case["value"]


def test_without_a_day_of_publication_only_what_says_all_has_a_value() -> None:
    known = {surface for surface in CASES["values"] if resolve(surface, published=None)}
    assert {"2014", "3 May 2016", "September 2016", "two weeks"} <= known
    assert not {"Friday", "November 3", "September", "last week", "a week ago", "today"} & known


@given(DAYS, st.sampled_from(NAMES))
@settings(deadline=None, max_examples=100)
def test_a_weekday_is_that_day_within_the_week_up_to_publication(published: date, name: str) -> None:
    found = resolve(name, published=published)
    assert found is not None
    day = date.fromisoformat(found.value)
    assert day.weekday() == NAMES.index(name)
    assert 0 <= (published - day).days < 7
    for which, least, most in (("last", 1, 7), ("next", -7, -1)):
        other = resolve(f"{which} {name}", published=published)
        assert other is not None
        assert least <= (published - date.fromisoformat(other.value)).days <= most


@given(st.text(alphabet=st.sampled_from("Friday last 3May0129,-twodaysg\u00a0"), max_size=20), DAYS)
@settings(deadline=None, max_examples=200)
def test_every_value_is_one_that_the_schema_allows(surface: str, published: date) -> None:
    (timex,) = [one for one in schema().attributes if one.kind == "timex"]
    found = resolve(surface, published=published)
    from copydesk.model.values import check

    assert found is None or not check(timex, found.value)[1]


@pytest.fixture
def documents() -> Callable[..., pa.Table]:
    def made(text: str, published: datetime | None) -> pa.Table:
        row = dict.fromkeys(DOCUMENTS.names) | {"doc_id": "a", "revision": 1, "text": text, "published_at": published}
        fixed = {"text_sha256": "0", "source": "s", "raw_sha256": "0", "recipe": "r"}
        return from_rows("documents", [row | fixed])

    return made


def span(text: str, surface: str, **attributes: str) -> dict[str, Any]:
    start = text.index(surface)
    return {
        **{"doc_id": "a", "revision": 1, "text_sha256": "0", "label": "DATE", "votes": 1, "readers": 1},
        **{"annotators": ["A1"], "annotation_ids": ["x"], "decided": "single", "span_id": f"s{start}"},
        **{"posterior": None, "method": "vote"},
        **{"start": start, "end": start + len(surface), "surface": surface},
        "attributes": [{"name": name, "value": value} for name, value in attributes.items()],
    }


def test_a_date_is_told_with_what_its_value_rests_on(documents: Callable[..., pa.Table]) -> None:
    text = "On Friday in 2014, on Saturday, last summer and on Sunday."
    spans = [
        span(text, "Friday"),
        span(text, "2014", timex="2014"),
        span(text, "Saturday", timex="2017-11-04"),
        span(text, "last summer"),
        span(text, "Sunday") | {"label": "PERSON"},
    ]
    published = datetime(2017, 11, 3, 23, 0, tzinfo=UTC)
    found = times(from_rows("agreed_spans", spans), documents=documents(text, published), schema=schema()).to_pylist()
    assert [(row["surface"], row["value"], row["at"], row["given"], row["evidence"]) for row in found] == [
        (
            "Friday",
            "2017-11-03",
            datetime(2017, 11, 3, tzinfo=UTC),
            "rule",
            "rule weekday: reckoned from the day of publication, Friday 2017-11-03",
        ),
        ("2014", "2014", None, "annotators", "said by the annotators, and rule year gives the same: as it is written"),
        (
            "Saturday",
            "2017-11-04",
            datetime(2017, 11, 4, tzinfo=UTC),
            "annotators",
            "said by the annotators; rule weekday would give 2017-10-28, reckoned from the day of publication, Friday 2017-11-03",
        ),
    ]
    assert {row["published_at"] for row in found} == {published}


def test_a_suggested_date_is_sent_with_its_value(documents: Callable[..., pa.Table]) -> None:
    text = "On Friday in 2014."
    rows = [
        {
            "doc_id": "a",
            "start": 3,
            "end": 9,
            "surface": "Friday",
            "label": "DATE",
            "rule": "date/weekday",
            "score": 0.9,
            "by": [],
        },
        {
            "doc_id": "b",
            "start": 3,
            "end": 9,
            "surface": "Friday",
            "label": "DATE",
            "rule": "date/weekday",
            "score": 0.9,
            "by": [],
        },
    ]
    suggestions = from_rows("suggestions", rows)
    found = suggested_times(suggestions, documents=documents(text, datetime(2017, 11, 3, tzinfo=UTC)), schema=schema())
    assert found == {("a", 3, 9, "DATE"): [{"name": "timex", "value": "2017-11-03"}]}
    assert suggested_times(suggestions, documents=documents(text, None), schema=schema()) == {}
