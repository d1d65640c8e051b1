"""A workspace to read in: documents with labels of two or three people, nested, crossing, related and disputed, made without a server.

They come in as an export of Label Studio does, by the way that any would. ``python reading_room.py FOLDER`` makes it, and serves it.
"""

from __future__ import annotations

import itertools
import json
import random
import shutil
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from copydesk.flow.agree import agree
from copydesk.flow.exported import import_export
from copydesk.flow.ingest import ingest
from copydesk.flow.site import served
from copydesk.model.document import doc_id_of, text_sha256
from copydesk.studio.codec import shown_text
from copydesk.workspace import Workspace

CASES = Path(__file__).parents[1] / "cases"
TEXTS = tomllib.loads((CASES / "reading" / "texts.toml").read_text(encoding="utf-8"))
PEOPLE = {"anna": 5, "ben": 6, "cleo": 7}
NOON = "2026-01-01T12:00:00.000000Z"


def silent(*_: object) -> None:
    """Show no progress."""


def build(folder: Path, *, lengths: Sequence[int] = ()) -> Workspace:
    """Make the workspace; its documents are those of ``texts.toml``, and one of each of these lengths in characters."""
    shutil.copytree(CASES / "exports" / "small", folder / "schemas" / "small")
    (folder / "copydesk.toml").write_text(
        'name = "room"\nschema = "small"\n[engine]\nname = "inline"\n', encoding="utf-8"
    )
    workspace = Workspace.open(folder)
    articles = {f"{name}.txt": one["text"].replace("LONG", "long" * 2_500) for name, one in TEXTS.items()}
    articles |= {f"of-{length}.txt": _words(length) for length in lengths}
    for name, text in articles.items():
        (folder / name).write_text(text, encoding="utf-8")
    ingest(workspace, [folder / name for name in articles], progress=silent)
    texts = dict(
        zip(*(workspace.documents.read("documents")[name].to_pylist() for name in ("source", "text")), strict=True)
    )
    tasks = [_task(number, name, texts[name]) for number, name in enumerate(articles, 1)]
    (folder / "export.json").write_text(json.dumps(tasks), encoding="utf-8")
    import_export(workspace, folder / "export.json", progress=silent)
    agree(workspace, progress=silent)
    return workspace


def _words(length: int) -> str:
    """A text of about so many characters, with a name in every fifth word."""
    draw = random.Random(length)
    words = (
        draw.choice(("Noor", "Idlib", "Ester"))
        if number % 5 == 0
        else draw.choice(("said", "went", "by", "the", "harbour", "at", "noon"))
        for number in itertools.count()
    )
    paragraphs = []
    while sum(map(len, paragraphs)) < length:
        paragraphs.append(" ".join(itertools.islice(words, 60)) + ".")
    return "A long day\n\n" + "\n\n".join(paragraphs)


def _task(number: int, name: str, text: str) -> dict[str, Any]:
    case = TEXTS.get(name.removesuffix(".txt"))
    marked = case["marked"] if case else {"anna": _every(text, 1), "ben": _every(text, 2)}
    told = case.get("relations", {}) if case else {}
    annotations = [
        _annotation(number * 10 + PEOPLE[person], PEOPLE[person], text, marks, told.get(person, ()))
        for person, marks in marked.items()
    ]
    data = {"doc_id": doc_id_of(name), "revision": 1, "text_sha256": text_sha256(text), "text": shown_text(text)}
    counts = {"total_annotations": len(annotations), "cancelled_annotations": 0}
    times = {"created_at": NOON, "updated_at": NOON}
    return {"id": number, "project": 7, "data": data, "annotations": annotations, "drafts": [], **counts, **times}


def _every(text: str, seed: int) -> list[list[str | int]]:
    """Mark the names, most of them in one way; every so often a longer stretch that others lie in."""
    draw, marks, at = random.Random(seed), [], 0
    for name in text.split():
        at = text.index(name, at)
        word = name.strip(".")
        if word in {"Noor", "Ester", "Idlib"} and draw.random() < 0.9:
            marks.append([at, at + len(word), "PLACE" if word == "Idlib" and draw.random() < 0.9 else "PERSON"])
        if draw.random() < 0.02 and at + 40 < len(text):
            marks.append([at, at + 40, "PLACE"])
    return marks


def _annotation(
    number: int, by: int, text: str, marks: Sequence[Sequence[Any]], relations: Sequence[Sequence[Any]]
) -> dict[str, Any]:
    result: list[dict[str, Any]] = list(_regions(text, marks))
    result += [
        {
            "type": "relation",
            "from_id": result[head]["id"],
            "to_id": result[tail]["id"],
            "direction": "right",
            "labels": [label],
        }
        for head, tail, label in relations
    ]
    plain = {"id": number, "completed_by": by, "result": result, "was_cancelled": False, "ground_truth": False}
    return {**plain, "created_at": NOON, "updated_at": NOON, "lead_time": 1.5}


def _regions(text: str, marks: Sequence[Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Regions of places given as offsets, or as words; offsets are counted as Label Studio does."""
    for number, mark in enumerate(marks):
        start, end, label = (
            mark if len(mark) == 3 else (text.index(mark[0]), text.index(mark[0]) + len(mark[0]), mark[1])
        )
        wide = [len(shown_text(text[:at])) for at in (start, end)]
        value = {"start": wide[0], "end": wide[1], "labels": [label]}
        yield {"id": f"r{number}", "from_name": "entity", "to_name": "text", "type": "labels", "value": value}


if __name__ == "__main__":
    place = Path(sys.argv[1])
    room = Workspace.open(place) if (place / "copydesk.toml").exists() else build(place, lengths=(5_000, 50_000))
    with served(room, host="127.0.0.1", port=8123, say=print) as where:
        print(where, flush=True)
        input()
