"""Laws of ingest, for any text: article + edits = document, and back; zones cover the text; rows in = rows out."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.documents import build_documents
from copydesk.documents.draft import compose, moved
from copydesk.documents.read import read_document
from copydesk.model import tables
from copydesk.model.document import ZONE_KINDS, Document, Edit, apply_edits, revert_edits

OUTER = {*ZONE_KINDS} - {"quote"}
# Words of the rules, marks and broken markup beside any character: what is drawn should reach every rule.
WORDS = [
    "The army said", "“We are ready,”", "said Jane Doe.", "Related:", "Let’s block ads! (Why?)", "(Jane Doe/Reuters)", "GENEVA — ", "Home » World",
    "A Short Heading", "Follow us on Telegram", "\n\n", "\n\n\n", "\r\n", " ", "\t", "\u00a0", "\u200b", "\ufeff", "e\u0301", "\u1112\u1161\u11ab", "\x07", "👨‍👩‍👧",
    "By Jane Doe", "Reuters", "(Reuters) - ", "Advertisement", "2017-11-03", "â€œ", "Ã©", "- item", "«", "»", '"', "(", ")", "|",
]  # fmt: skip
TAGS = [
    "<p>", "</p>", "<h1>", "</h1>", "<h2>", "<div>", "</div>", "<b>", "</b>", "<br>", "<li>", "<figcaption>", "</figcaption>", "<article>", "</article>", "<nav>", "</nav>",
    "<script>", "</script>", "<!--", "-->", "<!doctype html>", '<a href="', "<a x='>'>", "&amp;", "&nbsp;", "&#x301;", "&#0;", "&", "<", ">", "</", '<span class="credit">', "<blockquote>",
]  # fmt: skip
anything = st.text(st.characters(codec="utf-8"), max_size=20)
plain = st.lists(st.sampled_from(WORDS) | anything, max_size=30).map("".join)
markup = st.lists(st.sampled_from(TAGS) | st.sampled_from(WORDS) | anything, max_size=40).map("".join)
articles = st.tuples(plain, st.just("text")) | st.tuples(markup, st.just("html"))


def _document(article: str, form: str) -> Document | None:
    return read_document(article, format=form, doc_id="doc-0", recipe="test", max_chars=10_000).document


@settings(deadline=None, max_examples=400)
@given(articles)
def test_article_and_edits_make_the_document_and_back(article: tuple[str, str]) -> None:
    text, form = article
    document = _document(text, form)
    if document:
        assert apply_edits(text, document.edits) == document.text
        assert revert_edits(document.text, document.edits) == text
        assert all(edit.rule and edit.removed != edit.inserted for edit in document.edits)


@settings(deadline=None, max_examples=400)
@given(articles)
def test_the_text_is_canonical_and_making_it_again_changes_nothing(article: tuple[str, str]) -> None:
    document = _document(*article)
    if document:
        text = document.text
        assert unicodedata.is_normalized("NFC", text)
        blanks = {character for character in text if character.isspace()}
        assert blanks <= {" ", "\n"}
        assert not any(unicodedata.category(character) == "Cc" and character != "\n" for character in text)
        assert text == text.strip(" \n")
        assert "\n\n\n" not in text
        assert " \n" not in text
        again = _document(text, "text")
        assert again is not None
        assert again.text == text
        assert again.edits == ()


@settings(deadline=None, max_examples=400)
@given(articles)
def test_every_visible_character_is_in_exactly_one_outer_zone(article: tuple[str, str]) -> None:
    document = _document(*article)
    if document:
        covered = [0] * len(document.text)
        outer: list[tuple[int, int]] = []
        for zone in document.zones:
            assert 0 <= zone.start < zone.end <= len(document.text)
            if outer and zone.end <= outer[-1][1]:
                assert zone.kind in {"quote", "credit", "dateline", "agency"}, "only these stand inside another zone"
                continue
            assert zone.kind in OUTER
            outer.append((zone.start, zone.end))
            for place in range(zone.start, zone.end):
                covered[place] += 1
        visible = [place for place, character in enumerate(document.text) if not character.isspace()]
        assert all(covered[place] == 1 for place in visible)
        assert max(covered) == 1


@settings(deadline=None, max_examples=400)
@given(plain)
def test_a_speaker_stands_beside_the_quotation_and_in_the_same_paragraph(text: str) -> None:
    document = _document(text, "text")
    for zone in document.zones if document else ():
        if zone.speaker:
            start, end = zone.speaker
            assert zone.kind == "quote"
            assert start < end
            assert end <= zone.start or start >= zone.end
            assert "\n\n" not in document.text[min(start, zone.start) : max(end, zone.end)]


@st.composite
def _edits(draw: st.DrawFn, text: str, rule: str) -> list[Edit]:
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pairs = zip(places[::2], places[1::2], strict=False)
    return [Edit(low, high, text[low:high], draw(st.text("xyz", max_size=3)), rule) for low, high in pairs]


@settings(deadline=None, max_examples=600)
@given(st.data())
def test_two_steps_of_edits_composed_do_what_the_two_do(data: st.DataObject) -> None:
    article = data.draw(st.text("abc", max_size=20))
    first = data.draw(_edits(article, "one"))
    middle = apply_edits(article, first)
    second = data.draw(_edits(middle, "two"))
    composed = compose(first, second, article=article, middle=middle)
    text = apply_edits(middle, second)
    assert apply_edits(article, composed) == text
    assert revert_edits(text, composed) == article


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_position_that_no_edit_touches_keeps_its_character(data: st.DataObject) -> None:
    article = data.draw(st.text("abcdefgh", max_size=20))
    edits = data.draw(_edits(article, "one"))
    text = apply_edits(article, edits)
    for place, after in enumerate(moved(range(len(article)), edits)):
        if not any(edit.start <= place < edit.end for edit in edits):
            assert text[after] == article[place]


def _row(source: str, text: str, form: str) -> dict[str, Any]:
    raw = text.encode()
    row: dict[str, Any] = dict.fromkeys(tables.ARTICLES.names)
    digest = hashlib.sha256(raw).hexdigest()
    return row | {
        "source": source, "raw_sha256": digest, "bytes": len(raw), "format": form, "encoding": "utf-8", "raw": raw
    }  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), articles), max_size=6))
def test_every_article_is_kept_or_rejected_and_building_again_adds_nothing(rows: list[Any]) -> None:
    table = tables.from_rows("articles", [_row(source, *article) for source, article in rows])
    outcome = build_documents(table, known=tables.empty("documents"), max_chars=200)
    assert outcome.kept_rows + outcome.rejected.num_rows == table.num_rows
    for name in ("documents", "zones", "edits"):
        assert outcome.kept[name].schema == tables.TABLES[name]
    last = {source: row for row, (source, _) in enumerate(rows)}
    again = build_documents(
        table.take(pa.array(sorted(last.values()), pa.int64())), known=outcome.kept["documents"], max_chars=200
    )
    assert again.kept_rows + again.rejected.num_rows == len(last)
    assert again.kept["documents"].num_rows == 0
    assert pa.concat_tables([again.kept["zones"], outcome.kept["zones"]]).equals(outcome.kept["zones"])
    keys = list(zip(*(outcome.kept["documents"][name].to_pylist() for name in ("doc_id", "revision")), strict=True))
    assert sorted(keys) == [
        (doc, number + 1)
        for doc in sorted({key[0] for key in keys})
        for number in range(sum(key[0] == doc for key in keys))
    ]


@settings(deadline=None, max_examples=200)
@given(st.lists(plain, min_size=1, max_size=8))
def test_what_an_article_becomes_does_not_depend_on_those_beside_it(texts: list[str]) -> None:
    table = tables.from_rows("articles", [_row(str(number), text, "text") for number, text in enumerate(texts)])
    together = build_documents(table, known=tables.empty("documents"), max_chars=10_000)
    alone = [
        build_documents(table.slice(row, 1), known=tables.empty("documents"), max_chars=10_000)
        for row in range(len(texts))
    ]
    for name in ("documents", "zones", "edits"):
        assert pa.concat_tables([one.kept[name] for one in alone]).equals(together.kept[name])
