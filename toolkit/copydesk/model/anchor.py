"""A span of an old text and the new text go in, the span's place in the new text comes out, with how sure that is.

A span is known by its quote and by what stands before and after it in its line. It is ``exact`` where the same words stand at
the same offsets, ``moved`` where they stand at others, ``fuzzy`` where the words or what is around them changed, and ``lost``
where nothing in the new text is like it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from copydesk.model.alignment import Alignment, Words, align, fold

CONTEXT = 32  # code points before and after a quote
AGREED = 16  # a place is certain where so many code points around it are as they were, or all that its line has,
NEAR = 4  # and so many of them on either side
THRESHOLD = 0.6  # below this, nothing is like the span: it is lost
_WINDOW = 64  # words of a changed place that are looked at
_LONGEST = 12  # words of a span that is compared with every place in the window; a longer one keeps its ends
_ENDS = frozenset(".!?")
_SHIFT = 12  # words by which others of a sentence may be nearer or farther than they were
_OCCURRENCES = 64  # places of the same words that are looked at

How = Literal["exact", "moved", "fuzzy", "lost"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A quote, and up to ``CONTEXT`` code points before and after it in the same line."""

    before: str
    quote: str
    after: str


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a span of the old text stands in the new one.

    ``score`` is 1 for ``exact`` and ``moved``, and else half what the words have in common and half what is around them. A
    place is ``certain`` where the words are the same, up to white space, case, quotes and dashes, and enough of what is around
    them too: then nobody need look. A ``lost`` span has ``start`` and ``end`` -1, and the score of what was most like it.
    """

    start: int
    end: int
    how: How
    score: float
    certain: bool


@dataclass(frozen=True, slots=True)
class _Likeness:
    """How alike two places are: ``words`` and ``around`` from 0 to 1."""

    same: bool  # the same code points
    words: float
    around: float
    enough: bool  # the same words, and enough of what is around them

    @property
    def score(self) -> float:
        return round((self.words + self.around) / 2, 4)


def anchor_of(text: str, start: int, end: int) -> Anchor:
    """Make the anchor of ``text[start:end]``."""
    first = max(text.rfind("\n", max(0, start - CONTEXT), start) + 1, start - CONTEXT, 0)
    last = text.find("\n", end, end + CONTEXT)
    return Anchor(text[first:start], text[start:end], text[end : last if last >= 0 else end + CONTEXT])


def reanchor(old: str, new: str, spans: Iterable[tuple[int, int]]) -> list[Placed]:
    """Place each span (start and end in code points, end exclusive) of the old text in the new one, in the same order."""
    alignment = align(old, new)
    return [place(alignment, start, end) for start, end in spans]


def place(alignment: Alignment, start: int, end: int) -> Placed:
    """Place one span of the alignment's old text; raises ValueError where it is empty or outside the text."""
    if not 0 <= start < end <= len(alignment.old):
        raise ValueError(f"[{start}:{end}] is no span of a text of {len(alignment.old)} characters")
    if alignment.old == alignment.new:
        return Placed(start, end, "exact", 1.0, certain=True)
    first, last = alignment.old_words.touching(start, end)
    if first == last:  # nothing but white space
        return Placed(-1, -1, "lost", 0.0, certain=False)
    followed = _followed(alignment, start, end, first=first, last=last)
    if followed:
        followed = _whole(alignment, (start, end), followed)
        likeness = _likeness(alignment, (start, end), followed)
        if likeness.enough and _is_kept(alignment, first, last):
            return _placed((start, end), followed, likeness)
        if likeness.score >= THRESHOLD:
            return Placed(*followed, "fuzzy", likeness.score, certain=False)
    candidates = [*_nearby(alignment, first, last), *_elsewhere(alignment, first, last)]
    return _best(alignment, (start, end), candidates)


