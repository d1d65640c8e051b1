"""Suggestions as an annotator meets them: those that were sent, accepted by one key, and those that the backend makes at that moment."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from copydesk.flow import backend, ingest, studio
from copydesk.flow.connect import TOKEN, connected
from copydesk.model.marker import MARKER
from copydesk.workspace import Workspace

pytestmark = [pytest.mark.studio, pytest.mark.browser]

# what is suggested in each; tasks come in the order of names that are made up
ARTICLES = {
    "The ferry left Iraq on 3 May 2017 with two dogs.": ["Iraq", "3 May 2017", "two"],
    "The bridge near Iraq fell on Friday, and nine people saw it.": ["Iraq", "Friday", "nine"],
    "Nothing at all happened in Iraq in June 2018.": ["Iraq", "June 2018"],
}


def quiet(*_: object) -> None:
    pass


def pushed(newsroom: Any, folder: Path) -> tuple[Workspace, str]:
    """Make a workspace whose project is on the newsroom's server, and give its address, too."""
    held = newsroom.folder / ".copydesk"
    port = json.loads((held / "studio" / "server.json").read_text(encoding="utf-8"))["port"]
    made = Workspace.create(folder)
    settings = made.root / MARKER
    written = settings.read_text(encoding="utf-8").replace("my-articles", folder.name)
    written = written.replace("annotators_per_task = 2", "annotators_per_task = 1")
    written = written.replace('url = ""', f'url = "http://127.0.0.1:{port}"')
    settings.write_text(
        f'{written}\n[engine]\nname = "inline"\n\n[suggest]\nuse = ["rules"]\nbare = 0.0\n', encoding="utf-8"
    )
    for old in (made.root / "seeds").glob("*.txt"):
        old.unlink()
    for number, text in enumerate(ARTICLES):
        (made.root / "seeds" / f"{number}.txt").write_text(f"What we know so far\n\n{text}\n", encoding="utf-8")
    workspace = Workspace.open(made.root)
    ingest.ingest(workspace, (), progress=quiet)
    shutil.copy(held / "people.json", workspace.people_file)
    return workspace, str(studio.push(workspace, progress=quiet).data["project"])


def test_what_was_sent_is_accepted_by_one_key_and_a_task_without_gets_live_suggestions(
    newsroom: Any,
    screens: ModuleType,
    open_window: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = json.loads((newsroom.folder / ".copydesk" / "studio" / "credentials.json").read_text(encoding="utf-8"))
    monkeypatch.setenv(TOKEN, owner["token"])
    workspace, project = pushed(newsroom, tmp_path / "live")
    number = int(project.split("/")[-2])
    with connected(workspace) as server:
        first, *others = server.get("api/tasks/", params={"project": number, "fields": "all"})["tasks"]
        for task in others:
            server.delete(f"api/predictions/{task['predictions'][0]['id']}/")
        said: list[str] = []
        with backend.backend(workspace, host="127.0.0.1", port=0, url="", say=said.append, progress=quiet):
            screen = open_window("anna", screens.Newsroom(newsroom.folder, project, newsroom.accounts))
            screen.label_all_tasks()
            screen.close_guidelines()
            assert screen.regions() == suggested(first)
            text = screen.text()
            screen.submit()
            screen.wait_for_another(text)
            assert screen.regions() == suggested(others[0])
            screen.submit()
        assert not said
        tasks = server.get("api/tasks/", params={"project": number, "fields": "all"})["tasks"]
    (accepted,) = tasks[0]["annotations"]
    (sent,) = first["predictions"]
    assert accepted["parent_prediction"] == sent["id"]
    assert words(accepted) == suggested(first)
    (live,) = tasks[1]["annotations"]
    assert words(live) == suggested(others[0])
    assert live["parent_prediction"] == tasks[1]["predictions"][0]["id"]
    assert {one["origin"] for one in live["result"]} == {"prediction"}


def suggested(task: Any) -> list[str]:
    return next(words for text, words in ARTICLES.items() if text in task["data"]["text"])


def words(annotation: Any) -> list[str]:
    spans = [one["value"] for one in annotation["result"] if one["type"] == "labels"]
    return [one["text"] for one in sorted(spans, key=lambda one: int(one["start"]))]
