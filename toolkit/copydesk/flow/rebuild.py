"""A published version goes in, the same version made again from its recorded inputs is held against it.

Tables must say the same (equal logical digests), whoever makes them. Files must have the same bytes where they are made by the writer and the
Copydesk that the manifest names.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from copydesk.datasets.about import RELEASE
from copydesk.datasets.events import known_version
from copydesk.datasets.load import check_whole, home_of, read_file
from copydesk.datasets.logical import logical_digest
from copydesk.datasets.publish import publish_again
from copydesk.datasets.version import Release, open_release
from copydesk.datasets.write import EPOCH
from copydesk.engines import EngineOptions
from copydesk.errors import DataError, UnknownError
from copydesk.flow.agree import agree
from copydesk.flow.ingest import follow_log
from copydesk.flow.inputs import lay_out, lay_out_dataset
from copydesk.flow.pictures import pictures
from copydesk.flow.release import publish
from copydesk.flow.report import Report
from copydesk.model.progress import Progress
from copydesk.store import file_sha256
from copydesk.workspace import Workspace

_MADE_BY = ("writer", "tool")


def rebuild(workspace: Workspace, name: str, version: str, *, progress: Progress) -> Report:
    """Make a version again, aside, and compare; nothing in the workspace is changed.

    Raises StoreError where the version is not as it was published, or a log no longer begins with what it was made from;
    UnknownError where there is no such version, or it does not record what it was made from.
    """
    home = home_of(name, folder=workspace.datasets)
    path = home / str(known_version(home, version))
    check_whole(path)
    release = open_release(path)
    if not release.manifest.get("inputs"):
        raise UnknownError(
            f"{name} {release.version} does not record what it was made from",
            fix="rebuild a version that copydesk publish made",
        )
    with tempfile.TemporaryDirectory(prefix="copydesk-rebuild-") as folder:
        made = _made_again(Path(folder).resolve(), release, workspace, progress=progress)
        return _report(release, open_release(made))


def _made_again(root: Path, release: Release, workspace: Workspace, *, progress: Progress) -> Path:
    """Publish a version from its inputs in the empty folder ``root``; gives the folder of what came out."""
    name, recorded = release.path.parent.name, release.manifest["inputs"]
    bump = release.manifest["semver"]["bump"] if release.manifest["parent"] else ""
    datasets = root / "datasets"
    lay_out_dataset(datasets / name, release)
    with _stating(release.manifest.get("created_at", "")):
        if RELEASE in recorded:
            before = open_release(datasets / name / recorded[RELEASE]["version"])
            again = publish_again(before, draw=pictures, progress=progress)
            assert again is not None
            return again.path
        aside = lay_out(root, release=release, workspace=workspace)
        follow_log(aside, engine=EngineOptions(**asdict(workspace.settings.engine)), progress=progress)
        agree(aside, progress=progress)
        return Path(publish(aside, name, bump=bump, progress=progress).data["path"])


def rebuild_fault(report: Report) -> DataError | None:
    """Give the error where the version came out otherwise."""
    if report.data["equal"]:
        return None
    return DataError(
        f"{report.data['name']} {report.data['version']} cannot be made again from its recorded inputs: "
        f"{', '.join(report.data['different'])} came out otherwise",
        fix="see whether Copydesk or Great Expectations was updated since; else the version is not what it says it is",
    )


@contextmanager
def _stating(created_at: str) -> Iterator[None]:
    """State the time of publishing that a version was published with."""
    before = os.environ.pop(EPOCH, None)
    if created_at:
        os.environ[EPOCH] = str(int(datetime.fromisoformat(created_at).timestamp()))
    try:
        yield
    finally:
        os.environ.pop(EPOCH, None)
        if before is not None:
            os.environ[EPOCH] = before


def _report(old: Release, new: Release) -> Report:
    tables, parts = _logical(old, new), _parts(old, new)
    made_by = [{name: one.manifest[name] for name in _MADE_BY} for one in (old, new)]
    is_same_writer = made_by[0] == made_by[1]
    files = _files(old, new) if is_same_writer else {}
    different = sorted(name for found in (tables, parts, files) for name, is_equal in found.items() if not is_equal)
    promised = "every file has the same bytes" if is_same_writer else _other_writer(*made_by)
    lines = [f"{name} came out otherwise" for name in different] or ["every table says the same", promised]
    return Report(
        "rebuild",
        {"tables": len(tables), "files compared": len(files), "different": len(different)},
        changed=bool(different),
        lines=tuple(lines),
        data={
            "name": old.path.parent.name,
            "version": str(old.version),
            "equal": not different,
            "different": different,
            "bytes_compared": is_same_writer,
            "made_by": made_by[0],
            "made_again_by": made_by[1],
        },
    )


def _logical(old: Release, new: Release) -> dict[str, bool]:
    """Say of each table's file whether it says the same: of the old one what stands there, whatever its manifest claims."""
    made = {entry["path"]: entry["logical"] for entry in new.manifest["files"] if "logical" in entry}
    claimed = {entry["path"] for entry in old.manifest["files"] if "logical" in entry}
    return {
        path: path in claimed and made.get(path) == logical_digest(read_file(old.path / path, None))
        for path in sorted(made.keys() | claimed)
    }


def _parts(old: Release, new: Release) -> dict[str, bool]:
    """Say of each part of the content that is no table whether it says the same."""
    before, after = old.manifest["content"], new.manifest["content"]
    names = sorted(name for name in before.keys() | after.keys() if not name.startswith("tables/"))
    return {name: before.get(name) == after.get(name) for name in names}


def _files(old: Release, new: Release) -> dict[str, bool]:
    """Say of each file whether it has the same bytes."""
    found = [
        {path.relative_to(one.path).as_posix(): file_sha256(path) for path in one.path.rglob("*") if path.is_file()}
        for one in (old, new)
    ]
    return {name: found[0].get(name) == found[1].get(name) for name in sorted(found[0].keys() | found[1].keys())}


def _other_writer(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    told = [", ".join(f"{what} {one[kind][what]}" for kind in _MADE_BY for what in one[kind]) for one in (before, now)]
    return f"bytes are not compared: it was written by {told[0]}; here are {told[1]}"
