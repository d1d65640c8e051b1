"""What is wrong is refused with one sentence, and nothing is written."""

from dataclasses import replace

import pytest

from copydesk.datasets.events import known_version
from copydesk.datasets.load import find_version, load
from copydesk.datasets.publish import Plan
from copydesk.errors import CopydeskError
from copydesk.model.tables import from_rows


def _changed(newsroom, table, **columns):
    """Publish with the first row of a table changed."""
    tables = newsroom.many(12)
    rows = tables[table].to_pylist()
    return tables | {table: from_rows(table, [rows[0] | columns, *rows[1:]])}


def _without(newsroom, table):
    tables = newsroom.many(12)
    return tables | {table: tables[table].slice(1)}


BAD = {
    "a label that the schema lacks": (
        lambda newsroom: _changed(newsroom, "agreed_spans", label="SHIP"),
        "table agreed_spans: unknown label 'SHIP'; the schema lists: PERSON, PLACE",
    ),
    "an offset outside the text": (
        lambda newsroom: _changed(newsroom, "agreed_spans", start=900, end=907),
        "span x0: text[900:907] of doc-00 is not its surface 'Ida Roe'",
    ),
    "an offset before the text": (
        lambda newsroom: _changed(newsroom, "agreed_spans", start=-7),
        "span x0: text[-7:7] of doc-00 is not its surface 'Ida Roe'",
    ),
    "a zone that leaves the text": (
        lambda newsroom: _changed(newsroom, "zones", end=900),
        "table zones: [0:900] of doc-00 is no stretch of its text",
    ),
    "an identity twice": (
        lambda newsroom: _changed(newsroom, "agreed_spans", span_id="x1"),
        "table agreed_spans: span_id x1 stands there twice",
    ),
    "a document twice": (
        lambda newsroom: _changed(newsroom, "documents", doc_id="doc-01"),
        "table documents: doc_id doc-01 stands there twice",
    ),
    "a document that is missing": (
        lambda newsroom: _without(newsroom, "documents"),
        "rows belong to no document of this version, such as doc_id doc-00",
    ),
    "a document without its article": (
        lambda newsroom: _without(newsroom, "articles"),
        "document doc-00: its article is not among articles",
    ),
}


@pytest.fixture
def divided(home, newsroom):
    newsroom.put_out_divided(home)
    return home


def _refused(work, sentence, folder, tree):
    before = tree(folder)
    with pytest.raises(CopydeskError) as error:
        work()
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
    assert tree(folder) == before


@pytest.mark.parametrize(("tables", "sentence"), BAD.values(), ids=BAD.keys())
def test_tables_that_are_wrong_are_not_published(divided, newsroom, tree, tables, sentence):
    made = tables(newsroom)
    _refused(
        lambda: newsroom.publish_divided(
            divided, tables=made, about=newsroom.ABOUT, plan=newsroom.DIVIDED, progress=newsroom.silent
        ),
        sentence,
        divided,
        tree,
    )


def test_a_lower_version_than_the_changes_ask_for_is_not_published(divided, newsroom, tree):
    _refused(
        lambda: newsroom.publish_divided(
            divided,
            tables=newsroom.many(12, ["x0", "x1", "x2"]),
            about=newsroom.ABOUT,
            plan=replace(newsroom.DIVIDED, bump="patch"),
            progress=newsroom.silent,
        ),
        "a patch version after 1.0.0 is not enough: the documents or labels of the test set changed",
        divided,
        tree,
    )
    _refused(lambda: Plan(bump="tiny"), "unknown step of a version 'tiny'", divided, tree)


def test_a_split_that_there_is_not_is_named(divided, newsroom, tree):
    work = lambda: load(newsroom.NAME, split="dev", folder=divided.parent)  # noqa: E731
    _refused(work, "no split 'dev' in", divided, tree)


@pytest.mark.parametrize("name", ["1.0/0", "../1.0.0", "/1.0.0", "1.0.0/", "1.0.0/spans", "01.0.0", "1.0", "latest/.."])
def test_a_version_with_a_slash_or_no_number_is_not_looked_for_in_the_file_system(divided, newsroom, tree, name):
    sentence = f"no version {name!r} of harbour-news; there are: 1.0.0"
    _refused(lambda: known_version(divided, name), sentence, divided, tree)
    _refused(lambda: find_version(newsroom.NAME, name, folder=divided.parent), sentence, divided, tree)


@pytest.mark.parametrize("name", ["a/b", "../harbour-news", "/tmp", "harbour-news/1.0.0"])
def test_a_dataset_with_a_slash_is_not_looked_for_in_the_file_system(divided, newsroom, tree, name):
    _refused(lambda: replace(newsroom.ABOUT, name=name), f"{name!r} cannot be the name", divided, tree)
    _refused(lambda: load(name, folder=divided.parent), f"{name!r} cannot be the name", divided, tree)
