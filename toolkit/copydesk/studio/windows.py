"""A window of a document goes in, what a task's data and result say of it comes out, and back: where a task stands in its text.

A task of a whole document says nothing of windows. One of a window names the window, and its place in the text whose digest the
task has; what is marked in it counts from the window's start.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from copydesk.model.windows import Place

WHOLE = (0, sys.maxsize)
"""The place of a task that shows its document from beginning to end."""

_MOST = 2**31
_KEYS = {"window_id": str, "number": int, "windows": int, "start": int, "end": int}
_NAMES = {
    "window_id": "window",
    "number": "window_number",
    "windows": "windows",
    "start": "window_start",
    "end": "window_end",
}


def window_data(window: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the data of a window's task says of it; ``window`` is a row of ``windows``."""
    return {name: window[key] for key, name in _NAMES.items()}


def window_note(window: Mapping[str, Any]) -> str:
    """Give the line above the text that tells annotators which part they read."""
    return f"Part {window['number']} of {window['windows']} of a long article"


def window_of(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Read what a task's data says of a window; None where it shows the whole document, or says what no window is."""
    window: dict[str, Any] = {key: data.get(name) for key, name in _NAMES.items()}
    if not all(type(window[key]) is kind for key, kind in _KEYS.items()):
        return None
    return (
        window
        if 0 <= window["start"] < window["end"] < _MOST and 0 < window["number"] <= window["windows"] < _MOST
        else None
    )


def place_of(data: Mapping[str, Any]) -> Place:
    """Give the place of a task in its document's text."""
    window = window_of(data)
    return (window["start"], window["end"]) if window else WHOLE


def within(result: Iterable[Mapping[str, Any]], place: Place) -> list[dict[str, Any]]:
    """Give of a document's result what lies in a window, counted from the window's start.

    A region that reaches beyond the window is left out, with what is said of it and its relations. What is said of the whole
    document stays.
    """
    start, end = place
    kept: list[dict[str, Any]] = []
    relations: list[dict[str, Any]] = []
    there: set[str] = set()
    for item in result:
        value = item.get("value")
        if item.get("type") == "relation":
            relations.append(dict(item))
        elif not isinstance(value, Mapping) or "start" not in value:
            kept.append(dict(item))
        elif start <= value["start"] and value["end"] <= end:
            there.add(item["id"])
            kept.append({**item, "value": {**value, "start": value["start"] - start, "end": value["end"] - start}})
    return kept + [one for one in relations if one["from_id"] in there and one["to_id"] in there]


def regions(result: Sequence[Mapping[str, Any]]) -> int:
    """Count the spans of a result."""
    return sum(item.get("type") == "labels" for item in result)
