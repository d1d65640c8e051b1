"""Laws of agreement, and its vectorised steps against plain ones written from their definitions."""

from __future__ import annotations

import json
import runpy
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.agreement import decide, measure
from copydesk.agreement.match import match

drawing = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).parents[1] / "agreement" / "drawing.py"), run_name="drawing")
)
TEXTS = {doc: f"{doc} saw Qaim's men" for doc in "de"}
LABELS = ("ORG", "PLACE")
TYPES = ("held_by", "located_in")
CORRECTED = ("token_alpha", "unitizing_alpha", "relation_label_alpha", "gamma", "gamma_cat", "gamma_k")


@st.composite
def works(draw, people=4):
    """What up to four people drew in up to two documents: short texts, so that much of it meets."""
    found = []
    for doc, text in TEXTS.items():
        readers = draw(st.lists(st.integers(1, people), unique=True, max_size=people))
        starts = st.integers(0, len(text) - 1)
        span = st.builds(
            lambda start, length, label, text=text: (start, min(start + length, len(text)), label),
            starts,
            st.integers(1, 8),
            st.sampled_from(LABELS),
        )
        for reader in readers:
            spans = draw(st.lists(span, max_size=4))
            ends = st.integers(0, len(spans) - 1) if spans else st.nothing()
            relations = draw(st.lists(st.tuples(ends, ends, st.sampled_from(TYPES)), max_size=3 if spans else 0))
            found.append(drawing.Work(doc, f"A{reader}", spans, relations))
    return found


def _tables(drawn):
    return drawing.tables(drawn, texts=TEXTS)


def _measure(tables, *, samples=0):
    return measure(**tables, documents=drawing.documents(TEXTS), labels=LABELS, samples=samples)


def _keys(rows):
    return {(row["doc_id"], row["start"], row["end"], row["label"]) for row in rows}


@settings(deadline=None)
@given(works())
def test_every_vote_is_in_exactly_one_of_agreed_disputed_and_rejected(drawn):
    tables = _tables(drawn)
    outcome = decide(**tables)
    rejected = outcome.rejected.to_pylist()
    assert outcome.kept_rows + len(rejected) == tables["spans"].num_rows + tables["relations"].num_rows
    out = [json.loads(row["row"]).get("span_id") for row in rejected]
    agreed = {key: row for row in outcome.kept["agreed_spans"].to_pylist() for key in _keys([row])}
    readings = {
        (dispute["doc_id"], reading): dispute["dispute_id"]
        for dispute in outcome.kept["disputes"].to_pylist()
        for reading in dispute["readings"]
    }
    for row in tables["spans"].to_pylist():
        told = f"{row['label']} [{row['start']}:{row['end']}] {row['surface']}: "
        holders = [reading for doc, reading in readings if doc == row["doc_id"] and reading.startswith(told)]
        (key,) = _keys([row])
        assert [key in agreed, bool(holders), row["span_id"] in out].count(True) == 1
        names = agreed[key]["annotators"] if key in agreed else [name for told in holders for name in _who(told)]
        assert row["annotator"] in names or row["span_id"] in out


def _who(reading):
    return reading.rpartition(": ")[2].split(", ")


def _plain_decision(drawn):
    """The rule of ``settle`` for spans, said plainly; gives the agreed, disputed cells and outvoted of all documents."""
    agreed, disputed, outvoted = set(), set(), set()
    for doc in TEXTS:
        votes, readers = {}, [work.annotator for work in drawn if work.doc == doc]
        for work in drawn:
            for span in work.spans if work.doc == doc else ():
                votes.setdefault((doc, *span), set()).add(work.annotator)
        rivals = {
            frozenset((x, y))
            for x, y in combinations(votes, 2)
            if max(x[1], y[1]) < min(x[2], y[2]) and 2 * len(votes[x] & votes[y]) <= len(votes[x] | votes[y])
        }
        majority = {span for span in votes if 2 * len(votes[span]) > len(readers)}
        holds = {span for span in majority if not any(pair <= majority for pair in rivals if span in pair)}
        agreed |= holds
        rest = set(votes) - holds
        while rest:
            cell = {rest.pop()}
            while more := {span for span in rest if any(frozenset((span, member)) in rivals for member in cell)}:
                cell |= more
                rest -= more
            silent = set(readers) - set().union(*(votes[span] for span in cell))
            if 2 * len(silent) > len(readers):
                outvoted |= cell
            else:
                disputed.add(frozenset(cell))
    return agreed, disputed, outvoted


