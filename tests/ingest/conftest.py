"""A crawl of several kinds of file, and workspaces to ingest it in."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from copydesk.model.marker import MARKER
from copydesk.store import file_sha256
from copydesk.workspace import Workspace

SETTINGS = 'name = "crawl"\nschema = "news-entities"\n\n[ingest]\npaths = ["crawl"]\n'
PAGE = (
    "<html><head><title>Port {number} opens</title></head><body><article><h1>Port {number} opens</h1>"
    "<p>The port of Halden, number {number}, opened on Monday, the harbour master said.</p>"
    "<p>Ships had waited for eleven days, and {number} of them left at once.</p></article></body></html>"
)

MakeWorkspace = Callable[..., Workspace]


def story(number: int) -> str:
    """A short article, closed by a line that closes all of them."""
    told = f"The bridge over the Orla was closed on Friday, and {number} lorries waited."
    return f"Bridge {number} is closed\n\n{told}\n\nMore of it on page {number}\n"


def row(number: int) -> str:
    """A line of JSON with an article in it."""
    return json.dumps({"id": f"story-{number}", "text": story(number), "url": f"https://paper.example.org/{number}"})


@pytest.fixture(scope="session")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of one article and of thousands, good ones and bad ones, copies of an identity among them."""
    folder = tmp_path_factory.mktemp("crawl")
    for number in range(520):
        (folder / f"{number:04d}.txt").write_text(story(number), encoding="utf-8")
    for number in range(12):
        (folder / f"page-{number:02d}.html").write_text(PAGE.format(number=number), encoding="utf-8")
    (folder / "empty.txt").write_bytes(b"")
    lines = [row(number) for number in range(1_000, 5_500)]
    (folder / "lines.jsonl").write_text("\n".join([*lines[:30], "{broken", *lines[30:]]) + "\n", encoding="utf-8")
    again = [row(number).replace("Friday", "Saturday") for number in range(1_000, 1_040)]
    (folder / "more.jsonl.gz").write_bytes(gzip.compress("\n".join([*again, *lines[40:60]]).encode(), mtime=0))
    return folder


@pytest.fixture
def make_workspace(crawl: Path, tmp_path: Path) -> MakeWorkspace:
    """Make a workspace with a copy of the crawl, its work done by this engine."""

    def make(name: str, engine: str) -> Workspace:
        root = tmp_path / name
        shutil.copytree(crawl, root / "crawl")
        (root / MARKER).write_text(f"{SETTINGS}\n[engine]\n{engine}\n", encoding="utf-8")
        return Workspace.open(root)

    return make


@pytest.fixture(scope="session")
def log_of() -> Callable[[Workspace], dict[str, str]]:
    """Give every file of a workspace's ingest log, and of what is known of repeated lines, with its digest."""

    def files(workspace: Workspace) -> dict[str, str]:
        repeated = workspace.repeated.part()
        assert repeated is not None
        folders = workspace.documents.folder, workspace.rezoned, repeated.path
        return {
            path.relative_to(folder.parent).as_posix(): file_sha256(path)
            for folder in folders
            for path in folder.rglob("*")
            if path.is_file()
        }

    return files
