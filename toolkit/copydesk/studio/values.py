"""What a result says of a span or a document goes in, its values come out as a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from copydesk.model.schema import Attribute
from copydesk.model.schema_parts import WRITTEN

_TYPES = {
    "choice": ("choices", "choices"),
    "choices": ("choices", "choices"),
    "text": ("textarea", "text"),
    "timex": ("textarea", "text"),
    "number": ("number", "number"),
    "rating": ("rating", "rating"),
    "date": ("datetime", "datetime"),
    "datetime": ("datetime", "datetime"),
    "taxonomy": ("taxonomy", "taxonomy"),
}


def units_of(said: Attribute, item: Mapping[str, Any]) -> object:
    """Give the values of a result as a list; what is no result of this kind gives none."""
    kind, key = _TYPES[said.kind]
    value = item.get("value")
    if not isinstance(value, Mapping) or (item.get("type") != kind and said.kind not in WRITTEN):
        return None
    units = value.get(key)
    return units if isinstance(units, list) or units is None else [units]
