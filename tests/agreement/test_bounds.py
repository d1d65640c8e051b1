"""What no vote changes: gold that is kept beside the annotations, and what the schema says of overlaps."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from itertools import pairwise

import pyarrow as pa
import pytest

from copydesk.agreement import Bounds, Gold, Rule, decide
from copydesk.agreement.crowd.rule import HOLDS
from copydesk.model.tables import from_rows

TEXT = "Rebels left Qaim and fled to Mosul."
NESTED_TEXT = "The Qaim council met."
PEOPLE = ("A1", "A2", "A3")


def kept(*spans: tuple[str, str], text: str = TEXT) -> Gold:
    """Gold of the document ``d``: labels and the words that have them."""
    places = [(text.index(words), text.index(words) + len(words), words, label) for label, words in spans]
    document = {"doc_id": "d", "revision": 1, "text_sha256": hashlib.sha256(text.encode()).hexdigest()}
    about = {"origin": "given", "annotators": [], "added_at": datetime(2026, 1, 1, tzinfo=UTC)}
    rows = [document | about | {"retired_at": None, "asked_of": None}]
    names = ("start", "end", "surface", "label")
    labels = [{"doc_id": "d", **dict(zip(names, place, strict=True))} for place in places]
    return Gold(documents=from_rows("gold", rows), spans=from_rows("gold_spans", labels))


def decided(drawing, marks, gold, *, text=TEXT):
    works = [drawing.marked(text, drawn, doc="d", annotator=name) for name, drawn in marks.items()]
    return decide(**drawing.tables(works, texts={"d": text}), bounds=Bounds(gold))


def said(outcome):
    return [
        (row["label"], row["surface"], row["votes"], row["decided"], row["method"])
        for row in outcome.kept["agreed_spans"].to_pylist()
    ]


def test_kept_gold_is_agreed_against_all_votes_and_what_of_it_nobody_drew_is_told(drawing):
    marks = {"A1": ["ORG Qaim"], "A2": ["ORG Qaim"], "A3": ["PLACE Qaim"]}
    outcome = decided(drawing, marks, kept(("PLACE", "Qaim"), ("PLACE", "Mosul")))
    assert said(outcome) == [("PLACE", "Qaim", 1, "gold", "gold")]
    assert outcome.kept["agreed_spans"]["posterior"].to_pylist() == [1.0]
    assert outcome.notes[-1] == "gold: 1 spans are not agreed since nobody draws them, the first PLACE 'Mosul' of d"
    assert outcome.kept["disputes"].num_rows == 0
    assert [row["reason"] for row in outcome.rejected.to_pylist()] == ["outvoted"] * 2
    assert "ground truth" in outcome.rejected["detail"][0].as_py()


def test_gold_of_an_older_text_decides_nothing(drawing):
    gold = kept(("PLACE", "Qaim"), text=TEXT + " Again.")
    outcome = decided(drawing, {"A1": ["ORG Qaim"], "A2": ["ORG Qaim"]}, gold)
    assert said(outcome) == [("ORG", "Qaim", 2, "unanimous", "vote")]


def test_kept_gold_stands_above_an_annotation_that_is_marked_as_the_truth(drawing):
    tables = kept(("PLACE", "Qaim"))
    gold = Gold(["1-d-A1"], tables.documents, tables.spans)
    outcome = decided(drawing, {"A1": ["ORG Qaim"], "A2": ["PLACE Qaim"], "A3": ["ORG Qaim"]}, gold)
    assert said(outcome) == [("PLACE", "Qaim", 1, "gold", "gold")]


def test_a_relation_to_a_span_that_gold_does_not_have_is_dropped_and_says_so(drawing):
    drawn = ["PLACE Qaim", "PLACE Mosul", "near: Qaim > Mosul"]
    outcome = decided(drawing, {"A1": drawn, "A2": drawn}, kept(("PLACE", "Qaim")))
    assert outcome.kept["agreed_relations"].num_rows == outcome.kept["disputes"].num_rows == 0
    rows = [row for row in outcome.rejected.to_pylist() if row["item"].startswith("relation")]
    assert [row["detail"] for row in rows] == ["its head or its tail is not among the agreed spans"] * 2


@pytest.fixture(scope="module")
def nested(drawing):
    """Sixty documents in which all of three people drew the inner span, and two of them the outer one as well."""
    texts = {f"d{number}": NESTED_TEXT for number in range(60)}
    inner, outer = ["PLACE Qaim"], ["PLACE Qaim", "ORG Qaim council"]
    works = [
        drawing.marked(NESTED_TEXT, inner if name == "A3" else outer, doc=doc, annotator=name)
        for doc in texts
        for name in PEOPLE
    ]
    return drawing.tables(works, texts=texts)


def _of_model(outcome):
    table = outcome.kept["agreed_spans"]
    return table.filter(pa.array([method == "span_ds" for method in table["method"].to_pylist()]))


@pytest.mark.parametrize("overlap", ["any", "nested"])
def test_a_model_keeps_all_that_it_holds_where_nesting_is_allowed(nested, overlap):
    rows = _of_model(decide(**nested, bounds=Bounds(overlap=overlap)))
    assert rows.num_rows == 120
    assert min(rows["posterior"].to_pylist()) >= HOLDS


def test_where_no_overlap_is_allowed_a_model_keeps_the_likeliest_and_reports_the_rest(nested):
    outcome = decide(**nested, bounds=Bounds(overlap="none"))
    rows = _of_model(outcome).to_pylist()
    assert {row["surface"] for row in rows} == {"Qaim"}
    assert len(rows) == 60
    assert outcome.kept["disputes"].num_rows == 0
    lost = outcome.rejected.to_pylist()
    assert len(lost) == 120
    assert {row["reason"] for row in lost} == {"outvoted"}
    assert all("lets no two spans overlap" in row["detail"] for row in lost)
    assert outcome.kept_rows + len(lost) == nested["spans"].num_rows


@pytest.mark.parametrize("method", ["vote", "unanimous", "span_ds", "bsc_seq"])
def test_no_two_agreed_spans_overlap_where_the_schema_forbids_it(drawing, nested, method):
    documents = drawing.documents({f"d{number}": NESTED_TEXT for number in range(60)})
    outcome = decide(**nested, rule=Rule(method), documents=documents, bounds=Bounds(overlap="none"))
    rows = outcome.kept["agreed_spans"].to_pylist()
    for one, other in pairwise(rows):
        assert one["doc_id"] != other["doc_id"] or one["end"] <= other["start"]
