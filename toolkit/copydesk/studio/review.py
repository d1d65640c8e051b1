"""Spans whose label is split go in, a project with one small task for each comes out, and what people decided there.

A span is asked about once, however many people marked it; who asked for a split may show the tasks to anybody.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from typing import Any

from copydesk.model.migration import Plan
from copydesk.studio.client import Studio
from copydesk.studio.interface import TEXT
from copydesk.studio.listing import list_tasks
from copydesk.studio.projects import ProjectSpec, find_project
from copydesk.studio.sending import Sender

_AROUND = 200  # code points of the text that are shown on either side of a span
_SIZE = 500
Place = tuple[Any, ...]


class _ReviewTask:
    """One task as it is sent."""

    def __init__(self, place: Place, body: Mapping[str, Any]) -> None:
        self.place = place
        self.name = f"span {place}"
        self.body = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def review_spec(project: ProjectSpec, number: int) -> ProjectSpec:
    """Say what the project is in which the spans of the n-th migration are decided."""
    title = f"{project.title[:38]}: split {number}"
    return ProjectSpec(title, f"{project.marker} split {number}", _config(), "", 1)


def ask(studio: Studio, spec: ProjectSpec, plan: Plan, spans: Mapping[Place, Mapping[str, Any]]) -> int:
    """See to it that there is one task for each span, and make the project if need be; gives its id."""
    found = find_project(studio, spec)
    if found is None:
        body = {"title": spec.title, "description": spec.marker, "label_config": spec.config, "maximum_annotations": 1}
        found = studio.post("api/projects/", json=body)
    project_id = int(found["id"])

    def missing(tasks: Iterable[_ReviewTask]) -> list[_ReviewTask]:
        there = {place for place, _ in _listed(studio, project_id)}
        return [task for task in tasks if task.place not in there]

    wanted = missing([_ReviewTask(place, {"data": _data(place, task, plan)}) for place, task in sorted(spans.items())])
    sender = Sender(studio, project_id, missing=missing, patience=30.0)
    for first in range(0, len(wanted), _SIZE):
        sender.send(wanted[first : first + _SIZE])
    return project_id


def decided(studio: Studio, spec: ProjectSpec) -> dict[Place, str]:
    """Give what people decided, the last word on each span."""
    found = find_project(studio, spec)
    return {} if found is None else {place: label for place, label in _listed(studio, int(found["id"])) if label}


def _listed(studio: Studio, project_id: int) -> list[tuple[Place, str]]:
    fields = ("id", "data", "annotations", "result", "was_cancelled")
    return [
        (tuple(json.loads(task["data"]["place"])), _decision(task))
        for page, _ in list_tasks(studio, project_id, fields=fields, size=_SIZE)
        for task in page
    ]


def _decision(task: Mapping[str, Any]) -> str:
    counted = [one for one in task["annotations"] if not one["was_cancelled"]]
    made = max(counted, key=lambda one: int(one["id"]), default=None)
    chosen = [choice for one in (made["result"] if made else []) for choice in one["value"].get("choices", [])]
    return chosen[0] if chosen and chosen[0] in task["data"]["names"] else ""


def _data(place: Place, task: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    _, start, end, label = place
    text = task["data"].get(TEXT, "")
    names = list(plan.split[label])
    shown = f"{text[max(start - _AROUND, 0) : start]}⟦{text[start:end]}⟧{text[end : end + _AROUND]}"
    return {
        TEXT: shown,
        "question": f"{label} is split: what is ⟦{text[start:end]}⟧?",
        "place": json.dumps(place),
        "names": names,
        "choices": [{"value": name} for name in names],
    }


def _config() -> str:
    root = ET.Element("View")
    ET.SubElement(root, "Header", value="$question")
    ET.SubElement(
        root, "Choices", name="decision", toName=TEXT, choice="single-radio", required="true", value="$choices"
    )
    ET.SubElement(root, "Text", name=TEXT, value=f"${TEXT}")
    return ET.tostring(root, encoding="unicode")
