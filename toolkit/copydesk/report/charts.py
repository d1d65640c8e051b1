"""Figures go in, charts come out, each with the table of what it shows: Vega-Lite specifications, rendered to SVG without a browser.

Colours are the variables of the sheet, so that dark is the same chart; in a file they stand for themselves. Nothing in a chart is laid
out by the width of a text, which depends on the fonts of a machine: the same figures are the same bytes everywhere.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from copydesk.report.inert import shown

_FONT = "system-ui, Noto Sans, Liberation Sans, sans-serif"
_SIZE = 12  # px, of all text
_INK, _SOFT, _LINE, _ACCENT, _PAPER = (f"var(--{name})" for name in ("ink", "soft", "line", "accent", "paper"))
_ON_PAPER = {_INK: "#1d1d1b", _SOFT: "#5a5954", _LINE: "#d8d5cc", _ACCENT: "#0b5d7a", _PAPER: "#ffffff"}
_WIDTH, _NARROWEST = 540, 200  # px: of a chart with its names, and of what is between the axes where these are long
_ROW, _CELL = 24, 40
_LONGEST = 30  # characters of a name beside an axis; its table has it whole
_DARKEST = 0.45  # of a cell of a heat map, so that its number can be read in light and dark
_WIDE = frozenset("WF")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture and its table, whose first ``texts`` columns are texts and whose others are figures.

    ``name`` tells it from the others of a page; ``says`` stands for it where it is not seen.
    """

    name: str
    title: str
    says: str
    spec: Json
    head: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    texts: int = 1

    @property
    def is_broad(self) -> bool:
        """Whether it needs more room than others."""
        spec = self.spec
        return bool(spec["padding"]["left"] + spec["width"] + spec["padding"]["right"] > _WIDTH)


def svg(chart: Chart) -> str:
    """Render a chart as an element of a page."""
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(json.dumps(chart.spec))
    told = escape(shown(f"{chart.title}. {chart.says}"))
    return drawn.replace("<svg ", f'<svg role="img" aria-label="{told}" ', 1)


def svg_file(chart: Chart) -> bytes:
    """Render a chart as a file, which has colours of its own."""
    drawn = svg(chart)
    for variable, colour in _ON_PAPER.items():
        drawn = drawn.replace(f'"{variable}"', f'"{colour}"')
    ground = f'<rect width="100%" height="100%" fill="{_ON_PAPER[_PAPER]}"/>'
    return drawn.replace("><g ", f">{ground}<g ", 1).encode()


def bars(rows: Sequence[tuple[str, float]], *, what: str) -> Json:
    """A bar for each name, with its count."""
    names = _names(row[0] for row in rows)
    values: list[Json] = [{"name": name, "n": number} for name, (_, number) in zip(names, rows, strict=True)]
    layers = [
        {"mark": _mark("bar", color=_ACCENT, height={"band": 0.7})},
        {
            "mark": _mark("text", align="left", dx=5, fontSize=_SIZE, color=_INK),
            "encoding": {"text": {"field": "n", "format": ",d"}},
        },
    ]
    encoding = {"y": _names_axis(), "x": _count(what, values)}
    return _by_name(values, layers, encoding, names)


def intervals(rows: Sequence[tuple[str, float, float | None, float | None]], *, what: str) -> Json:
    """A dot for each name between 0 and 1, or as far below as they go, with its interval where there is one."""
    names = _names(row[0] for row in rows)
    values: list[Json] = [
        {"name": name, "value": value, "low": low, "high": high}
        for name, (_, value, low, high) in zip(names, rows, strict=True)
    ]
    least = min([0.0, *(low for _, value, *ends in rows for low in (value, *ends) if low is not None)])
    scale = {"domain": [least, 1]}
    layers: list[Json] = [
        {
            "transform": [{"filter": "datum.low !== null"}],
            "mark": _mark("rule", color=_ACCENT, strokeWidth=2),
            "encoding": {"x": _number(what, "low", scale=scale), "x2": {"field": "high"}},
        },
        {
            "mark": _mark("point", filled=True, size=70, color=_ACCENT, opacity=1),
            "encoding": {"x": _number(what, "value", scale=scale)},
        },
    ]
    return _by_name(values, layers, {"y": _names_axis()}, names)


