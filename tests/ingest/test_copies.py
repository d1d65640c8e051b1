"""The search for copies over a log is the one in memory, however it is divided, and follows the log."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from copydesk.documents.copies import find_copies
from copydesk.flow.current import current_documents
from copydesk.flow.ingest import ingest
from copydesk.flow.report import Report
from copydesk.workspace import Workspace

SETTINGS = 'name = "crawl"\nschema = "news-entities"\n[ingest]\npaths = ["crawl"]\n[engine]\n{engine}\n'
WORDS = [
    "bridge",
    "harbour",
    "minister",
    "river",
    "road",
    "town",
    "council",
    "army",
    "border",
    "convoy",
    "farmers",
    "grain",
    "lorries",
    "market",
    "mayor",
    "night",
    "officials",
    "police",
    "port",
    "prices",
    "protest",
    "rail",
    "residents",
    "school",
    "soldiers",
    "storm",
    "strike",
    "talks",
    "tunnel",
    "village",
    "winter",
    "workers",
    "closed",
    "opened",
    "said",
    "crossed",
    "denied",
    "agreed",
    "ended",
    "began",
    "left",
    "reached",
    "warned",
    "promised",
    "refused",
    "returned",
]


def stories(count: int) -> list[dict[str, str]]:
    """Articles of two papers, a third of which are copies: the same, cut, with another lead, or with a line of the outlet's own."""
    chance = random.Random(3)
    rows: list[dict[str, str]] = []
    for number in range(count):
        paragraphs = [" ".join(chance.choices(WORDS, k=45)).capitalize() + "." for _ in range(4)]
        rows.append(_row(number, "Star", [f"Story {number}", *paragraphs]))
        if number % 3 == 0:
            changed = [paragraphs, paragraphs[:2], ["An agency told it so.", *paragraphs[1:]]][number % 9 // 3]
            rows.append(_row(count + number, "Herald", [f"Story {number}", *changed, "Sign up for our letter today."]))
    return rows


def _row(number: int, publisher: str, paragraphs: list[str]) -> dict[str, str]:
    text = "\n\n".join(paragraphs)
    return {"url": f"https://{publisher.lower()}.example.org/{number}", "publisher": publisher, "text": text}


@pytest.fixture
def crawl(tmp_path: Path) -> Callable[..., tuple[Workspace, Report]]:
    """Write rows as one file a paper, and ingest them."""

    def make(name: str, rows: list[dict[str, str]], engine: str = 'name = "inline"') -> tuple[Workspace, Report]:
        root = tmp_path / name
        (root / "crawl").mkdir(parents=True, exist_ok=True)
        (root / "copydesk.toml").write_text(SETTINGS.format(engine=engine), encoding="utf-8")
        for paper in {row["publisher"] for row in rows}:
            lines = [json.dumps(row) for row in rows if row["publisher"] == paper]
            (root / "crawl" / f"{paper}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        workspace = Workspace.open(root)
        return workspace, ingest(workspace, (), progress=lambda *_: None)

    return make


def in_memory(workspace: Workspace) -> pa.Table:
    return find_copies(current_documents(workspace), zones=workspace.documents.read("zones"))


def test_the_divided_search_finds_what_the_one_in_memory_does(
    crawl: Callable[..., tuple[Workspace, Report]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copydesk.flow.copies.DOCUMENTS_A_SHARE", 17)
    monkeypatch.setattr("copydesk.flow.copies.PAIRS_AT_ONCE", 5)
    monkeypatch.setattr("copydesk.flow.shard.ARTICLES", 13)
    workspace, report = crawl("divided", stories(60))
    found = workspace.copies.read("copies")
    assert found.equals(in_memory(workspace))
    assert report.counts["copies"] == 20
    assert set(found["kind"].to_pylist()) >= {"original", "near", "contained"}
    assert not (workspace.state / "search").exists()


def test_processes_find_the_same_copies(crawl: Callable[..., tuple[Workspace, Report]]) -> None:
    rows = stories(40)
    alone, _ = crawl("alone", rows)
    many, _ = crawl("many", rows, engine="workers = 3")
    assert many.copies.read("copies").equals(alone.copies.read("copies"))


def test_copies_follow_what_is_added_and_what_is_changed(crawl: Callable[..., tuple[Workspace, Report]]) -> None:
    rows = stories(12)
    first = [row for row in rows if row["publisher"] == "Star"]
    _, report = crawl("w", first)
    assert report.counts["copies"] == 0
    workspace, report = crawl("w", rows)
    assert report.counts["copies"] == 4
    part = workspace.copies.part()
    assert part is not None
    crawl("w", rows)
    again = workspace.copies.part()
    assert again is not None
    assert again.path == part.path, "nothing changed, so nothing was looked for"
    changed = [
        {**row, "text": f"Quite another text\n\n{row['url']}"} if row["publisher"] == "Herald" else row for row in rows
    ]
    workspace, report = crawl("w", changed)
    assert report.counts["copies"] == 0
    assert workspace.copies.read("copies").equals(in_memory(workspace))


def test_a_log_without_a_document_has_no_copies(crawl: Callable[..., tuple[Workspace, Report]]) -> None:
    workspace, report = crawl("w", [{"publisher": "Star", "text": ""}])
    assert (report.counts["rejected"], report.counts["copies"]) == (1, 0)
    assert workspace.copies.read("copies").num_rows == 0
