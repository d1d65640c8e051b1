"""Publishing: checked tables and the facts about them go in, an immutable version in ``datasets/NAME/VERSION/`` comes out.

A version is there whole or not at all: it is built aside and renamed into place. What says the same as the newest version is not
published again. Publishers need no lock among each other: who comes second compares with what the first one published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.datasets.about import About
from copydesk.datasets.check import check
from copydesk.datasets.content import Content, Step
from copydesk.datasets.diff import Difference, compare
from copydesk.datasets.events import point
from copydesk.datasets.layout import columns_of, file_of
from copydesk.datasets.load import ledger_in, read_file, read_published
from copydesk.datasets.logical import gold_digest, logical_digest
from copydesk.datasets.nested import divided, flat_tables
from copydesk.datasets.returned import returned_changed
from copydesk.datasets.rules import LEVELS, Bump, Side, judge
from copydesk.datasets.splits import LEDGER, SPLITS, Shares, draw, split_of
from copydesk.datasets.stores import Store, store_of
from copydesk.datasets.version import FIRST, FORMAT_VERSION, Release, newest_in, read_object
from copydesk.datasets.write import LABEL_SET, write_version
from copydesk.errors import ConfigError, DataError, StoreError
from copydesk.model.progress import Progress
from copydesk.store import canonical_json, translated

__all__ = ["About", "Plan", "Published", "publish"]
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


@dataclass(frozen=True, slots=True)
class Plan:
    """How documents are divided, and how far the version's number must move at least.

    ``groups`` names for each document, labelled or not, the group that must stay together, ``strata`` the stratum in which the
    shares are to hold. ``bump`` is major, minor or patch; empty: as far as the changes ask for.
    """

    shares: Shares = field(default_factory=Shares)
    groups: Mapping[str, str] = field(default_factory=dict)
    strata: Mapping[str, str] = field(default_factory=dict)
    bump: str = ""

    def __post_init__(self) -> None:
        if self.bump and self.bump not in LEVELS:
            raise ConfigError(f"unknown step of a version {self.bump!r}", fix=f"name one of {', '.join(LEVELS)}")


def publish(
    folder: Path, *, tables: Mapping[str, pa.Table], about: About, plan: Plan | None = None, progress: Progress
) -> Published:
    """Publish the tables as the next version in ``folder``, which is called as the dataset; or find that it is there already.

    ``tables``: documents (the newest revision of each labelled one), zones, sentences, agreed_spans, agreed_relations, spans, relations,
    reads, anchors, agreement, disputes, findings and articles (``raw`` is not needed), in the schemas of ``model.tables``. Their rows may
    come in any order. Raises DataError and FindingError where they cannot be published, or not with so small a step as the plan asks
    for; StoreError where the disk refuses; then nothing of the new version is there.
    """
    if folder.name != about.name:
        raise ConfigError(
            f"dataset {about.name!r} cannot be published in {folder}", fix=f"name the folder {about.name}"
        )
    check(tables, labels=about.schema.label_names, relations=about.schema.relation_names)
    draft = _Draft(
        about=about,
        flat=flat_tables(tables),
        agreement=_rows(tables["agreement"]),
        findings=_rows(tables["findings"]),
        plan=plan or Plan(),
    )
    store = store_of(folder)
    with translated(folder, "publish in"), store.writing():
        for _ in range(_RACES):
            done = _attempt(folder, draft, store, progress)
            if done:
                return done
    raise StoreError(f"{_RACES} other publishers were faster in {folder}", fix="run one publisher at a time")


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is to be published, before it is divided: that depends on the version before."""

    about: About
    flat: Mapping[str, pa.Table]
    agreement: tuple[Mapping[str, Any], ...]
    findings: tuple[Mapping[str, Any], ...]
    plan: Plan

    def after(self, parent: Release | None, *, hold: bool) -> Content:
        """Divide the documents; with ``hold``, those that would change the parent's test set are left out for now."""
        doc_ids = self.flat["documents"]["doc_id"].to_pylist()
        earlier = ledger_in(parent.path) if parent else LEDGER.empty_table()
        plan = self.plan
        ledger = draw(doc_ids, groups=plan.groups, ledger=earlier, shares=plan.shares, strata=plan.strata)
        splits = split_of(ledger)
        tested = _documents(parent, "test") if parent else set()
        held = [one for one in doc_ids if splits[one] == "test" and one not in tested] if hold and tested else []
        if held:  # they are drawn again, with the same result, when their time comes
            taken = [one for one in doc_ids if one not in held]
            ledger = draw(taken, groups=plan.groups, ledger=earlier, shares=plan.shares, strata=plan.strata)
        parts = divided(self.flat, {one: splits[one] for one in doc_ids if one not in held})
        return Content(
            about=self.about,
            parts=parts,
            ledger=ledger,
            held=tuple(held),
            agreement=self.agreement,
            findings=self.findings,
            logical={
                file_of(name, split): logical_digest(table)
                for split, part in parts.items()
                for name, table in part.items()
            },
            gold=gold_digest(parts["test"]) if "test" in parts else "",
        )


