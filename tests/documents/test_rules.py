"""Rules are data with examples: each must match its own and must not match its counter-examples."""

from __future__ import annotations

import unicodedata

import pytest

from copydesk.documents.canonical import _SAFE
from copydesk.documents.rules import Rule, html_facts, html_names, quote_words, rules
from copydesk.documents.wording import OPENING, TABLES, index, look

ALL = [(table.table, rule) for table in TABLES for rule in rules(table.file, table.table)]
ALL += [("dateline", rule) for rule in rules("datelines", "dateline")]


def _matches(table: str, rule: Rule, text: str) -> bool:
    if table == "dateline":
        return bool(look(text) & OPENING) and rule.pattern.match(text) is not None
    is_tried = any(entry.rule == rule for entry in index().candidates(text, look(text)))
    return is_tried and len(text) <= rule.longest and rule.pattern.fullmatch(text) is not None


@pytest.mark.parametrize(("table", "rule"), ALL, ids=lambda part: part.name if isinstance(part, Rule) else "")
def test_a_rule_matches_its_examples_and_none_of_its_counter_examples(table: str, rule: Rule) -> None:
    assert rule.yes
    assert rule.no
    assert [text for text in rule.yes if not _matches(table, rule, text)] == []
    assert [text for text in rule.no if _matches(table, rule, text)] == []


def test_no_two_rules_share_a_name() -> None:
    names = [rule.name for _, rule in ALL]
    assert len(names) == len(set(names))


def test_word_lists_are_in_lower_case_because_they_are_compared_so() -> None:
    words = quote_words()
    listed = words.verbs | words.openers | words.stops | words.determiners | words.abbreviations
    names = html_names()
    listed |= names.block | names.void | names.raw | {word for marks in names.marks.values() for word in marks}
    listed |= {word for told in html_facts().values() for word in told}
    assert [word for word in listed if word != word.lower()] == []


def test_no_character_before_which_normalisation_stops_ever_composes_with_what_stands_before() -> None:
    composing = _composing()
    for low, high in _ranges(_SAFE):
        for code in range(low, high + 1):
            character = chr(code)
            assert unicodedata.combining(character) == 0, hex(code)
            assert unicodedata.is_normalized("NFC", character), hex(code)
            assert character not in composing, hex(code)


def _ranges(written: str) -> list[tuple[int, int]]:
    parts = [written[at : at + 3] for at in range(0, len(written), 3)]
    return [(ord(part[0]), ord(part[2])) for part in parts]


def _composing() -> set[str]:
    """Give every character that Unicode can compose with one before it."""
    found = {chr(code) for code in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    for code in range(0x110000):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            found.add(chr(int(parts[1], 16)))
    return found
