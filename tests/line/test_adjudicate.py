"""Disputes go to an adjudicator on a real Label Studio, and the decisions come back into the agreed labels."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from copydesk.cli import cli
from copydesk.errors import CopydeskError, StudioRefused
from copydesk.flow.connect import TOKEN, URL
from copydesk.model.schema import GROUP
from copydesk.studio import giving_back
from copydesk.studio.client import Studio
from copydesk.studio.codec import region_id
from copydesk.studio.interface import NOTE, TEXT
from copydesk.studio.listing import list_tasks
from copydesk.studio.people import Person, read_known
from copydesk.studio.server import Server
from copydesk.workspace import Workspace

TEXTS = {
    "ferry": "The ferry sailed from Tarnmouth to Qaim on Friday. The guild watched. Ester took two dogs along.",
    "bridge": 'A <b>bridge</b> & a "road" \u202eedils\u202c near Halden fell. Nobody was hurt. Ester saw it.',
    "quiet": "Nothing happened in Halden.",
}
ANNA = {"ferry": [("Tarnmouth", "GPE"), ("Qaim", "GPE")], "bridge": [("Halden", "GPE")], "quiet": [("Halden", "GPE")]}
BEN = {"ferry": [("Tarnmouth", "LOC"), ("Qaim", "GPE")], "bridge": [("near Halden", "GPE")], "quiet": []}


class Desk:
    """A workspace, the command line in it, and Label Studio."""

    def __init__(self, folder: Path, studio: Studio) -> None:
        self.folder = folder
        self.studio = studio
        self.token = ""

    @property
    def workspace(self) -> Workspace:
        return Workspace.open(self.folder)

    def run(self, *arguments: str) -> dict[str, Any]:
        done = CliRunner().invoke(cli, ["--workspace", str(self.folder), *arguments, "--json"], standalone_mode=False)
        if done.exception:
            raise done.exception
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

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
        return {name: task for task in self.tasks(project) for name in TEXTS if task["data"][TEXT] == TEXTS[name]}

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
        names = {row["doc_id"]: name for row in documents for name, text in TEXTS.items() if row["text"] == text}
        rows = self.workspace.agreed.read("agreed_spans").to_pylist()
        return sorted((names[row["doc_id"]], row["surface"], row["label"], row["decided"]) for row in rows)


@pytest.fixture
def make_desk(
    studio_server: Server, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Desk]:
    monkeypatch.setenv(URL, studio_server.url)
    monkeypatch.setenv(TOKEN, studio_server.token)

    def make(name: str) -> Desk:
        folder = tmp_path / name
        CliRunner().invoke(cli, ["init", str(folder)])
        settings = folder / "copydesk.toml"
        settings.write_text(settings.read_text().replace("my-articles", name))
        for title, text in TEXTS.items():
            (folder / f"{title}.txt").write_text(text)
        desk = Desk(folder, studio)
        desk.token = studio_server.token
        desk.run("ingest", *(str(folder / f"{title}.txt") for title in TEXTS))
        desk.run("people", "add", *(f"{name}-{one}" for one in ("anna", "ben", "cora", "judge")))
        return desk

    return make


def test_what_is_disputed_is_asked_once_and_what_is_decided_is_agreed_for_good(
    make_desk: Callable[[str], Desk],
) -> None:
    desk = make_desk("asked")
    project = desk.run("push")["project"]
    tasks = desk.labelled(project)
    for name in TEXTS:
        desk.annotate(tasks[name], "anna", ANNA[name])
        desk.annotate(tasks[name], "ben", BEN[name])
    desk.run("pull")
    assert desk.run("agree")["counts"]["disputes"] == 3

    first = desk.run("adjudicate")
    assert (first["counts"]["asked"], first["counts"]["open"]) == (3, 3)
    assert first["project"] != project
    asked = desk.tasks(first["project"])
    conflicts = desk.workspace.agreed.read("conflicts", columns=["conflict_id", "doubt"]).to_pylist()
    assert [task["data"]["conflict_id"] for task in asked] == [one["conflict_id"] for one in conflicts]
    assert [one["doubt"] for one in conflicts] == sorted((one["doubt"] for one in conflicts), reverse=True)
    people = {desk.person(name).pseudonym for name in ("anna", "ben")}
    for task in asked:
        shown = " ".join(task["data"][key] for key in ("context_html", "question", "opt_a", "opt_b"))
        assert not people & set(shown.replace("<", " ").replace(">", " ").split())
        assert "anna" not in json.dumps(task["data"])
    bridge = next(task["data"] for task in asked if "bridge" in task["data"]["context_html"])
    assert "&lt;b&gt;bridge&lt;/b&gt; &amp; a &quot;road&quot;" in bridge["context_html"]
    assert "U+202E" in bridge["context_html"]
    assert "\u202e" not in bridge["context_html"]

    again = desk.run("adjudicate")
    assert (again["counts"]["asked"], again["changed"]) == (0, False)
    assert len(desk.tasks(first["project"])) == 3

    for task in asked:
        options = {letter: task["data"][f"opt_{letter.lower()}"] for letter in "AB"}
        chosen = next(
            (
                letter
                for letter, said in options.items()
                if any(f"GPE: \u201c{word}" in said for word in ("Tarn", "near"))
            ),
            "B" if "nothing" in options["B"] else "A",
        )
        desk.decide(task, chosen, cause="guideline_gap", note="see 3.2")
    done = desk.run("adjudicate")
    assert (done["counts"]["new decisions"], done["counts"]["open"]) == (3, 0)
    agreed = [
        ("bridge", "near Halden", "GPE", "adjudicated"),
        ("ferry", "Qaim", "GPE", "unanimous"),
        ("ferry", "Tarnmouth", "GPE", "adjudicated"),
    ]
    assert desk.agreed() == agreed
    assert desk.run("agree")["counts"]["disputes"] == 0
    assert [gap["note"] for gap in desk.run("adjudicate", "--gaps")["gaps"]] == ["see 3.2"] * 3
    assert {row["by"] for row in desk.workspace.decisions.read("decisions").to_pylist()} == {
        desk.person("judge").pseudonym
    }

    # an answer that is changed on the server counts from then on, and the one before it is kept
    task = next(task for task in desk.tasks(first["project"]) if "Tarnmouth" in task["data"]["opt_a"])
    annotation = task["annotations"][0]
    result = annotation["result"]
    result[0]["value"]["choices"] = ["neither"]
    desk.studio.patch(f"api/annotations/{annotation['id']}/", json={"result": result})
    assert desk.run("adjudicate", "--pull")["counts"]["new decisions"] == 1
    assert desk.agreed() == agreed[:2]
    assert desk.workspace.decisions.read("decisions").num_rows == 4


def test_a_question_that_is_none_any_more_is_taken_away_and_one_that_was_answered_stays(
    make_desk: Callable[[str], Desk],
) -> None:
    desk = make_desk("superseded")
    tasks = desk.labelled(desk.run("push")["project"])
    theirs = desk.annotate(tasks["ferry"], "anna", ANNA["ferry"]), desk.annotate(tasks["ferry"], "ben", BEN["ferry"])
    desk.annotate(tasks["bridge"], "anna", ANNA["bridge"])
    other = desk.annotate(tasks["bridge"], "ben", BEN["bridge"])
    desk.run("pull")
    project = desk.run("adjudicate")["project"]
    (answered,) = [task for task in desk.tasks(project) if "Tarnmouth" in task["data"]["opt_a"]]
    desk.decide(answered, "A")
    desk.studio.patch(f"api/annotations/{other['id']}/", json={"result": []})
    desk.run("pull")
    done = desk.run("adjudicate")
    assert (done["counts"]["superseded"], done["counts"]["asked"], done["counts"]["new decisions"]) == (1, 1, 1)
    left = desk.tasks(project)
    assert answered["id"] in {task["id"] for task in left}
    assert len(left) == 2

    # the label that was not chosen is corrected to a third one: the conflict is another one
    result = theirs[1]["result"]
    result[0]["value"]["labels"] = ["FAC"]
    desk.studio.patch(f"api/annotations/{theirs[1]['id']}/", json={"result": result})
    desk.run("pull")
    opened = desk.run("agree")
    assert "open again" in json.dumps(opened) or opened["counts"]["disputes"] == 2
    assert desk.run("adjudicate")["counts"]["asked"] == 1


def test_where_nothing_is_disputed_nothing_is_made(make_desk: Callable[[str], Desk]) -> None:
    desk = make_desk("peaceful")
    desk.run("push")
    desk.run("pull")
    done = desk.run("adjudicate")
    assert done["counts"] == {"new decisions": 0, "open": 0}
    with pytest.raises(CopydeskError, match="copydesk adjudicate") as error:
        desk.run("adjudicate", "--pull")
    assert error.value.exit_code == 2


def test_a_task_goes_back_to_who_made_it_with_the_remark_and_counts_once_when_it_is_corrected(
    make_desk: Callable[[str], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk("back")
    project = desk.run("push")["project"]
    tasks = desk.labelled(project)
    desk.annotate(tasks["ferry"], "anna", ANNA["ferry"])
    number = str(tasks["ferry"]["id"])
    for name in TEXTS:
        if name != "ferry":
            desk.annotate(tasks[name], "anna", ANNA[name])
        desk.annotate(tasks[name], "ben", BEN[name])

    remark = "A port is no <b>GPE</b>: guideline 3.2"
    cut = [StudioRefused("cut off")]
    monkeypatch.setattr(giving_back, "_write_note", lambda *_: (_ for _ in ()).throw(cut[0]))
    with pytest.raises(StudioRefused, match="cut off"):
        desk.run("send-back", number, "back-anna", "--remark", remark)
    monkeypatch.undo()
    monkeypatch.setenv(URL, desk.studio.url)
    monkeypatch.setenv(TOKEN, desk.token)
    assert not any(one["was_cancelled"] for one in desk.labelled(project)["ferry"]["annotations"])
    done = desk.run("send-back", number, "back-anna", "--remark", remark)
    assert (done["counts"]["sent back"], done["returned"][0]["remark"]) == (1, remark)

    served = desk.served(project, "anna")
    assert served is not None
    assert served["id"] == tasks["ferry"]["id"]
    assert served["data"]["review_note"] == f"Sent back: {remark}"
    (suggested,) = served["predictions"]
    assert [one["value"]["labels"] for one in suggested["result"]] == [["GPE"], ["GPE"]]
    assert {one["meta"]["text"][0] for one in suggested["result"]} == {remark}
    for other in ("ben", "cora"):
        assert desk.served(project, other) is None
    desk.run("pull")
    reads = desk.workspace.labels.read("reads").to_pylist()
    assert len([row for row in reads if row["annotator"] == desk.person("anna").pseudonym]) == 2

    result = suggested["result"]
    result[0]["value"]["labels"] = ["LOC"]
    desk.submit(served, "anna", result)
    again = desk.run("pull")
    assert again["counts"]["new"] == 1
    spans = desk.workspace.labels.read("spans").to_pylist()
    mine = [row for row in spans if row["annotator"] == desk.person("anna").pseudonym]
    assert sorted((row["surface"], row["label"]) for row in mine if row["surface"] in {"Tarnmouth", "Qaim"}) == [
        ("Qaim", "GPE"),
        ("Tarnmouth", "LOC"),
    ]
    desk.run("agree")
    assert ("ferry", "Tarnmouth", "LOC", "unanimous") in desk.agreed()
    answered = desk.run("send-back", "--all")
    assert answered["counts"] == {"sent back": 0, "answered": 1}
    task = desk.labelled(project)["ferry"]
    assert (task["data"]["review_note"], task["predictions"]) == ("", [])
    assert len(desk.workspace.pulls.read("annotations")) >= 8  # what was sent back is kept


def test_a_return_that_cannot_be_is_refused_with_the_reason(make_desk: Callable[[str], Desk]) -> None:
    desk = make_desk("refused")
    project = desk.run("push")["project"]
    task = desk.labelled(project)["quiet"]
    number = str(task["id"])
    desk.annotate(task, "anna", ANNA["quiet"])
    with pytest.raises(CopydeskError, match="1 more are to do it") as owed:
        desk.run("send-back", number, "refused-anna", "--remark", "Look again")
    assert owed.value.exit_code == 1
    desk.annotate(task, "ben", BEN["quiet"])
    for wrong, said in (
        (("no-such-article", "refused-anna"), "no document"),
        ((number, "refused-nobody"), "nobody is called"),
        ((number, "refused-judge"), "has submitted nothing"),
    ):
        with pytest.raises(CopydeskError, match=said) as error:
            desk.run("send-back", *wrong, "--remark", "x")
        assert error.value.exit_code == 2
    settings = desk.folder / "copydesk.toml"
    settings.write_text(settings.read_text().replace("[studio]", "[studio]\nmax_returns = 1"))
    desk.run("send-back", number, "refused-anna", "--remark", "once more")
    desk.annotate(task, "anna", ANNA["quiet"])
    with pytest.raises(CopydeskError, match="1 times already"):
        desk.run("send-back", number, "refused-anna", "--remark", "and again")


def test_what_an_adjudicator_sends_back_goes_to_one_person_and_is_asked_anew_when_it_came_back_unchanged(
    make_desk: Callable[[str], Desk],
) -> None:
    desk = make_desk("sent")
    project = desk.run("push")["project"]
    tasks = desk.labelled(project)
    desk.annotate(tasks["ferry"], "anna", ANNA["ferry"])
    desk.annotate(tasks["ferry"], "ben", BEN["ferry"])
    desk.run("pull")
    asked = desk.run("adjudicate")["project"]
    (question,) = desk.tasks(asked)
    desk.decide(question, "send_back", note="Is it the town?")
    assert desk.run("adjudicate")["counts"]["to be sent back"] == 1
    (back,) = desk.run("send-back", "--all")["returned"]
    assert back["annotator"] == desk.person("anna").pseudonym
    assert back["remark"] == "Is it the town?: \u201cTarnmouth\u201d"
    assert desk.run("send-back", "--all")["counts"] == {"sent back": 0, "answered": 0}
    served = desk.labelled(project)["ferry"]
    desk.submit(served, "anna", served["predictions"][0]["result"])
    assert desk.run("send-back", "--all")["counts"] == {"sent back": 0, "answered": 1}
    assert desk.run("adjudicate")["counts"]["asked"] == 1
    (again,) = [task for task in desk.tasks(asked) if task["id"] != question["id"]]
    assert again["data"]["conflict_id"] == question["data"]["conflict_id"]
    desk.decide(again, "send_back")
    desk.run("adjudicate")
    (back,) = desk.run("send-back", "--all")["returned"]
    assert back["annotator"] == desk.person("ben").pseudonym


def readings_of(task: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """The tabs of a task of a whole document: who marked what, under which name."""
    return {
        one["model_version"]: [(mark["value"]["text"], mark["value"]["labels"][0]) for mark in one["result"]]
        for one in task["predictions"]
    }


def test_a_document_is_decided_as_a_whole_and_what_is_drawn_later_is_asked_by_itself(
    make_desk: Callable[[str], Desk],
) -> None:
    desk = make_desk("whole")
    tasks = desk.labelled(desk.run("push")["project"])
    for name in ("ferry", "bridge"):
        desk.annotate(tasks[name], "anna", ANNA[name])
        desk.annotate(tasks[name], "ben", BEN[name])
    desk.run("pull")
    done = desk.run("adjudicate", "--document", "ferry.txt")
    assert (done["counts"]["asked"], done["counts"]["whole documents"], done["counts"]["open"]) == (2, 1, 2)
    (single,) = desk.tasks(done["project"])
    assert "bridge" in single["data"]["context_html"]
    (whole,) = desk.tasks(done["documents"])
    tabs = readings_of(whole)
    assert tabs.pop("Consensus") == [("Qaim", "GPE")]
    assert sorted(tabs) == ["Reading A", "Reading B"]
    assert sorted(map(sorted, tabs.values())) == sorted(map(sorted, (ANNA["ferry"], BEN["ferry"])))
    assert whole["data"][NOTE] == "In dispute: \u201cTarnmouth\u201d"
    assert not {desk.person(name).pseudonym for name in ("anna", "ben")} & set(
        json.dumps(whole["predictions"]).split('"')
    )
    again = desk.run("adjudicate")
    assert (again["counts"]["asked"], again["changed"]) == (0, False)

    desk.annotate(whole, "judge", [("Tarnmouth", "FAC"), ("Ester", "PERSON")])
    done = desk.run("adjudicate")
    assert (done["counts"]["new decisions"], done["counts"]["open"]) == (1, 1)
    decided = [("ferry", "Ester", "PERSON", "adjudicated"), ("ferry", "Tarnmouth", "FAC", "adjudicated")]
    assert [one for one in desk.agreed() if one[0] == "ferry"] == decided

    # a third reader draws what was not known: that is asked by itself, and the rest of the decision stands
    desk.studio.patch(f"api/tasks/{tasks['ferry']['id']}/", json={"overlap": 3})
    desk.annotate(tasks["ferry"], "cora", [("Tarnmouth to Qaim", "LOC")])
    desk.run("pull")
    opened = desk.run("adjudicate")
    assert [one for one in desk.agreed() if one[0] == "ferry"] == decided[:1]
    assert (opened["counts"]["asked"], opened["counts"]["whole documents"]) == (1, 0)
    assert len(desk.tasks(done["documents"])) == 1


def test_a_suspect_is_asked_and_what_is_decided_of_it_holds(make_desk: Callable[[str], Desk]) -> None:
    desk = make_desk("suspect")
    tasks = desk.labelled(desk.run("push")["project"])
    for reader in ("anna", "ben"):
        desk.annotate(tasks["quiet"], reader, [("Halden", "LOC")])
    desk.run("pull")
    said = desk.folder / "model.csv"
    documents = desk.workspace.documents.read("documents", columns=["doc_id", "text"]).to_pylist()
    doc_id, at = next(
        (row["doc_id"], row["text"].index("Halden")) for row in documents if row["text"] == TEXTS["quiet"]
    )
    said.write_text(f"doc_id,start,end,LOC,GPE,nothing\n{doc_id},{at},{at + 6},0.1,0.9,0\n")
    ask = ("labels", "suspects", "--least", "0.8", "--probabilities", str(said), "--send", "3")
    sent = desk.run(*ask)
    assert (sent["counts"]["suspects"], sent["counts"]["asked"]) == (1, 1)
    assert desk.run(*ask)["counts"]["asked"] == 0
    (question,) = desk.tasks(sent["project"])
    assert {question["data"][key].count("LOC") + question["data"][key].count("GPE") for key in ("opt_a", "opt_b")} == {
        1
    }
    assert not {"published", "model"} & set(json.dumps(question["data"]).split())
    assert desk.run("adjudicate")["counts"]["open"] == 0
    assert len(desk.tasks(sent["project"])) == 1  # it is not taken for a question that is none any more

    desk.decide(question, "A" if "GPE" in question["data"]["opt_a"] else "B")
    assert desk.run("adjudicate")["counts"]["new decisions"] == 1
    assert ("quiet", "Halden", "GPE", "adjudicated") in desk.agreed()
    assert desk.run(*ask)["counts"]["asked"] == 0


def test_what_was_decided_holds_in_a_corrected_article_where_its_words_stand_now(
    make_desk: Callable[[str], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk("corrected")
    tasks = desk.labelled(desk.run("push")["project"])
    for name in ("ferry", "bridge"):
        desk.annotate(tasks[name], "anna", ANNA[name])
        desk.annotate(tasks[name], "ben", BEN[name])
    desk.run("pull")
    asked = desk.run("adjudicate", "--document", "bridge.txt")
    (question,) = desk.tasks(asked["project"])
    desk.decide(question, "A" if "LOC" in question["data"]["opt_a"] else "B")
    (whole,) = desk.tasks(asked["documents"])
    desk.annotate(whole, "judge", [("near Halden", "LOC"), ("Ester", "PERSON")])
    assert desk.run("adjudicate")["counts"]["open"] == 0
    agreed = desk.agreed()
    assert [one[3] for one in agreed] == ["adjudicated", "adjudicated", "unanimous", "adjudicated"]

    for name in ("ferry", "bridge"):
        monkeypatch.setitem(TEXTS, name, f"Corrected on Sunday: the day was wrong. {TEXTS[name]}")
        (desk.folder / f"{name}.txt").write_text(TEXTS[name])
        desk.run("ingest", str(desk.folder / f"{name}.txt"))
    done = desk.run("adjudicate")
    assert (done["counts"]["open"], done["counts"]["new decisions"]) == (0, 0)
    assert desk.agreed() == agreed
    spans = desk.workspace.agreed.read("agreed_spans").to_pylist()
    texts = {row["doc_id"]: row["text"] for row in desk.workspace.documents.read("documents").to_pylist()}
    assert all(row["surface"] == texts[row["doc_id"]][row["start"] : row["end"]] for row in spans)
