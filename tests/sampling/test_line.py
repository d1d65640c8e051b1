"""``copydesk sample`` in a workspace: batch after batch, and what the labels say of all documents."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from copydesk.cli import cli
from copydesk.flow.current import current_documents
from copydesk.flow.exported import import_export
from copydesk.flow.sample import only_chosen, order, sendable
from copydesk.store import locked
from copydesk.workspace import Workspace

SMALL = Path(__file__).parents[1] / "cases" / "exports" / "small"
PLACES = ("Aleppo", "Hit", "Raqqa", "Tikrit")
SAMPLE = ["[sample]", "size = 8", "random = 0.25", 'strata = ["publisher"]', 'quotas = ["noor 3", "karim 2"]']


def quiet(*_: object) -> None:
    pass


def settings(*lines: str) -> str:
    return "\n".join(
        [
            'name = "desk"',
            'schema = "small"',
            "[engine]",
            'name = "inline"',
            "[studio]",
            "send_copies = true",
            *lines,
            "",
        ]
    )


@pytest.fixture
def desk(tmp_path: Path) -> Workspace:
    """Forty articles of two publishers, each with as many places as its number says."""
    shutil.copytree(SMALL, tmp_path / "schemas" / "small")
    (tmp_path / "copydesk.toml").write_text(settings(*SAMPLE), encoding="utf-8")
    rows = [
        {
            "id": f"n{number}",
            "title": f"Report {number} from the road",
            "text": f"Report {number}. " + " ".join(f"They saw {place} on day {number}." for place in places(number)),
            "publisher": ("Gazette", "Herald")[number % 2],
            "published_at": "2024-05-17",
        }
        for number in range(40)
    ]
    (tmp_path / "news.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    desk = Workspace.open(tmp_path)
    assert run(desk, "ingest", str(tmp_path / "news.jsonl")).exit_code == 0
    return desk


def places(number: int) -> tuple[str, ...]:
    return tuple(PLACES[(number * 3 + at) % 4] for at in range(1 + number % 3))


def run(workspace: Workspace, *arguments: str) -> Result:
    done = CliRunner().invoke(cli, ["--workspace", str(workspace.root), *arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def asked(workspace: Workspace, *arguments: str) -> dict[str, Any]:
    done = run(workspace, "sample", "--json", *arguments)
    assert done.exit_code == 0, done.output
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def read(workspace: Workspace, doc_ids: list[str]) -> None:
    """Let somebody mark every place in these documents, and the documents read before."""
    texts = {row["doc_id"]: row["text"] for row in current_documents(workspace).to_pylist()}
    known = workspace.labels.read("reads")["doc_id"].to_pylist()
    tasks = [task(number, texts[one]) for number, one in enumerate(sorted({*doc_ids, *known}), 1)]
    file = workspace.root / "export.json"
    file.write_text(json.dumps(tasks), encoding="utf-8")
    import_export(workspace, file, progress=quiet)


def task(number: int, text: str) -> dict[str, Any]:
    at = "2026-01-01T12:00:00.000000Z"
    marks = [(text.index(place), place) for place in PLACES if place in text]
    result = [
        {
            "id": place,
            "from_name": "entity",
            "to_name": "text",
            "type": "labels",
            "value": {"start": start, "end": start + len(place), "labels": ["PLACE"]},
        }
        for start, place in marks
    ]
    own = {"id": number, "completed_by": 1, "was_cancelled": False, "ground_truth": False, "lead_time": 1.5}
    own |= {"created_at": at, "updated_at": at, "result": result}
    counts = {"total_annotations": 1, "cancelled_annotations": 0, "created_at": at, "updated_at": at}
    return {"id": number, "project": 7, "data": {"text": text}, "annotations": [own], "drafts": []} | counts


def test_a_batch_waits_until_the_last_one_is_read_and_then_never_chooses_again(desk: Workspace) -> None:
    first = asked(desk)
    assert (first["batch"], len(first["documents"]), first["changed"]) == (1, 8, True)
    again = asked(desk)
    assert (again["changed"], again["documents"]) == (False, first["documents"])
    read(desk, first["documents"])
    second = asked(desk)
    assert second["batch"] == 2
    assert not set(first["documents"]) & set(second["documents"])
    assert asked(desk, "--more")["batch"] == 3


def test_what_is_written_down_is_how_it_was_drawn(desk: Workspace) -> None:
    read(desk, asked(desk)["documents"])
    asked(desk)
    for number, part in enumerate(desk.samples.parts(), 1):
        samples, chances = part.read("samples").to_pylist(), part.read("chances").to_pylist()
        assert sum(row["random"] for row in chances) == pytest.approx(2)
        assert sum(row["strategy"] or 0 for row in chances) == pytest.approx(6)
        assert len(chances) == 40 - 8 * (number - 1)
        by_name = {row["doc_id"]: row for row in chances}
        assert all(row["inclusion"] == by_name[row["doc_id"]][row["slice"]] for row in samples)
        assert sum(row["slice"] == "random" for row in samples) == 2
        assert [row["rank"] for row in samples] == list(range(1, 9))
        assert {row["stratum"] for row in samples} == {"Gazette", "Herald"}
        assert sorted(row["annotator"] or "" for row in samples) == [""] * 3 + ["karim"] * 2 + ["noor"] * 3
        assert {row["batch"] for row in samples} == {number}
    first = {row["doc_id"]: row for row in desk.samples.parts()[0].read("chances").to_pylist()}
    for row in desk.samples.parts()[1].read("chances").to_pylist():
        passed_over = (1 - first[row["doc_id"]]["by_now"]) * (1 - row["random"]) * (1 - (row["strategy"] or 0))
        assert 1 - row["by_now"] == pytest.approx(passed_over)
        assert row["since"] == 1


def test_only_what_was_chosen_is_sent_the_lowest_score_first(desk: Workspace) -> None:
    chosen = asked(desk)["documents"]
    tasks, _ = sendable(desk, current_documents(desk))
    assert sorted(only_chosen(desk, tasks)["doc_id"].to_pylist()) == sorted(chosen)
    read(desk, chosen[:3])
    with locked(desk.lock):
        rows = order(desk, progress=quiet)
    assert sorted(rows["doc_id"].to_pylist()) == sorted(chosen[3:])
    assert sorted(rows["score"].to_pylist()) == [0, 0.2, 0.4, 0.6, 0.8]


def test_estimates_say_of_all_documents_what_the_chosen_ones_say(desk: Workspace) -> None:
    assert "no batch is read through" in run(desk, "sample", "--estimate").stdout
    read(desk, asked(desk)["documents"])
    read(desk, asked(desk)["documents"])
    estimates = {row["measure"]: row for row in asked(desk, "--estimate")["estimates"]}
    truth = sum(len(set(places(number))) for number in range(40))
    assert estimates["total"]["low"] <= truth <= estimates["total"]["high"]
    assert estimates["total"]["error"] > 0
    assert (estimates["share of documents"]["value"], estimates["share of documents"]["of"]) == (pytest.approx(1), 16)
    for _ in range(3):
        read(desk, asked(desk)["documents"])
    whole = {row["measure"]: row for row in asked(desk, "--estimate")["estimates"]}
    assert (whole["total"]["value"], whole["total"]["error"]) == (pytest.approx(truth), 0)
    assert "nobody was asked about" in run(desk, "sample").stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("size = 0", "does not say how many"),
        ('strata = ["weather"]', "publisher, month, length, language"),
        ('quotas = ["noor"]', 'give a name and a number: "noor 20"'),
    ],
)
def test_settings_that_cannot_be_followed_are_told_with_the_fix(desk: Workspace, line: str, said: str) -> None:
    key = line.partition(" ")[0]
    kept = [one for one in SAMPLE if not one.startswith(f"{key} ")]
    (desk.root / "copydesk.toml").write_text(settings(*kept, line), encoding="utf-8")
    done = CliRunner().invoke(cli, ["--workspace", str(desk.root), "sample"])
    assert said in str(done.exception) + getattr(done.exception, "fix", "")
    assert not desk.samples.parts()


def test_a_document_that_came_later_is_there_for_the_batches_since(desk: Workspace) -> None:
    read(desk, asked(desk)["documents"])
    row = {"id": "late", "title": "Late", "text": "Late, they saw Hit.", "publisher": "Herald"}
    (desk.root / "late.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert run(desk, "ingest", str(desk.root / "late.jsonl")).exit_code == 0
    asked(desk)
    since = desk.samples.parts()[1].read("chances")["since"].to_numpy()
    assert np.bincount(since).tolist() == [0, 32, 1]


def test_a_suggester_that_learned_says_of_what_it_is_unsure(desk: Workspace) -> None:
    learning = ["[sample.weights]", "representative = 0", "uncertainty = 1"]
    learning += ["[suggest]", 'use = ["tagger"]', "[suggest.options.tagger]", "documents = 1", "spans = 1"]
    (desk.root / "copydesk.toml").write_text(settings(*SAMPLE, *learning), encoding="utf-8")
    desk = Workspace.open(desk.root)
    first = asked(desk)
    assert {row["strategy"] for row in desk.samples.read("samples").to_pylist()} <= {"random", "none", "uncertainty"}
    read(desk, first["documents"])
    assert run(desk, "agree").exit_code == 0
    asked(desk)
    rows = desk.samples.parts()[1].read("samples").to_pylist()
    assert [row["strategy"] for row in rows if row["slice"] == "strategy"] == ["uncertainty"] * 6
    with locked(desk.lock):
        assert order(desk, progress=quiet).num_rows == 8
