"""Laws of deciding that hold for every method: on a newsroom large enough for the models to speak."""

from __future__ import annotations

import re
import runpy
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from copydesk.agreement import Rule, decide, measure
from copydesk.agreement.categories import decide_categories
from copydesk.agreement.crowd.rule import METHODS
from copydesk.model.schema_parts import Attribute
from copydesk.model.tables import from_rows

drawing = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).parents[1] / "agreement" / "drawing.py"), run_name="drawing")
)
NAMES = ("Qaim", "Mosul", "Raqqa", "Sinjar", "Erbil", "Kirkuk", "Tikrit", "Hit")
TEXT = " and ".join(NAMES)
PLACES = [(TEXT.index(name), TEXT.index(name) + len(name)) for name in NAMES]
WORDS = [(one.start(), one.end()) for one in re.finditer(r"\w+", TEXT)]
SKILLS = {"A1": 0.95, "A2": 0.85, "A3": 0.8, "A4": 0.4}
KINDS = ("report", "opinion", "letter")
KIND = Attribute("kind", "", "choice", choices=tuple((one, "") for one in KINDS))
TOPICS = Attribute("topics", "", "choices", choices=KIND.choices)
METHOD = pytest.mark.parametrize("method", METHODS)


class Room:
    """What four people of unlike skill drew and said in documents of which each has two, three or four of them."""

    def __init__(self, docs: int = 60) -> None:
        draw = np.random.default_rng(11)
        self.texts = {f"d{number:02}": TEXT for number in range(docs)}
        self.works, self.said = [], {}
        for number, doc in enumerate(self.texts):
            for name, skill in list(SKILLS.items())[: 2 + number % 3]:
                seen = [place for place in PLACES if draw.random() < 0.5 + skill / 2]
                spans = [(*place, "PLACE" if draw.random() < skill else "ORG") for place in seen]
                joins = [
                    (one, one + 1, "near" if draw.random() < skill else "far") for one in range(0, len(spans) - 1, 2)
                ]
                self.works.append(drawing.Work(doc, name, spans, joins))
                self.said[doc, name] = {
                    "kind": [KINDS[number % 3] if draw.random() < skill else str(draw.choice(KINDS))],
                    "topics": [one for at, one in enumerate(KINDS) if (draw.random() < skill) == (at == number % 3)],
                }

    def outcome(self, method: str, *, people=str, documents=str, blind=()):
        """Decide all of it, with everything called otherwise; ``blind`` have read nothing of the text."""
        texts = {documents(doc): text for doc, text in self.texts.items()}
        works = [
            drawing.Work(documents(one.doc), people(one.annotator), one.spans, one.relations) for one in self.works
        ]
        works += [drawing.Work(documents(doc), name) for doc in self.texts for name in blind]
        tables = drawing.tables(works, texts=texts)
        unread = [
            {"annotation_id": one.annotation_id, "doc_id": one.doc, "revision": 1, "annotator": one.annotator}
            | {"start": 0, "end": len(TEXT)}
            for one in works
            if one.annotator in blind
        ]
        rows = [
            {"annotation_id": f"1-{documents(doc)}-{people(name)}", "doc_id": documents(doc), "revision": 1}
            | {"text_sha256": "x", "annotator": people(name), "name": category, "value": value}
            | {"number": None, "at": None, "made_on_revision": 1}
            for (doc, name), own in self.said.items()
            for category, values in own.items()
            for value in values
        ]
        given = {"documents": drawing.documents(texts), "rule": Rule(method)}
        drawn = decide(**tables, unread=from_rows("unread", unread), **given)
        reads = tables["reads"].filter(
            np.array([name not in blind for name in tables["reads"]["annotator"].to_pylist()])
        )
        said = decide_categories(reads=reads, categories=from_rows("categories", rows), asked=[KIND, TOPICS], **given)
        return drawn, said


@pytest.fixture(scope="module")
def room() -> Room:
    return Room()


def told(outcome, *, documents=str):
    """Every decision by document and place, without the names of who made it."""
    drawn, said = outcome
    spans = {row["span_id"]: (row["start"], row["end"], row["label"]) for row in drawn.kept["agreed_spans"].to_pylist()}
    held = ("label", "value", "votes", "readers", "decided", "method", "posterior")
    found = []
    for table in (*drawn.kept.values(), *said.kept.values()):
        for row in table.to_pylist():
            ends = [spans[row[name]] for name in ("head_span_id", "tail_span_id") if name in row]
            place = [row.get(name) for name in ("start", "end", "kind", "name", *held)]
            found.append((documents(row["doc_id"]), str(place), str(ends), len(row.get("readings", ()))))
    return sorted(found)


