"""What is published after the labels of a schema were changed is the version that the rules say, as is the schema's own."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from copydesk.model.migration import Plan, migrated
from copydesk.model.schema import LabelSchema

PLANS = {
    "rename": (Plan(renames=(("PLACE", "SITE"),)), "major", "2.0.0"),
    "merge": (Plan(merges=(("NAME", ("PERSON", "PLACE")),)), "major", "2.0.0"),
    "drop": (Plan(drops=("PERSON",)), "major", "2.0.0"),
    "add": (Plan(adds=("SHIP",)), "minor", "1.1.0"),
}


@pytest.mark.parametrize(("plan", "bump", "version"), PLANS.values(), ids=PLANS.keys())
def test_a_migration_is_published_as_the_version_that_the_rules_say(
    home: Path, newsroom: Any, plan: Plan, bump: str, version: str
) -> None:
    newsroom.put_out(home)
    data = migrated(as_file(newsroom.SCHEMA), plan)
    schema = LabelSchema.read(data, place="schema.toml", guidelines=newsroom.SCHEMA.guidelines)
    spans = {
        key: (*value[:3], plan.moved.get(value[3], value[3]), value[4])
        for key, value in newsroom.SPANS.items()
        if value[3] not in plan.drops
    }
    made = newsroom.publish(
        home,
        tables=newsroom.newsroom(spans=spans),
        about=dataclasses.replace(newsroom.ABOUT, schema=schema),
        progress=newsroom.silent,
    )
    assert (schema.version, made.version, made.bump) == (version, version, bump)


def as_file(schema: LabelSchema) -> dict[str, Any]:
    """Give what the file of a schema says."""
    labels = [
        {"name": one.name, "definition": one.definition, "hotkey": one.hotkey, "colour": one.colour}
        for one in schema.labels
    ]
    relations = [{"name": one.name, "definition": one.definition, "tails": list(one.tails)} for one in schema.relations]
    attributes = [
        {
            "name": one.name,
            "definition": one.definition,
            "kind": one.kind,
            "choices": [{"name": name} for name, _ in one.choices],
        }
        for one in schema.attributes
    ]
    return {
        "name": schema.name,
        "version": "1.0.0",
        "title": schema.title,
        "labels": labels,
        "relations": relations,
        "attributes": attributes,
    }
