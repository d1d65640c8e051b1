"""What is published loads unaided, in every library that the data card names."""

import json
import os
import re
import subprocess
import sys

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from copydesk.datasets.layout import TABLES, file_of
from copydesk.datasets.load import find_version, load, verify, versions
from copydesk.errors import StoreError, UnknownError

HUGGING_FACE = """
import json, sys
from importlib.metadata import version
import datasets
assert version("datasets") == datasets.__version__, "a folder called datasets came before the library"
found = {}
for config in json.loads(sys.argv[2]):
    loaded = datasets.load_dataset(sys.argv[1], config)
    found[config] = {"splits": list(loaded), "rows": loaded["train"].num_rows, "columns": loaded["train"].column_names}
first = datasets.load_dataset(sys.argv[1])["train"][0]
streamed = next(iter(datasets.load_dataset(sys.argv[1], split="train", streaming=True)))
print(json.dumps({"found": found, "first": first["spans"], "same": first == streamed}))
"""


@pytest.fixture
def offline(tmp_path):
    """An environment in which Hugging Face's library reaches no network and keeps its cache here."""
    return os.environ | {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}


def _hugging_face(first, tmp_path, offline, configs):
    command = [sys.executable, "-c", HUGGING_FACE, str(first), json.dumps(configs)]
    return subprocess.run(command, cwd=tmp_path, env=offline, capture_output=True, text=True, check=False)


def test_pandas_reads_files_and_folders(first, newsroom):
    frame = pd.read_parquet(first / "train.parquet")
    assert list(frame["doc_id"]) == ["doc-a", "doc-b", "doc-c"]
    assert frame["text"][0][frame["spans"][0][0]["start"] : frame["spans"][0][0]["end"]] == "Ane\u0301s Vale"
    spans = pd.read_parquet(first / "spans")
    assert len(spans) == len(newsroom.SPANS)
    assert list(spans.columns) == TABLES["spans"].names
    people = pd.read_parquet(first / "spans", filters=[("label", "==", "PERSON")])
    assert sorted(people["span_id"]) == ["s1", "s5"]


def test_pandas_reads_every_table_also_the_empty_ones(first):
    for name in TABLES:
        assert list(pd.read_parquet(first / file_of(name)).columns) == TABLES[name].names


def test_polars_reads_and_scans(first):
    assert pl.read_parquet(first / "train.parquet")["doc_id"].to_list() == ["doc-a", "doc-b", "doc-c"]
    assert pl.read_parquet(first / "spans").height == 5
    exploded = pl.scan_parquet(first / "train.parquet").select("doc_id", "spans").explode("spans").collect()
    assert exploded["spans"].struct.field("id").drop_nulls().to_list() == ["s1", "s2", "s3", "s4", "s5"]
    assert pl.scan_parquet(first / "disputes" / "*.parquet").collect().height == 0


def test_duckdb_reads_files_globs_and_unnests(first):
    connection = duckdb.connect()
    unnested = f"SELECT doc_id, unnest(spans, recursive := true) FROM '{first}/train.parquet'"
    assert len(connection.sql(unnested).df()) == 5
    counted = f"SELECT label, count(*) AS n FROM read_parquet('{first}/spans/*.parquet') GROUP BY label ORDER BY label"
    assert connection.sql(counted).fetchall() == [("PERSON", 2), ("PLACE", 3)]
    wrong = f"""SELECT count(*) FROM '{first}/spans/train.parquet' AS s JOIN '{first}/documents/train.parquet' AS d USING (doc_id)
        WHERE substring(d.text, s.start + 1, s."end" - s.start) <> s.surface"""
    # DuckDB counts the accent with its letter only in its own functions for graphemes: substring counts code points.
    assert connection.sql(wrong).fetchall() == [(0,)]


def test_duckdb_reads_several_versions_together(home, first, newsroom):
    newsroom.put_out(home, "relabelled")
    both = f"SELECT count(*) FROM read_parquet('{home}/*/spans/train.parquet', filename=true, union_by_name=true)"
    assert duckdb.connect().sql(both).fetchall() == [(10,)]


def test_hugging_face_loads_every_table_that_has_rows(first, tmp_path, offline):
    configs = [name for name in TABLES if name != "disputes"]
    done = _hugging_face(first, tmp_path, offline, configs)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    for config in configs:
        table = pq.read_table(first / file_of(config))
        assert told["found"][config] == {"splits": ["train"], "rows": table.num_rows, "columns": table.column_names}
    assert [span["id"] for span in told["first"]] == ["s1", "s2", "s3"]
    assert told["same"]


def test_hugging_face_notices_a_table_that_lost_rows(first, tmp_path, offline):
    path = first / file_of("spans")
    path.chmod(0o644)
    pq.write_table(pq.read_table(path).slice(1), path)
    done = _hugging_face(first, tmp_path, offline, ["spans"])
    assert "NonMatchingSplitsSizesError" in done.stderr


def test_sha256sum_finds_every_file_good_and_a_changed_one_bad(first):
    def check():
        return subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=first, capture_output=True, text=True, check=False)

    assert check().returncode == 0
    listed = {line.split(": ")[0] for line in check().stdout.splitlines()}
    assert listed == {p.relative_to(first).as_posix() for p in first.rglob("*") if p.is_file()} - {"SHA256SUMS"}
    (first / "labels.json").chmod(0o644)
    (first / "labels.json").write_text("{}")
    assert check().returncode == 1


