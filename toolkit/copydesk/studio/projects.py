"""What a project on a Label Studio server is to be goes in; the project, and those that followed it when it was full, come out."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from copydesk.errors import ConfigError, StudioBroken, StudioRefused, StudioTimeout, UsageError
from copydesk.studio.client import Studio
from copydesk.studio.faults import status_of
from copydesk.studio.sending import looked
from copydesk.studio.sharing import number_of

MODEL_VERSION = "copydesk suggestions"
_SOUGHT = 40  # characters that the titles of all projects begin with
_FIX_IN_USE = (
    "put the label that is in use back into schema.toml, or set another title as [studio] project in copydesk.toml, which starts "
    "a new project; labels already pulled are kept, and those that the schema has not are rejected as unknown-label"
)


@dataclass(frozen=True, slots=True)
class ProjectSpec:
    """What the project on the server is to be. ``marker`` stands in its description and tells it from others of that title.

    ``in_order`` says that tasks are served by the scores of their predictions; otherwise it is left as the server has it.
    """

    title: str
    marker: str
    config: str
    instructions: str
    annotators_per_task: int
    most_tasks: int = 20_000  # beyond that, there is a second project, and so on
    in_order: bool = False


def find_project(studio: Studio, project: ProjectSpec) -> dict[str, Any] | None:
    """Give the project on the server with that title and marker as the server describes it, or None.

    One without tasks beside it was made by a request that arrived twice, and does not count. Raises UsageError where there are two.
    """
    found = [one for number, one in _numbered_projects(studio, project).items() if number == 1]
    return found[0] if found else None


def find_projects(studio: Studio, project: ProjectSpec) -> list[dict[str, Any]]:
    """Give the project and those that followed when it was full, in the order of their numbers, as the server describes them.

    Raises UsageError where two have the same number.
    """
    found = _numbered_projects(studio, project)
    return [found[number] for number in sorted(found)]


def _numbered_projects(studio: Studio, project: ProjectSpec) -> dict[int, dict[str, Any]]:
    page, found = 1, []
    title = project.title[:_SOUGHT]  # which the server looks for anywhere in a title
    while True:
        answer = studio.get("api/projects/", params={"title": title, "page": page, "page_size": 100})
        found += [one for one in answer["results"] if _is_marked(one, project)]
        if not answer.get("next"):
            break
        page += 1
    by_number: dict[int, list[dict[str, Any]]] = {}
    for one in found:
        number = number_of(one["title"], project.title)
        if number:
            by_number.setdefault(number, []).append(one)
    return {number: _only(studio, same, project) for number, same in by_number.items()}


def _only(studio: Studio, same: Sequence[dict[str, Any]], project: ProjectSpec) -> dict[str, Any]:
    """Give the one of the projects of one number that counts."""
    used = [one for one in same if one["task_number"]] or sorted(same, key=lambda one: int(one["id"]))[:1]
    if len(used) > 1:
        ids = ", ".join(str(one["id"]) for one in used)
        raise UsageError(
            f"{studio.url} has {len(used)} projects {used[0]['title']!r} of this workspace: {ids}",
            fix=f"remove {project.marker!r} from the description of all but one",
        )
    return used[0]


def _is_marked(described: Mapping[str, Any], project: ProjectSpec) -> bool:
    lines = [line.strip() for line in (described.get("description") or "").splitlines()]
    return project.marker in lines


def wanted_settings(project: ProjectSpec) -> dict[str, Any]:
    """Give the settings of the project that Copydesk keeps as they are meant."""
    return {
        "label_config": project.config,
        "maximum_annotations": project.annotators_per_task,
        "show_instruction": bool(project.instructions),
        "expert_instruction": project.instructions,
        "skip_queue": "REQUEUE_FOR_ME",  # so that a task given back is served again to the one who made it
        "show_collab_predictions": True,
    } | ({"sampling": "Uncertainty sampling"} if project.in_order else {})


def create_project(studio: Studio, project: ProjectSpec, patience: float) -> dict[str, Any]:
    """Make the project, and give it as the server describes it.

    ``patience`` is how many seconds to wait for it to appear after an answer that left open whether it was made.
    """
    if not 3 <= len(project.title) <= 50:
        raise ConfigError(f"project title {project.title!r} has {len(project.title)} characters", fix="use 3 to 50")
    studio.post("api/projects/validate/", json={"label_config": project.config})
    body = {
        "title": project.title,
        "description": project.marker,
        "model_version": MODEL_VERSION,
        **wanted_settings(project),
    }
    try:
        created = studio.post("api/projects/", json=body)
        if not isinstance(created, dict) or "id" not in created:
            raise StudioBroken("Label Studio does not say which project it made", fix="copydesk push")
    except (StudioTimeout, StudioBroken):
        there = looked(lambda: find_project(studio, project), until=bool, patience=patience)
        if there is None:
            raise
        return there
    return created


def update_project(studio: Studio, described: Mapping[str, Any], project: ProjectSpec) -> None:
    """Set the settings that are not as they are meant."""
    changed = {key: value for key, value in wanted_settings(project).items() if described.get(key) != value}
    if changed:
        studio.patch(f"api/projects/{described['id']}/", json=changed)


def show_suggestions(studio: Studio, project_id: int) -> None:
    """Have annotators shown the predictions that are Copydesk's, where there are any."""
    try:
        studio.patch(f"api/projects/{project_id}/", json={"model_version": MODEL_VERSION})
    except StudioRefused as error:
        if status_of(error) != httpx.codes.BAD_REQUEST:  # none has that version, so there is nothing to show
            raise


def check_use(studio: Studio, project_id: int, config: str) -> None:
    """Refuse a configuration that takes away what annotations use; changed without asking, the server lets it through.

    What the project's present configuration lacks already is not taken away: labels that were dropped, and those of drafts that
    were saved otherwise since, which the server goes on counting.
    """
    path = f"api/projects/{project_id}/validate/"
    try:
        studio.post(path, json={"label_config": config})
    except StudioRefused as error:
        if status_of(error) != httpx.codes.BAD_REQUEST:
            raise
        wider = _with_those_gone(studio, project_id, config)
        if wider == config:
            raise StudioRefused(error.message, fix=_FIX_IN_USE) from error
        _check_wider(studio, path, wider)


def _check_wider(studio: Studio, path: str, config: str) -> None:
    try:
        studio.post(path, json={"label_config": config})
    except StudioRefused as error:
        if status_of(error) != httpx.codes.BAD_REQUEST:
            raise
        raise StudioRefused(error.message, fix=_FIX_IN_USE) from error


def _with_those_gone(studio: Studio, project_id: int, config: str) -> str:
    """Give a configuration with the labels that are counted as in use and that the present one has not."""
    present = _labels(ET.fromstring(studio.get(f"api/projects/{project_id}/")["label_config"]))
    summary = studio.get(f"api/projects/{project_id}/summary/")
    root = ET.fromstring(config)
    controls = {one.get("name", ""): one for one in root.iter("Labels")}
    gone = {
        (name, label)
        for counted in (summary["created_labels"], summary["created_labels_drafts"])
        for name, labels in counted.items()
        for label in labels
        if name in controls and label not in present.get(name, ())
    }
    for name, label in sorted(gone):
        ET.SubElement(controls[name], "Label", value=label)
    return ET.tostring(root, encoding="unicode") if gone else config


def _labels(root: ET.Element) -> dict[str, set[str]]:
    return {one.get("name", ""): {label.get("value", "") for label in one} for one in root.iter("Labels")}
