"""Rules of changing labels that hold whatever the text and the regions are."""

from __future__ import annotations

from copydesk.model.migration import Plan, backwards, forwards, guidelines_after, relabelled


def test_regions_without_an_id_change_and_come_back() -> None:
    """Programs import such regions, and Label Studio lets them through."""
    plan = Plan(renames=(("GPE", "STATE"),))
    result = [{"type": "labels", "value": {"start": at, "end": at + 1, "labels": ["GPE"]}} for at in (0, 5)]
    made, changed = relabelled(result, forwards(plan, {}, 1))
    assert [one["value"]["labels"] for one in made] == [["STATE"], ["STATE"]]
    assert relabelled(made, backwards(plan, changed, ["GPE"]))[0] == result


def test_a_dropped_label_in_a_block_of_code_stays_and_its_examples_go() -> None:
    text = "# How\n\n```\n[x]{GPE}\n```\n\n- [Syria]{GPE} is gone.\n- [Noor]{PERSON} stays.\n"
    after = guidelines_after(text, Plan(drops=("GPE",)), ["PERSON"])
    assert after == "# How\n\n```\n[x]{GPE}\n```\n\n- [Noor]{PERSON} stays.\n"
