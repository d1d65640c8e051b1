"""A plan for a schema's labels is carried out: on Label Studio's configuration, annotations and predictions, and in the workspace.

The order is such that a run that is killed anywhere is finished by the next: the plan is written down first; Label Studio is told
every label, old and new; what is marked is changed, each change written down before it is made; only when nothing is left under an
old label are the schema and Label Studio's configuration narrowed. The pull log keeps every label as it was, beside what it became.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import StudioRefused, UsageError
from copydesk.flow.connect import connected, project_spec
from copydesk.flow.journal import Journal, last_journal, new_journal
from copydesk.flow.labels import read_labels
from copydesk.flow.migrate_log import migrate_log
from copydesk.flow.report import Report
from copydesk.flow.schemas import refusal
from copydesk.flow.studio import pull_from
from copydesk.model.guidelines import named
from copydesk.model.migration import (
    Plan,
    backwards,
    became,
    check_plan,
    forwards,
    guidelines_after,
    migrated,
    pending,
    widened,
)
from copydesk.model.progress import Progress
from copydesk.model.schema import LabelSchema
from copydesk.model.schema_text import rewritten
from copydesk.model.toml_text import to_toml
from copydesk.store import locked, read_text, translated, write_file
from copydesk.studio import review
from copydesk.studio.client import Studio
from copydesk.studio.interface import check_config, instructions, to_config
from copydesk.studio.projects import find_projects
from copydesk.studio.pull import pull_whole
from copydesk.studio.relabel import Chosen, Tell, Touched, sweep
from copydesk.studio.states import Project
from copydesk.workspace import Workspace

_FILES = ("schema.toml", "guidelines.md", "names.tsv")
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a migration works on."""

    workspace: Workspace
    studio: Studio
    projects: Sequence[Mapping[str, Any]]
    progress: Progress


def migrate(workspace: Workspace, plan: Plan | None, *, apply: bool, progress: Progress) -> Report:
    """Carry a plan out, or with ``apply`` False count what it would touch; without a plan, go on with the last one.

    Going on with one that is done sweeps up what was submitted under an old label since. Raises SchemaError for a plan that does
    not fit, UsageError where another one is not finished, StudioRefused for a configuration that Label Studio does not take:
    before anything is written.
    """
    with locked(workspace.lock), connected(workspace) as studio:
        desk = _desk(workspace, studio, progress)
        journal = last_journal(workspace.migrations)
        if journal and (
            journal.state == "undoing" or (journal.state == "running" and plan not in (None, journal.plan))
        ):
            raise UsageError(
                f"migration {journal.number} is not finished",
                fix="copydesk schema migrate --apply goes on with it, and --undo takes it back"
                if journal.state == "running"
                else "copydesk schema migrate --undo",
            )
        if plan is None or (journal and journal.state == "running"):
            if journal is None or journal.state == "undone":
                raise UsageError("there is no migration to go on with", fix="name a plan")
            if apply and journal.state == "done":
                return _late(desk, journal)
            return _forward(desk, journal) if apply else _dry(desk, journal.plan, journal.before)
        files = _files(workspace)
        _see_whether_it_fits(desk, plan, files)
        return _forward(desk, new_journal(workspace.migrations, plan, files)) if apply else _dry(desk, plan, files)


def undo(workspace: Workspace, *, progress: Progress) -> Report:
    """Take the last migration back: labels, configuration and schema are as they were; what was marked since is kept.

    Raises UsageError where there is none, or where the schema was changed by hand since.
    """
    with locked(workspace.lock), connected(workspace) as studio:
        journal = last_journal(workspace.migrations)
        if journal is None or journal.state == "undone":
            raise UsageError("there is no migration to take back", fix="copydesk schema migrate makes one")
        if journal.state == "done" and journal.after != _files(workspace):
            raise UsageError(
                f"schemas/{workspace.schema_name} was changed since migration {journal.number}",
                fix="put schema.toml and guidelines.md back as they were then, or write a plan that leads back",
            )
        return _backward(_desk(workspace, studio, progress), journal)


def _desk(workspace: Workspace, studio: Studio, progress: Progress) -> _Desk:
    return _Desk(workspace, studio, find_projects(studio, project_spec(workspace, workspace.schema())), progress)


