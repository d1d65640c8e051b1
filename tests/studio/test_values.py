"""What annotators say with each of Label Studio's controls, of a span or of a document, becomes typed rows or a rejection."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from copydesk.model.schema import Attribute, LabelSchema
from copydesk.model.tables import Outcome, from_rows
from copydesk.model.values import check, typed
from copydesk.studio.client import Studio
from copydesk.studio.codec import category_items, read_labels, to_result, written
from copydesk.studio.interface import check_config, to_config
from copydesk.studio.values import units_of

CHOICES = [{"name": "Conflict/Siege"}, {"name": "Conflict/Clash"}, {"name": "Politics"}]
SAID = [
    {"name": "size", "definition": "How large.", "kind": "number"},
    {"name": "day", "definition": "Which day.", "kind": "date"},
    {"name": "hour", "definition": "Which hour.", "kind": "datetime"},
    {"name": "stars", "definition": "How good.", "kind": "rating"},
    {"name": "topic", "definition": "About what.", "kind": "taxonomy", "choices": CHOICES},
    {"name": "tags", "definition": "Which of these.", "kind": "choices", "choices": [{"name": "a"}, {"name": "b"}]},
    {"name": "remark", "definition": "Anything.", "kind": "text"},
]
GOOD: dict[str, tuple[str, ...]] = {
    "size": ("-3.5",),
    "day": ("2017-11-03",),
    "hour": ("2017-11-03T18:30",),
    "stars": ("4",),
    "topic": ("Conflict", "Conflict/Siege"),
    "tags": ("a", "b"),
    "remark": ("one", "two"),
}
TEXT = "Deir el-Zour fell on Friday."


@pytest.fixture(scope="module")
def rich() -> LabelSchema:
    """A schema with two groups of labels, and every kind of value of spans and of documents."""
    labels = [
        {"name": "PLACE", "definition": "A place.", "hotkey": "1", "colour": "#4363d8"},
        {"name": "FALL", "group": "trigger", "definition": "It falls.", "hotkey": "2", "colour": "#e6194b"},
    ]
    of_documents = [{**one, "name": f"doc_{one['name']}"} for one in SAID]
    data = {"name": "rich", "version": "1", "title": "Rich", "labels": labels, "attributes": SAID}
    return LabelSchema.read({**data, "categories": of_documents}, place="rich")


@pytest.fixture
def read(rich: LabelSchema, documents_of: Callable[..., pa.Table]) -> Callable[[list[dict[str, Any]]], Outcome]:
    """Read one annotation of one document with this result."""
    documents = documents_of({"d": TEXT})
    sha = documents["text_sha256"][0].as_py()
    when = datetime(2017, 11, 4, tzinfo=UTC)

    def reading(result: list[dict[str, Any]]) -> Outcome:
        row = {
            "annotation_id": "p-1-1",
            "project": "p",
            "project_id": 1,
            "task_id": 1,
            "task_created_at": "2017",
            "doc_id": "d",
            "revision": 1,
            "text_sha256": sha,
            "shown_sha256": sha,
            "annotator": "A1",
            "created_at": when,
            "updated_at": when,
            "lead_time": 1.0,
            "cancelled": False,
            "ground_truth": False,
            "state": "live",
            "content_sha256": "0" * 64,
            "result": json.dumps(result),
        }
        return read_labels(from_rows("annotations", [row]), documents=documents, schema=rich)

    return reading


def span(label: str, start: int, end: int, **said: tuple[str, ...]) -> dict[str, Any]:
    values = [{"name": name, "value": value} for name, listed in said.items() for value in listed]
    return {"start": start, "end": end, "surface": TEXT[start:end], "label": label, "attributes": values}


def test_a_value_of_every_kind_comes_back_from_the_result_that_it_is_written_as(
    rich: LabelSchema, read: Callable[[list[dict[str, Any]]], Outcome]
) -> None:
    spans = [span("PLACE", 0, 12, **GOOD), span("FALL", 13, 17)]
    of_document = [(f"doc_{name}", value) for name, listed in GOOD.items() for value in listed]
    outcome = read(to_result(spans, (), rich) + category_items(of_document, rich))
    assert outcome.rejected.num_rows == 0
    found = outcome.kept["spans"].to_pylist()
    assert [(row["label"], row["surface"]) for row in found] == [("PLACE", "Deir el-Zour"), ("FALL", "fell")]
    pairs = sorted((name, value) for name, listed in GOOD.items() for value in listed)
    assert [(one["name"], one["value"]) for one in found[0]["attributes"]] == pairs
    rows = outcome.kept["categories"].to_pylist()
    assert [(row["name"], row["value"]) for row in rows] == sorted(of_document)
    numbers = {row["name"]: row["number"] for row in rows if row["number"] is not None}
    assert numbers == {"doc_size": -3.5, "doc_stars": 4.0}
    instants = {row["name"]: row["at"] for row in rows if row["at"] is not None}
    assert instants == {
        "doc_day": datetime(2017, 11, 3, tzinfo=UTC),
        "doc_hour": datetime(2017, 11, 3, 18, 30, tzinfo=UTC),
    }
    assert outcome.kept_rows == 1 + 2 + len(pairs) + len(of_document)


BAD: list[tuple[str, Mapping[str, Any], str]] = [
    ("doc_size", {"type": "number", "value": {"number": "3"}}, "'3' is no number"),
    ("doc_size", {"type": "number", "value": {"number": True}}, "True is no number"),
    ("doc_day", {"type": "datetime", "value": {"datetime": "3.11.2017"}}, "is no date such as 2017-11-03"),
    ("doc_day", {"type": "datetime", "value": {"datetime": "2017-02-30"}}, "is no date such as 2017-11-03"),
    ("doc_hour", {"type": "datetime", "value": {"datetime": "18:30"}}, "is no datetime such as 2017-11-03T18:30"),
    ("doc_topic", {"type": "taxonomy", "value": {"taxonomy": [["Conflict", "Peace"]]}}, "unknown choice"),
    ("doc_tags", {"type": "choices", "value": {"choices": ["c"]}}, "unknown choice 'c'"),
]


@pytest.mark.parametrize(("name", "item", "fault"), BAD)
def test_what_is_no_value_of_its_kind_is_rejected_with_the_reason_and_kept_raw(
    read: Callable[[list[dict[str, Any]]], Outcome], name: str, item: Mapping[str, Any], fault: str
) -> None:
    outcome = read([{"id": "x", "from_name": name, "to_name": "text", **item}])
    (row,) = outcome.rejected.to_pylist()
    assert (row["reason"], fault in row["detail"]) == ("category-value", True)
    assert json.loads(row["row"])["result"]["value"] == item["value"]
    assert outcome.kept["categories"].num_rows == 0


def test_a_result_of_another_type_than_its_control_is_rejected(
    read: Callable[[list[dict[str, Any]]], Outcome],
) -> None:
    outcome = read([{"id": "x", "from_name": "doc_day", "type": "choices", "value": {"choices": ["2017-11-03"]}}])
    assert outcome.rejected["reason"].to_pylist() == ["no-label"]


def test_of_two_values_where_one_may_be_given_the_first_counts(
    read: Callable[[list[dict[str, Any]]], Outcome],
) -> None:
    days = [
        {"id": str(number), "from_name": "doc_day", "type": "datetime", "value": {"datetime": f"2017-11-0{number}"}}
        for number in (3, 4)
    ]
    outcome = read(days)
    assert outcome.kept["categories"]["value"].to_pylist() == ["2017-11-03"]
    assert outcome.rejected["reason"].to_pylist() == ["category-twice"]


@pytest.mark.parametrize("kind", [one["kind"] for one in SAID])
def test_what_is_written_of_a_kind_is_read_as_the_same(rich: LabelSchema, kind: str) -> None:
    said: Attribute = next(one for one in rich.attributes if one.kind == kind)
    units = units_of(said, written(said, GOOD[said.name]))
    assert isinstance(units, list)
    assert [check(said, unit) for unit in units] == [(value, "") for value in GOOD[said.name]]
    assert any(typed(said, GOOD[said.name][0])) == (kind in {"number", "rating", "date", "datetime"})


def test_label_studio_takes_the_screen_with_every_kind_and_gives_back_what_was_said(
    studio: Studio,
    make_project: Callable[..., dict[str, Any]],
    rich: LabelSchema,
    read: Callable[[list[dict[str, Any]]], Outcome],
) -> None:
    config = to_config(rich)
    check_config(config)
    assert studio.post("api/projects/validate/", json={"label_config": config}) is None
    project = make_project("every kind", config)
    of_document = [(f"doc_{name}", value) for name, listed in GOOD.items() for value in listed]
    result = to_result([span("PLACE", 0, 12, **GOOD)], (), rich) + category_items(of_document, rich)
    task = studio.post("api/tasks/", json={"project": project["id"], "data": {"text": TEXT, "review_note": ""}})
    studio.post(f"api/tasks/{task['id']}/annotations/", json={"result": result, "ground_truth": False})
    found = studio.get(f"api/tasks/{task['id']}/annotations/")[0]["result"]
    outcome = read(found)
    assert outcome.rejected.num_rows == 0
    assert outcome.kept["categories"].num_rows == len(of_document)
