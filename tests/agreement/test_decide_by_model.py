"""Deciding by rule: votes, unanimity, models where there is enough to learn from, and gold."""

from __future__ import annotations

import random

import numpy as np
import pytest

from copydesk.agreement import Bounds, Gold, decide
from copydesk.agreement.crowd import Rule
from copydesk.agreement.crowd.rule import FAILS, HOLDS
from copydesk.errors import UsageError

WORDS = ["Qaim", "Mosul", "Tal", "Afar", "Raqqa", "Sinjar", "Erbil", "Kirkuk", "Tikrit", "Hit"]
PEOPLE = {"A1": 0.95, "A2": 0.9, "A3": 0.85, "A4": 0.8, "A5": 0.2}
PLACE, ORG = "PLACE", "ORG"


def newsroom(drawing, *, docs=30, people=PEOPLE, seed=1, relations=False):
    """Documents of ten names, of which each person marks the ones that they see, as PLACE or, in error, as ORG."""
    draw = np.random.default_rng(seed)
    texts, works = {}, []
    for number in range(docs):
        names = draw.permutation(WORDS)
        text = " and ".join(names)
        texts[f"d{number:02}"] = text
        places = [(text.index(name), text.index(name) + len(name)) for name in names[:6]]
        for who, skill in people.items():
            spans = [
                (*place, PLACE if draw.random() < skill else ORG)
                for place in places
                if draw.random() < 0.3 + 0.7 * skill
            ]
            if draw.random() > skill:
                lure = text.index(names[9])
                spans.append((lure, lure + len(names[9]), PLACE))
            joins = [(0, 1, "near")] if relations and len(spans) > 1 and draw.random() < skill else []
            works.append(drawing.Work(f"d{number:02}", who, spans, joins))
    return texts, works


@pytest.fixture(scope="module")
def tables(drawing):
    texts, works = newsroom(drawing, relations=True)
    return drawing.tables(works, texts=texts) | {"documents": drawing.documents(texts)}


@pytest.mark.parametrize("method", ["span_ds", "bsc_seq"])
def test_a_model_decides_from_three_readers_up_and_every_row_says_how_likely_it_is(tables, method):
    outcome = decide(**tables, rule=Rule(method))
    assert [note.split(":")[0] for note in outcome.notes] == ["relations"]  # of which there are few
    agreed = outcome.kept["agreed_spans"].to_pylist()
    assert {row["method"] for row in agreed} == {method}
    assert all(row["posterior"] >= HOLDS and row["votes"] >= 2 for row in agreed)
    disputed = [row for row in outcome.kept["disputes"].to_pylist() if row["kind"] != "relation"]
    assert all(row["posterior"] > FAILS for row in disputed)
    assert outcome.kept_rows + outcome.rejected.num_rows == tables["spans"].num_rows + tables["relations"].num_rows
    labels = {row["label"] for row in agreed}
    assert labels == {PLACE}


def test_a_model_agrees_where_votes_are_split_by_one_whose_word_is_worth_little(tables):
    by_votes = decide(**tables, rule=Rule("vote")).kept
    by_model = decide(**tables).kept
    assert by_model["agreed_spans"].num_rows >= by_votes["agreed_spans"].num_rows
    assert by_model["disputes"].num_rows <= by_votes["disputes"].num_rows
    assert by_votes["agreed_spans"]["posterior"].null_count == by_votes["agreed_spans"].num_rows


def test_relations_are_judged_by_the_same_machinery(drawing):
    texts, works = newsroom(drawing, docs=80, relations=True)
    outcome = decide(**drawing.tables(works, texts=texts))
    relations = outcome.kept["agreed_relations"].to_pylist()
    assert outcome.notes == ()
    assert relations
    assert {row["method"] for row in relations} == {"span_ds"}
    assert all(row["posterior"] >= HOLDS for row in relations)


