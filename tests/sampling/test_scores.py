"""What speaks for a document: by what its suggestions say, what was chosen before it, and what it is like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.errors import ConfigError
from copydesk.model.tables import from_rows
from copydesk.sampling import clusters, combine, scores, strata

NAMES = ["a", "b", "c"]


def suggestions(*rows: tuple[str, str, float, Sequence[str]]) -> pa.Table:
    place = {"start": 0, "end": 1, "surface": "x", "rule": "r"}
    return from_rows(
        "suggestions",
        [{**place, "doc_id": doc, "label": label, "score": score, "by": by} for doc, label, score, by in rows],
    )


def test_doubt_is_greatest_in_the_middle_and_a_label_more_than_is_suggested_is_to_be_made() -> None:
    found = suggestions(("a", "X", 0.5, []), ("b", "X", 0.9, []), ("b", "X", 0.1, []))
    doubt = scores.doubt(NAMES, found)
    assert doubt == pytest.approx([1, 0.4, 0])
    assert scores.labels_to_make(NAMES, found).tolist() == [2, 3, 1]


def test_a_committee_disagrees_most_where_half_of_it_says_a_span() -> None:
    found = suggestions(
        ("a", "X", 1, ["s"]), ("b", "X", 1, ["s", "t"]), ("b", "Y", 1, ["s"]), ("c", "X", 1, ["s", "t"])
    )
    assert scores.disagreement(NAMES, found, suggesters=2) == pytest.approx([1, 0.5, 0])


def test_labels_are_worth_the_more_the_fewer_are_agreed() -> None:
    found = suggestions(("a", "X", 0.5, []), ("a", "X", 0.9, []), ("b", "Y", 0.5, []))
    assert scores.rarity(NAMES, found, agreed={"X": 8}) == pytest.approx([0.1, 0.5, 0])


def test_what_much_was_chosen_of_is_less_new() -> None:
    assert scores.novelty([0, 1, 2], before=[0, 0, 1]) == pytest.approx([-2 / 3, -1 / 2, 0])


def test_a_strategy_without_weight_and_one_that_tells_nothing_apart_are_left_out() -> None:
    said = {"one": np.array([3.0, 1, 2]), "flat": np.ones(3), "other": np.array([0.0, 9, 1])}
    value, why = combine(said, {"one": 1.0, "flat": 5.0}, count=3)
    assert value.tolist() == [1, 1 / 3, 2 / 3]
    assert why == ["one"] * 3
    assert combine(said, {}, count=3)[1] == ["none"] * 3


def test_strata_are_named_by_what_documents_share() -> None:
    day = datetime(2017, 11, 3, tzinfo=UTC)
    documents = pa.table(
        {
            "publisher": pa.array(["Gazette", None]),
            "language": pa.array(["en", "ar"]),
            "published_at": pa.array([day, None], pa.timestamp("us", "UTC")),
            "text": ["x" * 10, "x" * 9_000],
        }
    )
    found = strata(documents, ["publisher", "month", "length", "language"])
    assert found.tolist() == ["Gazette 2017-11 short en", "unknown unknown long ar"]
    assert strata(documents, []).tolist() == ["", ""]
    with pytest.raises(ConfigError, match="weather"):
        strata(documents, ["weather"])


SPORT = "the team won the match after a late goal from the striker {}"
WAR = "shelling hit the northern suburb as forces advanced near the river {}"


def test_texts_that_share_words_are_in_one_cluster() -> None:
    texts = [(SPORT if number % 2 else WAR).format(f"w{number}") for number in range(20)]
    found = clusters(texts, most=2)
    assert len(set(found[::2].tolist())) == len(set(found[1::2].tolist())) == 1
    assert found[0] != found[1]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(alphabet="ab \n🚢", max_size=12), max_size=12), st.integers(1, 6))
def test_every_text_has_a_cluster_whatever_is_in_it(texts: list[str], most: int) -> None:
    found = clusters(texts, most=most)
    assert len(found) == len(texts)
    assert all(0 <= one < most for one in found.tolist())
    assert np.array_equal(found, clusters(texts, most=most))
