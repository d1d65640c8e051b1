"""The alignment of one document: what belongs together has one number, and how it differs is said."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from copydesk.agreement.gamma.document import BOTH, LABEL, MISSING, PLACE, SAME, alignment_of
from copydesk.model.tables import from_rows

Span = tuple[int, int, str]
CASES: dict[str, tuple[dict[str, list[Span]], list[str]]] = {
    "the same": ({"A1": [(0, 4, "ORG")], "A2": [(0, 4, "ORG")]}, [SAME]),
    "another label": ({"A1": [(0, 4, "ORG")], "A2": [(0, 4, "PER")]}, [LABEL]),
    "another boundary": ({"A1": [(0, 10, "ORG")], "A2": [(0, 9, "ORG")]}, [PLACE]),
    "both": ({"A1": [(0, 10, "ORG")], "A2": [(0, 9, "PER")], "A3": [(0, 10, "ORG")]}, [BOTH]),
    "nothing of one": ({"A1": [(0, 4, "ORG")], "A2": []}, [MISSING]),
    "far from each other": ({"A1": [(0, 4, "ORG")], "A2": [(40, 44, "ORG")]}, [MISSING, MISSING]),
    "in each other": ({"A1": [(0, 9, "ORG"), (0, 3, "PER")], "A2": [(0, 3, "PER"), (0, 9, "ORG")]}, [SAME, SAME]),
    "nothing": ({"A1": [], "A2": []}, []),
    "nobody": ({}, []),
}


def tables(drawn: dict[str, list[Span]]) -> dict[str, pa.Table]:
    place = {"doc_id": "d", "revision": 1, "text_sha256": "0"}
    reads: list[dict[str, Any]] = [
        {
            **place,
            "annotation_id": who,
            "annotator": who,
            "created_at": None,
            "updated_at": None,
            "lead_time": None,
            "spans": len(spans),
            "relations": 0,
        }
        for who, spans in drawn.items()
    ]
    spans = [
        {
            **place,
            "annotation_id": who,
            "annotator": who,
            "span_id": f"{who}-{start}-{end}",
            "start": start,
            "end": end,
            "surface": "x",
            "label": label,
            "origin": "manual",
            "attributes": [],
        }
        for who, own in drawn.items()
        for start, end, label in own
    ]
    return {"reads": from_rows("reads", reads), "spans": from_rows("spans", spans)}


@pytest.mark.parametrize("case", CASES)
def test_units_that_gamma_aligns_have_one_number_and_say_how_they_differ(case: str) -> None:
    drawn, kinds = CASES[case]
    found = alignment_of(**tables(drawn))
    assert list(found.annotators) == sorted(drawn)
    assert [found.kind(units) for units in found.sets.values()] == kinds
    assert {(one.annotator, one.start, one.end, one.label) for one in found.units} == {
        (who, *span) for who, spans in drawn.items() for span in spans
    }
    for units in found.sets.values():
        assert len({one.annotator for one in units}) == len(units)
