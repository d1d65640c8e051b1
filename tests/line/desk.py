"""A workspace, the command line in it, a real Label Studio, and people who work there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from copydesk.cli import cli
from copydesk.errors import StudioRefused
from copydesk.model.schema import GROUP
from copydesk.studio.client import Studio
from copydesk.studio.codec import region_id
from copydesk.studio.interface import TEXT
from copydesk.studio.listing import list_tasks
from copydesk.studio.people import Person, read_known
from copydesk.workspace import Workspace

TEXTS = {
    "ferry": "The ferry sailed from Tarnmouth to Qaim on Friday. The guild watched. Ester took two dogs along.",
    "bridge": 'A <b>bridge</b> & a "road" \u202eedils\u202c near Halden fell. Nobody was hurt. Ester saw it.',
    "quiet": "Nothing happened in Halden.",
}
ANNA = {"ferry": [("Tarnmouth", "GPE"), ("Qaim", "GPE")], "bridge": [("Halden", "GPE")], "quiet": [("Halden", "GPE")]}
BEN = {"ferry": [("Tarnmouth", "LOC"), ("Qaim", "GPE")], "bridge": [("near Halden", "GPE")], "quiet": []}


class Desk:
    """A workspace, the command line in it, and Label Studio; with three articles, and what two people mark in them."""

    anna = ANNA
    ben = BEN

    def __init__(self, folder: Path, studio: Studio, token: str) -> None:
        self.texts = dict(TEXTS)
        self.folder = folder
        self.studio = studio
        self.token = token

    @property
    def workspace(self) -> Workspace:
        return Workspace.open(self.folder)

    def run(self, *arguments: str) -> dict[str, Any]:
        done = CliRunner().invoke(cli, ["--workspace", str(self.folder), *arguments, "--json"], standalone_mode=False)
        if done.exception:
            raise done.exception
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def say(self, *arguments: str) -> str:
        """What a command says to people."""
        return CliRunner().invoke(cli, ["--workspace", str(self.folder), *arguments]).output

    def person(self, name: str) -> Person:
        return next(
            one for one in read_known(self.workspace.people_file).people if one.name == f"{self.folder.name}-{name}"
        )

    def tasks(self, project: str) -> list[dict[str, Any]]:
        fields = (
            "id",
            "data",
            "annotations",
            "predictions",
            "completed_by",
            "result",
            "was_cancelled",
            "model_version",
        )
        project_id = int(project.rstrip("/").split("/")[-2])
        return [task for page, _ in list_tasks(self.studio, project_id, fields=fields, size=100) for task in page]

    def labelled(self, project: str) -> dict[str, dict[str, Any]]:
        """The tasks of the annotators by the article's name."""
        return {
            name: task for task in self.tasks(project) for name in self.texts if task["data"][TEXT] == self.texts[name]
        }

    def annotate(self, task: Mapping[str, Any], name: str, marks: list[tuple[str, str]], **more: Any) -> dict[str, Any]:
        result = []
        for words, label in marks:
            start = task["data"][TEXT].index(words)
            place = {"start": start, "end": start + len(words)}
            result.append(
                {
                    "id": region_id(*place.values(), label),
                    "from_name": GROUP,
                    "to_name": TEXT,
                    "type": "labels",
                    "value": {**place, "text": words, "labels": [label]},
                }
            )
        return self.submit(task, name, result, **more)

    def read_by_two(self, *names: str) -> tuple[str, dict[str, dict[str, Any]]]:
        """Push, let Anna and Ben mark these articles in their ways, and pull; gives the project, and its tasks as pushed."""
        project = self.run("push")["project"]
        tasks = self.labelled(project)
        for name in names:
            self.annotate(tasks[name], "anna", self.anna[name])
            self.annotate(tasks[name], "ben", self.ben[name])
        self.run("pull")
        return project, tasks

    def submit(self, task: Mapping[str, Any], name: str, result: list[Any], **more: Any) -> dict[str, Any]:
        with self.studio.as_person(self.person(name).token) as own:
            body = {"result": result, "lead_time": 3.0, **more}
            made: dict[str, Any] = own.post(f"api/tasks/{task['id']}/annotations/", json=body)
        return made

    def decide(self, task: Mapping[str, Any], outcome: str, *, cause: str = "", note: str = "") -> None:
        said = [("decision", "choices", {"choices": [outcome]})]
        said += [("cause", "choices", {"choices": [cause]})] if cause else []
        said += [("note", "textarea", {"text": [note]})] if note else []
        items = [
            {"id": f"x{number}", "from_name": name, "to_name": "ctx", "type": kind, "value": value}
            for number, (name, kind, value) in enumerate(said)
        ]
        self.submit(task, "judge", items)

    def served(self, project: str, name: str) -> dict[str, Any] | None:
        """The task that the server gives this person next."""
        number = project.rstrip("/").split("/")[-2]
        with self.studio.as_person(self.person(name).token) as own:
            try:
                task: dict[str, Any] = own.post("api/dm/actions/", params={"id": "next_task", "project": number})
            except StudioRefused:
                return None
        return task

    def agreed(self) -> list[tuple[str, str, str, str]]:
        documents = self.workspace.documents.read("documents", columns=["doc_id", "text"]).to_pylist()
        names = {row["doc_id"]: name for row in documents for name, text in self.texts.items() if row["text"] == text}
        rows = self.workspace.agreed.read("agreed_spans").to_pylist()
        return sorted((names[row["doc_id"]], row["surface"], row["label"], row["decided"]) for row in rows)


def open_desk(folder: Path, studio: Studio, token: str, people: Sequence[str]) -> Desk:
    """Make a workspace, named as its folder, with ``TEXTS`` as articles and an account for each of the people."""
    CliRunner().invoke(cli, ["init", str(folder)])
    settings = folder / "copydesk.toml"
    told = settings.read_text().replace("my-articles", folder.name)
    settings.write_text(told.replace("[publish]\n", "[publish]\npictures = false\n"))
    for title, text in TEXTS.items():
        (folder / f"{title}.txt").write_text(text)
    desk = Desk(folder, studio, token)
    desk.run("ingest", *(str(folder / f"{title}.txt") for title in TEXTS))
    desk.run("people", "add", *(f"{folder.name}-{one}" for one in people))
    return desk
