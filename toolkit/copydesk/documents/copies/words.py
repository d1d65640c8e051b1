"""Texts in, their words out as 64-bit numbers, all texts of a batch at once.

A word is a run of letters and digits, casefolded; a character of a script that is written without spaces (Han, kana, Thai, Lao,
Tibetan, Burmese, Khmer) is a word by itself. Combining marks and format characters (joiners, vowel points) are passed over.
What a character is comes from Unicode 3.2, which every Python carries unchanged (a soft hyphen is a dash there and separates; the
repair of documents removes it before); a character that is younger counts as a letter. So the numbers of a text stay the same
for ever; a test pins them.

A word's number is a polynomial of its characters' numbers modulo 2**64 (Karp & Rabin 1987), mixed at the end (splitmix64, Steele et al. 2014).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]
Points = NDArray[np.uint32]
Codes = NDArray[np.uint8]

BASE = 0x9E3779B97F4A7C15
INVERSE = pow(BASE, -1, 1 << 64)  # modulo 2**64; there is one, as BASE is odd
TABLE = 0x30000  # code points above are Han or unassigned
SEPARATOR, LETTER, DIGIT, ALONE, PASSED_OVER = range(5)
UNSPACED = (
    (0x0E00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FFFF),
)  # fmt: skip
SYMBOLS = ((0x1F000, 0x1FBFF),)  # emoji are younger, but separate words
EUROPEAN = ((0x00, 0x17F), (0x386, 0x3CE), (0x400, 0x45F))  # whose letters, folded, are so few that a byte numbers them
UNCODED = 0xFF
TAGS = 0xE0000  # code points from here on say how another is shown
_APART = np.uint64(1)
TATWEEL = 0x640  # stretches an Arabic word and says nothing


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a batch of texts, in order.

    Text ``i`` has the words ``value[ends[i] : ends[i + 1]]``. ``lines`` are the places of the words that begin a line. ``points``
    are the characters of all texts without those that are passed over, ``begin`` the place of each word in them.
    """

    value: Numbers
    ends: Places
    lines: Places
    points: Points
    begin: Places

    def where(self, kept: Flags) -> Words:
        """Give those words that are ``kept``, where they stood."""
        left = np.concatenate(([0], np.cumsum(kept)))
        lines = np.unique(left[self.lines])
        return Words(
            value=self.value[kept],
            ends=left[self.ends],
            lines=lines[lines < left[-1]],
            points=self.points,
            begin=self.begin[kept],
        )


def mix(values: Numbers) -> Numbers:
    """Spread every bit over all others: the finaliser of splitmix64, one to one."""
    shifted = values >> np.uint64(30)
    mixed = values ^ shifted
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= np.right_shift(mixed, np.uint64(27), out=shifted)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= np.right_shift(mixed, np.uint64(31), out=shifted)
    return mixed


def read_words(texts: Sequence[str], *, left_out: Flags | None = None) -> Words:
    """Give the words of ``texts``; ``left_out`` marks characters of the texts, joined by one line break, that separate words."""
    points = np.frombuffer("\n".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    starts = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) + 1 for text in texts], out=starts[1:])
    codes = _codes(points)
    if left_out is not None:
        codes[: len(points)][left_out] = 0
    if codes.max(initial=0) < UNCODED:
        return _parted_words(points, codes != 0, _paired().take(codes.view("<u2"), mode="clip"), starts)
    letters = _letters(points)
    if left_out is not None:
        letters[left_out] = 0
    return _any_words(points, letters, starts)


def _any_words(points: Points, letters: Numbers, starts: Places) -> Words:
    passed_over = letters == _APART
    if passed_over.any():
        starts = starts - np.searchsorted(np.flatnonzero(passed_over), starts)
        points, letters = points[~passed_over], letters[~passed_over]
    inside = letters != 0
    if not np.bitwise_or.reduce(letters) & _APART:  # no character is a word by itself
        return _parted_words(points, inside, _in_pairs(letters), starts)
    alone = (letters & _APART).astype(np.bool_)
    begins = inside.copy()
    begins[1:] &= ~inside[:-1] | alone[1:] | alone[:-1]
    begin = np.flatnonzero(begins)
    return _words(points, begin, polynomials(letters, begin), starts)  # what parts a word from the next is 0


def _parted_words(points: Points, inside: Flags, pairs: Numbers, starts: Places) -> Words:
    """The words where something stands between any two: of two characters at most one word has a part, so two are one step."""
    begins = inside.copy()
    np.greater(inside[1:], inside[:-1], out=begins[1:])
    begin = np.flatnonzero(begins)
    return _words(points, begin, _polynomials_of_pairs(pairs, begin), starts)


def _in_pairs(letters: Numbers) -> Numbers:
    pairs = letters[::2].copy()
    later = letters[1::2]
    pairs[: len(later)] += later * np.uint64(BASE)
    return pairs


def _words(points: Points, begin: Places, value: Numbers, starts: Places) -> Words:
    lines = np.unique(np.append(0, np.searchsorted(begin, np.flatnonzero(points == ord("\n")))))
    return Words(
        value=value,
        ends=np.searchsorted(begin, starts),
        lines=lines[: np.searchsorted(lines, len(begin))],
        points=points,
        begin=begin,
    )


