"""The text of a ``schema.toml`` and what it is to say go in; the text that says it comes out, comments and layout kept.

Only the places that say something else are written anew, and the result is read again, to see that it says just that.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_KEY = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_.-]+)[ \t]*=[ \t]*""")
_HEADER = re.compile(r"[ \t]*\[\[?[ \t]*([^\]\n]+?)[ \t]*\]\]?")
_QUOTES = ('"""', "'''", '"', "'")


Becomes = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``key = value``: the places in the text where its first line begins, its value begins and ends, and its last line ends."""

    key: str
    begins: int
    value: int
    ends: int
    line_ends: int


@dataclass(slots=True)
class Table:
    """A table: its name, where its header begins, and its entries in their order. What stands before the first header is ``""``."""

    name: str
    begins: int
    entries: list[Entry] = field(default_factory=list)

    @property
    def ends(self) -> int:
        """Where the line of its last entry ends."""
        return self.entries[-1].line_ends if self.entries else self.begins


@dataclass(frozen=True, slots=True)
class _Edit:
    begins: int
    ends: int
    text: str


def rewritten(text: str, new: Mapping[str, Any], becomes: Becomes) -> str | None:
    """Give the text of a schema that says ``new``; ``becomes`` says which labels each label became.

    None where the file is laid out so that its places cannot be told, or says something that has no place in it yet.
    """
    old = tomllib.loads(text)
    tables = list(tables_of(text))
    edits = [*_label_edits(text, tables, old, new, becomes), *_value_edits(text, tables, old, new)]
    edits += _map_edits(tables, old, new, becomes)
    for edit in sorted(edits, key=lambda one: (one.begins, one.ends), reverse=True):
        text = text[: edit.begins] + edit.text + text[edit.ends :]
    try:
        return text if tomllib.loads(text) == new else None
    except tomllib.TOMLDecodeError:
        return None


def toml_value(value: object, *, wide: bool = False) -> str:
    """Write a text, or a list of texts, as TOML; a ``wide`` list has a line for each."""
    if isinstance(value, list):
        if wide:
            return "[\n" + "".join(f"  {toml_value(one)},\n" for one in value) + "]"
        return "[" + ", ".join(toml_value(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def tables_of(text: str) -> Iterator[Table]:
    """Give the tables of a TOML text in their order, with the places of their entries."""
    table, at = Table("", 0), 0
    while at < len(text):
        line_ends = _line_end(text, at)
        header, key = _HEADER.match(text, at), _KEY.match(text, at)
        if key:
            ends = _value_end(text, key.end())
            line_ends = _line_end(text, ends)
            table.entries.append(Entry(_unquoted(key[1]), at, key.end(), ends, line_ends))
        elif header:
            yield table
            table = Table(header[1], at)
        at = line_ends
    yield table


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _unquoted(key: str) -> str:
    return str(json.loads(key)) if key.startswith('"') else key.strip("'")


def _value_end(text: str, at: int) -> int:
    """Find where a value ends: brackets and quotes are closed, and a comment or the line's end follows."""
    depth, last = 0, at
    while at < len(text):
        quote = next((one for one in _QUOTES if text.startswith(one, at)), "")
        if quote:
            at = last = _string_end(text, at, quote)
            continue
        sign = text[at]
        if sign == "#":
            at = _line_end(text, at) - 1
            sign = "\n"
        if sign == "\n" and depth == 0:
            break
        depth += (sign in "[{") - (sign in "]}")
        at += 1
        last = last if sign.isspace() else at
    return last


def _string_end(text: str, at: int, quote: str) -> int:
    at += len(quote)
    while at < len(text) and not text.startswith(quote, at):
        at += 2 if text[at] == "\\" and quote.startswith('"') else 1
    at += len(quote)
    while len(quote) == 3 and text.startswith(quote[0], at):  # a quote that the string ends with
        at += 1
    return at


