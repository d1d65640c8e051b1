"""Labels that are likely to be wrong, on cases small enough to be worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.agreement.suspects import Corpus, Probabilities, suspects
from copydesk.agreement.suspects.corpus import Covered
from copydesk.agreement.suspects.model import confident


def corpus(texts, marks, *, votes=3, readers=3, disputed=None, stories=(), aliases=None, decided="unanimous", **also):
    """A corpus of ``texts``; ``marks`` has, of each document, ``LABEL quote`` for the quote's first occurrence, or (LABEL, start, end)."""
    spans = {}
    for doc, text in texts.items():
        own = []
        for mark in marks.get(doc, ()):
            if isinstance(mark, tuple):
                label, start, end = mark
            else:
                label, _, quote = mark.partition(" ")
                start = text.index(quote)
                end = start + len(quote)
            place = {"doc_id": doc, "span_id": f"{doc}-{start}-{label}", "start": start, "end": end}
            counted = {"votes": votes, "readers": readers, "decided": decided} | also
            own.append({**place, "surface": text[start:end], "label": label, **counted})
        spans[doc] = sorted(own, key=lambda span: (span["start"], span["end"]))
    places = {doc: Covered.of(own) for doc, own in (disputed or {}).items()}
    return Corpus(texts, spans, dict.fromkeys(texts, readers), places, stories, aliases or {})


def told(*arguments, least=0.5, **also):
    rows = suspects(corpus(*arguments, **also), least=least).to_pylist()
    return [(row["doc_id"], row["label"], row["surface"], row["reason"], round(row["score"], 3)) for row in rows]


TOWNS = {f"d{n}": f"In {n} they took Qaim." for n in range(6)}


def test_a_surface_that_is_mostly_labelled_otherwise_is_suspect():
    marks = {doc: ["PLACE Qaim"] for doc in TOWNS} | {"d5": ["ORG Qaim"]}
    # one of six: 1 - (1 + 1) / (6 + 2)
    assert told(TOWNS, marks) == [("d5", "ORG", "Qaim", "surface-label", 0.75)]


def test_an_alias_that_is_mostly_labelled_otherwise_is_suspect():
    texts = {f"d{n}": "Assad said." for n in range(3)} | {"d9": "Bashar said."}
    marks = {doc: ["PERSON Assad"] for doc in texts} | {"d9": ["ORG Bashar"]}
    assert not told(texts, marks)
    assert told(texts, marks, aliases={"Bashar": "Assad"}) == [("d9", "ORG", "Bashar", "surface-label", 0.667)]


def test_a_surface_that_is_mostly_labelled_is_suspect_where_nothing_is():
    marks = {doc: ["PLACE Qaim"] for doc in TOWNS if doc != "d5"}
    # five of six are labelled: (5 + 1) / (6 + 2 - 1 + 0) with one bare place, each counted one higher
    assert told(TOWNS, marks) == [("d5", None, "Qaim", "surface-unlabelled", 0.75)]


def test_words_are_whole_and_white_space_is_any():
    texts = {"d0": "New York, New York, New\nYork, Newer York, New Yorker, Old-New York_"}
    marks = {"d0": [("PLACE", 0, 8), ("PLACE", 10, 18), ("PLACE", 20, 28)]}
    assert told(texts, marks) == []
    texts["d1"] = "From New  York"
    assert told(texts, marks) == [("d1", None, "New  York", "surface-unlabelled", 0.667)]


def test_what_a_longer_surface_holds_is_no_place_of_a_shorter_one():
    texts = {f"d{n}": "York. New York." for n in range(4)}
    marks = {f"d{n}": ["PLACE York", "PLACE New York"] for n in range(3)} | {"d3": ["PLACE York"]}
    assert [one[2] for one in told(texts, marks)] == ["New York"]


def test_what_is_in_dispute_or_labelled_at_all_is_not_bare():
    marks = {doc: ["PLACE Qaim"] for doc in TOWNS if doc != "d5"}
    assert told(TOWNS, marks, disputed={"d5": [(15, 18)]}) == []
    assert told(TOWNS, marks | {"d5": ["PLACE took Qaim"]}) == []


def test_two_labels_of_a_surface_conclude_nothing():
    marks = {"d0": ["PLACE Qaim"], "d1": ["PLACE Qaim"]}
    assert told(TOWNS, marks) == []


def test_few_votes_are_suspect_unless_somebody_decided():
    texts, marks = {"d": "Qaim fell."}, {"d": ["PLACE Qaim"]}
    assert told(texts, marks, votes=2, least=0.4) == [("d", "PLACE", "Qaim", "few-votes", 0.4)]
    assert told(texts, marks, votes=2, least=0.4, decided="adjudicated") == []
    assert told(texts, marks, votes=1, readers=1, least=0) == []


def test_a_posterior_stands_above_the_share_of_votes():
    texts, marks = {"d": "Qaim fell."}, {"d": ["PLACE Qaim"]}
    assert told(texts, marks, votes=2, posterior=0.3) == [("d", "PLACE", "Qaim", "few-votes", 0.7)]
    assert told(texts, marks, votes=2, posterior=0.9) == []


COPY = {"a": "Asad took Qaim on Friday, the army said.", "b": "Update: Asad took Qaim on Friday, the army said today."}


def test_copies_of_one_story_that_are_labelled_differently_are_suspect_on_both_sides():
    found = told(COPY, {"a": ["PLACE Qaim"], "b": ["ORG Qaim"]}, stories=[("a", "b")])
    assert found == [("a", "PLACE", "Qaim", "copy-label", 0.5), ("b", "ORG", "Qaim", "copy-label", 0.5)]


