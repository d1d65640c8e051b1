"""The maps of every shipped schema: each label is called something in each of five others, or stated to have no counterpart."""

from __future__ import annotations

from pathlib import Path

import pytest

from copydesk.model.schema import LabelSchema
from copydesk.workspace import Workspace

ROOT = Path(__file__).parents[2]
SCHEMAS = [Workspace.open(ROOT).schema(folder.name) for folder in sorted((ROOT / "schemas").iterdir())]
TARGETS = {"conll2003", "ontonotes", "ace", "acled", "plover"}
KNOWN = {
    "conll2003": {"PER", "ORG", "LOC", "MISC"},
    "ontonotes": {
        "PERSON",
        "NORP",
        "FAC",
        "ORG",
        "GPE",
        "LOC",
        "PRODUCT",
        "EVENT",
        "WORK_OF_ART",
        "LAW",
        "LANGUAGE",
        "DATE",
        "TIME",
        "PERCENT",
        "MONEY",
        "QUANTITY",
        "ORDINAL",
        "CARDINAL",
    },
    "polnear": {"SOURCE", "CUE", "CONTENT"},
}
EVENTS_OF_PLOVER = {
    "AGREE",
    "CONSULT",
    "SUPPORT",
    "CONCEDE",
    "COOPERATE",
    "AID",
    "RETREAT",
    "INVESTIGATE",
    "DEMAND",
    "DISAPPROVE",
    "REJECT",
    "THREATEN",
    "PROTEST",
    "CRIME",
    "SANCTION",
    "MOBILIZE",
    "COERCE",
    "ASSAULT",
}
each_schema = pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)


@each_schema
def test_every_label_is_mapped_to_each_target_or_stated_as_none(schema: LabelSchema) -> None:
    assert {target for target, _ in schema.maps} >= TARGETS
    for target, table in schema.maps:
        assert set(schema.label_names) <= {ours for ours, _ in table}, target


@each_schema
def test_no_target_has_a_label_that_is_not_its_own(schema: LabelSchema) -> None:
    odd = [one for one in schema.mapped if one.target in KNOWN and not set(one.theirs) <= KNOWN[one.target]]
    assert odd == []


def test_every_trigger_is_an_event_of_plover_or_stated_as_none() -> None:
    (schema,) = [one for one in SCHEMAS if one.name == "conflict-events"]
    triggers = {label.name for label in schema.labels if label.group == "trigger"}
    mapped = {one.name: set(one.theirs) for one in schema.mapped if one.target == "plover" and one.name in triggers}
    assert {name for name, theirs in mapped.items() if not theirs} == {"CASUALTY"}
    assert set.union(*mapped.values()) <= EVENTS_OF_PLOVER


def test_what_has_several_counterparts_lists_each() -> None:
    (schema,) = [one for one in SCHEMAS if one.name == "conflict-events"]
    theirs = {one.name: one.theirs for one in schema.mapped if one.target == "acled"}
    assert theirs["BOMBING"] == ("Suicide bomb", "Remote explosive/landmine/IED")
    assert theirs["MEANS"] == ()
    assert theirs["outcome.government_regains"] == ("Government regains territory",)
