from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.model.tables import DOCUMENTS, TASKS, from_rows
from copydesk.tasks import build_tasks


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
