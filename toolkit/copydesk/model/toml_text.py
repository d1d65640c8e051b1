"""Parsed TOML goes in, the text of a file comes out that says the same: tables of tables stand apart, small ones on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 110


def to_toml(data: Mapping[str, Any]) -> str:
    """Write text, numbers, truth values, lists and tables as TOML; ``tomllib`` reads them back as they were."""
    return "\n".join(_table(data, "")).strip("\n") + "\n"


def _table(data: Mapping[str, Any], path: str) -> Iterator[str]:
    below = {key: value for key, value in data.items() if _stands_apart(value, path)}
    for key, value in data.items():
        if key not in below:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in below.items():
        name = f"{path}{_key(key)}"
        for one in value if isinstance(value, list) else [value]:
            yield f"\n[[{name}]]" if isinstance(value, list) else f"\n[{name}]"
            yield from _table(one, f"{name}.")


def _stands_apart(value: Any, path: str) -> bool:
    """Say whether a value gets a heading: a table, or at the top a list of tables."""
    if isinstance(value, Mapping):
        return True
    return not path and isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if not isinstance(value, list):
        return str(value)
    items = [_value(one) for one in value]
    line = f"[{', '.join(items)}]"
    return line if len(line) <= _WIDTH else "[\n" + "".join(f"  {one},\n" for one in items) + "]"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
