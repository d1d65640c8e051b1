import json
import tomllib
from pathlib import Path

import pytest

from copydesk.agreement import decide
from copydesk.model.tables import TABLES, empty

FILE = tomllib.loads((Path(__file__).parents[1] / "cases/agreement/decide.toml").read_text())
TEXT = FILE["text"]


def _decide(drawing, marks):
    works = [drawing.marked(TEXT, drawn, doc="doc-1", annotator=name) for name, drawn in marks.items()]
    return decide(**drawing.tables(works, texts={"doc-1": TEXT}))


def _said(row):
    extra = ", ".join(f"{one['name']}={one['value']}" for one in row.get("attributes", []))
    return f"{row['votes']}/{row['readers']}, {row['decided']}" + (f" | {extra}" if extra else "")


def _agreed(outcome):
    spans = outcome.kept["agreed_spans"].to_pylist()
    surface = {row["span_id"]: row["surface"] for row in spans}
    return [f"{row['label']} {row['surface']}, {_said(row)}" for row in spans] + [
        f"{row['label']} {surface[row['head_span_id']]} > {surface[row['tail_span_id']]}, {_said(row)}"
        for row in outcome.kept["agreed_relations"].to_pylist()
    ]


def _outvoted(outcome):
    rows = [json.loads(row["row"]) for row in outcome.rejected.to_pylist() if row["reason"] == "outvoted"]
    return [" ".join(filter(None, (row["label"], row.get("surface")))) + f": {row['annotator']}" for row in rows]


@pytest.mark.parametrize("case", FILE["case"], ids=lambda case: case["rule"])
def test_the_rule_of_the_case(drawing, case):
    outcome = _decide(drawing, {name: case[name] for name in ("A1", "A2", "A3", "A4") if name in case})
    assert sorted(_agreed(outcome)) == sorted(case.get("agreed", []))
    assert _outvoted(outcome) == case.get("outvoted", [])
    disputes = outcome.kept["disputes"].to_pylist()
    assert len(disputes) == len(case.get("disputes", []))
    for dispute, expected in zip(disputes, case.get("disputes", []), strict=True):
        assert {key: dispute[key] for key in expected} == expected
        if dispute["kind"] != "relation":
            assert dispute["surface"] == TEXT[dispute["start"] : dispute["end"]]


def test_an_agreed_label_names_who_drew_it_and_in_which_annotations(drawing):
    outcome = _decide(drawing, {"A2": ["PLACE Qaim"], "A3": [], "A1": ["PLACE Qaim"]})
    (row,) = outcome.kept["agreed_spans"].to_pylist()
    assert row["annotators"] == ["A1", "A2"]
    assert row["annotation_ids"] == ["1-doc-1-A1", "1-doc-1-A2"]
    assert (row["start"], row["end"], row["surface"], row["revision"]) == (0, 4, "Qaim", 1)
    assert row["span_id"].startswith("span-")
    assert len(row["span_id"]) == len("span-") + 16


def test_tables_have_their_declared_columns_even_when_empty():
    outcome = decide(reads=empty("reads"), spans=empty("spans"), relations=empty("relations"))
    assert {name: table.schema for name, table in outcome.kept.items()} == {
        name: TABLES[name] for name in ("agreed_spans", "agreed_relations", "disputes")
    }
    assert outcome.rejected.schema == TABLES["rejected"]
    assert (outcome.kept_rows, outcome.rejected.num_rows) == (0, 0)


def _reasons(outcome):
    return [
        (row["item"].split()[0], json.loads(row["row"])["annotation_id"], row["reason"])
        for row in outcome.rejected.to_pylist()
    ]


def test_the_latest_of_several_annotations_by_one_person_counts_and_the_others_are_rejected(drawing):
    works = [
        drawing.Work("d", "A1", spans=[(0, 4, "PLACE"), (10, 15, "PLACE")], annotation_id="old", at=1),
        drawing.Work("d", "A1", spans=[(0, 4, "ORG")], annotation_id="new", at=2),
        drawing.Work("d", "A2", spans=[(0, 4, "ORG")], at=0),
    ]
    outcome = decide(**drawing.tables(works, texts={"d": TEXT}))
    assert _agreed(outcome) == ["ORG Qaim, 2/2, unanimous"]
    assert _reasons(outcome) == [("span", "old", "superseded")] * 2
    assert outcome.kept["disputes"].num_rows == 0


def test_only_the_newest_revision_that_was_read_is_decided(drawing):
    works = [
        drawing.Work("d", "A1", spans=[(0, 4, "PLACE")], annotation_id="first"),
        drawing.Work("d", "A2", spans=[(0, 4, "PLACE")], annotation_id="second", revision=2),
    ]
    outcome = decide(**drawing.tables(works, texts={"d": TEXT}))
    assert _agreed(outcome) == ["PLACE Qaim, 1/1, single"]
    assert outcome.kept["agreed_spans"]["revision"].to_pylist() == [2]
    assert _reasons(outcome) == [("span", "first", "older-revision")]


def test_labels_of_an_annotation_that_nobody_read_do_not_count(drawing):
    works = [drawing.Work("d", "A1", spans=[(0, 4, "PLACE"), (10, 15, "PLACE")], relations=[(0, 1, "located_in")])]
    tables = drawing.tables(works, texts={"d": TEXT})
    outcome = decide(reads=empty("reads"), spans=tables["spans"], relations=tables["relations"])
    assert [reason for *_, reason in _reasons(outcome)] == ["no-read"] * 3
    assert outcome.kept_rows == 0


@pytest.mark.parametrize("end", ["head_span_id", "tail_span_id"])
def test_a_relation_to_a_span_that_is_not_there_is_rejected_with_its_reason(drawing, end):
    works = [drawing.Work("d", "A1", spans=[(0, 4, "PLACE"), (10, 15, "PLACE")], relations=[(0, 1, "located_in")])]
    tables = drawing.tables(works, texts={"d": TEXT})
    at = tables["relations"].schema.get_field_index(end)
    tables["relations"] = tables["relations"].set_column(at, TABLES["relations"].field(end), [["elsewhere"]])
    outcome = decide(**tables)
    assert _reasons(outcome) == [("relation", "1-d-A1", "end-missing")]
    assert outcome.kept["agreed_relations"].num_rows == 0


def test_spans_of_two_people_with_the_same_id_are_told_apart(drawing):
    works = [
        drawing.Work("d", "A1", spans=[(0, 4, "PLACE"), (10, 15, "PLACE")], relations=[(0, 1, "located_in")]),
        drawing.Work("d", "A2", spans=[(10, 15, "PLACE"), (0, 4, "PLACE")], relations=[(1, 0, "located_in")]),
    ]
    tables = drawing.tables(works, texts={"d": TEXT})
    for name, columns in (("spans", ["span_id"]), ("relations", ["head_span_id", "tail_span_id"])):
        for column in columns:
            ids = [value.replace("A2", "A1") for value in tables[name][column].to_pylist()]
            at = tables[name].schema.get_field_index(column)
            tables[name] = tables[name].set_column(at, TABLES[name].field(column), [ids])
    assert "located_in Qaim > Iraqi, 2/2, unanimous" in _agreed(decide(**tables))
