"""Laws of drawing: probabilities are what they say they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.sampling.draw import draw, inclusion

SIZES = st.lists(st.floats(0.001, 1), min_size=1, max_size=60).map(np.array)


@settings(deadline=None)
@given(SIZES, st.integers(1, 70))
def test_probabilities_add_up_to_what_is_asked_and_none_is_0_or_above_1(sizes: np.ndarray, n: int) -> None:
    found = inclusion(sizes, n)
    assert found.sum() == pytest.approx(min(n, len(sizes)))
    assert (found > 0).all()
    assert (found <= 1).all()


@settings(deadline=None)
@given(SIZES, st.integers(1, 70))
def test_what_is_not_certain_has_a_probability_in_proportion_to_its_size(sizes: np.ndarray, n: int) -> None:
    found = inclusion(sizes, n)
    share = (found / sizes)[found < 1]
    assert np.allclose(share, share[:1])
    assert not len(share) or (sizes[found >= 1] * share[0] >= 1 - 1e-9).all()


@settings(deadline=None)
@given(SIZES, st.integers(1, 70), st.integers(0, 1_000))
def test_a_draw_takes_just_as_many_as_is_asked(sizes: np.ndarray, n: int, seed: int) -> None:
    assert draw(inclusion(sizes, n), np.random.default_rng(seed)).sum() == min(n, len(sizes))


@settings(deadline=None)
@given(SIZES, st.integers(1, 70), st.integers(0, 1_000))
def test_every_stretch_of_the_order_has_what_its_probabilities_add_up_to(sizes: np.ndarray, n: int, seed: int) -> None:
    probabilities = inclusion(sizes, n)
    ahead = np.cumsum(draw(probabilities, np.random.default_rng(seed))) - np.cumsum(probabilities)
    assert (np.abs(ahead) < 1 + 1e-6).all()


def test_units_are_drawn_as_often_as_their_probabilities_say() -> None:
    probabilities = inclusion(np.array([0.05, 1.0, 0.3, 0.3, 0.9, 0.05, 0.6, 0.2]), 3)
    rng = np.random.default_rng(11)
    rounds = 20_000
    often = sum(draw(probabilities, rng).astype(float) for _ in range(rounds)) / rounds
    assert np.abs(often - probabilities).max() < 4 * (0.25 / rounds) ** 0.5
