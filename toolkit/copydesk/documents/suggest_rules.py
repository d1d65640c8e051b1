"""Residue that annotators marked in, rules for it out: patterns with their support, as text for the rule files.

A line that was marked becomes a pattern of the whole block, in which any number stands for a number and any month for a month. Lines that
a rule finds already are left out. Nothing is decided here: a person reads the support and the counter-examples, and pastes what is good.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from copydesk.documents.repeated import origin_of
from copydesk.documents.wording import index, look

EXAMPLES = 3
_MONTHS = "jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec"
_CHANGING = re.compile(rf"(?P<month>\b(?:{_MONTHS})[a-z]*\.?(?=[ ,]+\d)|(?<=\d )(?:{_MONTHS})[a-z]*\b)|(?P<number>\d+)|(?P<quote>['’])|(?P<blank>\s+)", re.IGNORECASE)  # fmt: skip
_WRITTEN = {"month": rf"(?:{_MONTHS})[a-z]*\.?", "number": r"\d+", "quote": "['’]", "blank": " "}
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


@dataclass(frozen=True, slots=True)
class Suggested:
    """A rule that the annotators' work suggests.

    ``documents`` and ``sources`` say where lines like it were marked; ``unmarked`` counts the lines like it that readers of other
    documents left alone, with some of them in ``counter_examples``.
    """

    pattern: str
    documents: int
    sources: int
    unmarked: int
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...] = ()


@dataclass(slots=True)
class _Support:
    """Where lines of one pattern were marked."""

    documents: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    examples: dict[str, None] = field(default_factory=dict)


def suggest_rules(spans: pa.Table, documents: pa.Table, *, label: str, fewest: int = 2) -> list[Suggested]:
    """Suggest rules from the ``spans`` that have ``label``, the best supported first.

    ``documents`` are those that were read, whatever was found in them: what stands unmarked in them speaks against a rule. A rule
    needs ``fewest`` documents.
    """
    texts: dict[str, str] = dict(_columns(documents, "doc_id", "text"))
    origins = {
        doc_id: origin_of(publisher, url, None) or doc_id
        for doc_id, publisher, url in _columns(documents, "doc_id", "publisher", "url")
    }
    marked = [
        (doc_id, line)
        for doc_id, name, surface in _columns(spans, "doc_id", "label", "surface")
        if name == label and doc_id in texts
        for line in _lines(surface)
    ]
    found: dict[str, _Support] = {}
    for doc_id, line in marked:
        support = found.setdefault(pattern_of(line), _Support())
        support.documents.add(doc_id)
        support.sources.add(origins[doc_id])
        support.examples[line] = None
    new = {
        pattern: one
        for pattern, one in found.items()
        if len(one.documents) >= fewest and not all(map(is_known, one.examples))
    }
    against = _unmarked(texts, set(marked), new)
    suggested = [_suggested(pattern, support, against[pattern]) for pattern, support in new.items()]
    return sorted(suggested, key=lambda one: (-one.documents, -one.sources, one.unmarked, one.pattern))


def pattern_of(line: str) -> str:
    """Make the pattern of a line: literal but for numbers, the names of months beside them, apostrophes and blanks."""
    parts: list[str] = []
    at = 0
    for match in _CHANGING.finditer(line):
        parts += (re.escape(line[at : match.start()]), _WRITTEN[match.lastgroup or "blank"])
        at = match.end()
    return "".join([*parts, re.escape(line[at:])]).replace(r"\ ", " ")


def is_known(line: str) -> bool:
    """Whether a rule finds the line already."""
    entries = index().candidates(line, look(line))
    return any(len(line) <= one.rule.longest and one.rule.pattern.fullmatch(line) for one in entries)


def to_toml(suggested: Sequence[Suggested]) -> str:
    """Write rules as ``boilerplate.toml`` has them, each with its support in a comment; names are to be given by who pastes them."""
    return "\n".join(_rule(number, one) for number, one in enumerate(suggested, 1))


def _rule(number: int, one: Suggested) -> str:
    quoted = (json.dumps(example, ensure_ascii=False) for example in one.examples)
    word = _WORD.search(one.examples[0])
    opens = "#" if word and word[0].isdecimal() else word[0].lower() if word else ""
    condition = f"opens = [{json.dumps(opens, ensure_ascii=False)}]" if word else "gate = '^'"
    counter = json.dumps(f"“{one.examples[0]}” was all that it said.", ensure_ascii=False)
    lines = [
        f"# Marked in {one.documents} documents of {one.sources} sources; {one.unmarked} lines like it were left unmarked.",
        *(f"# Unmarked: {json.dumps(example, ensure_ascii=False)}" for example in one.counter_examples),
        "[[boilerplate]]",
        f'name = "boilerplate.suggested-{number}"',
        condition,
        f"pattern = '''{one.pattern}'''",
        f"yes = [{', '.join(quoted)}]",
        f"no = [{counter}]",
    ]
    return "\n".join(lines) + "\n"


def _suggested(pattern: str, support: _Support, unmarked: Sequence[str]) -> Suggested:
    return Suggested(
        pattern=pattern,
        documents=len(support.documents),
        sources=len(support.sources),
        unmarked=len(unmarked),
        examples=tuple(sorted(support.examples)[:EXAMPLES]),
        counter_examples=tuple(sorted(set(unmarked))[:EXAMPLES]),
    )


def _unmarked(texts: Mapping[str, str], marked: set[tuple[str, str]], patterns: Iterable[str]) -> dict[str, list[str]]:
    """Give, for each pattern, the lines of documents that it would match and nobody marked."""
    against: dict[str, list[str]] = {pattern: [] for pattern in patterns}
    for doc_id, text in texts.items():
        for line in _lines(text):
            pattern = pattern_of(line)
            if pattern in against and (doc_id, line) not in marked:
                against[pattern].append(line)
    return against


def _lines(text: str) -> Iterator[str]:
    return (" ".join(line.split()) for line in text.split("\n") if line.strip())


def _columns(table: pa.Table, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(table.column(name).to_pylist() for name in names), strict=True)
