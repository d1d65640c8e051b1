"""A workspace goes in, what a version of it is made from comes out; and a workspace with just these inputs is laid out again.

Logs only grow, so of each the number of its parts and their digest are enough. What may change (settings, schema, suites, gold) goes
into the version itself. Settings that only say where and how the work was done are left out: no label depends on them, and they
may name servers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from copydesk.datasets.about import EVENTS, Inputs
from copydesk.datasets.events import LOG, events_in, extent
from copydesk.datasets.version import MANIFEST, Release, open_release, versions_in
from copydesk.datasets.write import INPUTS
from copydesk.errors import StoreError
from copydesk.flow.validate import modules_of, suite_folders
from copydesk.model.marker import MARKER
from copydesk.model.toml_text import to_toml
from copydesk.store import Log, Part, file_sha256, part_at, parts_digest, translated, write_file
from copydesk.workspace import Workspace

_LOGS = ("documents", "pulls", "decisions")
_GOLD = "gold"
_NO_MATTER = ("ingest", "engine", "studio", "watch")
_RESTORE = "restore the workspace from a backup: its logs are only ever added to"


def inputs_of(workspace: Workspace, name: str) -> Inputs:
    """Give what the next version of the dataset ``name`` is made from; the caller holds the workspace's lock."""
    logs: dict[str, dict[str, str | int]] = {}
    for log in _LOGS:
        parts = _log(workspace, log).parts()
        logs[log] = {"parts": len(parts), "digest": parts_digest(parts)}
    logs[EVENTS] = extent(events_in(workspace.datasets / name))
    return Inputs(logs, _files(workspace))


def lay_out(root: Path, *, release: Release, workspace: Workspace) -> Workspace:
    """Make a workspace in the empty folder ``root`` that holds the inputs of a version of ``workspace``, and no more.

    Parts of logs are links. Raises StoreError where a log no longer begins with what was recorded, or one of its files is not what it
    was.
    """
    inputs = release.path / INPUTS
    for path in sorted(path for path in inputs.rglob("*") if path.is_file()):
        write_file(root / path.relative_to(inputs), path.read_bytes())
    made = Workspace.open(root)
    for name in _LOGS:
        parts = _beginning(_log(workspace, name), release.manifest["inputs"][name])
        _link({part.path.name: part.path for part in parts}, _log(made, name).folder)
    if (root / _GOLD).is_dir():
        Log(made.state / _GOLD).adopt(part_at(root / _GOLD))
    return made


def lay_out_dataset(folder: Path, release: Release) -> None:
    """Link the versions before this one into ``folder``, and what was said of them until then.

    Raises StoreError where the version that it was made after is not there as it was, or some of that is not.
    """
    home, parent, recorded = release.path.parent, release.manifest["parent"], release.manifest["inputs"][EVENTS]
    if parent:
        after = open_release(home / parent["version"])
        if file_sha256(after.path / MANIFEST) != parent["manifest_sha256"]:
            raise StoreError(f"{after.path} is not what {release.version} was made after", fix="restore its folder")
    events = events_in(home)[: recorded["parts"]]
    if extent(events) != recorded:
        raise StoreError(f"{home / LOG} does not begin with the events that were there", fix=_RESTORE)
    _link({str(one): home / str(one) for one in versions_in(home) if one < release.version}, folder)
    _link({file.name: file for file in (home / LOG / f"{one.seq:08d}.json" for one in events)}, folder / LOG)


def _files(workspace: Workspace) -> dict[str, bytes]:
    schema = workspace.schema_folder()
    paths = [schema / name for name in ("schema.toml", "guidelines.md")]
    paths += [path for folder in suite_folders(workspace) for path in sorted(folder.glob("*.json"))]
    paths += [module for module in modules_of(workspace) if isinstance(module, Path)]
    gold = workspace.gold.part()
    files = {MARKER: to_toml(_settings(workspace)).encode()}
    with translated(workspace.root, "read"):
        files |= {path.relative_to(workspace.root).as_posix(): path.read_bytes() for path in paths if path.exists()}
        files |= {f"{_GOLD}/{path.name}": path.read_bytes() for path in sorted(gold.path.iterdir())} if gold else {}
    return files


def _settings(workspace: Workspace) -> dict[str, Any]:
    """Give the settings that a version depends on, as ``copydesk.toml`` says them."""
    said = asdict(workspace.settings) | {"schema": workspace.schema_name, "schemas": []}
    return {name: _plain(value) for name, value in said.items() if name not in _NO_MATTER}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _log(workspace: Workspace, name: str) -> Log:
    logs = {"documents": workspace.documents, "pulls": workspace.pulls, "decisions": workspace.decisions}
    return logs[name]


def _beginning(log: Log, recorded: Mapping[str, Any]) -> list[Part]:
    """Give the parts of a log that a version was made from, when each of their files is what it was."""
    parts = log.parts()[: recorded["parts"]]
    if len(parts) < recorded["parts"]:
        raise StoreError(
            f"{log.folder} holds {len(parts)} parts, and the version was made from {recorded['parts']}", fix=_RESTORE
        )
    if parts_digest(parts) != recorded["digest"]:
        raise StoreError(f"{log.folder} does not begin with the parts that the version was made from", fix=_RESTORE)
    for part in parts:
        for name, file in part.receipt["files"].items():
            path = part.path / f"{name}.parquet"
            with translated(path, "read"):
                found = file_sha256(path)
            if found != file["sha256"]:
                raise StoreError(f"{path} is not what its receipt says", fix=_RESTORE)
    return parts


def _link(entries: Mapping[str, Path], folder: Path) -> None:
    with translated(folder, "write"):
        folder.mkdir(parents=True, exist_ok=True)
        for name, target in entries.items():
            (folder / name).symlink_to(target)
