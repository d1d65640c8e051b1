from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.errors import DataError
from copydesk.model.document import text_sha256
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import Outcome, from_rows
from copydesk.studio.codec import read_labels, shown_text, to_result

TEXT = "Noor lives in Aleppo since 2014 \n😀 Noor, of Aleppo."
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
Documents = Callable[..., pa.Table]


def annotation(result: object, /, **changes: object) -> dict[str, Any]:
    row = {
        "annotation_id": "1-1-1",
        "project": "1-2026-01-01T11:59:00Z",
        "project_id": 1,
        "task_id": 1,
        "task_created_at": "2026-01-01T12:00:00Z",
        "doc_id": "a",
        "revision": 1,
        "text_sha256": text_sha256(TEXT),
        "shown_sha256": text_sha256(shown_text(TEXT)),
        "annotator": "A1",
        "created_at": NOON,
        "updated_at": NOON,
        "lead_time": 1.5,
        "cancelled": False,
        "ground_truth": False,
        "state": "live",
        "content_sha256": "0",
        "result": result if isinstance(result, str) else json.dumps(result),
    }
    return {**row, **changes}


def region(start: object, end: object, *labels: object, **changes: object) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": "whatever", "labels": list(labels)}
    plain = {"id": f"{start}:{end}", "from_name": "entity", "to_name": "text", "type": "labels", "origin": "manual"}
    return {**plain, "value": value, **changes}


def choice(of: str, name: str, *values: object) -> dict[str, Any]:
    return {"id": of, "from_name": name, "to_name": "text", "type": "choices", "value": {"choices": list(values)}}


def area(of: str, name: str, *values: object) -> dict[str, Any]:
    return {"id": of, "from_name": name, "to_name": "text", "type": "textarea", "value": {"text": list(values)}}


def relation(head: str, tail: str, *labels: object, direction: object = "right") -> dict[str, Any]:
    return {"type": "relation", "from_id": head, "to_id": tail, "direction": direction, "labels": list(labels)}


@pytest.fixture(scope="module")
def read(schema: LabelSchema, documents_of: Documents) -> Callable[..., Outcome]:
    def reading(*rows: Mapping[str, Any], documents: pa.Table | None = None) -> Outcome:
        known = documents_of({"a": TEXT}) if documents is None else documents
        return read_labels(from_rows("annotations", rows), documents=known, schema=schema)

    return reading


Read = Callable[..., Outcome]


def reasons(outcome: Outcome) -> list[str]:
    listed: list[str] = outcome.rejected["reason"].to_pylist()
    return listed


def spans(outcome: Outcome) -> list[tuple[str, str]]:
    return [(row["label"], row["surface"]) for row in outcome.kept["spans"].to_pylist()]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t😀")))
def test_the_shown_text_has_a_character_for_each_of_the_texts_and_none_beyond_the_basic_plane(text: str) -> None:
    """Trap 5: the editor counts in another unit on lines with an astral character when a region is resized."""
    shown = shown_text(text)
    assert len(shown) == len(text)
    assert all(ord(character) < 0x10000 for character in shown)
    assert all(a == b or (ord(b) > 0xFFFF and a == "□") for a, b in zip(shown, text, strict=True))


@pytest.mark.parametrize("bad", ["\0", "\x1b", "\r", "\x7f", "\ud800"])
def test_a_text_that_would_spoil_the_project_is_refused_with_its_place(bad: str) -> None:
    """Trap 6: NUL and lone surrogates make lists and exports of the whole project fail."""
    with pytest.raises(DataError, match=rf"U\+{ord(bad):04X} at 2"):
        shown_text(f"ab{bad}")


