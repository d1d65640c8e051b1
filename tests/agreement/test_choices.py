"""Micro-averaged F1 of several choices, by hand."""

from __future__ import annotations

import pytest

from copydesk.agreement.choices import choice_figures
from copydesk.model.schema_parts import Attribute
from copydesk.model.tables import from_rows

TOPICS = Attribute("topics", "", "choices", choices=(("war", ""), ("aid", ""), ("law", "")))
KIND = Attribute("kind", "", "choice", choices=(("report", ""),))
SAID = {
    "d": {"A1": ["war", "aid"], "A2": ["war"], "A3": ["war", "aid"]},
    "e": {"A1": [], "A2": ["aid"], "A3": []},
    "f": {"A1": ["war"], "A2": ["war"]},
}


@pytest.fixture(scope="module")
def figures(drawing):
    reads = drawing.tables(
        [drawing.Work(doc, who) for doc, own in SAID.items() for who in own], texts=dict.fromkeys(SAID, "x")
    )
    rows = [
        {"annotation_id": f"1-{doc}-{who}", "doc_id": doc, "revision": 1, "text_sha256": "x", "annotator": who}
        | {"name": "topics", "value": value, "number": None, "at": None, "made_on_revision": 1}
        for doc, own in SAID.items()
        for who, values in own.items()
        for value in values
    ]
    found = choice_figures(
        reads=reads["reads"],
        categories=from_rows("categories", rows),
        asked=[TOPICS, KIND],
        documents=drawing.documents(dict.fromkeys(SAID, "x")),
    )
    return {(one.label, one.annotators, one.within): one for one in found}


def test_values_that_both_chose_are_set_against_all_that_they_chose(figures):
    pooled = figures["topics", "all", ""]
    # d: A1 A2 share 1 of 3, A1 A3 2 of 4, A2 A3 1 of 3; e: 0 of 1, none, 0 of 1; f: 1 of 2.
    assert pooled.value == pytest.approx(2 * (1 + 2 + 1 + 1) / (3 + 4 + 3 + 1 + 1 + 2))
    assert (pooled.measure, pooled.n, pooled.documents) == ("category_f1", 8, 3)
    assert pooled.low <= pooled.value <= pooled.high
    assert figures["topics", "A1 A3", ""].value == 1.0
    assert figures["topics=war", "all", ""].value == 1.0
    assert figures["topics=aid", "A1 A2", ""].value == 0.0
    assert figures["topics", "all", "d"].value == pytest.approx(2 * 4 / 10)


def test_what_nobody_chose_is_undefined_and_a_single_choice_has_no_f1(figures):
    law = figures["topics=law", "all", ""]
    assert (law.value, law.low) == (None, None)
    assert law.note == "there is no value law in these documents"
    assert not [label for label, *_ in figures if label.startswith("kind")]
