"""A text in pieces: together they are the text, and what was marked in it; what differs is named."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.report import page
from copydesk.report.colour import GREY, HUES, numbers_of
from copydesk.report.reader import LANES, Layer, Mark, Zone, blocks, compared, on_lanes

TEXT = "ab cd\n\nefg hij\n\n  \n\nkl 🚢 mn"
PLACES = st.tuples(st.integers(0, len(TEXT) - 1), st.integers(1, 12)).map(
    lambda one: (one[0], min(one[0] + one[1], len(TEXT)))
)
MARKS = st.lists(st.tuples(PLACES, st.sampled_from(("PERSON", "PLACE"))), max_size=8)
ZONES = st.lists(st.tuples(PLACES, st.sampled_from(("headline", "paragraph", "quote", "promo"))), max_size=5)


def layer(name: str, marks: list[tuple[tuple[int, int], str]]) -> Layer:
    return Layer(name, tuple(Mark(f"{name}-{at}", *place, label, "", "") for at, (place, label) in enumerate(marks)))


@settings(deadline=None)
@given(ZONES, MARKS, MARKS)
def test_the_pieces_are_the_text_and_every_mark_lies_over_its_own_words(
    zones: list[tuple[tuple[int, int], str]],
    first: list[tuple[tuple[int, int], str]],
    second: list[tuple[tuple[int, int], str]],
) -> None:
    kinds = [Zone(kind, *place, "rule") for place, kind in zones]
    layers = [layer("A1", first), layer("A2", second)]
    made = list(blocks(TEXT, kinds, layers))
    for number, one in enumerate(layers):
        segments = [segment for block in made for segment in block.columns[number]]
        assert "".join("".join(segment.text for segment in segments).split()) == "".join(TEXT.split())
        opened = [mark.key for segment in segments for mark in segment.opens]
        assert sorted(opened) == sorted(mark.key for mark in one.marks)
        for mark in one.marks:
            over = "".join(segment.text for segment in segments if mark.key in {each.key for each in segment.over})
            assert "".join(over.split()) == "".join(TEXT[mark.start : mark.end].split())


@settings(deadline=None)
@given(MARKS)
def test_marks_that_meet_are_on_different_lanes(marks: list[tuple[tuple[int, int], str]]) -> None:
    placed = on_lanes(layer("A1", marks).marks)
    assert len(placed) == len(marks)
    for at, one in enumerate(placed):
        for other in placed[:at]:
            if one.start < other.end and other.start < one.end:
                assert one.lane != other.lane or one.lane == LANES - 1


def test_every_way_to_differ_has_its_name() -> None:
    same = [((0, 2), "PERSON"), ((24, 26), "PLACE")]
    layers = [
        layer("A1", [*same, ((3, 5), "PERSON"), ((7, 10), "PLACE")]),
        layer("A2", [*same, ((3, 5), "PLACE"), ((7, 14), "PLACE")]),
        layer("A3", [same[0], ((11, 14), "PERSON")]),
    ]
    told = {one.name: [mark.difference for mark in one.marks] for one in compared(layers)}
    assert told == {
        "A1": ["", "some", "label", "boundary"],
        "A2": ["", "some", "label", "boundary"],
        "A3": ["", "label"],
    }
    alone = compared([layers[0], layer("A2", same)])[0]
    assert [mark.difference for mark in alone.marks] == ["", "", "only", "only"]


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=3), st.integers(0, 0xFFFFFF).map(lambda one: f"#{one:06x}"), max_size=HUES + 1
    )
)
def test_no_two_labels_of_a_schema_have_one_colour(colours: dict[str, str]) -> None:
    numbers = numbers_of(colours)
    assert numbers.keys() == colours.keys()
    assert len(set(numbers.values())) == len(colours)


def test_a_label_has_the_hue_that_the_schema_gives_it() -> None:
    given_colours = {"red": "#ff0000", "green": "#00ff00", "blue": "#0000ff", "grey": "#a9a9a9", "also red": "#fe0000"}
    assert numbers_of(given_colours) == {"red": 0, "green": 8, "blue": 16, "grey": GREY, "also red": 1}


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_of_labels_can_be_read_on_every_paper() -> None:
    """Contrast as in WCAG 2.1, 1.4.3: 4.5 to 1."""
    folder = Path(page.__file__).parent / "assets"
    papers = re.findall(r"--(?:paper|raised|mark): (#\w{6})", (folder / "copydesk.css").read_text(encoding="utf-8"))
    colours = re.findall(r"\.c\d+ \{ --c: (#\w{6})", (folder / "reader.css").read_text(encoding="utf-8"))
    assert (len(papers), len(colours)) == (6, 2 * (HUES + 1))
    for half in (0, 1):
        for paper in papers[3 * half : 3 * half + 3]:
            for colour in colours[(HUES + 1) * half : (HUES + 1) * (half + 1)]:
                darker, lighter = sorted((_luminance(paper), _luminance(colour)))
                assert (lighter + 0.05) / (darker + 0.05) >= 4.5, f"{colour} on {paper}"
