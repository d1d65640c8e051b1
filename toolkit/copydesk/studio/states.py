"""What the pull log says of a project's tasks goes in, and whether the server has anything else comes out, for one request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow.compute as pc

from copydesk.store import Log
from copydesk.studio.client import Studio
from copydesk.studio.known import instant_of, tick_of, ticks
from copydesk.studio.listing import Overview, overview

EXPORT = "import-export"  # the stage of parts that a file brought, and no server
PULLED = "pull"  # the stage of the part that a pull ends with
PULLING = "pulling"  # the stage of parts of a pull that goes on in the next part
SERVER = "server"  # of a receipt: the address that was pulled from
UNTIL = "until"  # of a receipt: the last change of a task that pulls saw
_RECENT = 20  # tasks changed last that are looked at to see whether anything happened


@dataclass(frozen=True, slots=True)
class Project:
    """A project, told from those that have its id on another server by when it was made."""

    id: int
    key: str
    short: str

    @classmethod
    def of(cls, described: Mapping[str, Any]) -> Project:
        """Take a project as the server describes it: its ``id`` and ``created_at`` are read."""
        return cls.named(f"{described['id']}-{described['created_at']}")

    @classmethod
    def named(cls, key: str) -> Project:
        """Take a project by its key."""
        return cls(int(key.partition("-")[0]), key, hashlib.sha256(key.encode()).hexdigest()[:6])


class State(NamedTuple):
    """A live task as it was seen last. Ids are given again after a deletion, so a task is its id, birth and document.

    ``updated_at`` is in microseconds. ``annotations`` does not count skipped ones, as the server does not.
    """

    task_id: int
    created_at: str
    doc_id: str
    updated_at: int
    annotations: int

    @property
    def identity(self) -> tuple[int, str, str]:
        """What tells the task from others, also from later ones of the same id."""
        return self.task_id, self.created_at, self.doc_id


class Seen:
    """What the log says of one project's tasks, kept between two looks as long as the log stays as it is."""

    def __init__(self, project: Mapping[str, Any]) -> None:
        self._project = Project.of(project)
        self._digest = ""
        self._states: dict[int, State] = {}

    def is_quiet(self, studio: Studio, log: Log) -> bool:
        """Say, for one request, whether the server has nothing that the log has not; False where nothing was ever pulled.

        What Label Studio changes without telling a time is not seen so. Raises StudioGone where the project is no more.
        """
        digest = log.digest
        if digest != self._digest:
            self._states = read_states(log, self._project) if is_settled(log, self._project) else {}
            self._digest = digest
        return bool(self._states) and is_as_known(look(studio, self._project.id), self._states)


def look(studio: Studio, project_id: int) -> Overview:
    """Look at a project with one request."""
    return overview(studio, project_id, size=_RECENT)


def is_as_known(seen: Overview, states: Mapping[int, State]) -> bool:
    """Say whether the server has what the log has: the same counts, and the same times of the tasks changed last."""
    return has_counts(seen, states) and all(is_known(task, states) for task in seen.newest)


def has_counts(seen: Overview, states: Mapping[int, State]) -> bool:
    """Say whether the server has as many tasks and annotations as the log."""
    return (seen.tasks, seen.annotations) == (len(states), sum(state.annotations for state in states.values()))


def is_known(task: Mapping[str, Any], states: Mapping[int, State]) -> bool:
    """Say whether a task on the server is one that the log has, with its time."""
    state = states.get(task["id"])
    return (
        state is not None and state.created_at == task["created_at"] and state.updated_at == tick_of(task["updated_at"])
    )


def is_settled(log: Log, project: Project) -> bool:
    """Say whether the project was pulled last, and to the end.

    After an export was taken, or a pull that was cut off, nobody knows what of the rest had changed before it.
    """
    mine = [part.receipt["stage"] for part in log.parts() if part.receipt.get("project") == project.key]
    return not mine or mine[-1] not in {EXPORT, PULLING}


def pulled_until(log: Log, project: Project, states: Mapping[int, State]) -> datetime | None:
    """Give the last change of a task that a pull saw; None where nothing was pulled.

    What exports brought does not count: an export may hold some tasks alone, and others may have changed before.
    """
    own = [part for part in log.parts() if part.receipt.get("project") == project.key]
    pulled = [part for part in own if part.receipt["stage"] not in {EXPORT, PULLING}]
    if pulled and UNTIL in pulled[-1].receipt:
        return datetime.fromisoformat(pulled[-1].receipt[UNTIL])
    if len(pulled) == len(own):
        return instant_of(max(state.updated_at for state in states.values())) if states else None
    found: list[datetime | None] = [pc.max(part.read("task_states")["updated_at"]).as_py() for part in pulled]
    return max((instant for instant in found if instant is not None), default=None)


def project_pages(log: Log) -> dict[str, str]:
    """Give the page of each project that was pulled, where it was pulled last, by what the ids of its annotations begin with."""
    pages = {}
    for receipt in (part.receipt for part in log.parts()):
        if SERVER in receipt:
            project = Project.named(receipt["project"])
            pages[project.short] = f"{receipt[SERVER].rstrip('/')}/projects/{project.id}/data"
    return pages


def read_states(log: Log, project: Project) -> dict[int, State]:
    """Give the live tasks of a project as the log saw them last, by id."""
    table = log.read("task_states")
    table = table.filter(pc.equal(table["project"], project.key))
    columns = [table[name].to_pylist() for name in ("task_id", "task_created_at", "doc_id")]
    seen = zip(*columns, ticks(table["updated_at"]), table["annotations"].to_pylist(), strict=True)
    states: dict[int, State] = {}
    for state, how in zip(map(State._make, seen), table["state"].to_pylist(), strict=True):
        if how == "live":
            states[state.task_id] = state
        else:
            states.pop(state.task_id, None)
    return states


def state_of(task: Mapping[str, Any]) -> State:
    """Give the state of a task as the server describes it, with its annotations."""
    return State(
        task["id"],
        task["created_at"],
        text_of(task["data"], "doc_id"),
        tick_of(task["updated_at"]),
        sum(not annotation["was_cancelled"] for annotation in task["annotations"]),
    )


def text_of(data: Mapping[str, Any], key: str) -> str:
    """Give a text of a task's data; a task that Copydesk did not make may have none, or something else there."""
    value = data.get(key)
    return value if isinstance(value, str) else ""


def dumped(result: object) -> str:
    """Give a result as JSON, always the same for the same result."""
    return json.dumps(result, sort_keys=True, separators=(",", ":"))