def _documents(release: Release, split: str) -> set[str]:
    """The documents of a version's split."""
    path = release.path / file_of("documents", split)
    return set(read_file(path, ["doc_id"])["doc_id"].to_pylist()) if path.exists() else set()


def _rows(table: pa.Table) -> tuple[Mapping[str, Any], ...]:
    """The rows of a small table, sorted by their columns from the first to the last."""
    return tuple(sorted(table.to_pylist(), key=lambda row: [canonical_json(value) for value in row.values()]))


def _attempt(folder: Path, draft: _Draft, store: Store, progress: Progress) -> Published | None:
    """Publish after the newest version; None where another publisher was faster."""
    parent = newest_in(folder)
    asked = draft.plan.bump
    content = draft.after(parent, hold=asked != "major")
    if parent and parent.manifest["content"] == content.digests:
        point(folder)
        unchanged = (f"nothing changed since {parent.version}", *_held(content))
        return Published(str(parent.version), parent.path, created=False, bump="", reasons=unchanged)
    step = _step(folder, parent, content, asked)
    if content.held and step.bump.level == "major":
        content = draft.after(parent, hold=False)
        step = _step(folder, parent, content, asked)
    with store.staged() as place:
        write_version(place, content=content, step=step, progress=progress)
        if not store.commit(place, step.version, after=parent.version if parent else None):
            return None
    point(folder)
    reasons = (*step.bump.reasons, *_held(content))
    return Published(step.version, folder / step.version, created=True, bump=step.bump.level, reasons=reasons)


def _held(content: Content) -> tuple[str, ...]:
    count = len(content.held)
    return (f"drawn for the test set, and kept for the next major version: {count} documents",) if count else ()


def _step(folder: Path, parent: Release | None, content: Content, asked: str) -> Step:
    if parent is None:
        return Step(str(FIRST), Bump("first", ("this is the first version",)), Difference(), None)
    old = {name: read_published(parent.path, name) for name in _COMPARED}
    tables = content.tables
    difference = compare(old, tables)
    returned = returned_changed(
        folder, below=parent.version, added=difference.documents_added, documents=tables["documents"]
    )
    difference = replace(difference, returned_changed=returned, moved=_moved(parent, content))
    columns = {name: columns_of(table.schema) for name, table in tables.items()}
    bump = judge(
        Side(
            format=parent.manifest["format_version"],
            content=parent.manifest["content"],
            columns=parent.manifest["columns"],
            label_set=read_object(parent.path / LABEL_SET),
            licence=parent.manifest["licence"],
        ),
        Side(
            format=FORMAT_VERSION,
            content=content.digests,
            columns=columns,
            label_set=content.about.label_set,
            licence=content.about.licence,
        ),
        difference=difference,
    )
    if asked and LEVELS.index(asked) > LEVELS.index(bump.level):
        raise DataError(
            f"a {asked} version after {parent.version} is not enough: {'; '.join(bump.reasons)}",
            fix=f"publish a {bump.level} version",
        )
    bump = replace(bump, level=asked or bump.level)
    return Step(str(parent.version.next(bump.level)), bump, difference, parent)


def _moved(parent: Release, content: Content) -> Mapping[tuple[str, str], int]:
    """Count the documents of both versions that have another split now."""
    earlier, now = split_of(ledger_in(parent.path)), split_of(content.ledger)
    there = {one for split in SPLITS for one in _documents(parent, split)}
    both = there.intersection(content.tables["documents"]["doc_id"].to_pylist())
    return Counter((earlier[one], now[one]) for one in both if earlier[one] != now[one])
