"""The text of a paragraph in, its quotations out, each with the span of the speaker where the text names one beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain, islice
from typing import NamedTuple

from copydesk.documents.rules import quote_words

WINDOW = 240  # characters before and after a quotation in which its speaker is looked for
LONGEST_NAME = 10  # words
REACH = 16  # words between the verb of saying and the quotation after it
FEWEST_WORDS = 3  # of a quotation; what is shorter is a word held at arm's length, unless a speaker stands beside it
_TRAILING = ".,;:!?)—–-"
_LEADING = "(—–-"
FEW = 6  # words that are read at once
_ENDING = '.”"»“ '
_INITIALS = re.compile(r"(?:[A-Z]\.)+")


class Quote(NamedTuple):
    """A quotation, marks included, and its speaker; offsets into the paragraph."""

    start: int
    end: int
    rule: str
    speaker: tuple[int, int] | None = None


def find_quotes(text: str, *, runs_on: bool = False) -> list[Quote]:
    """Find the quotations of one paragraph; ``runs_on`` says that the next one opens with a mark as well, so that a
    quotation that is open at the end of this one is meant to be (rule ``quote.runs-on``).
    """
    quotes = []
    before = 0
    for start, end, closed in _marked(text):
        if not closed and not runs_on:
            continue
        speaker = _after(text, start, end) if closed else None
        speaker = speaker or _before(text, before, start)
        before = end
        if speaker or len(text[start:end].split()) >= FEWEST_WORDS:
            quotes.append(Quote(start, end, "quote.marks" if closed else "quote.runs-on", speaker))
    return quotes


@cache
def _marks() -> Mapping[str, str]:
    """Each opening mark with its closing one."""
    return dict(quote_words().marks)


@cache
def _opening() -> re.Pattern[str]:
    return re.compile("[" + "".join(re.escape(mark) for mark in _marks()) + "]")


@cache
def _any_mark() -> re.Pattern[str]:
    return re.compile("[" + "".join(re.escape(mark) for pair in _marks().items() for mark in pair) + "]")


def _marked(text: str) -> Iterator[tuple[int, int, bool]]:
    """Give the spans between quotation marks, marks included, and whether the closing mark is there."""
    at = 0
    marks, search = _marks(), _opening().search
    while match := search(text, at):
        start = match.start()
        closing = text.find(marks[match[0]], start + 1)
        at = closing + 1 if closing >= 0 else len(text)
        yield start, at, closing >= 0


class _Word(NamedTuple):
    """What a word is, wherever it stands; ``before`` characters are stuck to its front, and ``size`` are its own.

    ``word`` is without what is stuck to it, in lower case.
    """

    word: str
    before: int
    size: int
    ends_phrase: bool
    ends_sentence: bool
    is_verb: bool
    is_stop: bool
    is_opener: bool
    is_determiner: bool
    is_small: bool
    has_capital: bool


_Token = tuple[int, _Word]  # where it is written, and what it is


@lru_cache(maxsize=1 << 14)
def _word(written: str) -> _Word:
    """Say what a word is: a text says the same ones again and again."""
    words = quote_words()
    core = written.rstrip(_TRAILING)
    tail = written[len(core) :]
    if tail and (written.lower() in words.abbreviations or _INITIALS.fullmatch(written)):
        core, tail = written, ""
    bare = core.lstrip(_LEADING)
    word = bare.lower()
    return _Word(
        word=word,
        before=len(core) - len(bare),
        size=len(bare),
        ends_phrase=bool(tail) or '"' in written or "”" in written,
        ends_sentence=any(mark in tail for mark in ".!?;"),
        is_verb=word in words.verbs,
        is_stop=word in words.stops,
        is_opener=word in words.openers,
        is_determiner=word in words.determiners,
        is_small=written[0].islower(),
        has_capital=any(map(str.isupper, written)),
    )


def _tokens(text: str, at: int, end: int) -> Iterator[_Token]:
    """Give the words of ``text[at:end]`` one by one: what names the speaker stands near, and the rest is not read."""
    rest = [text[at:end]]
    while rest:
        words = rest[0].split(None, FEW)
        rest = words[FEW:]
        for written in words[:FEW]:
            at = text.find(written, at)
            yield at, _word(written)
            at += len(written)


def _sentence_before(text: str, low: int, end: int) -> list[_Token]:
    """Give the words of ``text[low:end]`` that come after the last one that ends a sentence."""
    tokens: list[_Token] = []
    rest = [text[low:end]]
    at = end
    while rest:
        words = rest[0].rsplit(None, FEW)
        rest = words[:-FEW]
        for written in reversed(words[-FEW:]):
            word = _word(written)
            if word.ends_sentence:
                return tokens[::-1]
            at = text.rfind(written, low, at)
            tokens.append((at, word))
    return tokens[::-1]


def _after(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Find ``“…,” the statement said`` and ``“…,” said the general``: only where the quotation does not end a sentence."""
    if text[end - 2] in _ENDING and text[start:end].rstrip('”"»“ ').endswith("."):
        return None
    tokens = _tokens(text, end, _next_mark(text, end))
    first = next((token for token in tokens if token[1].word), None)  # not a comma on its own
    if first is None:
        return None
    return _inverted(first[1], tokens) if first[1].is_verb else _until_verb(chain((first,), tokens))


