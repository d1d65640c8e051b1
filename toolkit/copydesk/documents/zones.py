"""The blocks of many texts in, their zones out as columns: every visible character in exactly one outer zone, quotes and the like inside.

A block is what a rule claims it to be (``claims``), and a paragraph otherwise. Rows of paragraphs that nothing is known of are made
all at once; what is claimed, and what stands inside, is put among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from copydesk.documents.blocks import Block, Blocks
from copydesk.documents.claims import Claim, find_claims
from copydesk.documents.quotes import find_quotes
from copydesk.documents.repeated import Lines
from copydesk.documents.rules import rules
from copydesk.documents.texts import Numbers, Texts
from copydesk.documents.wording import DATELINE, OPENING, QUOTES, looks
from copydesk.model.document import Zone

_NOWHERE = -1
_TOLD = frozenset({"headline", "byline", "dateline"})  # what says who made an article, and when


class Zones(NamedTuple):
    """The zones of many texts, sorted by start; of two that start together the outer comes first.

    ``document`` is the number of the zone's text; ``speaker_start`` and ``speaker_end`` are -1 where there is none. ``told`` are, of each
    text that has some, the blocks which say what the article is called, who made it, and when.
    """

    document: Numbers
    kind: pa.Array
    start: Numbers
    end: Numbers
    rule: pa.Array
    speaker_start: Numbers
    speaker_end: Numbers
    told: Mapping[int, Sequence[Zone]]

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


class _Inside(NamedTuple):
    """A zone in block ``number``, and where the words of its speaker are."""

    number: int
    kind: str
    start: int
    end: int
    rule: str
    speaker_start: int = _NOWHERE
    speaker_end: int = _NOWHERE


def find_zones(texts: Texts, readings: Sequence[Reading]) -> Zones:
    """Find the zones of texts; there is a reading for each."""
    looked = looks(texts.surfaces)
    pages = {number: reading.page for number, reading in enumerate(readings) if reading.page}
    blocks = Blocks(texts, pages=pages, gaps=[reading.gaps for reading in readings])
    claims = find_claims(blocks, looked, pages=list(pages), repeated=[reading.repeated for reading in readings])
    is_paragraph = np.ones(len(looked), np.bool_)
    is_paragraph[[number for number, claim in claims.items() if claim.kind != "paragraph"]] = False
    opening = np.flatnonzero(is_paragraph & ((looked & OPENING) != 0))
    quoting = np.flatnonzero(is_paragraph & ((looked & QUOTES) != 0))
    inside = [*_credits(claims), *_openings(blocks, opening.tolist()), *_quotes(blocks, quoting.tolist())]
    quoted = {zone.number for zone in inside if zone.kind == "quote"}
    for number in (one for page in pages for one in blocks.numbers(page) if is_paragraph[one] and one not in quoted):
        if blocks[number].hint == "quote":
            inside.append(_Inside(number, "quote", *blocks[number][:2], "quote.page"))
    return _together(texts, claims, inside)


def _credits(claims: Mapping[int, Claim]) -> Iterator[_Inside]:
    for number, (kind, rule, credits) in claims.items():
        if kind != "paragraph":
            for start, end in sorted(credits):
                yield _Inside(number, "credit", start, end, rule)


def _quotes(blocks: Blocks, numbers: Sequence[int]) -> Iterator[_Inside]:
    """Find the quotations in blocks; one that the next block opens with a mark again may run on into it."""
    for number in numbers:
        block, is_last = blocks[number], blocks.place(number) + 1 == blocks.size(number)
        for start, end, rule, speaker in find_quotes(
            block.surface, runs_on=not is_last and blocks[number + 1].is_quoted
        ):
            low, high = (block.start + speaker[0], block.start + speaker[1]) if speaker else (_NOWHERE, _NOWHERE)
            yield _Inside(number, "quote", block.start + start, block.start + end, rule, low, high)


def _together(texts: Texts, claims: Mapping[int, Claim], inside: Sequence[_Inside]) -> Zones:
    """Put the blocks, as what they are claimed to be, and what stands inside them in order."""
    names = _Names()
    size = len(texts.start)
    kinds = np.full(size, names.code("paragraph"))
    rules = np.full(size, names.code("paragraph.rest"))
    numbers = list(claims)
    kinds[numbers] = [names.code(claim.kind) for claim in claims.values()]
    rules[numbers] = [names.code(claim.rule) for claim in claims.values()]
    nowhere = np.full(size, _NOWHERE)
    outer = (np.arange(size), kinds, texts.start, texts.end, rules, nowhere, nowhere)
    inner = np.array(
        [
            (number, names.code(kind), start, end, names.code(rule), *speaker)
            for number, kind, start, end, rule, *speaker in inside
        ],
        np.int64,
    ).reshape(-1, len(_Inside._fields))
    block, *columns = (np.concatenate(pair) for pair in zip(outer, inner.T, strict=True))
    order = np.argsort(block, kind="stable")
    kind, start, end, rule, low, high = (column[order] for column in columns)
    told: dict[int, list[Zone]] = {}
    for number in sorted(number for number, claim in claims.items() if claim.kind in _TOLD):
        zone = Zone(claims[number].kind, int(texts.start[number]), int(texts.end[number]), claims[number].rule)
        told.setdefault(int(texts.document[number]), []).append(zone)
    document = texts.document[block[order]]
    return Zones(document, names.column(kind), start, end, names.column(rule), low, high, told)


class _Names(dict[str, int]):
    """Names as numbers, in the order in which they were met."""

    def code(self, name: str) -> int:
        """Give the number of a name."""
        return self.setdefault(name, len(self))

    def column(self, codes: Numbers) -> pa.Array:
        """Give the names of numbers."""
        return pa.array(list(self)).take(pa.array(codes))


def _openings(blocks: Blocks, numbers: Sequence[int]) -> Iterator[_Inside]:
    """Find the datelines and agencies before the first sentences of paragraphs; a dash stands after them."""
    for number in numbers:
        block = blocks[number]
        head = block.surface[:DATELINE]
        matches = ((rule, rule.pattern.match(head)) for rule in rules("datelines", "dateline"))
        rule, match = next(((rule, match) for rule, match in matches if match), (None, None))
        if rule and match:
            for group in rule.pattern.groupindex:
                low, high = match.span(group)
                if low >= 0:
                    yield _Inside(number, group.split("_")[0], block.start + low, block.start + high, rule.name)