def test_what_a_copy_has_no_label_for_is_suspect_there_if_more_drew_it_than_read_the_copy():
    cases = corpus(COPY, {"a": ["PLACE Qaim"]}, stories=[("a", "b")])
    cases.readers["b"] = 1
    (row,) = suspects(cases, least=0.5).to_pylist()
    # three drew it, one read the copy: (3 + 1) / (4 + 2)
    assert (row["doc_id"], row["label"], row["reason"], round(row["score"], 3)) == ("b", None, "copy-unlabelled", 0.667)
    assert COPY["b"][row["start"] : row["end"]] == row["surface"] == "Qaim"


def test_what_an_editor_rewrote_is_no_contradiction():
    texts = {"a": "Asad took Qaim on Friday.", "b": "The army marched through Qaim, and left."}
    assert told(texts, {"a": ["PLACE Qaim"], "b": ["ORG Qaim"]}, stories=[("a", "b")]) == []


def test_copies_that_are_labelled_alike_are_not_suspect():
    assert told(COPY, {"a": ["PLACE Qaim"], "b": ["PLACE Qaim"]}, stories=[("a", "b")]) == []


def test_several_reasons_make_one_row_with_the_chance_that_any_holds():
    texts = TOWNS | {"copy": TOWNS["d0"]}
    marks = {doc: ["PLACE Qaim"] for doc in TOWNS} | {"copy": ["ORG Qaim"]}
    found = told(texts, marks, stories=[("d0", "copy")])
    # the surface: 1 - 2 / 9; the copy: 1 / 2; together 1 - 2 / 9 / 2
    assert found[0] == ("copy", "ORG", "Qaim", "surface-label", 0.889)
    assert found[1] == ("d0", "PLACE", "Qaim", "copy-label", 0.5)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=8), st.integers(0, 30), st.integers(1, 9))
def test_covered_places_meet_what_shares_a_character_with_one_of_them(places, start, length):
    spans = [(left, left + size) for left, size in places]
    expected = any(left < start + length and start < right for left, right in spans)
    assert Covered.of(spans).meets(start, start + length) == expected


@pytest.mark.parametrize("surface", ["(U.S.)", "$5", "a+b", "Qaim’s", "C++", "العراق", "—"])
def test_any_surface_is_searched_for_as_it_stands(surface):
    texts = {f"d{n}": f"in {surface} we" for n in range(5)}
    marks = {f"d{n}": [f"X {surface}"] for n in range(4)}
    found = told(texts, marks)
    searched = any(sign.isalnum() for sign in surface)
    assert [one[2] for one in found] == ([surface] if searched else [])


def test_what_a_model_is_as_sure_of_as_it_is_where_people_set_that_label_contradicts_them():
    # Means where people set it: PLACE (.9 + .7 + .2) / 3 = .6, ORG .8; only the third row has ORG as sure as that.
    values = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.2, 0.8]])
    assert confident(values, np.array([0, 0, 0, 1])) == [-1, -1, 1, -1]
    texts = {"d": "Qaim, Qaim, Asad, IS"}
    marks = [("PLACE", 0, 4), ("PLACE", 6, 10), ("PLACE", 12, 16), ("ORG", 18, 20)]
    said = Probabilities(("PLACE", "ORG"), {("d", mark[1], mark[2]): row for row, mark in enumerate(marks)}, values)
    (row,) = suspects(corpus(texts, {"d": marks}), least=0.5, said=said).to_pylist()
    assert (row["surface"], row["label"], row["reason"], row["score"]) == ("Asad", "PLACE", "model", 0.8)
    assert row["detail"] == "the model says ORG (0.80), and PLACE with 0.20"


def test_a_label_that_nobody_set_needs_more_than_half():
    values = np.array([[0.5, 0.5], [0.4, 0.6]])
    assert confident(values, np.array([0, 0])) == [-1, 1]


def test_a_model_that_says_nothing_of_a_place_or_a_label_accuses_nobody():
    texts, marks = {"d": "Qaim fell."}, {"d": ["PLACE Qaim"]}
    for labels, place in ((("PLACE", "ORG"), ("d", 5, 9)), (("ORG", "PER"), ("d", 0, 4))):
        said = Probabilities(labels, {place: 0}, np.array([[0.0, 1.0]]))
        assert suspects(corpus(texts, marks), least=0, said=said).num_rows == 0


def test_confident_learning_is_that_of_cleanlab():
    case = json.loads((Path(__file__).parents[1] / "cases/agreement/confident.json").read_text())
    found = confident(np.array(case["probabilities"]), np.array(case["given"]))
    assert [row for row, label in enumerate(found) if label >= 0] == case["issues"]
    assert len(case["issues"]) > 5


@pytest.mark.parametrize("absent", [0, 1])
def test_the_labels_in_doubt_and_their_order_are_those_of_cleanlab(absent):
    """Also where a label of the model's is one that nobody gave."""
    cleanlab = pytest.importorskip("cleanlab.filter", reason="cleanlab is not installed (fix: make cleanlab)")
    for seed in range(5):
        draw = np.random.default_rng(seed)
        true = draw.integers(0, 5 - absent, 400)
        values = draw.dirichlet(np.full(5, 0.5), 400)
        values[np.arange(400), true] += 1.5
        values /= values.sum(axis=1, keepdims=True)
        given = np.where(draw.random(400) < 0.15, draw.integers(0, 5 - absent, 400), true)
        ours = np.flatnonzero(np.array(confident(values, given)) >= 0)
        ours = ours[np.argsort(values[ours, given[ours]], kind="stable")]
        theirs = cleanlab.find_label_issues(
            given,
            values,
            filter_by="confident_learning",
            return_indices_ranked_by="self_confidence",
            n_jobs=1,
        )
        assert len(ours) > 20
        assert ours.tolist() == theirs.tolist()
