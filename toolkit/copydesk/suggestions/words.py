"""A text goes in, where its words begin and end comes out: the one idea of a word that names and patterns share.

A word is a run of letters, digits, underscores and combining marks, of whatever script; a zero-width joiner or non-joiner
inside belongs to it. An apostrophe between two such characters is inside the word (Sana'a), unless what follows is the
possessive ’s.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence
from functools import cache

from ahocorasick_rs import AhoCorasick

_APOSTROPHES = "'\u2019"
_FIRST_MARK = "\u0300"
_BETWEEN = " ,.\n"  # the commonest characters that are in no word


@cache
def word_class() -> str:
    """Give the inside of a character class of regular expressions that holds every character of a word."""
    ranges: list[list[int]] = []
    for point in range(ord(_FIRST_MARK), sys.maxunicode + 1):
        if unicodedata.category(chr(point))[0] != "M":
            continue
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    marks = "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
    return rf"\w\u200c\u200d{marks}"


@cache
def word_pattern() -> re.Pattern[str]:
    """Give the expression that matches one run of a word's characters."""
    return re.compile(f"[{word_class()}]+")


class Phrases:
    """Words or phrases, all of which are looked for in a text at once (Aho and Corasick, CACM 18(6), 1975)."""

    def __init__(self, phrases: Sequence[str]) -> None:
        """Take the phrases, of which none is empty."""
        self._automaton = AhoCorasick(phrases, store_patterns=False) if phrases else None

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """Give the number of each phrase that stands in the text, with its start and end; it may begin or end inside a word."""
        return self._automaton.find_matches_as_indexes(text, overlapping=True) if self._automaton else []


def is_whole(text: str, start: int, end: int) -> bool:
    """Say whether ``text[start:end]`` neither begins nor ends inside a word."""
    return not _joins(text, start) and not _joins(text, end)


def _joins(text: str, at: int) -> bool:
    """Say whether the characters on both sides of the place ``at`` belong to one word."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if after >= _FIRST_MARK and _is_mark(after):
        return True
    if before in _BETWEEN or after in _BETWEEN:
        return False
    if _in_word(before):
        return _in_word(after) or (after in _APOSTROPHES and _goes_on(text, at))
    return before in _APOSTROPHES and at > 1 and _in_word(text[at - 2]) and _goes_on(text, at - 1)


def _goes_on(text: str, apostrophe: int) -> bool:
    """Say whether the word goes on past an apostrophe, and not with the possessive s alone."""
    after = text[apostrophe + 1 : apostrophe + 3]
    if not after or not _in_word(after[0]):
        return False
    return after[0] not in "sS" or (len(after) > 1 and _in_word(after[1]))


def _in_word(character: str) -> bool:
    return character.isalnum() or (character not in _BETWEEN and word_pattern().match(character) is not None)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or character in "\u200c\u200d"
