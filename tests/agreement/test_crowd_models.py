"""Dawid-Skene, MACE, classes and intervals: against printed values, crowds whose habits are known, and brute force."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma

from copydesk.agreement.crowd import Prior, Ratings, class_ds, dawid_skene, mace
from copydesk.agreement.crowd.class_ds import EXPERIENCE, UNDECIDED
from copydesk.agreement.crowd.intervals import best_apart

CASES = Path(__file__).parents[1] / "cases" / "agreement" / "crowd"
OBSERVERS = np.array([0, 0, 0, 1, 2, 3, 4])  # the first saw each patient three times


def anaesthetists() -> Ratings:
    table = np.loadtxt(CASES / "anaesthetists.txt", dtype=np.int64)
    patients = len(table)
    item, observer = np.repeat(np.arange(patients), len(OBSERVERS)), np.tile(OBSERVERS, patients)
    return Ratings(item, observer, table.ravel() - 1, patients, 5, 4)


def crowd(*, items=2_000, right=(0.9, 0.8, 0.7, 0.6, 0.3), labels=4, seed=3) -> tuple[Ratings, np.ndarray]:
    draw = np.random.default_rng(seed)
    truth = draw.integers(labels, size=items)
    people = len(right)
    hit = draw.random((items, people)) < np.array(right)
    said = np.where(hit, truth[:, None], (truth[:, None] + draw.integers(1, labels, (items, people))) % labels)
    item, person = np.repeat(np.arange(items), people), np.tile(np.arange(people), items)
    return Ratings(item, person, said.ravel(), items, people, labels), truth


def test_the_anaesthetists_of_1979_come_out_as_printed():
    fitted = dawid_skene(anaesthetists())
    np.testing.assert_allclose(fitted.shares, [0.400, 0.422, 0.112, 0.067], atol=0.0005)
    assert fitted.log_likelihood == pytest.approx(-192.8909, abs=0.0001)
    np.testing.assert_allclose(np.diag(fitted.confusion[0]), [0.889, 0.876, 0.661, 0.444], atol=0.0005)


def test_patients_on_whom_all_but_few_observers_agree_keep_their_class():
    fitted = dawid_skene(anaesthetists())
    assert fitted.posterior[0].argmax() == 0
    assert fitted.posterior[10].argmax() == 3
    np.testing.assert_allclose(fitted.posterior.sum(axis=1), 1)


@pytest.mark.parametrize("prior", [None, Prior(), Prior(2.0, 1.0)])
def test_the_confusion_of_each_annotator_is_found_again(prior):
    ratings, truth = crowd()
    fitted = dawid_skene(ratings, prior=prior)
    right = fitted.confusion[:, np.arange(4), np.arange(4)].mean(axis=1)
    np.testing.assert_allclose(right, [0.9, 0.8, 0.7, 0.6, 0.3], atol=0.05)
    assert (fitted.posterior.argmax(axis=1) == truth).mean() > 0.93


def test_thousands_of_labels_for_one_item_do_not_underflow():
    count = 5_000
    ratings = Ratings(np.zeros(count, np.int64), np.arange(count), np.arange(count) % 3 // 2, 1, count, 2)
    fitted = dawid_skene(ratings, prior=Prior())
    assert np.isfinite(fitted.posterior).all()
    assert fitted.posterior[0, 0] > 0.99


def test_what_is_known_stays_and_judges_the_annotators():
    ratings, truth = crowd(right=(0.9, 0.2, 0.2))
    known = np.where(np.arange(len(truth)) < 500, truth, -1)
    fitted = dawid_skene(ratings, prior=Prior(1.0, 1.0), known=known)
    assert (fitted.posterior[:500].argmax(axis=1) == truth[:500]).all()
    right = fitted.confusion[:, np.arange(4), np.arange(4)].mean(axis=1)
    np.testing.assert_allclose(right, [0.9, 0.2, 0.2], atol=0.07)


def test_a_round_on_patterns_is_a_round_on_items_in_any_order():
    draw = np.random.default_rng(9)
    items, people, labels, votes = 300, 4, 3, 500
    item, person, label = (
        draw.integers(items, size=votes),
        draw.integers(people, size=votes),
        draw.integers(labels, size=votes),
    )
    known = np.where(draw.random(items) < 0.1, draw.integers(labels, size=items), -1)
    fitted = dawid_skene(Ratings(item, person, label, items, people, labels), prior=Prior(), known=known, rounds=1)

    start = np.full((items, labels), 1e-9)
    np.add.at(start, (item, label), 1)
    start /= start.sum(axis=1, keepdims=True)
    start[known >= 0] = np.eye(labels)[known[known >= 0]]
    said = np.ones((people, labels, labels)) + 9 * np.eye(labels)
    np.add.at(said, (person, slice(None), label), start[item])
    logs = np.tile(digamma(1 + start.sum(axis=0)), (items, 1))
    np.add.at(logs, item, (digamma(said) - digamma(said.sum(axis=2, keepdims=True)))[person, :, label])
    expected = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    expected[known >= 0] = start[known >= 0]
    np.testing.assert_allclose(fitted.posterior, expected, atol=1e-7)

    other, turn = draw.permutation(items), draw.permutation(votes)
    moved = Ratings(other[item][turn], person[turn], label[turn], items, people, labels)
    again = dawid_skene(moved, prior=Prior(), known=known[np.argsort(other)], rounds=1)
    np.testing.assert_array_equal(again.posterior[other], fitted.posterior)


def test_mace_finds_who_only_pretends():
    draw = np.random.default_rng(5)
    ratings, truth = crowd(right=(0.95, 0.9, 0.85, 0.8))
    spam = np.where(draw.random(ratings.items) < 0.9, 2, 0)  # says the same nearly always
    item = np.concatenate([ratings.item, np.arange(ratings.items)])
    person = np.concatenate([ratings.annotator, np.full(ratings.items, 4)])
    told = mace(Ratings(item, person, np.concatenate([ratings.label, spam]), ratings.items, 5, 4))
    assert told.spam[4] > 0.95
    assert (np.diff(told.spam[:4]) > 0).all()
    np.testing.assert_allclose(told.habits[4], [0.1, 0, 0.9, 0], atol=0.02)
    assert (told.posterior.argmax(axis=1) == truth).mean() > 0.95


def test_few_labels_are_decided_by_vote_and_ties_by_nobody():
    ratings = Ratings(np.array([0, 0, 0, 1, 1]), np.array([0, 1, 2, 0, 1]), np.array([1, 1, 0, 0, 1]), 3, 3, 2)
    classes = class_ds(ratings)
    assert classes.label.tolist() == [1, UNDECIDED, UNDECIDED]
    assert not classes.by_model.any()
    assert classes.posterior[0] == pytest.approx(2 / 3)


def test_classes_are_decided_by_the_model_where_there_is_enough():
    ratings, truth = crowd(right=(0.95, 0.4, 0.4))
    votes = np.stack([np.bincount(row, minlength=4) for row in ratings.label.reshape(-1, 3)])
    classes = class_ds(ratings)
    assert classes.by_model.all()
    assert (classes.label == truth).mean() > (votes.argmax(axis=1) == truth).mean() + 0.1
    few = class_ds(crowd(items=EXPERIENCE - 1)[0])
    assert not few.by_model.any()


spans = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 8), st.integers(1, 4), st.integers(-2, 5)), max_size=7, unique=True
)


@settings(deadline=None, max_examples=150)
@given(spans)
def test_no_other_choice_of_spans_apart_weighs_more(drawn):
    rows = [(group, start, start + length, weight) for group, start, length, weight in drawn]
    columns = [np.array([row[at] for row in rows], np.int64) for at in range(4)]
    kept = best_apart(group=columns[0], start=columns[1], end=columns[2], weight=columns[3].astype(float))

    def apart(chosen):
        return all(a[0] != b[0] or a[2] <= b[1] or b[2] <= a[1] for a, b in combinations(chosen, 2))

    choices = [list(some) for size in range(len(rows) + 1) for some in combinations(rows, size)]
    best = max(sum(row[3] for row in some) for some in choices if apart(some))
    mine = [row for row, keep in zip(rows, kept, strict=True) if keep]
    assert apart(mine)
    assert sum(row[3] for row in mine) == best


def test_how_often_people_guess_is_found_again_in_what_they_said():
    chance = np.random.default_rng(3)
    items, kinds, guesses = 2000, 4, (0.05, 0.1, 0.2, 0.5, 0.95)
    truth = chance.integers(0, kinds, items)
    said = []
    for share in guesses:
        habit = chance.dirichlet(np.ones(kinds))
        said.append(np.where(chance.random(items) < share, chance.choice(kinds, items, p=habit), truth))
    item, person = np.tile(np.arange(items), 5), np.repeat(np.arange(5), items)
    found = mace(Ratings(item, person, np.concatenate(said), items, 5, kinds)).spam
    assert found.tolist() == pytest.approx(guesses, abs=0.03)
