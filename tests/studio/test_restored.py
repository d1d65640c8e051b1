"""What was restored is as old as it was: its times come from the backup that the project names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from copydesk.model.tables import from_rows
from copydesk.store import Log
from copydesk.studio.backup import content_sha256
from copydesk.studio.restored import marker_of, originals_of

DAYS = [f"2026-01-0{day}T12:00:00.000000Z" for day in range(1, 8)]


def annotation(number: int, made: str, changed: str, *, was: int | None = None, **more: object) -> dict[str, Any]:
    plain = {
        "id": number,
        "import_id": was,
        "result": [],
        "was_cancelled": False,
        "ground_truth": False,
        "lead_time": 1.0,
    }
    return {**plain, "created_at": made, "updated_at": changed, **more}


def back_up(log: Log, key: str, one: dict[str, Any], *, description: str = "") -> str:
    """Back a project with one annotation up, and give the description of what is restored from it."""
    content = content_sha256([one["result"], one["was_cancelled"], one["ground_truth"], one["lead_time"]])
    row = {"annotation_id": one["id"], "task_id": 1, "task_sha256": "", "email": "", "content_sha256": content}
    project = {"project": "1", "project_id": 1, "title": "t", "raw": json.dumps({"description": description})}
    tables = {
        "backup_projects": from_rows("backup_projects", [project]),
        "backup_annotations": from_rows("backup_annotations", [{**row, "raw": json.dumps(one)}]),
    }
    log.append(tables, {"stage": "backup", "key": key})
    return f"copydesk desk small\n{marker_of(key)}"


def test_times_are_those_of_the_backup_and_of_what_was_changed_since_its_own(tmp_path: Path) -> None:
    log = Log(tmp_path)
    back_up(log, "a" * 64, annotation(8, DAYS[5], DAYS[5]))
    description = back_up(log, "b" * 64, annotation(7, DAYS[0], DAYS[1]))
    originals = originals_of({"description": description}, log)
    assert originals is not None
    assert originals.times(annotation(1, DAYS[3], DAYS[3], was=7)) == (DAYS[0], DAYS[1])
    for change in ({"result": [{}]}, {"was_cancelled": True}, {"ground_truth": True}, {"lead_time": 2.0}):
        assert originals.times(annotation(1, DAYS[3], DAYS[4], was=7, **change)) == (DAYS[0], DAYS[4])
    for unknown in (None, 0, 8):
        assert originals.times(annotation(1, DAYS[3], DAYS[4], was=unknown)) == (DAYS[3], DAYS[4])


def test_what_was_restored_twice_has_its_first_times(tmp_path: Path) -> None:
    log = Log(tmp_path)
    first = back_up(log, "a" * 64, annotation(7, DAYS[0], DAYS[1]))
    second = back_up(log, "b" * 64, annotation(1, DAYS[3], DAYS[3], was=7), description=first)
    originals = originals_of({"description": second}, log)
    assert originals is not None
    assert originals.times(annotation(2, DAYS[5], DAYS[5], was=1)) == (DAYS[0], DAYS[1])


def test_a_project_that_was_not_restored_or_whose_backup_is_elsewhere_has_no_other_times(tmp_path: Path) -> None:
    log = Log(tmp_path)
    back_up(log, "a" * 64, annotation(7, DAYS[0], DAYS[1]))
    for description in (None, "", "copydesk desk small", marker_of("c" * 64)):
        assert originals_of({"description": description}, log) is None