def test_offsets_count_code_points_and_the_surface_is_the_slice(read: Read) -> None:
    """Trap 7: ``value.text`` is what a browser rendered, and is not looked at."""
    start = TEXT.index("Aleppo.")
    outcome = read(annotation([region(start, start + 6, "PLACE")]))
    assert spans(outcome) == [("PLACE", "Aleppo")]
    assert "😀" in TEXT[:start]  # which counts one, and two in the unit that browsers use


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (region(0, len(TEXT) + 1, "PLACE"), "span-outside-text"),
        (region(-1, 4, "PLACE"), "bad-offsets"),
        (region(4, 4, "PLACE"), "bad-offsets"),
        (region(5, 4, "PLACE"), "bad-offsets"),
        (region(0.0, 4, "PLACE"), "bad-offsets"),
        (region("0", "4", "PLACE"), "bad-offsets"),
        (region(True, 4, "PLACE"), "bad-offsets"),
        (region(None, 4, "PLACE"), "bad-offsets"),
        (region(31, 33, "DATE"), "empty-span"),
        (region(0, 4, "GPE"), "unknown-label"),
        (region(0, 4, ["PLACE"]), "unknown-label"),
        (region(0, 4), "no-label"),
        (region(0, 4, "PLACE", from_name="nope"), "unmapped-result"),
        (region(0, 4, "PLACE", type="hypertextlabels"), "unmapped-result"),
        (region(0, 4, "PLACE", value=None), "unmapped-result"),
        ("text", "unmapped-result"),
        (choice("0:4", "mention", "NAM"), "attribute-without-span"),
        (choice("0:4", "mention"), "no-label"),
        (relation("0:4", "5:9", "lives_in"), "relation-end-missing"),
        (relation("0:4", "5:9", "eats"), "unknown-relation"),
        (relation("0:4", "5:9"), "no-label"),
    ],
)
def test_what_does_not_fit_is_rejected_with_its_reason(item: Any, reason: str, read: Read) -> None:
    """Trap 8: the server stores all of these without a word."""
    outcome = read(annotation([item]))
    assert reasons(outcome) == [reason]
    assert outcome.kept["reads"].num_rows == 1
    assert outcome.kept["spans"].num_rows == outcome.kept["relations"].num_rows == 0
    row = json.loads(outcome.rejected["row"][0].as_py())
    assert row["result"] == item
    assert "1-1-1" in outcome.rejected["item"][0].as_py()


def test_attributes_belong_to_their_span_and_are_checked_by_the_schema(read: Read) -> None:
    outcome = read(
        annotation(
            [
                choice("p", "mention", "NAM"),  # may stand before its region
                region(14, 20, "PLACE", id="p"),
                choice("p", "mention", "NOM"),
                choice("p", "mention", "PRO"),
                area("p", "timex", "2014"),
                region(27, 31, "DATE", id="d"),
                area("d", "timex", "2014"),
                area("d", "timex", "in 2014"),
                area("d", "note", "  "),
                area("d", "note", "b", "a", "b"),
                area("p", "note", 3),
            ]
        )
    )
    attributes = {row["label"]: row["attributes"] for row in outcome.kept["spans"].to_pylist()}
    assert attributes == {
        "PLACE": [{"name": "mention", "value": "NAM"}],
        "DATE": [{"name": "note", "value": "a"}, {"name": "note", "value": "b"}, {"name": "timex", "value": "2014"}],
    }
    assert Counter(reasons(outcome)) == {
        "attribute-twice": 2,
        "attribute-value": 4,
        "attribute-not-for-label": 1,
    }


def test_a_region_with_several_labels_is_a_span_for_each(read: Read) -> None:
    outcome = read(annotation([region(14, 20, "PLACE", "NOPE", "PERSON", id="x"), choice("x", "mention", "NAM")]))
    assert spans(outcome) == [("PERSON", "Aleppo"), ("PLACE", "Aleppo")]
    assert reasons(outcome) == ["unknown-label"]
    assert all(row["attributes"] for row in outcome.kept["spans"].to_pylist())


