"""A project that is pulled for the first time goes in; what exports of it brought before comes out, which the pull now has itself.

An export does not say enough of its project to be sure that it is the one that will be pulled: that is only known by the tasks.
From then on its annotations are the pull's, under the names that the server tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.store import Log
from copydesk.studio.states import EXPORT, Project, State, read_states


def retired(
    log: Log, project: Project, states: Mapping[int, State], entries: Callable[[], pa.Table]
) -> list[dict[str, Any]]:
    """Give the live ``entries`` of exports that share tasks with ``states``, which are all tasks of the project on the server."""
    parts = [(part.receipt.get("project"), part.receipt["stage"]) for part in log.parts()]
    pulled = {key for key, stage in parts if stage != EXPORT}
    if project.key in pulled:
        return []
    there = {(state.task_id, state.created_at) for state in states.values()}
    found = []
    for key in sorted({str(key) for key, stage in parts if stage == EXPORT} - pulled):
        known = read_states(log, Project(project.id, key, ""))
        if key.startswith(f"{project.id}-") and any((one.task_id, one.created_at) in there for one in known.values()):
            found.append(key)
    if not found:
        return []
    table = entries()
    mine = pc.and_(pc.is_in(table["project"], pa.array(found, pa.string())), pc.equal(table["state"], "live"))
    rows: list[dict[str, Any]] = table.filter(mine).to_pylist()
    return rows
