"""What is said of people, on cases small enough to be worked out by hand."""

from __future__ import annotations

import random
from datetime import timedelta

import pyarrow as pa
import pytest

from copydesk.agreement import decide
from copydesk.agreement.people import Given, annotator_facts, standings
from copydesk.agreement.people.again import self_agreement
from copydesk.agreement.people.grown import unanimous
from copydesk.agreement.people.intervals import wilson
from copydesk.model.tables import empty, from_rows

TEXT = "Asad met Noor in Qaim"
ASAD, NOOR, QAIM, IN_QAIM = (0, 4), (9, 13), (17, 21), (14, 21)


@pytest.fixture
def facts(drawing):
    """Measure works: gives a look-up by (annotator, measure, label)."""

    def measured(works, *, texts=None, change=lambda tables: tables, **also):
        texts = texts or {work.doc: TEXT for work in works}
        tables = change(drawing.tables(works, texts=texts))
        outcome = decide(**tables)
        given = {
            "reads": tables["reads"],
            "spans": tables["spans"],
            "documents": drawing.documents(texts),
            "agreed": outcome.kept["agreed_spans"],
            "disputes": outcome.kept["disputes"],
            "gold": empty("gold"),
            "gold_spans": empty("gold_spans"),
            "skipped": {},
            "labels": ("PER", "LOC", "ORG"),
            "every_read": tables["reads"],
            "every_span": tables["spans"],
            "drawn": tables["spans"],
            "snapped": empty("snapped"),
        }
        rows = annotator_facts(Given(**(given | also))).to_pylist()
        found = {(row["annotator"], row["measure"], row["label"]): row for row in rows}
        assert len(found) == len(rows)
        return found

    return measured


def three(drawing, doc="d"):
    return [
        drawing.Work(doc, "A1", [(*ASAD, "PER"), (*NOOR, "PER"), (*QAIM, "LOC")]),
        drawing.Work(doc, "A2", [(*ASAD, "PER"), (*QAIM, "LOC")]),
        drawing.Work(doc, "A3", [(*ASAD, "PER"), (*NOOR, "ORG"), (*IN_QAIM, "LOC")]),
    ]


def values(facts, measure, label="all"):
    return [facts[name, measure, label]["value"] for name in ("A1", "A2", "A3")]


def test_f1_against_others_counts_every_other_reader_once(drawing, facts):
    found = facts(three(drawing))
    # A1 shares Asad with two and Qaim with one; both sides of its two comparisons have 3 + 2 and 3 + 3 spans; and so on.
    assert values(found, "f1_others") == [2 * 3 / 11, 2 * 3 / 10, 2 * 2 / 11]
    assert values(found, "precision_others") == [3 / 6, 3 / 4, 2 / 6]
    assert values(found, "recall_others") == pytest.approx([3 / 5, 3 / 6, 2 / 5])
    assert found["A1", "precision_others", "all"]["n"] == 3
    assert values(found, "precision_others", "LOC") == [1 / 2, 1 / 2, 0]
    assert found["A2", "precision_others", "ORG"]["value"] is None
    assert found["A2", "recall_others", "ORG"]["value"] == 0
    assert found["A1", "f1_others", "all"]["note"] == "no interval: 1 documents are too few"


def test_what_is_in_dispute_is_neither_right_nor_wrong_against_agreed_labels(drawing, facts):
    found = facts(three(drawing))
    # Agreed are Asad and Qaim; what Noor is, is in dispute; "in Qaim" was outvoted.
    assert values(found, "f1_agreed") == [1, 1, 1 / 2]
    assert values(found, "recall_agreed", "LOC") == [1, 1, 0]


def test_a_label_taken_for_another_is_named_with_its_share(drawing, facts):
    found = facts(three(drawing))
    confused = {key: row for key, row in found.items() if key[1] == "confusion"}
    assert {key: (row["value"], row["n"]) for key, row in confused.items()} == {
        ("A1", "confusion", "PER > ORG"): (1 / 4, 1),
        ("A3", "confusion", "ORG > PER"): (1 / 2, 1),
    }


def test_boundaries_are_early_and_late_as_others_have_them(drawing, facts):
    found = facts(three(drawing))
    # Of each person four spans meet one of the same label of somebody else.
    assert values(found, "early_start") == [0, 0, 1 / 2]
    assert values(found, "late_start") == [1 / 4, 1 / 4, 0]
    assert values(found, "early_end") == values(found, "late_end") == [0, 0, 0]


