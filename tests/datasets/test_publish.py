"""Publishing: one content is one version with one set of bytes."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from copydesk.datasets.layout import ORDER, TABLES, file_of
from copydesk.datasets.load import verify
from copydesk.datasets.nested import flat_tables
from copydesk.errors import ConfigError, DataError, FindingError, StoreError
from copydesk.model.tables import from_rows


def test_publishing_twice_is_one_version(home, newsroom, tree):
    made = newsroom.put_out(home)
    before = tree(home)
    again = newsroom.put_out(home)
    assert (made.version, made.created, made.bump) == ("1.0.0", True, "first")
    assert (again.version, again.created, again.bump) == ("1.0.0", False, "")
    assert again.reasons == ("nothing changed since 1.0.0",)
    assert again.path == made.path
    assert tree(home) == before


def test_another_tool_version_alone_is_no_new_version(home, newsroom):
    newsroom.put_out(home)
    later = replace(newsroom.ABOUT, tool_version="9.9.9")
    assert not newsroom.publish(home, tables=newsroom.newsroom(), about=later, progress=newsroom.silent).created


def test_no_clock_gets_in_unless_it_is_stated(home, newsroom, monkeypatch, tmp_path):
    stated = tmp_path / "stated" / newsroom.NAME
    assert "created_at" not in _manifest(newsroom.put_out(home).path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert _manifest(newsroom.put_out(stated).path)["created_at"] == "2023-11-14T22:13:20+00:00"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(ConfigError, match="SOURCE_DATE_EPOCH"):
        newsroom.put_out(stated, "relabelled")


def test_the_manifest_names_every_file_and_its_parent(home, newsroom):
    parent = newsroom.put_out(home)
    child = newsroom.put_out(home, "relabelled")
    manifest = _manifest(child.path)
    files = {path.relative_to(child.path).as_posix() for path in child.path.rglob("*") if path.is_file()}
    assert {entry["path"] for entry in manifest["files"]} == files - {"manifest.json", "SHA256SUMS"}
    rows = {entry["path"]: entry["rows"] for entry in manifest["files"] if "rows" in entry}
    assert rows == {file_of(name): pq.read_metadata(child.path / file_of(name)).num_rows for name in TABLES}
    sums = dict(reversed(line.split("  ")) for line in (parent.path / "SHA256SUMS").read_text().splitlines())
    assert manifest["parent"] == {"version": "1.0.0", "manifest_sha256": sums["manifest.json"]}
    assert verify(child.path) == ()


def test_the_files_have_the_declared_columns_in_plain_types_and_the_declared_order(first):
    for name, schema in TABLES.items():
        table = pq.read_table(first / file_of(name), partitioning=None)
        assert table.schema.equals(schema)
        assert not table.schema.metadata
        assert "large" not in str(table.schema)
        assert table.equals(table.sort_by([(key, "ascending") for key in ORDER[name]]))


def test_offsets_of_the_nested_rows_are_slices_of_their_text(first, newsroom):
    rows = pq.read_table(first / "train.parquet").to_pylist()
    spans = [(row["text"][span["start"] : span["end"]], span["surface"]) for row in rows for span in row["spans"]]
    assert len(spans) == len(newsroom.SPANS)
    assert all(cut == surface for cut, surface in spans)
    assert {row["doc_id"]: len(row["spans"]) for row in rows} == {"doc-a": 3, "doc-b": 2, "doc-c": 0}
    held = {"votes": 2, "readers": 3, "decided": "majority", "method": "vote", "posterior": None}
    assert rows[0]["relations"] == [{"head": "s1", "tail": "s2", "label": "located_in", **held}]
    assert rows[0]["zones"][0]["kind"] == "headline"


def test_the_nested_rows_say_what_the_flat_tables_say(first):
    nested = pq.read_table(first / "train.parquet")
    flat = pq.read_table(first / file_of("spans"))
    inner = pc.list_flatten(nested["spans"]).combine_chunks()
    for name, column in (
        ("id", "span_id"),
        ("start", "start"),
        ("end", "end"),
        ("label", "label"),
        ("posterior", "posterior"),
    ):
        assert pc.struct_field(inner, name).to_pylist() == flat[column].to_pylist()


def test_raw_judgements_and_sources_carry_their_times(first, newsroom):
    annotations = pq.read_table(first / file_of("annotations")).to_pylist()
    assert {row["created_at"] for row in annotations} == {newsroom.WHEN}
    sources = pq.read_table(first / file_of("sources")).to_pylist()
    assert [row["retrieved_at"] for row in sources] == [newsroom.WHEN] * 3


def test_an_article_fetched_twice_counts_once_by_its_first_time(home, newsroom):
    tables = newsroom.newsroom()
    again = [row | {"retrieved_at": newsroom.WHEN + timedelta(days=9)} for row in tables["articles"].to_pylist()]
    later = pa.Table.from_pylist(again, schema=tables["articles"].schema)
    tables["articles"] = pa.concat_tables([later, tables["articles"], later])
    made = newsroom.publish(home, tables=tables, about=newsroom.ABOUT, progress=newsroom.silent)
    sources = pq.read_table(made.path / file_of("sources")).to_pylist()
    assert [row["retrieved_at"] for row in sources] == [newsroom.WHEN] * 3


def test_nothing_published_holds_a_path_of_the_machine_or_an_address(first):
    for path in (path for path in first.rglob("*") if path.is_file()):
        content = path.read_bytes() if path.suffix != ".parquet" else str(pq.read_table(path).to_pylist()).encode()
        assert not re.search(rb"[\w.]+@[\w.]+\.\w+", content), path
        assert os.fsencode(first.parent) not in content, path
        assert b"articles/doc-" not in content, path


def test_files_are_read_only_and_folders_can_be_removed(first):
    assert {path.stat().st_mode & 0o222 for path in first.rglob("*") if path.is_file()} == {0}
    assert all(os.access(path, os.W_OK) for path in (first, *first.rglob("*")) if path.is_dir())


def test_a_dispute_and_a_warning_are_published_and_told(home, newsroom):
    made = newsroom.publish(
        home, tables=newsroom.disputed(newsroom.newsroom()), about=newsroom.ABOUT, progress=newsroom.silent
    )
    card = (made.path / "README.md").read_text()
    assert "Left undecided: 1 (1 in label)." in card
    assert "A span is long." in card
    assert json.loads((made.path / "findings.json").read_text())[0]["severity"] == "warning"


def _changed(tables, table, column, value):
    rows = tables[table].to_pylist()
    rows[0][column] = value
    return tables | {table: from_rows(table, rows)}


WRONG = {
    "a surface that is not the slice": ("agreed_spans", "surface", "Somebody", "is not its surface 'Somebody'"),
    "an offset outside the text": ("agreed_spans", "start", -3, "is not its surface"),
    "a label that the schema lacks": ("agreed_spans", "label", "SHIP", "unknown label 'SHIP'"),
    "a relation that the schema lacks": ("agreed_relations", "label", "sails_to", "unknown label 'sails_to'"),
    "a relation to a span that is not there": ("agreed_relations", "tail_span_id", "s99", "tail_span_id s99"),
    "a relation into another document": ("agreed_relations", "head_span_id", "s5", "head_span_id s5"),
    "a span of another revision": ("agreed_spans", "revision", 2, "belong to no document"),
    "a judgement of no document": ("reads", "doc_id", "doc-z", "doc_id doc-z"),
    "two spans of one identity": ("agreed_spans", "span_id", "s2", "span_id s2 stands there twice"),
    "an annotator's name": ("reads", "annotator", "Jo Doe", "something else than a pseudonym"),
    "an annotator's address": (
        "agreed_spans",
        "annotators",
        ["A1", "jo@doe.example"],
        "something else than a pseudonym",
    ),
}


@pytest.mark.parametrize(("table", "column", "value", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_contradicts_itself_is_refused_with_its_place(home, newsroom, table, column, value, message):
    tables = _changed(newsroom.newsroom(), table, column, value)
    with pytest.raises(DataError, match=re.escape(message)) as error:
        newsroom.publish(home, tables=tables, about=newsroom.ABOUT, progress=newsroom.silent)
    assert "doe" not in str(error.value).lower()
    assert not home.exists()


def test_two_agreed_spans_that_say_the_same_are_refused(home, newsroom):
    tables = newsroom.newsroom()
    rows = tables["agreed_spans"].to_pylist()
    tables["agreed_spans"] = from_rows("agreed_spans", [*rows, rows[0] | {"span_id": "s1b"}])
    with pytest.raises(DataError, match="stands there twice"):
        newsroom.publish(home, tables=tables, about=newsroom.ABOUT, progress=newsroom.silent)


@pytest.mark.parametrize(
    ("overlap", "end", "is_refused"),
    [("none", -1, True), ("nested", -1, False), ("nested", 2, True), ("any", 2, False)],
)
def test_spans_that_the_schema_lets_no_two_spans_share_are_refused(home, newsroom, overlap, end, is_refused):
    tables = newsroom.newsroom()
    rows = tables["agreed_spans"].to_pylist()
    text = {row["doc_id"]: row["text"] for row in tables["documents"].to_pylist()}[rows[0]["doc_id"]]
    other = rows[0] | {"span_id": "s1b", "start": rows[0]["start"] + 1, "end": rows[0]["end"] + end}
    other["surface"] = text[other["start"] : other["end"]]
    tables["agreed_spans"] = from_rows("agreed_spans", [*rows, other])
    about = replace(newsroom.ABOUT, schema=replace(newsroom.SCHEMA, overlap=overlap))
    if is_refused:
        with pytest.raises(DataError, match=f"overlaps another, and the schema's overlap is {overlap}"):
            newsroom.publish(home, tables=tables, about=about, progress=newsroom.silent)
    else:
        assert newsroom.publish(home, tables=tables, about=about, progress=newsroom.silent).created


def test_an_agreed_span_says_where_those_who_drew_it_began_and_ended_before(newsroom):
    tables = newsroom.newsroom()
    agreed = tables["agreed_spans"].to_pylist()[0]
    places = ("doc_id", "start", "end", "label")
    drawn = next(
        row
        for row in tables["spans"].to_pylist()
        if [row[name] for name in places] == [agreed[name] for name in places]
    )
    moved = {name: drawn[name] for name in ("annotation_id", "span_id", "start", "end")}
    moved |= {"made_start": drawn["start"], "made_end": drawn["end"] + 1, "rule": "white-space"}
    unrelated = {**moved, "annotation_id": "1-doc-z-A9"}
    found = flat_tables(tables | {"snapped": from_rows("snapped", [moved, unrelated])})["spans"].to_pylist()
    told = {row["span_id"]: row["boundary_changes"] for row in found}
    names = ("annotation_id", "made_start", "made_end", "rule")
    assert told.pop(agreed["span_id"]) == [{name: moved[name] for name in names}]
    assert set(map(len, told.values())) == {0}


def test_nothing_is_published_past_an_error_finding(home, newsroom):
    tables = _changed(newsroom.disputed(newsroom.newsroom()), "findings", "severity", "error")
    with pytest.raises(FindingError, match="A span is long"):
        newsroom.publish(home, tables=tables, about=newsroom.ABOUT, progress=newsroom.silent)


def test_no_document_is_no_version(home, newsroom):
    with pytest.raises(DataError, match="no labelled document"):
        newsroom.publish(home, tables=newsroom.newsroom(texts={}), about=newsroom.ABOUT, progress=newsroom.silent)


def test_a_document_without_its_article_is_refused(home, newsroom):
    tables = newsroom.newsroom()
    tables["articles"] = tables["articles"].slice(1)
    with pytest.raises(DataError, match="document doc-a: its article is not among articles"):
        newsroom.publish(home, tables=tables, about=newsroom.ABOUT, progress=newsroom.silent)


def test_a_name_that_is_no_folder_and_a_folder_of_another_name_are_refused(home, newsroom):
    for name in ("../up", "", "Two Words", "a/b"):
        with pytest.raises(ConfigError, match="cannot be the name"):
            replace(newsroom.ABOUT, name=name)
    with pytest.raises(ConfigError, match="name the folder harbour-news"):
        newsroom.put_out(home.parent / "other")


def test_a_damaged_parent_is_an_error_and_not_the_end_of_the_line(home, newsroom, tree):
    made = newsroom.put_out(home)
    manifest = made.path / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text("{")
    before = tree(home)
    with pytest.raises(StoreError, match=r"cannot read .*manifest\.json"):
        newsroom.put_out(home, "relabelled")
    assert tree(home) == before


def test_racing_publishers_all_come_through_with_numbers_of_their_own(home, newsroom):
    newsroom.put_out(home)
    names = [f"about-{number}" for number in range(6)] + ["about-0"]
    runs = [
        subprocess.Popen([sys.executable, newsroom.__file__, str(home), name], stdout=subprocess.PIPE) for name in names
    ]
    done = [json.loads(run.communicate()[0]) for run in runs]
    created = sorted(one["version"] for one in done if one["created"])
    assert len(created) in (6, 7)  # the one that is asked for twice may stand there twice, with another between
    assert created == [f"1.0.{number}" for number in range(1, len(created) + 1)]
    assert all(verify(home / version) == () for version in created)
    chain = [_manifest(home / version)["parent"]["version"] for version in created]
    assert chain == ["1.0.0", *created[:-1]]
    assert not (home / ".staging").exists()


def _manifest(path):
    return json.loads((path / "manifest.json").read_text())


def test_of_every_annotators_span_it_is_told_on_which_revision_it_was_drawn(newsroom):
    tables = newsroom.newsroom()
    span = tables["spans"].to_pylist()[0]
    made = {"made_on_revision": 3, "made_start": 0, "made_end": 4, "made_surface": "made", "anchored": "moved"}
    known = {name: span[name] for name in ("annotation_id", "span_id", "doc_id", "revision", "annotator", "label")}
    row = {**known, "start": span["start"], "end": span["end"], **made, "anchor_score": 1.0}
    lost = {**row, "span_id": None, "start": None, "end": None, "anchored": "lost", "anchor_score": 0.1}
    found = flat_tables(tables | {"anchors": from_rows("anchors", [lost, row])})["annotations"].to_pylist()
    key = span["annotation_id"], span["span_id"]
    told = {(one["annotation_id"], one["span_id"]): one for one in found}
    names = ("made_on_revision", "anchored", "anchor_score")
    assert [told[key][name] for name in names] == [3, "moved", 1.0]
    others = {tuple(one[name] for name in names) for other, one in told.items() if other != key}
    assert others == {(1, None, None)}
