"""Texts in, words out, as positions: the units that alpha is computed on and that boundaries are snapped to.

A word is a run of letters, digits, combining marks and underscores; an apostrophe between two of these belongs to it
(``al-Qaim's`` is ``al`` and ``Qaim's``).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from copydesk.agreement.columns import Ints

_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"
OTHER, WORD, APOSTROPHE = range(3)
# Marks that neither begin nor end what is marked, but for the second of a pair after its first.
_BETWEEN = ",;:\N{EN DASH}\N{EM DASH}"
_PAIRS = [
    ("(", ")"),
    ("[", "]"),
    ("{", "}"),
    ('"', '"'),
    ("\N{LEFT DOUBLE QUOTATION MARK}", "\N{RIGHT DOUBLE QUOTATION MARK}"),
    ("\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}", "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}"),
]
_CLOSER = dict(_PAIRS)
_OPENER = {second: first for first, second in _PAIRS}


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


def without_marks(text: str, start: int, end: int) -> tuple[int, int]:
    """Give the ends of a span without the white space and the marks at its edges that are no part of what it marks.

    These are commas, colons, dashes (but for hyphens), quotation marks and brackets whose other half is not in the span, and the full
    stop of a line's last word unless that has another. A span without a letter or digit stays as it is.
    """
    if not any(map(str.isalnum, text[start:end])):
        return start, end
    first, last = start, end
    while text[first].isspace() or _is_loose(text[first], text[first + 1 : last], _CLOSER, _OPENER):
        first += 1
    while text[last - 1].isspace() or _is_loose(text[last - 1], text[first : last - 1], _OPENER, _CLOSER):
        last -= 1
    *_, word = text[first:last].split()
    if word.find(".") == len(word) - 1 and text[last : last + 1] in ("", "\n"):
        last = first + len(text[first : last - 1].rstrip())
    return first, last


def _is_loose(mark: str, rest: str, halves: Mapping[str, str], wrong: Mapping[str, str]) -> bool:
    """Say whether a mark at the edge of a span has no business there; ``rest`` is the span without it."""
    if mark in halves:
        return halves[mark] not in rest
    return mark in _BETWEEN or mark in wrong
