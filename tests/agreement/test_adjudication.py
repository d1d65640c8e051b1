import json
import random
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from copydesk.agreement import decide
from copydesk.agreement.adjudication import (
    Carrier,
    Heard,
    Whole,
    apply_decisions,
    ask,
    conflicts_of_suspects,
    contest_of,
    known_of,
    tangled,
)
from copydesk.agreement.adjudication.readings import Reading, read
from copydesk.model.tables import empty, from_rows

FILE = tomllib.loads((Path(__file__).parents[1] / "cases/agreement/adjudication.toml").read_text())
TEXT = FILE["text"]
AT = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE = ("A1", "A2", "A3")


def _labels(drawing, marks):
    works = [drawing.marked(TEXT, drawn, doc="doc-1", annotator=name) for name, drawn in marks.items()]
    return {**drawing.tables(works, texts={"doc-1": TEXT}), "categories": empty("categories")}


def _applied(labels, decisions, wholes=()):
    outcome = decide(**{name: labels[name] for name in ("reads", "spans", "relations")})
    voted = {**outcome.kept, "agreed_categories": empty("agreed_categories"), "rejected": outcome.rejected}
    return apply_decisions(voted, decisions, wholes, heard=Heard.of(["doc-1"], tables=labels))


def _wholes(drawing, labels, submitted):
    """What an adjudicator submits of the whole document, after all that was decided one by one."""
    if submitted is None:
        return []
    judged = Heard.of(["doc-1"], tables=_labels(drawing, {"A9": submitted})).said
    known = known_of(Heard.of(["doc-1"], tables=labels).said)
    row = {"question_id": "document-1", "doc_id": "doc-1", "at": AT + timedelta(days=1), "known": known}
    return [Whole.of(row, judged=judged)]


def _asked(applied, decisions):
    conflicts, _ = ask(applied.tables["disputes"], decisions, agreed_spans=applied.tables["agreed_spans"])
    return conflicts.to_pylist()


def _said(reading):
    tail = f" > {reading['tail_surface']}" if reading["tail_surface"] else ""
    return f"{reading['label']} {reading['surface']}{tail}"


def _options(conflict):
    return {
        " + ".join(_said(one) for one in conflict["readings"] if one["option"] == letter) or "nothing": letter
        for letter in "AB"
    }


def _decision(conflict, answer, number=0):
    shared = ("conflict_id", "dispute_id", "doc_id", "revision", "kind", "name", "readings")
    return {
        **{name: conflict[name] for name in shared},
        "outcome": _options(conflict).get(answer, answer),
        "by": "A9",
        "cause": "",
        "note": "",
        "guideline_version": "1.0.0",
        "at": AT + timedelta(minutes=number),
        "project": "2-now",
        "annotation_id": number,
    }


def _answered(labels, answers):
    decisions = []
    for number, answer in enumerate(answers):
        conflict = next(one for one in _asked(_applied(labels, decisions), decisions))
        assert answer in {*_options(conflict), "both", "neither", "send_back"}, _options(conflict)
        decisions.append(_decision(conflict, answer, number))
    return from_rows("decisions", decisions).to_pylist()  # as they are read from disk


def _agreed(tables):
    spans = {row["span_id"]: row["surface"] for row in tables["agreed_spans"].to_pylist()}
    lines = []
    for row in tables["agreed_spans"].to_pylist():
        extra = ", ".join(f"{one['name']}={one['value']}" for one in row["attributes"])
        how = f"{row['votes']}/{row['readers']}, {row['decided']}"
        lines.append(f"{row['label']} {row['surface']}, {how}" + (f" | {extra}" if extra else ""))
    for row in tables["agreed_relations"].to_pylist():
        ends = f"{spans[row['head_span_id']]} > {spans[row['tail_span_id']]}"
        lines.append(f"{row['label']} {ends}, {row['votes']}/{row['readers']}, {row['decided']}")
    return lines


def _declined(tables):
    rows = [json.loads(row["row"]) for row in tables["rejected"].to_pylist() if row["reason"] == "adjudicated"]
    return [" ".join(filter(None, (row["label"], row.get("surface")))) + f": {row['annotator']}" for row in rows]


@pytest.mark.parametrize("case", FILE["case"], ids=lambda case: case["rule"])
def test_the_rule_of_the_case(drawing, case):
    drawn = {name: case[name] for name in PEOPLE if name in case}
    decisions = _answered(_labels(drawing, drawn), case["answers"])
    wholes = _wholes(drawing, _labels(drawing, drawn), case.get("whole"))
    labels = _labels(drawing, case.get("later", drawn))
    applied = _applied(labels, decisions, wholes)
    assert sorted(_agreed(applied.tables)) == sorted(case.get("agreed", []))
    assert sorted(_declined(applied.tables)) == sorted(case.get("declined", []))
    assert [row["readings"] for row in applied.tables["disputes"].to_pylist()] == case.get("open", [])
    standing = [one for one in applied.standing.values() if one != "holds"]
    assert standing == case.get("standing", [])
    kept = {row["annotation_id"] for row in labels["spans"].to_pylist()}
    assert {one for row in applied.tables["agreed_spans"].to_pylist() for one in row["annotation_ids"]} <= kept