def test_every_line_of_the_data_card_loads_the_dataset(first, home, tmp_path, offline):
    (block,) = re.findall(r"```python\n(.*?)```", (first / "README.md").read_text(), flags=re.S)
    lines = block.splitlines()
    program = "\n".join(
        [
            "import pandas, polars, duckdb, datasets, copydesk",
            *(f"print(len({line.split('  #')[0]}))" for line in lines),
        ]
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=offline, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["3", "3", "5", "1", "3"]  # documents, documents, spans, splits, documents


def test_load_takes_the_newest_version_by_number(home, newsroom, monkeypatch):
    for edition in range(11):
        newsroom.put_out(home, f"about-{edition}")
    assert versions(newsroom.NAME, folder=home.parent)[-2:] == ("1.0.9", "1.0.10")
    assert find_version(newsroom.NAME, folder=home.parent).name == "1.0.10"
    monkeypatch.chdir(home.parents[1])
    assert len(load(newsroom.NAME)) == 3
    monkeypatch.chdir("/")
    monkeypatch.setenv("COPYDESK_WORKSPACE", str(home.parents[1]))
    assert len(load(newsroom.NAME, "1.0.3", table="spans")) == 5


def test_load_says_what_there_is_where_something_is_not(first, home, newsroom):
    newsroom.put_out(home, "relabelled")
    with pytest.raises(UnknownError, match=r"no version '3\.0\.0' of harbour-news; there are: 1\.0\.0, 1\.1\.0"):
        load(newsroom.NAME, "3.0.0", folder=home.parent)
    with pytest.raises(UnknownError, match=r"no version '\.\./x'"):
        load(newsroom.NAME, "../x", folder=home.parent)
    with pytest.raises(UnknownError, match=r"no dataset 'else' in .*; there are: harbour-news"):
        load("else", folder=home.parent)
    with pytest.raises(UnknownError, match="no table 'words' in a dataset; there are: default, documents"):
        load(newsroom.NAME, table="words", folder=home.parent)
    assert versions("else", folder=home.parent) == ()


@pytest.mark.parametrize("name", ["../datasets/harbour-news", "harbour-news/", "..", "", "/etc", "harbour news"])
def test_a_name_that_no_dataset_can_have_leaves_the_folder_in_no_way(first, home, name):
    for find in (load, find_version):
        with pytest.raises(UnknownError, match=rf"{name!r} cannot be the name of a dataset \(fix: use "):
            find(name, folder=home.parent)
    assert versions(name, folder=home.parent) == ()


def test_load_finds_the_workspace_upwards_and_else_takes_the_folder_itself(first, home, newsroom, monkeypatch):
    root = home.parents[1]
    (root / "notebooks" / "old").mkdir(parents=True)
    monkeypatch.delenv("COPYDESK_WORKSPACE", raising=False)
    monkeypatch.chdir(root / "notebooks" / "old")
    with pytest.raises(UnknownError, match="no dataset 'harbour-news' in datasets; there are: none"):
        load(newsroom.NAME)
    (root / "copydesk.toml").touch()
    assert len(load(newsroom.NAME)) == 3
    monkeypatch.chdir("/")
    monkeypatch.setenv("COPYDESK_WORKSPACE", str(root))
    assert find_version(newsroom.NAME) == first
    monkeypatch.setenv("COPYDESK_WORKSPACE", str(root / "notebooks"))
    with pytest.raises(UnknownError, match=r"in .*/notebooks/datasets; there are: none"):
        load(newsroom.NAME)


def test_verify_on_the_command_line_checks_every_file(first, home, newsroom):
    root = home.parents[1]
    (root / "copydesk.toml").write_text('name = "harbour-news"\nschema = "none"\n')

    def shown(command, *options):
        program = [sys.executable, "-c", "from copydesk.cli import main; main()", "--workspace", str(root), command]
        return subprocess.run([*program, newsroom.NAME, *options], capture_output=True, text=True, check=False)

    assert shown("verify").stdout == "harbour-news 1.0.0: every file is what its digests say\n"
    assert json.loads(shown("verify", "--json").stdout)["verified"] is True
    (first / "guidelines.md").unlink()
    (first / "notes.txt").write_text("mine")
    assert shown("load").returncode == 0, "the table itself is whole"
    found = shown("verify")
    assert (found.returncode, found.stdout) == (3, "")
    assert (
        "guidelines.md is missing; notes.txt does not belong here (fix: restore the version's folder)" in found.stderr
    )
    assert json.loads(shown("verify", "--json").stdout)["error"] == "store"


def test_load_names_the_file_that_is_damaged(first, home, newsroom):
    (first / "train.parquet").chmod(0o644)
    (first / "train.parquet").write_bytes(b"PAR1")
    with pytest.raises(StoreError, match=r"cannot read .*train\.parquet"):
        load(newsroom.NAME, folder=home.parent)


def test_verify_names_each_fault(first):
    assert verify(first) == ()
    (first / "labels.json").chmod(0o644)
    (first / "labels.json").write_text("{}")
    (first / "guidelines.md").unlink()
    (first / "notes.txt").write_text("mine")
    assert verify(first) == (
        "guidelines.md is missing",
        "notes.txt does not belong here",
        "labels.json is not what SHA256SUMS says",
        "labels.json is not what manifest.json says",
    )
    (first / "manifest.json").unlink()
    with pytest.raises(StoreError, match=r"manifest\.json"):
        verify(first)


def test_verify_notices_sums_that_were_made_again_over_a_changed_file(first):
    target, sums = first / "labels.json", first / "SHA256SUMS"
    old = subprocess.run(["sha256sum", "labels.json"], cwd=first, capture_output=True, text=True, check=True).stdout
    for path in (target, sums):
        path.chmod(0o644)
    target.write_text("{}")
    new = subprocess.run(["sha256sum", "labels.json"], cwd=first, capture_output=True, text=True, check=True).stdout
    sums.write_text(sums.read_text().replace(old, new))
    assert verify(first) == ("labels.json is not what manifest.json says",)