def from_to(rows: Sequence[tuple[str, float, float]], *, what: str) -> Json:
    """For each name a ring where its share was and a dot where it is now, joined by a line."""
    names = _names(row[0] for row in rows)
    values: list[Json] = [
        {"name": name, "was": was, "now": now} for name, (_, was, now) in zip(names, rows, strict=True)
    ]
    share = {"axis": _axis(what, format="%")}
    layers: list[Json] = [
        {
            "mark": _mark("rule", color=_SOFT, strokeWidth=2),
            "encoding": {"x": _number(what, "was", **share), "x2": {"field": "now"}},
        },
        {
            "mark": _mark("point", filled=True, size=70, color=_PAPER, stroke=_SOFT, strokeWidth=2, opacity=1),
            "encoding": {"x": _number(what, "was", **share)},
        },
        {
            "mark": _mark("point", filled=True, size=70, color=_ACCENT, opacity=1),
            "encoding": {"x": _number(what, "now", **share)},
        },
    ]
    return _by_name(values, layers, {"y": _names_axis()}, names)


def came_and_went(rows: Sequence[tuple[str, int, int]], *, what: str) -> Json:
    """For each name a bar to the right for what came and one to the left for what went."""
    names = _names(row[0] for row in rows)
    values: list[Json] = [
        {"name": name, "n": number, "at": side * number, "side": side}
        for name, (_, came, went) in zip(names, rows, strict=True)
        for side, number in ((1, came), (-1, went))
        if number
    ]
    layers: list[Json] = [
        {
            "mark": _mark("bar", height={"band": 0.7}),
            "encoding": {"color": {"condition": {"test": "datum.side > 0", "value": _ACCENT}, "value": _SOFT}},
        },
        *(
            {
                "transform": [{"filter": f"datum.side === {side}"}],
                "mark": _mark("text", align=align, dx=5 * side, fontSize=_SIZE, color=_INK),
                "encoding": {"text": {"field": "n", "format": ",d"}},
            }
            for side, align in ((1, "left"), (-1, "right"))
        ),
    ]
    most = max((abs(one["at"]) for one in values), default=1) * 1.15
    x = _number(
        what, "at", scale={"domain": [-most, most]}, axis=_axis(what, labelExpr="format(abs(datum.value), ',d')")
    )
    return _by_name(values, layers, {"y": _names_axis(names), "x": x}, names)


