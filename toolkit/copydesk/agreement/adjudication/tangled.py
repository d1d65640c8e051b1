"""Open disputes in, the documents out that are easier to decide as a whole than conflict by conflict."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from copydesk.agreement.adjudication.readings import contest_of

_UNIT = 1_000  # characters


def tangled(disputes: pa.Table, *, lengths: Mapping[str, int], dense: float, candidates: int) -> set[str]:
    """Give the documents with more than ``dense`` disputes per 1,000 characters, or one over more than ``candidates`` spans.

    ``lengths`` are characters by document; a text of less than 1,000 counts as one of 1,000.
    """
    counts: dict[str, int] = {}
    found: set[str] = set()
    for row in disputes.to_pylist():
        doc_id = row["doc_id"]
        counts[doc_id] = counts.get(doc_id, 0) + 1
        contest = contest_of(row)
        if contest is None or (contest.about == "span" and len(contest.held) > candidates):
            found.add(doc_id)
    return found | {one for one, count in counts.items() if _UNIT * count > dense * max(lengths[one], _UNIT)}
