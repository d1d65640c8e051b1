"""An article is taken back on the command line, with its copies, from every dataset of a workspace that holds it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from copydesk.datasets.events import events_in, state_of
from copydesk.datasets.load import versions
from copydesk.workspace import Workspace


def strict_suite() -> dict[str, Any]:
    """A suite of the gate before a version that no version of this workspace passes."""
    meta = {"code": "Z01", "table": "division", "say": "The version has too few documents ({examples})."}
    row = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1000}, "severity": "critical"}
    return {"name": "strict", "meta": {"gate": "version"}, "expectations": [{**row, "meta": meta}]}


def test_an_article_and_its_copies_go_from_every_dataset(
    reference: Path, tmp_path: Path, shell: Callable[..., Any]
) -> None:
    folder = tmp_path / "reference"
    shutil.copytree(reference, folder, ignore=shutil.ignore_patterns("studio", "*.sock"), symlinks=True)
    workspace = Workspace.open(folder)
    copies = workspace.copies.read("copies").to_pandas()
    story = copies[copies.groupby("story_id").doc_id.transform("size") > 1].iloc[0].story_id
    those = copies[copies.story_id == story].doc_id.tolist()
    documents = workspace.documents.read("documents").to_pandas()
    source = documents[documents.doc_id == those[0]].source.iloc[0]
    names = sorted(path.name for path in workspace.datasets.iterdir() if path.name.startswith("conflict-news"))

    strict = folder / "validation" / "strict.json"
    strict.write_text(json.dumps(strict_suite()))
    refused = shell(f"copydesk retract {source} --reason 'the paper withdrew it'", cwd=folder)
    assert (refused.returncode, "too few documents" in refused.stderr) == (1, True)
    for name in names:
        assert versions(name, folder=workspace.datasets) == ("1.0.0",)
        assert not state_of(events_in(workspace.datasets / name)).yanked
    strict.unlink()

    done = shell(f"copydesk retract {source} --reason 'the paper withdrew it' --json", cwd=folder)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["doc_ids"] == sorted(those)
    assert len(those) > 1
    assert sorted(told["datasets"]) == [name for name in names if name in told["datasets"]] != []
    for name, one in told["datasets"].items():
        left = set(pd.read_parquet(workspace.datasets / name / one["successor"] / "documents").doc_id)
        assert left
        assert not left & set(those)
        assert one["yanked"] == ["1.0.0"]
    again = json.loads(shell(f"copydesk retract {source} --reason again --json", cwd=folder).stdout)
    assert not again["changed"]
    missing = shell("copydesk retract seeds/nothing.txt --reason x", cwd=folder)
    assert (missing.returncode, "no article 'seeds/nothing.txt' in this workspace" in missing.stderr) == (2, True)
