"""Publishing: checked tables and the facts about them go in, an immutable version in ``datasets/NAME/VERSION/`` comes out.

A version is there whole or not at all: it is built aside and renamed into place. What says the same as the newest version is not
published again. Publishers take turns: who comes second compares with what the first one published. Where a file system grants
a lock to everybody, who finds another version than it compared with begins again, and no number is given twice all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.datasets.about import About
from copydesk.datasets.check import check
from copydesk.datasets.content import Content
from copydesk.datasets.events import point
from copydesk.datasets.layout import file_of
from copydesk.datasets.load import ledger_in, read_file
from copydesk.datasets.logical import gold_digests, logical_digest
from copydesk.datasets.nested import divided, flat_tables
from copydesk.datasets.rules import LEVELS
from copydesk.datasets.splits import LEDGER, Shares, draw, split_of
from copydesk.datasets.staging import staged, sweep_staging, turn
from copydesk.datasets.step import step_to
from copydesk.datasets.version import Release, newest_in, versions_in
from copydesk.datasets.write import write_version
from copydesk.errors import ConfigError, StoreError
from copydesk.model.progress import Progress
from copydesk.store import canonical_json, commit_folder, digest_of

__all__ = ["About", "Plan", "Published", "publish"]
_RACES = 50  # each lost race is another publisher's version, so this many means that something else is wrong


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
    reads, anchors, snapped, agreement, disputes, findings and articles (``raw`` is not needed), in the schemas of ``model.tables``. Their
    rows may come in any order. Raises DataError and FindingError where they cannot be published, or not with so small a step as the plan asks
    for; StoreError where the disk refuses; then nothing of the new version is there.
    """
    if folder.name != about.name:
        raise ConfigError(
            f"dataset {about.name!r} cannot be published in {folder}", fix=f"name the folder {about.name}"
        )
    check(tables, schema=about.schema)
    draft = _Draft(
        about=about,
        flat=flat_tables(tables),
        agreement=_rows(tables["agreement"]),
        findings=_rows(tables["findings"]),
        plan=plan or Plan(),
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sweep_staging(folder)
        with turn(folder):
            for _ in range(_RACES):
                done = _attempt(folder, draft, progress)
                if done:
                    return done
    except OSError as error:
        raise StoreError(
            f"cannot publish in {folder}: {error.strerror or error}",
            fix="check the disk's space and the folder's rights",
        ) from error
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
            gold=digest_of(gold_digests(parts["test"])) if "test" in parts else "",
        )


def _documents(release: Release, split: str) -> set[str]:
    """The documents of a version's split."""
    path = release.path / file_of("documents", split)
    return set(read_file(path, ["doc_id"])["doc_id"].to_pylist()) if path.exists() else set()


def _rows(table: pa.Table) -> tuple[Mapping[str, Any], ...]:
    """The rows of a small table, sorted by their columns from the first to the last."""
    return tuple(sorted(table.to_pylist(), key=lambda row: [canonical_json(value) for value in row.values()]))


def _attempt(folder: Path, draft: _Draft, progress: Progress) -> Published | None:
    """Publish after the newest version; None where another publisher took the number meanwhile."""
    parent = newest_in(folder)
    asked = draft.plan.bump
    content = draft.after(parent, hold=asked != "major")
    if parent and parent.manifest["content"] == content.digests:
        point(folder)
        unchanged = (f"nothing changed since {parent.version}", *_held(content))
        return Published(str(parent.version), parent.path, created=False, bump="", reasons=unchanged)
    step = step_to(content, parent, asked=asked)
    if content.held and step.bump.level == "major":
        content = draft.after(parent, hold=False)
        step = step_to(content, parent, asked=asked)
    target = folder / step.version
    with staged(folder) as place:
        write_version(place, content=content, step=step, progress=progress)
        if versions_in(folder)[-1:] != ((parent.version,) if parent else ()):
            return None
        try:
            commit_folder(place, target)
        except (StoreError, OSError):
            if target.exists() and place.exists():
                return None
            raise
    point(folder)
    return Published(
        step.version, target, created=True, bump=step.bump.level, reasons=(*step.bump.reasons, *_held(content))
    )


def _held(content: Content) -> tuple[str, ...]:
    count = len(content.held)
    return (f"drawn for the test set, and kept for the next major version: {count} documents",) if count else ()
