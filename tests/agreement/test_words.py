import pytest

from copydesk.agreement.words import word_middles


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("al-Qaim's men", ["al", "Qaim's", "men"]),
        ("Syria’s “first” day", ["Syria’s", "first", "day"]),
        ("'quoted' and rock''n", ["quoted", "and", "rock", "n"]),
        ("مُحَمَّد قال", ["مُحَمَّد", "قال"]),
        ("cafe\u0301 😀 5,300", ["cafe\u0301", "5", "300"]),
        ("first\nsecond", ["first", "second"]),
        ("", []),
        ("…", []),
    ],
)
def test_words_are_runs_of_letters_digits_and_marks_with_inner_apostrophes(text, words):
    starts, at = [], 0
    for word in words:
        starts.append(text.index(word, at))
        at = starts[-1] + len(word)
    expected = [start + (len(word) - 1) // 2 for start, word in zip(starts, words, strict=True)]
    assert word_middles([text])[1].tolist() == expected


def test_words_of_several_texts_keep_to_their_texts():
    text, middle = word_middles(["one", "", "two's", "'s three"])
    assert list(zip(text.tolist(), middle.tolist(), strict=True)) == [(0, 1), (2, 2), (3, 1), (3, 5)]
