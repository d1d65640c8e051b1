"""What stands for many texts is scored above what stands for few, or for what was chosen already."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.sampling import representative

words = st.lists(st.sampled_from(["a", "b", "c", "d", "ship", "🚢", "يوم"]), max_size=6).map(" ".join)


def scored(texts: list[str], before: list[str] | None = None, costs: list[float] | None = None) -> list[float]:
    paid = np.array(costs or [1.0] * len(texts))
    return representative(texts, before=before or [], costs=paid, most=len(texts)).tolist()


def test_a_text_with_words_that_many_have_comes_first_and_its_copy_later() -> None:
    assert scored(["shelling in aleppo", "shelling in aleppo", "birds", "shelling in the north"]) == [0, -2, -3, -1]


def test_words_of_what_was_chosen_before_are_worth_less() -> None:
    texts = ["shelling in aleppo", "birds of the north", "shelling in hama"]
    assert np.argmax(scored(texts)) == 0
    assert np.argmax(scored(texts, before=["shelling in idlib"])) == 1


def test_what_costs_more_comes_later() -> None:
    assert scored(["one two", "two three"], costs=[3.0, 1.0]) == [-1, 0]


@settings(deadline=None, max_examples=60)
@given(st.lists(words, max_size=12), st.lists(words, max_size=4), st.randoms(use_true_random=False), st.integers(1, 12))
def test_every_text_has_a_score_of_its_own_whatever_the_order(
    texts: list[str], before: list[str], random: object, most: int
) -> None:
    rows = list(range(len(texts)))
    random.shuffle(rows)  # type: ignore[attr-defined]
    found = representative(texts, before=before, costs=np.ones(len(texts)), most=most)
    again = representative([texts[row] for row in rows], before=before, costs=np.ones(len(texts)), most=most)
    assert sorted(found.tolist()) == sorted(float(-place) for place in range(len(texts)))
    assert [text for _, text in sorted(zip(found, texts, strict=True))] == [
        text for _, text in sorted(zip(again, (texts[row] for row in rows), strict=True))
    ]
