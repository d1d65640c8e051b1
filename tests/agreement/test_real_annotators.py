"""The rules on what real people did: teams that marked 130 reports, two or three people each, some of them twice."""

import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from copydesk.agreement import decide, measure
from copydesk.agreement.snap import snap

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "leoka-label-studio"


@pytest.fixture(scope="module", params=["LEOKA_team_6.json", "LEOKA_team_8.json"])
def team(request, drawing):
    """The works of a team in the order of their annotations' ids, which is that of time, and the texts."""
    file = FOLDER / request.param
    if not file.exists():
        pytest.skip(
            "../shared/data/leoka-label-studio is not beside the checkout: other people's data, which is not ours to copy into the project"
        )
    works, texts = [], {}
    for task in json.loads(file.read_text()):
        doc = f"task-{task['id']}"
        texts[doc] = task["data"]["text"]
        works += [
            drawing.Work(
                doc,
                f"A{made['completed_by']['id']}",
                [
                    (row["value"]["start"], row["value"]["end"], row["value"]["labels"][0])
                    for row in made["result"]
                    if row["type"] == "labels"
                ],
                annotation_id=str(made["id"]),
                at=made["id"] % 10_000_000,
            )
            for made in task["annotations"]
            if not made["was_cancelled"]
        ]
    return works, texts


def _latest(works):
    return {(work.doc, work.annotator): work for work in sorted(works, key=lambda work: work.at)}


def test_every_span_of_a_real_team_is_accounted_for(drawing, team):
    works, texts = team
    tables = drawing.tables(works, texts=texts)
    outcome = decide(**tables)
    assert outcome.kept_rows + outcome.rejected.num_rows == tables["spans"].num_rows > 2000
    again = len(works) - len(_latest(works))
    reasons = outcome.rejected["reason"].to_pylist()
    assert again > 0
    earlier = sum(len(work.spans) for work in works) - sum(len(work.spans) for work in _latest(works).values())
    assert reasons.count("superseded") == earlier
    assert set(reasons) == {"superseded", "outvoted"}


def test_exact_f1_of_a_real_team_is_the_one_of_plain_sets(drawing, team):
    works, texts = team
    rows = measure(
        **drawing.tables(works, texts=texts), documents=drawing.documents(texts), labels=("Person",)
    ).to_pylist()
    sets = {key: {tuple(span) for span in work.spans} for key, work in _latest(works).items()}
    shared = size = 0
    for (doc, one), (other_doc, other) in combinations(sets, 2):
        if doc == other_doc:
            shared += 2 * len(sets[doc, one] & sets[doc, other])
            size += len(sets[doc, one]) + len(sets[doc, other])
    figures = {
        row["measure"]: row["value"] for row in rows if row["label"] == row["annotators"] == row["scope"] == "all"
    }
    assert figures["span_f1_exact"] == shared / size
    assert figures["span_f1_exact"] < figures["span_f1_overlap"] < 1
    assert 0 < figures["token_alpha"] < 1


def test_every_figure_of_a_real_team_is_measured_and_nothing_is_dropped(drawing, team):
    works, texts = team
    tables = drawing.tables(works, texts=texts)
    snapped, changes = snap(tables["spans"], documents=drawing.documents(texts))
    assert snapped["span_id"] == tables["spans"]["span_id"]
    assert 0 < changes.num_rows < snapped.num_rows
    for row in snapped.to_pylist():
        assert row["surface"] == texts[row["doc_id"]][row["start"] : row["end"]] != ""
    tables["spans"] = snapped
    rows = measure(**tables, documents=drawing.documents(texts), labels=("Person",)).to_pylist()
    overall = {
        row["measure"]: row for row in rows if {row[name] for name in ("label", "annotators", "scope")} == {"all"}
    }
    values = {name: row["value"] for name, row in overall.items() if "relation" not in name}
    assert None not in values.values()
    assert values["span_f1_exact"] < values["span_f1_iou"] < values["span_f1_overlap"] <= values["span_f1_type"] < 1
    assert values["span_f1_exact"] < values["span_f1_boundary"] < 1
    assert 0 < values["gamma"] < 1
    # Every vote of a document with two readers is in the count.
    latest = _latest(works)
    readers = Counter(doc for doc, _ in latest)
    spans = {(row["annotation_id"], row["start"], row["end"], row["label"]) for row in snapped.to_pylist()}
    shared = {work.annotation_id for work in latest.values() if readers[work.doc] > 1}
    assert overall["span_f1_exact"]["n"] == overall["gamma"]["n"] == sum(one[0] in shared for one in spans)
    assert overall["span_f1_exact"]["documents"] == sum(count > 1 for count in readers.values())


def test_snapping_takes_the_slips_out_of_a_real_team(drawing, team):
    works, texts = team
    tables = drawing.tables(works, texts=texts)
    snapped, _ = snap(tables["spans"], documents=drawing.documents(texts))
    figures = []
    for spans in (tables["spans"], snapped):
        rows = measure(
            **{**tables, "spans": spans}, documents=drawing.documents(texts), labels=(), samples=0
        ).to_pylist()
        figures.append(rows[0]["value"])
        assert rows[0]["measure"] == "span_f1_exact"
    assert figures[0] < figures[1]