def _label_edits(
    text: str, tables: Sequence[Table], old: Mapping[str, Any], new: Mapping[str, Any], becomes: Becomes
) -> Iterator[_Edit]:
    blocks = [table for table in tables if table.name == "labels"]
    rows = {row["name"]: row for row in new["labels"]}
    names = [row["name"] for row in old["labels"]]
    told: set[str] = set(names)
    for block, row in zip(blocks, old["labels"], strict=False):
        now = [name for name in becomes(row["name"]) if name == row["name"] or name not in told]
        told |= set(now)
        if now:
            yield from _row_edits(block, row, rows[now[0]])
        else:
            yield _Edit(block.begins, _past_blank(text, block.ends), "")
        more = "".join("\n" + _label_text(rows[name]) for name in now[1:])
        if more:
            yield _Edit(block.ends, block.ends, more)
    added = "".join("\n" + _label_text(rows[name]) for name in rows if name not in told)
    if added and blocks:
        yield _Edit(blocks[-1].ends, blocks[-1].ends, added)


def _row_edits(block: Table, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Edit]:
    for entry in block.entries:
        if old[entry.key] != new[entry.key]:
            yield _Edit(entry.value, entry.ends, toml_value(new[entry.key]))
    missing = [key for key in new if key not in old]
    if missing:
        yield _Edit(block.ends, block.ends, "".join(f"{key} = {toml_value(new[key])}\n" for key in missing))


def _label_text(row: Mapping[str, Any]) -> str:
    keys = [key for key in ("name", "group", "hotkey", "colour", "definition") if key in row]
    return "[[labels]]\n" + "".join(f"{key} = {toml_value(row[key])}\n" for key in keys)


def _past_blank(text: str, at: int) -> int:
    ends = _line_end(text, at)
    return ends if not text[at:ends].strip() else at


def _value_edits(text: str, tables: Sequence[Table], old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Edit]:
    """Write anew what a key of the schema itself, or of any table but labels and maps, says otherwise."""
    seen: dict[str, int] = {}
    for table in tables:
        number = seen[table.name] = seen.get(table.name, -1) + 1
        if table.name == "labels" or table.name.startswith("maps."):
            continue
        before = _row(old, table.name, number)
        after = _same(new, table.name, before)
        if after is None:
            yield _Edit(table.begins, _past_blank(text, table.ends), "")
            continue
        for entry in table.entries:
            value = after.get(entry.key)
            if table.name == "suggest" and value is None:
                yield _Edit(entry.begins, entry.line_ends, "")
            elif isinstance(value, str | list) and before.get(entry.key) != value:
                wide = "\n" in text[entry.value : entry.ends]
                yield _Edit(entry.value, entry.ends, toml_value(value, wide=wide))


def _row(data: Mapping[str, Any], name: str, number: int) -> Mapping[str, Any]:
    found = data.get(name, {}) if name else data
    if isinstance(found, list):
        found = found[number] if number < len(found) else {}
    return found if isinstance(found, Mapping) else {}


def _same(data: Mapping[str, Any], name: str, before: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give the table that was that one before: of a list of tables the one of that name, or None."""
    found = data.get(name, {}) if name else data
    if not isinstance(found, list):
        return found if isinstance(found, Mapping) else {}
    return next((row for row in found if row.get("name") == before.get("name")), None)


def _map_edits(
    tables: Sequence[Table], old: Mapping[str, Any], new: Mapping[str, Any], becomes: Becomes
) -> Iterator[_Edit]:
    for table in tables:
        target = table.name.removeprefix("maps.")
        if target == table.name or target not in old.get("maps", {}):
            continue
        before, after = old["maps"][target], new["maps"][target]
        told = {name for name in before if tuple(becomes(name)) == (name,)}
        for entry in table.entries:
            if entry.key in told:
                if before[entry.key] != after[entry.key]:
                    yield _Edit(entry.value, entry.ends, toml_value(after[entry.key]))
                continue
            now = [name for name in becomes(entry.key) if name not in told]
            told |= set(now)
            yield _Edit(entry.begins, entry.line_ends, "".join(f"{name} = {toml_value(after[name])}\n" for name in now))
        more = [name for name in after if name not in told]
        if more:
            yield _Edit(table.ends, table.ends, "".join(f"{name} = {toml_value(after[name])}\n" for name in more))
