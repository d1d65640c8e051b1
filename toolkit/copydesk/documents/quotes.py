"""The paragraphs of many texts in, their quotations out as columns, each with the span of the speaker where the text names one beside it.

All quotations are read at once. The words outside of them are numbered through, what each word can be is a bit, and "the next verb after
the quotation", "the last comma before it" are looked up in columns (``_Words``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from copydesk.documents.rules import quote_words
from copydesk.documents.texts import Numbers, bytes_before, pieces

WINDOW = 240  # characters before and after a quotation in which its speaker is looked for
LONGEST_NAME = 10  # words
FARTHEST_VERB = 20  # words after a quotation
REACH = 16  # words between the verb of saying and the quotation after it
FEWEST_WORDS = 3  # of a quotation; what is shorter is a word held at arm's length, unless a speaker stands beside it
# What a word can be.
VERB, STOP, NO_OPENER, DETERMINER, SMALL, CAPITAL, ENDS_PHRASE, ENDS_SENTENCE, NAMED, ACCORDING, TO = (
    1 << bit for bit in range(11)
)
_TRAILING = ".,;:!?)—–-"
_LEADING = "(—–-"
_CLOSED = '”"»“ '
_INITIALS = re.compile(r"(?:[A-Z]\.)+")
_END = "\0"  # of a paragraph: canonical text has none
_NOWHERE = -1
_Spans = tuple[Numbers, Numbers]  # words from one number up to another


class Quotes(NamedTuple):
    """Quotations, sorted: the paragraph that each is in, where it begins and ends in it, marks included, whether its closing mark is
    there, and where its speaker begins and ends (-1: nowhere).
    """

    block: Numbers
    start: Numbers
    end: Numbers
    is_closed: NDArray[np.bool_]
    speaker_start: Numbers
    speaker_end: Numbers


def find_quotes(surfaces: Sequence[str], runs_on: NDArray[np.bool_]) -> Quotes:
    """Find the quotations of canonical paragraphs; ``runs_on`` says of each that the next one opens with a mark as well, so that a
    quotation which is open at its end is meant to be.
    """
    text = _END.join((*surfaces, ""))
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    is_mark = _is_mark().take(codes, mode="clip")
    marks = np.flatnonzero(is_mark)
    found = np.array(list(_marked(marks.tolist(), codes[marks].tolist())), np.int64).reshape(-1, 3)
    start, end, is_closed = found[:, 0], found[:, 1], found[:, 2] > 0
    ends = np.flatnonzero(codes == 0)
    block = np.searchsorted(ends, start)
    begins = np.append(0, ends + 1)[block]
    blank = (codes == ord(" ")) | (codes == ord("\n"))
    words = _words(text, codes, blank, is_mark, _inside(len(codes), start, end))
    before = np.where(np.diff(block, prepend=-1) == 0, np.roll(end, 1), begins)
    low, high = np.full(len(start), _NOWHERE), np.full(len(start), _NOWHERE)
    goes_on = np.flatnonzero(is_closed & ~_ends_sentence(text, codes, start, end))
    low[goes_on], high[goes_on] = _after(words, end[goes_on], marks[np.searchsorted(marks, end[goes_on])])
    rest = np.flatnonzero(low < 0)
    low[rest], high[rest] = _before(words, before[rest], start[rest])
    starts = np.flatnonzero(blank[:-1] & ~blank[1:]) + 1
    is_long = np.searchsorted(starts, end) - np.searchsorted(starts, start, side="right") >= FEWEST_WORDS - 1
    kept = (is_closed | runs_on[block]) & ((low >= 0) | is_long)
    speakers = (np.where(place < 0, _NOWHERE, place - begins)[kept] for place in (low, high))
    return Quotes(block[kept], (start - begins)[kept], (end - begins)[kept], is_closed[kept], *speakers)


@cache
def _marks() -> Mapping[int, int]:
    """Each opening mark with its closing one."""
    return {ord(opening): ord(closing) for opening, closing in quote_words().marks}


@cache
def _is_mark() -> NDArray[np.bool_]:
    """Say of each character of the basic plane whether it is a mark, or the end of a paragraph."""
    table = np.zeros(0x10000, np.bool_)
    table[[ord(_END), *_marks(), *_marks().values()]] = True
    return table


def _marked(places: Iterable[int], marks: Iterable[int]) -> Iterator[tuple[int, int, bool]]:
    """Give the spans between quotation marks, marks included, and whether the closing mark is there; no span leaves its paragraph."""
    closing = _marks()
    opened = wanted = _NOWHERE
    for place, mark in zip(places, marks, strict=True):
        if opened < 0:
            wanted = closing.get(mark, _NOWHERE)
            opened = place if wanted >= 0 else _NOWHERE
        elif mark in (wanted, 0):
            yield opened, place + (mark > 0), mark > 0
            opened = _NOWHERE


def _inside(size: int, start: Numbers, end: Numbers) -> NDArray[np.bool_]:
    """Say of each character whether it is in a quotation."""
    inside = np.zeros(size, np.bool_)
    for low, high in zip(start.tolist(), end.tolist(), strict=True):
        inside[low:high] = True
    return inside


def _ends_sentence(text: str, codes: NDArray[np.uint32], start: Numbers, end: Numbers) -> NDArray[np.bool_]:
    """Whether a quotation ends a sentence: what stands after it does not say who spoke."""
    last = codes[end - 2]
    found: NDArray[np.bool_] = last == ord(".")
    for number in np.flatnonzero(np.isin(last, [ord(mark) for mark in _CLOSED])).tolist():
        found[number] = text[start[number] : end[number]].rstrip(_CLOSED).endswith(".")
    return found


class _Words:
    """The words outside of quotations: where each begins in the text and where it ends, and its bits.

    One word more stands at the end, which is nothing.
    """

    def __init__(self, begin: Numbers, end: Numbers, bits: Numbers, stuck: _Spans) -> None:
        self.begin, self.end = begin, end
        self.bits = np.append(bits, 0)
        self._stuck = stuck  # characters to the front of each word, and to its end
        self._places: dict[int, Numbers] = {}

    def _with(self, bits: int) -> Numbers:
        """Give the words that have one of the bits, between one before all words and one after them."""
        if bits not in self._places:
            self._places[bits] = np.concatenate(([-1], np.flatnonzero(self.bits & bits), [len(self.begin)]))
        return self._places[bits]

    def next(self, bits: int, at: Numbers) -> Numbers:
        """Give the first word from each of ``at`` on that has one of the bits; the one after all words where none has."""
        places = self._with(bits)
        found: Numbers = places[np.searchsorted(places, np.minimum(at, len(self.begin)))]
        return found

    def last(self, bits: int, at: Numbers) -> Numbers:
        """Give the last word before each of ``at`` that has one of the bits; -1 where none has."""
        places = self._with(bits)
        found: Numbers = places[np.searchsorted(places, np.maximum(at, 0)) - 1]
        return found

    def has(self, bits: int, at: Numbers) -> NDArray[np.bool_]:
        """Say which of the words have one of the bits."""
        found: NDArray[np.bool_] = (self.bits[np.clip(at, 0, len(self.begin))] & bits) != 0
        return found

    def name(self, words: _Spans) -> _Spans:
        """Give where names begin and end in the text: not too long, no stop word at the head, a capital or an article in it; -1 for no name."""
        first, end = words
        first = np.minimum(self.next(NO_OPENER, first), end - 1)
        is_name = (end > words[0]) & (end - first <= LONGEST_NAME) & ~self.has(STOP, first) & self.has(NAMED, first)
        is_name &= self.has(DETERMINER, first) | (self.next(CAPITAL, first) < end)
        low, high = np.full(len(first), _NOWHERE), np.full(len(first), _NOWHERE)
        head, tail = first[is_name], end[is_name] - 1
        low[is_name] = self.begin[head] + self._stuck[0][head]
        high[is_name] = self.end[tail] - self._stuck[1][tail]
        return low, high


def _words(
    text: str,
    codes: NDArray[np.uint32],
    blank: NDArray[np.bool_],
    is_mark: NDArray[np.bool_],
    inside: NDArray[np.bool_],
) -> _Words:
    """Cut the words out: what stands between blanks, marks and quotations. A mark that closes nothing ends a phrase."""
    places = np.flatnonzero(np.diff(~(blank | is_mark | inside), prepend=False))
    begin, end = places[::2], places[1::2]  # the text ends with a mark
    raw = text.encode("utf-8")
    written = pieces(raw, bytes_before(raw, begin), bytes_before(raw, end)).dictionary_encode()
    listed, which = written.dictionary.to_numpy(zero_copy_only=False), written.indices.to_numpy()
    told = np.fromiter(chain.from_iterable(map(_word, listed)), np.int64, 3 * len(listed)).reshape(-1, 3)
    bits, front, tail = (column[which] for column in told.T)
    is_stray = is_mark[end] & ~inside[end] & (codes[end] != 0)
    return _Words(begin, end, np.where(is_stray, bits | ENDS_PHRASE, bits), (front, tail))


@lru_cache(maxsize=1 << 16)
def _word(written: str) -> tuple[int, int, int]:
    """Say what a word is, and how many characters are stuck to its front and to its end: a text says the same ones again and again."""
    words = quote_words()
    core = written.rstrip(_TRAILING)
    tail = written[len(core) :]
    if tail and (written.lower() in words.abbreviations or _INITIALS.fullmatch(written)):
        core, tail = written, ""
    bare = core.lstrip(_LEADING)
    word = bare.lower()
    can_be = (
        (VERB, word in words.verbs),
        (STOP, word in words.stops),
        (NO_OPENER, word not in words.openers),
        (DETERMINER, word in words.determiners),
        (SMALL, written[0].islower()),
        (CAPITAL, any(map(str.isupper, written))),
        (ENDS_PHRASE, bool(tail)),
        (ENDS_SENTENCE, any(mark in tail for mark in ".!?;")),
        (NAMED, bool(word)),
        (ACCORDING, word == "according"),
        (TO, word == "to"),
    )
    return sum(bit for bit, true in can_be if true), len(core) - len(bare), len(written) - len(core)


def _after(words: _Words, at: Numbers, mark: Numbers) -> _Spans:
    """Find ``“…,” the statement said`` and ``“…,” said the general`` after quotations that end ``at``; ``mark`` is where the next mark stands."""
    high = np.searchsorted(words.end, np.minimum(mark, at + WINDOW), side="right")
    first = words.next(NAMED, np.searchsorted(words.begin, at))  # not a comma on its own
    low, end = np.where(words.has(VERB, first), _inverted(words, first, high), _until_verb(words, first, high))
    return words.name((low, np.where(first < high, end, low)))


def _inverted(words: _Words, verb: Numbers, high: Numbers) -> _Spans:
    """Read the name after the verb: ``said the general, who …``; ``according to the general``."""
    is_according = words.has(ACCORDING, verb)
    goes_on = ~is_according | (words.has(TO, verb + 1) & (verb + 1 < high))
    first = verb + 1 + is_according
    end = np.minimum(words.next(STOP | VERB, first), words.next(ENDS_PHRASE, first) + 1)
    end = np.minimum(np.minimum(first + LONGEST_NAME, high), end)
    return first, np.where(goes_on & ~words.has(ENDS_PHRASE, verb), end, first)


def _until_verb(words: _Words, first: Numbers, high: Numbers) -> _Spans:
    """Read the name before the verb: ``the general said``, ``Jane Doe, the mayor, said``."""
    verb = words.next(VERB, first + 1)
    is_near = (verb < np.minimum(high, first + FARTHEST_VERB)) & (words.next(ENDS_SENTENCE, first) >= verb)
    comma = words.next(ENDS_PHRASE, first)
    has_apposition = comma + 1 < verb
    is_whole = ~has_apposition | words.has(ENDS_PHRASE, verb - 1)
    return first, np.where(is_near & is_whole, np.minimum(comma + 1, verb), first)


def _before(words: _Words, low: Numbers, start: Numbers) -> _Spans:
    """Find ``The general said: “…`` and ``Jane Doe, the mayor, told reporters on Friday, “…`` in the same sentence."""
    end = np.searchsorted(words.begin, start)
    first = np.maximum(
        np.searchsorted(words.begin, np.maximum(low, start - WINDOW)), words.last(ENDS_SENTENCE, end) + 1
    )
    is_according = words.has(ACCORDING, first) & (first < end)
    verb = words.last(VERB, end)
    has_verb = (verb > first) & (end - verb <= REACH)
    name_low, name_end = _name_before(words, first, verb)
    inverted = _inverted(words, first, end)
    return words.name(
        (
            np.where(is_according, inverted[0], name_low),
            np.where(is_according, inverted[1], np.where(has_verb, name_end, name_low)),
        )
    )


def _name_before(words: _Words, first: Numbers, verb: Numbers) -> _Spans:
    """Read the name that ends where the verb begins, or before the apposition that does."""
    comma = words.last(ENDS_PHRASE, verb)
    earlier = words.last(ENDS_PHRASE, comma)
    before = np.maximum(first, earlier + 1), np.maximum(first, comma + 1)
    after = np.maximum(first, comma + 1), verb
    # "Jane Doe, commander of the north said": the second comma was forgotten.
    is_forgotten = words.has(SMALL, after[0]) & ~words.has(DETERMINER, after[0]) & (comma >= first)
    # "Jane Doe, commander of the north, said": of three phrases the first; with fewer there is no name.
    closed = np.maximum(first, words.last(ENDS_PHRASE, earlier) + 1), np.maximum(first, earlier + 1)
    closes = words.has(ENDS_PHRASE, verb - 1)
    low, end = np.where(closes, closed, np.where(is_forgotten, before, after))
    return low, end
