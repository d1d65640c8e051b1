"""A project's description and the workspace's backups go in; when what was restored was really made and changed comes out.

Label Studio gives what is restored the time of the restore. Counted by that, a backup would go before labels made after it.
An annotation's ``import_id`` is the id that it had, and the project's description names the backup: there its times stand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from copydesk.store import Log, Part
from copydesk.studio.backup import content_sha256

RESTORED = "copydesk restored"
NOTED = "restored"  # what a part of the pull log says of the backup


class Originals:
    """What a backup says of annotations, by the id that they had: digest of the content, when it was made, and changed.

    ``marker`` is the line that names the backup.
    """

    def __init__(self, marker: str, part: Part, before: Originals | None) -> None:
        self.marker = marker
        self._part = part
        self._before = before

    @cached_property
    def _known(self) -> dict[int, tuple[str, str, str]]:
        """What the backup says, read when it is asked for first: a pull that finds nothing new does not ask."""
        known: dict[int, tuple[str, str, str]] = {}
        table = self._part.read("backup_annotations", columns=["annotation_id", "content_sha256", "raw"])
        for batch in table.to_batches(max_chunksize=500):
            for row in batch.to_pylist():
                one = json.loads(row["raw"])
                times = self._before.times(one) if self._before else (one["created_at"], one["updated_at"])
                known[row["annotation_id"]] = (row["content_sha256"], *times)
        return known

    def times(self, annotation: Mapping[str, Any]) -> tuple[str, str]:
        """Give when an annotation was made and changed, as Label Studio writes it; of what was changed since, its own time."""
        content, made, changed = self._known.get(annotation.get("import_id") or 0, ("", "", ""))
        if not content:
            return annotation["created_at"], annotation["updated_at"]
        said = [annotation["result"], bool(annotation["was_cancelled"]), bool(annotation["ground_truth"])]
        same = content_sha256([*said, annotation["lead_time"]]) == content
        return made, changed if same else annotation["updated_at"]


def marker_of(key: str) -> str:
    """Give the line of a project's description that says of which backup it was made."""
    return f"{RESTORED} {key[:16]}"


def originals_of(project: Mapping[str, Any], backups: Log) -> Originals | None:
    """Give what the backup that a project was restored from says of its annotations; None for one that was not, or whose backup
    is not in this workspace.
    """
    described = str(project.get("description") or "")
    return _named(described, backups.parts()) if RESTORED in described else None


def originals_seen(log: Log, project_key: str, backups: Log) -> Originals | None:
    """Give the same of a project that was pulled, from what the log noted then."""
    noted = [str(part.receipt.get(NOTED, "")) for part in log.parts() if part.receipt.get("project") == project_key]
    return _named(noted[-1], backups.parts()) if noted and noted[-1] else None


def _named(lines: str, parts: Sequence[Part]) -> Originals | None:
    """Find the backup that a line names. A project that was restored may have been backed up again: the first times count."""
    named = [line.strip() for line in lines.splitlines()]
    for place, part in enumerate(parts):
        if (marker := marker_of(str(part.receipt.get("key")))) in named:
            (raw,) = part.read("backup_projects")["raw"].to_pylist()
            before = _named(str(json.loads(raw).get("description") or ""), parts[:place])
            return Originals(marker, part, before)
    return None