@pytest.mark.parametrize("case", FILE["case"], ids=lambda case: case["rule"])
def test_the_order_of_rows_and_decisions_changes_nothing(drawing, case):
    drawn = {name: case[name] for name in PEOPLE if name in case}
    labels = _labels(drawing, drawn)
    decisions = _answered(labels, case["answers"])
    order = random.Random(7)
    mixed = {name: drawing.shuffled(table, order) for name, table in labels.items()}
    wholes = _wholes(drawing, labels, case.get("whole"))
    again = _applied(mixed, sorted(decisions, key=lambda _: order.random()), wholes)
    plain = _applied(labels, decisions, wholes)
    for name in ("agreed_spans", "agreed_relations", "disputes"):
        assert again.tables[name].equals(plain.tables[name])


def test_of_several_decisions_of_a_conflict_the_latest_counts(drawing):
    labels = _labels(drawing, {"A1": ["PLACE Qaim"], "A2": ["ORG Qaim"]})
    (conflict,) = _asked(_applied(labels, []), [])
    changed = [_decision(conflict, "ORG Qaim", 2), _decision(conflict, "PLACE Qaim", 1)]
    assert _agreed(_applied(labels, changed).tables) == ["ORG Qaim, 1/2, adjudicated"]


def test_what_is_decided_is_not_asked_again_and_what_is_most_doubtful_is_asked_first(drawing):
    drawn = {"A1": ["PLACE Qaim", "ORG troops"], "A2": ["ORG Qaim", "ORG troops", "PLACE Syria"], "A3": ["FAC Qaim"]}
    drawn["A4"] = ["PLACE Syria", "PLACE Qaim"]
    labels = _labels(drawing, drawn)
    first = _asked(_applied(labels, []), [])
    assert [round(one["doubt"], 2) for one in first] == [1.0, 1.0, 0.75]
    decisions = [_decision(first[0], "both")]
    assert [one["conflict_id"] for one in _asked(_applied(labels, decisions), decisions)] == [
        one["conflict_id"] for one in first[1:]
    ]


def test_the_order_of_the_readings_is_random_and_always_the_same():
    disputes = [
        {
            "dispute_id": f"dispute-{number}",
            "doc_id": f"doc-{number}",
            "revision": 1,
            "kind": "label",
            "start": 0,
            "end": 4,
            "surface": "Qaim",
            "readings": ["ORG [0:4] Qaim: A2", "PLACE [0:4] Qaim: A1"],
            "detail": "the label differs: ORG, PLACE",
            "posterior": None,
        }
        for number in range(200)
    ]
    table = from_rows("disputes", disputes)
    conflicts, _ = ask(table, [], agreed_spans=empty("agreed_spans"))
    first = [_options(row)["ORG Qaim"] for row in conflicts.to_pylist()]
    assert 70 < first.count("A") < 130
    again, _ = ask(table.take(list(range(199, -1, -1))), [], agreed_spans=empty("agreed_spans"))
    assert again.equals(conflicts)


@pytest.mark.parametrize(
    "said",
    ["PLACE [0:10] a: A1, [3]", "B C [2:5] \n→ ", "r [0:5] Q → [ → [8:10] []", "ORG [3:8] [0:4]"],
)
def test_a_reading_is_read_by_the_length_of_its_words_whatever_they_are(said):
    row = {"dispute_id": "d", "doc_id": "x", "revision": 1, "kind": "label", "start": 0, "end": 9, "detail": ""}
    contest = contest_of({**row, "readings": [f"{said}: A1, A2", "nothing: A3"]})
    ((reading, people),) = contest.held.items()
    assert (people, contest.silent) == ({"A1", "A2"}, {"A3"})
    assert reading.end - reading.start == len(reading.surface)


@pytest.mark.parametrize(
    "said", ["", "PLACE", "PLACE [0:4] Qai", "PLACE [0:4] Qaim!", "[0:4] Qaim", "r [0:4] Qaim → Iraq"]
)
def test_a_reading_in_other_words_is_no_reading(said):
    assert read(said) is None


def _said_of_document(name, value):
    return {("doc-1", name, Reading(0, 0, value, value)): [{"annotator": "A9", "number": None, "at": None}]}


def test_of_a_whole_document_only_the_categories_are_decided_that_the_adjudicator_said_something_of(drawing):
    labels = _labels(drawing, {"A1": ["PLACE Qaim"], "A2": ["PLACE Qaim"]})
    shared = {"doc_id": "doc-1", "revision": 1, "number": None, "at": None, "votes": 2, "readers": 2}
    shared |= {"annotators": ["A1", "A2"], "annotation_ids": ["1", "2"], "decided": "unanimous"}
    agreed = from_rows(
        "agreed_categories",
        [{**shared, "name": name, "value": value} for name, value in (("kind", "report"), ("tone", "calm"))],
    )
    outcome = decide(**{name: labels[name] for name in ("reads", "spans", "relations")})
    voted = {**outcome.kept, "agreed_categories": agreed, "rejected": outcome.rejected}
    row = {"question_id": "document-1", "doc_id": "doc-1", "at": AT, "known": []}
    whole = Whole.of(row, judged=_said_of_document("tone", "angry"))
    applied = apply_decisions(voted, [], [whole], heard=Heard.of(["doc-1"], tables=labels))
    rows = applied.tables["agreed_categories"].to_pylist()
    assert [(row["name"], row["value"], row["decided"]) for row in rows] == [
        ("kind", "report", "unanimous"),
        ("tone", "angry", "adjudicated"),
    ]