def columns(rows: Sequence[tuple[str, int]], *, what: str, across: str) -> Json:
    """A column for each name, side by side in their order: a histogram, or counts over time."""
    values = [{"name": shown(name), "n": number} for name, number in rows]
    every = max(1, -(-len(rows) // 8))  # names that have room beside each other
    labels = [one["name"] for at, one in enumerate(values) if at % every == 0]
    encoding = {
        "x": {
            "field": "name",
            "type": "ordinal",
            "sort": None,
            "scale": {"paddingInner": 0.08, "paddingOuter": 0},
            "axis": _axis(across, labelAngle=0, grid=False, values=labels),
        },
        "y": _count(what, values, titleX=-48),
    }
    layer = {"mark": _mark("bar", color=_ACCENT), "encoding": encoding}
    sides = {"left": 64, "right": 24, "top": 8, "bottom": 46}
    return _spec(values, [layer], {}, size=(_WIDTH - 88, 180), sides=sides)


def heat(
    rows: Sequence[tuple[str, str, float, str]], *, down: Sequence[str], across: Sequence[str], most: float
) -> Json:
    """A cell for each pair of names, its colour the stronger the nearer its value to ``most``, with what it says written in it."""
    y, x = _named(down), _named(across)
    values = [{"y": y[one], "x": x[other], "value": value, "says": says} for one, other, value, says in rows]
    cells = {"scale": {"domain": [0, most or 1], "range": [0.03, _DARKEST], "clamp": True}, "legend": None}
    axis = {"title": None, "domain": False, "ticks": False, "grid": False, **_TEXT}
    encoding = {
        "y": {"field": "y", "type": "nominal", "scale": {"domain": list(y.values())}, "axis": axis},
        "x": {
            "field": "x",
            "type": "nominal",
            "scale": {"domain": list(x.values())},
            "axis": {**axis, "orient": "top", "labelAngle": -45, "labelAlign": "left", "labelPadding": 6},
        },
    }
    layers = [
        {
            "mark": _mark("rect", color=_ACCENT, stroke=_LINE),
            "encoding": {"fillOpacity": {"field": "value", "type": "quantitative", **cells}},
        },
        {"mark": _mark("text", fontSize=_SIZE, color=_INK), "encoding": {"text": {"field": "says"}}},
    ]
    top = 14 + round(0.75 * max(map(_wide, x.values()), default=0))
    sides = {"left": _room(y.values()), "right": max(24, top), "top": top, "bottom": 8}
    return _spec(values, layers, encoding, size=(_CELL * len(x), (_ROW + 4) * len(y)), sides=sides)


_TEXT: Json = {"labelColor": _SOFT, "labelFontSize": _SIZE, "labelLimit": 0, "labelOverlap": False}


def _mark(kind: str, **options: Any) -> Json:
    return {"type": kind, "aria": False, **options}


def _axis(title: str | None, **options: Any) -> Json:
    titled = {
        "title": title,
        "titleColor": _SOFT,
        "titleFontSize": _SIZE,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    }
    lines = {"domain": False, "ticks": False, "gridColor": _LINE, "labelPadding": 6, "tickCount": 5}
    return {**_TEXT, **titled, **lines, **options}


def _number(title: str, field: str = "n", **options: Any) -> Json:
    return {"field": field, "type": "quantitative", "axis": _axis(title), **options}


def _count(title: str, values: Sequence[Json], **options: Any) -> Json:
    most = max((one["n"] for one in values), default=1)
    return _number(title, axis=_axis(title, tickCount=max(1, min(5, most)), **options))


def _names_axis(names: Sequence[str] = ()) -> Json:
    """Names down the side, in their order."""
    domain = {"scale": {"domain": list(names)}} if names else {}
    return {"field": "name", "type": "nominal", "sort": None, "axis": _axis(None, grid=False), **domain}


def _by_name(values: Sequence[Json], layers: Sequence[Json], encoding: Json, names: Sequence[str]) -> Json:
    sides = {"left": _room(names), "right": 64, "top": 8, "bottom": 46}
    width = max(_WIDTH - sides["left"] - sides["right"], _NARROWEST)
    return _spec(values, layers, encoding, size=(width, _ROW * len(names)), sides=sides)


def _spec(
    values: Sequence[Json], layers: Sequence[Json], encoding: Json, *, size: tuple[int, int], sides: Json
) -> Json:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": None,
        "autosize": {"type": "none"},
        "padding": sides,
        "width": size[0],
        "height": size[1],
        "config": {"font": _FONT, "view": {"stroke": None}},
        "data": {"values": list(values)},
        "encoding": encoding,
        "layer": list(layers),
    }


def _names(texts: Iterable[str]) -> list[str]:
    given = list(texts)
    named = _named(given)
    return [named[text] for text in given]


def _named(texts: Iterable[str]) -> dict[str, str]:
    """Give of each text what stands beside an axis: short, without what is not seen, and no two alike."""
    named: dict[str, str] = {}
    for text in dict.fromkeys(texts):
        name = _short(shown(text))
        while name in named.values():
            name += "\N{ZERO WIDTH SPACE}"
        named[text] = name
    return named


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _room(names: Iterable[str]) -> int:
    return 16 + max(map(_wide, names), default=0)


def _wide(text: str) -> int:
    """About how many pixels a text takes, in any font."""
    return sum(13 if unicodedata.east_asian_width(sign) in _WIDE else 9 if sign.isupper() else 7 for sign in text)
