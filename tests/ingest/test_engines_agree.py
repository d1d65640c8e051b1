"""Whichever engine works, and whatever is killed meanwhile, the log is the same byte for byte."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from copydesk.articles import Limits, ReadOptions, find_inputs
from copydesk.engines import EngineOptions, run
from copydesk.flow.ingest import ingest
from copydesk.flow.shard import Assignment, Staging, lay_aside
from copydesk.flow.units import Unit, pieces_of, units_of
from copydesk.store import part_at
from copydesk.workspace import Workspace

MakeWorkspace = Callable[..., Workspace]
LogOf = Callable[[Workspace], dict[str, str]]
OPTIONS = ReadOptions(Limits(max_bytes=100_000, max_chars=100_000))
PAPER = "https://paper.example.org"
TWO = EngineOptions("processes", workers=2, seconds=5.0)


def silent(_what: str, _done: int, _total: int) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def reference(crawl: Path, tmp_path_factory: pytest.TempPathFactory, log_of: LogOf) -> dict[str, str]:
    """The log that is made without any other process."""
    root = tmp_path_factory.mktemp("reference")
    shutil.copytree(crawl, root / "crawl")
    (root / "copydesk.toml").write_text(
        'name = "crawl"\nschema = "s"\n[ingest]\npaths = ["crawl"]\n[engine]\nname = "inline"\n'
    )
    workspace = Workspace.open(root)
    report = ingest(workspace, (), progress=silent)
    assert report.counts["articles"] == 520 + 12 + 1 + 4_501 + 60
    assert report.counts["kept"] + report.counts["rejected"] == report.counts["articles"]
    assert report.counts["rejected"] == 2
    assert report.counts["with repeated lines"] == 520 + 4_500
    return log_of(workspace)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_processes_make_the_log_that_one_process_makes(
    make_workspace: MakeWorkspace, reference: dict[str, str], log_of: LogOf, workers: int
) -> None:
    workspace = make_workspace("w", f"workers = {workers}")
    ingest(workspace, (), progress=silent)
    assert log_of(workspace) == reference


def test_an_ingest_that_is_killed_again_and_again_makes_the_same_log_in_the_end(
    make_workspace: MakeWorkspace, reference: dict[str, str], log_of: LogOf
) -> None:
    workspace = make_workspace("w", "workers = 2")
    command = [
        sys.executable,
        "-c",
        "from copydesk.cli import main; main()",
        "--workspace",
        str(workspace.root),
        "ingest",
    ]
    killed = 0
    for wait in (0.9, 1.2, 1.5, 1.8, 2.1):
        started = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.wait(wait)
        killed += started.poll() is None
        started.kill()
        started.wait()
    assert killed
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert log_of(workspace) == reference
    assert not (workspace.state / "staged").exists()


@pytest.fixture
def damage(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import damage

    return damage


@pytest.fixture
def units(crawl: Path) -> list[Unit]:
    """The units of the crawl."""
    found = find_inputs([crawl], root=crawl)
    return list(units_of(list(pieces_of(found.inputs, options=OPTIONS, fetched=crawl, progress=silent))))


def laid_aside(units: list[Unit], work: Callable[..., Any], staging: Staging, options: EngineOptions) -> dict[str, Any]:
    """Lay the units aside and give the receipts of their parts, in order."""
    staging.folder.mkdir()
    assignments = [Assignment(unit) for unit in units]
    counts = run(partial(work, staging=staging), assignments, options=options)
    parts = [
        part_at(staging.part(unit, number))
        for unit, count in zip(units, counts, strict=True)
        for number in range(count)
    ]
    return {part.path.name: part for part in parts}


def test_workers_that_are_killed_from_outside_change_nothing(
    damage: ModuleType, units: list[Unit], tmp_path: Path
) -> None:
    whole = laid_aside(units, lay_aside, Staging(tmp_path / "whole", OPTIONS), EngineOptions("inline"))
    work = partial(damage.killed_once, every=1_500)
    hurt = laid_aside(units, work, Staging(tmp_path / "hurt", OPTIONS), TWO)
    assert len(list((tmp_path / "hurt").glob("killed-*"))) >= 4
    assert {name: part.receipt for name, part in hurt.items()} == {name: part.receipt for name, part in whole.items()}


@pytest.mark.parametrize(("how", "reason"), [("die", "crashed"), ("hang", "timeout")])
def test_a_document_that_kills_or_hangs_is_rejected_alone(
    damage: ModuleType, units: list[Unit], tmp_path: Path, how: str, reason: str
) -> None:
    files = units[-1]  # what is left of the small files
    victim = len(files.pieces) - 3
    places = {"die": (), "hang": (), how: (1, 3 * victim + 2)}  # made with all others, and made alone
    options = EngineOptions("processes", workers=1, seconds=3.0)
    parts = laid_aside([files], partial(damage.hurt, **places), Staging(tmp_path / "s", OPTIONS), options)
    [part] = parts.values()
    [row] = [one for one in part.read("rejected").to_pylist() if one["reason"] == reason]
    assert row["item"] == files.pieces[victim].place[0]
    assert part.receipt["entries"] == len(files.pieces)
    assert part.read("articles").num_rows == len(files.pieces)
    assert part.read("documents").num_rows == part.receipt["entries"] - part.receipt["rejected"]


def test_texts_that_kill_when_made_together_are_made_one_by_one(
    damage: ModuleType, units: list[Unit], tmp_path: Path
) -> None:
    [lines] = [unit for unit in units if unit.pieces[0].place[0] == "lines.jsonl"]
    whole = laid_aside([lines], lay_aside, Staging(tmp_path / "whole", OPTIONS), EngineOptions("inline"))
    places = {"hang": (), "die": (1, 3 * 7 + 2)}
    parts = laid_aside([lines], partial(damage.hurt, **places), Staging(tmp_path / "s", OPTIONS), TWO)
    first, *others = parts.values()
    assert [one["item"] for one in first.read("rejected").to_pylist() if one["reason"] == "crashed"] == [
        f"{PAPER}/1007"
    ]
    assert first.read("documents").num_rows == first.receipt["entries"] - 2
    assert [one.receipt["files"]["documents"] for one in others] == [
        one.receipt["files"]["documents"] for one in list(whole.values())[1:]
    ]


def test_a_reader_that_dies_gives_up_the_rest_of_its_file_and_no_other(
    damage: ModuleType, units: list[Unit], tmp_path: Path
) -> None:
    [lines] = [unit for unit in units if unit.pieces[0].place[0] == "lines.jsonl"]
    parts = laid_aside([lines], partial(damage.hurt, die=(3 * 100,), hang=()), Staging(tmp_path / "s", OPTIONS), TWO)
    [part] = parts.values()
    assert part.receipt["entries"] == 101
    [row] = [one for one in part.read("rejected").to_pylist() if one["reason"] == "crashed"]
    assert "entry 101 and what follows it" in row["detail"]
