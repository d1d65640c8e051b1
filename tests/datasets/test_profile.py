"""What a version holds, counted: the counts are those of its tables, however much of them is read at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from copydesk.datasets.layout import file_of
from copydesk.datasets.load import read_file, read_published, stretches
from copydesk.datasets.profile import profile


def rows(path: Path, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read_published(path, table).to_pylist()
    return found


def test_a_profile_counts_what_stands_in_the_tables(first: Path) -> None:
    found = profile(first)
    spans, documents = rows(first, "spans"), rows(first, "documents")
    assert found.spans == Counter(row["label"] for row in spans)
    assert found.lengths == Counter(row["end"] - row["start"] for row in spans)
    assert found.relations == Counter(row["label"] for row in rows(first, "relations"))
    assert found.characters == Counter(len(row["text"]) for row in documents)
    assert found.publishers == Counter(row["publisher"] for row in documents)
    assert found.days == Counter(row["published_at"].date() for row in documents)
    assert found.annotators == Counter(row["annotator"] for row in rows(first, "reads"))
    labels = {
        doc_id: {row["label"] for row in spans if row["doc_id"] == doc_id} for doc_id in {r["doc_id"] for r in spans}
    }
    assert found.holding == Counter(label for each in labels.values() for label in each)
    assert found.together == Counter(pair for each in labels.values() for pair in combinations(sorted(each), 2))


def _met(annotations: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for one, other in combinations(annotations, 2):
        same = all(one[name] == other[name] for name in ("doc_id", "start", "end"))
        if same and one["annotator"] != other["annotator"]:
            yield tuple(sorted((one["label"], other["label"])))


def test_labels_of_two_people_meet_where_they_have_the_very_same_characters(home: Path, newsroom: ModuleType) -> None:
    tables = newsroom.many(12)
    spans = tables["spans"].to_pylist()
    for at, row in enumerate(spans):
        row["label"] = ("PERSON", "PLACE")[at % 4 // 2 if at % 3 else 0]
        row["end"] -= at % 7 == 0
        row["surface"] = row["surface"][: row["end"] - row["start"]]
    tables["spans"] = tables["spans"].from_pylist(spans, schema=tables["spans"].schema)
    path = newsroom.publish(home, tables=tables, about=newsroom.ABOUT).path
    found = profile(path).same_place
    assert len(found) == 3
    assert found == Counter(_met(rows(path, "annotations")))


@pytest.mark.parametrize("at_once", [1, 2, 3, 1_000])
def test_a_table_is_read_in_stretches_of_whole_documents(first: Path, at_once: int) -> None:
    file = first / file_of("spans")
    parts = list(stretches(file, ["doc_id", "start"], at_once=at_once))
    seen = [set(part["doc_id"].to_pylist()) for part in parts]
    assert not any(one & other for one, other in combinations(seen, 2))
    assert [row for part in parts for row in part.to_pylist()] == read_file(file, ["doc_id", "start"]).to_pylist()
