"""A machine, and the workspace on it, go in; whether Copydesk can work there comes out, check by check."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Literal

from copydesk.errors import CopydeskError
from copydesk.flow.connect import connected, studio_url
from copydesk.flow.versions import examine_packages, installed
from copydesk.remote import EXTRAS, scheme_of
from copydesk.studio import server
from copydesk.studio.release import TRIED
from copydesk.workspace import Workspace

LEAST_FREE, LITTLE_FREE = 1_000_000_000, 5_000_000_000  # bytes
_SKEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, what was seen, and what mends it where it is not ``ok``."""

    name: str
    state: Literal["ok", "warn", "fail"]
    told: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.state:<4}  {self.name}: {self.told}{f' (fix: {self.fix})' if self.fix else ''}"


def machine_checks(place: Path) -> Iterator[Check]:
    """Look at the machine as it is for any workspace: Python, the packages, the disk of ``place`` and the rights there."""
    yield from _python()
    yield from _packages()
    yield from _extras(())
    yield from _disk(place)
    yield from _rights([place])


def workspace_checks(workspace: Workspace) -> Iterator[Check]:
    """Look at the machine as this workspace needs it: also the extras that its settings ask for, Label Studio, ports and clocks."""
    yield from _python()
    yield from _packages()
    yield from _extras(_asked_for(workspace))
    yield from _disk(workspace.root)
    datasets = [] if workspace.settings.publish.store else [workspace.datasets]
    yield from _rights([workspace.root, workspace.state, *datasets])
    yield from _clock(workspace, now=datetime.now(UTC))
    if not studio_url(workspace):
        yield from _port(workspace.studio_folder)
    yield from _label_studio(workspace)


def _python() -> Iterator[Check]:
    from packaging.specifiers import SpecifierSet

    version = ".".join(map(str, sys.version_info[:3]))
    wanted = SpecifierSet(metadata.metadata("copydesk")["Requires-Python"])
    if version in wanted:
        yield Check("python", "ok", version)
    else:
        yield Check("python", "fail", f"{version}, and {wanted} is needed", "make an environment with another Python")


def _packages() -> Iterator[Check]:
    requirements = metadata.requires("copydesk") or ()
    wrong = [Check("package", "fail", one.example, one.mend) for one in examine_packages(requirements)]
    yield from wrong or [Check("package", "ok", f"copydesk {installed('copydesk')}, and all that it needs")]


def _asked_for(workspace: Workspace) -> set[str]:
    """Name the extras that the settings ask for."""
    settings = workspace.settings
    asked = {"spark"} & {settings.engine.name} | {"spacy", "gliner"} & set(settings.suggest.use)
    if settings.publish.store:
        asked.add(EXTRAS.get(scheme_of(settings.publish.store), ""))
    return asked if studio_url(workspace) else asked | {"studio"}


def _extras(asked: Collection[str]) -> Iterator[Check]:
    from packaging.requirements import Requirement

    declared = [Requirement(text) for text in metadata.requires("copydesk") or ()]
    for extra in metadata.metadata("copydesk").get_all("Provides-Extra") or ():
        names = [one.name for one in declared if one.marker and one.marker.evaluate({"extra": extra})]
        told = ", ".join(f"{name} {version}" for name in names if (version := installed(name)))
        install = f"pip install 'copydesk[{extra}]'"
        if extra == "dev":
            continue
        if all(map(installed, names)):
            yield Check("extra", "ok", f"{extra}: {told}")
        elif extra in asked:
            yield Check("extra", "fail", f"{extra} is not installed, and the settings ask for it", install)
        else:
            yield Check("extra", "ok", f"{extra} is not installed, and nothing asks for it; {install}")


def _disk(place: Path) -> Iterator[Check]:
    free = shutil.disk_usage(place).free
    told = f"{free / 1e9:,.1f} GB are free at {place}"
    state: Literal["ok", "warn", "fail"] = "fail" if free < LEAST_FREE else "warn" if free < LITTLE_FREE else "ok"
    yield Check("disk", state, told, "" if state == "ok" else "make room on that disk")


def _rights(folders: Collection[Path]) -> Iterator[Check]:
    for folder in folders:
        if not folder.exists():
            continue
        try:
            with tempfile.TemporaryFile(dir=folder):
                yield Check("rights", "ok", f"{folder} can be written")
        except OSError as error:
            yield Check(
                "rights", "fail", f"{folder} cannot be written: {error.strerror}", f"chown or chmod u+rwx {folder}"
            )


def _clock(workspace: Workspace, *, now: datetime) -> Iterator[Check]:
    """Compare the clock with what was written before and with what Label Studio's clock said."""
    parts = [part for log in (workspace.documents, workspace.pulls) for part in log.parts()]
    written = [datetime.fromtimestamp((part.path / "receipt.json").stat().st_mtime, UTC) for part in parts]
    theirs = [datetime.fromisoformat(part.receipt["until"]) for part in parts if part.receipt.get("until")]
    ahead = max([*written, *theirs], default=now) - now
    if ahead > _SKEW:
        told = f"it is {now:%Y-%m-%d %H:%M} UTC here, and something is from {ahead.total_seconds() / 60:,.0f} minutes later"
        yield Check("clock", "warn", told, "set the clock of this machine, or of Label Studio's, by NTP")
    else:
        yield Check("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC, after all that is here")


def _port(folder: Path) -> Iterator[Check]:
    running = server.status(folder)
    if running:
        yield Check("port", "ok", f"{running.port} is the embedded Label Studio's")
        return
    last = server.last_port(folder)
    if last and not server.is_free(last):
        told = f"{last}, which the embedded Label Studio had, is another program's now: it will get another"
        yield Check("port", "warn", told, f"end that program (ss -ltnp 'sport = :{last}') to keep the address")
    else:
        yield Check("port", "ok", f"{last} is free" if last else "the first start takes a free one")


def _label_studio(workspace: Workspace) -> Iterator[Check]:
    """Tell the server's release; one that is not reached or not taken is among the findings of the doctor."""
    try:
        with connected(workspace) as studio:
            release = studio.version()
    except CopydeskError:
        return
    if release == TRIED:
        yield Check("label-studio", "ok", f"{release} at {studio.url}")
    else:
        told = f"{release} at {studio.url}; Copydesk was tried with {TRIED}"
        yield Check("label-studio", "warn", told, f"use {TRIED} where something goes wrong")
