"""Laws of adjudication: whatever people drew and whatever is decided, nothing is lost, and what was decided stays."""

from __future__ import annotations

import json
import runpy
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.agreement import decide
from copydesk.agreement.adjudication import Heard, Whole, apply_decisions, ask, contest_of, known_of
from copydesk.model.tables import empty, from_rows

drawing = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).parents[1] / "agreement" / "drawing.py"), run_name="drawing")
)
TEXT = "d saw Qaim's men"
START = datetime(2026, 3, 1, tzinfo=UTC)
SHOWN = ("conflict_id", "dispute_id", "doc_id", "revision", "kind", "name", "readings")
SAID = {"by": "A9", "cause": "", "note": "", "guideline_version": "1", "project": "2-now"}


@st.composite
def works(draw, least=2, most=3, first=1):
    """What some people drew in one short text, with relations between their own spans."""
    span = st.builds(
        lambda start, length, label: (start, min(start + length, len(TEXT)), label),
        st.integers(0, len(TEXT) - 1),
        st.integers(1, 8),
        st.sampled_from(("ORG", "PLACE")),
    )
    found = []
    for reader in range(first, first + draw(st.integers(least, most))):
        spans = draw(st.lists(span, max_size=4, unique=True))
        ends = st.integers(0, len(spans) - 1) if spans else st.nothing()
        joined = st.tuples(ends, ends, st.just("located_in"))
        relations = draw(st.lists(joined, max_size=2 if spans else 0, unique=True))
        found.append(drawing.Work("d", f"A{reader}", spans, [one for one in relations if one[0] != one[1]], at=0))
    return found


def heard_of(labels):
    return Heard.of(["d"], tables={**labels, "categories": empty("categories")})


def applied(labels, decisions, wholes=()):
    outcome = decide(**labels)
    voted = {**outcome.kept, "agreed_categories": empty("agreed_categories"), "rejected": outcome.rejected}
    return apply_decisions(voted, decisions, wholes, heard=heard_of(labels))


def decided_all(labels, outcomes):
    """Answer one question after the other, as they are asked, until there is none."""
    decisions = []
    while True:
        now = applied(labels, decisions)
        conflicts, _ = ask(now.tables["disputes"], decisions, agreed_spans=now.tables["agreed_spans"])
        if not conflicts.num_rows:
            return from_rows("decisions", decisions).to_pylist(), now
        assert len(decisions) < 60, "questions come to an end"
        row = conflicts.to_pylist()[0]
        number = len(decisions)
        said = {"outcome": outcomes[number % len(outcomes)], "at": START + timedelta(minutes=number)}
        decisions.append({**{name: row[name] for name in SHOWN}, **SAID, **said, "annotation_id": number})


def places_of(table):
    return [(row["start"], row["end"], row["label"]) for row in table.to_pylist()]


def assert_each_once(labels, done):
    """Every span that somebody drew is agreed or set aside, once, or else in dispute."""
    places = Counter(places_of(done.tables["agreed_spans"]))
    assert set(places.values()) <= {1}
    rejected = Counter(
        (held["annotation_id"], held["span_id"])
        for row in done.tables["rejected"].to_pylist()
        if "span_id" in (held := json.loads(row["row"]))
    )
    told = "; ".join(said for row in done.tables["disputes"].to_pylist() for said in row["readings"])
    for row in labels["spans"].to_pylist():
        is_agreed = (row["start"], row["end"], row["label"]) in places
        is_open = f"{row['label']} [{row['start']}:{row['end']}] " in told
        assert is_agreed + is_open + rejected[row["annotation_id"], row["span_id"]] == 1


def whole_of(labels, work, minutes):
    """What an adjudicator submits as the whole document, when the labels are these."""
    known = known_of(heard_of(labels).said)
    judged = heard_of(drawing.tables([work], texts={"d": TEXT})).said
    row = {"question_id": "document-1", "doc_id": "d", "at": START + timedelta(minutes=minutes), "known": known}
    return Whole.of(row, judged=judged)


OUTCOMES = st.lists(st.sampled_from(("A", "B", "both", "neither")), min_size=1, max_size=6)


