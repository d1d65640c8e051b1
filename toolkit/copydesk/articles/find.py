"""Paths in, the files to read out: what a person named, and the articles in the folders that they named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from copydesk.articles.provenance import FILE_NAME as PROVENANCE
from copydesk.errors import UnknownError

SUFFIXES = (".htm", ".html", ".txt")


@dataclass(frozen=True, slots=True)
class Found:
    """The files to read, and those of the folders that were passed over; both sorted, none twice."""

    files: tuple[Path, ...]
    passed_over: tuple[Path, ...]


def find_files(paths: Sequence[Path]) -> Found:
    """Give the articles among ``paths``: a named file always; of a folder, all ``*.txt``, ``*.html`` and ``*.htm`` below it.

    Hidden files and folders, other kinds of file and folders that cannot be opened are passed over; links to
    folders are not followed, since they may lead in a circle. ``provenance.toml`` is neither: it is read beside the articles.
    Raises UnknownError for a path that does not exist.
    """
    files: set[Path] = set()
    passed_over: set[Path] = set()
    for path in paths:
        if path.is_dir():
            for entry, wanted in _below(path):
                (files if wanted else passed_over).add(entry)
        elif path.exists():
            files.add(path)
        else:
            raise UnknownError(f"there is no file or folder {str(path)!r}", fix="name one that exists")
    return Found(files=tuple(sorted(files)), passed_over=tuple(sorted(passed_over - files)))


def _below(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Give every entry below ``folder`` with whether it is an article."""
    unopened: list[Path] = []
    walk = os.walk(folder, onerror=lambda error: unopened.append(Path(error.filename)))
    for place, folders, names in walk:
        here = Path(place)
        skipped = [name for name in folders if name.startswith(".") or (here / name).is_symlink()]
        folders[:] = sorted(set(folders) - set(skipped))
        yield from ((here / name, False) for name in skipped)
        for name in names:
            if name != PROVENANCE:
                yield here / name, _is_article(here / name)
    yield from ((path, False) for path in unopened)


def _is_article(path: Path) -> bool:
    return not path.name.startswith(".") and path.suffix.lower() in SUFFIXES and path.is_file()
