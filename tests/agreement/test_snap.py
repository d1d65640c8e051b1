import tomllib
from pathlib import Path

import pytest

from copydesk.agreement.snap import snap
from copydesk.model.tables import TABLES, empty

CASES = tomllib.loads((Path(__file__).parents[1] / "cases/agreement/snap.toml").read_text())["case"]


def _read(marked):
    return marked.replace("[", "").replace("]", ""), marked.index("["), marked.index("]") - 1


def _snap(drawing, works, texts, **known):
    tables = drawing.tables(works, texts=texts)
    return tables["spans"], *snap(tables["spans"], documents=drawing.documents(known.get("known", texts)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["rule"])
def test_boundaries_are_snapped_to_words(drawing, case):
    text, start, end = _read(case["made"])
    same, *place = _read(case["snapped"])
    assert same == text
    _, spans, changes = _snap(drawing, [drawing.Work("d", "A1", [(start, end, "PLACE")])], {"d": text})
    (row,) = spans.to_pylist()
    assert ([row["start"], row["end"]], row["surface"]) == (place, text[slice(*place)])
    assert spans.schema == TABLES["spans"]
    moved = [tuple(change.values()) for change in changes.to_pylist()]
    assert moved == ([("1-d-A1", "1-d-A1-0", start, end, *place, case["why"])] if case["why"] else [])


def test_rows_keep_their_order_over_documents_and_nesting_stays(drawing):
    texts = {doc: f"{doc} saw Qaim and Mosul" for doc in "fed"}
    spans = [(6, 20, "ORG"), (5, 10, "PLACE"), (0, 1, "ORG"), (14, 19, "PLACE")]
    works = [drawing.Work(doc, name, spans) for doc in "def" for name in ("A2", "A1")]
    made, found, changes = _snap(drawing, works, texts)
    assert found["span_id"] == made["span_id"]
    assert [(row["start"], row["end"]) for row in found.to_pylist()] == [(6, 20), (6, 10), (0, 1), (15, 20)] * 6
    assert changes.num_rows == 12


def test_a_span_whose_text_is_not_known_or_that_lies_outside_is_not_touched(drawing):
    works = [drawing.Work("d", "A1", [(1, 4, "ORG")]), drawing.Work("e", "A1", [(1, 400, "ORG"), (2, 2, "ORG")])]
    works.append(drawing.Work("e", "A2", [(1, 3, "ORG")], revision=2))
    made, found, changes = _snap(drawing, works, dict.fromkeys("de", "Mosul fell"), known={"e": "Mosul fell"})
    assert found == made
    assert changes == empty("snapped")


def test_nothing_gives_nothing():
    spans, changes = snap(empty("spans"), documents=empty("documents"))
    assert (spans, changes) == (empty("spans"), empty("snapped"))
