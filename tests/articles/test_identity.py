"""The name of an article is the name of its document for ever."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.articles import Columns, Entry
from copydesk.articles.identity import is_uri, source_of_entry, source_of_row

Read = Callable[..., list[Entry]]
FEED = "<rss version='2.0' xmlns:a='http://www.w3.org/2005/Atom'><channel>{}<item><guid>{}</guid><description>{}</description></item></channel></rss>"
OWN = "<a:link rel='self' href='https://f.example/feed'/>"


def sources(entries: list[Entry]) -> list[str]:
    return [entry.source for entry in entries]


def test_an_entry_of_a_feed_that_is_fetched_on_two_days_is_one_document(read: Read) -> None:
    for guid in ("https://f.example/1", "urn:uuid:5", "tag:f.example,2024:1"):
        monday = read("monday/feed.xml", FEED.format("", guid, "Old").encode())
        friday = read("friday/f.rss", FEED.format("", guid, "New").encode())
        assert sources(monday) == sources(friday) == [guid]


def test_a_guid_that_is_no_uri_is_told_apart_by_the_address_that_the_feed_gives_as_its_own(read: Read) -> None:
    monday = read("monday.xml", FEED.format(OWN, "1", "Old").encode())
    friday = read("friday.xml", FEED.format(OWN, "1", "New").encode())
    other = read("other.xml", FEED.format(OWN.replace("f.example", "g.example"), "1", "Other").encode())
    assert sources(monday) == sources(friday) == ["https://f.example/feed#id=1"]
    assert sources(other) == ["https://g.example/feed#id=1"]


def test_a_feed_without_an_address_is_told_apart_by_its_file(read: Read) -> None:
    assert sources(read("a.xml", FEED.format("", "1", "A").encode())) == ["a.xml#id=1"]
    assert sources(read("b.xml", FEED.format("", "1", "B").encode())) == ["b.xml#id=1"]


@pytest.mark.parametrize(
    ("row", "columns", "source"),
    [
        ('{"text": "x", "id": 7, "url": "https://r.example/7"}', Columns(), "https://r.example/7"),
        ('{"text": "x", "id": 7, "url": "https://r.example/7"}', Columns(id="id"), "a.jsonl#id=7"),
        ('{"text": "x", "id": "urn:x:7", "url": "https://r.example/7"}', Columns(), "urn:x:7"),
        ('{"text": "x", "id": 7}', Columns(), "a.jsonl#id=7"),
        ('{"text": "x", "id": 7, "url": "/relative"}', Columns(), "a.jsonl#id=7"),
        ('{"text": "x", "key": " a \\n b "}', Columns(id="key"), "a.jsonl#id=a b"),
        ('{"text": "x", "url": "no address"}', Columns(), "a.jsonl#1"),
        ('{"text": "x"}', Columns(), "a.jsonl#1"),
        ('{"text": "x", "id": null, "url": ""}', Columns(), "a.jsonl#1"),
    ],
)
def test_a_row_is_named_by_its_stated_id_or_its_uri_or_its_address_or_its_number(
    read: Read, row: str, columns: Columns, source: str
) -> None:
    assert sources(read("a.jsonl", row.encode(), columns=columns)) == [source]


def test_a_number_and_an_id_of_the_same_digits_are_two_names(read: Read) -> None:
    named = sources(read("a.jsonl", b'{"text": "x", "id": 2}\n{"text": "y"}\n'))
    assert len(set(named)) == 2


@settings(deadline=None)
@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.integers(1, 9))
def test_what_is_no_uri_never_leaves_the_container(container: str, key: str, url: str, number: int) -> None:
    for source in (
        source_of_row(container=container, key=key, stated=True, url=url, number=number),
        source_of_entry(container=container, feed=None, guid=key, url=url, number=number),
    ):
        assert is_uri(source) or source.startswith(f"{container.strip()}#") or source.startswith(f"{container}#")
