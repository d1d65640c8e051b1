"""Lines that open or close many articles of one source are residue; how the input was cut into batches does not matter."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.documents import build_documents
from copydesk.documents.repeated import Repeated, count_edges, merge_edges
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


def _repeated(*parts: pa.Table) -> Repeated:
    return Repeated.of_edges(merge_edges([count_edges(part) for part in parts]))


def _residue(table: pa.Table, repeated: Repeated) -> list[str]:
    zones = build_documents(table, known=NONE, max_chars=1000, repeated=repeated).kept["zones"].to_pylist()
    return [zone["rule"] for zone in zones if zone["kind"] == "boilerplate"]


def test_a_line_that_closes_many_articles_of_a_publisher_is_boilerplate_and_says_how_many(articles: Any) -> None:
    table = _table(articles, closed=6, whole=10)
    assert _residue(table, _repeated(table)) == ["boilerplate.repeated:6/10"] * 6


@pytest.mark.parametrize(("closed", "whole"), [(4, 4), (5, 13)])
def test_a_line_of_too_few_articles_or_too_small_a_share_stays(articles: Any, closed: int, whole: int) -> None:
    table = _table(articles, closed=closed, whole=whole)
    assert _residue(table, _repeated(table)) == []


def test_another_publisher_s_habit_is_none_of_this_one_s(articles: Any) -> None:
    ours, theirs = (
        _table(articles, closed=2, whole=3, publisher="A"),
        _table(articles, closed=9, whole=9, publisher="B"),
    )
    repeated = _repeated(ours, theirs)
    assert _residue(ours, repeated) == []
    assert len(_residue(theirs, repeated)) == 9


def test_the_same_article_scraped_often_repeats_nothing(articles: Any) -> None:
    table = articles(*[(str(number), _story(1)) for number in range(9)], publisher="A")
    assert _residue(table, _repeated(table)) == []


def test_a_line_in_the_middle_of_a_story_stays_whatever_closes_the_others(articles: Any) -> None:
    table = _table(articles, closed=9, whole=9)
    middle = "\n\n".join(["A heading", "One.", "Two.", "Three.", CLOSER, "Four.", "Five.", "Six."])
    assert _residue(articles(("x", middle), publisher="Courier"), _repeated(table)) == []


def test_without_a_publisher_the_host_of_the_address_is_the_source(articles: Any) -> None:
    stories = [(str(number), _story(number) + f"\n\n{CLOSER}") for number in range(6)]
    table = pa.concat_tables([
        articles(story, url=f"https://www.example.org/{number}") for number, story in enumerate(stories)
    ])  # fmt: skip
    assert len(_residue(table, _repeated(table))) == 6


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_batches_and_their_order_change_no_count(data: st.DataObject) -> None:
    texts = data.draw(
        st.lists(st.sampled_from([_story(1), f"A\n\nb\n\n{CLOSER}", "x", f"{CLOSER}\n\ny", ""]), max_size=12)
    )
    rows = []
    for number, text in enumerate(texts):
        row: dict[str, Any] = dict.fromkeys(tables.ARTICLES.names)
        raw = f"{text}\n\n{number}".encode()
        digest = f"{number:064}"
        rows.append(row | {"source": str(number), "raw_sha256": digest, "bytes": len(raw), "raw": raw, "format": "text", "encoding": "utf-8", "publisher": "AB"[number % 2]})  # fmt: skip
    table = tables.from_rows("articles", rows)
    whole = merge_edges([count_edges(table)])
    order = data.draw(st.permutations(range(len(rows))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    shuffled = table.take(pa.array(order, pa.int64()))
    parts = [shuffled.slice(low, high - low) for low, high in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    assert merge_edges([count_edges(part) for part in parts]).equals(whole)
    assert merge_edges([merge_edges([count_edges(part)]) for part in reversed(parts)]).equals(whole)
