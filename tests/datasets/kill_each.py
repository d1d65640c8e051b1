"""Stop a command of releases at each of its operations on files, and run it again; print what each stop left, as JSON lines.

``python kill_each.py FOLDER COMMAND FAULT [STEP]``: COMMAND is a row of ``COMMANDS``. FAULT is ``kill`` (SIGKILL), ``power-loss`` (and
what was not seen onto the disk is gone by half), or the name of an error that the operation fails with instead, such as ENOSPC.
Each stop happens in a child process, forked before Arrow has started a thread, in a copy of the same old state. Of the operations
every STEP-th is tried, and the last ones, where most is committed.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "kill"))

# loaded once here, so that no child has to
import killpoint
import newsroom
import pandas  # noqa: F401
import pyarrow.acero
import pyarrow.dataset
import pyarrow.parquet  # noqa: F401

from copydesk.datasets.events import LATEST, LOG, add_event, events_in
from copydesk.datasets.gc import collect
from copydesk.datasets.load import verify
from copydesk.datasets.retract import retract
from copydesk.datasets.version import MANIFEST, REMOVED, versions_in
from copydesk.errors import CopydeskError, StoreError
from copydesk.store import canonical_json, digest_of, file_sha256

LAST = 24  # operations: from the commit to the end
REFUSED = 3  # the exit code of a child whose command raised StoreError
Step = Callable[[Path], object]
yanked = partial(add_event, kind="yank", version="1.1.0", reason="wrong", successor="1.0.0")
relabelled = partial(newsroom.put_out_divided, relabelled=("x0", "x1", "x2"))  # one of them is in the test set


def taken_back(folder: Path) -> None:
    """Retract two documents, one of the test set."""
    retract(folder, ["doc-00", "doc-02"], reason="withdrawn", progress=newsroom.silent)


def collected(folder: Path, *, days: int) -> None:
    """Condemn what is yanked, and remove what was condemned already, as if so many days had gone by."""
    collect(folder, days=0, now=datetime.now(UTC) + timedelta(days=days), apply=True)


condemned = partial(collected, days=-1)


@dataclass(frozen=True, slots=True)
class Command:
    """What is stopped, and what was done in the folder before."""

    run: Step
    before: tuple[Step, ...] = ()


VERSIONS = (newsroom.put_out_divided, partial(newsroom.put_out_divided, count=20))
COMMANDS: Mapping[str, Command] = {
    "publish-first": Command(newsroom.put_out_divided),
    "publish": Command(relabelled, VERSIONS[:1]),
    "yank": Command(yanked, VERSIONS),
    "unyank": Command(partial(add_event, kind="unyank", version="1.1.0"), (*VERSIONS, yanked)),
    "alias": Command(partial(add_event, kind="alias", alias="stable", version="1.0.0"), VERSIONS),
    "retract": Command(taken_back, VERSIONS),
    "condemn": Command(condemned, (*VERSIONS, yanked)),
    "remove": Command(partial(collected, days=1), (*VERSIONS, yanked, condemned)),
}


@dataclass(frozen=True, slots=True)
class State:
    """What a dataset says: the digest of each version, those that have a tombstone, and the events without their times."""

    versions: Mapping[str, str]
    removed: frozenset[str]
    events: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path) -> State:
        """Read it; raises StoreError where the log is damaged."""
        said = (canonical_json([event.seq, event.kind, event.fields]).decode() for event in events_in(folder))
        names = [str(one) for one in versions_in(folder)]
        removed = frozenset(one for one in names if (folder / one / REMOVED).exists())
        return cls({one: digest_of(tree(folder / one)) for one in names}, removed, tuple(said))


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder with its digest; of a tombstone, which tells the time, only that it is there."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): "" if path.name == REMOVED else file_sha256(path) for path in files}


def faults(folder: Path) -> list[str]:
    """What is wrong with a dataset that somebody may load from at this moment."""
    state = State.of(folder)
    found = [f"{one}: {fault}" for one in state.versions.keys() - state.removed for fault in verify(folder / one)]
    numbers = [event.seq for event in events_in(folder)]
    if numbers != list(range(1, len(numbers) + 1)):
        found.append(f"the events are numbered {numbers}")
    if (folder / LATEST).exists():
        told = json.loads((folder / LATEST).read_bytes())
        manifest = folder / told["version"] / MANIFEST
        if not manifest.exists() or file_sha256(manifest) != told["manifest_sha256"]:
            found.append(f"{LATEST} is wrong: {told}")
    return found


def left(now: State, before: State, after: State) -> str:
    """Say which state a stop left: the old, the new, one between where a command has several steps, or a torn one."""
    if now in (before, after):
        return "old" if now == before else "new"
    names = now.versions.keys() | before.versions.keys() | after.versions.keys()
    names -= now.removed & after.removed  # their files go one after the other
    each = (now.versions.get(one) in (before.versions.get(one), after.versions.get(one)) for one in names)
    follow = now.events == after.events[: len(now.events)] and before.events == now.events[: len(before.events)]
    return "some" if all(each) and follow else "torn"


def in_child(work: Callable[[], object]) -> int:
    """Do it in a forked child; give its exit code, negative for the signal that ended it."""
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        except StoreError:
            code = REFUSED
        finally:
            if code == 1:
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def counted(command: Command, folder: Path, into: Path) -> None:
    """Run the command unharmed and write down how many operations it took."""
    points = killpoint.Points(0)
    points.arm()
    command.run(folder)
    met = points.met
    sys.setprofile(None)
    into.write_text(str(met))


def stopped(command: Command, folder: Path, number: int, fault: str) -> None:
    """Run the command, and be stopped at that operation."""
    power = killpoint.Power(folder) if fault == "power-loss" else None
    points = killpoint.Points(number, power=power, error=getattr(errno, fault, 0))
    points.arm()
    command.run(folder)


def prepared(command: Command, folder: Path) -> None:
    """Do what comes before the command."""
    folder.mkdir(parents=True)
    for step in command.before:
        step(folder)


def tried(command: Command, folder: Path, number: int, fault: str, states: tuple[State, State]) -> dict[str, Any]:
    """Stop the command at an operation, look, and run it again."""
    code = in_child(lambda: stopped(command, folder, number, fault))
    try:
        found = {"left": left(State.of(folder), *states), "faults": faults(folder)}
    except CopydeskError as error:
        found = {"left": "torn", "faults": [str(error)]}
    again = in_child(lambda: command.run(folder))
    rest = sorted(entry.name for entry in folder.iterdir() if entry.name not in {*states[1].versions, LOG, LATEST})
    same = not again and State.of(folder) == states[1] and not faults(folder)
    return {"point": number, "code": code, **found, "again": again, "same": same, "rest": rest}


def main() -> None:
    """Try every point that is asked for."""
    root, name, fault, step = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int((*sys.argv, "1")[4])
    command = COMMANDS[name]
    old, whole, tries = (root / side / newsroom.NAME for side in ("old", "whole", "tried"))
    assert in_child(lambda: prepared(command, old)) == 0
    shutil.copytree(old, whole)
    assert in_child(lambda: counted(command, whole, root / "count")) == 0
    total = int((root / "count").read_text())
    states = State.of(old), State.of(whole)
    for number in sorted({*range(1, total + 1, step), *range(max(1, total - LAST), total + 1)}):
        shutil.rmtree(tries, ignore_errors=True)
        shutil.copytree(old, tries)
        print(json.dumps({"of": total, **tried(command, tries, number, fault, states)}), flush=True)


if __name__ == "__main__":
    main()