def _inverted(verb: _Word, following: Iterator[_Token]) -> tuple[int, int] | None:
    """Read the name after the verb: ``said the general, who …``."""
    if verb.ends_phrase:
        return None
    if verb.word == "according":
        preposition = next(following, None)
        if preposition is None or preposition[1].word != "to":
            return None
    name: list[_Token] = []
    for token in islice(following, LONGEST_NAME):
        if token[1].is_stop or token[1].is_verb:
            break
        name.append(token)
        if token[1].ends_phrase:
            break
    return _name(name)


def _until_verb(following: Iterator[_Token]) -> tuple[int, int] | None:
    """Read the name before the verb: ``the general said``, ``Jane Doe, the mayor, said``."""
    phrase = 0
    tokens: list[_Token] = []
    for place, token in enumerate(islice(following, 2 * LONGEST_NAME)):
        tokens.append(token)
        if place and token[1].is_verb:
            phrase = phrase or place
            in_apposition = phrase < place
            if in_apposition and not tokens[place - 1][1].ends_phrase:
                return None
            return _name(tokens[:phrase])
        if token[1].ends_sentence:
            return None
        if token[1].ends_phrase and not phrase:
            phrase = place + 1
    return None


def _before(text: str, low: int, start: int) -> tuple[int, int] | None:
    """Find ``The general said: “…`` and ``Jane Doe, the mayor, told reporters on Friday, “…`` in the same sentence."""
    tokens = _sentence_before(text, max(low, start - WINDOW), start)
    if tokens and tokens[0][1].word == "according":
        return _inverted(tokens[0][1], iter(tokens[1:]))
    verb = next((place for place in range(len(tokens) - 1, 0, -1) if tokens[place][1].is_verb), 0)
    if not verb or len(tokens) - verb > REACH:
        return None
    return _name_before(tokens[:verb])


def _name_before(tokens: Sequence[_Token]) -> tuple[int, int] | None:
    """Read the name that ends where the verb begins, or before the apposition that does."""
    phrases: list[list[_Token]] = [[]]
    for token in tokens:
        phrases[-1].append(token)
        if token[1].ends_phrase:
            phrases.append([])
    if phrases[-1]:
        # "Jane Doe, commander of the north said": the second comma was forgotten.
        _, first = phrases[-1][0]
        is_apposition = first.is_small and not first.is_determiner
        return _name(phrases[-2] if is_apposition and len(phrases) > 1 else phrases[-1])
    return _name(phrases[-3]) if len(phrases) >= 3 else None


def _name(tokens: Sequence[_Token]) -> tuple[int, int] | None:
    """Give the span of a name if it can be one: not too long, no stop word at its head, a capital or an article in it."""
    named = list(tokens)
    while len(named) > 1 and named[0][1].is_opener:
        named = named[1:]
    if not named or len(named) > LONGEST_NAME:
        return None
    (start, first), (end, last) = named[0], named[-1]
    if first.is_stop or not first.word:
        return None
    if not first.is_determiner and not any(word.has_capital for _, word in named):
        return None
    return start + first.before, end + last.before + last.size


def _next_mark(text: str, at: int) -> int:
    """Give where the next quotation mark stands, or where the window ends."""
    end = min(len(text), at + WINDOW)
    match = _any_mark().search(text, at, end)
    return match.start() if match else end
