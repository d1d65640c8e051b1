"""Pulling a large project: ours against the SDK's ``tasks.list`` and the plain export, what a small change costs, and what nothing costs.

Each task has one annotation of 15 spans, and all sides read the same project of the same server in turn. The project was filled in a
minute; what changed is fetched with some minutes of overlap, so the tasks are given times of three weeks in the server's database, as
a project has that people worked on. Seconds of the server are those of its processors.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from ratio import Ratio
from sync import recorded, timed

from copydesk.model.document import doc_id_of, text_sha256
from copydesk.model.schema import LabelSchema
from copydesk.store import Log
from copydesk.studio import server
from copydesk.studio.client import Studio
from copydesk.studio.codec import to_result
from copydesk.studio.embedded import DATABASE
from copydesk.studio.interface import to_config
from copydesk.studio.pull import pull
from copydesk.workspace import Workspace

TASKS, FEW, SPANS, BATCH = 20_000, 5_000, 15, 1_000
CHANGED = 0.01
THREE_WEEKS = 21 * 24 * 3600
ROUNDS = 3
SENTENCE = "Forces near Qaim said on Friday that 40 people had left Mosul for the border with Syria. "
TICKS = os.sysconf("SC_CLK_TCK")
SDK = """
import sys
from label_studio_sdk import LabelStudio
client = LabelStudio(base_url=sys.argv[1], api_key=sys.argv[2])
print(sum(len(task.annotations) for task in client.tasks.list(project=int(sys.argv[3]))))
"""

OURS = """
import re, sys
from pathlib import Path
from copydesk.store import Log
from copydesk.studio.client import Studio
from copydesk.studio.pull import pull
with Studio(sys.argv[1], sys.argv[2], timeout=600) as studio:
    project = studio.get(f"api/projects/{sys.argv[3]}/")
    pull(studio, project=project, log=Log(Path(sys.argv[4])), pseudonyms=dict, progress=lambda *_: None)
