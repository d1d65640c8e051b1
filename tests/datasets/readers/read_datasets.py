"""Reads each configuration of the data card; with ``streaming`` as third argument, as streams."""

import sys

import datasets
from said import say, version

STREAMING = sys.argv[3:] == ["streaming"]


def tables():
    folder = str(version())
    for config in datasets.get_dataset_config_names(folder):
        loaded = datasets.load_dataset(folder, config, streaming=STREAMING)
        for split, rows in loaded.items():
            path = f"{split}.parquet" if config == "default" else f"{config}/{split}.parquet"
            yield path, list(rows.features), rows


say(datasets, tables())
