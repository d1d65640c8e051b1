"""Rules of labels drawn in a text: every bracket finds its own, at any width, and nothing in an article moves the terminal."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.cli import cli
from copydesk.cli.drawn import marks_of, pieces
from copydesk.cli.terminal import plain
from copydesk.workspace import Workspace

TEXT = "the mayor of Port Merrin spoke"
CASES = [
    ("one", [("Port Merrin", "PLACE")], "the mayor of [Port Merrin]PLACE spoke"),
    ("in one another", [("mayor of Port Merrin", "PERSON"), ("Port Merrin", "PLACE")], "the [mayor of [Port Merrin]PLACE]PERSON spoke"),
    ("side by side", [("Port ", "A"), ("Merrin", "B")], "the mayor of [Port ]A[Merrin]B spoke"),
    ("twice the same", [("Port", "A"), ("Port", "B")], "the mayor of [[Port]B]A Merrin spoke"),
    ("crossing", [("the mayor of Port", "A"), ("of Port Merrin", "B")], "[1:the mayor [2:of Port]1:A Merrin]2:B spoke"),
    (
        "crossing, and one in another",
        [("the mayor of Port", "A"), ("of Port Merrin", "B"), ("mayor", "C")],
        "[1:the [mayor]C [2:of Port]1:A Merrin]2:B spoke",
    ),
]  # fmt: skip


def row(surface: str, label: str) -> dict[str, Any]:
    start = TEXT.index(surface)
    return {"start": start, "end": start + len(surface), "label": label}


@pytest.mark.parametrize(("labels", "drawn"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_labels_are_drawn_with_brackets_and_names(labels: list[tuple[str, str]], drawn: str) -> None:
    marks = marks_of([row(*label) for label in labels])
    assert "".join(text for text, _ in pieces(TEXT, marks, offset=0)) == drawn


def test_a_label_that_goes_on_in_another_zone_says_so() -> None:
    marks = marks_of([row("mayor of Port", "A")])
    first, second = (pieces(TEXT[start:end], marks, offset=start) for start, end in ((0, 12), (12, 30)))
    assert "".join(text for text, _ in first) == "the [mayor of…]A"
    assert "".join(text for text, _ in second) == "[… Port]A Merrin spoke"


spans = st.tuples(st.integers(0, 11), st.integers(1, 12)).filter(lambda pair: pair[0] < pair[1])


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet="ab\x1b\x07\u202e\u200c中", min_size=12, max_size=12), st.lists(spans, max_size=8))
def test_what_is_drawn_is_the_text_and_every_label_opens_and_closes_once(
    text: str, places: list[tuple[int, int]]
) -> None:
    labels = [{"start": start, "end": end, "label": "L"} for start, end in places]
    drawn = "".join(text for text, _ in pieces(text, marks_of(labels), offset=0))
    assert re.sub(r"\[(\d+:)?|\](\d+:)?L", "", drawn) == plain(text)
    assert (drawn.count("["), len(re.findall(r"\](\d+:)?L", drawn))) == (len(labels), len(labels))
    numbers = re.findall(r"\[(\d+):", drawn)
    assert sorted(numbers) == sorted(re.findall(r"\](\d+):L", drawn))
    assert len(set(numbers)) == len(numbers)


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_no_text_keeps_what_a_terminal_obeys(text: str) -> None:
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", plain(text))


def test_a_document_is_shown_within_the_width_in_colours_and_brackets(
    labelled: Workspace, terminal: Callable[..., Any]
) -> None:
    shown = terminal("show", "seeds/story.txt", columns=40, cwd=labelled.root)
    assert shown.end() == 0, shown.heard
    assert shown.widest <= 40
    assert "\x1b[38;2;" in shown.heard
    text = " ".join(shown.lines)
    assert "[Lena [[Ostrom]PERSON met]GPE]PERSON" in text, "in one another, though one ends with another"
    assert "[新闻]ORG" in text.replace(" ", "")
    assert "[محمد]PERSON" in text
    assert r"\u202eevil\u202c" in text
    assert "رفت\u200cو" in text, "what joins letters stays"
    assert re.fullmatch(r"(?:[^\x1b]|\x1b\[[0-9;]*m)*", shown.heard.replace("\r", "")), "of escapes only colours"


DRAW = f"""
from copydesk.cli import cli
from copydesk.cli.drawn import print_pieces
print_pieces([("[", "A"), ({"中文 word " * 30!r}, "A"), ("]A", "A")], {{"A": "#aa0000"}})
"""


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_lines_break_between_words_at_the_width(terminal: Callable[..., Any], columns: int) -> None:
    shown = terminal(program=DRAW, columns=columns)
    assert shown.end() == 0
    assert columns - 10 <= shown.widest <= columns
    assert " ".join(shown.lines).split() == ["[中文", *["word", "中文"] * 29, "word", "]A"]


@pytest.mark.parametrize(
    "off", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"CI": "true"}], ids=lambda each: next(iter(each))
)
def test_where_colours_are_not_wanted_a_terminal_gets_plain_lines(
    terminal: Callable[..., Any], off: dict[str, str]
) -> None:
    shown = terminal(program=DRAW, columns=40, settings=off)
    assert shown.end() == 0
    assert "\x1b" not in shown.heard
    assert " ".join(shown.lines).split() == ["[中文", *["word", "中文"] * 29, "word", "]A"]


def test_what_is_no_terminal_gets_each_zone_on_one_line_with_its_labels(
    labelled: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["--workspace", str(labelled.root), "show", "seeds/story.txt"], standalone_mode=False)
    lines = capsys.readouterr().out.splitlines()
    assert not any("\x1b" in line for line in lines)
    assert any(line.startswith("[Lena [[Ostrom]PERSON met]GPE]PERSON ") and line.endswith(".") for line in lines)
