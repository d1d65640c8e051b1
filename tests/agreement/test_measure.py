import json
import random
import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from copydesk.agreement import measure
from copydesk.agreement.exact import exact_f1_matrix
from copydesk.model.tables import TABLES, empty

FILE = tomllib.loads((Path(__file__).parents[1] / "cases/agreement/f1.toml").read_text())
TEXT = FILE["text"]
LABELS = ("PLACE", "ORG")


def _measure(drawing, works, texts=None):
    texts = texts or {"d": TEXT}
    rows = measure(**drawing.tables(works, texts=texts), documents=drawing.documents(texts), labels=LABELS).to_pylist()
    return {(row["measure"], row["label"], row["annotators"]): row for row in rows if row["scope"] == "all"}


@pytest.mark.parametrize("case", FILE["case"], ids=lambda case: case["rule"])
def test_f1_is_what_was_computed_by_hand(drawing, case):
    works = [drawing.marked(TEXT, case[name], doc="d", annotator=name) for name in ("A1", "A2")]
    found = _measure(drawing, works)
    for people in ("A1 A2", "all"):
        for kind in ("exact", "overlap"):
            numerator, denominator = case[kind]
            row = found[f"span_f1_{kind}", "all", people]
            assert (row["value"], row["n"], row["documents"]) == (numerator / denominator, denominator, 1)


def test_f1_is_pooled_over_documents_and_pairs_and_each_span_counted_once(drawing):
    works = [
        drawing.Work("d", "A1", [(0, 4, "PLACE"), (10, 15, "PLACE")]),
        drawing.Work("d", "A2", [(0, 4, "PLACE")]),
        drawing.Work("d", "A3", [(0, 4, "PLACE"), (10, 15, "ORG")]),
        drawing.Work("e", "A1", [(0, 4, "PLACE")]),
        drawing.Work("e", "A2", [(0, 4, "PLACE")]),
        drawing.Work("f", "A3", [(0, 4, "PLACE")]),
    ]
    found = _measure(drawing, works, texts=dict.fromkeys("def", TEXT))
    expected = {
        ("all", "A1 A2"): (4 / 5, 5, 2),
        ("all", "A1 A3"): (2 / 4, 4, 1),
        ("all", "A2 A3"): (2 / 3, 3, 1),
        ("all", "all"): (8 / 12, 7, 2),
        ("PLACE", "A1 A3"): (2 / 3, 3, 1),
        ("PLACE", "all"): (8 / 10, 6, 2),
        ("ORG", "A1 A3"): (0.0, 1, 1),
        ("ORG", "all"): (0.0, 1, 2),
    }
    for (label, people), figures in expected.items():
        row = found["span_f1_exact", label, people]
        assert (row["value"], row["n"], row["documents"]) == figures


def test_relations_agree_only_when_type_direction_and_both_ends_do(drawing):
    spans = [(0, 4, "PLACE"), (10, 15, "PLACE"), (31, 37, "ORG")]
    works = [
        drawing.Work("d", "A1", spans, [(0, 1, "located_in"), (0, 2, "held_by"), (1, 2, "held_by")]),
        drawing.Work("d", "A2", spans, [(0, 1, "located_in"), (2, 0, "held_by"), (1, 2, "part_of")]),
    ]
    found = _measure(drawing, works)
    assert found["relation_f1", "all", "A1 A2"]["value"] == 2 / 6
    assert found["relation_f1", "located_in", "all"]["value"] == 1.0
    assert found["relation_f1", "held_by", "all"]["value"] == 0.0
    assert found["relation_f1", "held_by", "all"]["n"] == 3


def test_relations_whose_end_is_missing_are_named_in_the_note(drawing):
    works = [drawing.Work("d", name, [(0, 4, "PLACE")], [(0, 5, "located_in")]) for name in ("A1", "A2")]
    row = _measure(drawing, works)["relation_f1", "all", "all"]
    assert row["value"] is None
    assert "2 relations with an unknown end left out" in row["note"]