@METHOD
def test_neither_the_names_of_people_nor_of_documents_nor_their_order_change_a_decision(room, method):
    names = dict(zip(SKILLS, ("Z1", "B2", "Q3", "A9"), strict=True))
    docs = {doc: f"x{number:02}" for number, doc in enumerate(reversed(room.texts))}
    back = {new: old for old, new in docs.items()}
    renamed = room.outcome(method, people=names.__getitem__, documents=docs.__getitem__)
    assert told(renamed, documents=back.__getitem__) == told(room.outcome(method))


@METHOD
def test_who_has_read_nothing_of_any_text_changes_no_decision(room, method):
    assert told(room.outcome(method, blind=("A8", "A9"))) == told(room.outcome(method))


@METHOD
def test_what_every_reader_drew_is_agreed_and_asked_of_nobody(method):
    """Also where people differ so much that a model believes in nothing."""
    draw = np.random.default_rng(7)
    texts = {f"d{number:03}": TEXT for number in range(60)}
    works = []
    for doc in texts:
        for name in ("A1", "A2", "A3"):
            ends = [int(draw.random() < 0.25) for _ in PLACES]
            seen = [
                (start, end + 4 * slip) for (start, end), slip in zip(PLACES, ends, strict=True) if draw.random() < 0.85
            ]
            works.append(drawing.Work(doc, name, [(start, min(end, len(TEXT)), "PLACE") for start, end in seen]))
    outcome = decide(**drawing.tables(works, texts=texts), documents=drawing.documents(texts), rule=Rule(method))
    drawn = Counter((work.doc, *span) for work in works for span in work.spans)
    agreed = {
        (row["doc_id"], row["start"], row["end"], row["label"]) for row in outcome.kept["agreed_spans"].to_pylist()
    }
    everybody = {place for place, times in drawn.items() if times == 3}
    assert len(everybody) > 60
    assert everybody <= agreed


@METHOD
def test_deciding_again_keeps_every_decision(room, method):
    first, again = room.outcome(method), room.outcome(method)
    assert [one.kept for one in first] == [one.kept for one in again]


@METHOD
def test_the_models_speak_here_so_that_these_laws_say_something_of_them(room, method):
    drawn, said = room.outcome(method)
    model = method if method in ("span_ds", "bsc_seq") else None
    assert (model in drawn.kept["agreed_spans"]["method"].to_pylist()) == bool(model)
    assert ("span_ds" in drawn.kept["agreed_relations"]["method"].to_pylist()) == bool(model)
    assert ("class_ds" in said.kept["agreed_categories"]["method"].to_pylist()) == bool(model)


@METHOD
def test_perfect_copies_are_agreed_by_all_under_every_method(method):
    room = Room(docs=40)
    own = {(one.doc, one.annotator): one for one in room.works}
    room.works = [
        drawing.Work(doc, name, own[doc, "A1"].spans, own[doc, "A1"].relations) for doc in room.texts for name in SKILLS
    ]
    room.said = {(doc, name): room.said[doc, "A1"] for doc in room.texts for name in SKILLS}
    drawn, said = room.outcome(method)
    decided = [row for table in (*drawn.kept.values(), *said.kept.values()) for row in table.to_pylist()]
    assert {row.get("decided") for row in decided} == {"unanimous"}
    assert drawn.rejected.num_rows == said.rejected.num_rows == 0
    assert drawn.kept["agreed_spans"].num_rows == sum(len(own[doc, "A1"].spans) for doc in room.texts)


def test_random_labels_lie_near_nothing():
    """Of the same places for what is named, and of random places for what is placed."""
    draw = np.random.default_rng(2)
    texts = {f"d{number:03}": TEXT for number in range(150)}
    for named in (True, False):
        works = []
        for doc in texts:
            for name in ("A1", "A2", "A3"):
                own = PLACES if named else [word for word in WORDS if draw.random() < 0.3]
                spans = [(*place, str(draw.choice(["PLACE", "ORG"])) if named else "PLACE") for place in own]
                joins = [(at, at + 1, str(draw.choice(["near", "far"]))) for at in range(7)] if named else []
                works.append(drawing.Work(doc, name, spans, joins))
        rows = measure(
            **drawing.tables(works, texts=texts), documents=drawing.documents(texts), labels=("PLACE", "ORG"), samples=5
        ).to_pylist()
        found = {
            row["measure"]: row["value"] for row in rows if row["scope"] == row["label"] == row["annotators"] == "all"
        }
        for one in ("relation_label_alpha",) if named else ("token_alpha", "unitizing_alpha"):
            assert abs(found[one]) < 0.06, (one, found[one])


def test_where_nobody_drew_anything_every_figure_is_undefined_with_its_reason():
    works = [drawing.Work(doc, name) for doc in ("d", "e") for name in ("A1", "A2", "A3")]
    texts = {"d": TEXT, "e": TEXT}
    rows = measure(
        **drawing.tables(works, texts=texts), documents=drawing.documents(texts), labels=("PLACE",)
    ).to_pylist()
    assert rows
    for row in rows:
        assert (row["value"], row["low"], row["high"]) == (None, None, None)
        assert row["note"]
