"""Laws of what is done to many texts at once, for any texts: it is what is done to each of them, step by step."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.documents.blocks import split_blocks
from copydesk.documents.canonical import canonical, canonical_texts
from copydesk.documents.draft import Draft
from copydesk.documents.language import languages_by_words
from copydesk.documents.rules import rule_data
from copydesk.documents.texts import texts_of
from copydesk.documents.wording import are_headings

# What canonical form is about, beside any character.
WORDS = [
    "The army said", "“We are ready,”", "\n\n", "\n\n\n", "\n", "\r\n", "\r\n\r\n", "\r", " ", "  ", "\t", "\u00a0", "\u200b", "\ufeff", "e\u0301", "\u1112\u1161\u11ab", "\x07", "\x85",
    "👨‍👩‍👧", "Zoë", "Ã ", "â€œ", "Ã©", "é", "\u2028", "\ufffd", "\u0301",
]  # fmt: skip
anything = st.text(st.characters(codec="utf-8"), max_size=12)
plain = st.lists(st.sampled_from(WORDS) | anything, max_size=20).map("".join)


@settings(deadline=None, max_examples=400)
@given(st.lists(plain, max_size=6))
def test_articles_made_canonical_together_are_what_each_is_step_by_step(articles: list[str]) -> None:
    for article, tidied in zip(articles, canonical_texts(articles), strict=True):
        made = canonical(Draft(article=article, text=article))
        assert tidied.text == made.draft.text
        assert tuple(tidied.edits) == made.draft.edits
        assert tuple(tidied.gaps or [1] * tidied.text.count("\n\n")) == made.gaps


@settings(deadline=None, max_examples=300)
@given(st.lists(plain, max_size=6))
def test_the_blocks_of_many_texts_are_those_of_each(articles: list[str]) -> None:
    texts = [tidied.text for tidied in canonical_texts(articles) if tidied.text]
    columns = texts_of(texts)
    surfaces = columns.surfaces.to_pylist()
    for number, text in enumerate(texts):
        rows = range(columns.first[number], columns.first[number + 1])
        blocks = split_blocks(text, [1] * text.count("\n\n"))
        assert [(columns.start[row], columns.end[row], surfaces[row]) for row in rows] == [
            block[:3] for block in blocks
        ]
        assert {columns.document[row] for row in rows} == {number}
    assert columns.first[-1] == len(surfaces)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.lists(st.sampled_from(["the", "and", "of", "The", "said", "é", "ann", "\n", "👧"]), max_size=150), max_size=4
    )
)
def test_words_are_counted_in_thirds_as_if_each_third_were_split_alone(written: list[list[str]]) -> None:
    samples = [" ".join(words) for words in written]
    [english] = rule_data("language")["evidence"]
    for sample, language in zip(samples, languages_by_words(samples), strict=True):
        third = len(sample) // 3
        parts = (sample[:third], sample[third : 2 * third], sample[2 * third :])
        found = [sum(word in english["words"] for word in part.split()) for part in parts]
        each = min(found) * 100 >= english["each"] * third
        whole = sum(found) * 100 >= english["whole"] * len(sample)
        is_english = len(sample) >= rule_data("language")["shortest"] and each and whole
        assert language == ("en" if is_english else None)


SECOND_SENTENCE = re.compile(r"[.!?…](?<=[^\W\d_]{4}.)[”\"’»)]* ")


def _is_heading(block: str) -> bool:
    """The rule in words of its own: one line of at most 600 characters and 25 words, no item, no sentence, no small letter first."""
    if "\n" in block or len(block) > 600 or len(block.split()) > 25 or unicodedata.category(block[0]) == "Ll":
        return False
    if block.rstrip("”\"'’»)]").endswith(tuple(".…:;,")) or block.endswith(tuple(".…:;,")):
        return False
    is_item = block[0] in "-–—•*·▪►→" and block[1:2] == " "
    return not is_item and not SECOND_SENTENCE.search(block)


HEADED = [
    *WORDS,
    "A Short Heading",
    "- item",
    "•",
    "word. Next",
    "Mr. Roe",
    "ends.”",
    "what?",
    "2016.",
    " two",
    "IV. Part",
    "x" * 300,
    "word " * 20,
]


@settings(deadline=None, max_examples=500)
@given(st.lists(st.lists(st.sampled_from(HEADED) | anything, max_size=6).map(" ".join), max_size=6))
def test_what_has_the_shape_of_a_heading_is_what_the_rule_says_of_it(articles: list[str]) -> None:
    texts = [tidied.text for tidied in canonical_texts(articles) if tidied.text]
    blocks = texts_of(texts).surfaces
    assert are_headings(blocks).tolist() == [_is_heading(block) for block in blocks.to_pylist()]
