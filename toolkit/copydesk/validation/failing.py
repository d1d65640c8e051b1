"""What a rule gives back: the rows that fail and what is seen at them, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from copydesk.validation.lookup import Rows


@dataclass(frozen=True, slots=True)
class Failing:
    """The positions of the rows that fail, ascending, and what is seen at one of them, in words.

    Where a rule is one of Great Expectations' own, ``judged`` is how many rows it speaks of and ``value`` gives what it found in one.
    """

    rows: Rows
    see: Callable[[int], str]
    judged: int = 0
    value: Callable[[int], Any] = str


def short(value: object, limit: int = 60) -> str:
    """Give a value as a person reads it in one line, cut where it is long."""
    text = ", ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value)
    text = "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)
    return f"‘{text}’" if len(text) <= limit else f"‘{text[: limit - 1]}…’"


def as_seen(value: object, kwargs: Mapping[str, Any]) -> str:
    """Put what Great Expectations found at a row into words: the value of the column, or of each column of several."""
    if isinstance(value, Mapping):
        return ", ".join(_cell(name, one) for name, one in value.items())
    if "column_A" in kwargs and isinstance(value, Sequence):
        return ", ".join(_cell(kwargs[name], one) for name, one in zip(("column_A", "column_B"), value, strict=True))
    return _cell(str(kwargs.get("column", "value")), value)


def _cell(name: str, value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124 - pandas marks an empty number as NaN, which is not itself
        return f"{name} is empty"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{name} {short(value)}"