@pytest.mark.parametrize("people", [{"A1": 0.9, "A2": 0.9}, PEOPLE])
def test_with_two_readers_or_few_places_votes_decide_and_it_is_told(drawing, people):
    texts, works = newsroom(drawing, docs=30 if len(people) == 2 else 2, people=people)
    given = drawing.tables(works, texts=texts)
    by_model, by_votes = decide(**given), decide(**given, rule=Rule("vote"))
    assert by_model.kept == by_votes.kept
    assert bool(by_model.notes) == (len(people) > 2)
    assert all("decided by vote" in note for note in by_model.notes)


def test_unanimous_asks_for_everybody_and_vote_for_as_many_as_it_says(tables):
    readers = len(PEOPLE)
    unanimous = decide(**tables, rule=Rule("unanimous")).kept["agreed_spans"].to_pylist()
    assert unanimous
    assert all(row["votes"] == readers and row["method"] == "unanimous" for row in unanimous)
    four = decide(**tables, rule=Rule("vote", min_votes=4)).kept["agreed_spans"].to_pylist()
    assert {row["votes"] for row in four} == {4, 5}
    assert len(four) < decide(**tables, rule=Rule("vote")).kept["agreed_spans"].num_rows


def test_gold_is_agreed_as_it_is_and_nothing_else(tables):
    gold = "1-d03-A5"  # of the worst of all
    outcome = decide(**tables, bounds=Bounds(Gold([gold])))
    own = {
        (row["start"], row["end"], row["label"]) for row in tables["spans"].to_pylist() if row["annotation_id"] == gold
    }
    agreed = [row for row in outcome.kept["agreed_spans"].to_pylist() if row["doc_id"] == "d03"]
    assert {(row["start"], row["end"], row["label"]) for row in agreed} == own
    assert {row["method"] for row in agreed} == {"gold"}
    assert not [
        row for row in outcome.kept["disputes"].to_pylist() if row["doc_id"] == "d03" and row["kind"] != "relation"
    ]
    others = {row["doc_id"] for row in outcome.kept["agreed_spans"].to_pylist()}
    assert len(others) == 30


@pytest.mark.parametrize("method", ["span_ds", "bsc_seq"])
def test_neither_the_order_of_rows_nor_deciding_again_changes_a_decision(drawing, tables, method):
    order = random.Random(5)
    mixed = {name: drawing.shuffled(table, order) for name, table in tables.items()}
    first, again = decide(**tables, rule=Rule(method)), decide(**mixed, rule=Rule(method))
    assert first.kept == again.kept
    assert first.kept == decide(**tables, rule=Rule(method)).kept


def test_other_names_of_the_people_change_no_decision(drawing):
    texts, works = newsroom(drawing)
    names = dict(zip(PEOPLE, ("Z9", "B2", "M3", "A0", "C1"), strict=True))
    renamed = [drawing.Work(one.doc, names[one.annotator], one.spans) for one in works]
    first = decide(**drawing.tables(works, texts=texts)).kept
    other = decide(**drawing.tables(renamed, texts=texts)).kept
    columns = ["span_id", "label", "votes", "decided", "posterior"]
    assert first["agreed_spans"].select(columns) == other["agreed_spans"].select(columns)
    assert first["disputes"]["dispute_id"] == other["disputes"]["dispute_id"]


def test_perfect_copies_are_unanimous_under_a_model(drawing):
    texts, works = newsroom(drawing, people={"A1": 1.0})
    copies = [drawing.Work(one.doc, who, one.spans) for one in works for who in ("A1", "A2", "A3")]
    outcome = decide(**drawing.tables(copies, texts=texts))
    agreed = outcome.kept["agreed_spans"]
    assert agreed.num_rows == sum(len(one.spans) for one in works)
    assert set(agreed["decided"].to_pylist()) == {"unanimous"}
    assert outcome.kept["disputes"].num_rows == 0


@pytest.mark.parametrize("wrong", [{"method": "coin"}, {"min_votes": 0}, {"min_share": 1.0}])
def test_a_rule_that_cannot_be_is_refused(wrong):
    with pytest.raises(UsageError):
        Rule(**wrong)
