"""The whole line once: from the seeds to a published dataset, with recorded annotators in the place of people."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from copydesk.errors import ConfigError
from copydesk.flow.agree import agree
from copydesk.flow.ingest import ingest
from copydesk.flow.release import publish
from copydesk.flow.report import Report
from copydesk.flow.studio import pull, push, recorded, start_studio, stop_studio, studio_status, submit_recorded
from copydesk.flow.validate import validate
from copydesk.model.progress import Progress, Say
from copydesk.workspace import Workspace


def demo(workspace: Workspace, *, keep: bool, say: Say, progress: Progress) -> Generator[Report, None, None]:
    """Run every stage in order and yield the report of each; every stage goes on where an earlier run was interrupted.

    The server is stopped at the end where this run started it, unless ``keep``; close the iterator to have it stopped at
    once when you end early.
    """
    if not recorded(workspace):
        raise ConfigError(
            f"{workspace.root / 'seeds' / 'annotators'} holds no recorded annotators",
            fix="run the demo in the checkout, or label by hand: copydesk studio start, people add, push, pull",
        )
    running = studio_status(workspace) is not None
    try:
        found = start_studio(workspace, say=say)
        yield ingest(workspace, (), progress=progress)
        for one in [workspace, *(workspace.under(name) for name in workspace.schemas[1:])]:
            for report in _labelled(one, progress=progress):
                yield report if one.is_first else report.of(one.schema_name)
        yield Report(
            "studio",
            {},
            lines=(
                f"Label Studio: {found['url']} ({'running' if keep or running else 'stopped; copydesk studio start'})",
                f"user: {found['user']}",
                f"password in: {found['password_in']}",
            ),
            data=found,
        )
    finally:
        if not (keep or running):
            with _ctrl_c_put_off():  # it would leave the server behind
                stop_studio(workspace)


def _labelled(workspace: Workspace, *, progress: Progress) -> Iterator[Report]:
    """Run the stages from push to publish under one schema."""
    yield push(workspace, progress=progress)
    if not recorded(workspace):
        return  # nobody labels under this schema, so there is nothing to publish
    yield submit_recorded(workspace, progress=progress)
    yield pull(workspace, progress=progress)
    yield agree(workspace, progress=progress)
    yield validate(workspace, pages=True, progress=progress)
    yield publish(workspace, "", progress=progress)


@contextmanager
def _ctrl_c_put_off() -> Iterator[None]:
    """Do the block to its end, and only then obey a Ctrl-C that came meanwhile."""
    if threading.current_thread() is not threading.main_thread():  # which alone hears signals
        yield
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt
