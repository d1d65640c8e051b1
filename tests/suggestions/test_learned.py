"""What people labelled, suggested where the same words or the same text stand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from copydesk.model.tables import empty, from_rows
from copydesk.suggestions import Known, Setup, Suggester, suggester_class

TEXTS = {
    "doc-a": "🚢 Ida Roe left Port Merrin. May came.",
    "doc-b": "Port Merrin was shut. Ida Roe spoke in May. May it rain.",
    "doc-c": "🚢 On Friday Ida Roe left  Port Merrin. May came, and Ida Roer.",
}
SPANS = {
    "s1": ("doc-a", "Ida Roe", 0, "PERSON", ("A1", "A2")),
    "s2": ("doc-a", "Port Merrin", 0, "PLACE", ("A1", "A2")),
    "s3": ("doc-b", "Port Merrin", 0, "PLACE", ("A1", "A2")),
    "s4": ("doc-b", "Ida Roe", 0, "PERSON", ("A1", "A2")),
    "s5": ("doc-b", "May", 0, "PERSON", ("A1", "A2")),
}


@pytest.fixture
def tables(newsroom: ModuleType) -> Mapping[str, pa.Table]:
    made: Mapping[str, pa.Table] = newsroom.newsroom(texts=TEXTS, spans=SPANS)
    return made


def known(tables: Mapping[str, pa.Table], *, stories: Mapping[str, str] | None = None) -> Known:
    read = tables["documents"].filter(pc.is_in(tables["documents"]["doc_id"], pa.array(["doc-a", "doc-b"])))
    spans, relations = tables["agreed_spans"], tables["agreed_relations"]
    return Known(read, empty("zones"), spans, relations, empty("agreed_categories"), copies(stories or {}))


def copies(stories: Mapping[str, str]) -> pa.Table:
    shared = {"jaccard": None, "containment": None, "shared_shingles": None, "own": None, "copies": 0}
    rows = [
        {
            "doc_id": doc_id,
            "revision": 1,
            "story_id": story,
            "group_id": story,
            "canonical_doc_id": story,
            "kind": "near",
            **shared,
        }
        for doc_id, story in stories.items()
    ]
    return from_rows("copies", rows)


def learned(name: str, folder: Path, newsroom: ModuleType, labels: Known) -> Suggester:
    setup = Setup(newsroom.SCHEMA, folder)
    suggester_class(name).learn(setup, labels)
    return suggester_class(name)(setup)


def marked(rows: pa.Table) -> list[tuple[str, int, str, str]]:
    return [(row["doc_id"], row["start"], row["surface"], row["label"]) for row in rows.to_pylist()]


def test_words_are_suggested_as_they_are_mostly_labelled(
    tmp_path: Path, tables: Mapping[str, pa.Table], newsroom: ModuleType
) -> None:
    suggester = learned("seen", tmp_path, newsroom, known(tables))
    found = suggester.suggest(tables["documents"], zones=empty("zones"))
    mine = [one[1:] for one in marked(found.spans) if one[0] == "doc-c"]
    assert mine == [(12, "Ida Roe", "PERSON"), (26, "Port Merrin", "PLACE")]  # May is labelled once of three times
    assert set(found.spans["score"].to_pylist()) == {0.75}  # two of two, each count one higher


def test_labels_of_a_copy_are_suggested_where_its_words_stand_now(
    tmp_path: Path, tables: Mapping[str, pa.Table], newsroom: ModuleType
) -> None:
    suggester = learned("copies", tmp_path, newsroom, known(tables, stories={"doc-a": "doc-a", "doc-c": "doc-a"}))
    found = suggester.suggest(tables["documents"], zones=empty("zones"))
    assert marked(found.spans) == [("doc-c", 12, "Ida Roe", "PERSON"), ("doc-c", 26, "Port Merrin", "PLACE")]
    (relation,) = found.relations.to_pylist()
    assert (relation["head_start"], relation["tail_start"], relation["label"]) == (12, 26, "located_in")
    alone = learned("copies", tmp_path, newsroom, known(tables, stories={"doc-a": "doc-a", "doc-c": "doc-c"}))
    assert alone.suggest(tables["documents"], zones=empty("zones")).spans.num_rows == 0


@pytest.mark.parametrize("name", ["seen", "copies"])
def test_nothing_is_suggested_before_there_is_a_label_and_what_is_learned_has_a_version(
    name: str, tmp_path: Path, tables: Mapping[str, pa.Table], newsroom: ModuleType
) -> None:
    labels = known(tables, stories={"doc-a": "a", "doc-c": "a"})
    before = suggester_class(name)(Setup(newsroom.SCHEMA, tmp_path / "nowhere"))
    assert before.suggest(tables["documents"], zones=empty("zones")).spans.num_rows == 0
    folders = [tmp_path / "one", tmp_path / "two"]
    versions = []
    for folder in folders:
        folder.mkdir()
        versions.append(learned(name, folder, newsroom, labels).version)
    assert versions[0] == versions[1] != before.version
    files = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders]
    assert files[0] == files[1]
