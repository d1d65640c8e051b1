"""Texts in, their words and marks as places out; and spans moved on to these.

A token is a run of letters, digits, combining marks and underscores, or any other character but white space by itself. Unlike
the words of ``agreement/words.py`` these cover all that can be marked: ``U.S.`` has four, and ``Qaim's`` three, so that a span can
end at the apostrophe.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Ints

_SPACE, _MARK, _WORD = range(3)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of all texts in order; those of text ``t`` are ``first[t]:first[t + 1]``."""

    start: Ints
    end: Ints
    first: Ints

    @property
    def text(self) -> Ints:
        """The number of each token's text."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


def tokens_of(texts: Sequence[str]) -> Tokens:
    """Cut texts into tokens."""
    return _joined([_cut(text) for text in texts])


def tokens_given(words: Sequence[Sequence[tuple[int, int]]]) -> Tokens:
    """Take words as they are given: for each text (start, end) in order."""
    return _joined([np.asarray([*own], np.int64).reshape(-1, 2) for own in words])


def _joined(each: Sequence[Ints]) -> Tokens:
    both = np.concatenate([*each, np.empty((0, 2), np.int64)])
    return Tokens(both[:, 0], both[:, 1], np.cumsum([0, *map(len, each)]))


def _cut(text: str) -> Ints:
    kinds = np.array([_kind(character) for character in text], np.int64)
    starts = (kinds != _SPACE) & ((kinds == _MARK) | (np.concatenate([[_SPACE], kinds[:-1]]) != _WORD))
    ends = (kinds != _SPACE) & ((kinds == _MARK) | (np.concatenate([kinds[1:], [_SPACE]]) != _WORD))
    return np.stack([np.flatnonzero(starts), np.flatnonzero(ends) + 1], axis=1)


def _kind(character: str) -> int:
    if character.isspace():
        return _SPACE
    return _WORD if character.isalnum() or character == "_" or unicodedata.category(character)[0] == "M" else _MARK


def on_tokens(tokens: Tokens, *, text: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Give for each span the first token that it holds and the one after the last; equal where it holds none at all.

    A token at an edge belongs to a span that covers more than half of it. A span that would hold none gets the one that it covers
    most of, the first of equals.
    """
    width = int(max(tokens.end.max(initial=0), end.max(initial=0), start.max(initial=0))) + 2
    base, line = text * width, tokens.text * width
    left, right = line + tokens.start, line + tokens.end
    first = np.searchsorted(right, base + start, side="right")
    last = np.searchsorted(left, base + end, side="left")  # after the last that is touched
    touched = first < last
    covered = [
        np.minimum(right[at], base + end) - np.maximum(left[at], base + start) for at in _edges(first, last, right)
    ]
    sizes = [right[at] - left[at] for at in _edges(first, last, right)]
    low = first + (touched & (2 * covered[0] <= sizes[0]))
    high = last - (touched & (2 * covered[1] <= sizes[1]))
    widest = np.where((covered[1] > covered[0]) & touched, last - 1, first)
    empty = touched & (low >= high)
    low, high = np.where(empty, widest, low), np.where(empty, widest + 1, high)
    return np.where(touched, low, 0), np.where(touched, high, 0)


def _edges(first: Ints, last: Ints, right: Ints) -> tuple[Ints, Ints]:
    top = max(len(right) - 1, 0)
    return np.clip(first, 0, top), np.clip(last - 1, 0, top)
