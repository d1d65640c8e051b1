"""Reading what was published: a dataset's name goes in, a data frame comes out; a folder goes in, what is wrong with it comes out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.datasets.layout import DECLARED, NESTED, TABLES, file_of, schema_of
from copydesk.datasets.version import MANIFEST, SUMS, Version, open_release, versions_in
from copydesk.errors import StoreError, UnknownError
from copydesk.model.marker import nearest_marked
from copydesk.model.name import NAME_RULE, is_name
from copydesk.store import file_sha256

if TYPE_CHECKING:
    import pandas as pd


def load(name: str, version: str = "", *, table: str = NESTED, folder: Path | None = None) -> pd.DataFrame:
    """Load a table of a published dataset, by default its newest version.

    ``table`` is ``train`` (one row for each document with its labels as lists) or another that the data card lists: documents,
    zones, spans, relations, annotations, annotation_relations, reads, disputes, sources. ``folder`` holds the datasets; by
    default it is ``datasets`` in the folder that ``COPYDESK_WORKSPACE`` names, or in the nearest workspace from the working
    folder upwards; where there is none, in the working folder.

    Raises UnknownError, listing what there is, where the dataset, the version or the table is not there; StoreError where the
    file is damaged.
    """
    import pandas as pd

    path = find_version(name, version, folder=folder) / file_of(_known_table(table))
    try:
        return pd.read_parquet(path, engine="pyarrow")
    except (OSError, pa.ArrowException) as error:
        raise _damaged(path, error) from error


def find_version(name: str, version: str = "", *, folder: Path | None = None) -> Path:
    """Find a version's folder, by default the newest one's; raises UnknownError, listing what there is."""
    if not is_name(name):
        raise UnknownError(f"{name!r} cannot be the name of a dataset", fix=NAME_RULE)
    home = _home(folder)
    found = versions_in(home / name)
    if not found:
        there = ", ".join(sorted(entry.name for entry in _folders(home) if versions(entry.name, folder=home))) or "none"
        raise UnknownError(f"no dataset {name!r} in {home}; there are: {there}", fix="publish it, or name the folder")
    if version and Version.read(version) not in found:
        there = ", ".join(map(str, found))
        raise UnknownError(f"no version {version!r} of {name}; there are: {there}", fix="name one of these, or none")
    return home / name / (version or str(found[-1]))


def versions(name: str, *, folder: Path | None = None) -> tuple[str, ...]:
    """List the versions of a dataset, oldest number first; none where there is no such dataset."""
    return tuple(map(str, versions_in(_home(folder) / name))) if is_name(name) else ()


def read_published(path: Path, table: str, *, columns: list[str] | None = None) -> pa.Table:
    """Read a table of the version in ``path`` as Arrow, or some of its columns; raises StoreError where it is missing or damaged."""
    file = path / file_of(table)
    try:
        return pq.read_table(file, columns=columns, page_checksum_verification=True, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(file, error) from error


def verify(path: Path) -> tuple[str, ...]:
    """Check every file of a version against its digests; give one sentence for each fault, none where all is well.

    ``SHA256SUMS`` covers the manifest and all files, the manifest all but itself and the sums; a file that neither names is a
    fault too. Raises StoreError where there is no readable manifest.
    """
    manifest = open_release(path).manifest
    listed = dict(_sums(path))
    told = {entry["path"]: entry["sha256"] for entry in manifest["files"]}
    present = {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()}
    faults = [f"{name} is missing" for name in sorted((listed.keys() | told.keys()) - present)]
    faults += [f"{name} does not belong here" for name in sorted(present - listed.keys() - {SUMS})]
    for name in sorted(listed.keys() & present):
        found = file_sha256(path / name)
        faults += [f"{name} is not what {SUMS} says"] if found != listed[name] else []
        faults += [f"{name} is not what {MANIFEST} says"] if name != MANIFEST and found != told.get(name) else []
    return tuple(faults)


def check_whole(path: Path) -> None:
    """Raise StoreError that lists every fault which ``verify`` finds in the version in ``path``; where there is none, return."""
    faults = verify(path)
    if faults:
        raise StoreError(f"{path} is not as it was published: {'; '.join(faults)}", fix="restore the version's folder")


def _sums(path: Path) -> Iterator[tuple[str, str]]:
    try:
        text = (path / SUMS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return  # every file then counts as one that does not belong
    for line in text.splitlines():
        digest, _, name = line.partition("  ")
        yield name, digest


def _known_table(table: str) -> str:
    if schema_of(table) is None:
        known = ", ".join((*TABLES, *DECLARED))
        raise UnknownError(f"no table {table!r} in a dataset; there are: {known}", fix="name one of these")
    return table


def _home(folder: Path | None) -> Path:
    if folder:
        return folder
    named = os.environ.get("COPYDESK_WORKSPACE", "")
    return (Path(named) if named else nearest_marked(Path()) or Path()) / "datasets"


def _folders(home: Path) -> list[Path]:
    return [entry for entry in home.iterdir() if entry.is_dir()] if home.is_dir() else []


def _damaged(path: Path, error: Exception) -> StoreError:
    return StoreError(f"cannot read {path}: {error}", fix="restore the version's folder, or remove it")