print(re.search("VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])  # of this program alone, not of who started it
"""
MOST_GROWTH = 1.25


def run(checkout: Path, tasks: int = TASKS) -> Iterator[Ratio]:
    """Start a server, fill a project, and give the ratios."""
    schema = Workspace.find(checkout).schema()
    with tempfile.TemporaryDirectory() as folder:
        running = server.start(Path(folder) / "studio", say=print)
        try:
            with Studio(running.url, running.token, timeout=600) as studio:
                project = _filled(studio, schema, tasks)
                _spread(Path(folder) / "studio" / DATABASE, tasks)
                yield from _whole(studio, running, project, tasks, Path(folder))
                yield from _little(studio, running, project, tasks, Path(folder))
                few = _filled(studio, schema, min(FEW, tasks // 4))
                yield _memory(running, few, project, Path(folder))
        finally:
            server.stop(Path(folder) / "studio")


def _filled(studio: Studio, schema: LabelSchema, tasks: int) -> Mapping[str, Any]:
    """Make a project of so many tasks, with an annotation each."""
    project = studio.post("api/projects/", json={"title": "benchmark pulling", "label_config": to_config(schema)})
    for first in range(0, tasks, BATCH):
        bodies = [_task(number, schema) for number in range(first, min(tasks, first + BATCH))]
        studio.post(f"api/projects/{project['id']}/import", json=bodies)
    found: Mapping[str, Any] = studio.get(f"api/projects/{project['id']}/")
    if found["task_number"] != tasks:
        raise SystemExit(f"the server took {found['task_number']} of {tasks} tasks")
    return found


def _spread(database: Path, tasks: int) -> None:
    """Let the tasks have been changed one after the other in the last three weeks."""
    with closing(sqlite3.connect(database, timeout=60)) as opened:
        seconds = f"(SELECT max(id) FROM task) - id) * {THREE_WEEKS} / {tasks}"
        opened.execute(f"UPDATE task SET updated_at = datetime('now', '-1 hour', '-' || (({seconds}) || ' seconds')")
        opened.commit()


def _task(number: int, schema: LabelSchema) -> dict[str, Any]:
    text = f"Report {number}\n\n" + SENTENCE * 18
    spans, at = [], 0
    for _ in range(SPANS):
        at = text.index("Qaim", at + 1)
        spans.append({"start": at, "end": at + 4, "surface": "Qaim", "label": "GPE", "attributes": []})
    data = {"doc_id": doc_id_of(f"benchmark/{number}.txt"), "revision": 1, "text_sha256": text_sha256(text)}
    result = to_result(spans, [], schema)
    return {"data": {**data, "text": text}, "annotations": [{"result": result, "ground_truth": False}]}


def _whole(
    studio: Studio, running: server.Server, project: Mapping[str, Any], tasks: int, folder: Path
) -> Iterator[Ratio]:
    against: dict[str, list[float]] = {"the SDK's tasks.list": [], "the plain export": []}
    for number in range(ROUNDS):
        ours, report = timed(lambda to=folder / f"whole-{number}": _pull(studio, project, Log(to)))
        assert report.new == tasks, report
        listed, count = timed(lambda: _listed_by_sdk(running, project))
        assert count == tasks, count
        exported, count = timed(lambda: _exported(running, project))
        assert count == tasks, count
        print(f"whole: ours {ours:.1f} s, tasks.list {listed:.1f} s, export {exported:.1f} s", flush=True)
        for rounds, other in zip(against.values(), (listed, exported), strict=True):
            rounds.append(other / ours)
    for (name, rounds), least in zip(against.items(), (3.0, 1.5), strict=True):
        value = statistics.median(rounds)
        yield Ratio(
            f"a whole pull of {tasks:,} tasks, speed against {name}",
            value,
            f"≥ {least:g}",
            value >= least,
            tuple(rounds),
        )


def _listed_by_sdk(running: server.Server, project: Mapping[str, Any]) -> int:
    """Read all tasks with the SDK, as its own documentation does, and count their annotations."""
    words = [sys.executable, "-c", SDK, running.url, running.token, str(project["id"])]
    return int(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def _exported(running: server.Server, project: Mapping[str, Any]) -> int:
    """Download the export in JSON and count its annotations."""
    answer = httpx.get(
        f"{running.url}/api/projects/{project['id']}/export",
        params={"exportType": "JSON"},
        headers={"Authorization": f"Token {running.token}"},
        timeout=1_800,
    )
    answer.raise_for_status()
    return sum(len(task["annotations"]) for task in json.loads(answer.content))


def _little(
    studio: Studio, running: server.Server, project: Mapping[str, Any], tasks: int, folder: Path
) -> Iterator[Ratio]:
    whole, changed, used = [], [], []
    for number in range(ROUNDS):
        log = Log(folder / f"little-{number}")
        took, _ = timed(lambda to=log: _pull(studio, project, to))
        whole.append(took)
        before = _cpu(running.pid)
        with recorded(studio) as requests:
            _, report = timed(lambda to=log: _pull(studio, project, to))
        assert report.nothing_new, report
        assert len(requests) == 1, requests
        used.append(_cpu(running.pid) - before)
    _change(studio, project, range(0, tasks, int(1 / CHANGED)))
    for number in range(ROUNDS):
        log = Log(folder / f"little-{number}")
        took, report = timed(lambda to=log: _pull(studio, project, to))
        assert report.changed >= tasks * CHANGED, report
        changed.append(took / statistics.median(whole))
        print(f"changed: {took:.2f} s, {report.changed} changed, {report.seen} seen", flush=True)
    value = statistics.median(changed)
    yield Ratio(
        f"a pull after {CHANGED:.0%} of the tasks changed, cost against a whole pull",
        value,
        "≤ 0.03",
        value <= 0.03,
        tuple(changed),
    )
    value = statistics.median(used)
    yield Ratio(
        "a pull with nothing changed: one request, seconds of the server", value, "≤ 0.1", value <= 0.1, tuple(used)
    )


def _memory(running: server.Server, few: Mapping[str, Any], many: Mapping[str, Any], folder: Path) -> Ratio:
    """Pull both projects in processes of their own, and compare the most memory that each took."""
    rounds = []
    for number in range(ROUNDS):
        least, most = (
            int(
                subprocess.run(
                    [
                        sys.executable,
                        "-c",
                        OURS,
                        running.url,
                        running.token,
                        str(project["id"]),
                        str(folder / f"{project['id']}-{number}"),
                    ],
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout
            )
            for project in (few, many)
        )
        print(
            f"memory: {least / 1e3:.0f} MB of {few['task_number']:,} tasks, {most / 1e3:.0f} MB of {many['task_number']:,}",
            flush=True,
        )
        rounds.append(most / least)
    value = statistics.median(rounds)
    name = f"memory of a whole pull, {many['task_number']:,} tasks against {few['task_number']:,}"
    return Ratio(name, value, f"≤ {MOST_GROWTH}", value <= MOST_GROWTH, tuple(rounds))


def _change(studio: Studio, project: Mapping[str, Any], numbers: Sequence[int]) -> None:
    """Change the annotations of some tasks: they say that their first span is not there."""
    query = {"project": project["id"], "page_size": 100_000, "include": "id,annotations,result", "fields": "all"}
    tasks = studio.get("api/tasks/", params=query)["tasks"]
    for number in numbers:
        [annotation] = tasks[number]["annotations"]
        studio.patch(f"api/annotations/{annotation['id']}/", json={"result": annotation["result"][1:]})


def _pull(studio: Studio, project: Mapping[str, Any], log: Log) -> Any:
    return pull(studio, project=project, log=log, pseudonyms=lambda: {}, progress=lambda *_: None)


def _cpu(root: int) -> float:
    """Give the seconds of the processors that a process and its children used."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(folder.name) == root or int(fields[1]) == root:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


if __name__ == "__main__":
    ratios = list(run(Path(__file__).resolve().parents[1], *map(int, sys.argv[1:])))
    for one in ratios:
        print(
            f"{one.name}: {one.value:.3f} (has to be {one.target}; rounds {', '.join(f'{each:.3f}' for each in one.rounds)})"
        )
    sys.exit(0 if all(one.reached for one in ratios) else 1)
