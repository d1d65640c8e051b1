"""What several annotators' editors send at the same moment: each save is answered as done, and is there once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from copydesk.model.schema import LabelSchema
from copydesk.studio import server
from copydesk.studio.client import Studio
from copydesk.studio.interface import to_config

pytestmark = pytest.mark.studio

ANNOTATORS, SAVES = 6, 25


def test_saves_at_the_same_moment_are_all_answered_as_done(
    studio_server: server.Server, studio: Studio, make_project: Callable[..., dict[str, Any]], schema: LabelSchema
) -> None:
    project = make_project("saved at once", to_config(schema))
    texts = [{"text": f"Boat {number} left."} for number in range(ANNOTATORS * SAVES)]
    studio.post(f"api/projects/{project['id']}/import", json=texts)
    listed = studio.get("api/tasks/", params={"project": project["id"], "page_size": 1000, "include": "id"})
    tasks = [task["id"] for task in listed["tasks"]]

    def save(number: int) -> list[int]:
        """Save as the editor does: a draft, then the annotation, which takes the draft away and counts up the project."""
        marked = {"start": 0, "end": 4, "text": "Boat", "labels": ["PLACE"]}
        result = [{"from_name": "entity", "to_name": "text", "type": "labels", "id": "a", "value": marked}]
        made = []
        with Studio(studio_server.url, studio_server.token) as own:
            for task in tasks[number::ANNOTATORS]:
                draft = own.post(f"api/tasks/{task}/drafts", json={"result": result, "lead_time": 1})
                body = {"result": result, "draft_id": draft["id"], "unique_id": str(uuid.uuid4())}
                made.append(own.post(f"api/tasks/{task}/annotations/", json=body)["id"])
        return made

    with ThreadPoolExecutor(ANNOTATORS) as annotators:
        saved = [one for each in annotators.map(save, range(ANNOTATORS)) for one in each]
    assert len(saved) == len(set(saved)) == len(tasks)
    counted = studio.get(f"api/projects/{project['id']}/")
    assert counted["num_tasks_with_annotations"] == counted["total_annotations_number"] == len(tasks)
