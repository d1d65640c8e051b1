"""What may be said of a span or a document, as values of the schema's kinds: a text goes in, what is wrong with it or what it stands for comes out.

A value is a text, whatever its kind: a choice's name, a path such as ``Conflict/Siege``, a number without needless zeros, a date
or instant in ISO 8601. ``typed`` gives the number or the instant that it stands for.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from copydesk.model.schema_parts import Attribute

_FORMS = {"date": ("%Y-%m-%d",), "datetime": ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")}


def check(said: Attribute, value: object) -> tuple[str, str]:
    """Give a value as a text, and what is wrong with it; empty where nothing is."""
    if said.kind in {"number", "rating"}:
        return _number(value)
    if said.kind == "taxonomy" and isinstance(value, list):
        value = "/".join(map(str, value))
    if said.choices:
        choices = [choice for choice, _ in said.choices]
        known = isinstance(value, str) and (value in choices or _is_above(value, said))
        return str(value), "" if known else f"unknown choice {value!r}; the schema lists: {', '.join(choices)}"
    if not isinstance(value, str) or not value.strip():
        return "", f"{value!r} is no text"
    if said.kind in _FORMS:
        return value, "" if _instant(value, said.kind) else f"{value!r} is no {said.kind} such as {_example(said.kind)}"
    if said.pattern and not re.fullmatch(said.pattern, value):
        return value, f"{value!r} is not of the form {said.placeholder or said.pattern}"
    return value, ""


def typed(said: Attribute, value: str) -> tuple[float | None, datetime | None]:
    """Give the number and the instant (UTC) that a checked value stands for."""
    if said.kind in {"number", "rating"}:
        return float(value), None
    return None, _instant(value, said.kind) if said.kind in _FORMS else None


def moment(said: Attribute, value: str) -> datetime | None:
    """Give the day or instant (UTC) that a checked value names; None for a month, a year, a span of time or another kind."""
    if said.kind in _FORMS:
        return _instant(value, said.kind)
    if said.kind != "timex":
        return None
    return _instant(value, "date") or _instant(value, "datetime")


def _is_above(path: str, said: Attribute) -> bool:
    """Whether a path of a taxonomy leads to others."""
    return said.kind == "taxonomy" and any(choice.startswith(f"{path}/") for choice, _ in said.choices)


def _number(value: object) -> tuple[str, str]:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "", f"{value!r} is no number"
    return f"{value:.0f}" if float(value).is_integer() else repr(float(value)), ""


def _instant(value: str, kind: str) -> datetime | None:
    for form in _FORMS[kind]:
        try:
            return datetime.strptime(value, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _example(kind: str) -> str:
    return datetime(2017, 11, 3, 18, 30, tzinfo=UTC).strftime(_FORMS[kind][0])
