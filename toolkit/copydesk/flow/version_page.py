"""Published versions to pages: which there are of each dataset, and what one holds, how sure it is, and what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from copydesk.datasets.card import loads
from copydesk.datasets.causes import CAUSED
from copydesk.datasets.compared import by_cause
from copydesk.datasets.events import State, events_in, known_version, latest_in, state_of, yanked_sentence
from copydesk.datasets.load import datasets_in, home_of, read_published, rows_of, stretches
from copydesk.datasets.profile import Profile, profile
from copydesk.datasets.version import (
    AGREEMENT,
    FINDINGS,
    MANIFEST,
    REMOVED,
    Release,
    Version,
    is_removed,
    open_release,
    read_list,
    read_object,
    versions_in,
)
from copydesk.datasets.write import CHANGED_LABELS
from copydesk.flow.version_charts import quantiles, shifts, version_charts
from copydesk.report.marked import Stretch, pieces
from copydesk.report.page import Part, part
from copydesk.store import digest_of
from copydesk.workspace import Workspace

SAMPLES = 5  # documents with their text
_SHOWN = 1_500  # characters of each
_CHANGED = 50  # labels that are listed of those that changed
_PUBLISHERS = 10  # whose share changed most

Row = dict[str, Any]


class Versions:
    """The view of all datasets and their versions. ``exported``: it leads to the newest one of each that is not yanked, in the same file."""

    def __init__(self, workspace: Workspace, *, exported: bool = False) -> None:
        self._workspace, self._exported = workspace, exported

    def __call__(self, _asked: Mapping[str, str]) -> Part:
        """List what there is now."""
        home = self._workspace.datasets
        sets = {name: self._listed(home / name, numbers) for name, numbers in datasets_in(home).items()}
        return part("versions.html", title="Versions", name="versions", datasets=sets)

    def _listed(self, folder: Path, numbers: Sequence[str]) -> list[Row]:
        state, latest = state_of(events_in(folder)), latest_in(folder)
        rows = [_row(folder, number, state) for number in reversed(numbers)]
        for row in rows:
            if self._exported:
                is_there = latest is not None and row["version"] == str(latest.version)
                row["page"] = f"#{_anchor(folder.name, row['version'])}" if is_there else ""
            else:
                row["page"] = "" if row["removed"] else f"/versions/{folder.name}/{row['version']}"
        return rows


class VersionPage:
    """The view of one version; what was counted is kept, since a version never changes."""

    def __init__(self, workspace: Workspace) -> None:
        self._home = workspace.datasets
        self._known: dict[str, Part] = {}

    def __call__(self, asked: Mapping[str, str]) -> Part:
        """Show the version that ``name`` and ``version`` (a number or an alias) name; raises UnknownError where there is none."""
        folder = home_of(asked["name"], folder=self._home)
        state = state_of(events_in(folder))
        release = open_release(folder / str(known_version(folder, asked["version"])))
        key = digest_of(
            [
                folder.name,
                str(release.version),
                release.manifest["content"],
                *_said(str(release.version), state).values(),
            ]
        )
        if key not in self._known:
            self._known[key] = _page(release, state)
        return self._known[key]

    def newest(self) -> Iterator[Part]:
        """Show the newest version of each dataset that is not yanked."""
        for name in datasets_in(self._home):
            latest = latest_in(self._home / name)
            if latest:
                yield self({"name": name, "version": str(latest.version)})


def _anchor(name: str, version: str) -> str:
    return f"{name}-{version}"


def _said(number: str, state: State) -> Row:
    """Give what was said of a version after it was published."""
    yanked = state.yanked.get(number)
    return {
        "aliases": sorted(alias for alias, version in state.aliases.items() if version == number),
        "yanked": yanked_sentence(number, *yanked) if yanked else "",
    }


def _row(folder: Path, number: str, state: State) -> Row:
    path = folder / number
    removed = read_object(path / REMOVED) if is_removed(path) else {}
    manifest = read_object(path / MANIFEST)
    return {
        "version": number,
        "created": manifest.get("created_at", "")[:10],
        "bump": manifest["semver"]["bump"],
        "reasons": manifest["semver"]["reasons"],
        "documents": manifest["counts"]["documents"],
        "spans": manifest["counts"]["spans"],
        "removed": removed.get("removed_at", "")[:10],
        **_said(number, state),
    }


def _page(release: Release, state: State) -> Part:
    path, manifest = release.path, release.manifest
    name, number = path.parent.name, str(release.version)
    made = profile(path)
    changes = manifest["diff"].get("spans", {}) if manifest["parent"] else {}
    anchor = _anchor(name, number)
    return part(
        "version.html",
        title=f"{name} {number}",
        name=anchor,
        anchor=anchor,
        dataset=name,
        number=number,
        manifest=manifest,
        facts=_facts(manifest, made),
        charts=list(version_charts(made, agreement=read_list(path / AGREEMENT), changes=changes)),
        drift=_drift(release, made),
        changed=_changed(path),
        samples=list(_samples(path)),
        findings=read_list(path / FINDINGS),
        loads=loads(name, number),
        **_said(number, state),
    )


def _facts(manifest: Mapping[str, Any], made: Profile) -> dict[str, str]:
    counts, schema = manifest["counts"], manifest["schema"]
    return {
        **{split: f"{count:,} documents" for split, count in manifest["splits"].items()},
        "agreed spans": f"{counts['spans']:,}",
        "agreed relations": f"{counts['relations']:,}",
        "annotators": f"{len(made.annotators):,}",
        "annotations": f"{counts['reads']:,}",
        "disputes left": f"{counts['disputes']:,}",
        "schema": f"{schema['name']} {schema['version']}",
        "language": ", ".join(manifest["language"]),
        "licence": manifest["licence"],
    }


def _drift(release: Release, made: Profile) -> Row | None:
    """Give how lengths and publishers changed since the parent, where that is still there."""
    parent = release.manifest["parent"]
    if not parent or Version.read(parent["version"]) not in versions_in(release.path.parent):
        return None
    path = release.path.parent / parent["version"]
    if is_removed(path):
        return None
    before = profile(path)
    kinds = {"documents": (before.characters, made.characters), "spans": (before.lengths, made.lengths)}
    lengths = [
        (f"{kind}: {name}", was, now)
        for kind, (old, new) in kinds.items()
        for (name, was), (_, now) in zip(quantiles(old), quantiles(new), strict=False)
    ]
    publishers = [
        (name or "not stated", f"{was:.1%}", f"{now:.1%}", f"{now - was:+.1%}")
        for name, was, now in shifts(before.publishers, made.publishers)[:_PUBLISHERS]
    ]
    return {"parent": parent["version"], "lengths": lengths, "publishers": publishers}


def _changed(path: Path) -> Row | None:
    """Give the labels that changed since the parent: how many by cause, and the first of them."""
    file = path / CHANGED_LABELS
    if not file.exists():
        return None
    causes: Counter[str] = Counter()
    first: list[Row] = []
    for rows in stretches(file, CAUSED.names):
        causes.update(by_cause(rows))
        first += rows.slice(0, _CHANGED - len(first)).to_pylist()
    return {"total": causes.total(), "causes": causes.most_common(), "first": [_change(row) for row in first]}


def _change(row: Row) -> tuple[str, ...]:
    """Give the cells of a label that changed."""
    before, now = (_side(row[f"{side}_label"], row[f"{side}_start"], row[f"{side}_end"]) for side in ("old", "new"))
    return row["kind"], row["cause"], row["surface"] or "", before, now, row["doc_id"]


def _side(label: str | None, start: int | None, end: int | None) -> str:
    """Say what stands there, and where; what is said of a whole document stands nowhere."""
    return "–" if label is None else label if start is None else f"{label} [{start}:{end}]"


def _samples(path: Path) -> Iterator[Row]:
    """Give some documents, far apart from each other, with the labels in the beginning of their text."""
    doc_ids = read_published(path, "documents", columns=["doc_id"])["doc_id"]
    step = max(len(doc_ids) // SAMPLES, 1)
    chosen = [str(doc_ids[at]) for at in range(0, len(doc_ids), step)][:SAMPLES]
    spans = rows_of(path, "spans", chosen)
    for row in rows_of(path, "documents", chosen):
        own = [Stretch(one["start"], one["end"], one["label"]) for one in spans if one["doc_id"] == row["doc_id"]]
        yield {**row, "pieces": list(pieces(row["text"][:_SHOWN], own)), "cut": len(row["text"]) > _SHOWN}
