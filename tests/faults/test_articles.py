"""What is marked in an article as it was scraped comes back at its place in the document that was made of it."""

from __future__ import annotations

import random
import re
import shutil
import unicodedata
from collections.abc import Iterator
from typing import Any

import faultrun
import pytest

from copydesk.flow import ingest, studio
from copydesk.studio.client import Studio
from copydesk.studio.listing import list_tasks
from copydesk.workspace import Workspace

pytestmark = pytest.mark.studio

WORDS = [
    "Noor",
    "Adél",
    "lives",
    "in",
    "Aleppó",
    "😀",
    "حَلَب",
    "👩\u200d👩\u200d👧",
    "北京",
    "שלום",
    "กรุงเทพ",
    "🇸🇾",
    "Qạ̈im",
    "𝔘ni",
]


@pytest.fixture
def workspace(desk: Any) -> Iterator[Workspace]:
    """A workspace of articles with decomposed accents and line ends of every kind, two at once among them."""
    root = desk.folder / "articles"
    shutil.copytree(desk.template, root)
    shutil.rmtree(root / ".copydesk" / "documents")
    for path in (root / "seeds").glob("*.txt"):
        path.unlink()
    dice = random.Random(4)
    for number, ending in enumerate(["\n", "\r\n", "\r", "\r\n"] * 3):
        lines = [" ".join(dice.choices(WORDS, k=dice.randint(9, 14))) + f" on day {number}." for _ in range(4)]
        text = unicodedata.normalize("NFD", f"Article {number}\n\n" + "\n\n".join(lines) + "\n").replace("\n", ending)
        (root / "seeds" / f"a{number:02}.txt").write_bytes(text.encode())
    made = faultrun.with_settings(Workspace.open(root), title="articles", url=desk.server.url, timeout=60)
    with faultrun.in_small(desk):
        yield made
    shutil.rmtree(root)


def test_what_is_marked_in_an_article_with_any_line_ends_comes_back_at_its_place(
    desk: Any, workspace: Workspace
) -> None:
    ingest.ingest(workspace, (), progress=faultrun.quiet)
    documents = {row["doc_id"]: row["text"] for row in workspace.documents.read("documents").to_pylist()}
    assert len(documents) == 12
    assert not any("\r" in text for text in documents.values())
    studio.push(workspace, progress=faultrun.quiet)
    meant = set()
    with Studio(desk.server.url, desk.tokens[0]) as anna:
        (project,) = anna.get("api/projects/", params={"title": "articles"})["results"]
        for page, _ in list_tasks(anna, project["id"], fields=("id", "data"), size=100):
            for task in page:
                shown, whole = task["data"]["text"], documents[task["data"]["doc_id"]]
                assert [one if ord(one) < 0x10000 else "□" for one in whole] == list(shown)
                places = [match.span() for match in re.finditer(r"\S+", shown)][::5]
                result = [faultrun.region(start, end, shown, "GPE") for start, end in places]
                anna.post(f"api/tasks/{task['id']}/annotations/", json={"result": result, "ground_truth": False})
                meant |= {(task["data"]["doc_id"], start, end, whole[start:end]) for start, end in places}
    studio.pull(workspace, progress=faultrun.quiet)
    spans = workspace.labels.read("spans").to_pylist()
    assert {(one["doc_id"], one["start"], one["end"], one["surface"]) for one in spans} == meant
    assert len(spans) == len(meant)
    assert workspace.labels.read("rejected").num_rows == 0
