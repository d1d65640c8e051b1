"""A long article goes to a real Label Studio in several tasks, many go to several projects; both come back as one."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from copydesk.flow import backup, doctor
from copydesk.flow import studio as flow
from copydesk.flow.agree import agree
from copydesk.flow.ingest import ingest
from copydesk.flow.look import status
from copydesk.studio import people, sending
from copydesk.studio.client import Studio
from copydesk.studio.listing import list_tasks
from copydesk.studio.server import Server
from copydesk.workspace import Workspace

STORY = "\n\n".join(
    f"On day {number} the {kind} brigade \N{GRINNING FACE} entered the village number {number * 7}, said officials in {place}."
    for number, (kind, place) in enumerate(
        [
            (kind, place)
            for kind in ("first", "second", "third", "fourth")
            for place in ("Aleppo", "Mosul", "Raqqa", "Homs", "Idlib")
        ],
        1,
    )
)


def quiet(*_: object) -> None:
    pass


class Desk:
    """A workspace whose long article is cut into windows of 500 characters, and people who label it."""

    def __init__(self, workspace: Workspace, studio: Studio) -> None:
        self.workspace, self.studio = workspace, studio

    def write(self, text: str) -> None:
        (self.workspace.root / "seeds" / "story.txt").write_text(text, encoding="utf-8")
        ingest(self.workspace, [], progress=quiet)

    def set(self, name: str, value: int) -> None:
        """Change a setting of [studio]."""
        path = self.workspace.root / "copydesk.toml"
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith(f"{name} = ")]
        lines.insert(lines.index("[studio]") + 1, f"{name} = {value}")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.workspace = Workspace.open(self.workspace.root)

    def push(self) -> Mapping[str, Any]:
        return flow.push(self.workspace, progress=quiet).counts

    def pull(self) -> Mapping[str, Any]:
        return flow.pull(self.workspace, progress=quiet).counts

    def projects(self) -> list[dict[str, Any]]:
        marker = f"copydesk {self.workspace.settings.name} news-entities"
        answer = self.studio.get("api/projects/", params={"page_size": 100})
        found = [one for one in answer["results"] if marker in one["description"].splitlines()]
        return sorted(found, key=lambda one: int(one["id"]))

    def tasks(self) -> list[dict[str, Any]]:
        fields = ("id", "project", "data", "predictions", "result")
        return [
            task
            for project in self.projects()
            for page, _ in list_tasks(self.studio, project["id"], fields=fields, size=50)
            for task in page
        ]

    def annotate(self, task: Mapping[str, Any], *quotes: tuple[str, str], skip: bool = False) -> None:
        text, result = task["data"]["text"], []
        for quote, label in quotes:
            if quote in text:
                value = {
                    "start": text.index(quote),
                    "end": text.index(quote) + len(quote),
                    "text": "?",
                    "labels": [label],
                }
                result.append({"id": quote, "from_name": "entity", "to_name": "text", "type": "labels", "value": value})
        body = {"result": result, "ground_truth": False, "was_cancelled": skip}
        self.studio.post(f"api/tasks/{task['id']}/annotations/", json=body)

    def doctor(self, *, fix: bool = False) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = doctor.doctor(self.workspace, fix=fix, progress=quiet).data["findings"]
        return found

    def spans(self) -> list[tuple[str, int]]:
        found = self.workspace.labels.read("spans")
        return sorted(zip(found["surface"].to_pylist(), found["start"].to_pylist(), strict=True))


@pytest.fixture
def desk(studio_server: Server, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("COPYDESK_STUDIO_TOKEN", studio_server.token)
    root = Workspace.create(tmp_path / "desk").root
    settings = root / "copydesk.toml"
    text = settings.read_text(encoding="utf-8").replace("my-articles", f"w{zlib.crc32(str(tmp_path).encode()):08x}")
    text = text.replace('url = ""', f'url = "{studio_server.url}"')
    settings.write_text(text, encoding="utf-8")
    for seed in (root / "seeds").glob("*.txt"):
        seed.unlink()
    made = Desk(Workspace.open(root), studio)
    made.set("window_chars", 500)
    made.write(STORY)
    return made


MARKED = (("Aleppo", "GPE"), ("Mosul", "GPE"), ("Idlib", "GPE"), ("fourth brigade", "ORG"))


def test_a_long_article_goes_out_in_parts_and_comes_back_as_one_reading(desk: Desk) -> None:
    counts = desk.push()
    tasks = desk.tasks()
    assert counts["pushed"] == counts["tasks"] == len(tasks) > 3
    assert counts["long documents"] == 1
    document = desk.workspace.documents.read("documents").to_pylist()[0]
    assert "".join(task["data"]["text"] for task in tasks) == document["text"].replace("\N{GRINNING FACE}", "□")
    assert {task["data"]["doc_id"] for task in tasks} == {document["doc_id"]}
    assert [task["data"]["review_note"].split(" of a")[0] for task in tasks] == [
        f"Part {number} of {len(tasks)}" for number in range(1, len(tasks) + 1)
    ]
    for task in tasks:
        for one in (one for guess in task["predictions"] for one in guess["result"]):
            there = one["value"]
            assert task["data"]["text"][there["start"] : there["end"]] == there["text"]
    assert desk.push()["pushed"] == 0
    for task in tasks[1:]:
        desk.annotate(task, *MARKED)
    desk.annotate(tasks[0], skip=True)
    counts = desk.pull()
    assert (counts["annotations"], counts["spans"]) == (0, 0)
    rejected = desk.workspace.labels.read("rejected")["reason"].to_pylist()
    assert sorted(set(rejected)) == ["cancelled", "window-missing"]
    desk.annotate(tasks[0], *MARKED)
    counts = desk.pull()
    assert (counts["annotations"], counts["new"]) == (1, 1)
    for surface, start in desk.spans():
        assert document["text"][start : start + len(surface)] == surface
    assert {surface for surface, _ in desk.spans()} == {quote for quote, _ in MARKED}
    assert agree(desk.workspace, progress=quiet).counts["agreed spans"] == len(desk.spans())
    assert status(desk.workspace)["labels"]["reads"] == 1
    found = {one["code"] for one in desk.doctor()}
    assert not found & {"duplicate-task", "text-changed", "unknown-document"}


def test_who_began_a_document_is_asked_for_all_of_its_parts(desk: Desk, studio_server: Server) -> None:
    desk.set("annotators_per_task", 1)
    people.add_people(desk.studio, ["anna"], file=desk.workspace.people_file)
    (anna,) = people.read_people(desk.workspace.people_file)
    desk.push()
    first, *others = desk.tasks()
    with Studio(studio_server.url, anna.token) as own:
        own.post(f"api/tasks/{first['id']}/annotations/", json={"result": [], "ground_truth": False})
        for task in others:
            desk.annotate(task)
        project = desk.projects()[0]["id"]
        (found,) = [one for one in desk.doctor(fix=True) if one["code"] == "scattered-parts"]
        assert found["fixed"]
        assert own.get(f"api/projects/{project}/next/")["id"] in [task["id"] for task in others]
    assert not [one for one in desk.doctor() if one["code"] in {"scattered-parts", "overlap-drift"}]


def test_after_a_correction_the_changed_part_alone_is_asked_again(desk: Desk) -> None:
    desk.push()
    for task in desk.tasks():
        desk.annotate(task, *MARKED)
    before = desk.pull()["spans"]
    desk.write(STORY.replace("On day 12 the", "Officials said that on day 12 the whole"))
    assert desk.pull()["annotations"] == 1, "what was labelled before the correction counts meanwhile"
    count = len(desk.tasks())
    counts = desk.push()
    assert 0 < counts["pushed"] <= 2
    assert counts["superseded"] == count - counts["unchanged for annotators"] <= 2
    for task in desk.tasks()[count:]:
        desk.annotate(task, *MARKED)
    counts = desk.pull()
    assert (counts["annotations"], counts["spans"]) == (1, before)
    assert desk.workspace.labels.read("unread").num_rows == 0
    assert desk.push()["pushed"] == 0


def limited(desk: Desk, most: int, articles: int) -> Desk:
    """The same desk with short articles, and a limit of tasks in a project."""
    desk.set("project_tasks", most)
    (desk.workspace.root / "seeds" / "story.txt").unlink()
    for number in range(articles):
        text = f"Day {number} in Aleppo.\n\nOn day {number} the brigade number {number * 13} entered Mosul, officials said."
        (desk.workspace.root / "seeds" / f"short-{number}.txt").write_text(text, encoding="utf-8")
    ingest(desk.workspace, [], progress=quiet)
    return desk


def test_a_full_project_is_followed_by_another_and_all_are_read_as_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BATCH_TASKS", 4)
    limited(desk, 5, 6)
    desk.write(STORY)  # whose parts stay together
    counts = desk.push()
    projects = desk.projects()
    title = projects[0]["title"]
    assert [one["title"] for one in projects] == [title, *(f"{title} ({n})" for n in range(2, len(projects) + 1))]
    assert sum(one["task_number"] for one in projects) == counts["pushed"] == counts["tasks"]
    assert all(one["task_number"] <= 5 for one in projects)
    assert len(projects) > 1
    parts = {task["data"]["doc_id"]: set[int]() for task in desk.tasks()}
    for task in desk.tasks():
        parts[task["data"]["doc_id"]].add(task["project"])
    assert {len(there) for there in parts.values()} == {1}
    assert desk.push()["pushed"] == 0
    for task in desk.tasks():
        desk.annotate(task, *MARKED)
    done = desk.pull()
    assert (done["annotations"], done["new"]) == (7, counts["pushed"])
    assert "elsewhere" not in done
    assert desk.pull()["new"] == 0
    found = {one["code"] for one in desk.doctor()}
    assert not found & {"duplicate-task", "text-changed", "unknown-document", "settings-drift"}
    desk.set("annotators_per_task", 3)
    desk.push()
    assert {one["maximum_annotations"] for one in desk.projects()} == {3}


def test_a_push_killed_between_the_parts_of_a_document_and_between_projects_goes_on_and_doubles_none(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BATCH_TASKS", 1)
    limited(desk, 4, 4)

    def killed_after(count: int) -> None:
        def stop(_: str, done: int, __: int) -> None:
            if done == count:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            flow.push(desk.workspace, progress=stop)

    killed_after(2)
    killed_after(5)
    counts = desk.push()
    assert counts["there already"] == 5
    shown = [(task["data"]["doc_id"], task["data"].get("window_start")) for task in desk.tasks()]
    assert len(shown) == len(set(shown)) == counts["tasks"] == counts["pushed"] + 5
    assert all(one["task_number"] <= 4 for one in desk.projects())
    assert len(desk.projects()) > 1


def test_a_backup_keeps_all_projects_and_a_restore_makes_all_of_them(desk: Desk) -> None:
    limited(desk, 3, 4)
    desk.push()
    for task in desk.tasks():
        desk.annotate(task, *MARKED)
    kept = backup.backup(desk.workspace, progress=quiet)
    assert kept.counts["tasks"] == len(desk.tasks())
    assert not backup.backup(desk.workspace, progress=quiet).changed
    before = [(one["title"], one["task_number"]) for one in desk.projects()]
    for one in desk.projects():
        desk.studio.delete(f"api/projects/{one['id']}/")
    done = backup.restore(desk.workspace, number=0, title="", progress=quiet)
    assert (done.counts["differences"], done.counts["sent"]) == (0, kept.counts["tasks"])
    there = desk.studio.get("api/projects/", params={"page_size": 100, "title": before[0][0]})["results"]
    assert sorted((one["title"], one["task_number"]) for one in there) == before
    assert desk.push()["pushed"] == 0


def test_another_limit_sends_nothing_again_that_is_there(desk: Desk) -> None:
    desk.push()
    for most in (300, 100_000):
        desk.set("window_chars", most)
        assert desk.push()["pushed"] == 0
