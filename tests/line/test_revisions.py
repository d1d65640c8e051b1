"""A corrected article, from its file to Label Studio and back: only what changed is asked again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from copydesk.studio.client import Studio
from copydesk.studio.listing import list_tasks
from copydesk.studio.server import Server

Shell = Callable[..., CompletedProcess[str]]
STORY = """Army retakes Qaim

BAGHDAD, May 3 - Iraqi forces took the town of Qaim on Friday, said Gen. Abdul Karim.

The town lies on the Euphrates, close to the border with Syria.

Rebels fled across the river, officials in Mosul told reporters.
"""


class Desk:
    """A workspace with one story, a project on the server, and one annotator."""

    def __init__(self, folder: Path, studio: Studio, server: Server, shell: Shell) -> None:
        self.folder, self.studio, self.server, self.shell = folder, studio, server, shell

    def write(self, text: str) -> None:
        (self.folder / "seeds" / "story.txt").write_text(text, encoding="utf-8")
        assert self.run("ingest --json")

    def run(self, command: str) -> dict[str, Any]:
        done = self.shell(f"COPYDESK_STUDIO_TOKEN={self.server.token} copydesk {command}", cwd=self.folder)
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def tasks(self) -> list[dict[str, Any]]:
        title = self.folder.parent.name[:20]
        (project,) = [
            one
            for one in self.studio.get("api/projects/", params={"title": title})["results"]
            if one["title"].startswith(f"{title}: ")
        ]
        pages = list_tasks(self.studio, project["id"], fields=("id", "data", "predictions"), size=10)
        return sorted((task for page, _ in pages for task in page), key=lambda task: task["data"]["revision"])

    def annotate(self, task: dict[str, Any], *labels: tuple[str, str]) -> None:
        text = task["data"]["text"]
        result = []
        for quote, label in labels:
            start = text.index(quote)
            value = {"start": start, "end": start + len(quote), "text": quote, "labels": [label]}
            result.append({"id": quote, "from_name": "entity", "to_name": "text", "type": "labels", "value": value})
        self.submit(task, result)

    def submit(self, task: dict[str, Any], result: list[dict[str, Any]]) -> None:
        self.studio.post(f"api/tasks/{task['id']}/annotations/", json={"result": result, "ground_truth": False})


@pytest.fixture
def desk(studio_server: Server, studio: Studio, tmp_path: Path, shell: Shell) -> Desk:
    assert shell("copydesk init desk", cwd=tmp_path).returncode == 0
    settings = tmp_path / "desk" / "copydesk.toml"
    text = settings.read_text(encoding="utf-8")
    text = text.replace('url = ""', f'url = "{studio_server.url}"').replace("my-articles", tmp_path.name[:20])
    settings.write_text(text, encoding="utf-8")
    for seed in (tmp_path / "desk" / "seeds").glob("*.txt"):
        seed.unlink()
    made = Desk(tmp_path / "desk", studio, studio_server, shell)
    made.write(STORY)
    assert made.run("push --json")["counts"]["pushed"] == 1
    made.annotate(made.tasks()[0], ("Abdul Karim", "PERSON"), ("Euphrates", "LOC"), ("Syria", "GPE"), ("Mosul", "GPE"))
    assert made.run("pull --json")["counts"]["spans"] == 4
    return made


def test_a_correction_is_pushed_with_the_labels_where_they_stand_now_and_only_what_changed_waits(desk: Desk) -> None:
    corrected = STORY.replace("Abdul Karim", "Abdul Kareem").replace(
        "Rebels fled across the river, officials in Mosul told reporters.",
        "Nobody could say where the rebels had gone.",
    )
    desk.write(corrected.replace("The town lies", "A curfew was imposed on Saturday.\n\nThe town lies"))
    counts = desk.run("pull --json")["counts"]
    assert (counts["spans"], counts["re-anchored"], counts["waiting"], counts["lost"]) == (2, 2, 1, 1)
    pushed = desk.run("push --json")["counts"]
    assert (pushed["pushed"], pushed["superseded"], pushed["re-anchored"]) == (1, 1, 3)
    newest = desk.tasks()[-1]
    found = {one["value"]["text"]: one["value"] for one in newest["predictions"][0]["result"]}
    assert {"Abdul Kareem", "Euphrates", "Syria", "Saturday"} <= set(found)
    assert "Friday" not in found, "what nobody marked in the old text is not asked again"
    for surface, value in found.items():
        assert newest["data"]["text"][value["start"] : value["end"]] == surface
    desk.run("agree --json")
    shown = desk.run("show seeds/story.txt --json")
    chains = {label["surface"]: label["chain"][1] for label in shown["labels"]}
    assert "on revision 1 as 'Syria'" in chains["Syria"]
    assert "moved (score 1.00)" in chains["Syria"]
    assert sorted(one["detail"].partition(":")[0] for one in shown["waiting"]) == ["lost", "waiting"]
    assert desk.run("status --json")["labels"]["waiting"] == 1
    plain = desk.shell("copydesk show seeds/story.txt", cwd=desk.folder).stdout
    assert "may be 'Abdul Kareem'" in plain
    desk.annotate(newest, ("Abdul Kareem", "PERSON"))
    counts = desk.run("pull --json")["counts"]
    assert (counts["annotations"], counts["spans"]) == (1, 1)
    assert "re-anchored" not in counts


def test_a_revision_that_says_the_same_is_not_pushed_and_its_labels_count_on(desk: Desk) -> None:
    desk.write(
        STORY.replace("Iraqi forces", "Iraqi  forces").replace("\n\nRebels", "\n\n\n\nRebels").replace("- ", "– ")
    )
    pushed = desk.run("push --json")["counts"]
    assert (pushed["pushed"], pushed["unchanged for annotators"], pushed["superseded"]) == (0, 1, 0)
    assert len(desk.tasks()) == 1
    counts = desk.run("pull --json")["counts"]
    assert (counts["spans"], counts["re-anchored"], counts.get("waiting", 0)) == (4, 4, 0)


def test_what_was_said_of_a_label_and_between_labels_comes_with_it(desk: Desk) -> None:
    (old,) = desk.tasks()
    at = {quote: old["data"]["text"].index(quote) for quote in ("Friday", "Qaim on", "Syria")}
    marked = [("Friday", 6, "DATE"), ("Qaim on", 4, "GPE"), ("Syria", 5, "GPE")]
    values = {quote: {"start": at[quote], "end": at[quote] + size} for quote, size, _ in marked}
    plain = {"to_name": "text"}
    result: list[dict[str, Any]] = [
        {"id": quote, "from_name": "entity", "type": "labels", "value": {**values[quote], "labels": [label]}, **plain}
        for quote, _, label in marked
    ]
    said = {**values["Syria"], "choices": ["NAM"]}
    result.append({"id": "Syria", "from_name": "mention", "type": "choices", "value": said, **plain})
    ends = {"from_id": "Qaim on", "to_id": "Syria", "direction": "right", "labels": ["part_of"]}
    result.append({"type": "relation", **ends})
    told = {"id": "c", "from_name": "article_type", "type": "choices", "value": {"choices": ["news_report"]}, **plain}
    desk.submit(old, [*result, told])
    assert desk.run("pull --json")["counts"]["relations"] == 1
    desk.write(STORY.replace("Army retakes", "Army now holds") + "\nNobody else said more.\n")
    assert desk.run("push --json")["counts"]["pushed"] == 1
    newest = desk.tasks()[-1]
    items = newest["predictions"][0]["result"]
    regions = {item["id"]: item["value"]["text"] for item in items if item["type"] == "labels"}
    (relation,) = [item for item in items if item["type"] == "relation"]
    assert [regions[relation[end]] for end in ("from_id", "to_id")] == ["Qaim", "Syria"]
    (choice,) = [item for item in items if item.get("from_name") == "mention"]
    (carried,) = [item for item in items if item.get("from_name") == "article_type"]
    assert (carried["value"], carried["origin"]) == (told["value"], "prediction")
    desk.run("agree --json")
    (said,) = desk.run("show seeds/story.txt --json")["categories"]
    assert (said["name"], said["value"], said["revision"]) == ("article_type", "news_report", 2)
    assert said["chain"][1].endswith(", on revision 1")
    assert (regions[choice["id"]], choice["value"]["choices"]) == ("Syria", ["NAM"])
    desk.submit(newest, items)
    counts = desk.run("pull --json")["counts"]
    assert (counts["annotations"], counts["spans"], counts["relations"]) == (1, 3, 1)
    desk.run("agree --json")
    (said,) = desk.run("show seeds/story.txt --json")["categories"]
    assert said["chain"][1].partition(" in ")[0] == "said by A1"
    assert "revision" not in said["chain"][1]
