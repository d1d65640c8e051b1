"""The blocks of many texts in, their zones out as columns: every visible character in exactly one outer zone, quotes and the like inside.

A block is what a rule claims it to be (``claims``), and a paragraph otherwise. Rows of paragraphs that nothing is known of are made
all at once; what is claimed, and what stands inside, is put among them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from copydesk.documents.blocks import QUOTED, Block, Blocks
from copydesk.documents.claims import Claim, find_claims
from copydesk.documents.quotes import Quote, find_quotes
from copydesk.documents.repeated import Lines
from copydesk.documents.rules import Rule, rules
from copydesk.documents.texts import Numbers, Texts
from copydesk.documents.wording import DATELINE, OPENING, QUOTES, looks
from copydesk.model.document import Zone

_PARAGRAPH = ("paragraph", "paragraph.rest")
_NOWHERE = -1


class Zones(NamedTuple):
    """The zones of many texts, sorted by start; of two that start together the outer comes first.

    ``document`` is the number of the zone's text; ``speaker_start`` and ``speaker_end`` are -1 where there is none. ``claimed`` are, of each
    text, the blocks that a rule claims.
    """

    document: Numbers
    kind: pa.Array
    start: Numbers
    end: Numbers
    rule: pa.Array
    speaker_start: Numbers
    speaker_end: Numbers
    claimed: Sequence[Sequence[Zone]]

    def of(self, number: int) -> tuple[Zone, ...]:
        """Give the zones of one text."""
        rows = np.flatnonzero(self.document == number)
        columns = [column.take(pa.array(rows)).to_pylist() for column in (self.kind, self.rule)]
        kinds, names = columns
        places = zip(*(column[rows].tolist() for column in (self.start, self.end, *self[5:7])), strict=True)
        return tuple(
            Zone(kind, start, end, rule, (low, high) if low >= 0 else None)
            for kind, rule, (start, end, low, high) in zip(kinds, names, places, strict=True)
        )


class Reading(NamedTuple):
    """What is known of a text beside its words: ``page`` are its blocks with what the page said of each, where it is one; ``gaps`` the
    blank lines between its blocks, where they are not all the same; ``repeated`` the lines that repeat in its source.
    """

    page: Sequence[Block] = ()
    gaps: Sequence[int] = ()
    repeated: Lines | None = None


def find_zones(texts: Texts, readings: Sequence[Reading]) -> Zones:
    """Find the zones of texts; there is a reading for each."""
    looked: list[int] = looks(texts.surfaces).tolist()
    first, starts, ends = texts.first.tolist(), texts.start.tolist(), texts.end.tolist()
    rows = _Rows(starts, ends)
    for number, (text, reading) in enumerate(zip(texts.texts, readings, strict=True)):
        low, high = first[number], first[number + 1]
        blocks = Blocks(text, starts=starts[low:high], ends=ends[low:high], gaps=reading.gaps)
        blocks.update(enumerate(reading.page))
        found = looked[low:high]
        claims = find_claims(blocks, found, is_page=bool(reading.page), repeated=reading.repeated)
        rows.claimed.append([rows.claim(low + place, claim) for place, claim in enumerate(claims) if claim])
        for place, look in enumerate(found):
            if look & (OPENING | QUOTES) or reading.page:
                claim = claims[place]
                if claim is None or claim.kind == "paragraph":
                    _look_inside(rows, low, blocks, place, look)
    return rows.zones(texts)


def _look_inside(rows: _Rows, first: int, blocks: Blocks, place: int, look: int) -> None:
    """Find what stands inside a paragraph: its dateline, its quotations."""
    block, number = blocks[place], first + place
    if look & OPENING:
        for zone in _opening(block):
            rows.inside(number, zone)
    if look & QUOTES:
        next_start = blocks.starts[place + 1] if place + 1 < len(blocks.starts) else -1
        quotes = find_quotes(block.surface, runs_on=next_start >= 0 and blocks.text[next_start] in QUOTED)
        for quote in quotes:
            rows.quote(number, block.start, quote)
        if quotes:
            return
    if block.hint == "quote":
        rows.inside(number, Zone("quote", block.start, block.end, "quote.page"))


class _Rows:
    """Zones in the making: what is claimed of which block, and what stands inside which; all others are paragraphs."""

    def __init__(self, starts: Sequence[int], ends: Sequence[int]) -> None:
        self.claimed: list[list[Zone]] = []
        self._starts, self._ends = starts, ends
        self._names: dict[str, int] = {name: code for code, name in enumerate(_PARAGRAPH)}
        self._quote = self._code("quote")
        self._claims: list[tuple[int, int, int]] = []  # block, code of the kind, code of the rule
        self._inside: list[tuple[int, int, int, int, int, int, int]] = []  # block, then as in Zones

    def claim(self, block: int, claim: Claim) -> Zone:
        """Note what a block is claimed to be, with the credits in it."""
        kind, rule, credits = claim
        self._claims.append((block, self._code(kind), self._code(rule)))
        if kind != "paragraph":
            for start, end in sorted(credits):
                self.inside(block, Zone("credit", start, end, rule))
        return Zone(kind, self._starts[block], self._ends[block], rule)

    def inside(self, block: int, zone: Zone) -> None:
        """Note a zone that stands inside a block and has no speaker."""
        kind, start, end, rule, _ = zone
        self._inside.append((block, self._code(kind), start, end, self._code(rule), _NOWHERE, _NOWHERE))

    def quote(self, block: int, at: int, quote: Quote) -> None:
        """Note a quotation of a block that begins at ``at``."""
        start, end, rule, speaker = quote
        low, high = (at + speaker[0], at + speaker[1]) if speaker else (_NOWHERE, _NOWHERE)
        self._inside.append((block, self._quote, at + start, at + end, self._code(rule), low, high))

    def _code(self, name: str) -> int:
        return self._names.setdefault(name, len(self._names))

    def zones(self, texts: Texts) -> Zones:
        """Put all together, in order."""
        size = len(texts.start)
        claims = np.array(self._claims, np.int64).reshape(-1, 3)
        inside = np.array(self._inside, np.int64).reshape(-1, 7)
        kinds, rules = np.zeros(size, np.int64), np.ones(size, np.int64)
        kinds[claims[:, 0]], rules[claims[:, 0]] = claims[:, 1], claims[:, 2]
        nowhere = np.full(size, _NOWHERE)
        outer = (np.arange(size), kinds, texts.start, texts.end, rules, nowhere, nowhere)
        block, *columns = (np.concatenate(pair) for pair in zip(outer, inside.T, strict=True))
        order = np.argsort(block, kind="stable")
        kind, start, end, rule, low, high = (column[order] for column in columns)
        names = pa.array(list(self._names))
        document = texts.document[block[order]]
        return Zones(
            document, names.take(pa.array(kind)), start, end, names.take(pa.array(rule)), low, high, self.claimed
        )


def _opening(block: Block) -> list[Zone]:
    """Find the dateline and the agency before the first sentence of a paragraph; a dash stands after them."""
    head = block.surface[:DATELINE]
    for rule in rules("datelines", "dateline"):
        match = rule.pattern.match(head)
        if match:
            return _opening_zones(block.start, rule, match)
    return []


def _opening_zones(start: int, rule: Rule, match: re.Match[str]) -> list[Zone]:
    spans = [(group.split("_")[0], match.span(group)) for group in rule.pattern.groupindex]
    return [Zone(kind, start + low, start + high, rule.name) for kind, (low, high) in spans if low >= 0]
