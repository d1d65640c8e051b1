"""What holds of whole documents: by a model where there are labels enough, by votes elsewhere."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from copydesk.agreement import Rule
from copydesk.agreement.categories import decide_categories
from copydesk.agreement.crowd.rule import HOLDS
from copydesk.model.schema_parts import Attribute
from copydesk.model.tables import from_rows

KINDS = ("report", "opinion", "letter")
KIND = Attribute("kind", "", "choice", choices=tuple((one, "") for one in KINDS))
TOPICS = Attribute("topics", "", "choices", choices=(("war", ""), ("aid", ""), ("law", "")))
NOTE = Attribute("note", "", "text")
SKILLS = {"A1": 0.95, "A2": 0.9, "A3": 0.85, "A4": 0.35, "A5": 0.3}


def said_of(drawing, *works):
    """Documents and what was said of them: (document, annotator, category to values), and which annotation it is of that person."""
    reads, rows = [], []
    for doc, name, said, *again in works:
        number = again[0] if again else 0
        own = {"annotation_id": f"{doc}-{name}-{number}", "doc_id": doc, "revision": 1, "text_sha256": "x"}
        own["annotator"] = name
        at = drawing.START + timedelta(minutes=number)
        reads.append(own | {"created_at": at, "updated_at": at, "lead_time": None, "spans": 0, "relations": 0})
        rows += [
            own | {"name": category, "value": value, "number": None, "at": None, "made_on_revision": 1}
            for category, values in said.items()
            for value in values
        ]
    texts = dict.fromkeys(dict.fromkeys(doc for doc, *_ in works), "Qaim fell.")
    tables = {"reads": from_rows("reads", reads), "categories": from_rows("categories", rows)}
    return tables | {"documents": drawing.documents(texts)}


def found(outcome):
    rows = outcome.kept["agreed_categories"].to_pylist()
    return [(row["doc_id"], row["name"], row["value"], row["votes"], row["readers"], row["decided"]) for row in rows]


def newsroom(drawing, *, docs=120, several=False, people=SKILLS):
    """The true kind, or the true topics, of documents, and what people of known skill say of it."""
    draw = np.random.default_rng(3)
    truth, works = {}, []
    for number in range(docs):
        right = str(draw.choice(KINDS))
        truth[f"d{number:03}"] = right
        for name, skill in people.items():
            value = right if draw.random() < skill else str(draw.choice([one for one in KINDS if one != right]))
            works.append((f"d{number:03}", name, {"topics" if several else "kind": [value]}))
    return truth, said_of(drawing, *works)


def test_a_model_decides_a_choice_and_is_right_where_votes_are_wrong(drawing):
    truth, tables = newsroom(drawing)
    by_model = decide_categories(**tables, asked=[KIND]).kept["agreed_categories"].to_pylist()
    by_votes = decide_categories(**tables, asked=[KIND], rule=Rule("vote")).kept["agreed_categories"].to_pylist()
    assert {row["method"] for row in by_model} == {"class_ds"}
    assert {row["method"] for row in by_votes} == {"vote"}
    assert all(row["posterior"] >= HOLDS and row["votes"] > 1 for row in by_model)
    wrong, wrong_by_votes = (
        sum(truth[row["doc_id"]] != row["value"] for row in rows) / len(rows) for rows in (by_model, by_votes)
    )
    assert wrong < wrong_by_votes
    assert len(by_model) > len(by_votes)


def test_each_of_several_choices_is_decided_by_itself(drawing):
    _, tables = newsroom(drawing, several=True)
    topics = Attribute("topics", "", "choices", choices=KIND.choices)
    rows = decide_categories(**tables, asked=[topics]).kept["agreed_categories"].to_pylist()
    assert rows
    assert {row["method"] for row in rows} == {"class_ds"}


@pytest.mark.parametrize("people", [{"A1": 0.9, "A2": 0.9}, {"A1": 0.9, "A2": 0.9, "A3": 0.9}])
def test_with_two_readers_or_few_documents_votes_decide(drawing, people):
    _, tables = newsroom(drawing, docs=30 if len(people) == 2 else 19, people=people)
    by_model, by_votes = (decide_categories(**tables, asked=[KIND], rule=Rule(one)) for one in ("span_ds", "vote"))
    assert by_model.kept == by_votes.kept


def test_two_readers_agree_on_what_both_chose_and_the_rest_is_in_dispute(drawing):
    outcome = decide_categories(
        **said_of(drawing, ("d", "A1", {"topics": ["war", "aid"]}), ("d", "A2", {"topics": ["war"]})), asked=[TOPICS]
    )
    assert found(outcome) == [("d", "topics", "war", 2, 2, "unanimous")]
    (row,) = outcome.kept["disputes"].to_pylist()
    assert row["readings"] == ["aid: A1", "war: A1, A2"]
    assert row["detail"] == "topics of the document: not decided: aid (1 of 2 readers)"


def test_of_several_annotations_by_one_person_the_latest_counts_and_the_others_are_reported(drawing):
    outcome = decide_categories(
        **said_of(
            drawing,
            ("d", "A1", {"kind": ["report"]}, 1),
            ("d", "A1", {"kind": ["opinion"]}, 2),
            ("d", "A2", {"kind": ["opinion"]}),
        ),
        asked=[KIND],
    )
    assert found(outcome) == [("d", "kind", "opinion", 2, 2, "unanimous")]
    assert outcome.kept["agreed_categories"]["annotation_ids"].to_pylist() == [["d-A1-2", "d-A2-0"]]
    (row,) = outcome.rejected.to_pylist()
    assert (row["item"], row["reason"]) == ("category kind=report of A1", "superseded")
    assert outcome.kept_rows == 2


def test_the_rule_of_the_settings_holds_for_categories_too(drawing):
    three = [("d", name, {"kind": ["report" if name != "A3" else "letter"]}) for name in ("A1", "A2", "A3")]
    given = said_of(drawing, *three)
    assert found(decide_categories(**given, asked=[KIND]))
    unanimous = decide_categories(**given, asked=[KIND], rule=Rule("unanimous"))
    assert found(unanimous) == []
    assert unanimous.kept["disputes"]["readings"].to_pylist() == [["letter: A3", "report: A1, A2"]]
    assert found(decide_categories(**given, asked=[KIND], rule=Rule("vote", min_votes=3))) == []


def test_texts_are_decided_by_votes_however_many_there_are(drawing):
    works = [(f"d{doc}", name, {"note": ["see page 2"]}) for doc in range(40) for name in ("A1", "A2", "A3")]
    rows = decide_categories(**said_of(drawing, *works), asked=[NOTE]).kept["agreed_categories"]
    assert set(rows["method"].to_pylist()) == {"vote"}