def polynomials(values: Numbers, begin: Places) -> Numbers:
    """Give one number for each part of ``values`` that begins at these places; where a part stands does not matter."""
    if not begin.size:
        return values[:0]
    sums = np.add.reduceat(values * _powers(BASE, len(values)), begin)
    sums *= _powers(INVERSE, len(values)).take(begin)
    return mix(sums)


def _polynomials_of_pairs(pairs: Numbers, begin: Places) -> Numbers:
    """The polynomials of words whose letters were added two by two, each second one times ``BASE``; overwrites ``pairs``."""
    if not begin.size:
        return pairs[:0]
    pairs *= _powers(BASE * BASE, len(pairs))
    running = np.cumsum(pairs, out=pairs)
    before = running.take((begin[1:] >> 1) - 1)  # what lies between two words adds nothing
    sums = np.append(before, running[-1])
    sums[1:] -= before
    sums *= _powers(INVERSE, 2 * len(pairs)).take(begin)
    return mix(sums)


def numbers_of(words: Words) -> tuple[Flags, Flags]:
    """Mark the words that begin with a digit, and those of them that one character parts from such a word: 114 in "2,114"."""
    begin, points = words.begin, words.points
    number = _kinds().take(points[begin], mode="clip") == DIGIT
    goes_on = np.zeros(len(begin), np.bool_)
    parted, before = points[begin[1:] - 1], points[begin[1:] - 2]
    near = (parted > ord(" ")) & (_kinds().take(before, mode="clip") != SEPARATOR)
    goes_on[1:] = number[1:] & number[:-1] & near
    return number, goes_on


def _powers(base: int, count: int) -> Numbers:
    """The first ``count`` powers of ``base``, from the 0th on, modulo 2**64."""
    return _many_powers(base % (1 << 64), max(16, count.bit_length()))[:count]


@cache
def _many_powers(base: int, bits: int) -> Numbers:
    factors = np.full(1 << bits, base, np.uint64)
    factors[0] = 1
    return np.cumprod(factors, dtype=np.uint64)


def _codes(points: Points) -> Codes:
    """The code of each character, and a separator's where their number is odd, so that it becomes even."""
    codes = np.zeros(len(points) + len(points) % 2, np.uint8)
    _alphabet()[0].take(points, mode="clip", out=codes[: len(points)])  # the last of the table has no code
    return codes


@cache
def _alphabet() -> tuple[Codes, Numbers]:
    """The code of each character, and the number of the letter of each code.

    0 for a separator, one for each European letter and digit, ``UNCODED`` for all others. Codes live no longer than a batch.
    """
    numbered = _numbered()
    european = np.concatenate([np.arange(first, last + 1) for first, last in EUROPEAN])
    european = european[(numbered[european] & _APART) == 0]
    letters = np.unique(np.append(numbered[european], np.uint64(0)))
    codes = np.where(numbered == 0, 0, UNCODED).astype(np.uint8)
    codes[european] = np.searchsorted(letters, numbered[european])
    return codes, letters


@cache
def _paired() -> Numbers:
    """For each two codes, the later one in the higher byte, the sum of their letters, of the later one times ``BASE``."""
    letters = np.zeros(1 << 8, np.uint64)
    known = _alphabet()[1]
    letters[: len(known)] = known
    return (letters[:, None] * np.uint64(BASE) + letters).ravel()


def _letters(points: Points) -> Numbers:
    """The number of each character: 0 for a separator, ``_APART`` for one that is passed over, odd for one that is a word."""
    if not points.size or points.max() < TABLE:
        return _numbered().take(points)
    beyond = np.where(points < TAGS, mix(points.astype(np.uint64) + np.uint64(BASE)) | _APART, _APART)
    return np.where(points < TABLE, _numbered().take(points, mode="clip"), beyond)


@cache
def _numbered() -> Numbers:
    kinds = _kinds()
    numbers = mix(_folds().astype(np.uint64) + np.uint64(BASE)) << np.uint64(1)
    numbers[kinds == ALONE] |= _APART
    numbers[kinds == PASSED_OVER] = _APART
    numbers[kinds == SEPARATOR] = 0
    return numbers


@cache
def _folds() -> NDArray[np.uint32]:
    """The folded code point of each; one whose folding is longer (ß), or that is younger than Unicode 3.2, stays."""
    old = unicodedata.ucd_3_2_0
    folds = np.arange(TABLE, dtype=np.uint32)
    for point in range(0x11000):
        character = chr(point)
        folded = character.casefold()
        if folded != character and len(folded) == 1 and old.category(character) != "Cn":
            folds[point] = ord(folded)
    return folds


@cache
def _kinds() -> NDArray[np.uint8]:
    old = unicodedata.ucd_3_2_0
    kinds = np.full(TABLE, LETTER, np.uint8)
    for first, last in UNSPACED:
        kinds[first : last + 1] = ALONE
    by_category = {
        "Nd": DIGIT,
        "Mn": PASSED_OVER,
        "Me": PASSED_OVER,
        "Cf": PASSED_OVER,
        "Cc": SEPARATOR,
        "Co": SEPARATOR,
    }
    for point in (*range(0x11000), *range(0x1D000, 0x1D800)):
        category = old.category(chr(point))
        kind = SEPARATOR if category[0] in "PSZ" else by_category.get(category)
        if kind is not None:
            kinds[point] = kind
    for first, last in SYMBOLS:
        kinds[first : last + 1] = SEPARATOR
    kinds[TATWEEL] = PASSED_OVER
    return kinds
