"""Frozen values to plain JSON, and back: ``dataclasses.asdict`` goes one way, ``from_plain`` the other."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


def from_plain(kind: Any, value: Any) -> Any:
    """Give the value of type ``kind`` that this plain value was made of; lists become tuples, objects dataclasses.

    Raises KeyError or TypeError where the value is not of that form.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return None if value is None else from_plain(next(one for one in inner if one is not NoneType), value)
    if origin is tuple:
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(from_plain(one, part) for one, part in zip(kinds, value, strict=True))
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{one.name: from_plain(hints[one.name], value[one.name]) for one in fields(kind)})  # type: ignore[operator]
    # A frozen value holds no lists, also where its type says nothing.
    return tuple(from_plain(Any, part) for part in value) if isinstance(value, list) else value
