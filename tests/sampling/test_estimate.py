"""Estimates from what was chosen are right in the mean, and their intervals hold the truth as often as they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.flow.sample import plan_of
from copydesk.model.settings import SampleSettings
from copydesk.sampling import Candidates, Plan, choose
from copydesk.sampling.estimate import Drawn, Sample, finished, spread

N, LATE = 240, 60  # documents; so many come after the first batch
RNG = np.random.default_rng(3)
LENGTHS = RNG.integers(2, 30, N).astype(float)
LABELS = RNG.poisson(LENGTHS * 0.3).astype(float)
NAMES = np.array([f"doc-{number:04}" for number in range(N)])
CLUSTERS = RNG.integers(0, 6, N)


def surveyed(seed: int, *, batches: int = 3, size: int = 24, plan: Plan | None = None) -> tuple[Sample, np.ndarray]:
    """Choose batches whose scores learn from the labels of those before; gives the sample, and which documents are in it."""
    plan = plan or Plan(size, {"uncertainty": 1.0}, random=0.25, floor=0.1, breadth=1.0, seed=seed)
    missed, there, drawn = np.ones(N), np.zeros(N, bool), []
    for batch in range(1, batches + 1):
        left = np.flatnonzero(~there & (np.arange(N) < (N - LATE if batch == 1 else N)))
        liked = LABELS[there].mean() if there.any() else 3.0
        asked = Candidates(
            NAMES[left],
            np.full(len(left), ""),
            CLUSTERS[left],
            NAMES[left],
            missed[left],
            {"uncertainty": -np.abs(LABELS[left] - liked - 2)},
        )
        made = choose(asked, before=[], plan=plan, batch=batch)
        missed[left] = 1 - made.by_now
        for number, (name, chances) in enumerate(made.inclusion.items()):
            said = spread(chances[~np.isnan(chances)])
            for row in np.flatnonzero(made.slices == name).tolist():
                since = 2 if left[row] < N - LATE else 4
                drawn.append((2 * batch + number, since, chances[row], said, left[row]))
        there[left[made.ranks > 0]] = True
    draws, since, chances, spreads, rows = (np.array(one) for one in zip(*drawn, strict=True))
    return Sample.of(Drawn(draws, since, chances, spreads), np.ones(len(rows), bool)), rows


def test_weights_recover_the_true_frequencies_and_intervals_hold_them_as_often_as_they_say() -> None:
    totals, ratios, held = [], [], []
    truth = LABELS.sum(), LABELS.sum() / LENGTHS.sum()
    rounds = 250
    for seed in range(rounds):
        sample, rows = surveyed(seed)
        total = sample.total(LABELS[rows])
        ratio = sample.ratio(LABELS[rows], LENGTHS[rows])
        totals.append(total.value)
        ratios.append(ratio.value)
        held.append((total.low <= truth[0] <= total.high, ratio.low <= truth[1] <= ratio.high))
    assert abs(np.mean(totals) - truth[0]) < 3 * np.std(totals) / rounds**0.5
    assert np.mean(ratios) == pytest.approx(truth[1], rel=0.03)
    assert (np.mean(held, axis=0) > 0.9).all()  # nominally 0.95
    assert (np.mean(held, axis=0) < 0.99).all()


def test_as_shipped_intervals_hold_the_truth_of_frequent_and_of_rare_labels_as_often_as_they_say() -> None:
    rare = np.where(RNG.random(N) < 0.1, LABELS, 0)
    shipped = plan_of(SampleSettings(size=24))
    held = []
    for seed in range(120):
        sample, rows = surveyed(seed, plan=replace(shipped, weights={"uncertainty": 1.0}, seed=seed))
        for values in (LABELS, rare):
            for said, truth in (
                (sample.total(values[rows]), values.sum()),
                (sample.ratio(values[rows], LENGTHS[rows]), values.sum() / LENGTHS.sum()),
            ):
                held.append(said.low <= truth <= said.high)
    assert (np.mean(np.reshape(held, (-1, 4)), axis=0) >= 0.93).all()  # nominally 0.95


def test_the_plain_mean_of_what_was_chosen_is_far_off_where_the_weights_are_not() -> None:
    plain = [LABELS[surveyed(seed)[1]].mean() for seed in range(20)]
    assert abs(np.mean(plain) - LABELS.mean()) > 4 * np.std(plain) / 20**0.5


def test_with_equal_chances_every_document_counts_the_same() -> None:
    sample, rows = surveyed(1, plan=Plan(20, random=0.0, floor=1.0))
    early = rows < N - LATE
    first = surveyed(1, batches=1, plan=Plan(20, random=0.0, floor=1.0))[0]
    assert first.weights == pytest.approx((N - LATE) / 20)
    assert np.ptp(sample.weights[~early]) == pytest.approx(0)


def test_where_all_documents_are_chosen_every_one_counts_once_and_nothing_is_left_to_chance() -> None:
    sample, rows = surveyed(1, batches=10, size=25)
    assert len(rows) == N
    assert sample.weights == pytest.approx(1)
    total = sample.total(LABELS[rows])
    assert (total.value, total.error) == (pytest.approx(LABELS.sum()), pytest.approx(0))


def test_a_document_that_nobody_drew_counts_as_itself() -> None:
    drawn = Drawn(np.array([2]), np.array([2]), np.array([0.25]), np.array([3.0]))
    sample = Sample.of(drawn, np.array([True]), besides=2)
    assert sample.weights.tolist() == [4, 1, 1]
    assert sample.total(np.array([0.0, 5.0, 2.0])).value == 7


def test_who_did_not_answer_is_taken_to_be_as_the_others_of_the_draw() -> None:
    drawn = Drawn(np.full(4, 2), np.full(4, 2), np.full(4, 0.5), np.full(4, 8.0))
    assert Sample.of(drawn, np.array([True, True, True, False])).weights == pytest.approx(8 / 3)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=60))
def test_only_batches_count_that_were_read_through_and_all_before_them_too(rows: list[tuple[int, bool]]) -> None:
    batches, read = (np.array(one) for one in zip(*rows, strict=True))
    done = finished(batches, read.astype(bool))
    present = sorted(set(batches.tolist()))
    through = [read[batches == one].mean() >= 0.9 for one in present]
    expected = [one for at, one in enumerate(present) if all(through[: at + 1])]
    assert done == (expected[-1] if expected else 0)


def test_nothing_is_said_of_a_ratio_to_nothing() -> None:
    drawn = Drawn(np.full(2, 2), np.full(2, 2), np.full(2, 0.5), np.full(2, 8.0))
    said = Sample.of(drawn, np.ones(2, bool)).ratio(np.ones(2), np.zeros(2))
    assert np.isnan([said.value, said.low, said.high]).all()