@settings(deadline=None, max_examples=40)
@given(works(), OUTCOMES)
def test_when_all_is_decided_nothing_is_open_and_every_label_is_agreed_or_set_aside_once(drawn, outcomes):
    labels = drawing.tables(drawn, texts={"d": TEXT})
    _, done = decided_all(labels, outcomes)
    assert done.tables["disputes"].num_rows == 0
    agreed = done.tables["agreed_spans"].to_pylist()
    assert_each_once(labels, done)
    ids = {row["span_id"] for row in agreed}
    relations = done.tables["agreed_relations"].to_pylist()
    assert {row[end] for row in relations for end in ("head_span_id", "tail_span_id")} <= ids
    assert len({row["relation_id"] for row in relations}) == len(relations)


@settings(deadline=None, max_examples=20)
@given(works(), OUTCOMES)
def test_merging_again_keeps_every_decision(drawn, outcomes):
    """Also where somebody comes who has read it all and drew what was chosen."""
    labels = drawing.tables(drawn, texts={"d": TEXT})
    decisions, done = decided_all(labels, outcomes)
    again = applied(labels, decisions)
    assert all(again.tables[name].equals(done.tables[name]) for name in done.tables)
    agreed = done.tables["agreed_spans"].to_pylist()
    more = drawing.Work("d", "A8", [(row["start"], row["end"], row["label"]) for row in agreed])
    later = applied(drawing.tables([*drawn, more], texts={"d": TEXT}), decisions)
    adjudicated = {row["span_id"] for row in agreed if row["decided"] == "adjudicated"}
    assert adjudicated <= {row["span_id"] for row in later.tables["agreed_spans"].to_pylist()}


ADJUDICATOR = works(1, 1, first=9)


@settings(deadline=None, max_examples=40)
@given(works(), OUTCOMES, ADJUDICATOR)
def test_what_is_submitted_of_a_whole_document_is_what_holds_and_nothing_is_open(drawn, outcomes, submitted):
    """Also where conflicts were decided before, one by one."""
    labels = drawing.tables(drawn, texts={"d": TEXT})
    decisions, _ = decided_all(labels, outcomes)
    whole = whole_of(labels, submitted[0], minutes=100)
    done = applied(labels, decisions, [whole])
    mine = drawing.tables(submitted, texts={"d": TEXT})
    assert set(places_of(done.tables["agreed_spans"])) == set(places_of(mine["spans"]))
    assert done.tables["agreed_relations"].num_rows == len({one for *_, one in whole.judged if one.tail})
    assert done.tables["disputes"].num_rows == 0
    assert {row["method"] for row in done.tables["agreed_spans"].to_pylist()} <= {"adjudication"}
    assert_each_once(labels, done)
    assert done.standing["document-1"] == "holds"


@settings(deadline=None, max_examples=40)
@given(works(), ADJUDICATOR, works(1, 1, first=4))
def test_a_decision_of_a_whole_document_stays_whatever_is_drawn_later(drawn, submitted, later):
    """Only where something competes that was not known then is decided anew."""
    labels = drawing.tables(drawn, texts={"d": TEXT})
    whole = whole_of(labels, submitted[0], minutes=100)
    more = drawing.tables([*drawn, *later], texts={"d": TEXT})
    done = applied(more, [], [whole])
    chosen = {(one.start, one.end, one.label) for *_, one in whole.judged if one.tail is None}
    new = set(places_of(more["spans"])) - set(places_of(labels["spans"])) - chosen
    agreed = set(places_of(done.tables["agreed_spans"]))
    open_now = [contest_of(row) for row in done.tables["disputes"].to_pylist() if row["kind"] != "relation"]
    assert all(new & {(one.start, one.end, one.label) for one in contest.held} for contest in open_now)
    anew = new | {(one.start, one.end, one.label) for contest in open_now for one in contest.held}

    def is_apart(place):
        return not any(place[0] < end and start < place[1] for start, end, _ in anew)

    assert {one for one in chosen if is_apart(one)} <= agreed
    assert {one for one in agreed if is_apart(one)} <= chosen
    assert_each_once(more, done)


@settings(deadline=None, max_examples=20)
@given(works(), OUTCOMES, ADJUDICATOR)
def test_of_a_decision_of_a_conflict_and_of_its_document_the_later_one_counts(drawn, outcomes, submitted):
    labels = drawing.tables(drawn, texts={"d": TEXT})
    decisions, one_by_one = decided_all(labels, outcomes)
    earlier = applied(labels, decisions, [whole_of(labels, submitted[0], minutes=-1)])
    decided = {
        row["span_id"] for row in one_by_one.tables["agreed_spans"].to_pylist() if row["method"] == "adjudication"
    }
    assert decided <= {row["span_id"] for row in earlier.tables["agreed_spans"].to_pylist()}
    assert_each_once(labels, earlier)