def test_white_space_at_a_spans_edges_is_trimmed_and_twins_are_rejected(read: Read) -> None:
    result = [
        region(14, 20, "PLACE", id="a"),
        region(13, 21, "PLACE", id="b", origin="prediction-changed"),
        region(0, 4, "PERSON", id="n", origin="prediction"),
        region(34, 39, "PERSON", id="m", origin="other"),
        relation("n", "b", "lives_in"),
        choice("b", "mention", "NOM"),
    ]
    outcome = read(annotation(result))
    assert spans(outcome) == [("PERSON", "Noor"), ("PLACE", "Aleppo"), ("PERSON", "Noor")]
    assert outcome.kept["spans"]["origin"].to_pylist() == ["prediction", "manual", "manual"]
    assert reasons(outcome) == ["duplicate-span"]
    assert outcome.kept["relations"].num_rows == 1  # drawn to the twin, it means the first
    assert outcome.kept["spans"]["attributes"].to_pylist()[1] == [{"name": "mention", "value": "NOM"}]


@pytest.mark.parametrize(
    ("items", "ends", "rejected"),
    [
        ([relation("n", "a", "lives_in")], [("Noor", "Aleppo")], []),
        ([relation("n", "a", "lives_in", direction=None)], [("Noor", "Aleppo")], []),
        ([relation("a", "n", "lives_in", direction="left")], [("Noor", "Aleppo")], []),
        ([relation("a", "n", "lives_in")], [], ["relation-not-allowed"]),
        ([relation("n", "a", "lives_in", direction="bi")], [], ["relation-both-ways"]),
        ([relation("n", "a", "lives_in", direction="up")], [], ["relation-direction"]),
        ([relation("m", "n", "same_as", direction="bi")], [("Noor", "Noor")], []),
        (
            [relation("m", "n", "same_as"), relation("n", "m", "same_as")],
            [("Noor", "Noor")],
            ["duplicate-relation"],
        ),
        ([relation("n", "n", "same_as")], [], ["relation-to-itself"]),
        ([relation("n", "a", "lives_in", "nope")], [("Noor", "Aleppo")], ["unknown-relation"]),
    ],
)
def test_relations_have_the_direction_that_was_drawn(
    items: list[Any], ends: list[tuple[str, str]], rejected: list[str], read: Read
) -> None:
    regions = [region(0, 4, "PERSON", id="n"), region(14, 20, "PLACE", id="a"), region(35, 39, "PERSON", id="m")]
    outcome = read(annotation([*items, *regions]))
    by_id = {row["span_id"]: row for row in outcome.kept["spans"].to_pylist()}
    found = [(by_id[row["head_span_id"]], by_id[row["tail_span_id"]]) for row in outcome.kept["relations"].to_pylist()]
    assert [(head["surface"], tail["surface"]) for head, tail in found] == ends
    assert reasons(outcome) == rejected
    if items[0]["labels"] == ["same_as"]:
        assert all(head["start"] < tail["start"] for head, tail in found)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": "gone"}, "deleted"),
        ({"cancelled": True}, "cancelled"),
        ({"annotator": ""}, "unknown-annotator"),
        ({"doc_id": "z"}, "unknown-document"),
        ({"doc_id": ""}, "unknown-document"),
        ({"text_sha256": "f" * 64}, "text-changed"),
        ({"shown_sha256": "f" * 64}, "text-changed"),
        ({"result": "null"}, "unreadable-result"),
        ({"result": '{"a"'}, "unreadable-result"),
    ],
)
def test_an_annotation_that_is_no_vote_is_rejected_whole(changes: dict[str, Any], reason: str, read: Read) -> None:
    outcome = read(annotation([region(0, 4, "PERSON")], **changes))
    assert reasons(outcome) == [reason]
    assert outcome.kept_rows == 0


def test_an_annotation_of_a_text_that_is_nowhere_is_rejected_naming_both_revisions(
    read: Read, documents_of: Documents
) -> None:
    newest = documents_of({"a": "Corrected."}, revision=2)
    outcome = read(annotation([region(0, 4, "PERSON")]), documents=newest)
    assert reasons(outcome) == ["text-changed"]
    assert "revision 1 with a text that is not here, and the newest is 2" in outcome.rejected["detail"][0].as_py()


