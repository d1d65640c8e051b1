"""Live suggestions: ``copydesk backend`` as a user runs it, and Label Studio as it really asks."""

from __future__ import annotations

import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from copydesk.studio.projects import MODEL_VERSION

pytestmark = pytest.mark.studio


@contextmanager
def served(desk: Any) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-uc", "from copydesk.cli import main; main()", "--workspace", str(desk.folder)]
    process = subprocess.Popen(
        [*command, "backend", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        first = process.stdout.readline()
        assert first.startswith("backend: http://127.0.0.1:"), process.communicate()
        yield process
    finally:
        process.kill()
        process.communicate()


def end(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    """End the backend; gives its exit code and what it said, without the progress that a slow machine is told."""
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    return process.returncode, re.sub(r"^\w+: \d+ of \d+\n", "", errors, flags=re.MULTILINE)


def let_suggest(desk: Any, *use: str, bare: float = 0.0) -> None:
    """Say in the settings who suggests, and what share of the documents is sent bare."""
    settings = desk.folder / "copydesk.toml"
    before = settings.read_text().partition("\n[suggest]")[0]
    settings.write_text(f"{before}\n[suggest]\nuse = {list(use)}\nbare = {bare}\n")


def pushed(desk: Any) -> tuple[str, int]:
    """Send the articles; gives the project's page and number."""
    project = desk.run("push")["project"]
    return project, int(project.split("/")[-2])


def test_a_task_that_has_no_suggestions_gets_them_when_it_is_served(make_desk: Callable[..., Any]) -> None:
    desk = make_desk("live", people=("anna",))
    let_suggest(desk)
    project, number = pushed(desk)
    let_suggest(desk, "rules")

    with served(desk) as process:
        secrets = desk.folder / ".copydesk" / "backend.json"
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
        (known,) = desk.studio.get("api/ml/", params={"project": number})
        assert (known["title"], known["auth_method"], known["state"]) == (MODEL_VERSION, "BASIC_AUTH", "CO")
        assert not [one for one in desk.studio.get("api/webhooks/") if one["project"] == number]
        task = desk.served(project, "anna")
        (prediction,) = task["predictions"]
        assert prediction["model_version"] == MODEL_VERSION
        text = task["data"]["text"]
        words = [one["value"]["text"] for one in prediction["result"] if one["type"] == "labels"]
        assert words == [
            text[one["value"]["start"] : one["value"]["end"]] for one in prediction["result"] if one["type"] == "labels"
        ]
        assert words

        by_hand = [
            {"data": {"text": "Iraq, on 3 May 2017", "title": "", "review_note": ""}},
            {"data": {"text": " ", "title": "", "review_note": ""}},
        ]
        added = desk.studio.post(f"api/projects/{number}/import", params={"return_task_ids": "true"}, json=by_hand)
        shown = [desk.studio.get(f"api/tasks/{one}/")["predictions"][0]["result"] for one in added["task_ids"]]
        assert "3 May 2017" in [one["value"]["text"] for one in shown[0]]
        assert shown[1] == []
        code, errors = end(process, signal.SIGTERM)
    assert (code, errors) == (0, f"task {added['task_ids'][1]} has no text, and gets no suggestions\n")

    assert desk.studio.get("api/ml/", params={"project": number}) == []
    assert desk.studio.get(f"api/projects/{number}/")["model_version"] == MODEL_VERSION
    assert desk.served(project, "anna")["predictions"] == [prediction]


def test_one_that_was_killed_is_taken_over_and_what_is_sent_bare_stays_bare(make_desk: Callable[..., Any]) -> None:
    desk = make_desk("live-again", people=("anna",))
    let_suggest(desk, "rules")
    project, number = pushed(desk)
    (sent,) = desk.served(project, "anna")["predictions"]
    with served(desk):
        assert desk.served(project, "anna")["predictions"] == [sent]
    (left,) = desk.studio.get("api/ml/", params={"project": number})
    assert left["state"] == "DI"
    assert not desk.served(project, "anna")["predictions"], "why a backend is taken away in the end"
    let_suggest(desk, "rules", bare=1.0)
    with served(desk) as process:
        (known,) = desk.studio.get("api/ml/", params={"project": number})
        assert (known["id"], known["state"]) == (left["id"], "CO")
        assert desk.served(project, "anna")["predictions"] == [sent]
        desk.studio.delete(f"api/predictions/{sent['id']}/")
        assert [one["result"] for one in desk.served(project, "anna")["predictions"]] == [[]]
        assert end(process, signal.SIGINT) == (0, "")
    assert desk.studio.get("api/ml/", params={"project": number}) == []


def test_what_was_suggested_live_counts_as_sent_once_it_is_pulled(make_desk: Callable[..., Any]) -> None:
    desk = make_desk("live-sent", people=("anna", "ben"))
    let_suggest(desk)
    project, _ = pushed(desk)
    let_suggest(desk, "rules")
    with served(desk):
        task = desk.labelled(project)["ferry"]
        for _ in range(2):  # the first opening makes the prediction, the second shows it
            (prediction,) = desk.studio.get(f"api/tasks/{task['id']}/")["predictions"]
        for name in ("anna", "ben"):
            desk.submit(task, name, [{**one, "origin": "prediction"} for one in prediction["result"]])
        desk.run("pull")
    desk.run("agree")
    shown = [one for one in prediction["result"] if one["type"] == "labels"]
    fates = desk.run("suggest", "--evaluate")["fates"]
    assert {one["suggester"] for one in fates} == {"rules"}
    assert sum(one["kept"] for one in fates) == 2 * len(shown) > 0
    assert not any(desk.workspace.live.iterdir())
