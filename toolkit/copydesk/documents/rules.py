"""The rule files of this folder in, their word lists and patterns out, compiled once.

A pattern file holds tables of rules: ``name``, ``pattern`` (a regular expression of Python, ignoring case unless ``case`` is
true), and texts that it must match (``yes``) and must not (``no``); a test holds every rule to both.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """A named pattern, with examples of what it must match and must not."""

    name: str
    pattern: re.Pattern[str]
    yes: tuple[str, ...]
    no: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HtmlNames:
    """The word lists of ``html.toml``; element names are in lower case."""

    block: frozenset[str]
    void: frozenset[str]
    raw: frozenset[str]
    skipped: frozenset[str]
    furniture: frozenset[str]
    article: frozenset[str]
    heading: frozenset[str]
    strong: frozenset[str]
    implied: frozenset[str]
    marks: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class QuoteWords:
    """The word lists of ``quotes.toml``, in lower case."""

    marks: tuple[tuple[str, str], ...]
    verbs: frozenset[str]
    openers: frozenset[str]
    stops: frozenset[str]
    determiners: frozenset[str]
    abbreviations: frozenset[str]


@cache
def html_names() -> HtmlNames:
    """Read ``rules/html.toml``."""
    data = _read("html")
    del data["facts"]
    marks = {name: tuple(words) for name, words in data.pop("marks").items()}
    return HtmlNames(marks=marks, **{name: frozenset(listed) for name, listed in data.items()})


@cache
def html_facts() -> dict[str, tuple[str, ...]]:
    """Read the table ``facts`` of ``rules/html.toml``: where a page says what of itself."""
    return {name: tuple(listed) for name, listed in _read("html")["facts"].items()}


@cache
def quote_words() -> QuoteWords:
    """Read ``rules/quotes.toml``."""
    data = _read("quotes")
    marks = tuple((pair[0], pair[1]) for pair in data.pop("marks"))
    return QuoteWords(marks=marks, **{key: frozenset(value) for key, value in data.items()})


@cache
def rules(file: str, table: str) -> tuple[Rule, ...]:
    """Read one table of rules, in the file's order, which is the order in which they are tried."""
    data = _read(file)
    words = {key: "|".join(value) for key, value in data.items() if isinstance(value, list) and _is_words(value)}
    return tuple(_rule(row, words) for row in data[table])


@cache
def words(file: str, name: str) -> frozenset[str]:
    """Read one word list, in lower case."""
    return frozenset(word.casefold() for word in _read(file)[name])


def first_match(found: tuple[Rule, ...], text: str) -> tuple[Rule, re.Match[str]] | None:
    """Give the first rule whose pattern matches the whole of ``text``, and its match."""
    matches = ((rule, rule.pattern.fullmatch(text)) for rule in found)
    return next(((rule, match) for rule, match in matches if match), None)


def _rule(row: dict[str, Any], words: dict[str, str]) -> Rule:
    written = row["pattern"]
    for name, alternatives in words.items():
        written = written.replace("{" + name + "}", f"(?:{alternatives})")
    flags = re.NOFLAG if row.get("case") else re.IGNORECASE
    return Rule(
        name=row["name"],
        pattern=re.compile(written, flags),
        yes=tuple(row.get("yes", ())),
        no=tuple(row.get("no", ())),
    )


def _is_words(value: list[Any]) -> bool:
    return all(isinstance(one, str) for one in value)


@cache
def _file(name: str) -> str:
    return resources.files("copydesk.documents").joinpath(f"rules/{name}.toml").read_text("utf-8")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(_file(name))
