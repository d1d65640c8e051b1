"""Claiming repeated lines in zones that are there gives what building the documents again with them gives."""

from __future__ import annotations

import hashlib
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.documents import build_documents
from copydesk.documents.repeated import counted, edges, often, repeated_in, seen
from copydesk.documents.rezone import claim_lines
from copydesk.model import tables

NONE = tables.empty("documents")
BLOCKS = [
    "The bridge is closed",
    "A short heading",
    "Another one here",
    "Read all of it in the Courier",
    "More on page 7",
    "© 2016 The Courier. All rights kept.",
    "HALDEN (Reuters) — The bridge was closed on Friday.",
    "“It is over,” said Jane Doe, who closed it. “Go home.”",
    "“It is over,” she said,",
    "The town waited. It rained.",
    "It rained",
    "Two men stand at the bridge in Halden on Friday.",
    "Sarn",
    "A man stands in Sarn on Friday. (Jane Doe/Reuters)",
    "By Jane Doe",
    "Related:",
    "- Another story",
    "Advertisement",
    "Sign up for our newsletter",
    "A line\nand another one",
    "x" * 250,
]
GAPS = ["\n\n", "\n\n", "\n\n\n\n"]


def built(texts: list[str], **options: Any) -> tuple[pa.Table, dict[str, pa.Table]]:
    rows = []
    for number, text in enumerate(texts):
        raw = text.encode()
        row: dict[str, Any] = dict.fromkeys(tables.ARTICLES.names)
        row |= {"source": str(number), "raw": raw, "bytes": len(raw), "raw_sha256": hashlib.sha256(raw).hexdigest()}
        rows.append(row | {"format": "text", "encoding": "utf-8", "publisher": "Courier"})
    articles = tables.from_rows("articles", rows)
    return articles, dict(build_documents(articles, known=NONE, max_chars=10_000, **options).kept)


article = st.lists(st.tuples(st.sampled_from(BLOCKS), st.sampled_from(GAPS)), min_size=1, max_size=9)


@settings(deadline=None, max_examples=60)
@given(st.lists(article, min_size=5, max_size=12), st.lists(st.sampled_from(BLOCKS), max_size=2))
def test_zones_with_lines_claimed_in_place_are_those_of_documents_built_again(
    drawn: list[list[tuple[str, str]]], last: list[str]
) -> None:
    texts = ["".join(block + gap for block, gap in blocks) + "\n\n".join(last) for blocks in drawn]
    articles, before = built(texts)
    documents = before["documents"]
    lines = often(counted(seen(edges(articles, documents))))
    repeated, places = repeated_in(articles, documents, lines)
    _, after = built(texts, repeated=repeated)
    claimed, others = claim_lines(documents, before["zones"], places)

    names = documents["doc_id"].to_pylist()
    left = {names[row] for row in others}
    expected = [zone for zone in after["zones"].to_pylist() if zone["doc_id"] not in left]
    repeats = {zone["doc_id"] for zone in expected if "repeated" in zone["rule"]}
    found = claimed.to_pylist()
    for zone in found:
        if zone["kind"] == "boilerplate" and "repeated" in zone["rule"]:
            zone["rule"] = _counted(zone["rule"], lines)
    assert found == [zone for zone in expected if zone["doc_id"] in repeats]
    told = dict(zip(names, documents["title"].to_pylist(), strict=True))
    titles = dict(zip(names, after["documents"]["title"].to_pylist(), strict=True))
    assert {name: titles[name] for name in repeats} == {name: told[name] for name in repeats}
    untouched = [zone for zone in before["zones"].to_pylist() if zone["doc_id"] not in repeats | left]
    assert untouched == [zone for zone in expected if zone["doc_id"] not in repeats]


def _counted(rule: str, lines: pa.Table) -> str:
    name, digest = rule.split(":")
    [row] = [row for row in lines.to_pylist() if str(row["line"]) == digest]
    return f"{name}:{row['documents']}/{row['of']}"
