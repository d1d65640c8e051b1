"""Each library, alone in an environment of its own, reads what was published, and the documentation tells what fails."""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import copydesk
from copydesk.datasets.layout import NESTED, TABLES, file_of
from copydesk.datasets.publish import Plan, publish
from copydesk.datasets.splits import SPLITS, Shares

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PROGRAMS = {  # by environment
    "pandas-oldest": "pandas",
    "pandas-newest": "pandas",
    "polars": "polars",
    "duckdb": "duckdb",
    "datasets": "datasets",
    "mlcroissant": "mlcroissant",
    "spark": "pyspark",
}
COUNT = 16  # documents besides the newsroom's own


@pytest.fixture(scope="module")
def desk(tmp_path_factory, newsroom):
    """A folder with ``datasets/``, in which two versions with three splits lie."""
    root = tmp_path_factory.mktemp("desk")
    more = [f"doc-{number:02d}" for number in range(COUNT)]
    texts = {doc_id: f"Ida Roe 🚢 spoke of {doc_id}." for doc_id in more} | newsroom.TEXTS
    spans = {f"x{doc_id}": (doc_id, "Ida Roe", 0, "PERSON", ("A1", "A2")) for doc_id in more} | newsroom.SPANS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(newsroom, "READERS", dict.fromkeys(more, ("A1", "A2")) | newsroom.READERS)
        first = newsroom.newsroom(texts=texts, spans=spans)
        second = newsroom.newsroom(texts=texts, spans=spans | {"s4": ("doc-b", "Ilo", 0, "PERSON", ("A1",))})
    plan = Plan(shares=Shares(validation=0.2, test=0.3))
    for tables in (first, newsroom.disputed(second)):
        publish(
            root / "datasets" / newsroom.NAME, tables=tables, about=newsroom.ABOUT, plan=plan, progress=newsroom.silent
        )
    return root


@pytest.fixture(scope="module")
def version(desk, newsroom):
    """The folder of the newest version."""
    return max((desk / "datasets" / newsroom.NAME).glob("[0-9]*"))


@pytest.fixture(scope="module")
def published(version):
    """The columns and rows of every Parquet file by its path, in JSON's types."""
    paths = {path.relative_to(version).as_posix(): path for path in version.rglob("*.parquet")}
    tables = {name: pq.read_table(path) for name, path in paths.items()}
    rows = {name: {"columns": table.column_names, "rows": table.to_pylist()} for name, table in tables.items()}
    return json.loads(json.dumps(rows, default=lambda time: time.astimezone(UTC).isoformat()))


def documented():
    """The lines of docs/loading.md with the error that each is said to raise; "" where it is said to load."""
    text = (ROOT / "docs" / "loading.md").read_text(encoding="utf-8")
    lines = "".join(re.findall(r"```python.*?\n(.*?)```", text, flags=re.S)).splitlines()
    split = (line.partition("  # ") for line in lines)
    return {line: said if said.isidentifier() else "" for line, _, said in split}


@pytest.fixture
def interpreter(request):
    """A function that gives the Python of an environment; where it is not there, the test is skipped, or fails where it must be there."""

    def find(environment):
        if environment == "spark":
            request.getfixturevalue("spark_installed")
            return Path(sys.executable)
        home = ROOT / ".readers" / environment
        if not (home / ".ready").exists():
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{environment} is not in .readers (make readers)")
        return home / "bin" / "python"

    return find


