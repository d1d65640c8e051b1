"""A rule file goes in, where its patterns match in a text comes out: dates and numbers, as data in ``rules/``.

A rule file has ``[words]``, lists of words or expressions by name, and ``[[patterns]]`` with ``name``, ``score`` and
``pattern``. In a pattern, ``{name}`` stands for one of those words, and a blank for any blank within a line. A word in lower
case also matches with its first letter capital. Patterns match whole words only; at one place the longest match counts.

What a pattern begins with must be a digit or stand in a list: that is how the places to look at are found quickly.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from copydesk.suggestions.words import is_whole, tokens, word_class

_BLANKS = " \u00a0\u202f"
_BLANK = re.compile(r"\\.|(?P<inside>\[(?:\\.|[^\]\\])*\])|(?P<blank> )")
_REFERENCE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One expression with its name and how sure it is, from 0 to 1: a ranking, not a measured probability."""

    name: str
    score: float
    expression: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """The patterns of one kind of thing, and the words that one of them can begin with beside digits."""

    name: str
    patterns: tuple[Pattern, ...]
    first_words: frozenset[str]
    whichever: re.Pattern[str]  # matches where one of the patterns does

    def find(self, text: str, words: Iterable[tuple[int, str]]) -> Iterator[tuple[int, int, Pattern]]:
        """Give start, end and pattern of the longest match at each place; ``words`` are the text's.

        Matches may overlap each other.
        """
        for start, word in words:
            if (word in self.first_words or word[0].isdigit()) and self.whichever.match(text, start):
                yield from self._longest(text, start)

    def _longest(self, text: str, start: int) -> Iterator[tuple[int, int, Pattern]]:
        longest, found = start, None
        for pattern in self.patterns:
            match = pattern.expression.match(text, start)
            if match and match.end() > longest and is_whole(text, start, match.end()):
                longest, found = match.end(), pattern
        if found is not None:
            yield start, longest, found


@cache
def read_rule(name: str) -> Rule:
    """Read the rule ``name`` from its file in ``rules/``."""
    folder = resources.files("copydesk.suggestions") / "rules"
    shared = tomllib.loads((folder / "words.toml").read_text(encoding="utf-8"))["words"]
    data = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
    lists = {**shared, **data.get("words", {})}
    words = _expressions(lists)
    patterns = tuple(
        Pattern(row["name"], float(row["score"]), re.compile(_whole(_filled(row["pattern"], words))))
        for row in data["patterns"]
    )
    whichever = re.compile("|".join(one.expression.pattern for one in patterns))
    return Rule(name, patterns, frozenset(_first_words(lists)), whichever)


def rule_names() -> Sequence[str]:
    """Give the names of the rules that there are files for."""
    folder = resources.files("copydesk.suggestions") / "rules"
    names = (entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return sorted(name for name in names if name != "words")


def _first_words(lists: Mapping[str, Any]) -> Iterator[str]:
    for words in lists.values():
        for word in words if isinstance(words, list) else ():
            for _, first in tokens(word)[:1]:  # "%" has none, and nothing begins with it
                yield first
                yield first[0].upper() + first[1:]


def _expressions(lists: Mapping[str, Any]) -> dict[str, str]:
    """Make one expression of each list: the longest words first, so that none is cut short by its own beginning."""
    made: dict[str, str] = {}
    for name, value in lists.items():
        if isinstance(value, str):
            made[name] = f"(?:{_filled(value, made)})"
        else:
            made[name] = "(?:" + "|".join(_word(word) for word in sorted(value, key=_longest_first)) + ")"
    return made


def _longest_first(word: str) -> tuple[int, str]:
    return -len(word), word


def _word(word: str) -> str:
    escaped = _any_blanks(re.escape(word).replace(r"\ ", " "))
    return f"[{word[0].upper()}{word[0]}]{escaped[1:]}" if word[0].islower() else escaped


def _filled(pattern: str, words: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda reference: words[reference.group(1)], _any_blanks(pattern))


def _any_blanks(pattern: str) -> str:
    """Let every blank of an expression, also within a character class, stand for any blank within a line."""

    def replaced(match: re.Match[str]) -> str:
        if match["inside"]:
            return match["inside"].replace(" ", _BLANKS)
        return f"[{_BLANKS}]" if match["blank"] else match[0]

    return _BLANK.sub(replaced, pattern)


def _whole(pattern: str) -> str:
    inside = word_class()
    return f"(?<![{inside}])(?:{pattern})(?![{inside}])"
