"""Laws of choosing: batches of documents, and the probabilities that are written down with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.sampling import Candidates, Choice, Plan, choose

PLANS = st.builds(
    Plan,
    size=st.integers(2, 30),
    weights=st.fixed_dictionaries({"uncertainty": st.floats(0, 2), "diversity": st.floats(0, 2)}),
    random=st.floats(0, 1),
    floor=st.floats(0.01, 1),
    breadth=st.floats(0.1, 50),
    even=st.floats(0, 1),
    further=st.floats(0, 1),
    seed=st.integers(0, 1_000),
)


@st.composite
def candidates(draw: st.DrawFn) -> Candidates:
    count = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    return corpus(count, rng)


def corpus(count: int, rng: np.random.Generator) -> Candidates:
    names = np.array([f"doc-{number:04}" for number in range(count)])
    return Candidates(
        doc_ids=names,
        strata=rng.choice(np.array(["Gazette", "Herald", ""]), count),
        clusters=rng.integers(0, 5, count),
        stories=names[rng.integers(0, count, count)],
        missed=np.ones(count),
        scores={"uncertainty": rng.random(count), "diversity": rng.integers(0, 3, count).astype(float)},
    )


def without(asked: Candidates, made: Choice) -> Candidates:
    """What is left of the candidates after a batch."""
    left = np.flatnonzero(made.ranks == 0)
    assert np.array_equal(asked.doc_ids, made.candidates.doc_ids)
    return Candidates(
        asked.doc_ids[left],
        asked.strata[left],
        asked.clusters[left],
        asked.stories[left],
        1 - made.by_now[left],
        {name: one[left] for name, one in asked.scores.items()},
    )


@settings(deadline=None)
@given(candidates(), PLANS)
def test_a_batch_has_its_size_and_every_document_a_chance(asked: Candidates, plan: Plan) -> None:
    made = choose(asked, before=[], plan=plan, batch=1)
    size = min(plan.size, len(asked.doc_ids))
    at_random = min(plan.at_random, size)
    assert (at_random > 0) == (plan.random * plan.size > 1e-9)
    for name, asked_for in (("random", at_random), ("strategy", size - at_random)):
        chances = made.inclusion.get(name, np.zeros(0))
        chances = chances[~np.isnan(chances)]
        assert chances.sum() == pytest.approx(asked_for)
        assert (chances > 0).all()
        assert (chances <= 1).all()
        assert (made.slices == name).sum() == asked_for
    assert (made.by_now > 0).all()
    assert sorted(made.ranks[made.ranks > 0].tolist()) == list(range(1, size + 1))


@settings(deadline=None)
@given(candidates(), PLANS, st.randoms(use_true_random=False))
def test_the_same_seed_gives_the_same_choice_whatever_the_order_of_rows(
    asked: Candidates, plan: Plan, random: object
) -> None:
    rows = list(range(len(asked.doc_ids)))
    random.shuffle(rows)  # type: ignore[attr-defined]
    shuffled = Candidates(
        asked.doc_ids[rows],
        asked.strata[rows],
        asked.clusters[rows],
        asked.stories[rows],
        asked.missed[rows],
        {name: one[rows] for name, one in asked.scores.items()},
    )
    before = asked.stories[:2].tolist()
    one = choose(asked, before=before, plan=plan, batch=3)
    other = choose(shuffled, before=before, plan=plan, batch=3)
    assert np.array_equal(one.ranks, other.ranks)
    assert np.array_equal(one.slices, other.slices)
    assert np.array_equal(one.by_now, other.by_now)


@settings(deadline=None)
@given(candidates(), PLANS)
def test_batches_never_choose_a_document_again_and_in_the_end_all_are_chosen(asked: Candidates, plan: Plan) -> None:
    seen: list[str] = []
    batch = 0
    while len(asked.doc_ids):
        batch += 1
        made = choose(asked, before=[], plan=plan, batch=batch)
        seen += made.candidates.doc_ids[made.ranks > 0].tolist()
        asked = without(asked, made)
    assert len(seen) == len(set(seen))
    assert batch <= 1 + len(seen) // plan.size


@settings(deadline=None)
@given(candidates(), PLANS)
def test_the_random_slice_is_the_same_whatever_the_scores_and_is_drawn_with_equal_probabilities(
    asked: Candidates, plan: Plan
) -> None:
    made = choose(asked, before=[], plan=plan, batch=1)
    flipped = choose(
        replace(asked, scores={name: -one for name, one in asked.scores.items()}), before=[], plan=plan, batch=1
    )
    assert np.array_equal(made.slices == "random", flipped.slices == "random")
    assert np.ptp(made.inclusion.get("random", np.zeros(1))) == 0


def test_a_document_is_chosen_by_now_as_often_as_its_probability_says() -> None:
    asked = corpus(40, np.random.default_rng(5))
    rounds = 1_500
    chosen, chances = np.zeros(40), np.zeros(40)
    for seed in range(rounds):
        plan = Plan(6, {"uncertainty": 1.0}, random=0.0, seed=seed)
        left = asked
        for batch in (1, 2, 3):
            made = choose(left, before=[], plan=plan, batch=batch)
            rows = np.searchsorted(asked.doc_ids, made.candidates.doc_ids)
            chances[rows] += made.inclusion["strategy"]
            chosen[rows] += made.ranks > 0
            left = without(left, made)
    assert np.abs(chosen - chances).max() / rounds < 4.5 * (0.25 / rounds) ** 0.5


def test_with_equal_chances_by_now_is_the_share_that_is_chosen() -> None:
    asked = corpus(50, np.random.default_rng(6))
    plan = Plan(10, {}, random=0.0, floor=1.0)
    for batch in (1, 2, 3, 4):
        made = choose(asked, before=[], plan=plan, batch=batch)
        assert made.by_now == pytest.approx(batch * 10 / 50)
        asked = without(asked, made)


def test_strata_have_their_share_and_with_even_as_much_of_each() -> None:
    names = np.array([f"doc-{number:04}" for number in range(100)])
    strata = np.array(["Gazette"] * 80 + ["Herald"] * 20)
    asked = Candidates(names, strata, np.zeros(100, np.int64), names, np.ones(100))
    for even, herald in ((0.0, 2), (0.5, 3.33), (1.0, 5)):
        made = choose(asked, before=[], plan=Plan(10, random=0.0, floor=1.0, even=even), batch=1)
        there = int((made.ranks[made.candidates.strata == "Herald"] > 0).sum())
        assert abs(there - herald) < 1
        assert made.inclusion["strategy"][made.candidates.strata == "Herald"].sum() == pytest.approx(herald, abs=0.01)


def test_a_further_document_of_a_story_is_worth_less_and_one_of_a_story_that_was_read_too() -> None:
    names = np.array([f"doc-{number:04}" for number in range(40)])
    stories = np.array([f"story-{number // 2}" for number in range(40)])
    even = {"uncertainty": np.zeros(40)}
    asked = Candidates(names, np.full(40, ""), np.zeros(40, np.int64), stories, np.ones(40), even)
    plan = Plan(8, {"uncertainty": 1.0}, random=0.0, breadth=0.5, further=0.1)
    made = choose(asked, before=["story-0"], plan=plan, batch=1)
    chances = made.inclusion["strategy"]
    assert (chances[2::2] > chances[3::2]).all()
    assert chances[1] < chances[0] < chances[2]


def test_with_a_sharp_choice_a_further_copy_comes_behind_what_is_worth_more_than_its_share_of_the_first() -> None:
    names = np.array([f"doc-{number:04}" for number in range(40)])
    stories = np.array([f"story-{number // 2}" for number in range(40)])
    falling = {"uncertainty": 40.0 - np.arange(40)}
    asked = Candidates(names, np.full(40, ""), np.zeros(40, np.int64), stories, np.ones(40), falling)
    made = choose(asked, before=[], plan=Plan(8, {"uncertainty": 1.0}, random=0.0, breadth=0.1), batch=1)
    assert set(np.flatnonzero(made.inclusion["strategy"] > 0.5)) == set(range(0, 16, 2))
