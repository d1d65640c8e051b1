"""What a migration did is written down before it is done: a folder for each, with the plan, the schema before, and every change."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from copydesk.model.migration import Plan, read_plan
from copydesk.store import read_text, translated, write_json

_PLAN, _CHANGES = "plan.json", "changes.jsonl"
Key = tuple[str, str]  # annotations, predictions, drafts or log, and the id there


class Journal:
    """The record of one migration. ``state`` is running, done, undoing or undone."""

    def __init__(self, folder: Path, said: Mapping[str, Any]) -> None:
        self.folder = folder
        self.number = int(folder.name)
        self._said = dict(said)
        self.plan = read_plan(said["plan"], place=str(folder / _PLAN))
        self.state: str = said["state"]
        self.before: Mapping[str, str] = said["before"]
        self.after: Mapping[str, str] = said.get("after", {})

    def tell(self, change: Mapping[str, Any]) -> None:
        """Write one change down and see it onto the disk."""
        path = self.folder / _CHANGES
        with translated(path, "write"), path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(change) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def finish(self, state: str, *, after: Mapping[str, str] | None = None) -> None:
        """Write down that the migration is now in this state."""
        self.state = state
        self.after = after or self.after
        self._said |= {"state": state, "after": self.after}
        write_json(self.folder / _PLAN, self._said)

    def changed(self) -> tuple[dict[Key, dict[str, tuple[str, str]]], dict[Key, list[dict[str, Any]]]]:
        """Give what was changed in each annotation, region by region: the first label and the last; and what was taken out."""
        changed: dict[Key, dict[str, tuple[str, str]]] = {}
        removed: dict[Key, list[dict[str, Any]]] = {}
        for line in read_text(self.folder / _CHANGES, missing="").splitlines():
            try:
                one = json.loads(line)
            except ValueError:  # a run was killed while writing it, and so before the change was made
                continue
            key = (one["kind"], str(one["id"]))
            regions = changed.setdefault(key, {})
            for region, (old, new) in one["regions"].items():
                regions[region] = (regions.get(region, (old, ""))[0], new)
            there = {region["id"] for region in removed.get(key, [])}
            removed.setdefault(key, []).extend(one for one in one.get("removed", []) if one["id"] not in there)
        return changed, removed


def new_journal(folder: Path, plan: Plan, before: Mapping[str, str]) -> Journal:
    """Begin the record of a migration: from here on it is running."""
    last = last_journal(folder)
    own = folder / f"{(last.number if last else 0) + 1:06d}"
    with translated(own, "write"):
        own.mkdir(parents=True, exist_ok=True)
    said = {"plan": plan.as_dict(), "state": "running", "before": dict(before)}
    write_json(own / _PLAN, said)
    return Journal(own, said)


def last_journal(folder: Path) -> Journal | None:
    """Give the newest record, if there is one; a folder whose plan was never written down does not count."""
    with translated(folder, "read"):
        names = sorted(path.parent for path in folder.glob(f"[0-9]*/{_PLAN}"))
    return Journal(names[-1], json.loads(read_text(names[-1] / _PLAN))) if names else None
