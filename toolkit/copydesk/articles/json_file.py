"""A JSON file in, its entries out: a list of articles, a JSON Feed, an object that holds a list of them, or one article."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from copydesk.articles.columns import resolve, usual_names
from copydesk.articles.entry import At, Entry, refused
from copydesk.articles.json_feed import is_json_feed, read_json_feed
from copydesk.articles.rows import from_row
from copydesk.articles.streams import BLOCK, InputFault, as_utf8, whole
from copydesk.articles.strict_json import JsonFault, parse, parse_at
from copydesk.model.reading import Limits

_SPACE = re.compile(r"\s*")
_NOT_JSON = "not JSON from here on (fix: write the file anew; what stands before was read)"


def read_json(stream: io.BufferedReader, at: At) -> Iterator[Entry]:
    """Give the articles of a JSON file. A list is read element by element; an object is held in memory whole."""
    text = as_utf8(stream)
    if text.peek(BLOCK).lstrip()[:1] == b"[":
        return (_element(at, one, number) for number, one in elements(text, at.limits))
    return _object(text, at)


def _object(text: io.BufferedReader, at: At) -> Iterator[Entry]:
    raw = whole(text, limit=at.limits.max_whole_bytes, setting="max_whole_bytes")
    try:
        value = parse(raw.decode("utf-8"), max_depth=at.limits.max_depth)
    except JsonFault as fault:
        raise InputFault(fault.reason, fault.detail) from fault
    except UnicodeDecodeError as error:
        raise InputFault("undecodable", f"not valid UTF-8: {error} (fix: save the file as UTF-8)") from error
    if not isinstance(value, dict):
        raise InputFault("not-an-article", "neither a list nor an object (fix: write a list of objects)")
    if is_json_feed(value):
        yield from read_json_feed(value, at)
        return
    listed = _list_in(value)
    if listed is not None and resolve(tuple(value), at.options.columns).fault:
        for number, one in enumerate(listed, 1):
            yield _element(at, one, number)
    else:
        yield from_row(at, value, number=1, place="the object")


def _list_in(value: Mapping[str, Any]) -> list[Any] | None:
    return next((found for name in usual_names()["lists"] if isinstance(found := value.get(name), list)), None)


def _element(at: At, value: Any, number: int) -> Entry:
    place = f"element {number}"
    if isinstance(value, dict):
        return from_row(at, value, number=number, place=place)
    detail = "the element is no object (fix: write a list of objects)"
    return refused(at, number=number, place=place, reason="not-an-article", detail=detail)


def elements(stream: io.BufferedReader, limits: Limits) -> Iterator[tuple[int, Any]]:
    """Give the elements of a JSON list in UTF-8, each with its number from 1, of which one at a time is held in memory.

    Raises InputFault where the list is damaged, after what stands whole before.
    """
    text = _Buffer(stream, limit=limits.max_bytes)
    text.take(1)
    number = 0
    while text.next_sign() not in {"]", ""}:
        number += 1
        if number > 1 and not text.takes(","):
            raise InputFault("not-json", f"no comma before element {number}; {_NOT_JSON}")
        yield number, _parsed(text, number, limits)
    if not text.takes("]"):
        raise InputFault("truncated", f"the list ends after element {number} without its bracket (fix: get it again)")
    if text.next_sign():
        raise InputFault("not-json", f"something follows the list; {_NOT_JSON}")


def _parsed(text: _Buffer, number: int, limits: Limits) -> Any:
    try:
        found = text.value(max_depth=limits.max_depth)
    except JsonFault as fault:
        raise InputFault(fault.reason, f"element {number}: {fault.detail}") from fault
    if found is None:
        limit = f"or it has more bytes than [ingest] max_bytes, {limits.max_bytes:,}"
        raise InputFault("not-json", f"element {number} is {_NOT_JSON}; {limit}")
    return found[0]


class _Buffer:
    """The part of a JSON text that is being read; it grows until a value fits, and no further than the limit."""

    def __init__(self, stream: io.BufferedReader, *, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._ended = False

    def next_sign(self) -> str:
        """Give the next character that is no space; empty at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text) or not self._grow(BLOCK):
                return self._text[self._at : self._at + 1]

    def take(self, count: int) -> None:
        """Step over space and so many characters."""
        self.next_sign()
        self._at += count

    def takes(self, sign: str) -> bool:
        """Step over a sign if it is the next."""
        if self.next_sign() != sign:
            return False
        self._at += 1
        return True

    def value(self, *, max_depth: int) -> tuple[Any] | None:
        """Read the value that is next; ``None`` where there is none within the limit."""
        self.next_sign()
        while True:
            found = parse_at(self._text, self._at, max_depth=max_depth)
            # A number may go on in what was not read yet.
            if found and (found[1] < len(self._text) or self._ended):
                self._at = found[1]
                return (found[0],)
            have = len(self._text) - self._at
            if have > self._limit or not self._grow(max(BLOCK, have)):
                return None

    def _grow(self, count: int) -> bool:
        """Read on; what was used is forgotten."""
        if self._ended:
            return False
        block = self._stream.read(count)
        self._ended = not block
        try:
            more = self._decoder.decode(block, final=self._ended)
        except UnicodeDecodeError as error:
            raise InputFault("undecodable", f"not valid UTF-8: {error} (fix: save the file as UTF-8)") from error
        self._text = self._text[self._at :] + more
        self._at = 0
        return True
