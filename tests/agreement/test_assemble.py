"""Events and claims: what agreed spans and relations of the shipped schemas say together."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from copydesk.agreement.assemble import assemble
from copydesk.agreement.categories import decide_categories
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import TABLES, empty, from_rows

ROOT = Path(__file__).parents[2]
TEXT = "The army said on Friday it had liberated Qaim. The recapture ended a siege. Militants claimed they still hold Qaim."
FRIDAY = datetime(2017, 11, 3, tzinfo=UTC)
Span = tuple[str, str, int]


def shipped(name: str) -> LabelSchema:
    data = tomllib.loads((ROOT / "schemas" / name / "schema.toml").read_text(encoding="utf-8"))
    return LabelSchema.read(data, place=name)


def agreed(spans: Sequence[Span], relations: Sequence[tuple[int, str, int]]) -> tuple[pa.Table, pa.Table]:
    """Spans as label, words and which place of them; relations between their numbers."""
    how: dict[str, Any] = {"votes": 2, "readers": 2, "annotators": ["A1", "A2"], "annotation_ids": ["a", "b"]}
    about = {"doc_id": "d", "revision": 1, "decided": "unanimous", "posterior": None, "method": "vote", **how}
    rows = []
    for number, (label, words, nth) in enumerate(spans):
        start = -1
        for _ in range(nth):
            start = TEXT.index(words, start + 1)
        place = {"start": start, "end": start + len(words), "surface": words, "label": label}
        attributes = [{"name": "realis", "value": "actual"}] if label == "TERRITORY" else []
        rows.append({**about, **place, "span_id": f"s{number}", "text_sha256": "0" * 64, "attributes": attributes})
    drawn = [
        {**about, "relation_id": f"r{n}", "head_span_id": f"s{head}", "tail_span_id": f"s{tail}", "label": label}
        for n, (head, label, tail) in enumerate(relations)
    ]
    return from_rows("agreed_spans", rows), from_rows("agreed_relations", drawn)


EVENT = agreed(
    [
        ("TERRITORY", "liberated", 1),
        ("TERRITORY", "recapture", 1),
        ("CLASH", "siege", 1),
        ("ACTOR", "army", 1),
        ("PLACE", "Qaim", 1),
        ("TIME", "Friday", 1),
    ],
    [(0, "agent", 3), (0, "place", 4), (0, "time", 5), (0, "same_event", 1), (2, "subevent_of", 1), (1, "place", 4)],
)
CLAIM = agreed(
    [
        ("SOURCE", "army", 1),
        ("CUE", "said", 1),
        ("CONTENT", "it had liberated Qaim", 1),
        ("CLAIM", "liberated Qaim", 1),
        ("SOURCE", "Militants", 1),
        ("CUE", "claimed", 1),
        ("CLAIM", "they still hold Qaim", 1),
    ],
    [(0, "source_of", 2), (1, "cue_of", 2), (4, "source_of", 6), (5, "cue_of", 6), (3, "contradicts", 6)],
)


def test_triggers_of_one_event_are_one_row_with_its_parties_place_and_time() -> None:
    made = assemble(*EVENT, schema=shipped("conflict-events"))
    whole, part = made["events"].to_pylist()
    assert (whole["surface"], whole["trigger_span_ids"], whole["part_of"]) == ("liberated", ["s0", "s1"], [])
    assert whole["attributes"] == [{"name": "realis", "value": "actual"}]
    assert (part["label"], part["part_of"]) == ("CLASH", [whole["event_id"]])
    told = [(row["event_id"], row["role"], row["surface"]) for row in made["arguments"].to_pylist()]
    assert told == [(whole["event_id"], *one) for one in (("agent", "army"), ("place", "Qaim"), ("time", "Friday"))]


def test_a_claim_has_the_source_of_what_is_said_around_it_and_contradictions_run_both_ways() -> None:
    one, other = assemble(*CLAIM, schema=shipped("attribution-claims"))["claims"].to_pylist()
    assert (one["sources"], one["cues"], one["content_span_ids"]) == (["army"], ["said"], ["s2"])
    assert (other["sources"], other["cues"], other["content_span_ids"]) == (["Militants"], ["claimed"], [])
    assert (one["contradicts"], other["contradicts"]) == ([other["claim_id"]], [one["claim_id"]])


@pytest.mark.parametrize(("name", "tables"), [("conflict-events", EVENT), ("attribution-claims", CLAIM)])
@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_changes_nothing(name: str, tables: tuple[pa.Table, pa.Table], seed: int) -> None:
    chance = Random(seed)
    spans, relations = (one.take(chance.sample(range(one.num_rows), one.num_rows)) for one in tables)
    assert assemble(spans, relations, schema=shipped(name)) == assemble(*tables, schema=shipped(name))


def test_a_schema_that_declares_neither_has_neither() -> None:
    made = assemble(*EVENT, schema=shipped("news-entities"))
    assert [made[name].num_rows for name in ("events", "arguments", "claims")] == [0, 0, 0]


def test_an_event_is_when_the_first_of_its_times_is_that_has_a_value() -> None:
    friday = {**EVENT[0].slice(5, 1).to_pylist()[0], "value": "2017-11-03", "at": FRIDAY}
    told = {"given": "rule", "published_at": None, "evidence": "e"}
    rows = [{name: (friday | told)[name] for name in TABLES["times"].names}]
    made = assemble(*EVENT, schema=shipped("conflict-events"), times=from_rows("times", rows))
    assert [(row["time"], row["at"]) for row in made["events"].to_pylist()] == [("2017-11-03", FRIDAY), (None, None)]


def test_numbers_and_dates_that_are_said_of_spans_have_columns_of_their_own() -> None:
    kinds = {"dead": "number", "day": "date", "timex": "timex", "note": "text"}
    attributes = [{"name": name, "kind": kind, "definition": "d"} for name, kind in kinds.items()]
    label = {"name": "PLACE", "definition": "d", "hotkey": "1", "colour": "#112233"}
    data = {"name": "s", "version": "1", "title": "S", "labels": [label], "attributes": attributes}
    said = [("dead", "12.5"), ("day", "2017-11-03"), ("timex", "2017-W44"), ("timex", "2017-11-03"), ("note", "12")]
    row = EVENT[0].slice(4, 1).to_pylist()[0] | {"attributes": [{"name": one, "value": value} for one, value in said]}
    made = assemble(from_rows("agreed_spans", [row]), EVENT[1], schema=LabelSchema.read(data, place="s"))
    found = [(one["name"], one["value"], one["number"], one["at"]) for one in made["agreed_attributes"].to_pylist()]
    assert found == [
        ("day", "2017-11-03", None, FRIDAY),
        ("dead", "12.5", 12.5, None),
        ("note", "12", None, None),
        ("timex", "2017-11-03", None, FRIDAY),
        ("timex", "2017-W44", None, None),
    ]


def test_a_source_goes_by_the_name_that_annotators_give_it_and_else_by_its_words() -> None:
    rows = CLAIM[0].to_pylist()
    rows[0]["attributes"] = [{"name": "source_name", "value": "Iraqi Army"}]
    tables = from_rows("agreed_spans", rows), CLAIM[1]
    one, other = assemble(*tables, schema=shipped("attribution-claims"))["claims"].to_pylist()
    assert (one["source_names"], other["source_names"]) == (["Iraqi Army"], ["Militants"])
    assert (one["contents"], other["contents"]) == (["it had liberated Qaim"], [])


def categories(*said: tuple[str, str]) -> dict[str, pa.Table]:
    """Decide what three readers said of one document: annotator and value."""
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    about = {"doc_id": "d", "revision": 1, "text_sha256": digest}
    times = dict.fromkeys(("created_at", "updated_at", "lead_time"))
    reads = [
        {**about, **times, "annotation_id": f"n-{who}", "annotator": who, "spans": 0, "relations": 0}
        for who in ("A1", "A2", "A3")
    ]
    rows = [
        {
            **about,
            "annotation_id": f"n-{who}",
            "annotator": who,
            "name": "kind",
            "value": value,
            "number": None,
            "at": None,
            "made_on_revision": 1,
        }
        for who, value in said
    ]
    texts = empty("documents").select(["doc_id", "revision", "text"]).schema
    return decide_categories(
        reads=from_rows("reads", reads),
        categories=from_rows("categories", rows),
        documents=pa.Table.from_pylist([{"doc_id": "d", "revision": 1, "text": TEXT}], schema=texts),
    ).kept


def test_what_more_than_half_of_the_readers_say_of_a_document_is_agreed() -> None:
    decided = categories(("A1", "report"), ("A2", "report"), ("A3", "opinion"))
    (row,) = decided["agreed_categories"].to_pylist()
    assert (row["value"], row["votes"], row["readers"], row["decided"]) == ("report", 2, 3, "majority")
    assert row["annotators"] == ["A1", "A2"]
    assert decided["disputes"].num_rows == 0


def test_where_no_value_has_more_than_half_there_is_one_dispute_with_every_reading() -> None:
    decided = categories(("A1", "report"), ("A2", "opinion"))
    assert decided["agreed_categories"].num_rows == 0
    (row,) = decided["disputes"].to_pylist()
    assert (row["kind"], row["start"], row["end"]) == ("category", 0, len(TEXT))
    assert row["readings"] == ["opinion: A2", "report: A1", "nothing: A3"]
