"""A Label Studio project goes in, a part of the pull log comes out, of a large one several: every annotation that is new, changed or gone.

The log is the only memory: what was seen last, and when, is read from it. A pull asks the server for what changed since, with
some minutes of overlap, since a change can be stored under an earlier time than it appears at; compares contents, since not
every change is given a time; and looks for what disappeared where the server's counts say so. A log may hold several
projects, also of servers that are no more: a pull compares, and marks as gone, what is of its own project alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from copydesk.model.progress import Progress
from copydesk.store import Log
from copydesk.studio.changes import Changes, append, beside, newest
from copydesk.studio.client import Studio
from copydesk.studio.listing import LOOKED_UP, Filter, Overview, ahead, id_is_one_of, list_tasks, updated_after
from copydesk.studio.restored import Originals
from copydesk.studio.retired import retired
from copydesk.studio.states import (
    PULLED,
    PULLING,
    Project,
    has_counts,
    is_as_known,
    is_settled,
    look,
    pulled_until,
    read_states,
)

PAGE = 250
PART_ROWS = 1_000  # annotations
OVERLAP = timedelta(minutes=5)
_SWEEP_PAGE = 5_000
_SWEPT = ("id", "created_at", "updated_at", "total_annotations")


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull brought: annotations that are new, changed or gone, and those that are as they were.

    ``elsewhere`` is the number of live annotations in the log that are of other projects, which this pull did not look at.
    ``seen`` is the number of tasks that were fetched. ``nothing_new`` says that no annotation is new, changed or gone.
    """

    new: int
    changed: int
    gone: int
    unchanged: int
    elsewhere: int
    seen: int
    nothing_new: bool


def pull(
    studio: Studio,
    *,
    project: Mapping[str, Any],
    log: Log,
    pseudonyms: Callable[[], Mapping[int, str]],
    progress: Progress,
    originals: Originals | None = None,
) -> PullReport:
    """Append to the log what is new, changed or gone in a project since the last pull; where nothing is, append nothing.

    ``project`` is as the server describes it: its ``id`` and ``created_at`` are read. ``pseudonyms`` gives each user id its pseudonym; it is only asked where there are annotations to name. An annotation of a
    user whom it does not know gets the empty pseudonym. ``originals`` is what a backup says of a project that was restored: its
    annotations are as old as they were. Raises the ``errors.Studio*``; of a large project the log then has what was read until there,
    and the next pull does not take it for the whole.
    """
    meant = Project.of(project)
    states = read_states(log, meant)
    before = look(studio, meant.id) if states and is_settled(log, meant) else None
    if before and is_as_known(before, states):
        return _report(beside(log, meant, states), log)
    changes = beside(log, meant, states, originals)
    changes.until = pulled_until(log, meant, states)
    since = (updated_after(changes.until - OVERLAP),) if changes.until else ()
    return _pull(studio, changes, log, before=before, since=since, pseudonyms=pseudonyms, progress=progress)


def pull_whole(
    studio: Studio,
    *,
    project: Mapping[str, Any],
    log: Log,
    pseudonyms: Callable[[], Mapping[int, str]],
    progress: Progress,
    originals: Originals | None = None,
) -> PullReport:
    """Do what ``pull`` does, and look at every task whatever its time: finds even what a server forgot to give a time."""
    meant = Project.of(project)
    changes = beside(log, meant, read_states(log, meant), originals)
    return _pull(studio, changes, log, before=None, since=(), pseudonyms=pseudonyms, progress=progress)


def _pull(
    studio: Studio,
    changes: Changes,
    log: Log,
    *,
    before: Overview | None,
    since: tuple[Filter, ...],
    pseudonyms: Callable[[], Mapping[int, str]],
    progress: Progress,
) -> PullReport:
    project = changes.project
    changes.server = studio.url
    seen: set[int] = set()
    for page, left in ahead(list_tasks(studio, project.id, *since, fields=changes.fields, size=PAGE)):
        total = len(seen) + left
        changes.take(page, pseudonyms)
        seen |= {task["id"] for task in page}
        progress("pull", len(seen), total)
        if len(changes.rows) >= PART_ROWS:  # what is in the log needs no memory, and is safe
            append(changes, log, stage=PULLING)
            changes.forget_appended()
    # what was there before the pages were read is enough where it fits: what came since, the next pull sees
    if not (before and has_counts(before, changes.states)) and not has_counts(look(studio, project.id), changes.states):
        for page in _sweep(studio, project.id, changes):
            changes.take(page, pseudonyms)
            seen |= {task["id"] for task in page}
    changes.retire(retired(log, project, changes.states, lambda: newest(log, "state")))
    return _report(changes, log, seen=len(seen))


def _sweep(studio: Studio, project_id: int, changes: Changes) -> Iterator[list[dict[str, Any]]]:
    """Go over the ids of all tasks; drop those that are gone, and give those that the log has otherwise."""
    there: set[tuple[int, str]] = set()
    odd: list[int] = []
    for page, _ in list_tasks(studio, project_id, fields=_SWEPT, size=_SWEEP_PAGE):
        there |= {(task["id"], task["created_at"]) for task in page}
        odd += [task["id"] for task in page if changes.is_odd(task)]
    changes.drop([state for state in changes.states.values() if (state.task_id, state.created_at) not in there])
    for first in range(0, len(odd), LOOKED_UP):
        asked = id_is_one_of(odd[first : first + LOOKED_UP])
        for page, _ in list_tasks(studio, project_id, asked, fields=changes.fields, size=PAGE):
            yield page


def _report(changes: Changes, log: Log, *, seen: int = 0) -> PullReport:
    new, changed, gone = changes.new, changes.changed, changes.gone
    append(changes, log, stage=PULLED, looked=bool(seen) and not is_settled(log, changes.project))
    return PullReport(
        new=new,
        changed=changed,
        gone=gone,
        unchanged=changes.unchanged,
        elsewhere=changes.elsewhere,
        seen=seen,
        nothing_new=not (new or changed or gone),
    )
