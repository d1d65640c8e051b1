"""Rules for spans that are carried over to a changed text; the cases are in ``tests/cases/anchors``, one folder each."""

from __future__ import annotations

import random
import time
import tomllib
from pathlib import Path

import pytest

from copydesk.model.alignment import align, fold
from copydesk.model.anchor import CONTEXT, Anchor, anchor_of, place, reanchor

CASES = sorted(path.parent for path in (Path(__file__).parents[1] / "cases" / "anchors").glob("*/expected.toml"))


def found(text: str, quote: str, nth: int) -> tuple[int, int]:
    at = -1
    for _ in range(nth):
        at = text.index(quote, at + 1)
    return at, at + len(quote)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_span_is_found_again_or_given_up_as_a_person_would(case: Path) -> None:
    old, new = ((case / name).read_text(encoding="utf-8") for name in ("old.txt", "new.txt"))
    expected = tomllib.loads((case / "expected.toml").read_text(encoding="utf-8"))["span"]
    placed = reanchor(old, new, [found(old, one["quote"], one["nth"]) for one in expected])
    for one, now in zip(expected, placed, strict=True):
        where = (-1, -1) if one["how"] == "lost" else found(new, one["now"], one["now_nth"])
        assert (now.how, now.certain, now.start, now.end) == (one["how"], one["certain"], *where), one


def test_there_are_cases() -> None:
    assert len(CASES) >= 10


def test_an_anchor_ends_with_its_line() -> None:
    assert anchor_of("One.\nTwo in Qaim.\nThree.", 12, 16) == Anchor("Two in ", "Qaim", ".")
    assert anchor_of("a" * 50 + "Qaim" + "b" * 50, 50, 54) == Anchor("a" * CONTEXT, "Qaim", "b" * CONTEXT)
    assert anchor_of("Qaim", 0, 4) == Anchor("", "Qaim", "")


@pytest.mark.parametrize("span", [(0, 0), (3, 2), (-1, 2), (0, 99)])
def test_what_is_no_span_of_the_old_text_is_refused(span: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="is no span of a text of 12 characters"):
        reanchor("Qaim fell at", "Qaim fell", [span])


@pytest.mark.parametrize(("old", "new"), [("a", ""), ("a b", "\n"), (" ", "a"), ("a", "b")])
def test_in_a_text_that_has_nothing_of_it_a_span_is_lost(old: str, new: str) -> None:
    (placed,) = reanchor(old, new, [(0, len(old))])
    assert (placed.how, placed.start, placed.certain) == ("lost", -1, False)


def test_what_is_new_is_told_in_places_of_the_new_text() -> None:
    old = "Troops took the town of Qaim on Friday, said the army."
    new = "Troops took the old town of Qaim on Friday, said the army. A curfew holds."
    inserted = align(old, new).inserted
    assert [new[start:end] for start, end in inserted] == ["old", ". A curfew holds"]
    old = "Troops took Qaim on Friday."
    new = "Troops took old Qaim late on Friday."
    assert [new[start:end] for start, end in align(old, new).inserted] == [
        "old Qaim late"
    ]  # so close that they are one
    assert align(new, new.replace("Qaim ", "")).inserted == ()


def test_typography_is_folded() -> None:
    assert fold("“Al–Qāim” \n isn’t") == fold('"al-qāim" isn\'t')


def hostile(kind: str, size: int) -> tuple[str, str]:
    draw = random.Random(size)
    if kind == "letters":
        return " ".join(draw.choices("abcdefgh", k=size)), " ".join(draw.choices("abcdefgh", k=size))
    if kind == "one word":
        return "a " * size, "a " * (size - 7) + "b a a " * 3
    if kind == "reversed":
        words = [f"w{at}" for at in range(size)]
        return " ".join(words), " ".join(reversed(words))
    words = [f"w{draw.randrange(size)}" for _ in range(size)]
    changed = [word if draw.random() > 0.1 else "new" for word in words]
    return " ".join(words), " ".join(changed)


@pytest.mark.parametrize("kind", ["letters", "one word", "reversed", "news"])
def test_twice_the_text_takes_about_twice_the_work(kind: str) -> None:
    costs = []
    for size in (20_000, 80_000):
        old, new = hostile(kind, size)
        spans = [old_span for old_span in range(0, len(old) - 1, len(old) // 200) if not old[old_span].isspace()]
        begun = time.process_time()
        alignment = align(old, new)
        costs.append(time.process_time() - begun)
        for at in spans:
            place(alignment, at, at + 1)
    assert costs[1] < 10 * max(costs[0], 0.02)  # 4 is linear, 16 quadratic