def _see_whether_it_fits(desk: _Desk, plan: Plan, files: Mapping[str, str]) -> None:
    data = tomllib.loads(files["schema.toml"])
    check_plan(plan, data)
    written = [_written(made(data, plan), files, plan) for made in (pending, migrated)]
    schemas = [_schema(tomllib.loads(one["schema.toml"]), one["guidelines.md"]) for one in written]
    for schema in (_schema(widened(data, plan), files["guidelines.md"]), *schemas):
        check_config(to_config(schema))
        instructions(schema)  # which refuses examples that the schema does not allow
        said = refusal(desk.studio, to_config(schema))
        if said:
            raise StudioRefused(f"Label Studio does not take schema {schema.name}: {said}", fix="correct the plan")


def _dry(desk: _Desk, plan: Plan, files: Mapping[str, str]) -> Report:
    touched = _sweep(desk, plan, _forwards(plan, {}), None)
    elsewhere = migrate_log(desk.workspace.pulls, _keys(desk), _forwards(plan, {}), tell=None)
    version = migrated(tomllib.loads(files["schema.toml"]), plan)["version"]
    report = _report("migrate", touched, elsewhere, waiting=len(touched.open), version=version)
    counts = {**report.counts, **_in_the_workspace(desk.workspace, plan)}
    lines = (*report.lines, "nothing was written (fix: say --apply)")
    return replace(report, counts=counts, changed=False, lines=lines)


def _in_the_workspace(workspace: Workspace, plan: Plan) -> dict[str, int]:
    """Count the annotators' labels, as they were read last, that a plan touches: spans, and relations that join one of them."""
    spans, relations = (workspace.labels.read(name) for name in ("spans", "relations"))
    old = pa.array([*plan.moved, *plan.split, *plan.drops], pa.string())
    touched = spans.filter(pc.is_in(spans["label"], old))
    ids = set(zip(touched["annotation_id"].to_pylist(), touched["span_id"].to_pylist(), strict=True))
    ends = zip(
        *(relations[name].to_pylist() for name in ("annotation_id", "head_span_id", "tail_span_id")), strict=True
    )
    joined = sum((annotation, head) in ids or (annotation, tail) in ids for annotation, head, tail in ends)
    return {"spans in the workspace": touched.num_rows, **({"relations of these": joined} if joined else {})}


def _late(desk: _Desk, journal: Journal) -> Report:
    """Change what was submitted under an old label after a migration was done; the schema stays as it is."""
    spec = review.review_spec(project_spec(desk.workspace, desk.workspace.schema()), journal.number)
    decided = review.decided(desk.studio, spec) if journal.plan.split else {}
    chosen = _forwards(journal.plan, decided)
    touched = _swept(desk, journal, journal.plan, chosen)
    elsewhere = migrate_log(desk.workspace.pulls, _keys(desk), chosen, tell=journal.tell)
    _pull(desk)
    version = desk.workspace.schema().version
    report = _report("migrate", touched, elsewhere, waiting=len(touched.open), version=version)
    return replace(report, data={**report.data, "migration": journal.number})


def _see_that_nobody_wrote(workspace: Workspace, journal: Journal) -> None:
    """Refuse to go on where a file of the schema is none of those that the migration wrote, or found."""
    data = tomllib.loads(journal.before["schema.toml"])
    own = [_written(made(data, journal.plan), journal.before, journal.plan) for made in (pending, migrated)]
    for name in _FILES:
        text = read_text(workspace.schema_folder() / name, missing="")
        if text not in {journal.before[name], *(files[name] for files in own)}:
            raise UsageError(
                f"schemas/{workspace.schema_name}/{name} was changed while migration {journal.number} was not finished",
                fix="put it back as it was, finish the migration, and change it then",
            )


