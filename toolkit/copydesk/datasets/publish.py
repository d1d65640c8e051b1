"""Publishing: checked tables and the facts about them go in, an immutable version in ``datasets/NAME/VERSION/`` comes out.

A version is there whole or not at all: it is built aside and renamed into place. What says the same as the newest version is not
published again. Publishers need no lock among each other: who comes second compares with what the first one published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.datasets.about import About
from copydesk.datasets.check import check
from copydesk.datasets.diff import Difference, compare
from copydesk.datasets.layout import columns_of
from copydesk.datasets.load import read_published
from copydesk.datasets.logical import logical_digest
from copydesk.datasets.nested import published_tables
from copydesk.datasets.returned import returned_changed
from copydesk.datasets.rules import Bump, Side, judge
from copydesk.datasets.staging import staged, sweep_staging
from copydesk.datasets.version import FIRST, Release, newest_in, read_object
from copydesk.datasets.write import LABEL_SET, Content, Step, write_version
from copydesk.errors import ConfigError, StoreError
from copydesk.model.progress import Progress
from copydesk.store import canonical_json, commit_folder

__all__ = ["About", "Published", "publish"]
_RACES = 50  # each lost race is another publisher's version, so this many means that something else is wrong
_COMPARED = ("documents", "spans", "relations")


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing did. ``bump`` is first, major, minor or patch, and "" where nothing was created."""

    version: str
    path: Path
    created: bool
    bump: str
    reasons: tuple[str, ...]


def publish(folder: Path, *, tables: Mapping[str, pa.Table], about: About, progress: Progress) -> Published:
    """Publish the tables as the next version in ``folder``, which is called as the dataset; or find that it is there already.

    ``tables``: documents (the newest revision of each labelled one), zones, sentences, agreed_spans, agreed_relations, spans, relations,
    reads, anchors, snapped, agreement, disputes, findings and articles (``raw`` is not needed), in the schemas of ``model.tables``. Their rows may
    come in any order. Raises DataError and FindingError where they cannot be published, StoreError where the disk refuses; then
    nothing of the new version is there.
    """
    if folder.name != about.name:
        raise ConfigError(
            f"dataset {about.name!r} cannot be published in {folder}", fix=f"name the folder {about.name}"
        )
    content = _content(tables, about)
    try:
        sweep_staging(folder)
        for _ in range(_RACES):
            done = _attempt(folder, content, progress)
            if done:
                return done
    except OSError as error:
        raise StoreError(
            f"cannot publish in {folder}: {error.strerror or error}",
            fix="check the disk's space and the folder's rights",
        ) from error
    raise StoreError(f"{_RACES} other publishers were faster in {folder}", fix="run one publisher at a time")


def _content(tables: Mapping[str, pa.Table], about: About) -> Content:
    check(tables, schema=about.schema)
    made = published_tables(tables)
    return Content(
        about=about,
        tables=made,
        agreement=_rows(tables["agreement"]),
        findings=_rows(tables["findings"]),
        logical={name: logical_digest(table) for name, table in made.items()},
    )


def _rows(table: pa.Table) -> tuple[Mapping[str, Any], ...]:
    """The rows of a small table, sorted by their columns from the first to the last."""
    return tuple(sorted(table.to_pylist(), key=lambda row: [canonical_json(value) for value in row.values()]))


def _attempt(folder: Path, content: Content, progress: Progress) -> Published | None:
    """Publish after the newest version; None where another publisher took the number meanwhile."""
    parent = newest_in(folder)
    if parent and parent.manifest["content"] == content.digests:
        unchanged = f"nothing changed since {parent.version}"
        return Published(str(parent.version), parent.path, created=False, bump="", reasons=(unchanged,))
    step = _step(folder, parent, content)
    target = folder / step.version
    with staged(folder) as place:
        write_version(place, content=content, step=step, progress=progress)
        try:
            commit_folder(place, target)
        except (StoreError, OSError):
            if target.exists() and place.exists():
                return None
            raise
    return Published(step.version, target, created=True, bump=step.bump.level, reasons=step.bump.reasons)


def _step(folder: Path, parent: Release | None, content: Content) -> Step:
    if parent is None:
        return Step(str(FIRST), Bump("first", ("this is the first version",)), Difference(), None)
    old = {name: read_published(parent.path, name) for name in _COMPARED}
    difference = compare(old, content.tables)
    returned = returned_changed(
        folder, below=parent.version, added=difference.documents_added, documents=content.tables["documents"]
    )
    difference = replace(difference, returned_changed=returned)
    columns = {name: columns_of(table.schema) for name, table in content.tables.items()}
    bump = judge(
        Side(
            content=parent.manifest["content"],
            columns=parent.manifest["columns"],
            label_set=read_object(parent.path / LABEL_SET),
            licence=parent.manifest["licence"],
        ),
        Side(
            content=content.digests, columns=columns, label_set=content.about.label_set, licence=content.about.licence
        ),
        difference=difference,
    )
    return Step(str(parent.version.next(bump.level)), bump, difference, parent)
