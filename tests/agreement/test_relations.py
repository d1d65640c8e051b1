import pytest

from copydesk.agreement import measure
from copydesk.agreement.relations import EventLabels

TEXT = "Forces near Qaim fired at the border of Syria on Friday night"
EVENTS = EventLabels(triggers=("ATTACK", "MOVE"), roles=("agent", "place"))


def _measure(drawing, works, **options):
    texts = {"d": TEXT}
    rows = measure(
        **drawing.tables(works, texts=texts), documents=drawing.documents(texts), labels=(), samples=0, **options
    ).to_pylist()
    return {(row["measure"], row["label"], row["annotators"]): row for row in rows if row["scope"] == "all"}


def _two(drawing, one, other):
    return [drawing.Work("d", name, *work) for name, work in (("A1", one), ("A2", other))]


SPANS = [(0, 6, "ORG"), (12, 16, "PLACE"), (40, 45, "PLACE")]
WIDER = [(0, 11, "ORG"), (12, 16, "ORG"), (40, 45, "PLACE")]
WAYS = ("", "_aligned", "_unlabelled", "_undirected")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((SPANS, [(0, 1, "near")]), (SPANS, [(0, 1, "near")]), (1, 1, 1, 1)),
        ((SPANS, [(0, 1, "near")]), (WIDER, [(0, 1, "near")]), (0, 1, 1, 1)),
        ((SPANS, [(0, 1, "near")]), (SPANS, [(0, 1, "in")]), (0, 0, 1, 0)),
        ((SPANS, [(0, 1, "near")]), (SPANS, [(1, 0, "near")]), (0, 0, 0, 1)),
        ((SPANS, [(0, 1, "near")]), (WIDER, [(1, 0, "in")]), (0, 0, 0, 0)),
        ((SPANS, [(0, 1, "near")]), (SPANS, [(0, 2, "near")]), (0, 0, 0, 0)),
        ((SPANS, [(0, 1, "near"), (0, 1, "in")]), (SPANS, [(0, 1, "near")]), (2 / 3,) * 4),
        ((SPANS, [(0, 1, "near"), (1, 0, "near")]), (SPANS, [(0, 1, "near")]), (2 / 3,) * 4),
        ((SPANS, [(0, 1, "near")]), (SPANS, []), (0, 0, 0, 0)),
    ],
    ids=["same", "ends aligned", "type", "direction", "type and direction", "end", "two types", "both ways", "nothing"],
)
def test_relations_agree_more_or_less_strictly(drawing, one, other, expected):
    found = _measure(drawing, _two(drawing, one, other))
    assert tuple(found[f"relation_f1{way}", "all", "A1 A2"]["value"] for way in WAYS) == pytest.approx(expected)


def test_alpha_of_types_is_over_pairs_of_spans_that_both_joined(drawing):
    one = (SPANS, [(0, 1, "near"), (1, 2, "in"), (0, 2, "near")])
    other = (WIDER, [(0, 1, "near"), (1, 2, "near"), (2, 0, "in")])
    row = _measure(drawing, _two(drawing, one, other))["relation_label_alpha", "all", "A1 A2"]
    # Two units: near near, in near; n = 4, so alpha = 1 - 3 * 2 / (2 * 3 * 1).
    assert row["n"] == 2
    assert row["value"] == pytest.approx(1 - 3 * 2 / (2 * 3 * 1))


def test_triggers_and_arguments_are_scored_as_in_ace(drawing):
    spans = [(17, 22, "ATTACK"), (0, 6, "ORG"), (40, 45, "PLACE"), (12, 16, "PLACE")]
    renamed = [(17, 22, "MOVE"), *spans[1:]]
    moved = [(17, 25, "ATTACK"), *spans[1:]]
    one = (spans, [(0, 1, "agent"), (0, 2, "place"), (1, 3, "near")])
    for other, expected in (
        ((spans, [(0, 1, "agent"), (0, 2, "place")]), (1, 1, 1, 1)),
        ((spans, [(0, 1, "place"), (0, 2, "place")]), (1, 1, 1, 0.5)),
        ((renamed, [(0, 1, "agent"), (0, 2, "place")]), (1, 0, 0, 0)),
        ((moved, [(0, 1, "agent"), (0, 3, "place")]), (0, 0, 0.5, 0.5)),
    ):
        found = _measure(drawing, _two(drawing, one, other), events=EVENTS)
        names = ("trigger_f1_identified", "trigger_f1_classified", "argument_f1_identified", "argument_f1_classified")
        assert tuple(found[name, "all", "A1 A2"]["value"] for name in names) == expected
    assert found["argument_f1_classified", "agent", "all"]["value"] == 1.0
    assert found["argument_f1_classified", "all", "all"]["n"] == 4


def test_events_that_nobody_marked_are_not_defined(drawing):
    found = _measure(drawing, _two(drawing, (SPANS, []), (SPANS, [])), events=EVENTS)
    row = found["argument_f1_identified", "all", "all"]
    assert (row["value"], row["note"]) == (None, "there is no argument in these documents")
    assert found["relation_label_alpha", "all", "all"]["note"].startswith("no two people drew")
