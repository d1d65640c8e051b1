"""What the tutorial says that Anna and Ben do in the browser, done through their own accounts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from blocks import ROOT, Reader

from copydesk.flow.connect import connected
from copydesk.model.schema import GROUP, LabelSchema
from copydesk.store import read_secrets
from copydesk.studio.client import Studio
from copydesk.studio.codec import region_id
from copydesk.studio.interface import TEXT
from copydesk.workspace import Workspace

ROW = re.compile(r"^\| `(\w)` \| (.+?) \| (\w+) \|$")
HEAD = re.compile(r"^\| (\w+) presses \|")
NO_WORDS = "nothing"  # is dragged over for what is said of the whole article


def work(page: Path = ROOT / "docs" / "tutorial.md") -> dict[str, list[tuple[str, str, str]]]:
    """Give what each person marks, as the page's tables say: key, words, and label or choice."""
    marks: dict[str, list[tuple[str, str, str]]] = {}
    for line in page.read_text(encoding="utf-8").splitlines():
        if head := HEAD.match(line):
            marks[head[1].lower()] = []
        elif row := ROW.match(line):
            list(marks.values())[-1].append((row[1], row[2], row[3]))
    return marks


def label_by_hand(mark: str, reader: Reader) -> None:
    """Submit the suggestions with what each person adds, as the editor does."""
    workspace = Workspace.find(reader.folder)
    people = {person["name"]: person for person in read_secrets(workspace.people_file)["people"]}
    with connected(workspace) as studio:
        (project,) = studio.get("api/projects/")["results"]
        (listed,) = studio.get("api/tasks/", params={"project": project["id"]})["tasks"]
        task = studio.get(f"api/tasks/{listed['id']}/")
        suggested = task["predictions"][0]
        for name, marks in work().items():
            drawn = [
                _choice(workspace.schema(), said) if words == NO_WORDS else _region(task["data"][TEXT], words, said)
                for _, words, said in marks
            ]
            body = {"result": [*suggested["result"], *drawn], "parent_prediction": suggested["id"], "lead_time": 60.0}
            with Studio(studio.url, people[name]["token"]) as own:
                own.post(f"api/tasks/{task['id']}/annotations/", json=body)


def _region(text: str, words: str, label: str) -> dict[str, Any]:
    start = text.index(words)
    place = {"start": start, "end": start + len(words)}
    return {
        "id": region_id(start, place["end"], label),
        "from_name": GROUP,
        "to_name": TEXT,
        "type": "labels",
        "origin": "manual",
        "value": {**place, "text": words, "labels": [label]},
    }


def _choice(schema: LabelSchema, choice: str) -> dict[str, Any]:
    category = next(one.name for one in schema.categories for name, _ in one.choices if name == choice)
    return {
        "id": category,
        "from_name": category,
        "to_name": TEXT,
        "type": "choices",
        "origin": "manual",
        "value": {"choices": [choice]},
    }
