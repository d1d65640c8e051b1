"""Names as they are written otherwise."""

from __future__ import annotations

import pytest

from copydesk.suggestions.names import Name, NameIndex
from copydesk.suggestions.variants import variants


@pytest.mark.parametrize(
    ("surface", "written"),
    [
        ("Sana'a", "Sana’a"),
        ("al-Qaim", "el-Qaim"),
        ("al-Qaim", "al Qaim"),
        ("Deir ez-Zor", "Deir al-Zor"),
        ("Côte d’Ivoire", "Cote d’Ivoire"),
        ("Łódź", "Lodz"),
        ("Smith & Co", "Smith and Co"),
        ("Iran", "IRAN"),
    ],
)
def test_a_name_is_found_as_it_is_written_otherwise(surface: str, written: str) -> None:
    name = Name(surface, "X", "x")
    text = f"In {written}, it was said."
    assert list(NameIndex([name]).find(text)) == [(3, 3 + len(written), name, True)]


@pytest.mark.parametrize(
    ("surface", "other"), [("May", "MAY"), ("йод", "иод"), ("Halal-Q", "Hael-Q"), ("Iran", "iran")]
)
def test_what_would_be_another_word_is_no_variant(surface: str, other: str) -> None:
    assert other not in variants(surface)


def test_a_variant_of_two_labels_or_that_is_a_name_itself_is_nobody_s() -> None:
    names = [Name("Al-Bab", "A", "a"), Name("Al Bab", "B", "b"), Name("Ôx-ford", "A", "c"), Name("Òx-ford", "B", "d")]
    found = [(name.surface, other) for _, _, name, other in NameIndex(names).find("Al-Bab, Al Bab, Ox-ford, Ôx-ford")]
    assert found == [("Al-Bab", False), ("Al Bab", False), ("Ôx-ford", False)]
