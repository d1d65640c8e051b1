"""The cases that feedparser is tested with hold for our reading too, but where we differ on purpose."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from copydesk.articles import Entry, Input, Limits, ReadOptions, read_input

TESTS = Path(__file__).parents[1]
FEEDS = TESTS.parents[1] / "shared" / "data" / "feeds"
DIFFERENCES = tomllib.loads((TESTS / "cases" / "feeds" / "differences.toml").read_text("utf-8"))["differences"]
OPTIONS = ReadOptions(Limits(max_bytes=1_000_000, max_chars=1_000_000))
EXPECT = re.compile(r"Expect:\s*(.*?)\s*(?:-->|\n)", re.DOTALL)
SIMPLE = re.compile(r"(?:not bozo and )?entries\[(\d+)\]\['(\w+)'\](?:\[0\]\['(value)'\])?\s*==\s*(.+)")
TAGS = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>|<[^<>]*>", re.IGNORECASE | re.DOTALL)
BODIES = frozenset({"content", "summary", "description"})
DATES = frozenset({"published_parsed", "updated_parsed", "created_parsed"})
IDS = frozenset({"id", "guid"})
FACTS = {
    "title": "title",
    "link": "url",
    "rights": "licence",
    "copyright": "licence",
    "license": "licence",
    "publisher": "publisher",
}
FIELDS = BODIES | DATES | IDS | set(FACTS) | {"author"}
FLOOR = 662  # cases that are checked and hold; nobody lowers it silently

pytestmark = pytest.mark.skipif(not FEEDS.is_dir(), reason="the feeds that feedparser is tested with are not here")


def _expected() -> Iterator[tuple[Path, int, str, Any]]:
    """Give each case that compares one field of an entry with a literal: file, entry, field, value."""
    for path in sorted(FEEDS.rglob("*.xml")):
        stated = EXPECT.search(path.read_bytes()[:3000].decode("utf-8", "replace"))
        simple = SIMPLE.fullmatch(stated[1]) if stated else None
        if simple and simple[2] in FIELDS:
            try:
                yield path, int(simple[1]), simple[2], ast.literal_eval(simple[4])
            except (ValueError, SyntaxError):  # an expression over the whole feed
                continue


def _found(entry: Entry, field: str) -> Any:
    facts = entry.facts
    if field in DATES:
        return facts.published_at and facts.published_at.timetuple()[:6]
    if field in BODIES:
        return _words(entry.raw.decode() if entry.raw else "")
    if field in IDS:
        return entry.source.split("#id=")[-1]
    if field == "author":
        return facts.authors[0] if facts.authors else None
    return _words(getattr(facts, FACTS[field]) or "")


def _wanted(value: Any, field: str) -> Any:
    if field in DATES:
        return tuple(value[:6])
    return value if field in IDS or field == "author" else _words(value)


def _words(text: str) -> str:
    """Compare what is said, not how it is marked up: feedparser takes away elements that it does not trust, we keep all."""
    return " ".join(unescape(TAGS.sub("", unescape(TAGS.sub("", text)))).split())


def test_entries_say_what_feedparsers_own_tests_expect() -> None:
    held, failed = 0, []
    for path, number, field, value in _expected():
        name = path.relative_to(FEEDS).as_posix()
        entries = list(read_input(Input(path.name, path=path), options=OPTIONS))
        found = _found(entries[number], field) if number < len(entries) else None
        if found == _wanted(value, field):
            held += 1
        elif not any(fnmatch(name, pattern) for pattern in DIFFERENCES):
            failed.append(f"{name}: {field} is {found!r}, expected {value!r}")
    assert failed == []
    assert held >= FLOOR


def test_each_difference_is_one_still() -> None:
    names = [path.relative_to(FEEDS).as_posix() for path in FEEDS.rglob("*.xml")]
    assert [pattern for pattern in DIFFERENCES if not any(fnmatch(name, pattern) for name in names)] == []
