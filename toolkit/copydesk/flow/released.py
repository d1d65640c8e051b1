"""A label's identity goes in, the published versions that hold it come out, with what changed about it from one to the next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from copydesk.datasets.events import events_in, state_of, yanked_sentence
from copydesk.datasets.layout import file_of
from copydesk.datasets.load import datasets_in, read_file, splits_in
from copydesk.datasets.version import Release, is_removed, open_release
from copydesk.datasets.write import CHANGED_LABELS
from copydesk.flow.evidence import KINDS, Row


@dataclass(frozen=True, slots=True)
class Held:
    """A version that holds a label, and in which split."""

    release: Release
    split: str


def held_by(datasets: Path, identity: str) -> list[Held]:
    """Find the versions with a label, by dataset and from the oldest to the newest."""
    found = []
    for name, versions in datasets_in(datasets).items():
        there = [path for path in (datasets / name / version for version in versions) if not is_removed(path)]
        found += [Held(open_release(path), split) for path in there if (split := _split(path, identity))]
    return found


def releases(datasets: Path, identity: str, held: list[Held]) -> tuple[Row, list[str]]:
    """Tell of each dataset which versions hold the label, and of each change of it in any version."""
    facts, lines = [], []
    for name in dict.fromkeys(one.release.path.parent.name for one in held):
        mine = [one for one in held if one.release.path.parent.name == name]
        told, said = _of_dataset(datasets / name, identity, mine)
        facts.append(told)
        lines += said
    return {"datasets": facts}, lines or ["no version holds it"]


def _of_dataset(home: Path, identity: str, held: list[Held]) -> tuple[Row, list[str]]:
    versions, state = datasets_in(home.parent)[home.name], state_of(events_in(home))
    numbers = [str(one.release.version) for one in held]
    changes = [row for version in versions for row in _changes(home / version, identity)]
    yanked = {number: state.yanked[number] for number in numbers if number in state.yanked}
    facts = {
        "dataset": home.name,
        "first": numbers[0],
        "last": numbers[-1],
        "versions": [
            {"version": number, "split": one.split, "yanked": yanked[number][0] if number in yanked else None}
            for number, one in zip(numbers, held, strict=True)
        ],
        "changes": changes,
    }
    lines = [
        f"{home.name}: in {len(numbers)} of {len(versions)} versions, first {numbers[0]}, last {numbers[-1]} ({held[-1].split})"
    ]
    lines += [_change_told(row) for row in changes]
    return facts, lines + [yanked_sentence(number, *why) for number, why in yanked.items()]


def _changes(path: Path, identity: str) -> list[dict[str, Any]]:
    """Give what changed about a label from the version before to this one."""
    if not (path / CHANGED_LABELS).exists():
        return []
    rows = read_file(path / CHANGED_LABELS, None)
    mine = pc.fill_null(pc.or_kleene(pc.equal(rows["old_id"], identity), pc.equal(rows["new_id"], identity)), False)
    return [{"version": path.name, **row} for row in rows.filter(mine).to_pylist()]


def _change_told(row: Row) -> str:
    sides = [
        f"{row[f'{side}_label']} [{row[f'{side}_start']}:{row[f'{side}_end']}]" if row[f"{side}_label"] else "nothing"
        for side in ("old", "new")
    ]
    return f"{row['version']}: {row['kind']} ({row['cause']}), {' → '.join(sides)}"


def _split(path: Path, identity: str) -> str:
    """The split of a version that a label is in; empty where it is in none."""
    for split in splits_in(path):
        for kind, column in KINDS.items():
            ids = read_file(path / file_of(f"{kind}s", split), [column])[column]
            if pc.any(pc.equal(ids, identity), min_count=0).as_py():
                return split
    return ""
