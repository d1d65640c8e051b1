"""A text and its zones in, its sentences out: offsets into the text, none of which crosses a zone's end.

Sentencex splits each zone; then what it split after a rank, an initial or the like is joined again (``rules/sentences.toml``). Lines of
lists and tags are cut at their ends, since there is no full stop to go by.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from copydesk.documents.rules import rule_data
from copydesk.model import tables
from copydesk.model.document import Zone

_INITIAL = re.compile(r"(?:^|[\s(“\"'‘.-])[A-ZÀ-ÖØ-Þ]\.$")
_PIECE = re.compile(r"\S+")


def split_sentences(text: str, zones: Sequence[Zone], *, language: str = "en") -> list[tuple[int, int]]:
    """Give the spans of the sentences, in order; every visible character of an outer zone is in exactly one of them."""
    spans: list[tuple[int, int]] = []
    for kind, start, end in _outer(zones):
        parts = _lines(text, start, end) if kind in _words("by_line") else [(start, end)]
        for low, high in parts:
            spans += _joined(text, _split(text, low, high, language))
    return spans


def sentences_of(documents: pa.Table, zones: pa.Table) -> pa.Table:
    """Make the table ``sentences`` of the rows of ``documents`` and their ``zones``."""
    found: dict[tuple[str, int], list[Zone]] = {}
    names = ("doc_id", "revision", "kind", "start", "end", "rule")
    for doc_id, revision, *zone in zip(*(zones.column(name).to_pylist() for name in names), strict=True):
        found.setdefault((doc_id, revision), []).append(Zone(*zone))
    rows: list[tuple[Any, ...]] = []
    columns = (documents.column(name).to_pylist() for name in ("doc_id", "revision", "language", "text"))
    for doc_id, revision, language, text in zip(*columns, strict=True):
        spans = split_sentences(text, found.get((doc_id, revision), ()), language=language or "en")
        rows += ((doc_id, revision, seq, start, end) for seq, (start, end) in enumerate(spans))
    return tables.from_tuples("sentences", rows)


def _outer(zones: Iterable[Zone]) -> Iterator[tuple[str, int, int]]:
    """Give the zones that stand in no other; they are sorted, the outer of two before the inner."""
    reached = 0
    for zone in zones:
        if zone.end > reached:
            reached = zone.end
            yield zone.kind, zone.start, zone.end


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for line in text[start:end].split("\n"):
        if line.strip():
            yield at, at + len(line)
        at += len(line) + 1


def _split(text: str, start: int, end: int, language: str) -> Iterator[tuple[int, int]]:
    """Split one zone by sentencex; blanks at the ends of a sentence belong to none."""
    import sentencex

    at = start
    for sentence in sentencex.segment(language, text[start:end]):
        bare = sentence.strip()
        if bare:
            low = at + len(sentence) - len(sentence.lstrip())
            yield low, low + len(bare)
        at += len(sentence)


def _joined(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and _goes_on(text, joined[-1], (start, end)):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _goes_on(text: str, before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Whether the full stop between two spans ends no sentence."""
    last = text[max(before[0], before[1] - 40) : before[1]].rsplit(maxsplit=1)[-1].lstrip("(“\"‘'")
    match = _PIECE.match(text, after[0], after[1])
    first = match.group() if match else ""
    if not last.endswith(".") or not first:
        return False
    bare = first.rstrip('.,;:)”"’')
    if last in _words("before_name") or _INITIAL.search(text[max(before[0], before[1] - 4) : before[1]]):
        return first[0].isupper() or first[0].isdigit()
    if last in _words("before_number"):
        return first[0].isdigit()
    if last in _words("times"):
        return bool({first, bare} & _words("after_time"))
    return last in _words("before_noun") and bool({first, bare} & _words("nouns"))


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(rule_data("sentences")[name])
