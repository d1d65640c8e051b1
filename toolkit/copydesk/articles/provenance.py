"""A file's place in, what is known of its origin out, as a person wrote it down in ``provenance.toml``.

The file has one table for each article, named by its path from the folder of ``provenance.toml``::

    ["lead.txt"]
    url = "https://example.org/lead"
    publisher = "Example News"
    published_at = 2017-11-03T14:00:00Z   # a time without zone is UTC
    retrieved_at = 2017-11-04
    licence = "CC BY 4.0"
    note = "for people; not read by the program"
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from copydesk.errors import ConfigError
from copydesk.store import read_text

FILE_NAME = "provenance.toml"
TEXTS = ("url", "publisher", "licence", "note")
INSTANTS = ("published_at", "retrieved_at")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an article came from; ``None`` is what nobody wrote down."""

    url: str | None = None
    publisher: str | None = None
    published_at: datetime | None = None
    retrieved_at: datetime | None = None
    licence: str | None = None


NOTHING = Provenance()


class ProvenanceFiles:
    """The ``provenance.toml`` files met so far, each read once."""

    def __init__(self) -> None:
        self._read: dict[Path, Mapping[str, Provenance]] = {}

    def of(self, path: Path, *, source: str) -> Provenance:
        """Give what the nearest ``provenance.toml`` says of ``path``; one beside it goes before one further up.

        The search ends at the folder that ``source`` is relative to; where ``path`` does not end in ``source``
        (it is a URL, say) only the file's own folder is looked at. Raises ConfigError that lists all that is wrong in a file,
        or says why it cannot be read.
        """
        for folder in _folders(path, source):
            entries = self._entries(folder)
            if entries and (name := path.relative_to(folder).as_posix()) in entries:
                return entries[name]
        return NOTHING

    def _entries(self, folder: Path) -> Mapping[str, Provenance]:
        if folder not in self._read:
            file = folder / FILE_NAME
            effective = os.access in os.supports_effective_ids
            known = os.access(
                folder, os.X_OK, effective_ids=effective
            )  # else nothing in it can be read: each file tells
            self._read[folder] = read_provenance(read_text(file, missing="") if known else "", place=str(file))
        return self._read[folder]


def read_provenance(text: str, *, place: str) -> Mapping[str, Provenance]:
    """Read a whole ``provenance.toml``; ``place`` names it in errors.

    Raises ConfigError that lists everything wrong at once, each with its path and its fix.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{place}: not TOML: {error}", fix="correct the file at the place named") from error
    wrong: list[str] = []
    entries = {name: _provenance(entry, path=f'$."{name}"', wrong=wrong) for name, entry in data.items()}
    if wrong:
        raise ConfigError(f"{place}: " + "; ".join(wrong), fix="correct each place named above")
    return entries


def _folders(path: Path, source: str) -> Sequence[Path]:
    """Give the folders to look in, nearest first."""
    parts = Path(source).parts
    if path.parts[-len(parts) :] != parts:
        return (path.parent,)
    return path.parents[: len(parts)]


def _provenance(entry: Any, *, path: str, wrong: list[str]) -> Provenance:
    if not isinstance(entry, Mapping):
        wrong.append(f'expected a table @ {path} (fix: write ["file name"] above the keys)')
        return Provenance()
    for key in entry:
        if key not in (*TEXTS, *INSTANTS):
            wrong.append(f"unknown key {key!r} @ {path} (fix: remove it; known are: {', '.join((*TEXTS, *INSTANTS))})")
    texts = {key: _text(entry.get(key), path=f"{path}.{key}", wrong=wrong) for key in TEXTS}
    instants = {key: _instant(entry.get(key), path=f"{path}.{key}", wrong=wrong) for key in INSTANTS}
    return Provenance(url=texts["url"], publisher=texts["publisher"], licence=texts["licence"], **instants)


def _text(value: Any, *, path: str, wrong: list[str]) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    wrong.append(f"expected text, found {value!r} @ {path} (fix: put it in quotation marks)")
    return None


def _instant(value: Any, *, path: str, wrong: list[str]) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            wrong.append(f"cannot read the time {value!r} @ {path} (fix: write it as 2017-11-03T14:00:00Z)")
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if value is None or isinstance(value, datetime):
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)
    wrong.append(f"expected a time, found {value!r} @ {path} (fix: write it as 2017-11-03T14:00:00Z)")
    return None
