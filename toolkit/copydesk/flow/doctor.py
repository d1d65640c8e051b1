"""A workspace and its project on the server go in; all that is wrong with them comes out, each with what mends it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from copydesk.errors import CopydeskError, FindingError, StoreError
from copydesk.flow.connect import connected, known_projects, project_spec, studio_url
from copydesk.flow.machine import Check, machine_checks, workspace_checks
from copydesk.flow.overlap import asked_of
from copydesk.flow.report import Report
from copydesk.flow.versions import versions
from copydesk.model.finding import Finding, merged
from copydesk.model.progress import Progress
from copydesk.store import TEMPORARY, file_sha256, locked, part_at, translated
from copydesk.studio.codec import histories
from copydesk.studio.doctor import Shown, examine, mend
from copydesk.studio.local import examine_folder
from copydesk.workspace import Workspace

_FOLDERS = ("documents", "copies", "pulls", "backups", "labels", "agreed", "findings", "repeated", "gold")


def doctor(workspace: Workspace, *, fix: bool, progress: Progress) -> Report:
    """Look for all that is wrong; with ``fix``, mend what is safely mended, and say what was done.

    A server that cannot be reached is a finding, and the workspace is looked at all the same. Nothing that a person marked is
    ever changed or deleted.
    """
    left = _left(workspace.state)  # before the lock, which clears some of them
    with locked(workspace.lock) if fix else nullcontext():
        found = [*_workspace(workspace, left, fix=fix), *_server(workspace, fix=fix, progress=progress)]
    checks = list(workspace_checks(workspace)) if workspace.is_first else []
    found = [*found, *map(_failed, (check for check in checks if check.state == "fail"))]
    open_ones = [finding for finding in found if not finding.fixed]
    lines = tuple(str(check) for check in checks if check.state != "fail")
    lines += tuple(_line(finding) for finding in found)
    unseen = _unseen(workspace)
    if unseen:
        lines += (f"not looked at: {', '.join(unseen)} (only an embedded Label Studio's own files tell of them)",)
    return Report(
        "doctor",
        {"findings": len(open_ones), "fixed": len(found) - len(open_ones)},
        changed=len(open_ones) < len(found),
        lines=lines,
        data={
            "findings": [_row(finding) for finding in found],
            "not_looked_at": list(unseen),
            "versions": versions(),
            "checks": [asdict(check) for check in checks],
        },
    )


def machine(place: Path) -> Report:
    """Look at the machine alone, where there is no workspace yet."""
    checks = list(machine_checks(place))
    found = [_failed(check) for check in checks if check.state == "fail"]
    told = [str(check) for check in checks if check.state != "fail"]
    return Report(
        "doctor",
        {"findings": len(found)},
        changed=False,
        lines=(*told, *map(_line, found), "there is no workspace here: only the machine was looked at"),
        data={"findings": [_row(finding) for finding in found], "checks": [asdict(check) for check in checks]},
    )


def _failed(check: Check) -> Finding:
    return Finding(check.name, 1, check.told, check.fix)


def _unseen(workspace: Workspace) -> tuple[str, ...]:
    """Name what cannot be looked at: a server of one's own tells no locks, and a database of PostgreSQL is not opened."""
    if studio_url(workspace):
        return "locks", "sqlite", "exports"
    return ("locks",) if workspace.settings.studio.database else ()


def finding_fault(report: Report) -> FindingError | None:
    """Give the error where something is wrong that was not mended."""
    count = report.counts["findings"]
    if not count:
        return None
    return FindingError(f"{count} findings are open", fix="do what each of them says, and copydesk doctor again")


def _line(finding: Finding) -> str:
    done = f"fixed: {finding.fixed}" if finding.fixed else f"fix: {finding.mend}"
    return f"{'ok  ' if finding.fixed else 'fail'}  {finding.code} ({finding.count:,}): {finding.example} ({done})"


def _row(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "count": finding.count,
        "example": finding.example,
        "mend": finding.mend,
        "fixed": finding.fixed,
    }


def _server(workspace: Workspace, *, fix: bool, progress: Progress) -> Iterator[Finding]:
    if not studio_url(workspace):
        yield from examine_folder(workspace.studio_folder, now=datetime.now(UTC))
    try:
        yield from _project(workspace, fix=fix, progress=progress)
    except CopydeskError as error:
        yield Finding(error.code, 1, error.message, error.fix)


def _project(workspace: Workspace, *, fix: bool, progress: Progress) -> list[Finding]:
    schema = workspace.schema()
    spec = project_spec(workspace, schema)
    texts = histories(workspace.documents.read("documents"))
    asked = asked_of(workspace, texts)
    with connected(workspace) as studio:
        keys: Counter[Shown] = Counter()
        each: list[Finding] = []
        for project in known_projects(workspace, studio, schema):
            found = examine(studio, project, spec, histories=texts, keys=keys, asked=asked, progress=progress)
            each += mend(studio, project, spec, found) if fix else found.findings()
        return merged(each)


def _workspace(workspace: Workspace, left: Sequence[Path], *, fix: bool) -> Iterator[Finding]:
    yield from _damage(workspace.state)
    yield from _left_over(left, fix=fix)


def _damage(state: Path) -> Iterator[Finding]:
    """Check every file of every part against the digest in its receipt."""
    wrong: list[str] = []
    for folder in _FOLDERS:
        for part in sorted([*state.glob(f"{folder}/[0-9]*"), *state.glob(f"{folder}.*/[0-9]*")]):
            wrong += _wrong_in(part)
    if wrong:
        mend_it = (
            "restore the folder from a backup; of labels, agreed and findings, which are made again, it may be removed"
        )
        yield Finding("damaged-part", len(wrong), wrong[0], mend_it)


def _wrong_in(folder: Path) -> list[str]:
    try:
        part = part_at(folder)
        with translated(folder, "read"):
            return [
                f"{folder / name}.parquet is not what its receipt says"
                for name, told in part.receipt["files"].items()
                if file_sha256(folder / f"{name}.parquet") != told["sha256"]
            ]
    except StoreError as error:
        return [error.message]


def _left(state: Path) -> list[Path]:
    """Find what interrupted commands left under temporary names; a command that runs now has such files, too."""
    with translated(state, "read"):
        return sorted(state.rglob(f"{TEMPORARY}*"))


def _left_over(left: Sequence[Path], *, fix: bool) -> Iterator[Finding]:
    if not left:
        return
    finding = Finding(
        "left-over", len(left), f"{left[0]} was left by a command that was interrupted", "copydesk doctor --fix"
    )
    if fix:  # the workspace's lock is held: no command that writes runs
        for path in left:
            with translated(path, "remove"):
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        finding = replace(finding, fixed=f"removed {len(left)} temporary files and folders")
    yield finding
