"""Version numbers: which versions of a dataset there are, which is the newest, and which number comes next."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from copydesk.errors import StoreError

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
LABEL_SET = "labels.json"
AGREEMENT = "agreement.json"
FINDINGS = "findings.json"
LABELLING = "labelling.json"  # the whole labelling schema
REMOVED = "REMOVED.json"  # beside the manifest of a version whose files are gone
FORMAT_VERSION = 2
_RESTORE = "restore the version's folder, or remove it"
_NUMBER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class Version(NamedTuple):
    """A version number; it sorts as numbers do, so that 1.10.0 comes after 1.9.0."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @classmethod
    def read(cls, text: str) -> Version | None:
        """Read ``MAJOR.MINOR.PATCH``; anything else is None."""
        found = _NUMBER.fullmatch(text)
        return cls(*(int(part) for part in found.groups())) if found else None

    def next(self, bump: str) -> Version:
        """Give the number after this one; ``bump`` is major, minor or patch."""
        if bump == "major":
            return Version(self.major + 1, 0, 0)
        if bump == "minor":
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + 1)


FIRST = Version(1, 0, 0)


@dataclass(frozen=True, slots=True)
class Release:
    """A published version: its number, its folder and its manifest."""

    version: Version
    path: Path
    manifest: Mapping[str, Any]


def versions_in(folder: Path) -> tuple[Version, ...]:
    """List the versions in a dataset's folder, oldest number first; a folder that is not there holds none."""
    if not folder.is_dir():
        return ()
    found = (Version.read(entry.name) for entry in folder.iterdir() if entry.is_dir())
    return tuple(sorted(version for version in found if version))


def newest_in(folder: Path) -> Release | None:
    """Open the version with the highest number of those that are not removed; raises StoreError where it is damaged."""
    for version in reversed(versions_in(folder)):
        if not is_removed(folder / str(version)):
            return open_release(folder / str(version))
    return None


def is_removed(path: Path) -> bool:
    """Say whether the files of a version were removed (``gc``); its number stays taken."""
    return (path / REMOVED).exists()


def open_release(path: Path) -> Release:
    """Open a version's folder by its manifest; raises StoreError where it is missing, damaged, removed or of a later format."""
    version = Version.read(path.name)
    if is_removed(path):
        told = read_object(path / REMOVED)
        instead = f"use {told['successor']}" if told["successor"] else "use another version"
        raise StoreError(f"{path} was removed on {told['removed_at']}: {told['reason']}", fix=instead)
    manifest = read_object(path / MANIFEST)
    if version is None or "content" not in manifest:
        raise StoreError(f"{path} is not a published version", fix="name a folder such as datasets/NAME/1.0.0")
    if manifest["format_version"] > FORMAT_VERSION:
        raise StoreError(f"{path} was written by a later version of Copydesk", fix="update Copydesk")
    return Release(version, path, manifest)


def read_object(path: Path) -> Mapping[str, Any]:
    """Read a version's JSON file that holds an object; raises StoreError where it is missing or damaged."""
    loaded = _read(path)
    if not isinstance(loaded, dict):
        raise StoreError(f"{path} does not hold a JSON object", fix=_RESTORE)
    return loaded


def read_list(path: Path) -> list[Mapping[str, Any]]:
    """Read a version's JSON file that holds a list; raises StoreError where it is missing or damaged."""
    loaded = _read(path)
    if not isinstance(loaded, list):
        raise StoreError(f"{path} does not hold a JSON list", fix=_RESTORE)
    return loaded


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot read {path}: {error}", fix=_RESTORE) from error
