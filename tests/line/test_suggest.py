"""Suggestions on their way to annotators and back, on a real server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from copydesk.flow.sample import order
from copydesk.flow.sending import is_bare, last_sent

pytestmark = pytest.mark.studio


def test_a_share_is_sent_bare_what_comes_back_judges_suggestions_and_what_was_labelled_is_suggested_elsewhere(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk("suggested")
    settings = desk.folder / "copydesk.toml"
    before = settings.read_text()
    bare: set[str] = set()
    for share in range(
        1, 100
    ):  # which documents are drawn is a matter of their names, and these lie elsewhere each time
        settings.write_text(f'{before}\n[suggest]\nuse = ["rules", "seen"]\nbare = {share / 100}\n')
        bare = {title for doc_id, title in titles(desk).items() if is_bare(desk.workspace, doc_id)}
        if bare:
            break
    assert bare
    project = desk.run("push")["project"]
    tasks = desk.labelled(project)
    for title, (row, suggested) in sent(desk).items():
        assert row["bare"] == (title in bare)
        assert len(shown(tasks[title])) == (0 if title in bare else len(suggested))

    for title, task in tasks.items():
        for name in ("anna", "ben"):
            desk.annotate(task, name, desk.anna[title])
    desk.run("pull")
    desk.run("agree")
    told = desk.run("suggest", "--evaluate")
    whole = {row["suggester"]: row for row in told["scores"] if row["by"] == "all"}
    assert set(whole) == {"rules", "seen", "together"}
    assert whole["together"]["labelled"] == len(desk.agreed())
    assert sum(row["kept"] + row["changed"] + row["dropped"] for row in told["fates"]) == 2 * sum(
        len(suggested) for row, suggested in sent(desk).values() if not row["bare"]
    )
    assert told["anchoring"]["bare"]["readings"] == 2 * len(bare)

    new = desk.folder / "new.txt"
    new.write_text("A second ferry sailed from Tarnmouth. It was late.\n\nThe guild was not amused at all by this.")
    desk.run("ingest", str(new))
    by = desk.run("suggest")["by"]
    assert desk.run("suggest")["changed"] is False
    assert desk.run("push")["counts"]["pushed"] == 1
    rows = desk.workspace.sent.read("suggestions").to_pylist()
    (row,) = [row for row in rows if row["surface"] == "Tarnmouth" and row["by"] == [f"seen {by['seen']}"]]
    assert row["label"] == "GPE"


def test_better_suggestions_reach_tasks_that_nobody_touched_and_are_written_down(make_desk: Callable[..., Any]) -> None:
    desk = make_desk("better", people=("anna",))
    settings = desk.folder / "copydesk.toml"
    before = settings.read_text()
    settings.write_text(f"{before}\n[suggest]\nuse = []\nbare = 0.0\n")
    project = desk.run("push")["project"]
    assert not any(shown(task) for task in desk.tasks(project))
    desk.annotate(desk.labelled(project)["bridge"], "anna", desk.anna["bridge"])
    settings.write_text(f'{before}\n[suggest]\nuse = ["rules"]\nbare = 0.0\n')
    assert "updated" not in desk.run("push")["counts"]
    assert desk.run("push", "--update")["counts"]["updated"] == 1
    task = desk.labelled(project)["ferry"]
    assert len(shown(task)) == len(sent(desk)["ferry"][1]) > 0
    assert not sent(desk)["bridge"][1]
    rows = desk.workspace.sent.read("sent").num_rows
    assert desk.run("push")["changed"] is False
    assert desk.workspace.sent.read("sent").num_rows == rows


def test_what_was_chosen_is_served_in_its_order(make_desk: Callable[..., Any]) -> None:
    desk = make_desk("ordered", people=("anna",))
    settings = desk.folder / "copydesk.toml"
    settings.write_text(f"{settings.read_text()}\n[sample]\nsize = 3\n".replace("per_task = 2", "per_task = 1"))
    assert desk.run("push")["counts"]["tasks"] == 0
    assert desk.run("sample")["counts"]["in this batch"] == 3
    done = desk.run("push")
    assert (done["counts"]["pushed"], done["counts"]["updated"]) == (3, 3)
    assert desk.run("push")["changed"] is False
    first = min(order(desk.workspace, progress=lambda *_: None).to_pylist(), key=lambda row: row["score"])
    task = desk.served(done["project"], "anna")
    assert task["data"]["doc_id"] == first["doc_id"]
    desk.submit(task, "anna", [])
    desk.run("pull")
    assert desk.run("push")["counts"]["pushed"] == 0
    others = order(desk.workspace, progress=lambda *_: None).to_pylist()
    solved = [row["cluster"] == first["cluster"] for row in others]
    (_, second), _ = sorted(zip(solved, others, strict=True), key=lambda one: (one[0], one[1]["score"]))
    assert desk.served(done["project"], "anna")["data"]["doc_id"] == second["doc_id"]


def titles(desk: Any) -> dict[str, str]:
    documents = desk.workspace.documents.read("documents", columns=["doc_id", "text"]).to_pylist()
    return {row["doc_id"]: title for row in documents for title, text in desk.texts.items() if row["text"] == text}


def sent(desk: Any) -> dict[str, Any]:
    rows = desk.workspace.documents.read("documents").to_pylist()
    found = last_sent(desk.workspace, {(row["doc_id"], row["text_sha256"]) for row in rows})
    return {titles(desk)[doc_id]: one for (doc_id, _), one in found.items()}


def shown(task: Any) -> list[Any]:
    return [one for made in task["predictions"] for one in made["result"] if "labels" in one["value"]]
