"""Blocks in, what is worth looking at in each out: whether a rule could meet its words, its shape, its marks.

Most paragraphs of a story meet no rule. That is found out for many blocks at once, by regular expressions that Arrow runs on a whole
column; what they pass by needs no further look, and what they do not is looked at with care.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.documents.blocks import BULLETS, LONGEST
from copydesk.documents.rules import Rule, quote_words, rules
from copydesk.documents.texts import Numbers

FIRST, WORDS, HEADING, QUOTES, OPENING, ENDS = 1, 2, 4, 8, 16, 32  # bits of a look
_KEYS = 6  # the bit of the first key; the others follow

_FIRST = re.compile(r"[\W_]*([^\W_]+)")
_LAST = re.compile(r"([^\W_]+)[\W_]*\Z")
_WORD_END = "(?:[^\\p{L}\\p{N}]|$)"
_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]|()]")
# A heading is one line of a few words; it ends in none of these marks (the tail is long enough for those that may close after them),
# does not begin with a small letter or as an item of a list, and has no second sentence: a word of four letters is no abbreviation.
_TAIL = 8
_SENTENCE_END = "[.…:;,][”\"’'»)\\]]*$"
_ONE_LINE = "^[^ \n]+(?: +[^ \n]+){0,24}$"
_LETTER = "[\\p{L}\\p{Nl}\\p{No}]"
_NO_HEADING = f'{_SENTENCE_END}|^\\p{{Ll}}|^[{BULLETS}] +[^ ]|{_LETTER}{{4}}[.!?…][”"»’)]* '
# After a dateline or an agency stands a dash.
_DASH = "—|–|- |\\):"
DATELINE = 160  # characters at the head of a paragraph


class Table(NamedTuple):
    """A table of rules, and the kind of zone that they find."""

    kind: str
    file: str
    table: str


# In the order in which they are tried.
TABLES = (
    Table("dateline", "datelines", "alone"),
    Table("promo", "promo", "promo"),
    Table("boilerplate", "boilerplate", "boilerplate"),
    Table("section_tag", "tags", "section_tag"),
    Table("byline", "credits", "byline"),
    Table("credit", "credits", "credit"),
    Table("agency", "credits", "agency"),
    Table("caption", "captions", "credit"),
    Table("caption", "captions", "wording"),
    Table("related", "tags", "related"),
)


class Entry(NamedTuple):
    """A rule with the kind that it finds and its place in the order."""

    rank: int
    kind: str
    rule: Rule


class Index(NamedTuple):
    """All rules of ``TABLES``, by what their texts must look like."""

    opens: dict[str, tuple[Entry, ...]]  # by first word
    ends: dict[str, tuple[Entry, ...]]  # by last word
    keys: tuple[tuple[str, tuple[Entry, ...]], ...]  # by what finds something in the text: an expression that RE2 reads

    def candidates(self, surface: str, look: int) -> Sequence[Entry]:
        """Give the rules that could match a block that looks so, in their order, but for their length."""
        opened = self.opens.get(_word(_FIRST.match(surface)), ()) if look & FIRST else ()
        if not look & WORDS:
            return opened
        ended = self.ends.get(_word(_LAST.search(surface[-40:])), ()) if look & ENDS else ()
        found = [entries for entries in (opened, ended, _keyed(look >> _KEYS)) if entries]
        if len(found) < 2:
            return found[0] if found else ()
        ranked = {entry.rank: entry for entries in found for entry in entries}
        return [ranked[rank] for rank in sorted(ranked)]


@lru_cache(maxsize=1024)
def _keyed(found: int) -> tuple[Entry, ...]:
    """Give the rules of the keys that were found, one bit each."""
    keys = enumerate(index().keys)
    entries = {entry.rank: entry for number, (_, listed) in keys if found >> number & 1 for entry in listed}
    return tuple(entries[rank] for rank in sorted(entries))


def _word(match: re.Match[str] | None) -> str:
    word = match[1].lower() if match else ""
    return "#" if word.isdecimal() else word


@cache
def index() -> Index:
    """Read all rules and order them by what their texts must look like."""
    entries = [
        Entry(rank, kind, rule)
        for rank, (kind, rule) in enumerate(
            (table.kind, rule) for table in TABLES for rule in rules(table.file, table.table)
        )
    ]
    return Index(
        opens=_by_key(entries, lambda rule: {_word(_FIRST.match(words)) or words for words in rule.opens}),
        ends=_by_key(entries, lambda rule: rule.ends),
        keys=tuple(_by_key(entries, _expressions).items()),
    )


def _expressions(rule: Rule) -> list[str]:
    held = ["|".join(map(_literal, rule.holds))] if rule.holds else []
    return [*held, rule.gate.pattern] if rule.gate else held


def _by_key(entries: Sequence[Entry], keys: Callable[[Rule], Iterable[str]]) -> dict[str, tuple[Entry, ...]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        for key in dict.fromkeys(keys(entry.rule)):
            found.setdefault(key, []).append(entry)
    return {key: tuple(listed) for key, listed in found.items()}


def looks(column: pa.Array) -> Numbers:
    """Give for each block the bits of what it could be: none means a plain paragraph, whatever stands beside it.

    ``FIRST``: it opens as a rule asks; ``WORDS``: it ends so, or holds what one asks for; ``HEADING``: it has the shape of a
    heading; ``QUOTES``: it holds a quotation mark; ``OPENING``: a dash stands near its beginning. With ``WORDS`` go ``ENDS`` and a
    bit for each key of the index. Each block is looked at alone, so that it does not matter which come together.
    """
    short = _are_short(column)
    found = (
        (FIRST, pc.and_(short, pc.match_substring_regex(column, _first_pattern()))),
        (WORDS, pc.and_(short, pc.match_substring_regex(column, _words_pattern()))),
        (HEADING, are_headings(column)),
        (QUOTES, pc.match_substring_regex(column, _marks_pattern())),
        (OPENING, pc.match_substring_regex(pc.utf8_slice_codeunits(column, 0, DATELINE), _DASH)),
    )
    bits = np.zeros(len(column), dtype=np.int64)
    for bit, mask in found:
        bits |= bit * np.asarray(mask, dtype=np.int64)
    worded = np.flatnonzero(bits & WORDS)
    bits[worded] |= _key_bits(column.take(pa.array(worded)))
    return bits


def are_headings(column: pa.Array) -> NDArray[np.bool_]:
    """Say of each block whether it has the shape of a heading: one line of at most 25 words that is no sentence."""
    ended = pc.match_substring_regex(pc.utf8_slice_codeunits(column, -_TAIL), _SENTENCE_END)
    asked = np.flatnonzero(np.asarray(pc.and_not(_are_short(column), ended)))
    few = column.take(pa.array(asked))
    found = np.zeros(len(column), np.bool_)
    found[asked] = pc.and_not(pc.match_substring_regex(few, _ONE_LINE), pc.match_substring_regex(few, _NO_HEADING))
    return found


def _are_short(column: pa.Array) -> pa.Array:
    return pc.less_equal(pc.utf8_length(column), LONGEST)


def look(surface: str) -> int:
    """Give the bits of one block: see ``looks``."""
    return int(looks(pa.array([surface], pa.string()))[0])


def _key_bits(column: pa.Array) -> Numbers:
    """Give for each text the bits of the keys that are in it, and whether it ends as a rule asks."""
    expressions = (_ends_pattern(), *(expression for expression, _ in index().keys))
    bits = np.zeros(len(column), dtype=np.int64)
    for number, expression in enumerate(expressions, start=_KEYS - 1):
        bits |= np.asarray(pc.match_substring_regex(column, expression), dtype=np.int64) << number
    return bits


def _listed() -> list[Rule]:
    return [rule for table in TABLES for rule in rules(table.file, table.table)]


@cache
def _first_pattern() -> str:
    """Give one expression that finds something in every text that opens as a rule asks; a line may break between words."""
    opens = sorted({words for rule in _listed() for words in rule.opens})
    single = [words for words in opens if words.isalnum()]  # what is looked up is the whole first word
    several = [_literal(words).replace(" ", "[ \n]+") for words in opens if not words.isalnum() and words != "#"]
    openings = "|".join([f"(?:{'|'.join(single)}){_WORD_END}", *several, "[0-9]"])
    return f"(?i)^[\\W_]*(?:{openings})"


@cache
def _words_pattern() -> str:
    """Give one expression that finds something in every text that ends as a rule asks, or holds what one asks for."""
    return "(?s)" + "|".join([_ends_pattern(), *(f"(?:{expression})" for expression, _ in index().keys)])


@cache
def _ends_pattern() -> str:
    ends = sorted({word for rule in _listed() for word in rule.ends})
    return f"(?i:(?:{'|'.join(map(_literal, ends))})[\\W_]*$)"


@cache
def _marks_pattern() -> str:
    return "[" + "".join(_literal(opening) for opening, _ in quote_words().marks) + "]"


def _literal(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)
