"""Each folder of tests/cases/documents is an article and the zones that it must have."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from copydesk.articles import Limits, accepted, read_articles
from copydesk.documents import build_documents
from copydesk.model import tables

CASES = Path(__file__).parents[1] / "cases" / "documents"


def _zone(text: str, row: dict[str, Any]) -> dict[str, str]:
    zone = {"kind": row["kind"], "rule": row["rule"], "text": text[row["start"] : row["end"]]}
    if row["speaker_start"] is not None:
        zone["speaker"] = text[row["speaker_start"] : row["speaker_end"]]
    return zone


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_the_article_of_each_case_has_the_zones_written_beside_it(case: str) -> None:
    expected = tomllib.loads((CASES / case / "expected.toml").read_text("utf-8"))
    path = next((CASES / case).glob("input.*"))
    articles, rejected = read_articles([(path.name, path)], limits=Limits(max_bytes=100_000, max_chars=10_000))
    outcome = build_documents(accepted(articles), known=tables.empty("documents"), max_chars=10_000)
    assert rejected.num_rows == outcome.rejected.num_rows == 0
    [document] = outcome.kept["documents"].to_pylist()
    zones = [_zone(document["text"], row) for row in outcome.kept["zones"].to_pylist()]
    assert zones == expected["zone"]
    assert document["title"] == expected.get("title")
    assert document["authors"] == expected.get("authors")
    assert "published_at" not in expected or document["published_at"] == expected["published_at"]
