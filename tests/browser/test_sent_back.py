"""An annotator gets back a task of gold that she got wrong, and sees her own marks and nothing of what is right."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from copydesk.model.schema import GROUP
from copydesk.studio import server
from copydesk.studio.client import Studio
from copydesk.studio.codec import region_id
from copydesk.studio.listing import list_tasks
from copydesk.studio.people import read_known
from copydesk.workspace import Workspace

pytestmark = [pytest.mark.studio, pytest.mark.browser]

TEXT = "A convoy left Aldmere before dawn. The guild said that Corvane was next, and that Dunmoor had been taken."
RIGHT = [("Aldmere", "GPE"), ("guild", "ORG"), ("Corvane", "GPE"), ("Dunmoor", "GPE")]
HERS = [("Aldmere", "LOC"), ("dawn", "DATE")]


def marks(drawn: list[tuple[str, str]]) -> list[dict[str, Any]]:
    found = []
    for words, label in drawn:
        start = TEXT.index(words)
        value = {"start": start, "end": start + len(words), "text": words, "labels": [label]}
        place = {"from_name": GROUP, "to_name": "text", "type": "labels"}
        found.append({"id": region_id(start, start + len(words), label), **place, "value": value})
    return found


@pytest.fixture(scope="module")
def room(screens: ModuleType, label_studio_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A workspace whose one article ben labelled right, which is gold, and anna wrong."""
    folder = tmp_path_factory.mktemp("gold") / "gold"
    room = screens.open_newsroom(folder, articles=[("convoy.txt", TEXT.encode())], people=["anna", "ben"])
    try:
        workspace = Workspace.find(folder)
        running = server.status(workspace.studio_folder)
        assert running
        tokens = {one.name: one.token for one in read_known(workspace.people_file).people}
        with Studio(running.url, running.token) as studio:
            ((page, _),) = list_tasks(studio, int(room.project.split("/")[-2]), fields=("id",), size=10)
            for name, drawn in (("ben", RIGHT), ("anna", HERS)):
                with studio.as_person(tokens[name]) as own:
                    body = {"result": marks(drawn), "lead_time": 9.0}
                    own.post(f"api/tasks/{page[0]['id']}/annotations/", json=body)
                if name == "ben":
                    room.run("pull")
                    room.run("quality", "gold", "add", workspace.labels.read("reads")["doc_id"][0].as_py())
        room.run("quality", "gold", "ask", "--people", "2")
        yield room
    finally:
        screens.close_newsroom(folder)


def test_gold_comes_back_with_her_own_marks_a_plain_remark_and_no_answer(
    screens: ModuleType, browser: Any, room: Any
) -> None:
    (back,) = room.run("quality", "send-back")["returned"]
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    screen = screens.Screen(context.new_page(), room)
    screen.log_in("anna")
    screen.label_all_tasks()
    screen.close_guidelines()
    assert screen.page.get_by_text(f"Sent back: {back['remark']}").is_visible()
    assert screen.regions() == [words for words, _ in HERS]
    shown = screen.page.inner_text("body").lower()
    assert not any(word in shown for word in ("ground truth", "honeypot", " f1"))
    screen.select("Aldmere")
    screen.page.keyboard.press("3")  # GPE
    screen.page.keyboard.press("u")
    screen.submit()
    context.close()
    assert not screen.faults

    assert room.run("quality", "send-back")["counts"] == {"sent back": 0, "answered": 1}
    spans = Workspace.find(room.folder).labels.read("spans").to_pylist()
    anna = next(one for one in read_known(Workspace.find(room.folder).people_file).people if one.name == "anna")
    hers = {(row["surface"], row["label"]) for row in spans if row["annotator"] == anna.pseudonym}
    assert hers == {("Aldmere", "GPE"), ("dawn", "DATE")}
