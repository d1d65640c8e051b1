"""The blocks of many texts in, their zones out as columns: every visible character in exactly one outer zone, quotes and the like inside.

A block is what a rule claims it to be (``claims``), and a paragraph otherwise. Rows of paragraphs that nothing is known of are made
all at once; what is claimed, and what stands inside, is put among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.blocks import QUOTED, Block, Blocks
from copydesk.documents.claims import Claim, find_claims
from copydesk.documents.quotes import Quotes, find_quotes
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
    """A zone in block ``number``; nobody speaks in it."""

    number: int
    kind: str
    start: int
    end: int
    rule: str


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
    quotes = _quotes(texts, quoting)
    inside = [*_credits(claims), *_openings(blocks, opening.tolist())]
    quoted = set(quotes[0].tolist()) if pages else set()
    for number in (one for page in pages for one in blocks.numbers(page) if is_paragraph[one] and one not in quoted):
        if blocks[number].hint == "quote":
            inside.append(_Inside(number, "quote", *blocks[number][:2], "quote.page"))
    return _together(texts, claims, inside, quotes)


def _credits(claims: Mapping[int, Claim]) -> Iterator[_Inside]:
    for number, (kind, rule, credits) in claims.items():
        if kind != "paragraph":
            for start, end in sorted(credits):
                yield _Inside(number, "credit", start, end, rule)


def _quotes(texts: Texts, numbers: Numbers) -> Quotes:
    """Find the quotations in blocks, with offsets into their texts; one that the next block opens with a mark again may run on into it."""
    following = np.minimum(numbers + 1, len(texts.start) - 1)
    opened = pc.match_substring_regex(texts.surfaces.take(pa.array(following)), f"^[{QUOTED}]")
    goes_on = (following > numbers) & (texts.document[following] == texts.document[numbers])
    quotes = find_quotes(texts.surfaces.take(pa.array(numbers)).to_pylist(), goes_on & np.asarray(opened, np.bool_))
    block = numbers[quotes.block]
    begin = texts.start[block]
    low, high = (np.where(place < 0, _NOWHERE, begin + place) for place in (quotes.speaker_start, quotes.speaker_end))
    return Quotes(block, begin + quotes.start, begin + quotes.end, quotes.is_closed, low, high)


def _together(texts: Texts, claims: Mapping[int, Claim], inside: Sequence[_Inside], quotes: Quotes) -> Zones:
    """Put the blocks, as what they are claimed to be, and what stands inside them in order."""
    names = _Names()
    size = len(texts.start)
    kinds = np.full(size, names.code("paragraph"))
    rules = np.full(size, names.code("paragraph.rest"))
    numbers = list(claims)
    kinds[numbers] = [names.code(claim.kind) for claim in claims.values()]
    rules[numbers] = [names.code(claim.rule) for claim in claims.values()]
    inner = np.array([(one, names.code(kind), *span, names.code(rule)) for one, kind, *span, rule in inside], np.int64)
    quoting = np.where(quotes.is_closed, names.code("quote.marks"), names.code("quote.runs-on"))
    rows = (
        (np.arange(size), kinds, texts.start, texts.end, rules, *_no_speaker(size)),
        (*inner.reshape(-1, len(_Inside._fields)).T, *_no_speaker(len(inside))),
        (quotes.block, np.full(len(quoting), names.code("quote")), quotes.start, quotes.end, quoting, *quotes[4:]),
    )
    block, *columns = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    order = np.argsort(block, kind="stable")
    kind, start, end, rule, low, high = (column[order] for column in columns)
    document = texts.document[block[order]]
    told = _told(texts, claims)
    return Zones(document, names.column(kind), start, end, names.column(rule), low, high, told)


def _no_speaker(size: int) -> tuple[Numbers, Numbers]:
    nowhere = np.full(size, _NOWHERE)
    return nowhere, nowhere


def _told(texts: Texts, claims: Mapping[int, Claim]) -> dict[int, list[Zone]]:
    told: dict[int, list[Zone]] = {}
    numbers = np.array(sorted(number for number, claim in claims.items() if claim.kind in _TOLD), np.int64)
    columns = (column[numbers].tolist() for column in (texts.document, texts.start, texts.end))
    for number, document, start, end in zip(numbers.tolist(), *columns, strict=True):
        told.setdefault(document, []).append(Zone(claims[number].kind, start, end, claims[number].rule))
    return told


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
