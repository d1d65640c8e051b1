"""Whole documents and suspects go to an adjudicator on a real Label Studio; what is decided holds, also in corrected articles."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from copydesk.studio.interface import NOTE


def readings_of(task: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """The tabs of a task of a whole document: who marked what, under which name."""
    return {
        one["model_version"]: [(mark["value"]["text"], mark["value"]["labels"][0]) for mark in one["result"]]
        for one in task["predictions"]
    }


def test_a_document_is_decided_as_a_whole_and_what_is_drawn_later_is_asked_by_itself(
    make_desk: Callable[[str], Any],
) -> None:
    desk = make_desk("whole")
    _, tasks = desk.read_by_two("ferry", "bridge")
    done = desk.run("adjudicate", "--document", "ferry.txt")
    assert (done["counts"]["asked"], done["counts"]["whole documents"], done["counts"]["open"]) == (2, 1, 2)
    (single,) = desk.tasks(done["project"])
    assert "bridge" in single["data"]["context_html"]
    (whole,) = desk.tasks(done["documents"])
    tabs = readings_of(whole)
    assert tabs.pop("Consensus") == [("Qaim", "GPE")]
    assert sorted(tabs) == ["Reading A", "Reading B"]
    assert sorted(map(sorted, tabs.values())) == sorted(map(sorted, (desk.anna["ferry"], desk.ben["ferry"])))
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

    # what somebody changes in the task afterwards is told, and what was decided stays
    data = {**whole["data"], "known": "[]"}
    desk.studio.patch(f"api/tasks/{whole['id']}/", json={"data": data})
    changed = desk.run("adjudicate")
    assert (changed["counts"]["rejected"], changed["counts"]["new decisions"]) == (1, 0)
    assert changed["rejected"][0]["reason"] == "unreadable-decision"
    assert [one for one in desk.agreed() if one[0] == "ferry"] == decided[:1]


def test_a_suspect_is_asked_and_what_is_decided_of_it_holds(make_desk: Callable[[str], Any]) -> None:
    desk = make_desk("suspect")
    tasks = desk.labelled(desk.run("push")["project"])
    for reader in ("anna", "ben"):
        desk.annotate(tasks["quiet"], reader, [("Halden", "LOC")])
    desk.run("pull")
    said = desk.folder / "model.csv"
    documents = desk.workspace.documents.read("documents", columns=["doc_id", "text"]).to_pylist()
    doc_id, at = next(
        (row["doc_id"], row["text"].index("Halden")) for row in documents if row["text"] == desk.texts["quiet"]
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
    make_desk: Callable[[str], Any],
) -> None:
    desk = make_desk("corrected")
    desk.read_by_two("ferry", "bridge")
    asked = desk.run("adjudicate", "--document", "bridge.txt")
    (question,) = desk.tasks(asked["project"])
    desk.decide(question, "A" if "LOC" in question["data"]["opt_a"] else "B")
    (whole,) = desk.tasks(asked["documents"])
    desk.annotate(whole, "judge", [("near Halden", "LOC"), ("Ester", "PERSON")])
    assert desk.run("adjudicate")["counts"]["open"] == 0
    agreed = desk.agreed()
    assert [one[3] for one in agreed] == ["adjudicated", "adjudicated", "unanimous", "adjudicated"]

    for name in ("ferry", "bridge"):
        desk.texts[name] = f"Corrected on Sunday: the day was wrong. {desk.texts[name]}"
        (desk.folder / f"{name}.txt").write_text(desk.texts[name])
        desk.run("ingest", str(desk.folder / f"{name}.txt"))
    done = desk.run("adjudicate")
    assert (done["counts"]["open"], done["counts"]["new decisions"]) == (0, 0)
    assert desk.agreed() == agreed
    spans = desk.workspace.agreed.read("agreed_spans").to_pylist()
    texts = {row["doc_id"]: row["text"] for row in desk.workspace.documents.read("documents").to_pylist()}
    assert all(row["surface"] == texts[row["doc_id"]][row["start"] : row["end"]] for row in spans)
