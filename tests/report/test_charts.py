"""Charts: what they show is what they were given, their bytes rest on nothing else, and what others wrote in them is text."""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import Any
from xml.etree import ElementTree

import pytest

from copydesk.report import charts
from copydesk.report.charts import Chart, svg, svg_file

HOSTILE = '<script>alert(1)</script>" onload="alert(2)\u202e\x00'
NAMES = ["PERSON", HOSTILE, "مكان", "組織", "🚢", "a name that is longer than what has room beside an axis", ""]
COUNTS = list(zip(NAMES, count(1)))
FORMS: dict[str, Any] = {
    "bars": charts.bars(COUNTS, what="spans"),
    "intervals": charts.intervals([(name, -0.1, None, None) for name in NAMES[:3]] + [("z", 0.5, 0.4, 0.6)], what="F1"),
    "from_to": charts.from_to([(name, 0.2, 0.3) for name in NAMES], what="share"),
    "came_and_went": charts.came_and_went([(name, 3, 0) for name in NAMES], what="spans"),
    "columns": charts.columns(COUNTS, what="documents", across="month"),
    "heat": charts.heat([(one, "PERSON", 1.0, "1") for one in NAMES], down=NAMES, across=NAMES, most=1.0),
    "nothing": charts.bars([], what="spans"),
}


@cache
def drawn_once(form: str) -> tuple[str, str]:
    """A chart in a page and as a file."""
    chart = Chart(form, HOSTILE, "What it shows.", FORMS[form], ("name", "count"), tuple(COUNTS))
    return svg(chart), svg_file(chart).decode()


@pytest.mark.parametrize("form", FORMS)
def test_what_others_wrote_is_text_in_a_chart(form: str) -> None:
    for drawn in drawn_once(form):
        elements = list(ElementTree.fromstring(drawn).iter())
        assert {one.tag.rpartition("}")[2] for one in elements} <= {"svg", "g", "path", "text", "line", "rect"}
        names = {name for one in elements for name in one.attrib}
        assert not [name for name in names if name.startswith("on") or name == "style" or name.endswith("href")]
        assert "\u202e" not in drawn


@pytest.mark.parametrize("form", FORMS)
def test_the_width_of_a_font_decides_over_no_byte(form: str) -> None:
    spec = FORMS[form]
    drawn = []
    for font in ("Liberation Serif", "DejaVu Sans Mono"):
        with_font = spec | {"config": spec["config"] | {"font": font}}
        drawn.append(svg(Chart(form, "", "", with_font, (), ())).replace(font, ""))
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("form", FORMS)
def test_a_chart_says_what_it_is_and_a_file_has_colours_of_its_own(form: str) -> None:
    in_page, in_file = drawn_once(form)
    root = ElementTree.fromstring(in_page)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"].endswith("What it shows.")
    assert "var(--" in in_page or form == "nothing"
    assert "var(--" not in in_file


@pytest.mark.parametrize("form", FORMS)
def test_no_text_is_smaller_than_eleven_pixels(form: str) -> None:
    elements = ElementTree.fromstring(drawn_once(form)[0]).iter()
    sizes = {one.attrib["font-size"] for one in elements if "font-size" in one.attrib}
    assert all(int(size.removesuffix("px")) >= 11 for size in sizes)


def test_bars_are_as_long_as_what_they_count() -> None:
    drawn = ElementTree.fromstring(drawn_once("bars")[0])
    bars = [one.attrib["d"] for one in drawn.iter() if one.attrib.get("fill") == "var(--accent)"]
    lengths = [float(one.split("h")[1].split("v")[0]) for one in bars]
    assert len(lengths) == len(NAMES)
    assert lengths == pytest.approx([lengths[0] * (1 + at) for at in range(len(NAMES))], abs=0.5)
