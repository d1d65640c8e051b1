"""A rule file goes in, where its patterns match in a text comes out: dates and numbers, as data in ``rules/``.

A rule file has ``[words]``, lists of words or expressions by name, and ``[[patterns]]`` with ``name``, ``score``, ``begins`` and
``pattern``. In a pattern, ``{name}`` stands for one of those words, and a blank for any blank within a line. A word in lower
case also matches with its first letter capital. Patterns match whole words only; at one place the longest match of a rule counts.

``begins`` names the lists of words that a match can begin with, or two of them with what stands between (``a scale``): all are
looked for at once, and a pattern is tried only where one of its own stands.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby, product
from operator import itemgetter
from typing import Any

from copydesk.suggestions.words import Phrases, is_whole, word_class

_BLANKS = " \u00a0\u202f"
_BLANK = re.compile(r"\\.|(?P<inside>\[(?:\\.|[^\]\\])*\])|(?P<blank> )")
_Match = Callable[[str, int], re.Match[str] | None]
_REFERENCE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One expression with its name (that of its rule before it) and how sure it is, from 0 to 1: a ranking, not a measured probability."""

    name: str
    score: float
    begins: frozenset[str]  # what stands at the beginning of every match
    expression: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """The patterns of one kind of thing."""

    name: str
    patterns: tuple[Pattern, ...]


class PatternIndex:
    """The patterns of several rules, all of which are looked for at once."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        found: dict[str, list[tuple[int, int]]] = {}
        for number, rule in enumerate(rules):
            for place, pattern in enumerate(rule.patterns):
                for begin in pattern.begins:
                    found.setdefault(begin, []).append((number, place))
        self._phrases = Phrases(list(found))
        self._tried = [_tried(begin, found, rules) for begin in found]

    def find(self, text: str) -> Iterator[tuple[int, int, Pattern, int]]:
        """Give start, end, pattern and number of the rule of the longest match of each rule at each place; they may overlap."""
        begins = self._phrases.find(_plain(text))
        longest = {start: begin for begin, start, _ in begins if not start or not text[start - 1].isalnum()}
        for start, begin in longest.items():
            for number, patterns in self._tried[begin]:
                found = [
                    (one.end(), pattern)
                    for match, pattern in patterns
                    if (one := match(text, start)) and is_whole(text, start, one.end())
                ]
                if found:
                    yield start, *max(found, key=itemgetter(0)), number  # of equally long ones the first


@cache
def pattern_index(names: tuple[str, ...]) -> PatternIndex:
    """Give the patterns of the rules of these names."""
    return PatternIndex([read_rule(name) for name in names])


def _tried(
    begin: str, found: Mapping[str, Sequence[tuple[int, int]]], rules: Sequence[Rule]
) -> list[tuple[int, list[tuple[_Match, Pattern]]]]:
    """Give the patterns, by the number of their rule, that may match where this is the longest beginning that stands there."""
    numbers = sorted({one for end in range(1, len(begin) + 1) for one in found.get(begin[:end], ())})
    patterns = ((number, rules[number].patterns[place]) for number, place in numbers)
    return [
        (number, [(pattern.expression.match, pattern) for _, pattern in own])
        for number, own in groupby(patterns, key=itemgetter(0))
    ]


@cache
def read_rule(name: str) -> Rule:
    """Read the rule ``name`` from its file in ``rules/``."""
    folder = resources.files("copydesk.suggestions") / "rules"
    shared, data = (tomllib.loads((folder / f"{one}.toml").read_text(encoding="utf-8")) for one in ("words", name))
    lists = {**shared["words"], **data["words"]}
    words = _expressions(lists)
    for group, listed in {**shared["begins"], **data.get("begins", {})}.items():
        lists[group] = [begin for names in listed for begin in _begins(names, lists)]
    return Rule(name, tuple(_pattern(name, row, words, lists) for row in data["patterns"]))


def _pattern(
    rule: str, row: Mapping[str, Any], words: Mapping[str, str], lists: Mapping[str, Sequence[str]]
) -> Pattern:
    begins = {begin for names in row["begins"] for begin in _begins(names, lists)}
    expression = re.compile(_whole(_filled(row["pattern"], words)))
    return Pattern(f"{rule}/{row['name']}", float(row["score"]), frozenset(begins), expression)


def rule_names() -> Sequence[str]:
    """Give the names of the rules that there are files for."""
    folder = resources.files("copydesk.suggestions") / "rules"
    names = (entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return sorted(name for name in names if name != "words")


def _begins(names: str, lists: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Write out what a match can begin with: "a-fraction" is any word of the one list, a hyphen, and any of the other."""
    chosen = (
        (cased for word in lists.get(name, (name,)) for cased in _cased(word)) for name in re.split("([ -])", names)
    )
    return map("".join, product(*chosen))


def _cased(word: str) -> set[str]:
    return {word, word[0].upper() + word[1:]} if word[0].islower() else {word}


def _plain(text: str) -> str:
    """Write every blank within a line as the plain one; places stay."""
    for blank in _BLANKS[1:]:
        text = text.replace(blank, " ")
    return text


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
