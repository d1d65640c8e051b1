"""The commands, on the version that is published in this repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from copydesk.cli import cli
from copydesk.datasets.exports.export import export
from copydesk.datasets.exports.standoff import without_text
from copydesk.datasets.load import find_version
from copydesk.errors import CopydeskError, DataError, UsageError
from copydesk.flow.export import ALL_FORMATS, Wanted, join_texts, texts_in_workspace
from copydesk.model.document import text_sha256
from copydesk.model.tables import DOCUMENTS, from_rows
from copydesk.workspace import Workspace

ROOT = Path(__file__).parents[2]
NAME = "example-news"


def run(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(cli, ["--workspace", str(ROOT), *arguments, "--json"])
    if isinstance(result.exception, CopydeskError):
        raise result.exception
    assert result.exit_code == 0, result.output
    said: dict[str, Any] = json.loads(result.stdout)
    return said


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ALL_FORMATS)
def test_the_published_example_is_exported(tmp_path: Path, name: str) -> None:
    said = run("export", NAME, "--format", name, "--to", str(tmp_path / "out"))
    version = find_version(NAME, folder=ROOT / "datasets")
    counts = json.loads((version / "manifest.json").read_text())["counts"]
    assert (said["version"], said["path"], said["changed"]) == (version.name, str(tmp_path / "out"), True)
    if name == "huggingface":
        assert said["tables"] == ["default"]
        assert said["counts"]["default"] == counts["documents"]
    else:
        left = sum(one["count"] for what, one in said["left_out"].items() if what.endswith(" spans"))
        assert said["counts"]["spans"] + left == counts["spans"]
        assert said["counts"]["documents"] == counts["documents"]
    assert run("export", NAME, version.name, "--format", name, "--to", str(tmp_path / "out"))["changed"] is False


def test_texts_are_joined_from_files_and_the_export_is_that_of_the_version(tmp_path: Path) -> None:
    run("export", NAME, "--format", "brat", "--to", str(tmp_path / "brat"))
    run("export", NAME, "--format", "parquet", "--without-text", "--to", str(tmp_path / "closed"))
    said = run(
        "join-texts", str(tmp_path / "closed"), "--texts", str(tmp_path / "brat"), *("--format", "brat", "--to", str(tmp_path / "again"))
    )  # fmt: skip
    assert said["missing"] == []
    assert {name: file for name, file in tree(tmp_path / "again").items() if name != "export.json"} == {
        name: file for name, file in tree(tmp_path / "brat").items() if name != "export.json"
    }
    (tmp_path / "few").mkdir()
    next((tmp_path / "brat").rglob("*.txt")).rename(tmp_path / "few" / "any name.txt")
    few = run(
        "join-texts",
        str(tmp_path / "closed"),
        "--texts",
        str(tmp_path / "few"),
        *("--format", "brat", "--to", str(tmp_path / "again")),
    )
    assert (few["changed"], few["counts"]["documents"], len(few["missing"])) == (
        True,
        1,
        said["counts"]["documents"] - 1,
    )
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match=r"none of the \d+ texts that .* needs is here"):
        run(
            "join-texts",
            str(tmp_path / "closed"),
            "--texts",
            str(tmp_path / "none"),
            *("--format", "csv", "--to", str(tmp_path / "no")),
        )


def test_texts_are_joined_from_the_workspace_in_any_revision(corpora: Any, tmp_path: Path) -> None:
    corpus = corpora.example()
    closed = export(
        without_text(corpus), "parquet", ALL_FORMATS["parquet"], tmp_path / "out", any_licence=False, tool="test"
    )
    workspace = Workspace.create(tmp_path / "desk")
    rows = [row for split in corpus.splits for row in corpus.read(split, "documents").to_pylist()]
    newer = [row | {"revision": 2, "text": "Changed.", "text_sha256": text_sha256("Changed.")} for row in rows]
    documents = [dict.fromkeys(DOCUMENTS.names) | {"source": "a.txt"} | row for row in (*rows, *newer)]
    workspace.documents.append({"documents": from_rows("documents", documents)}, {})
    said = join_texts(closed.path, texts_in_workspace(workspace), Wanted("bio", tmp_path / "bio"))
    assert (said.counts["documents"], said.data["missing"]) == (2, [])


def test_tables_are_chosen_where_there_are_tables(tmp_path: Path) -> None:
    said = run("export", NAME, "--format", "csv", "--table", "spans", "--split", "train", "--to", str(tmp_path / "out"))
    assert set(tree(tmp_path / "out")) == {"export.json", "spans/train.csv"}
    assert said["tables"] == ["spans"]
    with pytest.raises(UsageError, match="brat has no tables to choose from"):
        run("export", NAME, "--format", "brat", "--table", "spans", "--to", str(tmp_path / "no"))


def test_hugging_face_loads_the_parquet_export_by_its_readme(tmp_path: Path) -> None:
    run("export", NAME, "--format", "parquet", "--without-text", "--to", str(tmp_path / "out"))
    program = (
        "import datasets, sys; one = datasets.load_dataset(sys.argv[1]); two = datasets.load_dataset(sys.argv[1], 'spans')\n"
        "print('text' in one['train'].column_names, 'surface_sha256' in two['train'].column_names)"
    )
    offline = os.environ | {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    command = [sys.executable, "-c", program, str(tmp_path / "out")]
    done = subprocess.run(command, cwd=tmp_path, env=offline, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False True"


def test_every_format_is_documented() -> None:
    said = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    assert [name for name in ALL_FORMATS if f"`{name}`" not in said] == []
