"""Laws of what is said of people: it rests on sets of spans alone, and says why where it says nothing."""

from __future__ import annotations

import random
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.agreement import decide
from copydesk.agreement.people import Given, annotator_facts
from copydesk.model.tables import empty

drawing = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).parents[1] / "agreement" / "drawing.py"), run_name="drawing")
)
TEXTS = {doc: f"{doc} saw Qaim's men" for doc in "cde"}
LABELS = ("ORG", "PLACE")
BOOTSTRAPPED = {"f1_others", "f1_agreed", "drift"}


@st.composite
def works(draw, people=4):
    """What up to four people drew in up to three documents: short texts, so that much of it meets."""
    found = []
    for doc, text in TEXTS.items():
        span = st.builds(
            lambda start, length, label, text=text: (start, min(start + length, len(text)), label),
            st.integers(0, len(text) - 1),
            st.integers(1, 8),
            st.sampled_from(LABELS),
        )
        for reader in draw(st.lists(st.integers(1, people), unique=True, max_size=people)):
            at = draw(st.integers(0, 99))
            found.append(drawing.Work(doc, f"A{reader}", draw(st.lists(span, max_size=4)), at=at))
    return found


def told(drawn, *, order=None):
    tables = drawing.tables(drawn, texts=TEXTS)
    if order:
        tables = {name: drawing.shuffled(table, order) for name, table in tables.items()}
    outcome = decide(**tables)
    table = annotator_facts(
        Given(
            reads=tables["reads"],
            spans=tables["spans"],
            documents=drawing.documents(TEXTS),
            agreed=outcome.kept["agreed_spans"],
            disputes=outcome.kept["disputes"],
            gold=empty("gold"),
            gold_spans=empty("gold_spans"),
            skipped={},
            labels=LABELS,
            every_read=tables["reads"],
            every_span=tables["spans"],
            drawn=tables["spans"],
            snapped=empty("snapped"),
        )
    )
    return table.to_pylist()


def keyed(rows):
    return {(row["annotator"], row["measure"], row["label"]): row for row in rows}


@settings(deadline=None, max_examples=20)
@given(works(), st.integers(0, 999))
def test_the_order_of_rows_changes_nothing(drawn, seed):
    assert told(drawn) == told(drawn, order=random.Random(seed))


@settings(deadline=None, max_examples=20)
@given(works(), st.permutations([1, 2, 3, 4]))
def test_what_people_are_called_changes_nothing(drawn, names):
    called = {f"A{number}": f"A{other}" for number, other in zip(range(1, 5), names, strict=True)}
    renamed = [drawing.Work(work.doc, called[work.annotator], work.spans, at=work.at) for work in drawn]
    before, after = keyed(told(drawn)), keyed(told(renamed))
    for (name, measure, label), row in before.items():
        other = after[called[name], measure, label]
        for column in ("value", "low", "high", "n"):
            assert row[column] == (None if other[column] is None else pytest.approx(other[column])), measure
    assert len(before) == len(after)


@settings(deadline=None, max_examples=20)
@given(works())
def test_every_figure_is_within_its_interval_or_says_why_it_is_none(drawn):
    for row in told(drawn):
        if row["value"] is None:
            assert row["note"], row
            assert row["low"] is row["high"] is None, row
            continue
        assert row["value"] == row["value"], row  # never NaN
        if row["low"] is not None and row["measure"] not in BOOTSTRAPPED:
            assert row["low"] - 1e-12 <= row["value"] <= row["high"] + 1e-12, row


@settings(deadline=None, max_examples=20)
@given(works())
def test_f1_precision_and_recall_against_others_are_those_of_plain_sets(drawn):
    sets = {(work.doc, work.annotator): set(work.spans) for work in drawn}
    found = keyed(told(drawn))
    for name in {work.annotator for work in drawn}:
        hits = own = theirs = 0
        for (doc, reader), spans in sets.items():
            if reader == name:
                continue
            mine = sets.get((doc, name))
            if mine is not None:
                hits, own, theirs = hits + len(mine & spans), own + len(mine), theirs + len(spans)
        expected = {"f1": (2 * hits, own + theirs), "precision": (hits, own), "recall": (hits, theirs)}
        for measure, (part, whole) in expected.items():
            value = found[name, f"{measure}_others", "all"]["value"]
            assert (value is None) == (not whole), measure
            assert value is None or abs(value - part / whole) < 1e-12, measure


@settings(deadline=None, max_examples=20)
@given(works(people=1), st.integers(2, 4))
def test_perfect_copies_of_one_person_have_no_fault(drawn, people):
    copies = [drawing.Work(work.doc, f"A{n}", work.spans, at=1) for work in drawn for n in range(1, people + 1)]
    for row in told(copies):
        if row["measure"] in {"f1_others", "precision_others", "recall_others", "f1_agreed"}:
            assert row["value"] in {None, 1.0}, row
        assert row["measure"] != "confusion"
        if row["measure"] in {"early_start", "late_start", "early_end", "late_end"}:
            assert row["value"] in {None, 0.0}, row