def _forward(desk: _Desk, journal: Journal) -> Report:
    _see_that_nobody_wrote(desk.workspace, journal)
    plan, data = journal.plan, tomllib.loads(journal.before["schema.toml"])
    spec = review.review_spec(project_spec(desk.workspace, _schema(data, "")), journal.number)
    lines: tuple[str, ...] = ()
    decided = review.decided(desk.studio, spec) if plan.split else {}
    chosen = _forwards(plan, decided)
    _configure(desk, _schema(widened(data, plan), journal.before["guidelines.md"]))
    touched = _swept(desk, journal, plan, chosen)
    waiting = len(touched.open)
    if waiting:
        number = review.ask(desk.studio, spec, plan, touched.open)
        url = f"{desk.studio.url.rstrip('/')}/projects/{number}/data"
        lines = (f"review: {url}", "waiting: when the spans are decided there, copydesk schema migrate --apply goes on")
    files = _written(pending(data, plan) if waiting else migrated(data, plan), journal.before, plan)
    _put(desk.workspace, files)
    _configure(desk, _schema(tomllib.loads(files["schema.toml"]), files["guidelines.md"]))
    late = _swept(desk, journal, plan, chosen)  # what was submitted while the configuration was changed
    touched.add(late)
    waiting = max(waiting, len(late.open))
    elsewhere = migrate_log(desk.workspace.pulls, _keys(desk), chosen, tell=journal.tell)
    _pull(desk)
    if not waiting:
        journal.finish("done", after=files)
    version = tomllib.loads(files["schema.toml"])["version"]
    report = _report("migrate", touched, elsewhere, waiting=waiting, version=version)
    return replace(report, lines=(*lines, *report.lines), data={**report.data, "migration": journal.number})


def _backward(desk: _Desk, journal: Journal) -> Report:
    plan, data = journal.plan, tomllib.loads(journal.before["schema.toml"])
    journal.finish("undoing")
    changed, removed = journal.changed()
    known = [row["name"] for row in data["labels"]]

    def chosen(kind: str, number: int | str, task_id: int) -> tuple[Any, list[dict[str, Any]]]:
        key = (kind, str(number))
        return backwards(plan, changed.get(key, {}), known), removed.get(key, [])

    nothing = Plan()
    _configure(desk, _schema(widened(data, plan), journal.before["guidelines.md"]))
    touched = _swept(desk, journal, nothing, chosen, silent=True)
    _put(desk.workspace, journal.before)
    _configure(desk, _schema(data, journal.before["guidelines.md"]))
    touched.add(_swept(desk, journal, nothing, chosen, silent=True))
    elsewhere = migrate_log(desk.workspace.pulls, _keys(desk), chosen, tell=lambda _: None)
    _pull(desk)
    journal.finish("undone")
    report = _report("undo", touched, elsewhere, waiting=0, version=data["version"])
    return replace(report, data={**report.data, "migration": journal.number})


def _forwards(plan: Plan, decided: Mapping[tuple[Any, ...], str]) -> Chosen:
    def chosen(kind: str, _number: int | str, task_id: int) -> tuple[Any, list[dict[str, Any]]]:
        return forwards(plan, decided, task_id, guessed=kind == "predictions"), []

    return chosen


def _swept(desk: _Desk, journal: Journal, plan: Plan, chosen: Chosen, *, silent: bool = False) -> Touched:
    """Sweep until nothing is left to change: people go on submitting meanwhile."""
    total = Touched()
    for _ in range(_ROUNDS):
        once = _sweep(desk, plan, chosen, (lambda _: None) if silent else journal.tell)
        total.add(once)
        total.open, total.dropped = once.open, once.dropped
        if not once.total:
            return total
    return total


def _sweep(desk: _Desk, plan: Plan, chosen: Chosen, tell: Tell | None) -> Touched:
    """Go over all projects once."""
    found = Touched()
    for project in desk.projects:
        one = sweep(desk.studio, int(project["id"]), plan=plan, chosen=chosen, tell=tell, progress=desk.progress)
        found.add(one)
        found.open |= one.open
        for label, count in one.dropped.items():
            found.dropped[label] = found.dropped.get(label, 0) + count
    return found


def _configure(desk: _Desk, schema: LabelSchema) -> None:
    """Tell Label Studio a schema, in each project that has another."""
    body = {"label_config": to_config(schema), "expert_instruction": instructions(schema)}
    for project in desk.projects:
        path = f"api/projects/{project['id']}/"
        now = desk.studio.get(path, params={"include": "id,label_config,expert_instruction"})
        changed = {key: value for key, value in body.items() if now.get(key) != value}
        if changed:
            desk.studio.patch(path, json=changed)


