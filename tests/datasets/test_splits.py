"""Versions with splits: every table is divided, the test set is frozen, and the number says when it is not."""

from dataclasses import replace

import pandas as pd
import pytest

from copydesk.datasets.layout import TABLES, file_of
from copydesk.datasets.load import ledger_in, load, read_published, splits_in
from copydesk.datasets.publish import Plan, publish
from copydesk.datasets.splits import SPLITS, Shares, split_of
from copydesk.datasets.version import open_release
from copydesk.errors import ConfigError, DataError, UnknownError

PLAN = Plan(shares=Shares(validation=0.2, test=0.3))


def names(count):
    return [f"doc-{number:02d}" for number in range(count)]


@pytest.fixture
def desk(newsroom):
    """A function that makes the tables of so many documents; those named are labelled otherwise."""
    return newsroom.many


@pytest.fixture
def put_out(home, newsroom):
    """A function that publishes with splits."""
    return lambda tables, plan=PLAN: publish(
        home, tables=tables, about=newsroom.ABOUT, plan=plan, progress=newsroom.silent
    )


def of_split(path, split):
    return pd.read_parquet(path / file_of("documents", split))["doc_id"].tolist()


def test_every_table_is_divided_and_no_row_is_lost(desk, put_out, home, newsroom):
    tables = desk(40)
    path = put_out(tables).path
    assert splits_in(path) == list(SPLITS)
    for name in TABLES:
        parts = {split: pd.read_parquet(path / file_of(name, split)) for split in SPLITS}
        for split, rows in parts.items():
            assert set(rows["doc_id"]) <= set(of_split(path, split)), (name, split)
        assert sum(map(len, parts.values())) == read_published(path, name).num_rows
    assert sorted(doc_id for split in SPLITS for doc_id in of_split(path, split)) == names(40)
    assert read_published(path, "spans").num_rows == 40
    assert len(load(newsroom.NAME, folder=home.parent)) == len(of_split(path, "train"))
    assert len(load(newsroom.NAME, split="all", table="spans", folder=home.parent)) == 40
    with pytest.raises(UnknownError, match=r"no split 'dev' in .*; there are: train, validation, test, all"):
        load(newsroom.NAME, split="dev", folder=home.parent)
    told = open_release(path).manifest
    assert told["splits"] == {split: len(of_split(path, split)) for split in SPLITS}


def test_documents_of_one_group_share_a_split(desk, put_out):
    groups = {doc_id: f"group {number % 7}" for number, doc_id in enumerate(names(40))}
    splits = split_of(ledger_in(put_out(desk(40), replace(PLAN, groups=groups)).path))
    assert all(len({splits[one] for one in groups if groups[one] == group}) == 1 for group in groups.values())


def test_growth_moves_nobody_and_what_is_drawn_for_the_test_set_waits_for_the_next_major_version(desk, put_out):
    first = put_out(desk(40))
    second = put_out(desk(60))
    assert (second.version, second.bump) == ("1.1.0", "minor")
    assert of_split(second.path, "test") == of_split(first.path, "test")
    assert set(of_split(first.path, "train")) < set(of_split(second.path, "train"))
    held = open_release(second.path).manifest["held"]
    assert 0 < held < 20
    assert second.reasons[-1] == f"drawn for the test set, and kept for the next major version: {held} documents"
    third = put_out(desk(60), replace(PLAN, bump="major"))
    assert third.version == "2.0.0"
    assert len(of_split(third.path, "test")) == len(of_split(first.path, "test")) + held
    assert "the documents or labels of the test set changed" in third.reasons
    assert ledger_in(third.path).slice(0, 40).equals(ledger_in(first.path))


def test_a_label_of_the_test_set_asks_for_a_major_version_and_one_for_training_does_not(desk, put_out):
    path = put_out(desk(40)).path
    number = {doc_id: f"x{at}" for at, doc_id in enumerate(names(40))}
    trained, tested = (number[of_split(path, split)[0]] for split in ("train", "test"))
    assert put_out(desk(40, [trained])).version == "1.1.0"
    with pytest.raises(
        DataError, match=r"a minor version after 1\.1\.0 is not enough: the documents or labels of the test set"
    ):
        put_out(desk(40, [trained, tested]), replace(PLAN, bump="minor"))
    made = put_out(desk(40, [trained, tested]))
    assert (made.version, made.reasons[0]) == ("2.0.0", "the documents or labels of the test set changed")


def test_a_group_that_joins_training_and_test_is_major_and_told(desk, put_out):
    path = put_out(desk(40)).path
    pair = [of_split(path, split)[0] for split in ("train", "test")]
    made = put_out(desk(40), replace(PLAN, groups=dict.fromkeys(pair, "one")))
    assert made.version == "2.0.0"
    assert "1 document went from test to train" in made.reasons
    assert set(pair) <= set(of_split(made.path, "train"))


def test_an_unknown_step_is_refused():
    with pytest.raises(ConfigError, match="unknown step of a version 'huge'"):
        Plan(bump="huge")