def test_who_fuses_what_another_splits(drawing, facts):
    works = [drawing.Work("d", "A1", [(0, 13, "PER")]), drawing.Work("d", "A2", [(*ASAD, "PER"), (*NOOR, "PER")])]
    found = facts(works)
    assert [found[name, "fused", "all"]["value"] for name in ("A1", "A2")] == [1, 0]
    assert [found[name, "split", "all"]["value"] for name in ("A1", "A2")] == [0, 1]


def test_one_annotator_alone_is_told_so(drawing, facts):
    found = facts([drawing.Work("d", "A1", [(*ASAD, "PER")])])
    for measure in ("f1_others", "precision_others", "recall_others", "early_start", "fused", "drift"):
        row = found["A1", measure, "all"]
        assert (row["value"], row["n"], row["note"]) == (None, 0, "nobody else read what they read"), measure
    assert "of two readers" in found["A1", "f1_agreed", "all"]["note"]
    assert found["A1", "f1_gold", "all"]["note"] == "no gold among the documents that they read"
    assert found["A1", "f1_self", "all"]["note"] == "A1 annotated no text twice"
    assert found["A1", "lead_time_median", "all"]["note"] == "Label Studio told no lead time"


def test_people_without_a_document_in_common_are_told_so(drawing, facts):
    found = facts([drawing.Work("d", "A1", [(*ASAD, "PER")]), drawing.Work("e", "A2", [(*ASAD, "PER")])])
    assert {found[name, "f1_others", "all"]["note"] for name in ("A1", "A2")} == {"nobody else read what they read"}


def test_who_skipped_all_is_told_so_and_who_skipped_some_is_counted(drawing, facts):
    found = facts([drawing.Work("d", "A1", [(*ASAD, "PER")])], skipped={"A1": 1, "A9": 4})
    assert found["A9", "documents", "all"]["note"] == "skipped all of 4 tasks: there is nothing to measure"
    assert found["A9", "skipped", "all"]["value"] == 1
    assert found["A1", "skipped", "all"]["value"] == 1 / 2


def test_nobody_at_all_is_an_empty_table(facts):
    assert facts([], texts={"d": TEXT}) == {}


def test_two_people_who_read_and_drew_nothing_have_no_f1(drawing, facts):
    found = facts([drawing.Work("d", "A1"), drawing.Work("d", "A2")])
    assert found["A1", "f1_others", "all"]["value"] is None
    assert found["A1", "f1_others", "all"]["note"] == "nobody drew a span in these documents"
    assert found["A1", "read_empty", "all"]["value"] == 1


def test_drift_is_the_slope_over_windows_of_fifty(drawing, facts):
    works = []
    for number in range(100):
        doc = f"d{99 - number:03d}"  # time is not the order of names
        right = (*ASAD, "PER")
        works += [drawing.Work(doc, "A1", [right], at=number)]
        works += [drawing.Work(doc, "A2", [right if number < 50 else (*NOOR, "PER")], at=number)]
    found = facts(works)
    assert [found["A1", "f1_window", label]["value"] for label in ("1", "2")] == [1, 0]
    drift = found["A1", "drift", "all"]
    assert (drift["value"], drift["low"], drift["high"], drift["note"]) == (-1, -1, -1, "falling")
    assert drift["n"] == 100


def test_agreement_with_oneself_is_that_of_successive_annotations_of_one_text(drawing):
    works = [
        drawing.Work("d", "A1", [(*ASAD, "PER"), (*QAIM, "LOC")], annotation_id="1", at=1),
        drawing.Work("d", "A1", [(*ASAD, "PER"), (*NOOR, "PER")], annotation_id="2", at=2),
        drawing.Work("copy", "A1", [(*ASAD, "PER"), (*NOOR, "PER")], annotation_id="3", at=3),
        drawing.Work("other", "A1", [(0, 1, "PER")], annotation_id="4", at=4),
        drawing.Work("d", "A2", [(*ASAD, "PER")], annotation_id="5", at=5),
    ]
    tables = drawing.tables(works, texts={"d": TEXT, "copy": TEXT, "other": "x"})
    one, two = self_agreement(reads=tables["reads"], spans=tables["spans"], people=["A1", "A2"])
    # First against second shares one of two and two, second against third both of two and two.
    assert (one.value, one.n, one.note) == (2 * 3 / 8, 8, "2 texts annotated again")
    assert (two.value, two.note) == (None, "A2 annotated no text twice")


def _with(table, name, values):
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type))


