"""The text of a paragraph in, its quotations out, each with the span of the speaker where the text names one beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, dropwhile, islice
from typing import NamedTuple

from copydesk.documents.rules import QuoteWords, quote_words

WINDOW = 240  # characters before and after a quotation in which its speaker is looked for
LONGEST_NAME = 10  # words
REACH = 16  # words between the verb of saying and the quotation after it
FEWEST_WORDS = 3  # of a quotation; what is shorter is a word held at arm's length, unless a speaker stands beside it
_TRAILING = ".,;:!?)—–-"
_LEADING = "(—–-"
_WORD = re.compile(r"\S+")
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


class _Token(NamedTuple):
    """A word with what is stuck to it; ``start`` and ``end`` are those of the word alone, which is in lower case."""

    start: int
    end: int
    word: str
    written: str
    ends_phrase: bool
    ends_sentence: bool


def _token(written: str, at: int) -> _Token:
    if written[-1] not in _TRAILING and written[0] not in _LEADING:
        return _Token(at, at + len(written), written.lower(), written, '"' in written or "”" in written, False)
    word = written.rstrip(_TRAILING)
    tail = written[len(word) :]
    if tail and (written.lower() in quote_words().abbreviations or _INITIALS.fullmatch(written)):
        word, tail = written, ""
    bare = word.lstrip(_LEADING)
    ends_phrase = bool(tail) or '"' in written or "”" in written
    ends_sentence = bool(tail) and any(mark in tail for mark in ".!?;")
    return _Token(at + len(word) - len(bare), at + len(word), bare.lower(), written, ends_phrase, ends_sentence)


def _tokens(text: str, start: int, end: int) -> Iterator[_Token]:
    """Give the words of ``text[start:end]`` one by one: what names the speaker stands near, and the rest is not read."""
    return (_token(match.group(), match.start()) for match in _WORD.finditer(text, start, end))


def _sentence_before(text: str, low: int, end: int) -> list[_Token]:
    """Give the words of ``text[low:end]`` that come after the last one that ends a sentence."""
    tokens: list[_Token] = []
    at = end
    for written in reversed(text[low:end].split()):
        at = text.rfind(written, low, at)
        token = _token(written, at)
        if token.ends_sentence:
            break
        tokens.append(token)
    tokens.reverse()
    return tokens


def _after(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Find ``“…,” the statement said`` and ``“…,” said the general``: only where the quotation does not end a sentence."""
    if text[start:end].rstrip('”"»“ ').endswith("."):
        return None
    words = quote_words()
    tokens = dropwhile(lambda token: not token.word, _tokens(text, end, _next_mark(text, end)))  # a comma on its own
    first = next(tokens, None)
    if first is None:
        return None
    if first.word in words.verbs:
        return _inverted(first, tokens, words)
    return _until_verb(chain((first,), tokens), words)


def _inverted(verb: _Token, following: Iterator[_Token], words: QuoteWords) -> tuple[int, int] | None:
    """Read the name after the verb: ``said the general, who …``."""
    if verb.ends_phrase:
        return None
    if verb.word == "according":
        preposition = next(following, None)
        if preposition is None or preposition.word != "to":
            return None
    name: list[_Token] = []
    for token in islice(following, LONGEST_NAME):
        if token.word in words.stops or token.word in words.verbs:
            break
        name.append(token)
        if token.ends_phrase:
            break
    return _name(name, words)


def _until_verb(following: Iterator[_Token], words: QuoteWords) -> tuple[int, int] | None:
    """Read the name before the verb: ``the general said``, ``Jane Doe, the mayor, said``."""
    phrase = 0
    tokens: list[_Token] = []
    for place, token in enumerate(islice(following, 2 * LONGEST_NAME)):
        tokens.append(token)
        if place and token.word in words.verbs:
            phrase = phrase or place
            in_apposition = phrase < place
            if in_apposition and not tokens[place - 1].ends_phrase:
                return None
            return _name(tokens[:phrase], words)
        if token.ends_sentence:
            return None
        if token.ends_phrase and not phrase:
            phrase = place + 1
    return None


def _before(text: str, low: int, start: int) -> tuple[int, int] | None:
    """Find ``The general said: “…`` and ``Jane Doe, the mayor, told reporters on Friday, “…`` in the same sentence."""
    words = quote_words()
    tokens = _sentence_before(text, max(low, start - WINDOW), start)
    if tokens and tokens[0].word == "according":
        return _inverted(tokens[0], iter(tokens[1:]), words)
    verbs = [place for place, token in enumerate(tokens) if place and token.word in words.verbs]
    if not verbs or len(tokens) - verbs[-1] > REACH:
        return None
    return _name_before(tokens[: verbs[-1]], words)


def _name_before(tokens: Sequence[_Token], words: QuoteWords) -> tuple[int, int] | None:
    """Read the name that ends where the verb begins, or before the apposition that does."""
    phrases: list[list[_Token]] = [[]]
    for token in tokens:
        phrases[-1].append(token)
        if token.ends_phrase:
            phrases.append([])
    if phrases[-1]:
        # "Jane Doe, commander of the north said": the second comma was forgotten.
        is_apposition = phrases[-1][0].written[0].islower() and phrases[-1][0].word not in words.determiners
        return _name(phrases[-2] if is_apposition and len(phrases) > 1 else phrases[-1], words)
    return _name(phrases[-3], words) if len(phrases) >= 3 else None


def _name(tokens: Sequence[_Token], words: QuoteWords) -> tuple[int, int] | None:
    """Give the span of a name if it can be one: not too long, no stop word at its head, a capital or an article in it."""
    named = list(tokens)
    while len(named) > 1 and named[0].word in words.openers:
        named = named[1:]
    if not named or len(named) > LONGEST_NAME or named[0].word in words.stops or not named[0].word:
        return None
    capitalised = any(map(str.isupper, "".join([token.written for token in named])))
    return (named[0].start, named[-1].end) if capitalised or named[0].word in words.determiners else None


def _next_mark(text: str, at: int) -> int:
    """Give where the next quotation mark stands, or where the window ends."""
    end = min(len(text), at + WINDOW)
    match = _any_mark().search(text, at, end)
    return match.start() if match else end
