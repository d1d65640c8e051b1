"""Two texts go in, an alignment comes out: which word of the one is which word of the other, moved passages included.

Words in common order are found as in patience diff (B. Cohen; described in Bazaar's ``patiencediff``): words that occur once in
both texts, the longest chain of them that keeps the order, then the same between each two of the chain. What is left over is
searched for passages that were moved. Words are compared without regard to case, and quotes and dashes by their kind, so a
change of typography is no change here. The work grows in proportion to the length of the texts.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

# Scripts written without spaces are compared character by character: Thai to Khmer, kana, Han.
_WORD = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    r"|[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
    r"|[^\w\s]"
)
_SPACE = re.compile(r"\s+")
_QUOTES = frozenset("\"'`´\u201a\u201e\u2032\u2033")
_DEPTH = 24  # how often a stretch is divided: bounds the work on texts made to be hard
_CELLS = 4096  # the largest table that two stretches without a word of their own are compared in
_SHINGLES = (8, 4)  # words in a row that prove a moved passage where they stand once in either text
_APART = 3  # changed places with so few words between them are one

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text, punctuation marks among them: where each begins and ends, and what it is compared by."""

    starts: Sequence[int]
    ends: Sequence[int]
    keys: Sequence[str]

    def touching(self, start: int, end: int) -> Place:
        """Give the words from the first that ends past ``start`` to the last that begins before ``end``: a half-open range."""
        return bisect_left(self.ends, start + 1), bisect_left(self.starts, end)


@dataclass(frozen=True)
class Alignment:
    """``match[i]`` is the number of the new text's word that the old text's word i is, or -1; no two are the same one."""

    old: str
    new: str
    old_words: Words
    new_words: Words
    match: Sequence[int]

    @cached_property
    def taken(self) -> bytearray:
        """Of each word of the new text, whether it is one of the old text's."""
        return _taken(self.match, len(self.new_words.keys))

    @cached_property
    def breaks(self) -> Sequence[int]:
        """How many of the old text's first i words are not followed by the same word in both texts."""
        counts = [0]
        for here, following in pairwise(self.match):
            counts.append(counts[-1] + (here < 0 or following != here + 1))
        return counts

    @cached_property
    def free_places(self) -> Mapping[str, Sequence[int]]:
        """Where each word of the new text stands that is none of the old text's."""
        places: dict[str, list[int]] = {}
        for at, taken in enumerate(self.taken):
            if not taken:
                places.setdefault(self.new_words.keys[at], []).append(at)
        return places

    @cached_property
    def inserted(self) -> tuple[Place, ...]:
        """The places of the new text, in code points, that stand nowhere in the old one; close ones of a line are one."""
        return stretches(self.new, self.new_words, self.taken)


def align(old: str, new: str) -> Alignment:
    """Align two texts; see the module for how."""
    old_words, new_words = words_of(old), words_of(new)
    match = _in_order(old_words.keys, new_words.keys)
    _add_moved(match, old_words.keys, new_words.keys)
    _add_moved_lines(match, (old, old_words), (new, new_words))
    return Alignment(old, new, old_words, new_words, match)


def words_of(text: str) -> Words:
    """Find the words of a text."""
    found = [(one.start(), one.end(), fold(one.group())) for one in _WORD.finditer(text)]
    return Words([one[0] for one in found], [one[1] for one in found], [one[2] for one in found])


def fold(text: str) -> str:
    """Give what a text is compared by: case folded, white space as one blank, every quote as ' and every dash as -."""
    return _SPACE.sub(" ", text.casefold().translate(_FOLDED))


def stretches(text: str, words: Words, known: Sequence[int]) -> tuple[Place, ...]:
    """Give the places, in code points, of the words of a text that are not ``known``; close ones of a line are one."""
    places: list[Place] = []
    last = -_APART - 1
    for at, one in enumerate(known):
        if one:
            continue
        start, end = words.starts[at], words.ends[at]
        if places and at - last <= _APART + 1 and "\n" not in text[places[-1][1] : start]:
            places[-1] = places[-1][0], end
        else:
            places.append((start, end))
        last = at
    return tuple(places)


