"""What a rule gives back: the rows that fail and what is seen at them, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from copydesk.validation.lookup import Rows


@dataclass(frozen=True, slots=True)
class Failing:
    """The positions of the rows that fail, ascending, and what is seen at one of them, in words."""

    rows: Rows
    see: Callable[[int], str]


def short(value: object, limit: int = 60) -> str:
    """Give a value as a person reads it in one line, cut where it is long."""
    text = ", ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value)
    text = "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)
    return f"‘{text}’" if len(text) <= limit else f"‘{text[: limit - 1]}…’"
