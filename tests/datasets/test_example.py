"""The small published example that git keeps is a dataset like any other: a version of the first layout, and one of today's."""

import json
from pathlib import Path

import pandas as pd

from copydesk.datasets.load import load, verify, versions
from copydesk.datasets.version import FORMAT_VERSION

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
EXAMPLE = DATASETS / "example-news"


def test_the_example_is_whole_and_loads_by_name() -> None:
    there = versions("example-news", folder=DATASETS)
    assert there == ("1.0.0", "2.0.0")
    assert [verify(EXAMPLE / version) for version in there] == [(), ()]
    articles = load("example-news", folder=DATASETS)
    assert len(articles) == 11
    assert all(
        row.text[span["start"] : span["end"]] == span["surface"] for row in articles.itertuples() for span in row.spans
    )


def test_the_newest_example_is_laid_out_as_versions_are_today() -> None:
    newest = EXAMPLE / "2.0.0"
    assert json.loads((newest / "manifest.json").read_text())["format_version"] == FORMAT_VERSION
    assert json.loads((EXAMPLE / "latest.json").read_text())["version"] == "2.0.0"
    assert {"README.md", "CHANGES.md", "SHA256SUMS", "croissant.json"} <= {path.name for path in newest.iterdir()}


def test_the_example_holds_only_texts_that_are_free_to_use() -> None:
    for version in versions("example-news", folder=DATASETS):
        sources = pd.read_parquet(EXAMPLE / version / "sources")
        assert set(sources["licence"]) == {"CC0-1.0"}
        assert sources["publisher"].str.endswith("(invented)").all()
