"""The guidelines of every shipped schema: their examples obey the schema, cover it, and are what the reader of labels takes in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from copydesk.flow.schemas import faults
from copydesk.model.document import text_sha256
from copydesk.model.guidelines import Example, Mark, examples, unshown
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import from_rows
from copydesk.studio.codec import category_items, read_labels, region_id, shown_text, to_result
from copydesk.studio.interface import instructions
from copydesk.suggestions import Rules, Setup, read_names
from copydesk.workspace import Workspace

ROOT = Path(__file__).parents[2]
WORKSPACE = Workspace.open(ROOT)
NAMES = sorted(folder.name for folder in (ROOT / "schemas").iterdir())
SCHEMAS = {name: WORKSPACE.schema(name) for name in NAMES}
each_schema = pytest.mark.parametrize("schema", SCHEMAS.values(), ids=NAMES)
each_example = pytest.mark.parametrize(
    ("schema", "example"),
    [
        pytest.param(schema, one, id=f"{name}-{one.line}")
        for name, schema in SCHEMAS.items()
        for one in examples(schema.guidelines)
    ],
)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wrong_in_a_shipped_schemas_folder(name: str) -> None:
    assert list(faults(ROOT / "schemas" / name)) == []


@each_schema
def test_every_label_has_an_example_and_one_of_what_it_is_not(schema: LabelSchema) -> None:
    assert unshown(schema.guidelines, schema) == []
    marks = [mark for one in examples(schema.guidelines) for mark in one.marks]
    assert set(schema.label_names) - {mark.label for mark in marks if mark.negative} == set()


@each_schema
def test_every_relation_has_an_example(schema: LabelSchema) -> None:
    marks = [mark for one in examples(schema.guidelines) for mark in one.marks]
    assert set(schema.relation_names) - {name for mark in marks for name, _ in mark.relations} == set()


@each_schema
def test_no_bracket_of_the_guidelines_is_without_a_label(schema: LabelSchema) -> None:
    assert "[" not in "".join(one.text for one in examples(schema.guidelines))
    assert instructions(schema).partition("</style>")[2].count("[") == 0


@each_example
def test_an_example_is_read_from_label_studio_as_it_is_written(schema: LabelSchema, example: Example) -> None:
    marks = [mark for mark in example.marks if not mark.negative]
    ids = {mark.mark: region_id(mark.start, mark.end, mark.label) for mark in marks if mark.mark}
    relations = [
        {"head_span_id": region_id(mark.start, mark.end, mark.label), "tail_span_id": ids[tail], "label": name}
        for mark in marks
        for name, tail in mark.relations
    ]
    said = [value for one in example.said for value in one.values]
    result = to_result([_span(example, mark) for mark in marks], relations, schema) + category_items(said, schema)
    outcome = read_labels(_annotation(example.text, result), documents=_documents([example]), schema=schema)
    assert outcome.rejected.to_pylist() == []
    assert outcome.kept["spans"]["surface"].to_pylist() == [
        example.surface(mark) for mark in sorted(marks, key=lambda mark: (mark.start, mark.end))
    ]
    assert outcome.kept["relations"].num_rows == len(relations)
    assert outcome.kept["categories"].num_rows == len(said)


@each_schema
def test_the_rules_suggest_nothing_that_an_example_says_not_to_mark(schema: LabelSchema) -> None:
    shown = examples(schema.guidelines)
    tasks = pa.Table.from_pylist(
        [
            {"doc_id": f"{number:04}", "revision": 1, "text_sha256": "", "title": None, "text": one.text}
            for number, one in enumerate(shown)
        ]
    )
    text, place = WORKSPACE.names(schema.name)
    rules = Rules(Setup(schema, WORKSPACE.state, read_names(text, place=place, schema=schema)))
    found = rules.suggest(tasks, zones=from_rows("zones", [])).spans
    suggested = {(row["doc_id"], row["start"], row["end"], row["label"]) for row in found.to_pylist()}
    wrong = [
        (one.line, one.surface(mark))
        for number, one in enumerate(shown)
        for mark in one.marks
        if mark.negative and (f"{number:04}", mark.start, mark.end, mark.label) in suggested
    ]
    assert wrong == []


def _span(example: Example, mark: Mark) -> dict[str, Any]:
    attributes = [{"name": name, "value": value} for name, value in mark.attributes]
    return {
        "start": mark.start,
        "end": mark.end,
        "surface": example.surface(mark),
        "label": mark.label,
        "attributes": attributes,
    }


def _documents(shown: list[Example]) -> pa.Table:
    return pa.Table.from_pylist(
        [{"doc_id": "a", "revision": 1, "text_sha256": text_sha256(one.text), "text": one.text} for one in shown]
    )


def _annotation(text: str, result: list[Mapping[str, Any]]) -> pa.Table:
    return from_rows(
        "annotations",
        [
            {
                "annotation_id": "1-1-1",
                "project": "1-2026-01-01T11:59:00Z",
                "project_id": 1,
                "task_id": 1,
                "task_created_at": "2026-01-01T12:00:00Z",
                "doc_id": "a",
                "revision": 1,
                "text_sha256": text_sha256(text),
                "shown_sha256": text_sha256(shown_text(text)),
                "annotator": "A1",
                "created_at": None,
                "updated_at": None,
                "lead_time": None,
                "cancelled": False,
                "ground_truth": False,
                "state": "live",
                "content_sha256": "0",
                "result": json.dumps(result),
            }
        ],
    )
