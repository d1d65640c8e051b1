"""What happened to the versions of a dataset: a log that is only added to, one small file an event; its state comes out.

An event is numbered by the name of its file, which is only ever created: a number is taken once, whoever comes at the same time,
and a file is there whole or not at all. Clocks decide nothing. Versions are not in the log: they are there
where their folder is. The log says what was said of them afterwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from copydesk.datasets.stores import Store, store_of
from copydesk.datasets.version import MANIFEST, Release, Version, is_removed, open_release, versions_in
from copydesk.errors import StoreError, UnknownError
from copydesk.store import canonical_json, digest_of, file_sha256, translated

LOG = "log"
LATEST = "latest.json"
KINDS = ("yank", "unyank", "alias", "unalias", "retract", "condemn")
_FILE = re.compile(r"\d{8}\.json")
_TRIES = 1000


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was said of a version or a document.

    ``fields`` are those of its kind: yank: version, reason, successor ("" for none); unyank: version; alias: alias, version;
    unalias: alias; retract: doc_ids, reason; condemn (to be removed after a while): version.
    """

    seq: int
    kind: str
    at: str  # UTC, for people to read
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """What holds after all events: yanked versions with reason and successor, those condemned with the time, aliases, retracted
    documents with the reason.
    """

    yanked: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    condemned: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    retracted: Mapping[str, str] = field(default_factory=dict)


def events_in(folder: Path) -> tuple[Event, ...]:
    """Read the log of the dataset in ``folder``, oldest first; raises StoreError, naming the file, where an event is damaged."""
    with translated(folder / LOG, "read"):
        files = sorted((folder / LOG).iterdir()) if (folder / LOG).is_dir() else []
    return tuple(_read(file) for file in files if _FILE.fullmatch(file.name))


def add_event(folder: Path, kind: str, **fields: Any) -> Event:
    """Add an event to the log and renew the pointer to the newest version; what holds already is not said again.

    So a command that was killed before it could answer can be run again. Raises StoreError where the disk refuses or the log is
    damaged.
    """
    store = store_of(folder)
    with translated(folder / LOG, "write"), store.writing():
        event = _said(folder, kind, fields) or _append(folder / LOG, store, kind, fields)
    point(folder)
    return event


def state_of(events: Iterable[Event]) -> State:
    """Give what holds after these events, in their order."""
    yanked: dict[str, tuple[str, str]] = {}
    condemned: dict[str, str] = {}
    aliases: dict[str, str] = {}
    retracted: dict[str, str] = {}
    for event in events:
        said = event.fields
        if event.kind == "yank":
            yanked[said["version"]] = (said["reason"], said["successor"])
        elif event.kind == "unyank":
            yanked.pop(said["version"], None)
            condemned.pop(said["version"], None)
        elif event.kind == "condemn":
            condemned[said["version"]] = event.at
        elif event.kind == "alias":
            aliases[said["alias"]] = said["version"]
        elif event.kind == "unalias":
            aliases.pop(said["alias"], None)
        elif event.kind == "retract":
            retracted |= dict.fromkeys(said["doc_ids"], said["reason"])
    return State(yanked, condemned, aliases, retracted)


def extent(events: Sequence[Event]) -> dict[str, str | int]:
    """How far the log went when these were all: their number, and their digest."""
    said = [{"event": event.kind, **event.fields} for event in events]  # the clock is no part of what is said
    return {"parts": len(events), "digest": digest_of(said)}


def latest_in(folder: Path) -> Release | None:
    """Open the newest version that is not yanked: what is loaded where no version is named."""
    yanked = state_of(events_in(folder)).yanked
    for version in reversed(versions_in(folder)):
        if str(version) not in yanked and not is_removed(folder / str(version)):
            return open_release(folder / str(version))
    return None


def yanked_sentence(version: str, reason: str, successor: str) -> str:
    """Say that a version is yanked, and which one stands for it."""
    instead = f"; use {successor}" if successor else ""
    return f"version {version} is yanked: {reason}{instead}"


def point(folder: Path) -> None:
    """Bring ``latest.json`` up to date, for readers without Copydesk. It may lag and may be deleted: nothing rests on it.

    It is looked at again after it was written: meanwhile somebody may have published, and said so first.
    """
    pointer, store = folder / LATEST, store_of(folder)
    with translated(pointer, "write"):
        while (right := _pointer(folder)) != (pointer.read_bytes() if pointer.exists() else None):
            if right is None:
                store.remove(LATEST)
            else:
                store.replace(LATEST, right)


def _pointer(folder: Path) -> bytes | None:
    latest = latest_in(folder)
    if latest is None:
        return None
    sha256 = file_sha256(latest.path / MANIFEST)
    return canonical_json({"version": str(latest.version), "manifest_sha256": sha256})


def known_version(folder: Path, named: str) -> Version:
    """Give the version of a dataset that a number or an alias names; raises UnknownError, listing what there is."""
    events = events_in(folder)
    there = versions_in(folder)
    aliases = state_of(events).aliases
    version = Version.read(aliases.get(named, named))
    if version is None or version not in there:
        listed = ", ".join((*map(str, there), *aliases)) or "none"
        raise UnknownError(f"no version {named!r} of {folder.name}; there are: {listed}", fix="name one of these")
    return version


def _said(folder: Path, kind: str, fields: Mapping[str, Any]) -> Event | None:
    """Find the event that says just this and still holds."""
    events = events_in(folder)
    state = state_of(events)
    for event in reversed(events):
        if (event.kind, event.fields) == (kind, fields) and state_of((*events, event)) == state:
            return event
    return None


def _append(log: Path, store: Store, kind: str, fields: Mapping[str, Any]) -> Event:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    content = canonical_json({"event": kind, "at": at, **fields})
    for _ in range(_TRIES):
        files = log.iterdir() if log.is_dir() else ()
        seq = max((int(file.stem) for file in files if _FILE.fullmatch(file.name)), default=0) + 1
        if store.create(f"{LOG}/{seq:08d}.json", content):
            return Event(seq, kind, at, dict(fields))
    raise StoreError(f"{_TRIES} others wrote in {log} meanwhile", fix="run the command again")


def _read(file: Path) -> Event:
    try:
        said = json.loads(file.read_bytes())
        kind, at = said.pop("event"), said.pop("at")
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise StoreError(
            f"{file} is damaged: {error}", fix="restore it, or remove it and say again what it said"
        ) from error
    if kind not in KINDS:
        raise StoreError(
            f"{file} holds an event {kind!r}, which this version of Copydesk does not know", fix="update Copydesk"
        )
    return Event(int(file.stem), kind, at, said)