def _keys(desk: _Desk) -> list[str]:
    return [Project.of(one).key for one in desk.projects]


def _pull(desk: _Desk) -> None:
    """Bring the workspace's labels to what the server has now."""
    if desk.projects:
        pull_from(desk.studio, desk.workspace, pull_whole, progress=desk.progress)
    else:
        read_labels(desk.workspace)


def _schema(data: Mapping[str, Any], guidelines: str) -> LabelSchema:
    return LabelSchema.read(data, place="the schema by the plan", guidelines=guidelines)


def _files(workspace: Workspace) -> dict[str, str]:
    folder = workspace.schema_folder()
    workspace.schema()  # refused here where it is wrong
    return {name: read_text(folder / name, missing="") for name in _FILES}


def _put(workspace: Workspace, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = workspace.schema_folder() / name
        if text:
            write_file(path, text.encode())
        else:  # an empty text stands for a file that was not there
            with translated(path, "remove"):
                path.unlink(missing_ok=True)


def _written(data: Mapping[str, Any], before: Mapping[str, str], plan: Plan) -> dict[str, str]:
    labels = [row["name"] for row in data["labels"]]
    into = became(plan, labels)
    text = rewritten(before["schema.toml"], data, lambda label: into.get(label, (label,)))
    return {
        "schema.toml": text or _anew(data, before["schema.toml"]),
        "guidelines.md": _guidelines(before["guidelines.md"], data["labels"], plan),
        "names.tsv": "".join(_name_line(line, labels, plan) for line in before["names.tsv"].splitlines(keepends=True)),
    }


def _anew(data: Mapping[str, Any], before: str) -> str:
    """Write a schema whose file cannot be changed in place; of its comments, those that it begins with stay."""
    lines = before.splitlines()
    first = next((place for place, line in enumerate(lines) if line.strip() and not line.startswith("#")), 0)
    opening = "\n".join(lines[:first]).strip("\n")
    return (f"{opening}\n\n" if opening else "") + to_toml(data)


def _name_line(line: str, labels: Sequence[str], plan: Plan) -> str:
    """Give a line of ``names.tsv`` under the label that it has now; where none is sure, it is kept as a comment."""
    fields = line.split("\t")
    if line.startswith("#") or len(fields) < 2:
        return line
    label = plan.moved.get(fields[1].strip(), fields[1].strip())
    return "\t".join([fields[0], label, *fields[2:]]) if label in labels else f"# {line}"


def _guidelines(text: str, labels: Sequence[Mapping[str, Any]], plan: Plan) -> str:
    """Say renamed labels by their new names, also in examples, and add a section for each label that has none."""
    text = guidelines_after(text, plan, [label["name"] for label in labels])
    for old, new in plan.renames:
        text = named(old).sub(new, text)
    for label in labels:
        if not named(label["name"]).search(text):
            key = label.get("hotkey") or "-"
            text = f"{text.rstrip()}\n\n## {label['name']}, key {key}\n\n- {label['definition']}\n"
    return text


def _report(stage: str, touched: Touched, elsewhere: int, *, waiting: int, version: str) -> Report:
    counts = {
        **touched.kinds,
        "regions": sum(touched.regions.values()),
        **({"dropped regions": sum(touched.dropped.values())} if touched.dropped else {}),
        **({"in the log alone": elsewhere} if elsewhere else {}),
        **({"spans waiting for a person": waiting} if waiting else {}),
    }
    regions = [
        f"{old or '-'} → {new or 'taken out'}: {count:,}" for (old, new), count in sorted(touched.regions.items())
    ]
    drops = [
        f"{label}: {count:,} regions stay on Label Studio and in the log, and are rejected as unknown-label"
        for label, count in sorted(touched.dropped.items())
    ]
    data = {"version": version, "waiting": waiting, "regions": regions}
    changed = bool(touched.total or elsewhere or stage == "migrate")
    return Report(stage, counts, changed=changed, lines=(*regions, *drops, f"schema version: {version}"), data=data)