class _Folded(dict[int, str]):
    """What each character is compared by; looked up once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kind = "Pi" if character in _QUOTES else unicodedata.category(character)
        return self.setdefault(code, {"Pi": "'", "Pf": "'", "Pd": "-"}.get(kind, character))


_FOLDED = _Folded()


def _in_order(old: Sequence[str], new: Sequence[str]) -> list[int]:
    """Match words without changing their order."""
    match = [-1] * len(old)
    stretches = [(0, len(old), 0, len(new), 0)]
    while stretches:
        low, high, left, right, depth = stretches.pop()
        while low < high and left < right and old[low] == new[left]:
            match[low] = left
            low, left = low + 1, left + 1
        while low < high and left < right and old[high - 1] == new[right - 1]:
            high, right = high - 1, right - 1
            match[high] = right
        if low == high or left == right:
            continue
        chain = _chain(old, new, (low, high), (left, right)) if depth < _DEPTH else []
        if not chain and (high - low) * (right - left) <= _CELLS:
            chain = _longest_common(old, new, (low, high), (left, right))
            depth = _DEPTH  # between these nothing is in common any more
        for here, there in chain:
            match[here] = there
        borders = [(low - 1, left - 1), *chain, (high, right)] if chain else []
        stretches += ((a + 1, c, b + 1, d, depth + 1) for (a, b), (c, d) in pairwise(borders))
    return match


def _chain(old: Sequence[str], new: Sequence[str], here: Place, there: Place) -> list[Place]:
    """Give the longest chain of words that stand once in both stretches and in the same order."""
    once, places = _once(old, here), _once(new, there)
    pairs = [(at, places[key]) for key, at in once.items() if at >= 0 and places.get(key, -1) >= 0]
    tails: list[int] = []  # the new word that ends the lowest chain of each length, and that chain's last pair
    ends: list[int] = []
    before: list[int] = []
    for number, (_, at) in enumerate(pairs):
        length = bisect_left(tails, at)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [at]
        ends[length : length + 1] = [number]
    chain: list[Place] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


def _once(keys: Sequence[str], stretch: Place) -> dict[str, int]:
    """Give each word of a stretch with its place, or with -1 where it occurs again; in the order of the text."""
    found: dict[str, int] = {}
    for at in range(*stretch):
        found[keys[at]] = -1 if keys[at] in found else at
    return found


def _longest_common(old: Sequence[str], new: Sequence[str], here: Place, there: Place) -> list[Place]:
    """Give the longest common subsequence of two short stretches (D. Hirschberg, CACM 18 (1975), the plain table)."""
    rows, columns = here[1] - here[0], there[1] - there[0]
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            same = old[here[0] + i] == new[there[0] + j]
            best[i][j] = best[i + 1][j + 1] + 1 if same else max(best[i + 1][j], best[i][j + 1])
    found: list[Place] = []
    i = j = 0
    while i < rows and j < columns:
        if old[here[0] + i] == new[there[0] + j]:
            found.append((here[0] + i, there[0] + j))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return found


def _add_moved(match: list[int], old: Sequence[str], new: Sequence[str]) -> None:
    """Match passages that stand elsewhere: so many words in a row, which are left over and stand once in either text."""
    taken = _taken(match, len(new))
    for size in _SHINGLES:
        places = _shingles(new, taken, size)
        sought = _shingles(old, [at >= 0 for at in match], size)
        for shingle, here in sought.items():
            there = places.get(shingle, -1)
            if here >= 0 and there >= 0:
                _take(match, taken, (old, here), (new, there))


def _take(match: list[int], taken: bytearray, old: tuple[Sequence[str], int], new: tuple[Sequence[str], int]) -> None:
    """Match two words and all that adjoins them on either side, as long as it is the same and not matched yet."""
    (keys, here), (others, there) = old, new
    for step in (1, -1):
        at, to = (here, there) if step == 1 else (here - 1, there - 1)
        while 0 <= at < len(keys) and 0 <= to < len(others) and keys[at] == others[to]:
            if match[at] >= 0 or taken[to]:
                break
            match[at], taken[to] = to, 1
            at, to = at + step, to + step


def _shingles(keys: Sequence[str], taken: Sequence[int], size: int) -> dict[tuple[str, ...], int]:
    """Give every ``size`` words in a row with their place, or with -1 where they occur again, or one of them is taken."""
    found: dict[tuple[str, ...], int] = {}
    free = 0
    for at, used in enumerate(taken):
        free = 0 if used else free + 1
        first = at - size + 1
        if first >= 0:
            shingle = tuple(keys[first : at + 1])
            found[shingle] = first if free >= size and shingle not in found else -1
    return found


def _add_moved_lines(match: list[int], old: tuple[str, Words], new: tuple[str, Words]) -> None:
    """Match whole lines that stand elsewhere, are left over and stand once in either text: items of a re-ordered list."""
    taken = _taken(match, len(new[1].keys))
    places = _lines(*new, taken)
    for line, here in _lines(*old, [at >= 0 for at in match]).items():
        there = places.get(line, -1)
        if here >= 0 and there >= 0:
            match[here : here + len(line)] = range(there, there + len(line))


def _lines(text: str, words: Words, taken: Sequence[int]) -> dict[tuple[str, ...], int]:
    """Give every line, as words, with its first word's number, or -1 where it occurs again, or a word of it is taken."""
    found: dict[tuple[str, ...], int] = {}
    for first, last in _line_words(text, words):
        line = tuple(words.keys[first:last])
        if line:
            found[line] = -1 if line in found or any(taken[first:last]) else first
    return found


def _line_words(text: str, words: Words) -> Iterator[Place]:
    first = start = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        last = bisect_left(words.starts, end, first)
        yield first, last
        first, start = last, end + 1


def _taken(match: Sequence[int], size: int) -> bytearray:
    taken = bytearray(size)
    for at in match:
        if at >= 0:
            taken[at] = 1
    return taken
