"""Splits never leak and never move: laws of the draw."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.datasets.splits import LEDGER, SPLITS, Shares, draw, split_of
from copydesk.errors import ConfigError

EMPTY = LEDGER.empty_table()
DOCUMENTS = [f"doc-{number}" for number in range(40)]
groupings = st.dictionaries(st.sampled_from(DOCUMENTS), st.sampled_from([f"group-{n}" for n in range(15)]))
shares_of = st.builds(Shares, validation=st.floats(0, 0.5), test=st.floats(0, 0.5), key=st.text(max_size=4))


def drawn(groups, ledger=EMPTY, shares=Shares(), strata=None):  # noqa: B008  a frozen value
    return draw(list(groups), groups=groups, ledger=ledger, shares=shares, strata=strata or {})


@settings(deadline=None)
@given(groups=groupings, shares=shares_of, seed=st.integers())
def test_order_changes_nothing(groups, shares, seed):
    mixed = list(groups.items())
    random.Random(seed).shuffle(mixed)
    assert drawn(dict(mixed), shares=shares).equals(drawn(groups, shares=shares))


@settings(deadline=None)
@given(first=groupings, more=groupings, shares=shares_of)
def test_no_group_is_on_both_sides_and_the_ledger_only_grows(first, more, shares):
    ledger = drawn(first, shares=shares)
    later = drawn(more, ledger=ledger, shares=shares)
    assert later.slice(0, ledger.num_rows).equals(ledger)
    assert later["seq"].to_pylist() == list(range(1, later.num_rows + 1))
    splits = split_of(later)
    current = {doc_id: more.get(doc_id, first.get(doc_id)) for doc_id in first.keys() | more.keys()}
    assert all(len({splits[doc] for doc in current if current[doc] == group}) == 1 for group in current.values())


@settings(deadline=None)
@given(groups=groupings, more=st.sets(st.sampled_from(DOCUMENTS)), shares=shares_of)
def test_growth_moves_nobody_and_a_second_draw_adds_nothing(groups, more, shares):
    ledger = drawn(groups, shares=shares)
    assert drawn(groups, ledger=ledger, shares=shares).equals(ledger)
    grown = drawn(groups | {doc: f"of {doc}" for doc in more - groups.keys()}, ledger=ledger, shares=shares)
    before, after = split_of(ledger), split_of(grown)
    assert {doc: after[doc] for doc in before} == before


def test_a_merger_goes_to_training_and_is_told():
    shares = Shares(validation=0.3, test=0.3)
    apart = {doc: doc for doc in DOCUMENTS}
    ledger = drawn(apart, shares=shares)
    splits = split_of(ledger)
    one = {split: next(doc for doc in DOCUMENTS if splits[doc] == split) for split in SPLITS}
    merged = drawn(apart | dict.fromkeys(one.values(), "merged"), ledger=ledger, shares=shares)
    new = merged.slice(ledger.num_rows).to_pylist()
    assert [(row["doc_id"], row["split"], row["reason"]) for row in new] == [
        (doc, "train", "merged") for doc in sorted((one["validation"], one["test"]))
    ]


def test_who_joins_a_group_goes_where_it_is_even_if_the_group_left_the_dataset():
    ledger = drawn({"doc-0": "x", "doc-a": "g"}, shares=Shares(test=1, validation=0))
    assert split_of(ledger) == {"doc-0": "train", "doc-a": "test"}  # a model needs something to learn from
    joined = draw(
        ["doc-b"], groups={"doc-a": "h", "doc-b": "h"}, ledger=ledger, shares=Shares(test=0, validation=0), strata={}
    )
    assert joined.to_pylist()[2:] == [
        {"seq": 3, "doc_id": "doc-b", "group_id": "h", "split": "test", "reason": "group"}
    ]


@pytest.mark.parametrize("strata", [{}, {f"d{n}": f"paper {n % 7}" for n in range(7_000)}], ids=["plain", "strata"])
def test_the_shares_are_met(strata):
    groups = {f"d{n}": f"d{n}" for n in range(7_000)}
    splits = split_of(drawn(groups, shares=Shares(validation=0.1, test=0.2), strata=strata))
    counts = Counter(splits.values())
    assert counts["test"] / 7_000 == pytest.approx(0.2, abs=0.02)
    assert counts["validation"] / 7_000 == pytest.approx(0.1, abs=0.02)
    for paper in set(strata.values()):
        here = Counter(splits[doc] for doc, stratum in strata.items() if stratum == paper)
        assert here["test"] == pytest.approx(200, abs=3)
        assert here["validation"] == pytest.approx(100, abs=3)


def test_another_key_is_another_draw():
    groups = {doc: doc for doc in DOCUMENTS}
    assert split_of(drawn(groups, shares=Shares(key="a"))) != split_of(drawn(groups, shares=Shares(key="b")))


@pytest.mark.parametrize(("validation", "test"), [(-0.1, 0.1), (0.6, 0.6), (float("nan"), 0)])
def test_shares_that_leave_no_room_are_refused(validation, test):
    with pytest.raises(ConfigError, match="leave no room for training"):
        Shares(validation=validation, test=test)