@pytest.fixture
def told(interpreter):
    """A function: what a library reads of a version, and what becomes of lines, where Copydesk cannot be imported."""

    def run(environment, version, lines=(), *options):
        place = version.parents[2]
        program = HERE / f"read_{PROGRAMS[environment]}.py"
        kept = {name: os.environ[name] for name in ("PATH", "JAVA_HOME") if name in os.environ}
        offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(place / "hf"), "HOME": str(place)}
        done = subprocess.run(
            [interpreter(environment), program, version, json.dumps(list(lines)), *options],
            cwd=place,
            env=kept | offline | {"TZ": "Asia/Kolkata", "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def lines_of(library):
    """The documented lines that use a library."""
    return {line: error for line, error in documented().items() if re.search(rf"\b{library}\.\w+", line)}


def described(published):
    """Those files that hold a published table."""
    files = {file_of(name, split) for name in TABLES for split in SPLITS}
    return {path: table for path, table in published.items() if path in files}


@pytest.mark.parametrize("environment", [name for name in PROGRAMS if name not in ("datasets", "mlcroissant")])
def test_every_row_of_every_file_is_read_and_the_documented_lines_do_what_they_say(
    environment, told, version, published
):
    lines = lines_of(PROGRAMS[environment])
    found = told(environment, version, lines)
    assert found["tables"] == published
    assert found["lines"] == lines


@pytest.mark.parametrize("options", [(), ("streaming",)])
def test_hugging_face_reads_every_configuration(options, told, version, published):
    lines = lines_of("datasets")
    found = told("datasets", version, lines, *options)
    assert found["tables"] == {path: table for path, table in described(published).items() if table["rows"]}
    assert found["lines"] == lines


def test_hugging_face_needs_the_data_card(told, version, tmp_path):
    bare = shutil.copytree(version, tmp_path / "datasets" / "harbour-news" / "1.0.0")
    (bare / "README.md").chmod(0o644)
    (bare / "README.md").unlink()
    line = 'datasets.load_dataset("datasets/harbour-news/1.0.0")'
    with pytest.raises(AssertionError, match="DatasetGenerationError"):
        told("datasets", bare, [line])


def test_mlcroissant_reads_every_record(told, version, published):
    lines = lines_of("mlcroissant")
    found = told("mlcroissant", version, lines)
    wanted = described(published)
    for split in SPLITS:
        for row in wanted[file_of(NESTED, split)]["rows"]:
            for span in row["spans"]:
                span.pop("attributes")  # a list within a list
    assert found["tables"] == wanted
    assert found["lines"] == lines


def test_mlcroissant_refuses_a_file_in_which_one_byte_is_another(told, version, tmp_path):
    changed = shutil.copytree(version, tmp_path / "datasets" / "harbour-news" / version.name)
    path = changed / "spans" / "test.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    with pytest.raises(AssertionError, match=r"is not identical with the\s+reference in the Croissant JSON-LD"):
        told("mlcroissant", changed)


def test_copydesks_own_line_loads_it_and_no_line_is_left_out(desk, monkeypatch):
    monkeypatch.delenv("COPYDESK_WORKSPACE", raising=False)
    monkeypatch.chdir(desk)
    (line,) = lines_of("copydesk")
    assert len(eval(line, {"copydesk": copydesk})) > COUNT
    owned = {line for library in {*PROGRAMS.values(), "copydesk"} for line in lines_of(library)}
    assert owned == documented().keys()


def test_what_is_read_has_all_that_readers_stumble_over(version, published):
    assert {Path(path).stem for path in described(published)} == set(SPLITS)
    rows = [row for split in SPLITS for row in published[file_of(NESTED, split)]["rows"]]
    assert any("🚢 Ane\u0301s" in row["text"] and len(row["spans"]) == 3 and row["relations"] for row in rows)
    assert any(row["publisher"] is None and row["spans"] == [] for row in rows)
    assert {row["published_at"] for row in rows} == {"2024-05-17T08:30:00+00:00"}
    assert published["changes/labels.parquet"]["rows"]
    assert any(not table["rows"] for table in published.values())


def test_every_environment_is_pinned_and_has_a_reader():
    assert {path.stem for path in HERE.glob("*.txt")} | {"spark"} == PROGRAMS.keys()
    for path in HERE.glob("*.txt"):
        pins = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        assert all(re.match(r"[a-z0-9-]+==[\w.]+(; python_version [<=>]+ \"3\.\d+\")?$", pin) for pin in pins), path
