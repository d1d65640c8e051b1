"""The rule files of this folder in, their word lists and patterns out, compiled once.

A pattern file holds tables of rules: ``name``, ``pattern`` (a regular expression of Python, ignoring case unless ``case`` is
true), and texts that it must match (``yes``) and must not (``no``); a test holds every rule to both. A rule may further say

* ``opens``: the words, in lower case, with which what it can match begins (``#`` is any number); or ``ends``: the last words;
* ``holds``: strings of which one stands in the text, letter by letter; or ``gate``: a regular expression that finds something in it,
  of the kind that both Python and RE2 read;
* ``longest``: the most characters that it is tried on (300 if it does not say).

These are part of the rule: what they rule out does not match, and so is not tried. Most paragraphs meet no rule at all.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

LONGEST = 300


@dataclass(frozen=True, slots=True)
class Rule:
    """A named pattern, with what its text must look like, and examples of what it must match and must not."""

    name: str
    pattern: re.Pattern[str]
    longest: int
    opens: tuple[str, ...]
    ends: tuple[str, ...]
    holds: tuple[str, ...]
    gate: re.Pattern[str] | None
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
    data = dict(rule_data("html"))
    del data["facts"]
    marks = {name: tuple(words) for name, words in data.pop("marks").items()}
    return HtmlNames(marks=marks, **{name: frozenset(listed) for name, listed in data.items()})


@cache
def html_facts() -> dict[str, tuple[str, ...]]:
    """Read the table ``facts`` of ``rules/html.toml``: where a page says what of itself."""
    return {name: tuple(listed) for name, listed in rule_data("html")["facts"].items()}


@cache
def quote_words() -> QuoteWords:
    """Read ``rules/quotes.toml``."""
    data = dict(rule_data("quotes"))
    marks = tuple((pair[0], pair[1]) for pair in data.pop("marks"))
    return QuoteWords(marks=marks, **{key: frozenset(value) for key, value in data.items()})


@cache
def rules(file: str, table: str) -> tuple[Rule, ...]:
    """Read one table of rules, in the file's order, which is the order in which they are tried."""
    data = rule_data(file)
    words = {key: "|".join(value) for key, value in data.items() if isinstance(value, list) and _is_words(value)}
    return tuple(_rule(row, words) for row in data[table])


@cache
def words(file: str, name: str) -> frozenset[str]:
    """Read one word list, in lower case."""
    return frozenset(word.casefold() for word in rule_data(file)[name])


def _rule(row: dict[str, Any], words: dict[str, str]) -> Rule:
    written = row["pattern"]
    for name, alternatives in words.items():
        written = written.replace("{" + name + "}", f"(?:{alternatives})")
    flags = re.NOFLAG if row.get("case") else re.IGNORECASE
    return Rule(
        name=row["name"],
        pattern=re.compile(written, flags),
        longest=row.get("longest", LONGEST),
        opens=tuple(row.get("opens", ())),
        ends=tuple(row.get("ends", ())),
        holds=tuple(row.get("holds", ())),
        gate=re.compile(row["gate"]) if "gate" in row else None,
        yes=tuple(row.get("yes", ())),
        no=tuple(row.get("no", ())),
    )


def _is_words(value: list[Any]) -> bool:
    return all(isinstance(one, str) for one in value)


@cache
def _file(name: str) -> str:
    return resources.files("copydesk.documents").joinpath(f"rules/{name}.toml").read_text("utf-8")


@cache
def rule_data(name: str) -> dict[str, Any]:
    """Read a whole rule file; its values are shared, so leave them as they are."""
    return tomllib.loads(_file(name))
