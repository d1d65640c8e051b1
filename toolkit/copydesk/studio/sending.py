"""Tasks as JSON go in, tasks of a project on a Label Studio server come out, none of them twice whatever the server answers.

Label Studio's import knows no key that would keep it from taking the same task twice, and a failed answer does not say whether
the import happened. So after every answer that leaves the matter open, what is there is looked up before anything is sent again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from copydesk.errors import StudioBroken, StudioError, StudioTimeout, StudioUnreachable
from copydesk.studio.client import Studio

BATCH_TASKS = 500
BATCH_BYTES = 8_000_000
_TRIES = 3


class Sendable(Protocol):
    """A task that can be sent."""

    @property
    def name(self) -> str:
        """What an error calls it."""

    @property
    def body(self) -> bytes:
        """Its JSON."""


Task = TypeVar("Task", bound=Sendable)
Seen = TypeVar("Seen")


def batches(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """Cut tasks into batches by their number and their bytes."""
    batch: list[Task] = []
    size = 0
    for task in tasks:
        if batch and (len(batch) == BATCH_TASKS or size + len(task.body) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(task)
        size += len(task.body)
    if batch:
        yield batch


class Sender(Generic[Task]):
    """Sends batches to one project. ``missing`` gives those of the tasks that the server has not got.

    ``patience`` is how many seconds to wait for a batch to appear after an answer that left open whether it arrived. ``again`` are
    the tasks that were then sent once more, as often as they were: what was given up may arrive all the same, later.
    """

    def __init__(
        self, studio: Studio, project_id: int, *, missing: Callable[[Sequence[Task]], list[Task]], patience: float
    ) -> None:
        self._studio = studio
        self._project_id = project_id
        self._missing = missing
        self._patience = patience
        self.again: list[Task] = []

    def send(self, tasks: Sequence[Task]) -> None:
        """Send tasks that the server has not got; raises the ``errors.Studio*`` where some did not arrive."""
        for left in reversed(range(_TRIES)):
            try:
                self._import(tasks)
            except (StudioTimeout, StudioBroken, StudioUnreachable) as error:
                # what is unreachable got nothing, so nothing will appear later
                tasks = self._still_missing(tasks, 0 if isinstance(error, StudioUnreachable) else self._patience)
                if tasks and not left:
                    raise _unsure(error, tasks) from error
                if not isinstance(error, StudioUnreachable):
                    self.again += tasks
            else:
                return
            if not tasks:
                return

    def _import(self, tasks: Sequence[Task]) -> None:
        answer = self._studio.post(
            f"api/projects/{self._project_id}/import",
            params={"return_task_ids": "true"},
            json=b"[" + b",".join(task.body for task in tasks) + b"]",
        )
        taken = answer.get("task_count") if isinstance(answer, dict) else None
        if taken != len(tasks):
            raise StudioBroken(
                f"of {len(tasks)} tasks sent, Label Studio says that it took {taken}",
                fix="run copydesk push again: what arrived is not sent twice",
            )

    def _still_missing(self, tasks: Sequence[Task], patience: float) -> list[Task]:
        return looked(lambda: self._missing(tasks), until=lambda missing: not missing, patience=patience)


def looked(look: Callable[[], Seen], *, until: Callable[[Seen], bool], patience: float) -> Seen:
    """Look until that is seen, or for as long as patience lasts (seconds), and give what was seen last.

    A server goes on after its answer failed.
    """
    pause, waited = 0.25, 0.0
    while True:
        seen = look()
        if until(seen) or waited >= patience:
            return seen
        time.sleep(pause)
        waited += pause
        pause = min(2 * pause, 5.0)


def _unsure(error: StudioError, missing: Sequence[Sendable]) -> StudioError:
    return type(error)(
        f"{len(missing)} tasks, the first of {missing[0].name}, did not arrive after {_TRIES} tries: {error.message}",
        fix="look into the server's log, then push again; what arrived is not sent twice",
    )
