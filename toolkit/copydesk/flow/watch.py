"""A workspace goes in; each pull that brings something comes out, as it happens, until it is told to stop.

A look costs one request as long as nothing changed. Where the server does not answer, the pause doubles up to a limit, and the
connection is opened anew: a server that was restarted may be at another address. What only a person can mend ends the watch.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from copydesk.errors import StudioBroken, StudioTimeout, StudioUnreachable, WorkspaceError
from copydesk.flow.agree import agree
from copydesk.flow.connect import connected, known_projects
from copydesk.flow.gates import at_gate
from copydesk.flow.report import Report
from copydesk.flow.studio import pull_from
from copydesk.model.progress import Progress
from copydesk.store import locked
from copydesk.studio.client import Studio
from copydesk.studio.pull import pull
from copydesk.studio.several import SeenAll
from copydesk.workspace import Workspace

_FIND_AGAIN = 20  # looks
_PASSING = (StudioUnreachable, StudioTimeout, StudioBroken, WorkspaceError)


@dataclass(slots=True)
class Bell:
    """What a watch waits for between two looks: the pause, or a ring. ``stop`` ends it after what it is doing."""

    rung: threading.Event = field(default_factory=threading.Event)
    stopped: bool = False

    def stop(self) -> None:
        """Have the watch end, at once where it waits, and otherwise after the look that it is at."""
        self.stopped = True
        self.rung.set()

    def wait(self, seconds: float) -> None:
        """Wait for a ring, at most so long."""
        self.rung.wait(seconds)
        self.rung.clear()


def watch(workspace: Workspace, *, bell: Bell, with_agree: bool, progress: Progress) -> Iterator[Report]:
    """Look until the bell is stopped; give a report for each pull that brought something, and when the server is away or back.

    The first look pulls whatever there is. With ``with_agree``, agreement is measured anew after each pull that changed
    something. Raises at once what waiting does not mend: a wrong token, a project that is gone.
    """
    settings = workspace.settings.watch
    pause = settings.interval
    away = False
    with ExitStack() as stack:
        connection: _Connection | None = None
        while not bell.stopped:
            try:
                connection = connection or _Connection.open(workspace, stack)
                yield from connection.look(with_agree=with_agree, progress=progress)
            except _PASSING as error:
                stack.close()
                connection = None
                if not away:
                    yield Report("watch", {}, lines=(f"waiting: {error.message}",), data={"waiting": error.as_dict()})
                away = True
                pause = min(pause * 2, max(settings.longest, settings.interval))
            else:
                if away:
                    yield Report("watch", {}, lines=("the server answers again",), data={"waiting": None})
                away, pause = False, settings.interval
            if not bell.stopped:
                bell.wait(pause)


def look_once(workspace: Workspace, *, with_agree: bool, progress: Progress) -> Iterator[Report]:
    """Look once, as ``watch`` does, and raise whatever goes wrong."""
    with ExitStack() as stack:
        yield from _Connection.open(workspace, stack).look(with_agree=with_agree, progress=progress)


@dataclass(slots=True)
class _Connection:
    """An open connection, and what was seen of each schema's projects on its server.

    Which projects there are is asked again now and then: a push may have opened another one since.
    """

    studio: Studio
    workspaces: tuple[Workspace, ...]
    seen: tuple[SeenAll, ...]
    looks: int = 0

    @classmethod
    def open(cls, workspace: Workspace, stack: ExitStack) -> _Connection:
        studio = stack.enter_context(connected(workspace))
        each = tuple(workspace.under(name) for name in workspace.schemas)
        return cls(studio, each, cls._find(studio, each))

    @classmethod
    def _find(cls, studio: Studio, workspaces: Sequence[Workspace]) -> tuple[SeenAll, ...]:
        return tuple(SeenAll(known_projects(one, studio, one.schema())) for one in workspaces)

    def look(self, *, with_agree: bool, progress: Progress) -> Iterator[Report]:
        """Pull where there is something; the project is looked up again then, since one that is gone has no tasks either."""
        self.looks += 1
        if self.looks % _FIND_AGAIN == 0:
            self.seen = self._find(self.studio, self.workspaces)
        for workspace, seen in zip(self.workspaces, self.seen, strict=True):
            if seen.is_quiet(self.studio, workspace.pulls):
                continue
            with locked(workspace.lock):
                report = pull_from(self.studio, workspace, pull, progress=progress)
            if not report.changed:
                continue
            yield _named(at_gate(workspace, report, "labels", progress=progress), workspace)
            if with_agree:
                agreed = agree(workspace, progress=progress)
                yield _named(at_gate(workspace, agreed, "agreed", progress=progress), workspace)


def _named(report: Report, workspace: Workspace) -> Report:
    return report if workspace.is_first else report.of(workspace.schema_name)