def test_token_alpha_is_what_was_computed_by_hand(drawing):
    # Words: one two three four. A1: P P O O, A2: P O O O, so o_PP = 2, o_PO = o_OP = 1, o_OO = 4, n = 8.
    works = [drawing.Work("d", "A1", [(0, 7, "PLACE")]), drawing.Work("d", "A2", [(0, 3, "PLACE")])]
    found = _measure(drawing, works, texts={"d": "one two three four"})
    for label in ("all", "PLACE"):
        row = found["token_alpha", label, "all"]
        assert row["value"] == pytest.approx(1 - 7 * 2 / (2 * 3 * 5))
        assert (row["n"], row["documents"]) == (4, 1)
        assert "diagnostic" in row["note"]
    assert found["token_alpha", "ORG", "all"]["value"] is None


def test_a_word_under_nested_spans_has_the_label_of_the_shortest(drawing):
    nested = [(0, 7, "ORG"), (4, 7, "PLACE")]
    flat = [(0, 3, "ORG"), (4, 7, "PLACE")]
    works = [drawing.Work("d", "A1", nested), drawing.Work("d", "A2", flat)]
    assert _measure(drawing, works, texts={"d": "one two three"})["token_alpha", "all", "all"]["value"] == 1.0


def test_a_boundary_that_slips_by_a_letter_does_not_change_the_words(drawing):
    works = [drawing.Work("d", "A1", [(0, 8, "ORG")]), drawing.Work("d", "A2", [(0, 9, "ORG")])]
    assert _measure(drawing, works, texts={"d": "National Army"})["token_alpha", "all", "all"]["value"] == 1.0


def test_words_are_counted_over_documents_with_two_readers_whose_text_is_known(drawing):
    works = [drawing.Work(doc, name, [(0, 4, "PLACE")]) for doc in "de" for name in ("A1", "A2")]
    works.append(drawing.Work("f", "A1", [(0, 4, "PLACE")]))
    texts = dict.fromkeys("def", TEXT)
    known = drawing.documents({"d": TEXT, "f": TEXT})
    rows = measure(**drawing.tables(works, texts=texts), documents=known, labels=LABELS).to_pylist()
    row = next(row for row in rows if row["measure"] == "token_alpha" and row["label"] == "all")
    assert (row["documents"], row["n"]) == (1, len(TEXT.replace(",", "").replace(".", "").split()))
    assert "1 documents without their text left out" in row["note"]


@pytest.mark.parametrize(
    ("works", "why"),
    [
        ([], "no document was read by two people"),
        ([("d", "A1", [(0, 4, "PLACE")])], "no document was read by two people"),
        ([("d", "A1", [(0, 4, "PLACE")]), ("e", "A2", [(0, 4, "PLACE")])], "no document was read by two people"),
        ([("d", "A1", []), ("d", "A2", [])], "there is no span in these documents"),
    ],
    ids=["nothing", "one reader", "no document in common", "nothing drawn"],
)
def test_what_is_not_defined_is_null_with_the_reason(drawing, works, why):
    found = _measure(drawing, [drawing.Work(*work) for work in works], texts=dict.fromkeys("de", TEXT))
    assert {row["value"] for row in found.values()} == {None}
    assert all(row["note"] for row in found.values())
    for kind in ("exact", "overlap"):
        assert found[f"span_f1_{kind}", "all", "all"]["note"] == why


def test_empty_tables_give_rows_that_say_so():
    names = ("reads", "spans", "relations", "documents")
    table = measure(**{name: empty(name) for name in names}, labels=LABELS)
    assert table.schema == TABLES["agreement"]
    assert set(table["value"].to_pylist()) == {None}
    assert {"span_f1_exact", "span_f1_type", "spans_correct", "token_alpha", "relation_f1"} <= set(
        table["measure"].to_pylist()
    )
    assert all(table["note"].to_pylist())


def test_a_label_that_the_schema_does_not_know_is_measured_too(drawing):
    works = [drawing.Work("d", name, [(0, 4, "WEAPON")]) for name in ("A1", "A2")]
    found = _measure(drawing, works)
    assert found["span_f1_exact", "WEAPON", "all"]["value"] == 1.0
    assert found["span_f1_exact", "all", "all"]["value"] == 1.0