def _best(alignment: Alignment, span: tuple[int, int], candidates: Iterable[tuple[int, int]]) -> Placed:
    """Take the candidate that is most like the span, the first of equals."""
    whole = dict.fromkeys(_whole(alignment, span, one) for one in candidates)
    judged = [(_likeness(alignment, span, one).score, one) for one in whole]
    score, there = max(judged, key=lambda one: one[0], default=(0.0, (-1, -1)))
    if score < THRESHOLD:
        return Placed(-1, -1, "lost", score, certain=False)
    return Placed(*there, "fuzzy", score, certain=False)


def _placed(span: tuple[int, int], there: tuple[int, int], likeness: _Likeness) -> Placed:
    """Give a place that is certain."""
    if not likeness.same:
        return Placed(*there, "fuzzy", likeness.score, certain=True)
    return Placed(*there, "exact" if there == span else "moved", 1.0, certain=True)


def _followed(alignment: Alignment, start: int, end: int, *, first: int, last: int) -> tuple[int, int] | None:
    """Follow the span's words to where the alignment has them; None where one is missing or they were torn apart."""
    match, old, new = alignment.match, alignment.old_words, alignment.new_words
    if match[first] < 0 or match[last - 1] < 0 or alignment.breaks[last - 1] != alignment.breaks[first]:
        return None
    head = max(0, start - old.starts[first])  # a span may begin and end within a word
    tail = max(0, old.ends[last - 1] - end)
    there = new.starts[match[first]] + head, new.ends[match[last - 1]] - tail
    return there if there[0] < there[1] else None


def _is_kept(alignment: Alignment, first: int, last: int) -> bool:
    """Say whether at least half of the span's sentence went where the span went: else it may be another sentence's beginning."""
    match, begin, finish = alignment.match, first, last
    while begin > 0 and first - begin < _WINDOW and not _ends_sentence(alignment, begin - 1):
        begin -= 1
    while finish < len(match) and finish - last < _WINDOW and not _ends_sentence(alignment, finish - 1):
        finish += 1
    around = [*range(begin, first), *range(last, finish)]
    kept = [at for at in around if match[at] >= 0 and abs((match[at] - match[first]) - (at - first)) <= _SHIFT]
    return 2 * len(kept) >= len(around)


def _ends_sentence(alignment: Alignment, at: int) -> bool:
    """Say whether a sentence of the old text ends with this word."""
    return alignment.old_words.keys[at] in _ENDS or _is_apart(alignment, at, at + 1)


def _is_apart(alignment: Alignment, one: int, other: int) -> bool:
    """Say whether two neighbouring words of the old text stand in two lines."""
    words = alignment.old_words
    return other < len(words.keys) and "\n" in alignment.old[words.ends[one] : words.starts[other]]


