"""A text and its zones go in, blocks come out: a zone, or a line that lies in none, as the tokens that are tagged.

A token is a word, or a letter of a script that is written without spaces, or any other visible character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from copydesk.suggestions.words import word_class

BARE = "bare"  # the kind of what lies in no zone
_UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_LONGEST = 1_000  # tokens; a longer block is cut, so that memory is bounded

Zones = Sequence[tuple[int, int, str]]  # start, end and kind


@dataclass(frozen=True, slots=True)
class Block:
    """The tokens of a block, and where each begins and ends in the text."""

    kind: str
    tokens: Sequence[str]
    places: Sequence[tuple[int, int]]


def blocks_of(text: str, zones: Zones) -> Iterator[Block]:
    """Give the blocks of a text that hold a token, in order; a zone inside another makes none."""
    for start, end, kind in _parts(text, zones):
        found = [(one.group(), one.span()) for one in _token_pattern().finditer(text, start, end)]
        for first in range(0, len(found), _LONGEST):
            tokens, places = zip(*found[first : first + _LONGEST], strict=True)
            yield Block(kind, tokens, places)


def zones_by_document(zones: pa.Table) -> dict[tuple[str, int], list[tuple[int, int, str]]]:
    """Give the zones of each revision of a document."""
    found: dict[tuple[str, int], list[tuple[int, int, str]]] = {}
    columns = (zones[name].to_pylist() for name in ("doc_id", "revision", "start", "end", "kind"))
    for doc_id, revision, start, end, kind in zip(*columns, strict=True):
        found.setdefault((doc_id, revision), []).append((start, end, kind))
    return found


@cache
def _token_pattern() -> re.Pattern[str]:
    marks = word_class().removeprefix(r"\w")  # and joiners
    return re.compile(rf"[{_UNSPACED}][{marks}]*|(?:[^\W{_UNSPACED}]+|[{marks}])+|\S")


def _parts(text: str, zones: Iterable[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    reached = 0
    for start, end, kind in sorted(zones, key=lambda zone: (zone[0], -zone[1], zone[2])):
        if start >= reached:
            yield from _lines(text, reached, start)
            yield start, end, kind
            reached = end
    yield from _lines(text, reached, len(text))


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    at = start
    for line in text[start:end].split("\n"):
        yield at, at + len(line), BARE
        at += len(line) + 1
