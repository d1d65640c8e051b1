"""Whichever engine works, the suggestions are the same byte for byte."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from copydesk.flow.ingest import ingest
from copydesk.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
MakeWorkspace = Callable[..., Workspace]


def silent(_what: str, _done: int, _total: int) -> None:
    """Say nothing."""


@pytest.fixture
def ingested(make_workspace: MakeWorkspace) -> Workspace:
    workspace = make_workspace("w", "workers = 2")
    shutil.copytree(ROOT / "schemas/news-entities", workspace.root / "schemas/news-entities")
    ingest(workspace, (), progress=silent)
    return workspace


def test_processes_make_the_suggestions_that_one_process_makes(ingested: Workspace) -> None:
    made = [suggested(ingested, engine) for engine in ("inline", "processes")]
    assert len(made[0]) > 2
    assert made[0] == made[1]


@pytest.mark.soak
def test_spark_makes_the_suggestions_that_one_process_makes(ingested: Workspace, spark_installed: None) -> None:
    assert suggested(ingested, "inline") == suggested(ingested, 'spark"\nmaster = "local-cluster[2,1,1024]')


def suggested(workspace: Workspace, engine: str) -> dict[str, bytes]:
    """Have the command suggest with this engine, twice; gives every file that it makes."""
    settings = workspace.root / "copydesk.toml"
    settings.write_text(f'{settings.read_text().split("[engine]")[0]}[engine]\nname = "{engine}"\n')
    shutil.rmtree(workspace.suggested, ignore_errors=True)
    program = [sys.executable, "-c", "from copydesk.cli import main; main()", "--workspace", str(workspace.root)]
    reports = [json.loads(subprocess.check_output([*program, "suggest", "--json"])) for _ in range(2)]
    assert [report["changed"] for report in reports] == [True, False]
    assert reports[0]["counts"]["documents"] == 520 + 12 + 4_500
    assert reports[0]["counts"]["suggestions"] > 5_000
    return {str(path.relative_to(workspace.suggested)): path.read_bytes() for path in workspace.suggested.rglob("*.*")}
