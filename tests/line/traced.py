"""A workspace whose dataset has two versions, with labels of two people that came by way of exports of Label Studio.

Between the versions both call Karim a place instead of a person; afterwards the first version is yanked. The work on the first version is that of
``FIRST``, the work on the second that of ``SECOND``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from copydesk.cli import cli
from copydesk.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
ARTICLE = "Noor lives in Ale\u00adppo.\r\n\r\nKarim left Hit.\r\n"
TEXT = "Noor lives in Aleppo.\n\nKarim left Hit."
SETTINGS = """name = "desk"
schema = "small"
[engine]
name = "inline"
[publish]
pictures = false
validation = 0.0
test = 0.0
"""
CREATED = "2026-01-01T08:00:00.000000Z"
Work = Sequence[list[tuple[str, str]]]
ANNA = [("Noor", "PERSON"), ("Alep", "PLACE"), ("Karim", "PERSON")]
BEN = [("Noor", "PERSON"), ("Aleppo", "PLACE"), ("Karim", "PERSON"), ("Hit", "PLACE")]
FIRST = (ANNA, BEN)
SECOND = tuple([*[one for one in marks if one[0] != "Karim"], ("Karim", "PLACE")] for marks in FIRST)


def run(folder: Path, *arguments: str) -> Result:
    """Run a command as a user does; what the command line prints for an error is in ``exception``."""
    return CliRunner().invoke(cli, ["--workspace", str(folder), *arguments], standalone_mode=False)


def told(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run a command that must succeed, and give its JSON."""
    done = run(folder, *arguments, "--json")
    if done.exception:
        raise done.exception
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def labelled(folder: Path, work: Work, *, at: str, skipped: Work = (), also: str = "") -> None:
    """Take what people marked into the workspace, and of others what they had marked when they skipped it, in an export of this time.

    Each joins Noor and Aleppo, where both are marked. In another text, ``also``, two find Noor.
    """
    annotations = [_annotation(number, marks, at) for number, marks in enumerate([*work, *skipped], 1)]
    for one in annotations[len(work) :]:
        one["was_cancelled"] = True
    tasks = [_task(1, TEXT, annotations, at)]
    if also:
        tasks.append(
            _task(2, also, [_annotation(number, ANNA[:1], at) | {"id": 100 + number} for number in (1, 2)], at)
        )
    file = folder / "export.json"
    file.write_text(json.dumps(tasks), encoding="utf-8")
    told(folder, "import-export", str(file))


def _task(number: int, text: str, annotations: list[dict[str, Any]], at: str) -> dict[str, Any]:
    skipped = sum(one["was_cancelled"] for one in annotations)
    counts = {"total_annotations": len(annotations) - skipped, "cancelled_annotations": skipped}
    task = {"id": number, "project": 7, "data": {"text": text}, "annotations": annotations, "drafts": []}
    return {**task, **counts, "created_at": CREATED, "updated_at": at}


def _annotation(number: int, marks: list[tuple[str, str]], at: str) -> dict[str, Any]:
    result: list[Mapping[str, Any]] = []
    for words, label in marks:
        start = TEXT.index(words)
        value = {"start": start, "end": start + len(words), "text": words, "labels": [label]}
        result.append({"id": words, "from_name": "entity", "to_name": "text", "type": "labels", "value": value})
    place = next((words for words, _ in marks if words.startswith("Ale")), None)
    if place:
        result.append(
            {"type": "relation", "from_id": "Noor", "to_id": place, "direction": "right", "labels": ["lives_in"]}
        )
    plain = {"id": number, "completed_by": number, "was_cancelled": False, "ground_truth": False, "lead_time": 1.5}
    return {**plain, "created_at": CREATED, "updated_at": at, "result": result}


def lay_out(folder: Path) -> None:
    """Make the workspace in this folder, with its article."""
    shutil.copytree(ROOT / "tests" / "cases" / "exports" / "small", folder / "schemas" / "small")
    shutil.copytree(ROOT / "validation", folder / "validation")
    (folder / "seeds").mkdir()
    (folder / "seeds" / "story.txt").write_bytes(ARTICLE.encode())
    (folder / "copydesk.toml").write_text(SETTINGS, encoding="utf-8")
    told(folder, "ingest")


def publish_twice(folder: Path) -> None:
    """Make the workspace in this folder, with both versions."""
    lay_out(folder)
    for work, at in ((FIRST, "2026-01-01T12:00:00.000000Z"), (SECOND, "2026-01-02T12:00:00.000000Z")):
        labelled(folder, work, at=at)
        told(folder, "agree")
        told(folder, "publish")
    assert run(folder, "yank", "desk", "1.0.0", "--reason", "Karim is a town").exception is None


def identity(folder: Path, surface: str, label: str) -> str:
    """The id of an agreed span."""
    rows = Workspace.open(folder).agreed.read("agreed_spans").to_pylist()
    (found,) = [row["span_id"] for row in rows if (row["surface"], row["label"]) == (surface, label)]
    return str(found)
