"""Documents go in, tasks come out: one for each document, made of its newest revision."""

from __future__ import annotations

import pyarrow as pa

from copydesk.model.tables import TASKS


def build_tasks(documents: pa.Table) -> pa.Table:
    """Give the table ``tasks``: the newest revision of each document, in the order of ``doc_id``.

    ``documents`` may hold any number of revisions in any order; of two rows with the same revision the first counts.
    """
    newest = newest_rows(documents)
    return documents.take(newest).select(TASKS.names).cast(TASKS)


def newest_rows(documents: pa.Table) -> pa.Array:
    """Give the row numbers of each document's newest revision, in the order of ``doc_id``."""
    chosen: dict[str, tuple[int, int]] = {}
    columns = zip(documents["doc_id"].to_pylist(), documents["revision"].to_pylist(), strict=True)
    for row, (doc_id, revision) in enumerate(columns):
        if doc_id not in chosen or revision > chosen[doc_id][0]:
            chosen[doc_id] = (revision, row)
    return pa.array([chosen[doc_id][1] for doc_id in sorted(chosen)], pa.int64())
