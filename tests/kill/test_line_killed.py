"""Pull, push and publish that are killed: what is on disk is old or new, the server holds every task once, and running again
finishes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from copydesk.studio.client import Studio
from copydesk.studio.codec import to_result
from copydesk.studio.listing import list_tasks
from copydesk.workspace import Workspace

pytestmark = pytest.mark.studio

Run = Callable[..., str]
Tries = Callable[..., list[dict[str, Any]]]
Hold = Callable[[list[dict[str, Any]]], None]


@pytest.fixture
def annotated(on_server: Workspace, copydesk: Run, studio: Studio, request: pytest.FixtureRequest) -> Workspace:
    """A workspace that pulled once; since then annotations were added, changed and deleted, and one names nothing known."""
    settings = on_server.root / "copydesk.toml"
    title = request.node.name[:40]
    settings.write_text(settings.read_text("utf-8").replace("[studio]\n", f'[studio]\nproject = "{title}"\n'), "utf-8")
    copydesk("ingest")
    copydesk("push")
    (project,) = studio.get("api/projects/", params={"title": title})["results"]
    tasks = [task for page, _ in list_tasks(studio, project["id"], fields=("id",), size=100) for task in page]
    made = [_annotate(studio, task["id"], 0) for task in tasks[:3]]
    copydesk("pull")
    _annotate(studio, tasks[0]["id"], 2)
    _annotate(studio, tasks[3]["id"], 4)
    studio.patch(f"api/annotations/{made[1]}/", json={"result": _span(11)})
    studio.delete(f"api/annotations/{made[2]}/")
    return on_server


def _annotate(studio: Studio, task: int, start: int) -> int:
    body = {"result": _span(start), "ground_truth": False}
    return int(studio.post(f"api/tasks/{task}/annotations/", json=body)["id"])


def _span(start: int) -> list[dict[str, Any]]:
    return to_result([{"start": start, "end": start + 8, "surface": "", "label": "GPE", "origin": "manual"}])


@pytest.mark.usefixtures("annotated")
def test_killed_at_a_sample_of_its_points_pull_leaves_old_or_new_and_finishes(kill_each: Tries, hold: Hold) -> None:
    tries = kill_each("pull", "--network", "--step", "26", "--last", "5")
    hold(tries)
    assert {one["left"] for one in tries} == {"old", "some", "new"}  # some: pulled, and the labels not yet read from it


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("annotated")
@pytest.mark.parametrize("how", ["--network", "--power-loss"])
def test_killed_at_every_point_pull_leaves_old_or_new_and_finishes(kill_each: Tries, hold: Hold, how: str) -> None:
    tries = kill_each("pull", how)
    hold(tries)
    assert len(tries) == tries[0]["of"]


@pytest.fixture
def ingested(on_server: Workspace, copydesk: Run) -> Workspace:
    """A workspace with documents that no server has seen."""
    copydesk("ingest")
    return on_server


@pytest.mark.usefixtures("ingested")
def test_killed_at_a_sample_of_its_requests_push_doubles_nothing_and_finishes(kill_each: Tries, hold: Hold) -> None:
    tries = kill_each("push", "--network", "--own-project", "--step", "14", "--last", "1")
    hold(tries)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("ingested")
def test_killed_at_every_request_push_doubles_nothing_and_finishes(kill_each: Tries, hold: Hold) -> None:
    tries = kill_each("push", "--network", "--own-project")
    hold(tries)
    assert len(tries) == tries[0]["of"]


@pytest.fixture
def agreed(annotated: Workspace, copydesk: Run) -> Workspace:
    """A workspace with a version of its dataset, and with labels pulled and agreed on since: nothing of those is validated."""
    for command in ("agree", "publish", "pull", "agree"):
        copydesk(command)
    return annotated


@pytest.mark.usefixtures("agreed")
def test_killed_at_a_sample_of_its_points_publish_leaves_old_or_new_and_finishes(kill_each: Tries, hold: Hold) -> None:
    tries = kill_each("publish", "--step", "230", "--last", "2")
    hold(tries)
    assert {one["left"] for one in tries} == {"old", "some", "new"}  # some: validated, and the version not yet there


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.usefixtures("agreed")
@pytest.mark.parametrize("how", ["", "--power-loss"])
def test_killed_at_every_point_publish_leaves_old_or_new_and_finishes(kill_each: Tries, hold: Hold, how: str) -> None:
    tries = kill_each("publish", *how.split())
    hold(tries)
    assert len(tries) == tries[0]["of"]
