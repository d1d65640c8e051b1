"""Publishing: checked tables and the facts about them go in, an immutable version in ``datasets/NAME/VERSION/`` comes out.

A version is there whole or not at all: it is built aside and renamed into place. What says the same as the newest version is not
published again. Publishers take turns: who comes second compares with what the first one published. Where a file system grants
a lock to everybody, who finds another version than it compared with begins again, and no number is given twice all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.datasets.about import EVENTS, RELEASE, About, Inputs, about_of
from copydesk.datasets.check import check
from copydesk.datasets.content import Content
from copydesk.datasets.draft import Draft, Plan
from copydesk.datasets.events import events_in, extent, point, state_of
from copydesk.datasets.layout import NESTED
from copydesk.datasets.load import read_published
from copydesk.datasets.nested import flat_tables
from copydesk.datasets.pictures import FOLDER as PICTURES
from copydesk.datasets.pictures import Draw, no_pictures
from copydesk.datasets.step import step_to
from copydesk.datasets.stores import Store, store_of
from copydesk.datasets.version import AGREEMENT, FINDINGS, MANIFEST, Release, newest_in, read_list, versions_in
from copydesk.datasets.write import write_version
from copydesk.errors import ConfigError, StoreError
from copydesk.model.progress import Progress
from copydesk.store import canonical_json, file_sha256, translated

__all__ = ["About", "Plan", "Published", "publish"]
_RACES = 1_000  # each lost race is another publisher's version, so this many means that something else is wrong


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing did. ``bump`` is first, major, minor or patch, and "" where nothing was created."""

    version: str
    path: Path
    created: bool
    bump: str
    reasons: tuple[str, ...]


Gate = Callable[[Content, Path | None], None]  # what the version is to say, the folder of the version before


def open_gate(_content: Content, _previous: Path | None) -> None:
    """Let every version pass."""


def publish(
    folder: Path,
    *,
    tables: Mapping[str, pa.Table],
    about: About,
    plan: Plan | None = None,
    gate: Gate = open_gate,
    draw: Draw = no_pictures,
    progress: Progress,
) -> Published:
    """Publish the tables as the next version in ``folder``, which is called as the dataset; or find that it is there already.

    ``tables``: documents (the newest revision of each labelled one), zones, sentences, agreed_spans, agreed_relations, spans, relations,
    reads, anchors, snapped, agreement, disputes, findings and articles (``raw`` is not needed), in the schemas of ``model.tables``. Their
    rows may come in any order. ``gate`` is shown the version before it is written; what it raises stops it. ``draw`` makes the pictures of
    the card. Raises DataError and
    FindingError where they cannot be published, or not with so small a step as the plan asks for; StoreError where the disk refuses; then nothing of the new version is there.
    """
    if folder.name != about.name:
        raise ConfigError(
            f"dataset {about.name!r} cannot be published in {folder}", fix=f"name the folder {about.name}"
        )
    check(tables, schema=about.schema)
    draft = Draft(
        about=about,
        flat=flat_tables(tables),
        agreement=_rows(tables["agreement"]),
        findings=_rows(tables["findings"]),
        plan=plan or Plan(),
    )
    return _publish(folder, draft, gate, draw, progress)


def publish_again(
    release: Release, *, gate: Gate = open_gate, draw: Draw = no_pictures, progress: Progress
) -> Published | None:
    """Publish what a version says as the next one, without what was retracted since; None where nothing would be left.

    What ``gate`` raises stops it. ``draw`` makes the pictures of the card, where the version has some. Raises StoreError where the version is damaged or the disk refuses.
    """
    folder, manifest = release.path.parent, release.manifest
    events = events_in(folder)
    made_from = {"version": str(release.version), "digest": file_sha256(release.path / MANIFEST)}
    draft = Draft(
        about=replace(about_of(release), inputs=Inputs({RELEASE: made_from, EVENTS: extent(events)})),
        flat={name: read_published(release.path, name) for name in manifest["counts"] if name != NESTED},
        agreement=tuple(read_list(release.path / AGREEMENT)),
        findings=tuple(read_list(release.path / FINDINGS)),
        plan=Plan(),
    )
    left = set(draft.flat["documents"]["doc_id"].to_pylist()) - state_of(events).retracted.keys()
    had = any(entry["path"].startswith(f"{PICTURES}/") for entry in manifest["files"])
    return _publish(folder, draft, gate, draw if had else no_pictures, progress) if left else None


def _publish(folder: Path, draft: Draft, gate: Gate, draw: Draw, progress: Progress) -> Published:
    store = store_of(folder)
    with translated(folder, "publish in"), store.writing(), store.turn():
        for _ in range(_RACES):
            done = _attempt(folder, draft, store, gate, draw, progress)
            if done:
                return done
    raise StoreError(f"{_RACES} other publishers were faster in {folder}", fix="run one publisher at a time")


def _rows(table: pa.Table) -> tuple[Mapping[str, Any], ...]:
    """The rows of a small table, sorted by their columns from the first to the last."""
    return tuple(sorted(table.to_pylist(), key=lambda row: [canonical_json(value) for value in row.values()]))


def _attempt(folder: Path, draft: Draft, store: Store, gate: Gate, draw: Draw, progress: Progress) -> Published | None:
    """Publish after the newest version; None where another publisher was faster."""
    there, parent = versions_in(folder), newest_in(folder)
    draft = replace(draft, retracted=state_of(events_in(folder)).retracted)
    asked = draft.plan.bump
    content = draft.after(parent, hold=asked != "major")
    if parent and parent.manifest["content"] == content.digests:
        point(folder)
        unchanged = (f"nothing changed since {parent.version}", *_held(content))
        return Published(str(parent.version), parent.path, created=False, bump="", reasons=unchanged)
    step = step_to(content, parent, there=there, asked=asked)
    if content.held and step.bump.level == "major":
        content = draft.after(parent, hold=False)
        step = step_to(content, parent, there=there, asked=asked)
    gate(content, parent.path if parent else None)
    with store.staged() as place:
        write_version(place, content=content, step=step, draw=draw, progress=progress)
        if not store.commit(place, step.version, after=parent.version if parent else None):
            return None
    point(folder)
    reasons = (*step.bump.reasons, *_held(content))
    return Published(step.version, folder / step.version, created=True, bump=step.bump.level, reasons=reasons)


def _held(content: Content) -> tuple[str, ...]:
    count = len(content.held)
    return (f"drawn for the test set, and kept for the next major version: {count} documents",) if count else ()
