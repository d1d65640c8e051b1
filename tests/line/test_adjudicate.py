"""Disputes go to an adjudicator on a real Label Studio, and the decisions come back into the agreed labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from copydesk.errors import CopydeskError, StudioRefused
from copydesk.flow.connect import TOKEN, URL
from copydesk.studio import giving_back


def suggested_in(task: dict[str, Any]) -> list[Any]:
    return [(one["model_version"], one["result"]) for one in task["predictions"]]


def test_what_is_disputed_is_asked_once_and_what_is_decided_is_agreed_for_good(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk("asked")
    project, _ = desk.read_by_two(*desk.texts)
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
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk("superseded")
    tasks = desk.labelled(desk.run("push")["project"])
    theirs = (
        desk.annotate(tasks["ferry"], "anna", desk.anna["ferry"]),
        desk.annotate(tasks["ferry"], "ben", desk.ben["ferry"]),
    )
    desk.annotate(tasks["bridge"], "anna", desk.anna["bridge"])
    other = desk.annotate(tasks["bridge"], "ben", desk.ben["bridge"])
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


def test_where_nothing_is_disputed_nothing_is_made(make_desk: Callable[..., Any]) -> None:
    desk = make_desk("peaceful")
    desk.run("push")
    desk.run("pull")
    done = desk.run("adjudicate")
    assert done["counts"] == {"new decisions": 0, "open": 0}
    with pytest.raises(CopydeskError, match="copydesk adjudicate") as error:
        desk.run("adjudicate", "--pull")
    assert error.value.exit_code == 2


def test_a_task_goes_back_to_who_made_it_with_the_remark_and_counts_once_when_it_is_corrected(
    make_desk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk("back")
    project = desk.run("push")["project"]
    tasks = desk.labelled(project)
    desk.annotate(tasks["ferry"], "anna", desk.anna["ferry"])
    number = str(tasks["ferry"]["id"])
    for name in desk.texts:
        if name != "ferry":
            desk.annotate(tasks[name], "anna", desk.anna[name])
        desk.annotate(tasks[name], "ben", desk.ben[name])

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
    assert (task["data"]["review_note"], suggested_in(task)) == ("", suggested_in(tasks["ferry"]))
    assert suggested_in(task)
    assert len(desk.workspace.pulls.read("annotations")) >= 8  # what was sent back is kept


def test_a_return_that_cannot_be_is_refused_with_the_reason(make_desk: Callable[..., Any]) -> None:
    desk = make_desk("refused")
    project = desk.run("push")["project"]
    task = desk.labelled(project)["quiet"]
    number = str(task["id"])
    desk.annotate(task, "anna", desk.anna["quiet"])
    with pytest.raises(CopydeskError, match="1 more are to do it") as owed:
        desk.run("send-back", number, "refused-anna", "--remark", "Look again")
    assert owed.value.exit_code == 1
    desk.annotate(task, "ben", desk.ben["quiet"])
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
    desk.annotate(task, "anna", desk.anna["quiet"])
    with pytest.raises(CopydeskError, match="1 times already"):
        desk.run("send-back", number, "refused-anna", "--remark", "and again")


def test_what_an_adjudicator_sends_back_goes_to_one_person_and_is_asked_anew_when_it_came_back_unchanged(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk("sent")
    project, _ = desk.read_by_two("ferry")
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
