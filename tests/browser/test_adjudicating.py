"""An adjudicator decides with the keyboard alone, and an annotator gets a task back, seen in a real browser."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
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

TOWNS = ["Aldmere", "Brask", "Corvane", "Dunmoor", "Elsby", "Farrow", "Gildern", "Hollin", "Istrad", "Jarrow", "Kelso", "Larne", "Mornay", "Norvik", "Oxen", "Pellow", "Quarn", "Rusland", "Selby", "Tarn"]  # fmt: skip
TEXT = " ".join(f"A convoy left {town} before dawn, the <b>guild</b> said." for town in TOWNS)
BRIDGE = "Halden lost its Iron Gate bridge to the flood, and nobody was hurt there."
PARTS = {"anna": [("Halden", "GPE"), ("Iron Gate", "FAC")], "ben": [("Halden", "GPE"), ("Iron Gate bridge", "FAC"), ("Gate bridge", "LOC")]}  # fmt: skip
KEYS = {"A": "1", "B": "2", "both": "3", "neither": "4"}
REMARK = "Tarn is a lake, see guideline 3.2"
CONTEXT, OPTIONS = ".copydesk-context", ".copydesk-options"


@dataclasses.dataclass(frozen=True)
class Desk:
    room: Any
    adjudication: str
    documents: str  # the project of those that are decided as a whole

    def at(self, project: str) -> Any:
        return dataclasses.replace(self.room, project=project)


@pytest.fixture(scope="module")
def desk(screens: ModuleType, label_studio_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A workspace in which two annotators took each of twenty towns for something else, and of a bridge saw other parts each."""
    folder = tmp_path_factory.mktemp("desk") / "desk"
    articles = [("convoy.txt", TEXT.encode()), ("bridge.txt", BRIDGE.encode())]
    room = screens.open_newsroom(folder, articles=articles, people=["anna", "ben", "judge"])
    try:
        settings = folder / "copydesk.toml"
        settings.write_text(f"{settings.read_text()}\n[adjudicate]\ncandidates = 2\n")
        workspace = Workspace.find(folder)
        running = server.status(workspace.studio_folder)
        assert running
        tokens = {one.name: one.token for one in read_known(workspace.people_file).people}
        project_id = int(room.project.rstrip("/").split("/")[-2])
        with Studio(running.url, running.token) as studio:
            ((page, _),) = list_tasks(studio, project_id, fields=("id",), size=10)
            for name, label in (("anna", "GPE"), ("ben", "LOC")):
                work = [marks(TEXT, [(town, label) for town in TOWNS]), marks(BRIDGE, PARTS[name])]
                with studio.as_person(tokens[name]) as own:
                    for task, result in zip(page, work, strict=True):
                        own.post(f"api/tasks/{task['id']}/annotations/", json={"result": result, "lead_time": 9.0})
        room.run("pull")
        asked = room.run("adjudicate")
        yield Desk(room, asked["project"], asked["documents"])
    finally:
        screens.close_newsroom(folder)


def marks(text: str, drawn: list[tuple[str, str]]) -> list[dict[str, Any]]:
    places = [(text.index(words), text.index(words) + len(words), label) for words, label in drawn]
    return [
        {
            "id": region_id(start, end, label),
            "from_name": GROUP,
            "to_name": "text",
            "type": "labels",
            "value": {"start": start, "end": end, "text": text[start:end], "labels": [label]},
        }
        for start, end, label in places
    ]


def agreed_spans(desk: Desk, text: str) -> set[tuple[str, str, str]]:
    spans = Workspace.find(desk.room.folder).agreed.read("agreed_spans").to_pylist()
    return {(row["surface"], row["label"], row["method"]) for row in spans if of_text(row, text)}


def of_text(row: dict[str, Any], text: str) -> bool:
    return bool(text[row["start"] : row["end"]] == row["surface"])