@settings(deadline=None)
@given(works())
def test_the_decision_is_the_one_of_the_rule_said_plainly(drawn):
    outcome = decide(**_tables(drawn))
    agreed, disputed, outvoted = _plain_decision(drawn)
    assert _keys(outcome.kept["agreed_spans"].to_pylist()) == agreed
    rejected = [json.loads(row["row"]) for row in outcome.rejected.to_pylist()]
    assert _keys(row for row in rejected if "span_id" in row) == outvoted
    cells = [
        (row["doc_id"], row["start"], row["end"], sum(not said.startswith("nothing: ") for said in row["readings"]))
        for row in outcome.kept["disputes"].to_pylist()
        if row["kind"] != "relation"
    ]
    expected = [
        (next(iter(cell))[0], min(span[1] for span in cell), max(span[2] for span in cell), len(cell))
        for cell in disputed
    ]
    assert sorted(cells) == sorted(expected)
    for row in outcome.kept["disputes"].to_pylist():
        assert row["kind"] == "relation" or row["surface"] == TEXTS[row["doc_id"]][row["start"] : row["end"]]


@settings(deadline=None)
@given(works())
def test_agreed_relations_join_agreed_spans_and_rest_on_a_majority(drawn):
    kept = decide(**_tables(drawn)).kept
    spans = {row["span_id"]: row for row in kept["agreed_spans"].to_pylist()}
    assert len(spans) == kept["agreed_spans"].num_rows
    for row in [*spans.values(), *kept["agreed_relations"].to_pylist()]:
        assert 2 * row["votes"] > row["readers"]
        assert row["votes"] == len(row["annotators"]) == len(row["annotation_ids"])
        unanimous = "unanimous" if row["votes"] == row["readers"] else "majority"
        assert row["decided"] == ("single" if row["readers"] == 1 else unanimous)
    for row in kept["agreed_relations"].to_pylist():
        assert {row["head_span_id"], row["tail_span_id"]} <= set(spans)


@settings(deadline=None)
@given(works())
def test_a_relation_to_an_outvoted_span_is_outvoted(drawn):
    tables = _tables(drawn)
    outcome = decide(**tables)
    rows = [json.loads(row["row"]) for row in outcome.rejected.to_pylist()]
    spans = {row["span_id"] for row in rows if "span_id" in row}
    relations = {row["relation_id"] for row in rows if "relation_id" in row}
    for row in tables["relations"].to_pylist():
        if spans & {row["head_span_id"], row["tail_span_id"]}:
            assert row["relation_id"] in relations


