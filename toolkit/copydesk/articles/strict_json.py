"""A text in, its JSON value out, or why it is none: stricter than Python's own reading, and never past a depth."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

_NOT_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[^\[\]{}"]+', re.DOTALL)
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


class JsonFault(Exception):
    """A text that is no JSON, or none that means one thing: why, as a code and a sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def parse(text: str, *, max_depth: int) -> Any:
    """Read one value.

    Raises JsonFault for what RFC 8259 does not allow, a key that is there twice, NaN and infinities, a number of more than
    4,300 digits, and values nested deeper than ``max_depth``.
    """
    if is_too_deep(text, max_depth=max_depth):
        raise too_deep(max_depth)
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise JsonFault("not-json", f"not JSON: {error.msg} at character {error.pos} (fix: write it anew)") from error
    except ValueError as error:
        raise _number(error) from error
    except RecursionError as error:
        raise too_deep(max_depth) from error


def parse_at(text: str, position: int, *, max_depth: int) -> tuple[Any, int] | None:
    """Read the value that begins at ``position``: the value and where it ends; ``None`` where the text ends before it, or it
    is no JSON. Raises JsonFault for all else that ``parse`` does not allow.
    """
    try:
        value, end = _DECODER.raw_decode(text, position)
    except json.JSONDecodeError:
        return None
    except ValueError as error:
        raise _number(error) from error
    except RecursionError as error:
        raise too_deep(max_depth) from error
    if is_too_deep(text[position:end], max_depth=max_depth):
        raise too_deep(max_depth)
    return value, end


def is_too_deep(text: str, *, max_depth: int) -> bool:
    """Tell whether values are nested deeper than the limit; most texts have too few brackets to be looked at."""
    if text.count("[") + text.count("{") <= max_depth:
        return False
    depth = 0
    for bracket in _NOT_BRACKETS.sub("", text):
        depth += _STEPS.get(bracket, 0)
        if depth > max_depth:
            return True
    return False


def too_deep(max_depth: int) -> JsonFault:
    """Give the fault of values that are nested too deep."""
    what = f"values are nested deeper than the limit of {max_depth}"
    return JsonFault("too-deep", f"{what} (fix: flatten them, or raise [ingest] max_depth)")


def _number(error: ValueError) -> JsonFault:
    return JsonFault("not-json", f"a number cannot be held: {error} (fix: write it as text)")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in value if keys.count(key) > 1)
        raise JsonFault("duplicate-key", f"the key {twice[:80]!r} is there twice (fix: keep one of the two)")
    return value


def _constant(name: str) -> NoReturn:
    raise JsonFault("not-json", f"{name} is no JSON (fix: write null, or leave the key out)")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