OLD = "Noor Haddad lives in Aleppo since 2014, her brother says.\nShe was born in Damascus in 1990.\n"
NEW = "Corrected on Monday.\nNoor Hadad lives in Aleppo since 2014, her brother says.\n"


def carried(read: Read, documents_of: Documents, *items: dict[str, Any], new: str = NEW, **changes: Any) -> Outcome:
    both = pa.concat_tables([documents_of({"a": new}, revision=2), documents_of({"a": OLD})])
    of_old = {"text_sha256": text_sha256(OLD), "shown_sha256": text_sha256(shown_text(OLD))}
    return read(annotation(list(items), **{**of_old, **changes}), documents=both)


def old_region(quote: str, label: str) -> dict[str, Any]:
    at = OLD.index(quote)
    return region(at, at + len(quote), label, id=quote)


def test_labels_made_on_an_older_text_are_carried_over_and_only_what_changed_waits(
    read: Read, documents_of: Documents
) -> None:
    items = [old_region("Noor Haddad", "PERSON"), old_region("Aleppo", "PLACE"), old_region("Damascus", "PLACE")]
    outcome = carried(read, documents_of, *items, old_region("2014", "DATE"), area("2014", "timex", "2014"))
    assert spans(outcome) == [("PLACE", "Aleppo"), ("DATE", "2014")]
    assert outcome.kept["spans"]["attributes"].to_pylist()[1] == [{"name": "timex", "value": "2014"}]
    assert set(outcome.kept["spans"]["text_sha256"].to_pylist()) == {text_sha256(NEW)}
    assert set(outcome.kept["spans"]["revision"].to_pylist()) == {2}
    assert reasons(outcome) == ["anchor-fuzzy", "anchor-lost"]
    assert "'Noor Haddad' [0:11] of revision 1 may be 'Noor Hadad' [21:31]" in outcome.rejected["detail"][0].as_py()
    assert outcome.kept_rows + outcome.rejected.num_rows == 1 + 5


def test_of_every_label_that_was_carried_over_it_is_told_where_it_was_made(read: Read, documents_of: Documents) -> None:
    outcome = carried(read, documents_of, old_region("Aleppo", "PLACE"), old_region("Damascus", "PLACE"))
    kept, lost = outcome.kept["anchors"].to_pylist()
    (span,) = outcome.kept["spans"].to_pylist()
    made = {"made_on_revision": 1, "made_start": 21, "made_end": 27, "made_surface": "Aleppo"}
    assert kept == kept | made | {name: span[name] for name in ("span_id", "start", "end", "label", "annotator")}
    assert (kept["anchored"], kept["anchor_score"], kept["revision"]) == ("moved", 1.0, 2)
    assert (lost["anchored"], lost["span_id"], lost["start"], lost["made_surface"]) == ("lost", None, None, "Damascus")


def test_what_the_annotator_has_not_seen_of_the_newest_text_is_told(read: Read, documents_of: Documents) -> None:
    outcome = carried(read, documents_of, old_region("Aleppo", "PLACE"))
    places = outcome.kept["unread"].select(["start", "end"]).to_pylist()
    assert [NEW[place["start"] : place["end"]] for place in places] == ["Corrected on Monday.", "Hadad"]
    assert read(annotation([region(0, 4, "PERSON")])).kept["unread"].num_rows == 0


def test_relations_follow_their_spans_and_fall_with_them(read: Read, documents_of: Documents) -> None:
    people = [old_region("her brother", "PERSON"), old_region("Aleppo", "PLACE"), old_region("Damascus", "PLACE")]
    joins = [relation("her brother", "Aleppo", "lives_in"), relation("her brother", "Damascus", "lives_in")]
    outcome = carried(read, documents_of, *people, *joins)
    by_id = {row["span_id"]: row["surface"] for row in outcome.kept["spans"].to_pylist()}
    assert [by_id[one] for one in outcome.kept["relations"]["tail_span_id"].to_pylist()] == ["Aleppo"]
    assert sorted(reasons(outcome)) == ["anchor-lost", "relation-end-missing"]