@settings(deadline=None, max_examples=30)
@given(works(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(drawn, order):
    tables = _tables(drawn)
    other = {name: drawing.shuffled(table, order) for name, table in tables.items()}
    assert decide(**tables).kept == decide(**other).kept
    assert _measure(tables, samples=2) == _measure(other, samples=2)


@settings(deadline=None, max_examples=30)
@given(works(), st.permutations(range(1, 5)))
def test_the_names_of_annotators_change_nothing_but_names(drawn, numbers):
    def renamed(work):
        return drawing.Work(work.doc, f"A{numbers[int(work.annotator[1:]) - 1]}", work.spans, work.relations)

    ours, theirs = _tables(drawn), _tables([renamed(work) for work in drawn])
    one, other = decide(**ours), decide(**theirs)
    for name, nameless in (
        ("agreed_spans", ["span_id", "attributes", "votes", "readers", "decided"]),
        ("agreed_relations", ["relation_id", "head_span_id", "tail_span_id", "votes", "readers", "decided"]),
        ("disputes", ["dispute_id", "kind", "start", "end", "surface", "detail"]),
    ):
        assert one.kept[name].select(nameless) == other.kept[name].select(nameless)
    assert one.rejected.num_rows == other.rejected.num_rows
    assert _values(ours) == _values(theirs, lambda name: f"A{numbers.index(int(name[1:])) + 1}")


def _values(tables, name=str):
    # Who of a pair comes first is a matter of names, and what the first or the second alone drew goes with it.
    return {
        (
            row["measure"],
            row["label"],
            row["scope"],
            row["within"],
            " ".join(sorted(map(name, row["annotators"].split()))),
        )
        if row["annotators"] != "all"
        else (row["measure"], row["label"], row["scope"], row["within"]): (row["value"], row["n"], row["documents"])
        for row in _measure(tables, samples=2).to_pylist()
        if row["measure"] not in ("spans_missing", "spans_spurious")
    }


@settings(deadline=None, max_examples=30)
@given(works(people=1), st.integers(2, 4))
def test_perfect_copies_agree_perfectly(drawn, people):
    copies = [
        drawing.Work(work.doc, f"A{number}", work.spans, work.relations)
        for work in drawn
        for number in range(1, people + 1)
    ]
    outcome = decide(**_tables(copies))
    assert outcome.kept["disputes"].num_rows == outcome.rejected.num_rows == 0
    decided = outcome.kept["agreed_spans"]["decided"].to_pylist()
    assert set(decided) <= {"unanimous"}
    for row in _measure(_tables(copies), samples=2).to_pylist():
        if row["measure"].startswith("spans_"):
            assert row["value"] in (row["n"] if row["measure"] == "spans_correct" else 0, None)
            continue
        assert row["value"] in (1.0, None)
        assert (row["low"], row["high"]) in ((1.0, 1.0), (None, None))
        if row["measure"].startswith("span") and row["label"] == "all" and row["scope"] == "all":
            assert row["value"] == (1.0 if decided else None)


@settings(deadline=None, max_examples=40)
@given(works())
def test_figures_lie_in_their_range_and_overlap_is_never_below_exact(drawn):
    listed = _measure(_tables(drawn), samples=2).to_pylist()
    rows = {tuple(row[name] for name in ("measure", "label", "annotators", "scope", "within")): row for row in listed}
    assert len(rows) == len(listed)
    for (name, *place), row in rows.items():
        assert row["value"] is not None or row["note"]
        if row["value"] is None or name.startswith("spans_"):
            continue
        assert (-99 if name in CORRECTED else 0) <= row["value"] <= 1
        assert row["low"] is None or row["low"] <= row["high"] <= 1
        if name == "span_f1_exact":
            for wider in ("iou", "overlap", "boundary", "type"):
                assert row["value"] <= rows[f"span_f1_{wider}", *place]["value"]
            assert rows["span_f1_overlap", *place]["value"] <= rows["span_f1_type", *place]["value"]


@settings(deadline=None, max_examples=50)
@given(works())
def test_every_span_is_in_one_class_of_error(drawn):
    rows = _measure(_tables(drawn)).to_pylist()
    for place in {(row["annotators"], row["scope"], row["within"]) for row in rows}:
        own = {row["measure"]: row for row in rows if _at(row) == place and row["label"] == "all"}
        if own.get("spans_correct", {}).get("value") is None:
            continue
        counts = {
            name: own[f"spans_{name}"]["value"] for name in ("correct", "label_wrong", "boundary_wrong", "both_wrong")
        }
        lone = own["spans_unmatched"]["value"]
        assert sum(counts.values()) + lone == own["spans_correct"]["n"]
        size = 2 * sum(counts.values()) + lone
        assert own["span_f1_exact"]["value"] == 2 * counts["correct"] / size
        if place[0] != "all":
            assert own["spans_missing"]["value"] + own["spans_spurious"]["value"] == lone
            assert own["span_f1_exact"]["n"] == size


def _at(row):
    return row["annotators"], row["scope"], row["within"]


@settings(deadline=None, max_examples=60)
@given(works())
def test_exact_f1_is_the_one_of_plain_sets(drawn):
    sets = {(work.doc, work.annotator): {tuple(span) for span in work.spans} for work in drawn}
    for row in _measure(_tables(drawn)).to_pylist():
        if row["measure"] != "span_f1_exact" or row["label"] != "all" or row["annotators"] == "all":
            continue
        one, other = row["annotators"].split()
        both = [(sets[doc, one], sets[doc, other]) for doc in TEXTS if {(doc, one), (doc, other)} <= set(sets)]
        size = sum(len(a) + len(b) for a, b in both)
        assert row["n"] == size
        assert row["value"] == (2 * sum(len(a & b) for a, b in both) / size if size else None)


@settings(deadline=None)
@given(works())
def test_a_person_who_read_something_else_changes_no_decision(drawn):
    first = [work for work in drawn if work.doc == "d"]
    assert decide(**_tables(first)).kept["agreed_spans"] == _of_d(decide(**_tables(drawn)).kept["agreed_spans"])


def _of_d(table):
    return table.filter(pa.array([doc == "d" for doc in table["doc_id"].to_pylist()], pa.bool_()))


def _plain_match(spans):
    """Take the pairs of two owners' spans one by one, best first."""
    pairs = []
    for (owner, start, end), (other, first, last) in combinations(spans, 2):
        shared = min(end, last) - max(start, first)
        if owner != other and shared > 0:
            together = max(end, last) - min(start, first)
            pairs.append((-shared, together, start + first, (owner, start, end), (other, first, last)))
    taken, matched = set(), set()
    for *_, one, two in sorted(pairs):
        places = {(one, two[0]), (two, one[0])}
        if not places & taken:
            taken |= places
            matched.add(frozenset((one, two)))
    return matched


@settings(deadline=None)
@given(st.sets(st.tuples(st.integers(0, 2), st.integers(0, 12), st.integers(1, 6)), max_size=12))
def test_matching_takes_the_best_pairs_first(drawn):
    spans = [(owner, start, start + length) for owner, start, length in sorted(drawn)]
    owner, start, end = np.array(spans, np.int64).reshape(-1, 3).T
    found = match(group=np.zeros(len(spans), np.int64), start=start, end=end, owner=owner)
    pairs = {frozenset((spans[a], spans[b])) for a, b in zip(found.left, found.right, strict=True)}
    assert pairs == _plain_match(spans)
