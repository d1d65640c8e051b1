from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.model.tables import COPIES, DOCUMENTS, TASKS, from_rows
from copydesk.tasks import build_tasks, without_copies


def documents(rows: list[tuple[str, int]]) -> pa.Table:
    blank = {**dict.fromkeys(DOCUMENTS.names), "source": "s", "raw_sha256": "0", "recipe": "r"}
    return from_rows(
        "documents",
        [
            {
                **blank,
                "doc_id": doc_id,
                "revision": revision,
                "text": f"{doc_id} {revision}",
                "text_sha256": f"{revision}",
            }
            for doc_id, revision in rows
        ],
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9)), unique=True))
def test_each_document_gives_one_task_of_its_newest_revision_whatever_the_order(rows: list[tuple[str, int]]) -> None:
    tasks = build_tasks(documents(rows))
    assert tasks.schema == TASKS
    newest = {doc_id: max(revision for one, revision in rows if one == doc_id) for doc_id, _ in rows}
    assert [(row["doc_id"], row["revision"], row["text"]) for row in tasks.to_pylist()] == [
        (doc_id, revision, f"{doc_id} {revision}") for doc_id, revision in sorted(newest.items())
    ]


def copies(*rows: tuple[str, str, str, float | None]) -> pa.Table:
    blank = dict.fromkeys(COPIES.names) | {"story_id": "s", "group_id": "g", "revision": 1, "copies": 0}
    named = ("doc_id", "canonical_doc_id", "kind", "own")
    return from_rows("copies", [blank | dict(zip(named, row, strict=True)) for row in rows])


def test_copies_get_no_task_and_are_counted_with_their_reason() -> None:
    tasks = build_tasks(documents([(name, 1) for name in "abcde"]))
    told = copies(
        ("a", "a", "original", None), ("b", "a", "exact", 0.0), ("c", "a", "near", 0.3), ("d", "a", "contained", 0.5), ("e", "a", "contained", 0.51)
    )  # fmt: skip
    kept, left = without_copies(tasks, told)
    assert kept["doc_id"].to_pylist() == ["a", "e"], "the last brings more of its own than it copies"
    assert kept.schema == TASKS
    assert left.counts == {"contained": 1, "exact": 1, "near": 1}
    assert left.copies.equals(told.slice(1, 3))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"), st.sampled_from([None, 0.0, 1.0])), unique_by=lambda row: row[0]), st.sets(st.sampled_from("abcdef")))  # fmt: skip
def test_every_task_is_kept_or_left_and_what_is_left_is_shown_elsewhere(
    told: list[tuple[str, str, float | None]], present: set[str]
) -> None:
    rows = [
        (name, of if own is not None else name, "near" if own is not None else "original", own)
        for name, of, own in told
    ]
    tasks = build_tasks(documents([(name, 1) for name in present]))
    kept, left = without_copies(tasks, copies(*rows))
    assert sorted(kept["doc_id"].to_pylist() + left.copies["doc_id"].to_pylist()) == sorted(present)
    assert set(left.copies["canonical_doc_id"].to_pylist()) <= present


def test_a_copy_keeps_its_task_where_it_is_another_revision_or_its_canonical_member_is_not_there() -> None:
    tasks = build_tasks(documents([("a", 2), ("b", 1)]))
    kept, left = without_copies(tasks, copies(("a", "b", "exact", 0.0), ("b", "c", "exact", 0.0)))
    assert kept.equals(tasks)
    assert left.counts == {}
