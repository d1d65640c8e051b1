"""Newcomers qualify on gold, and what a finding or gold says of somebody's work goes back to them, on a real Label Studio."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, product
from typing import Any

import pytest

from copydesk.datasets.load import load
from copydesk.errors import CopydeskError, UnknownError, UsageError
from copydesk.flow.overlap import is_shared
from copydesk.studio.lanes import parts

RIGHT = {
    "ferry": [("Tarnmouth", "GPE"), ("Qaim", "GPE"), ("Friday", "DATE"), ("Ester", "PERSON")],
    "bridge": [("Halden", "GPE"), ("Ester", "PERSON"), ("bridge", "FAC")],
}
WRONG = [("ferry", "FAC"), ("dogs", "PERSON")]
GOLD = ("gold", "ground truth", "F1")


def of_person(desk: Any, name: str, table: str = "reads") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = desk.workspace.labels.read(table).to_pylist()
    return [row for row in rows if row["annotator"] == desk.person(name).pseudonym]


def agreed_readers(desk: Any, surface: str) -> set[int]:
    desk.run("agree")
    spans = desk.workspace.agreed.read("agreed_spans").to_pylist()
    return {row["readers"] for row in spans if row["surface"] == surface}


def test_what_a_finding_names_goes_back_to_who_made_it_in_its_words_and_once(make_desk: Callable[..., Any]) -> None:
    desk = make_desk("found", people=("anna", "ben"))
    project = desk.run("push")["project"]
    tasks = desk.labelled(project)
    with pytest.raises(UnknownError, match="there was none") as none:
        desk.run("send-back", "--finding", "S20")
    assert none.value.fix == "copydesk validate"
    cut = [("Tarnmout", "GPE"), ("guild", "ORG"), ("Este", "PERSON")]
    for title in tasks:
        desk.annotate(tasks[title], "anna", cut if title == "ferry" else [])
    desk.annotate(tasks["ferry"], "ben", RIGHT["ferry"])
    desk.run("pull")
    desk.run("agree")
    desk.run("validate", "--no-docs")
    for code, said in (("S99", "it found .*S20"), ("D10", "no single person's labels")):
        with pytest.raises(CopydeskError, match=said) as error:
            desk.run("send-back", "--finding", code)
        assert error.value.exit_code == 2

    done = desk.run("send-back", "--finding", "S20", "--finding", "S20")
    (back,) = done["returned"]
    assert (back["task_id"], back["annotator"]) == (tasks["ferry"]["id"], desk.person("anna").pseudonym)
    said = "begin or end inside a word: \u201cTarnmout\u201d, \u201cEste\u201d"
    assert said in back["remark"]
    served = desk.served(project, "anna")
    assert said in served["data"]["review_note"]
    assert [one["value"]["text"] for one in served["predictions"][0]["result"]] == [words for words, _ in cut]
    (row,) = [row for row in desk.workspace.decisions.read("returns").to_pylist() if row["step"] == "done"]
    assert row["causes"] == ["S20 22:30 GPE", "S20 70:74 PERSON"]

    # She leaves one of them as it is and cuts another word: that one is new.
    desk.annotate(served, "anna", [("Tarnmout", "GPE"), ("Ester", "PERSON"), ("Frida", "DATE")])
    desk.run("pull")
    desk.run("agree")
    desk.run("validate", "--no-docs")
    (again,) = desk.run("send-back", "--finding", "S20")["returned"]
    assert again["remark"].endswith("inside a word: \u201cFrida\u201d")
    assert desk.run("send-back", "--finding", "S20")["counts"] == {"sent back": 0, "answered": 0}


def with_gold(desk: Any) -> tuple[str, dict[str, dict[str, Any]]]:
    """Have two documents labelled alike by three people, and made gold; dora and eve are to qualify on them."""
    settings = desk.folder / "copydesk.toml"
    settings.write_text(settings.read_text().replace("annotators_per_task = 2", "annotators_per_task = 3"))
    project = desk.run("push")["project"]
    tasks = desk.labelled(project)
    for name in ("anna", "ben", "cora"):
        for title, marks in RIGHT.items():
            desk.annotate(tasks[title], name, marks)
    desk.run("pull")
    with pytest.raises(UsageError, match="no gold to qualify on"):
        desk.run("quality", "qualify", f"{desk.folder.name}-dora")
    assert desk.run("quality", "gold", "add")["counts"]["unanimous"] == 2
    newcomers = (f"{desk.folder.name}-{name}" for name in ("dora", "eve"))
    begun = desk.run("quality", "qualify", *newcomers, "--min-f1", "0.5")
    assert begun["counts"] == {"people": 2, "documents": 2, "without a task": 0}
    return project, tasks


def verdicts(desk: Any) -> dict[str, str]:
    told = desk.run("quality", "gate", "--min-f1", "0.5")["qualifications"]
    by_pseudonym = {row["annotator"]: row["verdict"] for row in told}
    return {name: by_pseudonym[desk.person(name).pseudonym] for name in ("dora", "eve")}


def test_newcomers_read_gold_first_and_do_not_vote_before_they_have_passed(make_desk: Callable[..., Any]) -> None:
    desk = make_desk("newcomers", people=("anna", "ben", "cora", "dora", "eve"))
    project, tasks = with_gold(desk)
    for wrong, said in ((("newcomers-zoe",), "nobody is called"), (("A1", "--task", "x"), "x: no gold in use")):
        with pytest.raises(UnknownError, match=said):
            desk.run("quality", "qualify", *wrong)
    # What others have begun is served before what nobody has: the gold comes first, and looks like any other task.
    served = []
    for _ in RIGHT:
        served.append(desk.served(project, "dora"))
        desk.annotate(served[-1], "dora", WRONG if served[-1]["id"] == tasks["ferry"]["id"] else RIGHT["bridge"])
    assert {task["id"] for task in served} == {tasks[title]["id"] for title in RIGHT}
    assert not any(word in str(task["data"]) for task in served for word in GOLD)
    for name in ("dora", "eve"):
        desk.annotate(tasks["quiet"], name, [("Halden", "GPE")])
    desk.run("pull")
    assert desk.run("agree")["counts"]["reads not voting"] == desk.run("status")["agreed"]["reads not voting"] == 4
    dora, eve = (desk.person(name).pseudonym for name in ("dora", "eve"))
    said = desk.say("agree")
    assert f"2 reads of {dora} do not vote: they are of the gold to qualify on" in said
    assert f"1 reads of {eve} do not vote: they wait until they have qualified" in said
    assert agreed_readers(desk, "Tarnmouth") == {3}
    assert len(of_person(desk, "dora")) == 3  # nothing is deleted
    desk.run("publish")
    published = load("newcomers", split="all", table="reads", folder=desk.folder / "datasets")["annotator"].to_list()
    assert sorted(published) == sorted(2 * [desk.person(name).pseudonym for name in ("anna", "ben", "cora")])

    assert verdicts(desk) == {"dora": "failed", "eve": "open"}
    assert f"{eve}: qualification open, has read 0 of the 2 documents to qualify on" in desk.say("quality", "gate")
    for title, marks in RIGHT.items():
        desk.annotate(tasks[title], "eve", marks)
    desk.run("pull")
    assert verdicts(desk) == {"dora": "failed", "eve": "passed"}
    assert agreed_readers(desk, "Halden") == {1, 3}  # of the third document eve alone
    desk.run("quality", "admit", eve)
    assert agreed_readers(desk, "Tarnmouth") == {4}
    settings = desk.folder / "copydesk.toml"
    settings.write_text(settings.read_text() + "\n[quality]\nnewcomers_vote = true\nqualifying_votes = true\n")
    assert agreed_readers(desk, "Halden") == {2, 5}
    assert "reads not voting" not in desk.run("status")["agreed"]


def test_gold_that_somebody_got_wrong_goes_back_once_and_tells_no_answer(make_desk: Callable[..., Any]) -> None:
    desk = make_desk("failed", people=("anna", "ben", "cora", "dora", "eve", "fay"))
    project, tasks = with_gold(desk)
    desk.annotate(tasks["ferry"], "dora", WRONG)
    desk.annotate(tasks["bridge"], "dora", RIGHT["bridge"])
    desk.run("quality", "gold", "ask", "--people", "9")
    desk.annotate(tasks["bridge"], "fay", RIGHT["bridge"])
    (back,) = desk.run("quality", "send-back")["returned"]
    assert (back["task_id"], back["annotator"]) == (tasks["ferry"]["id"], desk.person("dora").pseudonym)
    returned = desk.labelled(project)["ferry"]
    (hers,) = returned["predictions"]
    assert [(one["value"]["text"], *one["value"]["labels"]) for one in hers["result"]] == WRONG
    shown = f"{returned['data']} {hers['result']}"
    assert not any(word in shown for word in GOLD)
    assert desk.served(project, "fay")["id"] == tasks["quiet"]["id"]
    desk.annotate(tasks["quiet"], "fay", [])
    assert desk.served(project, "fay") is None  # and not what dora is to do again
    assert desk.run("quality", "send-back")["counts"] == {"sent back": 0, "answered": 0}
    assert "overlap-drift" not in desk.say("doctor", "--json")
    assert verdicts(desk) == {"dora": "failed", "eve": "open"}

    desk.annotate(returned, "dora", RIGHT["ferry"])
    assert desk.run("quality", "send-back")["counts"] == {"sent back": 0, "answered": 1}
    after = desk.labelled(project)["ferry"]
    assert after["predictions"][0]["result"] == tasks["ferry"]["predictions"][0]["result"]
    assert desk.studio.get(f"api/tasks/{after['id']}/")["overlap"] == 9
    assert desk.served(project, "fay")["id"] == tasks["ferry"]["id"]
    assert verdicts(desk) == {"dora": "failed", "eve": "open"}  # by what she submitted first


def test_a_share_of_the_documents_is_asked_of_several_people_and_the_rest_of_one(make_desk: Callable[..., Any]) -> None:
    desk = make_desk("share", people=("anna", "ben"))
    ids = desk.workspace.documents.read("documents")["doc_id"].to_pylist()
    share = next(one / 20 for one in range(1, 20) if 0 < sum(is_shared(doc, one / 20) for doc in ids) < len(ids))
    settings = desk.folder / "copydesk.toml"
    settings.write_text(settings.read_text().replace("[studio]", f"[studio]\noverlap = {share}"))
    project = desk.run("push")["project"]
    asked = {task["data"]["doc_id"]: task for task in desk.tasks(project)}
    for doc, task in asked.items():
        wanted = 2 if is_shared(doc, share) else 1
        assert desk.studio.get(f"api/tasks/{task['id']}/")["overlap"] == wanted
    assert desk.run("push")["counts"]["pushed"] == 0
    assert "overlap-drift" not in desk.say("doctor", "--json")
    for task in asked.values():
        desk.annotate(task, "anna", [])
    again = set()
    while (task := desk.served(project, "ben")) is not None:
        again.add(task["data"]["doc_id"])
        desk.annotate(task, "ben", [])
    assert again == {doc for doc in ids if is_shared(doc, share)}


def test_everybody_is_served_their_lane_and_each_task_is_in_as_many_as_label_it(make_desk: Callable[..., Any]) -> None:
    desk = make_desk("lanes", people=("anna", "ben", "cora"))
    with (desk.folder / "copydesk.toml").open("a", encoding="utf-8") as file:
        file.write('\n[sample]\nsize = 3\nquotas = ["lanes-ben 1"]\n')
    desk.run("sample")
    (dealt,) = (one for one in desk.workspace.samples.read("samples").to_pylist() if one["annotator"])
    project = desk.run("push")["project"]
    number = int(project.split("/")[-2])
    with pytest.raises(UnknownError, match="nobody is called"):
        desk.run("people", "lanes", "lanes-zoe")
    names = [f"lanes-{one}" for one in ("anna", "ben", "cora")]
    for _ in range(2):  # said again, it changes nothing
        (told,) = desk.run("people", "lanes", *names)["lanes"].values()
        tabs = {one["data"]["title"]: one["data"] for one in desk.studio.get(f"api/dm/views/?project={number}")}
        assert sorted(tabs) == [f"Lane: {name}" for name in names]
    ids = {task["id"]: task["data"]["doc_id"] for task in desk.tasks(project)}
    lane = {name: {one for one in ids for first, last in told[name] if first <= one <= last} for name in names}
    assert all(sum(one in own for own in lane.values()) == 2 for one in ids)
    assert dealt["doc_id"] in {ids[one] for one in lane["lanes-ben"]}
    for name in names:
        got = set()
        with desk.studio.as_person(desk.person(name.removeprefix("lanes-")).token) as own:
            for _ in lane[name]:
                # as the menu "Label Tasks As Displayed" asks: "Label All Tasks" does not send the tab's filters
                body = {"filters": tabs[f"Lane: {name}"]["filters"]}
                task = own.post("api/dm/actions/", params={"id": "next_task", "project": number}, json=body)
                got.add(task["id"])
                own.post(f"api/tasks/{task['id']}/annotations/", json={"result": [], "lead_time": 3.0})
        assert got == lane[name]
    desk.run("people", "lanes", names[0])
    left = {one["data"]["title"] for one in desk.studio.get(f"api/dm/views/?project={number}")}
    assert left == {f"Lane: {names[0]}"}


def test_lanes_cut_no_document_in_two_and_have_every_task_as_often_as_asked() -> None:
    tasks = [(10 + number, f"d{number // 3}") for number in range(20)]  # documents of three parts, each a task
    for people in range(1, 9):
        names = [f"person {number}" for number in range(people)]
        for readers, owners in product(range(1, 4), ({}, {"d1": names[0], "d4": names[-1], "d5": names[0]})):
            lanes = parts(tasks, names, readers=readers, owners=owners)
            own = {
                name: [task for task in tasks for first, last in lane if first <= task[0] <= last]
                for name, lane in lanes.items()
            }
            assert all(sum(task in lane for lane in own.values()) == min(readers, people) for task in tasks)
            assert all(
                len([one for one in lane if one[1] == doc]) in {0, 3}
                for lane in own.values()
                for _, doc in lane
                if doc < "d6"
            )
            assert all(doc in {one for _, one in own[name]} for doc, name in owners.items())


def test_what_is_in_a_share_is_in_every_larger_one() -> None:
    ids = [f"document {number}" for number in range(2_000)]
    shared = [{doc for doc in ids if is_shared(doc, tenth / 10)} for tenth in range(11)]
    assert all(small < large for small, large in pairwise(shared))
    assert all(abs(len(one) / len(ids) - tenth / 10) < 0.05 for tenth, one in enumerate(shared))
    assert (len(shared[0]), len(shared[-1])) == (0, len(ids))
