"""The reference of ``copydesk.toml``: the dataclasses of the settings go in, a section for each of its tables comes out."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from copydesk.model import reading
from copydesk.model import settings as module
from from_code.comments import Source
from from_code.markdown import code, prose, table
from from_code.meanings import MEANINGS

HEAD = ("key", "default", "range", "meaning")


def settings() -> str:
    """Describe every key with its default, its range and what it means; one without a meaning is a KeyError."""
    return "\n\n".join(_section("", module.Settings, _comments()))


def _section(path: str, kind: type[Any], comments: Mapping[tuple[str, str], str]) -> Iterator[str]:
    if path:
        yield f"## `[{path}]`"
        yield prose(re.sub(r"^``\[.*?\]``: (\w)", lambda first: first[1].upper(), inspect.getdoc(kind) or ""))
    beneath = f"{path}." if path else ""
    rows = [
        (code(one.name), _default(one), _range(one), prose(_meaning(f"{beneath}{one.name}", kind, one.name, comments)))
        for one in fields(kind)
        if _table(one) is None
    ]
    yield table(HEAD, rows)
    for one in fields(kind):
        inner = _table(one)
        if inner is not None:
            yield from _section(f"{beneath}{one.name}", inner, comments)


def _meaning(path: str, kind: type[Any], name: str, comments: Mapping[tuple[str, str], str]) -> str:
    return MEANINGS["settings"].get(path) or comments[kind.__name__, name]


def _table(setting: Field[Any]) -> type[Any] | None:
    """The dataclass of a setting that is a table of its own."""
    factory = setting.default_factory
    return factory if isinstance(factory, type) and is_dataclass(factory) else None


def _default(setting: Field[Any]) -> str:
    if setting.default is MISSING or setting.default == "":
        return ""
    value = setting.default
    return code(json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False))


def _range(setting: Field[Any]) -> str:
    if "least" in setting.metadata:
        return f"{setting.metadata['least']:,} to {setting.metadata['most']:,}"
    return ", ".join(code(one) for one in setting.metadata.get("choices", ()))


def _comments() -> dict[tuple[str, str], str]:
    """What the comments say, by class and key."""
    return {
        (kind.name, line.target.id): told
        for source in (Source(module), Source(reading))
        for kind in ast.walk(source.tree)
        if isinstance(kind, ast.ClassDef)
        for line in kind.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and (told := source.behind(line))
    }
