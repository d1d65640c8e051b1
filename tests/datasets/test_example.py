"""The small published example that git keeps is a version like any other."""

from pathlib import Path

import pandas as pd

from copydesk.datasets.load import load, verify, versions

DATASETS = Path(__file__).resolve().parents[2] / "datasets"


def test_the_example_is_whole_and_loads_by_name() -> None:
    (version,) = versions("example-news", folder=DATASETS)
    assert verify(DATASETS / "example-news" / version) == ()
    articles = load("example-news", folder=DATASETS)
    assert len(articles) == 11
    assert all(
        row.text[span["start"] : span["end"]] == span["surface"] for row in articles.itertuples() for span in row.spans
    )


def test_the_example_holds_only_texts_that_are_free_to_use() -> None:
    sources = pd.read_parquet(DATASETS / "example-news" / "1.0.0" / "sources")
    assert set(sources["licence"]) == {"CC0-1.0"}
    assert sources["publisher"].str.endswith("(invented)").all()