def test_who_annotated_the_newest_text_counts_with_that_whatever_the_time(read: Read, documents_of: Documents) -> None:
    both = pa.concat_tables([documents_of({"a": OLD}), documents_of({"a": NEW}, revision=2)])
    digests = [{"text_sha256": text_sha256(text), "shown_sha256": text_sha256(text)} for text in (OLD, NEW)]
    later = NOON + timedelta(days=1)
    outcome = read(
        annotation([old_region("Aleppo", "PLACE")], annotation_id="1-1-1", updated_at=later, **digests[0]),
        annotation([region(0, 9, "PLACE")], annotation_id="1-2-2", revision=2, **digests[1]),
        documents=both,
    )
    assert (outcome.kept["reads"]["annotation_id"].to_pylist(), reasons(outcome)) == (["1-2-2"], ["superseded"])
    assert outcome.kept["anchors"].num_rows == 0


def test_a_text_that_comes_back_needs_no_carrying(read: Read, documents_of: Documents) -> None:
    three = pa.concat_tables([documents_of({"a": text}, revision=at) for at, text in enumerate((OLD, NEW, OLD), 1)])
    of_old = {"text_sha256": text_sha256(OLD), "shown_sha256": text_sha256(OLD)}
    outcome = read(annotation([old_region("Damascus", "PLACE")], **of_old), documents=three)
    assert (spans(outcome), outcome.kept["anchors"].num_rows) == ([("PLACE", "Damascus")], 0)
    assert outcome.kept["spans"]["revision"].to_pylist() == [3]


def test_an_older_text_that_was_changed_in_label_studio_is_not_carried_over(
    read: Read, documents_of: Documents
) -> None:
    outcome = carried(read, documents_of, old_region("Aleppo", "PLACE"), shown_sha256="f" * 64)
    assert (reasons(outcome), outcome.kept_rows) == (["text-changed"], 0)


def test_a_span_outside_the_text_that_it_was_made_on_is_rejected_as_ever(read: Read, documents_of: Documents) -> None:
    outcome = carried(read, documents_of, region(0, len(OLD) + 1, "PLACE"), region(3, 3, "PLACE"))
    assert reasons(outcome) == ["span-outside-text", "bad-offsets"]


def test_of_one_persons_annotations_of_a_document_the_one_updated_last_counts(read: Read) -> None:
    def made(number: int, minutes: int, **changes: Any) -> dict[str, Any]:
        later = NOON + timedelta(minutes=minutes)
        return annotation([region(0, number, "PERSON")], annotation_id=f"1-1-{number}", updated_at=later, **changes)

    outcome = read(made(1, 5), made(2, 9), made(3, 7), made(4, 20, state="gone"), made(2, 9, annotator="A2"))
    assert sorted(
        zip(*outcome.kept["reads"].select(["annotator", "annotation_id"]).to_pydict().values(), strict=True)
    ) == [
        ("A1", "1-1-2"),
        ("A2", "1-1-2"),
    ]
    assert Counter(reasons(outcome)) == {"superseded": 2, "deleted": 1}


ITEMS = st.one_of(
    st.builds(region, st.integers(-1, 60), st.integers(0, 60), st.sampled_from(["PERSON", "PLACE", "DATE", "X"])),
    st.builds(region, st.integers(0, 9), st.integers(10, 40), st.sampled_from(["PERSON", "X"]), st.just("PLACE")),
    st.builds(choice, st.sampled_from(["0:10", "1:12"]), st.just("mention"), st.sampled_from(["NAM", "X"])),
    st.builds(
        area, st.sampled_from(["0:10", "1:12"]), st.sampled_from(["timex", "note"]), st.text(max_size=3), st.just("1")
    ),
    st.builds(
        relation, st.sampled_from(["0:10", "2:11"]), st.just("3:12"), st.sampled_from(["lives_in", "same_as", "x"])
    ),
    st.sampled_from([None, 3, {}, {"type": "relation"}, region(0, 1), {"type": "labels", "from_name": "entity"}]),
)


