"""Lines that open or close many articles of one source are residue; how the input was cut into batches does not matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.documents import build_documents
from copydesk.documents.repeated import counted, edges, often, repeated_in, seen
from copydesk.model import tables

NONE = tables.empty("documents")
CLOSER = "Stay with the Courier for page 7"


def _story(number: int) -> str:
    hill = "abcdefghijklmnopqrst"[number]
    return f"Army takes hill {number}\n\nThe army took hill {hill} on Monday.\n\nIt then rested below {hill}, witnesses said."


def _table(articles: Any, closed: int, whole: int, publisher: str = "Courier") -> pa.Table:
    written = [(f"{publisher}-{n}", _story(n) + (f"\n\n{CLOSER}" if n < closed else "")) for n in range(whole)]
    table: pa.Table = articles(*written, publisher=publisher)
    return table


def _noted(articles: pa.Table) -> pa.Table:
    return edges(articles, build_documents(articles, known=NONE, max_chars=1000).kept["documents"])


def _lines(*parts: pa.Table) -> pa.Table:
    return often(counted(np.concatenate([seen(_noted(part)) for part in parts])))


def _residue(table: pa.Table, lines: pa.Table) -> list[str]:
    documents = build_documents(table, known=NONE, max_chars=1000).kept["documents"]
    repeated, _ = repeated_in(table, documents, lines)
    zones = build_documents(table, known=NONE, max_chars=1000, repeated=repeated).kept["zones"].to_pylist()
    return [zone["rule"] for zone in zones if zone["kind"] == "boilerplate"]


def test_a_line_that_closes_many_articles_of_a_publisher_is_boilerplate_and_says_how_many(articles: Any) -> None:
    table = _table(articles, closed=6, whole=10)
    assert _residue(table, _lines(table)) == ["boilerplate.repeated:6/10"] * 6


@pytest.mark.parametrize(("closed", "whole"), [(4, 4), (5, 13)])
def test_a_line_of_too_few_articles_or_too_small_a_share_stays(articles: Any, closed: int, whole: int) -> None:
    table = _table(articles, closed=closed, whole=whole)
    assert _residue(table, _lines(table)) == []


def test_another_publisher_s_habit_is_none_of_this_one_s(articles: Any) -> None:
    ours, theirs = (
        _table(articles, closed=2, whole=3, publisher="A"),
        _table(articles, closed=9, whole=9, publisher="B"),
    )
    lines = _lines(ours, theirs)
    assert _residue(ours, lines) == []
    assert len(_residue(theirs, lines)) == 9


def test_the_same_article_scraped_often_repeats_nothing(articles: Any) -> None:
    table = articles(*[(str(number), _story(1)) for number in range(9)], publisher="A")
    assert _residue(table, _lines(table)) == []


def test_a_line_in_the_middle_of_a_story_stays_whatever_closes_the_others(articles: Any) -> None:
    table = _table(articles, closed=9, whole=9)
    middle = "\n\n".join(["A heading", "One.", "Two.", "Three.", CLOSER, "Four.", "Five.", "Six."])
    assert _residue(articles(("x", middle), publisher="Courier"), _lines(table)) == []


def test_without_a_publisher_the_host_of_the_address_is_the_source(articles: Any) -> None:
    stories = [(str(number), _story(number) + f"\n\n{CLOSER}") for number in range(6)]
    table = pa.concat_tables([
        articles(story, url=f"https://www.example.org/{number}") for number, story in enumerate(stories)
    ])  # fmt: skip
    assert len(_residue(table, _lines(table))) == 6


def test_files_of_one_article_each_have_their_folder_as_their_source(articles: Any) -> None:
    def written(folder: str) -> pa.Table:
        stories = {f"{folder}/{number}.txt": f"{_story(number)}\n\n{CLOSER}" for number in range(6)}
        return pa.concat_tables([articles(one, container=one[0]) for one in stories.items()])

    table = written("crawl/courier")
    assert len(_residue(table, _lines(table))) == 6
    assert _residue(written("crawl/herald"), _lines(table)) == []
    alone = written("").set_column(0, "source", pa.array([f"{number}.txt" for number in range(6)]))
    assert _lines(alone.set_column(1, "container", alone["source"])).num_rows == 0


def test_pages_tell_by_their_markup_and_are_not_counted(articles: Any) -> None:
    pages = [(str(number), f"<p>{_story(number)}</p><p>{CLOSER}</p>") for number in range(9)]
    assert _lines(articles(*pages, form="html", publisher="Courier")).num_rows == 0


@pytest.mark.parametrize(
    ("line", "repeats"),
    [
        ("© {year} The Courier. All rights reserved.", True),
        ("{number} comments", True),
        ("The army lost {number} men.", False),
        ("“They took {number} hills.”", False),
    ],
)
def test_numbers_at_the_tail_are_not_compared_but_in_a_sentence_only_years(
    articles: Any, line: str, repeats: bool
) -> None:
    closed = [(str(n), f"{_story(n)}\n\n{line.format(number=n, year=2010 + n)}") for n in range(9)]
    table = articles(*closed, publisher="Courier")
    assert len(_residue(table, _lines(table))) == (9 if repeats else 0)


def test_an_article_of_which_only_a_heading_would_be_left_keeps_its_lines(articles: Any) -> None:
    whole = _table(articles, closed=9, whole=9)
    lines = _lines(whole)
    assert _residue(articles(("x", f"A heading\n\n{CLOSER}"), publisher="Courier"), lines) == []
    assert _residue(articles(("x", CLOSER), publisher="Courier"), lines) == []
    assert len(_residue(articles(("x", f"The hill was taken.\n\n{CLOSER}"), publisher="Courier"), lines)) == 1


def test_a_line_that_opens_many_articles_is_no_headline_of_them(articles: Any) -> None:
    table = articles(*[(str(n), f"What the day brought\n\n{_story(n)}") for n in range(9)], publisher="Courier")
    documents = build_documents(table, known=NONE, max_chars=1000).kept["documents"]
    assert documents["title"].to_pylist() == ["What the day brought"] * 9
    repeated, _ = repeated_in(table, documents, _lines(table))
    again = build_documents(table, known=NONE, max_chars=1000, repeated=repeated).kept["documents"]
    assert again["title"].to_pylist() == [f"Army takes hill {number}" for number in range(9)]
    assert again["text_sha256"].equals(documents["text_sha256"])


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_batches_their_order_and_the_division_of_the_lines_change_no_count(data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.sampled_from([_story(1), f"A\n\nb\n\n{CLOSER}", "x", f"{CLOSER}\n\ny"]), max_size=30))
    rows = []
    for number, text in enumerate(texts):
        row: dict[str, Any] = dict.fromkeys(tables.ARTICLES.names)
        raw = f"{text}\n\n{number}".encode()
        digest = f"{number // 4:016x}" * 4  # some have the same bytes as others
        rows.append(row | {"source": str(number), "raw_sha256": digest, "bytes": len(raw), "raw": raw, "format": "text", "encoding": "utf-8", "publisher": "AB"[number % 2]})  # fmt: skip
    table = _noted(tables.from_rows("articles", rows))
    whole = counted(seen(table))
    order = data.draw(st.permutations(range(len(rows))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    shuffled = table.take(pa.array(order, pa.int64()))
    parts = [shuffled.slice(low, high - low) for low, high in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    all_seen = np.concatenate([seen(part) for part in parts])
    assert np.array_equal(counted(all_seen), whole)
    divided = [counted(all_seen[all_seen[:, 0] % 3 == share]) for share in range(3)]
    assert often(np.concatenate(divided)).equals(often(whole))
    different = {len({row["raw_sha256"] for row in rows if row["publisher"] == name}) for name in "AB"}
    assert set(often(whole)["of"].to_pylist()) <= different
