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
from copydesk.datasets.stores import Store, store_of
from copydesk.datasets.version import MANIFEST, REMOVED, is_removed, versions_in
from copydesk.remote import RemotePath
from copydesk.store import canonical_json, translated


@dataclass(frozen=True, slots=True)
class Collected:
    """What is, or would be, condemned and removed; ``waiting`` are condemned since too few days. ``bytes`` go with those removed."""

    condemned: tuple[str, ...]
    waiting: tuple[str, ...]
    removed: tuple[str, ...]
    bytes: int


def collect(folder: Path, *, days: int, now: datetime, apply: bool) -> Collected:
    """Condemn the yanked versions in ``folder`` that no alias names, and remove those condemned ``days`` ago; or say what would be.

    Raises StoreError where the disk or the store refuses; doing it again goes on.
    """
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
        bytes=sum(size for one in old for size in _files(folder / one).values()),
    )
    if apply:
        for version in found.condemned:
            add_event(folder, "condemn", version=version)
        store = store_of(folder)
        with translated(folder, "remove"), store.writing(), store.turn():  # nobody is comparing with one of them
            for version in found.removed:
                _remove(store, folder / version, *state.yanked[version], now=now)
    return found


def _remove(store: Store, path: Path, reason: str, successor: str, *, now: datetime) -> None:
    """Say in the version that it is gone, and remove its files: until the first is written, the version is whole."""
    if not is_removed(path):
        at = now.astimezone(UTC).isoformat(timespec="seconds")
        said = {"reason": reason, "successor": successor, "removed_at": at}
        store.create(f"{path.name}/{REMOVED}", canonical_json(said))
    store.remove(*(f"{path.name}/{name}" for name in _files(path)))


def _files(path: Path) -> dict[str, int]:
    """The files of a version that go, by their names in it, and their bytes."""
    if isinstance(path, RemotePath):
        sizes = path.sizes()
    else:
        files = sorted(file for file in path.rglob("*") if file.is_file())
        sizes = {file.relative_to(path).as_posix(): file.stat().st_size for file in files}
    return {name: size for name, size in sizes.items() if name not in {MANIFEST, REMOVED}}


def _is_gone(path: Path) -> bool:
    return is_removed(path) and not _files(path)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
