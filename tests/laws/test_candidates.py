"""The pairs of documents to compare are those that a plain program names, whatever the order of the keys' rows."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from copydesk.documents.copies import CopyOptions, candidates
from copydesk.documents.copies.candidates import KEYS

M64 = (1 << 64) - 1
FULL = 4  # so few bodies fill a key that most of those that are drawn are full
few = CopyOptions(full_bucket=FULL)
Row = tuple[int, str, int]


def mix(value: int) -> int:
    value = ((value ^ value >> 30) * 0xBF58476D1CE4E5B9) & M64
    value = ((value ^ value >> 27) * 0x94D049BB133111EB) & M64
    return value ^ value >> 31


def unmixed(value: int) -> int:
    value ^= value >> 31 ^ value >> 62
    value = value * pow(0x94D049BB133111EB, -1, 1 << 64) & M64
    value ^= value >> 27 ^ value >> 54
    value = value * pow(0xBF58476D1CE4E5B9, -1, 1 << 64) & M64
    return value ^ value >> 30 ^ value >> 60


def signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def table(rows: list[Row]) -> pa.Table:
    named = [{"key": signed(key), "doc_id": doc_id, "body": signed(body)} for key, doc_id, body in rows]
    return pa.Table.from_pylist(named, schema=KEYS)


def plain(rows: list[Row]) -> list[tuple[str, str]]:
    pairs: set[tuple[str, str]] = set()
    for key in {key for key, _, _ in rows}:
        of_body: dict[int, set[str]] = {}
        for _, doc_id, body in (row for row in rows if row[0] == key):
            of_body.setdefault(body, set()).add(doc_id)
        firsts = [min(of_body[body]) for body in sorted(of_body, key=lambda body: mix(body ^ key))]
        pairs |= {(min(names), doc_id) for names in of_body.values() for doc_id in names}
        pairs |= {(min(pair), max(pair)) for pair in paired(firsts)}
    return sorted((left, right) for left, right in pairs if left != right)


def paired(firsts: list[str]) -> Iterator[tuple[str, str]]:
    for one, other in itertools.combinations(range(len(firsts)), 2):
        if len(firsts) <= FULL or other - one <= 2 or one == 0:
            yield firsts[one], firsts[other]


KEY = 0x123456789ABCDEF
MANY = [(KEY, f"doc-{number:02}", mix(number)) for number in range(40)]
# Bodies whose places under one key agree in either half, so that all of a place decides.
CLOSE = [unmixed(high << 32 | low) ^ KEY for high in (0, 1, M64 >> 32) for low in (0, 1, M64 >> 32)]
bodies = st.sampled_from(CLOSE) | st.integers(0, M64)
documents = st.dictionaries(st.integers(0, 99).map("doc-{:02}".format), bodies, max_size=30)
keys = st.sampled_from([KEY, 0, M64, 1 << 63])


@st.composite
def drawn_rows(draw: st.DrawFn) -> list[Row]:
    of = draw(documents)
    if not of:
        return []
    chosen = draw(st.lists(st.tuples(keys, st.sampled_from(sorted(of))), max_size=60))
    whole = [(KEY, doc_id, body) for doc_id, body in of.items()] if draw(st.booleans()) else []
    return whole + [(key, doc_id, of[doc_id]) for key, doc_id in chosen]


@settings(deadline=None)
@given(drawn_rows())
@example(MANY)
def test_the_pairs_are_those_of_a_plain_program(rows: list[Row]) -> None:
    found = candidates(table(rows), few)
    assert list(zip(found["left"].to_pylist(), found["right"].to_pylist(), strict=True)) == plain(rows)


@settings(deadline=None)
@given(drawn_rows(), st.randoms(use_true_random=False))
@example(MANY, random.Random(1))
def test_the_order_of_the_rows_under_full_keys_changes_no_pair(rows: list[Row], draw: random.Random) -> None:
    shuffled = draw.sample(rows, len(rows))
    assert candidates(table(shuffled), few).equals(candidates(table(rows), few))
    assert candidates(table(rows[::-1]), few).equals(candidates(table(rows), few))


def test_a_place_is_unmixed_to_what_it_was_mixed_of() -> None:
    assert all(unmixed(mix(value)) == value for value in (0, 1, KEY, M64))
