"""Great Expectations' pages as a reader opens them, from the disk and with no network: they show what failed, and ask for nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from copydesk.model.settings import ValidationSettings
from copydesk.model.tables import TABLES
from copydesk.validation import validate

ROOT = Path(__file__).parents[2]
CLEAN = json.loads((ROOT / "tests" / "cases" / "validation" / "clean.json").read_text(encoding="utf-8"))


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """The pages of a run in which one span begins before its text."""
    CLEAN["tables"]["spans"][0]["start"] = -1
    tables = {name: pa.Table.from_pylist(rows, schema=TABLES[name]) for name, rows in CLEAN["tables"].items()}
    parameters = CLEAN["parameters"] | ValidationSettings().parameters
    folder = tmp_path / "pages"
    validate(tables, suites=ROOT / "validation", parameters=parameters, data_docs=folder, gates=("labels",))
    return folder


def test_pages_without_a_network_show_what_failed_and_ask_for_nothing(pages: Path, browser: Any) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda line: faults.append(line.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto((pages / "index.html").as_uri())
    assert "a1-s1 in doc-0000000000000001 at -1:3" in page.inner_text("tr.error >> nth=0")
    page.click("tr:has-text('annotations') a:text-is('spans')")
    page.wait_for_load_state()
    failed = page.locator("tr", has_text="start is at least 0.").filter(has_text="1 unexpected values found. 12.5%")
    assert failed.first.is_visible()
    context.close()
    assert len(asked) == 2
    assert all(url.startswith(pages.as_uri()) for url in asked)
    assert faults == []
