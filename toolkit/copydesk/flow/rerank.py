"""What is suggested by now, and the order by now, go in; the untouched tasks on the server get them, and what was replaced is written down."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from copydesk.model.progress import Progress
from copydesk.studio.client import Studio
from copydesk.studio.earlier import Earlier
from copydesk.studio.rerank import Wanted, rerank
from copydesk.studio.suggested import Suggested


def update_predictions(
    studio: Studio,
    project_ids: Sequence[int],
    *,
    tasks: pa.Table,
    suggested: Suggested,
    earlier: Earlier,
    order: pa.Table | None,
    progress: Progress,
) -> int:
    """Bring the predictions of tasks that were sent before up to date; gives how many tasks were changed.

    ``order`` has the columns doc_id, score (the lowest first) and cluster; without it, only documents are looked at for which
    something else was suggested when they were sent.
    """
    newer = set(suggested.newer())
    doc_ids = sorted(newer) if order is None or not order.num_rows else tasks["doc_id"].to_pylist()
    if not doc_ids:
        return 0

    def written(done: Sequence[str]) -> None:
        suggested.sending([doc_id for doc_id in done if doc_id in newer])

    texts = dict(zip(tasks["doc_id"].to_pylist(), tasks["text_sha256"].to_pylist(), strict=True))
    wanted = Wanted(texts, earlier.results(suggested), order)
    return sum(
        rerank(studio, project_id, doc_ids, wanted=wanted, written=written, progress=progress)
        for project_id in project_ids
    )