def test_suggestions_kept_are_held_against_agreed_labels_and_against_the_time_that_reading_takes(drawing, facts):
    def change(tables):
        origins = ["prediction", "manual", "prediction", "manual", "manual", "manual", "prediction", "prediction"]
        spans = _with(tables["spans"], "origin", origins)
        return tables | {"spans": spans, "reads": _with(tables["reads"], "lead_time", [60.0, 60.0, 0.2])}

    found = facts(three(drawing), change=change)
    assert values(found, "suggestions_kept") == [2 / 3, 0, 2 / 3]
    # A1 kept Asad and Qaim, which are agreed; A3 kept Noor, which is in dispute, and "in Qaim", which is wrong.
    assert values(found, "suggestions_wrong") == [0, None, 1]
    assert values(found, "suggestions_unread") == [0, None, 1]
    # five words take .63 seconds at twice the usual speed
    assert values(found, "read_too_fast") == [0, 0, 1]
    assert found["A2", "suggestions_wrong", "all"]["note"] == "none of their spans was suggested"


def test_whether_suggestions_were_read_is_not_known_where_no_time_is_told(drawing, facts):
    def change(tables):
        origins = ["prediction"] * tables["spans"].num_rows
        times = [None, 60.0, None]
        return tables | {
            "spans": _with(tables["spans"], "origin", origins),
            "reads": _with(tables["reads"], "lead_time", times),
        }

    found = facts(three(drawing), change=change)
    assert values(found, "suggestions_unread") == [None, 0, None]
    assert found["A1", "suggestions_unread", "all"]["note"] == "Label Studio told no lead time"


def test_lead_times_are_told_as_median_and_95th_percentile(drawing, facts):
    works = [drawing.Work(f"d{number}", "A1", [(*ASAD, "PER")]) for number in range(5)]

    def change(tables):
        return tables | {"reads": _with(tables["reads"], "lead_time", [10.0, 20.0, None, 30.0, 50.0])}

    found = facts(works, change=change)
    assert found["A1", "lead_time_median", "all"]["value"] == 25
    assert found["A1", "lead_time_p95", "all"]["value"] == pytest.approx(47)
    assert found["A1", "lead_time_p95", "all"]["n"] == 4


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(8, 10, 0.4902, 0.9433), (0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (1, 1, 0.2065, 1)]
)
def test_the_interval_is_wilsons(hits, n, low, high):
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


def _gold(drawing, tables, docs, *, annotators=(), retired=None, digest=None):
    digests = dict(zip(tables["reads"]["doc_id"].to_pylist(), tables["reads"]["text_sha256"].to_pylist(), strict=True))
    rows = [
        {
            "doc_id": doc,
            "revision": 1,
            "text_sha256": digest or digests[doc],
            "origin": "given",
            "annotators": list(annotators),
            "added_at": drawing.START,
            "retired_at": retired,
            "asked_of": None,
        }
        for doc in docs
    ]
    spans = [{"doc_id": doc, "start": 0, "end": 4, "surface": "Asad", "label": "PER"} for doc in docs]
    return {"gold": from_rows("gold", rows), "gold_spans": from_rows("gold_spans", spans)}


def _judged(drawing, facts_of, *, min_f1=0.8, window=20, **gold):
    works = [drawing.Work(f"d{at:02d}", name, [drawn], at=at) for name, drawn, at in facts_of]
    texts = {work.doc: TEXT for work in works}
    tables = drawing.tables(works, texts=texts)
    known = _gold(drawing, tables, sorted(texts), **gold)
    given = Given(
        reads=tables["reads"],
        spans=tables["spans"],
        documents=drawing.documents(texts),
        agreed=empty("agreed_spans"),
        disputes=empty("disputes"),
        skipped={},
        labels=("PER",),
        every_read=tables["reads"],
        every_span=tables["spans"],
        drawn=tables["spans"],
        snapped=empty("snapped"),
        **known,
    )
    return list(standings(given.work(), **known, min_f1=min_f1, window=window))


RIGHT, WRONG = (*ASAD, "PER"), (*NOOR, "PER")


def test_who_did_enough_gold_faultlessly_passes(drawing):
    (one,) = _judged(drawing, [("A1", RIGHT, at) for at in range(20)])
    assert (one.verdict, one.f1, one.documents, one.spans) == ("passed", 1, 20, 40)
    assert one.low == pytest.approx(20 / (20 + 1.959963984540054**2))


