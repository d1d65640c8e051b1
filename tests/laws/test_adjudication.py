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
from copydesk.agreement.adjudication import Heard, apply_decisions, ask
from copydesk.model.tables import empty, from_rows

drawing = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).parents[1] / "agreement" / "drawing.py"), run_name="drawing")
)
TEXT = "d saw Qaim's men"
START = datetime(2026, 3, 1, tzinfo=UTC)
SHOWN = ("conflict_id", "dispute_id", "doc_id", "revision", "kind", "name", "readings")
SAID = {"by": "A9", "cause": "", "note": "", "guideline_version": "1", "project": "2-now"}


@st.composite
def works(draw):
    """What two or three people drew in one short text, with relations between their own spans."""
    span = st.builds(
        lambda start, length, label: (start, min(start + length, len(TEXT)), label),
        st.integers(0, len(TEXT) - 1),
        st.integers(1, 8),
        st.sampled_from(("ORG", "PLACE")),
    )
    found = []
    for reader in range(1, 1 + draw(st.integers(2, 3))):
        spans = draw(st.lists(span, max_size=4, unique=True))
        ends = st.integers(0, len(spans) - 1) if spans else st.nothing()
        joined = st.tuples(ends, ends, st.just("located_in"))
        relations = draw(st.lists(joined, max_size=2 if spans else 0, unique=True))
        found.append(drawing.Work("d", f"A{reader}", spans, [one for one in relations if one[0] != one[1]]))
    return found


def applied(labels, decisions):
    outcome = decide(**labels)
    voted = {**outcome.kept, "agreed_categories": empty("agreed_categories"), "rejected": outcome.rejected}
    heard = Heard.of(["d"], tables={**labels, "categories": empty("categories")})
    return apply_decisions(voted, decisions, heard=heard)


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


OUTCOMES = st.lists(st.sampled_from(("A", "B", "both", "neither")), min_size=1, max_size=6)


@settings(deadline=None, max_examples=40)
@given(works(), OUTCOMES)
def test_when_all_is_decided_nothing_is_open_and_every_label_is_agreed_or_set_aside_once(drawn, outcomes):
    labels = drawing.tables(drawn, texts={"d": TEXT})
    _, done = decided_all(labels, outcomes)
    assert done.tables["disputes"].num_rows == 0
    agreed = done.tables["agreed_spans"].to_pylist()
    places = Counter((row["start"], row["end"], row["label"]) for row in agreed)
    assert set(places.values()) <= {1}
    rejected = Counter(
        (held["annotation_id"], held["span_id"])
        for row in done.tables["rejected"].to_pylist()
        if "span_id" in (held := json.loads(row["row"]))
    )
    for row in labels["spans"].to_pylist():
        is_agreed = (row["start"], row["end"], row["label"]) in places
        assert is_agreed + rejected[row["annotation_id"], row["span_id"]] == 1
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
