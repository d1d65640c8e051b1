import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.agreement import Bounds, decide
from copydesk.model.tables import TABLES, empty, from_rows

FILE = tomllib.loads((Path(__file__).parents[1] / "cases/agreement/decide.toml").read_text())
TEXT = FILE["text"]


def _decide(drawing, marks, overlap="any"):
    works = [drawing.marked(TEXT, drawn, doc="doc-1", annotator=name) for name, drawn in marks.items()]
    return decide(**drawing.tables(works, texts={"doc-1": TEXT}), bounds=Bounds(overlap=overlap))


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
    marks = {name: case[name] for name in ("A1", "A2", "A3", "A4") if name in case}
    outcome = _decide(drawing, marks, case.get("overlap", "any"))
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


def _unread(text, *quotes, annotator):
    starts = [text.index(quote) for quote in quotes]
    return from_rows(
        "unread",
        [
            {
                "annotation_id": f"1-doc-1-{annotator}",
                "doc_id": "doc-1",
                "revision": 1,
                "annotator": annotator,
                "start": start,
                "end": start + len(quote),
            }
            for start, quote in zip(starts, quotes, strict=True)
        ],
    )


NEWS = "Troops took Qaim on Friday. Rebels fled to Mosul."


def _decided(drawing, unread, **marks):
    works = [drawing.marked(NEWS, drawn, doc="doc-1", annotator=name) for name, drawn in marks.items()]
    return decide(**drawing.tables(works, texts={"doc-1": NEWS}), unread=unread)


def test_who_has_not_read_a_place_neither_agrees_nor_disagrees_there(drawing):
    seen = {"A1": ["PLACE Qaim"], "A2": ["PLACE Qaim", "PLACE Mosul"]}
    assert [row["surface"] for row in _decided(drawing, None, **seen).kept["disputes"].to_pylist()] == ["Mosul"]
    outcome = _decided(drawing, _unread(NEWS, "Rebels fled to Mosul", annotator="A1"), **seen)
    assert _agreed(outcome) == ["PLACE Qaim, 2/2, unanimous", "PLACE Mosul, 1/1, single"]
    assert outcome.kept["disputes"].num_rows == outcome.rejected.num_rows == 0


def test_a_dispute_names_as_silent_only_who_has_read_the_place(drawing):
    seen = {"A1": [], "A2": ["PLACE Mosul"], "A3": []}
    outcome = _decided(drawing, _unread(NEWS, "Mosul", annotator="A1"), **seen)
    (dispute,) = outcome.kept["disputes"].to_pylist()
    assert dispute["readings"][1:] == ["nothing: A3"]
    assert dispute["detail"] == "1 of 2 readers drew it"


def test_who_drew_a_place_has_read_it_whatever_is_said_of_them(drawing):
    outcome = _decided(drawing, _unread(NEWS, "Mosul", annotator="A1"), A1=["PLACE Mosul"], A2=[])
    assert outcome.kept["disputes"].num_rows == 1


def test_who_has_not_read_an_end_has_not_read_the_relation(drawing):
    seen = {"A1": ["PLACE Qaim"], "A2": ["PLACE Qaim", "PLACE Mosul", "near: Qaim > Mosul"]}
    outcome = _decided(drawing, _unread(NEWS, "Mosul", annotator="A1"), **seen)
    assert _agreed(outcome)[-1] == "near Qaim > Mosul, 1/1, single"


def test_an_unread_place_of_an_annotation_that_does_not_count_changes_nothing(drawing):
    seen = {"A1": [], "A2": ["PLACE Mosul"]}
    unread = _unread(NEWS, "Mosul", annotator="A9")
    assert _decided(drawing, unread, **seen).kept["disputes"].num_rows == 1


WORDS = ("Troops", "Qaim", "Friday", "Rebels", "Mosul", "fled to Mosul")
DRAWN = st.lists(st.sampled_from([f"{label} {word}" for label in ("PLACE", "ORG") for word in WORDS]), unique=True)


@settings(deadline=None, max_examples=60)
@given(others=st.lists(DRAWN, min_size=1, max_size=4))
def test_who_has_read_nothing_of_the_newest_text_changes_nothing(drawing, others):
    people = {f"A{number}": drawn for number, drawn in enumerate(others, 2)}
    without = _decided(drawing, None, **people)
    blind = _decided(drawing, _unread(NEWS, NEWS, annotator="A1"), A1=[], **people)
    assert blind.kept == without.kept
    assert blind.rejected.equals(without.rejected)
