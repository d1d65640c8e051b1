"""Each file of tests/cases/copies holds documents, and the stories that they are."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from copydesk.documents.copies import find_copies
from copydesk.model import tables

CASES = Path(__file__).parents[1] / "cases" / "copies"


def _read(case: dict[str, Any]) -> tuple[pa.Table, pa.Table]:
    blank = dict.fromkeys(tables.DOCUMENTS.names) | {
        "source": "s",
        "raw_sha256": "0",
        "recipe": "r",
        "text_sha256": "0",
    }
    documents, zones = [], []
    for told in case["document"]:
        keys = {"doc_id": told.get("doc", told["name"]), "revision": told.get("revision", 1)}
        about = {name: told.get(name) for name in ("publisher", "published_at", "text")}
        documents.append(blank | keys | about)
        for seq, zone in enumerate(told.get("zones", ())):
            start = told["text"].index(zone["text"])
            place = {"seq": seq, "start": start, "end": start + len(zone["text"]), "kind": zone["kind"], "rule": "r"}
            zones.append(dict.fromkeys(tables.ZONES.names) | keys | place)
    return tables.from_rows("documents", documents), tables.from_rows("zones", zones)


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.iterdir()))
def test_the_documents_of_each_case_are_the_stories_written_above_them(name: str) -> None:
    case = tomllib.loads((CASES / f"{name}.toml").read_text("utf-8"))
    documents, zones = _read(case)
    rows = find_copies(documents, zones=zones).to_pylist()
    stories: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: row["kind"] != "original"):
        stories.setdefault(row["canonical_doc_id"], []).append(row["doc_id"])
    assert {frozenset(story) for story in stories.values()} == {frozenset(story) for story in case["stories"]}
    assert {story[0] for story in stories.values()} == {story[0] for story in case["stories"]}
    assert {row["doc_id"]: row["kind"] for row in rows if row["kind"] != "original"} == case["kinds"]
