"""The page of the findings: errors first, each with its rows, and no address but those of Label Studio is a link."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copydesk.flow.findings_page import ROWS, Findings
from copydesk.model.tables import from_rows
from copydesk.workspace import Workspace

HOSTILE = '<img src=x onerror="alert(1)">\u202e'


def _finding(severity: str, expectation: str, rows: int) -> dict[str, Any]:
    return {
        "suite": "own",
        "expectation": expectation,
        "severity": severity,
        "table": "spans",
        "rows": rows,
        "row_ids": ["s0"],
        "message": f"{rows} rows {HOSTILE}",
    }


def _row(number: int) -> dict[str, Any]:
    return {
        "suite": "own",
        "expectation": "no hostile text",
        "severity": "error",
        "table": "spans",
        "number": number,
        "row_id": f"s{number}",
        "seen": HOSTILE,
        "doc_id": "doc-1",
        "article": "articles/1.txt",
        "start": 3,
        "end": 9,
        "annotation_ids": ["a1"],
        "tasks": [number],
        "links": [f"http://127.0.0.1:1/projects/1/data?task={number}", "javascript:alert(1)"],
    }


@pytest.fixture
def found(shown: Workspace, tmp_path: Path) -> Workspace:
    """The demo's workspace with two findings."""
    workspace = Workspace.open(Path(shutil.copytree(shown.root, tmp_path / "work")))
    last = workspace.findings.part()
    assert last is not None
    findings = [_finding("warning", "a short text", 1), _finding("error", "no hostile text", ROWS + 5)]
    tables = {
        "findings": from_rows("findings", findings),
        "failing_rows": from_rows("failing_rows", map(_row, range(ROWS + 5))),
    }
    workspace.findings.replace(tables, last.receipt)
    return workspace


def test_the_page_of_findings_is_fit_for_everybody(is_fit: Callable[..., None], site: Any) -> None:
    is_fit(f"{site.address}/findings", entry=site.entry)


def test_errors_come_first_and_each_finding_has_its_first_rows(found: Workspace) -> None:
    body = Findings(found)({}).body
    assert body.index("no hostile text") < body.index("a short text")
    assert body.count('<tr><th scope="row">') == ROWS
    assert f"The first {ROWS} rows" in body
    assert 'href="/documents/doc-1"' in body


def test_what_others_wrote_does_nothing_and_leads_nowhere(found: Workspace) -> None:
    body = Findings(found)({}).body
    assert "<img" not in body
    assert "\u202e" not in body
    assert "javascript:" not in body
    assert 'href="http://127.0.0.1:1/projects/1/data?task=3"' in body


def test_an_exported_page_of_findings_leads_to_no_other_page(found: Workspace) -> None:
    parts = list(Findings(found, exported=True).every())
    assert parts[0].name == "findings"
    assert not any('href="/' in part.body for part in parts)
