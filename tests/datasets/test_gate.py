"""Publishing shows each version to a gate before it is written: what the gate raises leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from copydesk.datasets.publish import Plan, publish
from copydesk.datasets.splits import Shares
from copydesk.errors import FindingError
from copydesk.flow.validate_version import version_tables
from copydesk.model.settings import ValidationSettings
from copydesk.validation import parameters_of, validate

ROOT = Path(__file__).parents[2]
PLAN = Plan(shares=Shares(validation=0.3, test=0.3))


def found_by_gate(newsroom, home, tables, *, groups=None):
    """Publish, and give what the suite of the gate finds of the version, by code."""
    found = {}

    def gate(content, previous):
        judged = version_tables(content.parts, previous, groups=groups or {}, agreement=tables["agreement"])
        parameters = parameters_of(newsroom.SCHEMA, ValidationSettings())
        done = validate(judged, suites=ROOT / "validation", parameters=parameters, data_docs=None, gates=("version",))
        found.update({row["expectation"].split()[0]: row for row in done.findings.to_pylist()})

    publish(home, tables=tables, about=newsroom.ABOUT, plan=PLAN, gate=gate, progress=newsroom.silent)
    return found


def test_what_the_gate_raises_stops_the_version_and_leaves_nothing(newsroom, home, tree):
    def refuse(_content, previous):
        assert previous is None
        raise FindingError("a leak", fix="close it")

    with pytest.raises(FindingError, match="a leak"):
        publish(
            home, tables=newsroom.newsroom(), about=newsroom.ABOUT, plan=PLAN, gate=refuse, progress=newsroom.silent
        )
    assert not home.exists() or not [entry for entry in home.iterdir() if entry.name[0].isdigit()]


def test_a_version_and_its_successor_are_judged_with_the_one_before(newsroom, home):
    first = found_by_gate(newsroom, home, newsroom.newsroom())
    assert {row["severity"] for row in first.values()} <= {"warning", "info"}
    less = {key: value for key, value in newsroom.SPANS.items() if key in {"s1", "s2", "s3"}}
    second = found_by_gate(newsroom, home, newsroom.newsroom(spans=less))
    assert second["W43"]["row_ids"] == ["PERSON", "PLACE"]
    assert "W34" not in second


def test_one_group_in_two_splits_is_found_before_it_is_published(newsroom, home):
    every = dict.fromkeys(newsroom.TEXTS, "one")  # the plan knows no groups and tears it apart
    found = found_by_gate(newsroom, home, newsroom.newsroom(), groups=every)
    assert found["W06"]["severity"] == "error"
    assert found["W06"]["rows"] == len(newsroom.TEXTS)
