"""Laws of spans that are carried over from one text to another."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.model.alignment import align
from copydesk.model.anchor import THRESHOLD, reanchor

ANY_TEXT = st.text(st.sampled_from("ab c.\n“\"'é\u0302\u200d😀क्ष漢字-—A1"), min_size=1, max_size=80)
WORD = st.from_regex(r"[a-z]{2,8}", fullmatch=True)
SENTENCES = st.lists(WORD, min_size=24, max_size=60, unique=True).map(
    lambda words: [" ".join(words[at : at + 6]).capitalize() + "." for at in range(0, len(words) - 5, 6)]
)


def spans_of(text: str, data: st.DataObject) -> list[tuple[int, int]]:
    starts = data.draw(st.lists(st.integers(0, len(text) - 1), max_size=6))
    return [(start, data.draw(st.integers(start + 1, len(text)))) for start in starts]


def words_of(text: str) -> list[tuple[int, int]]:
    spans, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        spans.append((at, at + len(word.rstrip("."))))
        at += len(word)
    return spans


@settings(deadline=None)
@given(text=ANY_TEXT, data=st.data())
def test_in_the_same_text_every_span_is_exact(text: str, data: st.DataObject) -> None:
    spans = spans_of(text, data)
    assert [(one.start, one.end, one.how, one.score) for one in reanchor(text, text, spans)] == [
        (*span, "exact", 1.0) for span in spans
    ]


@settings(deadline=None, max_examples=300)
@given(old=ANY_TEXT, new=st.one_of(ANY_TEXT, st.just("")), data=st.data())
def test_whatever_the_texts_what_is_said_of_a_place_is_so(old: str, new: str, data: st.DataObject) -> None:
    spans = spans_of(old, data)
    for span, one in zip(spans, reanchor(old, new, spans), strict=True):
        surface = old[slice(*span)]
        assert 0 <= one.score <= 1
        if one.how == "lost":
            assert (one.start, one.end, one.certain) == (-1, -1, False)
            assert one.score < THRESHOLD or not surface.strip()
            continue
        assert 0 <= one.start < one.end <= len(new)
        if one.how in ("exact", "moved"):
            assert one.certain
            assert one.score == 1
            assert new[one.start : one.end] == surface
            assert (one.how == "exact") == ((one.start, one.end) == span)
        elif one.certain:
            assert new[one.start : one.end] != surface


@settings(deadline=None, max_examples=300)
@given(old=ANY_TEXT, new=ANY_TEXT, data=st.data())
def test_no_accent_is_torn_from_its_letter(old: str, new: str, data: st.DataObject) -> None:
    def torn(text: str, at: int) -> bool:
        return 0 < at < len(text) and unicodedata.category(text[at]).startswith("M")

    for start, end in spans_of(old, data):
        if torn(old, start) or torn(old, end) or (start and "\u200d" in old[start - 1 : start + 1]):
            continue
        if "\u200d" in old[end - 1 : end + 1]:
            continue
        (one,) = reanchor(old, new, [(start, end)])
        assert one.how == "lost" or not (torn(new, one.start) or torn(new, one.end))


@settings(deadline=None)
@given(sentences=SENTENCES, before=st.lists(st.from_regex(r"[A-Z]{3,9}", fullmatch=True), min_size=1, max_size=20))
def test_behind_text_that_is_put_before_them_all_spans_are_moved_by_its_length(
    sentences: list[str], before: list[str]
) -> None:
    text, new = " ".join(sentences), " ".join(before).replace("A", "9") + " 9.\n"
    for (start, end), one in zip(words_of(text), reanchor(text, new + text, words_of(text)), strict=True):
        assert (one.start, one.end, one.how) == (start + len(new), end + len(new), "moved")


@settings(deadline=None)
@given(sentences=SENTENCES, data=st.data())
def test_what_was_deleted_is_lost_and_what_stayed_keeps_its_order(sentences: list[str], data: st.DataObject) -> None:
    gone = data.draw(st.integers(0, len(sentences) - 1))
    lines = [sentence + "\n" for sentence in sentences]
    old, new = "".join(lines), "".join(lines[:gone] + lines[gone + 1 :])
    start = sum(map(len, lines[:gone]))
    spans = words_of(old)
    placed = reanchor(old, new, spans)
    inside = [start <= span[0] < start + len(lines[gone]) for span in spans]
    assert not any(one.certain for one, is_gone in zip(placed, inside, strict=True) if is_gone)
    kept = [one for one, is_gone in zip(placed, inside, strict=True) if not is_gone]
    assert all(one.how in ("exact", "moved") for one in kept)
    assert [one.start for one in kept] == sorted(one.start for one in kept)


@settings(deadline=None)
@given(sentences=SENTENCES, data=st.data())
def test_there_and_back_again_every_certain_span_is_where_it_was(sentences: list[str], data: st.DataObject) -> None:
    old = "\n".join(sentences)
    new = "\n".join(data.draw(st.permutations(sentences)))
    spans = words_of(old)
    there = reanchor(old, new, spans)
    assert all(one.how in ("exact", "moved") for one in there)
    back = reanchor(new, old, [(one.start, one.end) for one in there])
    assert [(one.start, one.end) for one in back] == spans


@settings(deadline=None)
@given(old=ANY_TEXT, new=ANY_TEXT)
def test_no_two_words_are_matched_with_one(old: str, new: str) -> None:
    alignment = align(old, new)
    matched = [at for at in alignment.match if at >= 0]
    assert len(matched) == len(set(matched))
    assert all(
        alignment.old_words.keys[here] == alignment.new_words.keys[there]
        for here, there in enumerate(alignment.match)
        if there >= 0
    )
