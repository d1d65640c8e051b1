"""Texts in, words out, as positions: the units that alpha is computed on and that boundaries are snapped to.

A word is a run of letters, digits, combining marks and underscores; an apostrophe between two of these belongs to it
(``al-Qaim's`` is ``al`` and ``Qaim's``).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from copydesk.agreement.columns import Ints

_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"
OTHER, WORD, APOSTROPHE = range(3)


def word_middles(texts: Sequence[str]) -> tuple[Ints, Ints]:
    """Give, for each word of each text in order, the text's number and the offset of the word's middle character.

    A span covers a word when it covers the middle character: so a boundary that slipped by a letter changes nothing.
    """
    # A line break after each text keeps its last word from joining the next text's first.
    joined = "".join(text + "\n" for text in texts)
    kinds = kinds_of(joined, kind_of)
    word = kinds == WORD
    inner = np.flatnonzero(kinds == APOSTROPHE)
    inner = inner[(inner > 0) & (inner < len(word) - 1)]
    word[inner] = word[inner - 1] & word[inner + 1]
    edges = np.flatnonzero(np.diff(word, prepend=False, append=False))
    start, end = edges[::2], edges[1::2]
    first = np.cumsum([0, *(len(text) + 1 for text in texts)])
    middle = (start + end - 1) // 2
    text = np.searchsorted(first, middle, side="right") - 1
    return text, middle - first[text]


def kinds_of(text: str, kind: Callable[[str], int]) -> npt.NDArray[np.int8]:
    """Give the kind of each character; each character that occurs is asked for once."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    present = np.zeros(int(points.max(initial=0)) + 1, bool)
    present[points] = True
    kinds = np.zeros(len(present), np.int8)
    for point in np.flatnonzero(present):
        kinds[point] = kind(chr(int(point)))
    return kinds[points]


def kind_of(character: str) -> int:
    """Say whether a character is part of a word, an apostrophe, or neither."""
    if character in _APOSTROPHES:
        return APOSTROPHE
    # str.isalnum leaves out combining marks, which would cut a vocalised Arabic word at every vowel.
    return WORD if character.isalnum() or character == "_" or unicodedata.category(character)[0] == "M" else OTHER
