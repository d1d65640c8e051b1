"""Room on the disk: yanked versions go in, and after a while, and only when somebody says so, tombstones stand for them.

A version is removed in two steps, with time between them to object: it is condemned (an event), and so many days later, if it is
still yanked and no alias names it, its files go. ``REMOVED.json`` is written before the first of them goes, and the manifest stays: the number is
never given again, and what was published, and why it is gone, can be told for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from copydesk.datasets.events import add_event, events_in, state_of
from copydesk.datasets.staging import staged, turn
from copydesk.datasets.version import MANIFEST, REMOVED, is_removed, versions_in
from copydesk.errors import UsageError
from copydesk.remote import RemotePath
from copydesk.store import canonical_json, sync_folder, translated, write_file


@dataclass(frozen=True, slots=True)
class Collected:
    """What is, or would be, condemned and removed; ``waiting`` are condemned since too few days. ``bytes`` go with those removed."""

    condemned: tuple[str, ...]
    waiting: tuple[str, ...]
    removed: tuple[str, ...]
    bytes: int


def collect(folder: Path, *, days: int, now: datetime, apply: bool) -> Collected:
    """Condemn the yanked versions in ``folder`` that no alias names, and remove those condemned ``days`` ago; or say what would be.

    Raises StoreError where the disk refuses, and UsageError for a store of objects; doing it again goes on.
    """
    if isinstance(folder, RemotePath):
        raise UsageError(
            f"{folder} is in a store, where no version is removed", fix="collect in a folder of this machine"
        )
    state = state_of(events_in(folder))
    free = [version for version in state.yanked if version not in state.aliases.values()]
    there = {str(version) for version in versions_in(folder)}
    free = sorted((one for one in free if one in there and not _is_gone(folder / one)), key=_numbers)
    since = state.condemned
    last = now - timedelta(days=days)
    old = [one for one in free if one in since and datetime.fromisoformat(since[one]) <= last]
    found = Collected(
        condemned=tuple(one for one in free if one not in since),
        waiting=tuple(one for one in free if one in since and one not in old),
        removed=tuple(old),
        bytes=sum(path.stat().st_size for one in old for path in _files(folder / one)),
    )
    if apply:
        with turn(folder):  # nobody is comparing with one of them
            for version in found.condemned:
                add_event(folder, "condemn", version=version)
            for version in found.removed:
                _remove(folder / version, *state.yanked[version], now=now)
    return found


def _remove(path: Path, reason: str, successor: str, *, now: datetime) -> None:
    with translated(path, "remove"):
        if not is_removed(path):
            said = {
                "reason": reason,
                "successor": successor,
                "removed_at": now.astimezone(UTC).isoformat(timespec="seconds"),
            }
            with staged(path.parent) as place:  # until it is there, the version is whole
                write_file(place / REMOVED, canonical_json(said))
                (place / REMOVED).rename(path / REMOVED)
            sync_folder(path)
        for file in _files(path):
            file.unlink()
        for place in sorted((entry for entry in path.rglob("*") if entry.is_dir()), reverse=True):
            place.rmdir()
        sync_folder(path)


def _files(path: Path) -> list[Path]:
    """The files of a version that go."""
    return sorted(file for file in path.rglob("*") if file.is_file() and file not in {path / MANIFEST, path / REMOVED})


def _is_gone(path: Path) -> bool:
    return is_removed(path) and not _files(path)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
