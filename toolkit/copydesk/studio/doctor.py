"""A project on the server goes in, what is wrong with it comes out, and what may be mended by a program is mended.

Every task is looked at once, in pages; nothing is written but by ``mend``, which changes settings of the project and of tasks
and never touches what a person marked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from copydesk.model.finding import Finding, Gathered
from copydesk.model.progress import Progress
from copydesk.model.windows import Place
from copydesk.studio.asking import ask_of
from copydesk.studio.backend_project import faults_of, remove_backends
from copydesk.studio.client import Studio
from copydesk.studio.giving_back import SENT_BACK
from copydesk.studio.interface import NOTE, TEXT
from copydesk.studio.listing import list_tasks
from copydesk.studio.projects import MODEL_VERSION, ProjectSpec, wanted_settings
from copydesk.studio.release import TRIED, fault_of
from copydesk.studio.scattered import Parts
from copydesk.studio.votes import History, text_sha256_of
from copydesk.studio.windows import WHOLE, place_of

PAGE = 250
Shown = tuple[str, str, Place]  # a document, its text's digest, and what of it a task shows
_FIELDS = (
    "id", "data", "annotations", "overlap", "result", "completed_by", "lead_time", "was_cancelled", "ground_truth",
)  # fmt: skip
_SHOWN = 10  # ids in a sentence

MENDS = {
    "untested-release": f"use a community server of release {TRIED}, with which everything was tried",
    "config-drift": "copydesk push (it refuses where a label that is in use would go)",
    "settings-drift": "copydesk push, or copydesk doctor --fix",
    "hidden-predictions": "copydesk doctor --fix (the project then shows the suggestions of copydesk push)",
    "dead-backend": "start copydesk backend again, or copydesk doctor --fix (the project then shows what was sent)",
    "changed-backend": "copydesk doctor --fix (it is asked no longer), then copydesk backend",
    "orphan-label": "put the label back into schema.toml and copydesk push; until then pull rejects it as unknown-label",
    "unknown-control": "have it marked again with the labels of the schema; pull rejects it, and keeps it in the log",
    "invalid-offsets": "have it marked again; pull rejects it, and keeps it in the log",
    "broken-relation": "have the relation drawn again; pull rejects it, and keeps it in the log",
    "ground-truth": "copydesk doctor --fix where no person drew it; the others in Label Studio (the star of the annotation)",
    "overlap-drift": "copydesk doctor --fix (each task is then asked of as many people as the settings say, or gold is asked of)",
    "scattered-parts": "copydesk doctor --fix (all parts of the document are then asked of everybody who began it)",
    "duplicate-task": "copydesk push (it removes those that nobody touched); labels of all others are pulled, and the newest of each person count",
    "two-annotations": "nothing is lost: the one updated last counts; in Label Studio, delete the other one if it was a mistake",
    "text-changed": "in Label Studio, delete the task, then copydesk push; labels on the changed text are rejected, and kept in the log",
    "unknown-document": "copydesk ingest of its article, or delete the task in Label Studio; pull rejects its labels, and keeps them",
}
"""What mends each finding about a project, by code, in the order in which they are told."""


def examine(
    studio: Studio,
    project: Mapping[str, Any],
    spec: ProjectSpec,
    *,
    histories: Mapping[str, History],
    keys: Counter[Shown],
    asked: Mapping[str, int],
    progress: Progress,
) -> Gathered:
    """Look at a project and all its tasks.

    ``project`` is as the server describes it, ``spec`` what it is to be, and ``histories`` the texts that the workspace has.
    ``keys`` counts what the tasks show, over all projects that are examined; ``asked`` names the documents that more people are
    asked to read than others.
    """
    found = Gathered(MENDS)
    _settings(studio, project, spec, found)
    controls = project["parsed_label_config"]
    parts = Parts()
    done = 0
    for page, left in list_tasks(studio, int(project["id"]), fields=_FIELDS, size=PAGE):
        progress("doctor", done, done + left)
        for task in page:
            _task(task, found, histories=histories, keys=keys)
            if not parts.take(task):
                people = asked.get(str(task["data"].get("doc_id", "")), spec.annotators_per_task)
                _overlap(task, people, found)
            for annotation in task["annotations"]:
                _annotation(task, annotation, found, controls=controls)
            _people(task, found)
        done += len(page)
    progress("doctor", done, done)
    parts.tell(found, annotators=spec.annotators_per_task)
    return found


def mend(studio: Studio, project: Mapping[str, Any], spec: ProjectSpec, found: Gathered) -> list[Finding]:
    """Mend what may be mended without a person, and give all findings, those with what was done.

    Where only some of a code may be mended, they and the others are two findings.
    """
    done = []
    for finding in found.findings():
        fixed = _mended(studio, project, spec, found, finding)
        mended = len(found.ids.get(finding.code, [])) if finding.code == "ground-truth" else finding.count
        if fixed:
            done.append(replace(finding, count=mended, fixed=fixed))
        if not fixed or mended < finding.count:
            done.append(replace(finding, count=finding.count - mended if fixed else finding.count))
    return done


def _mended(studio: Studio, project: Mapping[str, Any], spec: ProjectSpec, found: Gathered, finding: Finding) -> str:
    ids = found.ids.get(finding.code, [])
    path = f"api/projects/{project['id']}/"
    if finding.code == "settings-drift":
        drift = _drift(project, spec)
        studio.patch(path, json=drift)
        return f"set {', '.join(drift)} as they are meant"
    if finding.code == "hidden-predictions":
        studio.patch(path, json={"model_version": MODEL_VERSION, "show_collab_predictions": True})
        return f"the project shows {MODEL_VERSION!r}"
    if finding.code in {"dead-backend", "changed-backend"}:
        remove_backends(studio, project["id"], ids)
        return f"asked no longer: backends {_listed(ids)}; the project shows {MODEL_VERSION!r}"
    if finding.code in {"overlap-drift", "scattered-parts"}:
        for task_id in ids:
            ask_of(studio, task_id, found.numbers[task_id])
        is_scattered = finding.code == "scattered-parts"
        few = f"{spec.annotators_per_task} people, or as many as gold is asked of"
        return f"asked of {'everybody who began the document' if is_scattered else few}: tasks {_listed(ids)}"
    if finding.code == "ground-truth" and ids:
        for annotation_id in ids:
            studio.patch(f"api/annotations/{annotation_id}/", json={"ground_truth": False})
        return f"no ground truth any more: annotations {_listed(ids)}"
    return ""


def _listed(ids: Sequence[int]) -> str:
    shown = ", ".join(map(str, ids[:_SHOWN]))
    return f"{shown} and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else shown


def _drift(project: Mapping[str, Any], spec: ProjectSpec) -> dict[str, Any]:
    """Give the settings that are not as they are meant, but for the configuration, which only push may change."""
    wanted = wanted_settings(spec)
    return {key: value for key, value in wanted.items() if key != "label_config" and project.get(key) != value}


def _settings(studio: Studio, project: Mapping[str, Any], spec: ProjectSpec, found: Gathered) -> None:
    fault = fault_of(studio.about())
    if fault:
        found.add("untested-release", f"{studio.url} {fault[0]}")
    if project["label_config"] != spec.config:
        found.add("config-drift", f"project {project['id']} is set up otherwise than the schema says")
    for key, value in _drift(project, spec).items():
        if key != "show_collab_predictions":
            found.add("settings-drift", f"{key} is {str(project.get(key))[:40]!r}, not {str(value)[:40]!r}")
    for code, told, backend_id in faults_of(studio, project["id"]):
        found.add(code, told, item=backend_id)
    versions = studio.get(f"api/projects/{project['id']}/model-versions", params={"extended": "true"})
    for version in versions["static"]:
        hidden = version["model_version"] != project["model_version"] or not project["show_collab_predictions"]
        if version["model_version"] == MODEL_VERSION and hidden:
            shown = repr(project["model_version"]) if project["show_collab_predictions"] else "none"
            found.add(
                "hidden-predictions",
                f"{version['count']} of {MODEL_VERSION!r} are there, and the project shows {shown}",
            )


def _overlap(task: Mapping[str, Any], people: int, found: Gathered) -> None:
    is_out = SENT_BACK in str(task["data"].get(NOTE, ""))  # nobody else is asked until it is submitted again
    if task["overlap"] != people and not is_out:
        example = f"task {task['id']} is asked of {task['overlap']} people, not {people}"
        found.add("overlap-drift", example, item=task["id"])
        found.numbers[task["id"]] = people


def _task(task: Mapping[str, Any], found: Gathered, *, histories: Mapping[str, History], keys: Counter[Shown]) -> None:
    place = f"task {task['id']}"
    data = task["data"]
    doc_id, digest = str(data.get("doc_id", "")), str(data.get("text_sha256", ""))
    part = place_of(data)
    keys[doc_id, digest, part] += 1
    if keys[doc_id, digest, part] > 1:
        what = "the same text" if part == WHOLE else f"the same part of its text, {part[0]} to {part[1]}"
        found.add("duplicate-task", f"{place} is document {doc_id!r} again, with {what}", item=task["id"])
    history = histories.get(doc_id)
    version = history.versions.get(digest) if history else None
    if version is None:
        found.add("unknown-document", f"{place} is of document {doc_id!r}, which is not here with that text")
    elif text_sha256_of(str(data.get(TEXT, ""))) != version.shown_sha256_of(None if part == WHOLE else part):
        marked = len(task["annotations"])
        found.add("text-changed", f"{place}, document {doc_id!r}, has another text now, and {marked} annotations")


def _annotation(
    task: Mapping[str, Any], annotation: Mapping[str, Any], found: Gathered, *, controls: Mapping[str, Any]
) -> None:
    place = f"task {task['id']}, annotation {annotation['id']}"
    if annotation["ground_truth"]:
        drawn = annotation["lead_time"] is not None  # a person sat in the editor
        found.add("ground-truth", f"{place} is ground truth", item=None if drawn else annotation["id"])
    length = len(str(task["data"].get(TEXT, "")))
    regions = {item.get("id") for item in annotation["result"] if isinstance(item, dict)}
    for item in annotation["result"]:
        for code, detail in _faults(item, controls=controls, length=length, regions=regions):
            found.add(code, f"{place}: {detail}")


def _faults(item: object, *, controls: Mapping[str, Any], length: int, regions: set[Any]) -> Iterator[tuple[str, str]]:
    """Say what is wrong with one item of a result, as code and sentence."""
    if not isinstance(item, dict):
        yield "unknown-control", f"{str(item)[:60]!r} is no region"
        return
    if item.get("type") == "relation":
        lost = [str(item.get(end)) for end in ("from_id", "to_id") if item.get(end) not in regions]
        if lost:
            yield "broken-relation", f"a relation of region {lost[0]!r}, which is not there"
        return
    control = controls.get(str(item.get("from_name")))
    value = item.get("value")
    if control is None or not isinstance(value, dict):
        yield "unknown-control", f"control {item.get('from_name')!r} is not in the configuration"
        return
    named = value.get("labels") or value.get("choices") or []
    for label in named if isinstance(named, list) else [named]:
        if control["labels"] and label not in control["labels"]:
            yield "orphan-label", f"{label!r} of {item['from_name']!r} is not in the configuration"
    if "start" in value or "labels" in value:
        start, end = value.get("start"), value.get("end")
        if not (type(start) is int and type(end) is int and 0 <= start < end <= length):
            yield "invalid-offsets", f"[{start}:{end}] in a text of {length} characters"


def _people(task: Mapping[str, Any], found: Gathered) -> None:
    live = Counter(str(one["completed_by"]) for one in task["annotations"] if not one["was_cancelled"])
    for user, times in live.items():
        if times > 1:
            found.add("two-annotations", f"task {task['id']} has {times} live annotations by user {user}")