def test_exact_and_boundary_f1_are_what_nervaluate_calls_strict_and_exact(drawing):
    cases = json.loads((Path(__file__).parents[1] / "cases/agreement/spans.json").read_text())["cases"]
    assert len(cases) == 100
    texts = {f"d{number:03}": "x" * 300 for number in range(100)}
    works = [
        drawing.Work(doc, name, [tuple(span) for span in case[side]])
        for doc, case in zip(texts, cases, strict=True)
        for name, side in (("A1", "one"), ("A2", "other"))
    ]
    rows = measure(
        **drawing.tables(works, texts=texts), documents=drawing.documents(texts), labels=(), samples=0
    ).to_pylist()
    found = {(row["measure"], row["within"]): row["value"] for row in rows if row["scope"] == "document"}
    for way, name in (("exact", "strict"), ("boundary", "exact")):
        ours = [found[f"span_f1_{way}", doc] for doc in texts]
        assert ours == pytest.approx([case[name] for case in cases], abs=1e-12)


def test_spans_are_compared_more_or_less_strictly_and_sorted_by_error(drawing):
    one = [(0, 4, "PLACE"), (10, 15, "PLACE"), (20, 30, "ORG"), (40, 50, "ORG"), (60, 64, "ORG"), (70, 72, "ORG")]
    other = [(0, 4, "PLACE"), (10, 15, "ORG"), (22, 30, "ORG"), (48, 60, "ORG"), (62, 66, "PLACE"), (80, 82, "ORG")]
    works = [drawing.Work("d", "A1", one), drawing.Work("d", "A2", other)]
    found = _measure(drawing, works, texts={"d": "x" * 90})
    f1 = {
        way: found[f"span_f1_{way}", "all", "A1 A2"]["value"] for way in ("exact", "iou", "overlap", "boundary", "type")
    }
    assert f1 == pytest.approx({"exact": 1 / 6, "iou": 2 / 6, "overlap": 3 / 6, "boundary": 2 / 6, "type": 3 / 6})
    counts = {
        name: found[f"spans_{name}", "all", "A1 A2"]["value"]
        for name in ("correct", "label_wrong", "boundary_wrong", "both_wrong", "missing", "spurious", "unmatched")
    }
    assert list(counts.values()) == [1, 1, 2, 1, 1, 1, 2]
    assert "spans_missing" not in {name for name, _, people in found if people == "all"}


def test_documents_sources_and_weeks_have_figures_of_their_own(drawing):
    texts = dict.fromkeys("defg", TEXT)
    same, other = [(0, 4, "PLACE")], [(0, 4, "ORG")]
    works = [drawing.Work(doc, "A1", same, at=at) for doc, at in (("d", 0), ("e", 0), ("f", 11_000), ("g", 0))]
    works += [drawing.Work(doc, "A2", mine, at=1) for doc, mine in (("d", same), ("e", other), ("f", same))]
    known = drawing.documents(texts)
    names = pa.array(["Post", "Post", None, "Post"], pa.string())
    known = known.set_column(known.schema.get_field_index("publisher"), known.schema.field("publisher"), names)
    rows = measure(**drawing.tables(works, texts=texts), documents=known, labels=LABELS, samples=5).to_pylist()
    found = {(row["scope"], row["within"]): row for row in rows if row["measure"] == "span_f1_exact"}
    values = {place: (row["value"], row["documents"], row["n"]) for place, row in found.items() if place[0] != "all"}
    assert values == {
        ("document", "d"): (1.0, 1, 2),
        ("document", "e"): (0.0, 1, 2),
        ("document", "f"): (1.0, 1, 2),
        ("source", "Post"): (0.5, 2, 4),
        ("source", "x"): (1.0, 1, 2),
        ("week", "2024-W18"): (0.5, 2, 4),
        ("week", "2024-W19"): (1.0, 1, 2),
    }
    assert {row["within"] for row in rows if row["measure"] == "gamma" and row["scope"] == "week"} == {
        "2024-W18",
        "2024-W19",
    }


