"""How surfaces are labelled throughout a corpus, told in one table."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.agreement.suspects import ledger


def agreed(rows: list[tuple[str, str, str]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return pa.table(
        {name: pa.array(one, pa.string()) for name, one in zip(("surface", "label", "doc_id"), columns, strict=True)}
    )


def told(*rows: tuple[str, str, str], **aliases: str) -> list[tuple[object, ...]]:
    found = ledger(agreed(list(rows)), aliases).drop_columns("spellings")
    return [tuple(row.values()) for row in found.to_pylist()]


def test_surfaces_of_several_labels_come_first_and_the_odd_ones_are_marked() -> None:
    towns = [("Deir  el-Zour" if n else "Deir\nel-Zour", "GPE", f"d{n % 3}") for n in range(4)]
    assert told(("Hit", "GPE", "d1"), *towns, ("Deir el-Zour", "LOC", "d9")) == [
        ("Deir el-Zour", "GPE", 4, 3, False),
        ("Deir el-Zour", "LOC", 1, 1, True),
        ("Hit", "GPE", 1, 1, False),
    ]


def test_all_spellings_of_a_thing_are_counted_as_one() -> None:
    rows = [("Assad", "PERSON", "d1"), ("Bashar", "PERSON", "d2"), ("Bashar", "ORG", "d3")]
    assert told(*rows, Bashar="Assad") == [("Assad", "PERSON", 2, 2, False), ("Assad", "ORG", 1, 1, True)]
    table = ledger(agreed(rows), {"Bashar": "Assad"})
    assert table["spellings"].to_pylist() == [["Assad", "Bashar"], ["Bashar"]]


@pytest.mark.parametrize("count", [1, 2])
def test_a_tie_concludes_nothing(count: int) -> None:
    rows = [("Hit", label, f"d{n}") for label in ("GPE", "LOC") for n in range(count)]
    assert not any(row[-1] for row in told(*rows))


@given(st.lists(st.tuples(st.sampled_from(["Hit", "Ana", "Ana "]), st.sampled_from("ABC"), st.sampled_from("xyz"))))
def test_every_label_is_counted_once(rows: list[tuple[str, str, str]]) -> None:
    found = {row[:2]: row[2] for row in told(*rows)}
    assert found == Counter((" ".join(surface.split()), label) for surface, label, _ in rows)
