"""Rules of changing labels that hold whatever the text and the regions are."""

from __future__ import annotations

from typing import Any

from copydesk.model.migration import (
    Plan,
    backwards,
    belongs_to,
    forwards,
    guidelines_after,
    relabelled,
    taken_out,
)
from copydesk.studio.relabel import _made


def test_regions_without_an_id_change_and_come_back() -> None:
    """Programs import such regions, and Label Studio lets them through."""
    plan = Plan(renames=(("GPE", "STATE"),))
    result = [{"type": "labels", "value": {"start": at, "end": at + 1, "labels": ["GPE"]}} for at in (0, 5)]
    made, changed = relabelled(result, forwards(plan, {}, 1))
    assert [one["value"]["labels"] for one in made] == [["STATE"], ["STATE"]]
    assert relabelled(made, backwards(plan, changed, ["GPE"]))[0] == result


def test_what_hangs_on_a_suggestion_that_is_taken_out_goes_with_it_and_comes_back() -> None:
    plan = Plan(splits=(("DATE", ("DAY", "HOUR")),))
    value = {"start": 0, "end": 6}
    result: list[dict[str, Any]] = [
        {"id": "d", "type": "labels", "from_name": "entity", "value": {**value, "labels": ["DATE"]}},
        {"id": "d", "type": "textarea", "from_name": "timex", "value": {**value, "text": ["2024-06-03"]}},
        {"id": "p", "type": "labels", "from_name": "entity", "value": {**value, "labels": ["GPE"]}},
        {"type": "relation", "from_id": "p", "to_id": "d", "labels": ["same_as"], "direction": "right"},
    ]
    made, changed = relabelled(result, forwards(plan, {}, 1, guessed=True))
    assert made == result[2:3]
    removed = [one for one in result if belongs_to(one, taken_out(changed))]
    back, _ = _made(made, backwards(plan, changed, ["DATE", "GPE"]), removed)
    assert sorted(map(str, back)) == sorted(map(str, result))
    assert _made(back, backwards(plan, changed, ["DATE", "GPE"]), removed) == (back, {})


def test_a_dropped_label_in_a_block_of_code_stays_and_its_examples_go() -> None:
    text = "# How\n\n```\n[x]{GPE}\n```\n\n- [Syria]{GPE} is gone.\n- [Noor]{PERSON} stays.\n"
    after = guidelines_after(text, Plan(drops=("GPE",)), ["PERSON"])
    assert after == "# How\n\n```\n[x]{GPE}\n```\n\n- [Noor]{PERSON} stays.\n"