def test_of_too_little_gold_nothing_is_decided(drawing):
    (one,) = _judged(drawing, [("A1", RIGHT, at) for at in range(10)])
    assert (one.verdict, one.f1) == ("undecided", 1)
    assert one.reason.startswith("too little gold: with 10 spans")


def test_little_gold_done_badly_fails_all_the_same(drawing):
    (one,) = _judged(drawing, [("A1", WRONG, at) for at in range(10)])
    assert (one.verdict, one.f1) == ("failed", 0)


def test_only_the_last_documents_of_gold_count(drawing):
    early = [("A1", WRONG, at) for at in range(20)]
    (one,) = _judged(drawing, early + [("A1", RIGHT, at) for at in range(20, 40)])
    assert one.verdict == "passed"
    (one,) = _judged(drawing, early + [("A1", RIGHT, at) for at in range(20, 40)], window=40)
    assert (one.verdict, one.f1) == ("failed", 1 / 2)


def test_nobody_is_measured_by_gold_that_is_theirs_retired_or_of_another_text(drawing):
    done = [("A1", RIGHT, at) for at in range(20)]
    for gold in ({"annotators": ("A1",)}, {"retired": drawing.START - timedelta(days=1)}, {"digest": "other"}):
        (one,) = _judged(drawing, done, **gold)
        assert (one.verdict, one.f1, one.reason) == ("undecided", None, "has read no gold"), gold
    (one,) = _judged(drawing, done, retired=drawing.START + timedelta(minutes=15))
    assert one.documents == 16


def test_f1_against_gold_is_in_the_report_with_its_interval(drawing, facts):
    works = three(drawing)
    tables = drawing.tables(works, texts={"d": TEXT})
    found = facts(works, **_gold(drawing, tables, ["d"]))
    assert values(found, "f1_gold") == [2 / 4, 2 / 3, 2 / 4]
    row = found["A1", "f1_gold", "all"]
    assert (row["low"], row["high"]) == wilson(1, 2)
    assert values(found, "recall_gold", "PER") == [1, 1, 1]


def test_gold_grows_from_documents_that_enough_people_labelled_alike(drawing):
    alike = [(*ASAD, "PER"), (*QAIM, "LOC")]
    works = [drawing.Work("alike", name, alike) for name in ("A1", "A2", "A3")]
    works += [drawing.Work("two", name, alike) for name in ("A1", "A2")]
    works += three(drawing, "apart")
    works += [drawing.Work("bare", name) for name in ("A1", "A2", "A3")]
    texts = dict.fromkeys(("alike", "two", "apart", "bare"), TEXT)
    tables = drawing.tables(works, texts=texts)
    documents, spans = unanimous(reads=tables["reads"], spans=tables["spans"], fewest=3)
    assert documents["doc_id"].to_pylist() == ["alike", "bare"]
    assert documents["annotators"].to_pylist() == [["A1", "A2", "A3"]] * 2
    assert [(row["doc_id"], row["surface"], row["label"]) for row in spans.to_pylist()] == [
        ("alike", "Asad", "PER"),
        ("alike", "Qaim", "LOC"),
    ]


def test_who_marks_at_random_is_told_from_those_who_mark_alike_and_of_two_nobody_is(drawing, facts):
    chance = random.Random(5)
    places = [(0, 4), (5, 8), (9, 13), (14, 16), (17, 21)]
    works = []
    for doc in range(40):
        right = [(*place, chance.choice(("PER", "LOC", "ORG"))) for place in places]
        works += [drawing.Work(f"d{doc}", name, right) for name in ("A1", "A2")]
        works.append(
            drawing.Work(f"d{doc}", "A3", [(*place, chance.choice(("PER", "LOC", "ORG"))) for place in places])
        )
    found = facts(works)
    assert found["A1", "spam", "all"]["value"] < 0.05
    assert found["A3", "spam", "all"]["value"] > 0.9
    assert found["A3", "spam", "all"]["n"] == 200
    two = facts([work for work in works if work.annotator != "A3"])
    assert two["A1", "spam", "all"]["value"] is None
    assert two["A1", "spam", "all"]["note"].startswith("fewer than three people")


def test_who_has_not_read_the_whole_newest_text_is_counted_and_not_compared(drawing, facts):
    works = three(drawing)
    partly = drawing.tables([drawing.Work("d", "A4", [])], texts={"d": TEXT})["reads"]
    found = facts(works, partly=partly)
    assert found["A4", "documents", "all"]["value"] == 1
    assert ("A4", "f1_others", "all") not in found
    assert values(found, "f1_others") == values(facts(works), "f1_others")