def test_a_tangled_document_is_decided_as_a_whole_from_the_consensus_with_a_tab_for_each_reading(
    open_window: Callable[..., Any], desk: Desk
) -> None:
    screen = open_window("judge", desk.at(desk.documents))
    screen.open_task(BRIDGE[:20])
    assert screen.page.get_by_text("In dispute: \u201cIron Gate bridge\u201d").is_visible()
    assert screen.regions() == ["Halden"]  # both drew it
    assert screen.tabs() == ["judge", "Reading A", "Reading B", "Consensus"]
    seen = []
    for name in screen.tabs()[1:3]:
        screen.open_tab(name)
        seen.append(screen.regions())
    assert sorted(map(len, seen)) == [len(PARTS["anna"]), len(PARTS["ben"])]
    screen.open_tab("judge")
    screen.mark("Gate bridge", key="5")  # FAC
    screen.submit()

    done = desk.room.run("adjudicate")
    assert done["counts"]["new decisions"] == 1
    assert agreed_spans(desk, BRIDGE) == {("Halden", "GPE", "adjudication"), ("Gate bridge", "FAC", "adjudication")}
    assert done["counts"]["open"] == len(TOWNS)


def test_twenty_conflicts_are_decided_by_keyboard_alone_and_are_in_the_next_agreed_labels(
    open_window: Callable[..., Any], desk: Desk
) -> None:
    screen = open_window("judge", desk.at(desk.adjudication))
    page = screen.page
    page.get_by_role("button", name="Label All Tasks").click()
    page.wait_for_selector(CONTEXT)
    page.keyboard.press("Escape")  # the instructions
    decided: dict[str, tuple[str, str]] = {}
    for number in range(len(TOWNS)):
        page.wait_for_function(
            "([place, done]) => { const text = document.querySelector(place)?.innerText; return text && !done.includes(text); }",
            arg=[OPTIONS, list(decided)],
        )
        shown = page.inner_text(OPTIONS)
        assert "<b>guild</b>" in page.inner_text(CONTEXT)
        first = page.inner_text(f"{OPTIONS} .copydesk-a")
        outcome = list(KEYS)[number % 4]
        decided[shown] = (outcome, first)
        page.keyboard.press(KEYS[outcome])
        if number == 3:
            page.keyboard.press("w")
        screen.submit()
    towns = {town: said for said in decided.values() for town in TOWNS if f"\u201c{town}\u201d" in said[1]}
    assert len(towns) == len(TOWNS)

    assert desk.room.run("adjudicate")["counts"]["new decisions"] == len(TOWNS)
    agreed = {(words, label) for words, label, method in agreed_spans(desk, TEXT) if method == "adjudication"}
    wanted = set()
    for town, (outcome, first) in towns.items():
        mine = "GPE" if "GPE" in first else "LOC"
        other = {"GPE": "LOC", "LOC": "GPE"}[mine]
        chosen = {"A": {mine}, "B": {other}, "both": {mine, other}, "neither": set()}[outcome]
        wanted |= {(town, label) for label in chosen}
    assert agreed == wanted
    assert Counter(outcome for outcome, _ in towns.values()) == dict.fromkeys(KEYS, 5)
    assert desk.room.run("agree")["counts"]["disputes"] == 0
    assert len(desk.room.run("adjudicate", "--gaps")["gaps"]) == 1


def test_an_annotator_gets_a_task_back_sees_the_remark_and_her_marks_and_corrects_them(
    open_window: Callable[..., Any], desk: Desk
) -> None:
    before = Workspace.find(desk.room.folder).labels.read("spans").num_rows
    back = desk.room.run("send-back", "convoy.txt", "anna", "--remark", REMARK)
    assert back["counts"]["sent back"] == 1

    screen = open_window("anna", desk.room)
    screen.label_all_tasks()
    screen.close_guidelines()
    assert screen.page.get_by_text(f"Sent back: {REMARK}").is_visible()
    assert screen.regions() == TOWNS
    screen.select("Tarn")
    assert screen.page.get_by_text(REMARK).count() == 2  # above the text, and at the mark
    screen.page.keyboard.press("4")  # LOC
    screen.page.keyboard.press("u")
    screen.submit()

    assert desk.room.run("pull")["counts"]["new"] == 1
    workspace = Workspace.find(desk.room.folder)
    anna = next(one for one in read_known(workspace.people_file).people if one.name == "anna")
    spans = workspace.labels.read("spans").to_pylist()
    mine = [
        (row["surface"], row["label"]) for row in spans if row["annotator"] == anna.pseudonym and of_text(row, TEXT)
    ]
    assert mine == [(town, "LOC" if town == "Tarn" else "GPE") for town in TOWNS]
    assert len(spans) == before