@pytest.mark.parametrize("before", ["", "Corrected on Sunday.\n", "Corrected: it was in Qaim.\n"])
def test_a_decision_follows_its_words_into_a_corrected_text(drawing, before):
    drawn = {"A1": ["PLACE Qaim", "ORG National Army"], "A2": ["ORG Qaim", "ORG Army"]}
    decisions = _answered(_labels(drawing, drawn), ["PLACE Qaim", "ORG National Army"])
    text = before + TEXT
    carried = Carrier({"doc-1": {1: TEXT, 2: text}}).decisions(decisions)
    moved = [
        [
            (start + len(before), end + len(before), label)
            for start, end, label, *_ in drawing.marked(TEXT, marks, doc="", annotator="").spans
        ]
        for marks in drawn.values()
    ]
    works = [drawing.Work("doc-1", name, spans, revision=2) for name, spans in zip(drawn, moved, strict=True)]
    labels = {**drawing.tables(works, texts={"doc-1": text}), "categories": empty("categories")}
    applied = _applied(labels, carried)
    assert applied.tables["disputes"].num_rows == 0
    assert _agreed(applied.tables) == ["PLACE Qaim, 1/2, adjudicated", "ORG National Army, 1/2, adjudicated"]
    assert set(applied.standing.values()) == {"holds"}


def test_a_decision_on_words_that_are_no_more_decides_nothing(drawing):
    labels = _labels(drawing, {"A1": ["PLACE Qaim"], "A2": ["ORG Qaim"]})
    decisions = _answered(labels, ["PLACE Qaim"])
    text = TEXT.replace("Qaim", "Halden, not Brask")
    assert Carrier({"doc-1": {1: TEXT, 2: text}}).decisions(decisions) == []
    known = known_of(Heard.of(["doc-1"], tables=labels).said)
    row = {"doc_id": "doc-1", "revision": 1, "known": known}
    assert Carrier({"doc-1": {1: TEXT, 2: text}}).known(row)["known"] == []


def _dispute(doc_id, spans):
    readings = [f"{label} [{start}:{start + 1}] x: A{number}" for number, (start, label) in enumerate(spans)]
    return {
        "dispute_id": f"{doc_id}-{spans}",
        "doc_id": doc_id,
        "revision": 1,
        "kind": "boundary",
        "start": 0,
        "end": 9,
        "surface": "x",
        "readings": readings,
        "detail": "",
        "posterior": None,
    }


@pytest.mark.parametrize(
    ("length", "disputes", "candidates", "is_tangled"),
    [
        (500, 3, 2, False),
        (500, 4, 2, True),
        (2_000, 6, 2, False),
        (2_000, 7, 2, True),
        (90_000, 1, 4, False),
        (90_000, 1, 5, True),
    ],
)
def test_a_document_is_tangled_by_its_conflicts_per_1000_characters_or_by_the_spans_of_one(
    length, disputes, candidates, is_tangled
):
    rows = [_dispute("doc-1", [(at + 10 * n, "ORG") for at in range(candidates)]) for n in range(disputes)]
    found = tangled(from_rows("disputes", rows), lengths={"doc-1": length}, dense=3, candidates=4)
    assert found == ({"doc-1"} if is_tangled else set())


def test_a_suspect_is_asked_blind_and_its_decision_holds_though_nobody_drew_the_other_reading(drawing):
    labels = _labels(drawing, {"A1": ["PLACE Qaim"], "A2": ["PLACE Qaim"]})
    suspect = {
        "doc_id": "doc-1",
        "start": 0,
        "end": 4,
        "surface": "Qaim",
        "label": "PLACE",
        "other": "ORG",
        "score": 0.9,
    }
    wrong, other = conflicts_of_suspects([suspect, {**suspect, "other": None}], revisions={"doc-1": 1})
    assert set(_options(wrong)) == {"PLACE Qaim", "ORG Qaim"}
    assert set(_options(other)) == {"PLACE Qaim", "nothing"}
    assert _agreed(_applied(labels, [_decision(wrong, "ORG Qaim")]).tables) == ["ORG Qaim, 0/2, adjudicated"]
    assert _agreed(_applied(labels, [_decision(other, "nothing")]).tables) == []
    many = conflicts_of_suspects(
        [{**suspect, "doc_id": f"doc-{n}"} for n in range(200)], revisions={f"doc-{n}": 1 for n in range(200)}
    )
    assert 70 < [_options(one)["PLACE Qaim"] for one in many].count("A") < 130
