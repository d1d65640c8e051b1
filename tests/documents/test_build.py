"""The stage as a whole: identity, revisions, rejections."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from copydesk.documents import RECIPE, build_documents
from copydesk.errors import StoreError
from copydesk.model import tables
from copydesk.model.document import doc_id_of, text_sha256

Articles = Callable[..., pa.Table]
NONE = tables.empty("documents")
STORY = "Army crosses the river\n\nThe army crossed the river on Monday."


def test_a_document_is_named_by_its_source_and_says_what_it_was_made_of(articles: Articles) -> None:
    table = articles(("seeds/a.txt", STORY))
    [document] = build_documents(table, known=NONE, max_chars=1000).kept["documents"].to_pylist()
    assert document["doc_id"] == doc_id_of("seeds/a.txt")
    assert document["revision"] == 1
    assert document["title"] == "Army crosses the river"
    assert document["text_sha256"] == text_sha256(document["text"])
    assert document["raw_sha256"] == table["raw_sha256"][0].as_py()
    assert document["recipe"] == RECIPE


def test_the_same_article_again_is_kept_and_adds_nothing(articles: Articles) -> None:
    table = articles(("a", STORY))
    first = build_documents(table, known=NONE, max_chars=1000)
    again = build_documents(table, known=first.kept["documents"], max_chars=1000)
    assert again.kept_rows == 1
    assert [again.kept[name].num_rows for name in ("documents", "zones", "edits")] == [0, 0, 0]


def test_a_corrected_article_is_the_next_revision_of_the_same_document(articles: Articles) -> None:
    first = build_documents(articles(("a", STORY)), known=NONE, max_chars=1000)
    second = build_documents(
        articles(("a", STORY.replace("Monday", "Tuesday"))), known=first.kept["documents"], max_chars=1000
    )
    assert second.kept["documents"]["doc_id"].equals(first.kept["documents"]["doc_id"])
    assert second.kept["documents"]["revision"].to_pylist() == [2]
    assert set(second.kept["zones"]["revision"].to_pylist()) == {2}


def test_articles_of_one_source_in_one_call_are_successive_revisions(articles: Articles) -> None:
    table = articles(("a", "One story."), ("b", "Another."), ("a", "One story, corrected."), ("a", "One story."))
    outcome = build_documents(table, known=NONE, max_chars=1000)
    assert outcome.kept_rows == 4
    made = zip(*(outcome.kept["documents"][name].to_pylist() for name in ("source", "revision")), strict=True)
    assert list(made) == [("a", 1), ("b", 1), ("a", 2), ("a", 3)], "a text that comes back is a revision, too"


def test_new_bytes_with_the_same_text_are_a_new_revision_with_the_same_digest(articles: Articles) -> None:
    table = articles(("a", STORY), ("a", STORY + "\n"))
    documents = build_documents(table, known=NONE, max_chars=1000).kept["documents"]
    assert documents["revision"].to_pylist() == [1, 2]
    assert len(set(documents["text_sha256"].to_pylist())) == 1


def test_a_new_recipe_makes_a_new_revision(articles: Articles) -> None:
    first = build_documents(articles(("a", STORY)), known=NONE, max_chars=1000).kept["documents"]
    place = first.column_names.index("recipe")
    older = first.set_column(place, first.schema.field(place), pa.array(["documents/0"]))
    again = build_documents(articles(("a", STORY)), known=older, max_chars=1000)
    assert again.kept["documents"]["revision"].to_pylist() == [2]


def test_a_revision_follows_the_newest_known_one_even_if_others_are_missing(articles: Articles) -> None:
    first = build_documents(articles(("a", "An earlier story.")), known=NONE, max_chars=1000).kept["documents"]
    known = first.set_column(1, first.schema.field("revision"), pa.array([7], pa.int32()))
    outcome = build_documents(articles(("a", STORY)), known=known, max_chars=1000)
    assert outcome.kept["documents"]["revision"].to_pylist() == [8]


@pytest.mark.parametrize("text", ["", " \n\t\n", "\u200b\ufeff\u00a0", "\x07\x08"])
def test_an_article_without_a_visible_character_is_rejected_as_no_text(articles: Articles, text: str) -> None:
    outcome = build_documents(articles(("a", text)), known=NONE, max_chars=1000)
    assert outcome.kept_rows == 0
    assert outcome.rejected["reason"].to_pylist() == ["no-text"]


@pytest.mark.parametrize("page", ["<p></p>", "<html><head><title>t</title></head></html>", "<nav>Home</nav>", "<!--"])
def test_a_page_without_an_article_is_rejected_as_no_text(articles: Articles, page: str) -> None:
    outcome = build_documents(articles(("a", page), form="html"), known=NONE, max_chars=1000)
    assert outcome.rejected["reason"].to_pylist() == ["no-text"]


def test_the_limit_counts_characters_of_the_text(articles: Articles) -> None:
    fits, exceeds = ("a", "ä" * 100 + "\n\n"), ("b", "ä" * 101)
    outcome = build_documents(articles(fits, exceeds), known=NONE, max_chars=100)
    assert outcome.kept["documents"]["source"].to_pylist() == ["a"]
    [rejected] = outcome.rejected.to_pylist()
    assert (rejected["reason"], rejected["item"], rejected["doc_id"]) == ("too-long", "b", doc_id_of("b"))
    assert "101" in rejected["detail"]
    assert '"source": "b"' in rejected["row"]


def test_a_row_whose_bytes_do_not_decode_as_it_says_is_rejected(articles: Articles) -> None:
    outcome = build_documents(articles(("a", "é"), ("b", "ok"), encoding="ascii"), known=NONE, max_chars=100)
    assert outcome.rejected["reason"].to_pylist() == ["undecodable"]
    assert outcome.kept["documents"]["source"].to_pylist() == ["b"]


def test_a_row_that_was_rejected_before_is_refused_with_the_fix(articles: Articles) -> None:
    with pytest.raises(StoreError, match=r"'encoding' is empty.*accepted"):
        build_documents(articles(("a", "text"), encoding=None), known=NONE, max_chars=100)


def test_what_the_provenance_says_goes_before_what_the_page_says(articles: Articles) -> None:
    page = """<html><head><meta property="og:site_name" content="Page"><link rel="canonical" href="https://page.example.org/x">
    <meta property="article:published_time" content="2024-01-02T03:04:05+01:00"></head>
    <body><article><h1>Title</h1><p>The army crossed the river on Monday and stayed there for the night.</p></article></body></html>"""
    said = datetime(2020, 1, 1, tzinfo=UTC)
    told = build_documents(articles(("a", page), form="html"), known=NONE, max_chars=1000).kept["documents"].to_pylist()
    known = articles(("a", page), form="html", url="u", publisher="p", published_at=said)
    kept = build_documents(known, known=NONE, max_chars=1000).kept["documents"].to_pylist()
    names = ("url", "publisher", "published_at")
    assert [told[0][name] for name in names] == [
        "https://page.example.org/x", "Page", datetime(2024, 1, 2, 2, 4, 5, tzinfo=UTC)
    ]  # fmt: skip
    assert [kept[0][name] for name in names] == ["u", "p", said]
