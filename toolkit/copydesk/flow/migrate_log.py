"""The pull log goes in; for labels of projects that are not on the server any more, one part with what they become is added to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.model.migration import relabelled
from copydesk.model.tables import empty, from_rows
from copydesk.store import Log
from copydesk.studio.changes import current_state
from copydesk.studio.relabel import Chosen


def migrate_log(
    log: Log, projects: Sequence[str], chosen: Chosen, *, tell: Callable[[Mapping[str, Any]], None] | None
) -> int:
    """Change what the log has of other projects than these, by adding to it; with ``tell`` None only count the annotations.

    What it said before stays in its older parts.
    """
    state = current_state(log)
    rows = state.filter(
        pc.and_not(pc.equal(state["state"], "live"), pc.is_in(state["project"], pa.array(projects, pa.string())))
    ).to_pylist()
    made = []
    for row in rows:
        relabel, _ = chosen("log", row["annotation_id"], row["task_id"])
        result, changed = relabelled(json.loads(row["result"]), relabel)
        if changed:
            made.append(_row(row, result))
            if tell:
                tell({"kind": "log", "id": row["annotation_id"], "regions": changed})
    if made and tell:
        log.append(
            {"annotations": from_rows("annotations", made), "task_states": empty("task_states")}, {"stage": "migrate"}
        )
    return len(made)


def _row(row: Mapping[str, Any], result: list[dict[str, Any]]) -> dict[str, Any]:
    text = json.dumps(result, sort_keys=True, separators=(",", ":"))
    flags = row["cancelled"], row["ground_truth"]
    return {**row, "result": text, "content_sha256": hashlib.sha256(f"{flags} {text}".encode()).hexdigest()}
