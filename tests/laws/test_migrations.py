"""Laws of changing labels: whatever the plan, what was marked is there afterwards, and taking the plan back is the identity."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.model.migration import (
    Plan,
    backwards,
    check_plan,
    forwards,
    label_of,
    migrated,
    pending,
    relabelled,
    widened,
)
from copydesk.model.new_schema import new_schema
from copydesk.model.schema import LabelSchema
from copydesk.model.toml_text import to_toml

NAMES = ["A", "B", "C", "D", "E", "F", "G"]
SCHEMA = new_schema("law", NAMES) | {
    "relations": [{"name": "r", "definition": "r", "heads": NAMES, "tails": ["G"]}],
    "suggest": {"rule": "A"},
    "maps": {"other": {"A": "X", "G": "Y"}},
}


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Each label but the last has one fate at most."""
    fates = dict(zip(NAMES, draw(st.lists(st.sampled_from("nrmsdk"), min_size=6, max_size=6)), strict=False))
    named = {fate: [name for name, one in fates.items() if one == fate] for fate in "rmsd"}
    merged = named["m"] if len(named["m"]) > 1 else []
    new = draw(st.sampled_from([merged[0], "M"])) if merged else ""
    return Plan(
        renames=tuple((name, f"{name}2") for name in named["r"]),
        merges=((new, tuple(merged)),) if merged else (),
        splits=tuple((name, (f"{name}x", draw(st.sampled_from(["G", f"{name}y"])))) for name in named["s"]),
        drops=tuple(named["d"]),
        adds=("NEW",),
    )


def regions(labels: list[str]) -> list[dict[str, Any]]:
    marked = [
        {"id": f"r{number}", "type": "labels", "value": {"start": number, "end": number + 2, "labels": [label]}}
        for number, label in enumerate(labels)
    ]
    return [*marked, {"type": "relation", "from_id": "r0", "to_id": "r1", "labels": ["r"]}]


@settings(deadline=None, max_examples=40)
@given(plans(), st.lists(st.sampled_from(NAMES), max_size=9), st.data())
def test_a_plan_loses_no_region_and_taking_it_back_is_the_identity(
    plan: Plan, labels: list[str], data: st.DataObject
) -> None:
    check_plan(plan, SCHEMA)
    before = regions(labels)
    decided = {
        (7, number, number + 2, label): data.draw(st.sampled_from(plan.split[label]))
        for number, label in enumerate(labels)
        if label in plan.split
    }
    after, changed = relabelled(before, forwards(plan, decided, 7))
    assert [one.get("id") for one in after] == [one.get("id") for one in before]
    known = {row["name"] for row in migrated(SCHEMA, plan)["labels"]} | set(plan.drops)
    assert {label_of(one) for one in after if label_of(one)} <= known
    assert relabelled(after, forwards(plan, decided, 7))[1] == {}  # run again, it changes nothing
    back, _ = relabelled(after, backwards(plan, changed, NAMES))
    assert back == before


@settings(deadline=None, max_examples=40)
@given(plans())
def test_each_schema_on_the_way_can_be_read_and_is_the_same_when_written(plan: Plan) -> None:
    import tomllib

    for made in (migrated(SCHEMA, plan), pending(SCHEMA, plan), widened(SCHEMA, plan)):
        schema = LabelSchema.read(made, place="law")
        assert tomllib.loads(to_toml(made)) == made
        assert len(schema.labels) == len(set(schema.label_names))
    wide = {row["name"] for row in widened(SCHEMA, plan)["labels"]}
    assert wide >= {*NAMES, *(row["name"] for row in migrated(SCHEMA, plan)["labels"])}


@settings(deadline=None, max_examples=40)
@given(
    st.dictionaries(
        st.text(min_size=1),
        st.recursive(
            st.text() | st.integers(-(2**60), 2**60) | st.booleans(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=8,
        ),
        max_size=5,
    )
)
def test_what_is_written_as_toml_is_read_back_as_it_was(data: dict[str, Any]) -> None:
    import tomllib

    assert tomllib.loads(to_toml(data)) == data
