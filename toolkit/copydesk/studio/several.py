"""Several projects that are one go in, one report of what a pull of all of them brought comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.model.progress import Progress
from copydesk.store import Log
from copydesk.studio.changes import newest
from copydesk.studio.client import Studio
from copydesk.studio.drafts import Drafts, count_drafts
from copydesk.studio.pull import PullReport
from copydesk.studio.restored import Originals
from copydesk.studio.states import Project, Seen

_SUMMED = tuple(one.name for one in fields(PullReport) if one.name not in {"elsewhere", "nothing_new"})


def pull_each(
    fetch: Callable[..., PullReport],
    studio: Studio,
    *,
    projects: Sequence[Mapping[str, Any]],
    log: Log,
    pseudonyms: Callable[[], Mapping[int, str]],
    progress: Progress,
    originals: Callable[[Mapping[str, Any]], Originals | None],
) -> PullReport:
    """Have ``fetch`` (``pull`` or ``pull_whole``) pull each of the projects, at least one; gives the sum of its reports.

    Each project is a part of the log of its own, so what was pulled stays where a later one fails. ``originals`` gives what a backup
    says of a project that was restored.
    """
    given = {"log": log, "pseudonyms": pseudonyms, "progress": progress}
    done = [fetch(studio, project=one, originals=originals(one), **given) for one in projects]
    if len(done) == 1:
        return done[0]
    own = pa.array([Project.of(one).key for one in projects])
    state = newest(log, "state")
    others = state.filter(pc.and_(pc.equal(state["state"], "live"), pc.invert(pc.is_in(state["project"], own))))
    return PullReport(
        **{name: sum(getattr(one, name) for one in done) for name in _SUMMED},
        elsewhere=others.num_rows,
        nothing_new=all(one.nothing_new for one in done),
    )


def count_all_drafts(studio: Studio, projects: Sequence[Mapping[str, Any]]) -> Drafts:
    """Count the tasks with drafts of all the projects."""
    found = [count_drafts(studio, int(one["id"])) for one in projects]
    example = next((one.example for one in sorted(found, key=lambda one: not one.newer) if one.example), 0)
    return Drafts(sum(one.tasks for one in found), sum(one.newer for one in found), example)


class SeenAll:
    """What the log says of the tasks of several projects, kept between two looks, as ``Seen`` does for one."""

    def __init__(self, projects: Sequence[Mapping[str, Any]]) -> None:
        self._seen = [Seen(one) for one in projects]

    def is_quiet(self, studio: Studio, log: Log) -> bool:
        """Say, for one request a project, whether the server has nothing that the log has not."""
        return all(seen.is_quiet(studio, log) for seen in self._seen)
