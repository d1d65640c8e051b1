"""Reading what was published: a dataset's name goes in, a data frame comes out; a folder goes in, what is wrong with it comes out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.datasets.events import events_in, known_version, latest_in, state_of, yanked_sentence
from copydesk.datasets.layout import DECLARED, NESTED, TABLES, file_of, schema_of
from copydesk.datasets.splits import LEDGER, LEDGER_FILE, SPLITS
from copydesk.datasets.version import MANIFEST, SUMS, open_release, versions_in
from copydesk.errors import StoreError, UnknownError
from copydesk.model.marker import nearest_marked
from copydesk.model.name import NAME_RULE, is_name
from copydesk.remote import RemotePath, place_at
from copydesk.store import file_sha256, translated

if TYPE_CHECKING:
    import pandas as pd

_ROWS = 4_000  # read at once
_BUFFER = 1 << 20  # bytes of a column that are held


def load(
    name: str, version: str = "", *, split: str = "train", table: str = NESTED, folder: Path | str | None = None
) -> pd.DataFrame:
    """Load a table of a published dataset, by default of its newest version that is not yanked.

    ``split`` is train, validation, test, or all of them. ``table`` is ``default`` (one row for each document with its labels as
    lists) or another that the data card lists: documents, zones, spans, relations, annotations, annotation_relations, reads,
    disputes, sources. ``folder`` holds the datasets, on this machine or in a store such as ``s3://news/datasets``; by default it is
    ``datasets`` in the folder that ``COPYDESK_WORKSPACE`` names, or in the nearest workspace from the working folder upwards; where
    there is none, in the working folder.

    Raises UnknownError, listing what there is, where the dataset, the version, the split or the table is not there; StoreError
    where the file is damaged.
    """
    import pandas as pd

    path = find_version(name, version, folder=folder)
    files = [path / file_of(_known_table(table), one) for one in _splits(path, split)]
    frames: list[pd.DataFrame] = [read_file(file, None).to_pandas() for file in files]
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def home_of(name: str, *, folder: Path | str | None = None) -> Path:
    """Give the folder of a dataset; raises UnknownError, listing what there is, where it has no version."""
    if not is_name(name):
        raise UnknownError(f"{name!r} cannot be the name of a dataset", fix=NAME_RULE)
    home = _home(folder)
    if not versions_in(home / name):
        there = ", ".join(datasets_in(home)) or "none"
        raise UnknownError(f"no dataset {name!r} in {home}; there are: {there}", fix="publish it, or name the folder")
    return home / name


def find_version(name: str, version: str = "", *, folder: Path | str | None = None) -> Path:
    """Find a version's folder by its number or an alias, by default that of the newest one that is not yanked.

    Warns of a yanked version. Raises UnknownError, listing what there is, where there is no such version, StoreError where its files
    were removed.
    """
    home = home_of(name, folder=folder)
    yanked = state_of(events_in(home)).yanked
    if version:
        path = home / str(known_version(home, version))
        if path.name in yanked:
            warnings.warn(yanked_sentence(path.name, *yanked[path.name]), stacklevel=3)
        return open_release(path).path
    latest = latest_in(home)
    if latest is None:
        raise UnknownError(f"every version of {name} is yanked", fix="name a version to load it all the same")
    return latest.path


def versions(name: str, *, folder: Path | str | None = None) -> tuple[str, ...]:
    """List the versions of a dataset, oldest number first; none where there is no such dataset."""
    return tuple(map(str, versions_in(_home(folder) / name))) if is_name(name) else ()


def datasets_in(home: Path) -> dict[str, tuple[str, ...]]:
    """List the versions of each dataset in a folder that has any, by its name; a folder that is not there holds none."""
    with translated(home, "read"):
        names = sorted(entry.name for entry in home.iterdir() if entry.is_dir()) if home.is_dir() else []
    return {name: found for name in names if (found := versions(name, folder=home))}


def read_published(path: Path, table: str, *, columns: list[str] | None = None) -> pa.Table:
    """Read a table of the version in ``path`` as Arrow, over all splits, or some of its columns.

    Raises StoreError where it is missing or damaged.
    """
    return pa.concat_tables([read_file(path / file_of(table, split), columns) for split in splits_in(path)])


def splits_in(path: Path) -> list[str]:
    """The splits that the version in ``path`` has documents in."""
    return [split for split in SPLITS if (path / file_of(NESTED, split)).exists()]


def ledger_in(path: Path) -> pa.Table:
    """Read which split each document was ever given, as ``splits.LEDGER``; of a version without one, all were for training."""
    if (path / LEDGER_FILE).exists():
        return read_file(path / LEDGER_FILE, None)
    doc_ids = sorted(read_published(path, "documents", columns=["doc_id"])["doc_id"].to_pylist())
    count = len(doc_ids)
    columns = [range(1, count + 1), doc_ids, doc_ids, ["train"] * count, ["drawn"] * count]
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, LEDGER, strict=True)], LEDGER)


def read_file(file: Path, columns: list[str] | None, *, rows: pc.Expression | None = None) -> pa.Table:
    """Read a Parquet file of a version, or some of its columns or rows; raises StoreError where it is missing or damaged."""
    options = {"columns": columns, "filters": rows, "page_checksum_verification": True}
    try:
        if not isinstance(file, RemotePath):
            return pq.read_table(file, partitioning=None, **options)
        with file.open("rb") as opened:
            # Threads of Arrow that hold a Python file when the process ends abort it, or hang: arrow#50482.
            return pq.read_table(opened, use_threads=False, **options)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(file, error) from error


def rows_of(path: Path, table: str, doc_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Read the rows of a few documents in a table of the version in ``path``; raises StoreError where it is missing or damaged."""
    mine = reduce(or_, (pc.field("doc_id") == one for one in doc_ids))  # which, unlike isin, leaves row groups out
    files = [path / file_of(table, split) for split in splits_in(path)]
    return [row for file in files for row in read_file(file, None, rows=mine).to_pylist()]


def stretches(file: Path, columns: list[str], *, at_once: int = _ROWS) -> Iterator[pa.Table]:
    """Read columns of a Parquet file of a version, ``doc_id`` among them, some whole documents at a time: it need not fit in memory.

    Raises StoreError where it is missing or damaged.
    """
    held: pa.Table | None = None
    try:
        with (
            file.open("rb") as opened,
            pq.ParquetFile(opened, buffer_size=_BUFFER, page_checksum_verification=True) as table,
        ):
            for batch in table.iter_batches(at_once, columns=columns, use_threads=False):
                rows = pa.Table.from_batches([batch])
                rows = pa.concat_tables([held, rows]) if held else rows
                begun = pc.index(rows["doc_id"], rows["doc_id"][-1]).as_py()
                if begun:
                    yield rows.slice(0, begun)
                held = rows.slice(begun)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(file, error) from error
    if held:
        yield held


def _splits(path: Path, split: str) -> list[str]:
    there = splits_in(path)
    if split == "all":
        return there
    if split not in there:
        raise UnknownError(f"no split {split!r} in {path}; there are: {', '.join(there)}, all", fix="name one of these")
    return [split]


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


def _home(folder: Path | str | None) -> Path:
    if folder:
        return place_at(folder)
    named = os.environ.get("COPYDESK_WORKSPACE", "")
    return (Path(named) if named else nearest_marked(Path()) or Path()) / "datasets"


def _damaged(path: Path, error: Exception) -> StoreError:
    return StoreError(f"cannot read {path}: {error}", fix="restore the version's folder, or remove it")