def _nearby(alignment: Alignment, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Give places between the nearest words around the span that the new text still has."""
    match, size = alignment.match, last - first
    inside = [match[at] for at in range(first, last) if match[at] >= 0][:: max(1, size // _LONGEST)]
    window = {*inside, *_free_after(alignment, first), *_free_before(alignment, last)}
    if size > _LONGEST:
        if inside:
            yield _span(alignment.new_words, min(inside), max(inside))
        return
    ordered = sorted(window)
    for begin in ordered:
        for finish in range(begin, min(begin + size + 2, len(alignment.taken))):
            if finish not in window:
                break
            if finish - begin + 1 >= size - 2:
                yield _span(alignment.new_words, begin, finish)
    if ordered and len(ordered) <= _LONGEST and ordered[-1] - ordered[0] == len(ordered) - 1:
        yield _span(alignment.new_words, ordered[0], ordered[-1])  # all that stands there now


def _free_after(alignment: Alignment, first: int) -> list[int]:
    """The words of the new text that follow the last word before the span, up to one that the old text has."""
    at = first - 1
    while at >= 0 and alignment.match[at] < 0 and first - at <= _WINDOW:
        at -= 1
    if at >= 0 and alignment.match[at] < 0:
        return []
    begin = alignment.match[at] + 1 if at >= 0 else 0
    return _run(alignment, range(begin, min(begin + _WINDOW, len(alignment.taken))))


def _free_before(alignment: Alignment, last: int) -> list[int]:
    """The words of the new text that stand before the first word after the span, back to one that the old text has."""
    at, size = last, len(alignment.match)
    while at < size and alignment.match[at] < 0 and at - last < _WINDOW:
        at += 1
    if at < size and alignment.match[at] < 0:
        return []
    begin = (alignment.match[at] if at < size else len(alignment.taken)) - 1
    return _run(alignment, range(begin, max(begin - _WINDOW, -1), -1))


def _run(alignment: Alignment, numbers: range) -> list[int]:
    found: list[int] = []
    for at in numbers:
        if alignment.taken[at]:
            break
        found.append(at)
    return found


def _elsewhere(alignment: Alignment, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Give places of the same words among those that the old text has not; what it has is another word's place."""
    keys = alignment.old_words.keys[first:last]
    if len(keys) > _WINDOW:
        return
    new = alignment.new_words
    for at in alignment.free_places.get(keys[0], ())[:_OCCURRENCES]:
        reach = at + len(keys)
        if new.keys[at:reach] == keys and not any(alignment.taken[at:reach]):
            yield _span(new, at, reach - 1)


def _span(words: Words, begin: int, finish: int) -> tuple[int, int]:
    return words.starts[begin], words.ends[finish]


def _likeness(alignment: Alignment, span: tuple[int, int], there: tuple[int, int]) -> _Likeness:
    old, new = anchor_of(alignment.old, *span), anchor_of(alignment.new, *there)
    before, before_of = _agreeing(old.before[::-1], new.before[::-1])
    after, after_of = _agreeing(old.after, new.after)
    possible = before_of + after_of
    enough = before + after >= min(AGREED, possible) and before >= min(NEAR, before_of) and after >= min(NEAR, after_of)
    alike = fold(old.quote) == fold(new.quote)
    return _Likeness(
        same=old.quote == new.quote,
        words=1.0 if alike else _in_common(fold(old.quote), fold(new.quote)),
        around=(before + after) / possible if possible else 1.0,
        enough=enough and alike,
    )


def _agreeing(one: str, other: str) -> tuple[int, int]:
    """Count the characters that two contexts have in common from the quote outwards, and how many there could be."""
    one, other = fold(one), fold(other)
    reach = max(len(one), len(other))
    for at, (here, there) in enumerate(zip(one, other, strict=False)):
        if here != there:
            return at, reach
    return min(len(one), len(other)), reach


def _in_common(one: str, other: str) -> float:
    """Dice's coefficient of the pairs of neighbouring characters, the edges included."""
    left, right = _pairs(one), _pairs(other)
    shared = sum(min(count, right.get(pair, 0)) for pair, count in left.items())
    return 2 * shared / (len(one) + len(other) + 2)


def _pairs(text: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    edged = f"\n{text}\n"
    for at in range(len(edged) - 1):
        pair = edged[at : at + 2]
        counts[pair] = counts.get(pair, 0) + 1
    return counts


def _whole(alignment: Alignment, span: tuple[int, int], there: tuple[int, int]) -> tuple[int, int]:
    """Widen a place that would tear a character from what belongs to it, unless the span itself did so."""
    if _splits(alignment.old, span[0]) or _splits(alignment.old, span[1]):
        return there
    start, end = there
    while _splits(alignment.new, start):
        start -= 1
    while _splits(alignment.new, end):
        end += 1
    return start, end


def _splits(text: str, at: int) -> bool:
    """Say whether a character and what belongs to it (accents, variants, joined emoji) would be torn apart here."""
    if not 0 < at < len(text):
        return False
    character = text[at]
    belongs = unicodedata.category(character).startswith("M") or "\U0001f3fb" <= character <= "\U0001f3ff"
    return belongs or "\u200d" in (character, text[at - 1])
