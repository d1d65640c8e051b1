"""Sentences: cases of news, and the laws that none crosses a zone and none is lost."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.documents import build_documents
from copydesk.documents.read import read_document
from copydesk.documents.sentences import sentences_of, split_sentences
from copydesk.model import tables
from copydesk.model.document import Zone

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "sentences" / "news.toml").read_text("utf-8"))["case"]
PARTS = ["Lt.-Gen. Jane Doe left.", "At 5 p.m. Monday", "“No!” he said.", "\n\n", "\n", " ", "Related:", "- item", "U.S. Army", "No. 3", "J.K.", "🚂", "e\u0301"]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:30])
def test_a_paragraph_of_news_is_split_where_its_sentences_end(case: dict[str, Any]) -> None:
    text = case["text"]
    spans = split_sentences(text, [Zone(case.get("kind", "paragraph"), 0, len(text), "test")])
    assert [text[start:end] for start, end in spans] == case["sentences"]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(PARTS) | st.text(st.characters(codec="utf-8"), max_size=12), max_size=20).map("".join))
def test_every_visible_character_is_in_one_sentence_and_none_crosses_a_zone(article: str) -> None:
    document = read_document(article, format="text", doc_id="doc-0", recipe="test", max_chars=10_000).document
    if document is None:
        return
    spans = split_sentences(document.text, document.zones)
    assert spans == sorted(spans)
    covered = [0] * len(document.text)
    outer = [zone for zone in document.zones if not any(
        other is not zone and other.start <= zone.start and zone.end <= other.end and len(other.kind) and other[1:3] != zone[1:3]
        for other in document.zones
    )]  # fmt: skip
    for start, end in spans:
        assert start < end
        assert any(zone.start <= start and end <= zone.end for zone in outer)
        for place in range(start, end):
            covered[place] += 1
    assert all(covered[at] == 1 for at, character in enumerate(document.text) if not character.isspace())


def test_the_table_of_sentences_numbers_them_in_each_document(articles: Any) -> None:
    table: pa.Table = articles(("a", "A Heading\n\nOne is here. Two is there."), ("b", "Three."))
    kept = build_documents(table, known=tables.empty("documents"), max_chars=1000).kept
    rows = sentences_of(kept["documents"], kept["zones"]).to_pylist()
    texts = dict(zip(kept["documents"]["doc_id"].to_pylist(), kept["documents"]["text"].to_pylist(), strict=True))
    assert [(row["seq"], texts[row["doc_id"]][row["start"] : row["end"]]) for row in rows] == [
        (0, "A Heading"), (1, "One is here."), (2, "Two is there."), (0, "Three.")
    ]  # fmt: skip