def test_intervals_are_of_documents_drawn_again(drawing):
    texts = {f"d{number:02}": TEXT for number in range(40)}
    works = []
    for number, doc in enumerate(texts):
        works.append(drawing.Work(doc, "A1", [(0, 4, "PLACE")]))
        works.append(drawing.Work(doc, "A2", [(0, 4, "PLACE" if number % 4 else "ORG")]))
    found = _measure(drawing, works, texts)
    row = found["span_f1_exact", "all", "all"]
    # The share of 40 documents: .75 with a deviation of sqrt(.75 * .25 / 40) = .068.
    assert (row["value"], row["low"], row["high"]) == pytest.approx(
        (0.75, 0.75 - 1.96 * 0.068, 0.75 + 1.96 * 0.068), abs=0.03
    )
    pair = found["span_f1_exact", "all", "A1 A2"]
    assert (pair["low"], pair["high"]) == pytest.approx((row["low"], row["high"]), abs=0.03)


def test_the_matrix_of_exact_f1_is_the_one_of_the_report(drawing):
    order = random.Random(9)
    texts = {f"d{number}": "x" * 40 for number in range(6)}
    people = ["A1", "A2", "A3", "A4"]
    works = [
        drawing.Work(
            doc,
            name,
            sorted({(at := order.randrange(30), at + order.randint(1, 3), order.choice("PQ")) for _ in range(9)}),
        )
        for doc in texts
        for name in people
        if order.random() < 0.7
    ]
    found = _measure(drawing, works, texts)
    rows = [(work, span) for work in works for span in work.spans]
    read = np.zeros((6, 4), bool)
    for work in works:
        read[int(work.doc[1:]), people.index(work.annotator)] = True
    matrix = exact_f1_matrix(
        doc=np.array([int(work.doc[1:]) for work, _ in rows]),
        start=np.array([span[0] for _, span in rows]),
        end=np.array([span[1] for _, span in rows]),
        label=np.array(["PQ".index(span[2]) for _, span in rows]),
        annotator=np.array([people.index(work.annotator) for work, _ in rows]),
        read=read,
    )
    compared = 0
    for (one, first), (other, second) in combinations(enumerate(people), 2):
        row = found.get(("span_f1_exact", "all", f"{first} {second}"))
        if row and row["value"] is not None:
            assert matrix[one, other] == matrix[other, one] == row["value"]
            compared += 1
    assert compared == 6


def test_gamma_and_unitising_alpha_of_a_pair_are_those_of_the_two_alone(drawing):
    texts = {f"d{number}": TEXT for number in range(4)}
    drawn = {
        "A1": [(0, 4, "PLACE"), (10, 15, "ORG")],
        "A2": [(0, 4, "PLACE"), (10, 15, "PLACE")],
        "A3": [(5, 15, "ORG")],
    }
    works = [
        drawing.Work(doc, name, spans[: 1 + (int(doc[1]) + int(name[1])) % 2])
        for doc in texts
        for name, spans in drawn.items()
    ]

    def rows(chosen):
        given = {
            **drawing.tables(chosen, texts=texts),
            "documents": drawing.documents(texts),
            "labels": ("PLACE", "ORG"),
        }
        found = {
            (row["measure"], row["annotators"]): (row["value"], row["n"])
            for row in measure(**given).to_pylist()
            if (row["label"], row["scope"]) == ("all", "all")
        }
        return {key: value for key, value in found.items() if key[0] in ("gamma", "gamma_cat", "unitizing_alpha")}

    all_three, two = rows(works), rows([work for work in works if work.annotator != "A3"])
    assert {annotators for _, annotators in all_three} == {"all", "A1 A2", "A1 A3", "A2 A3"}
    for name in ("gamma", "gamma_cat", "unitizing_alpha"):
        assert all_three[name, "A1 A2"] == two[name, "A1 A2"] == two[name, "all"]
        assert all_three[name, "A1 A2"] != all_three[name, "all"]