@settings(deadline=None, max_examples=200)
@given(results=st.lists(st.lists(ITEMS, max_size=8), min_size=1, max_size=5), data=st.data())
def test_rows_in_are_rows_kept_and_rejected(results: list[list[Any]], data: st.DataObject, read: Read) -> None:
    changes = st.sampled_from([{}, {}, {"state": "gone"}, {"cancelled": True}, {"doc_id": "z"}, {"annotator": "A2"}])
    rows = [annotation(one, annotation_id=f"1-1-{i}", **data.draw(changes)) for i, one in enumerate(results)]
    outcome = read(*rows)
    was_read = set(outcome.kept["reads"]["annotation_id"].to_pylist())
    units = sum(
        units_of(item) for row in rows if row["annotation_id"] in was_read for item in json.loads(row["result"])
    )
    assert outcome.kept_rows + outcome.rejected.num_rows == len(rows) + units
    assert outcome.kept["reads"]["spans"].to_pylist() == [
        outcome.kept["spans"]["annotation_id"].to_pylist().count(one)
        for one in outcome.kept["reads"]["annotation_id"].to_pylist()
    ]
    ids = outcome.kept["spans"]["span_id"].to_pylist()
    assert len(set(ids)) == len(ids)


def units_of(item: Any) -> int:
    """Count what is kept or rejected on its own: labels of a region or relation, values of an attribute."""
    if not isinstance(item, dict):
        return 1
    where = item if item.get("type") == "relation" else item.get("value") or {}
    key = {"choices": "choices", "textarea": "text"}.get(item.get("type", ""), "labels")
    return max(1, len(where.get(key, ())))


def test_reading_the_same_twice_gives_the_same_ids_whatever_the_order_of_rows(read: Read) -> None:
    first = annotation([region(0, 4, "PERSON"), region(14, 20, "PLACE"), relation("0:4", "14:20", "lives_in")])
    second = {**first, "annotation_id": "1-1-2", "annotator": "A2"}
    forth, back = read(first, second), read(second, first)
    for name in ("reads", "spans", "relations"):
        assert forth.kept[name].equals(back.kept[name])


def test_a_result_made_of_spans_reads_back_as_these_spans(read: Read, schema: LabelSchema) -> None:
    given_spans = [
        {
            "span_id": "h",
            "start": 0,
            "end": 4,
            "surface": "Noor",
            "label": "PERSON",
            "origin": "manual",
            "attributes": [],
        },
        {
            "span_id": "t",
            "start": 33,
            "end": 34,
            "surface": "😀",
            "label": "PLACE",
            "origin": "prediction",
            "attributes": [{"name": "mention", "value": "NOM"}, {"name": "note", "value": "x"}],
        },
    ]
    drawn = [{"head_span_id": "h", "tail_span_id": "t", "label": "lives_in"}]
    result = to_result(given_spans, drawn, schema)
    assert "😀" not in json.dumps(result, ensure_ascii=False)
    outcome = read(annotation(result))
    for row, span in zip(outcome.kept["spans"].to_pylist(), given_spans, strict=True):
        assert {key: row[key] for key in span if key != "span_id"} == {k: v for k, v in span.items() if k != "span_id"}
    assert outcome.kept["relations"]["label"].to_pylist() == ["lives_in"]
    assert not reasons(outcome)


def test_regions_without_an_id_get_the_same_one_every_time() -> None:
    span = {"start": 0, "end": 4, "surface": "Noor", "label": "PERSON"}
    assert to_result([span]) == to_result([span])
    assert to_result([span])[0]["id"] != to_result([{**span, "end": 3}])[0]["id"]
