"""The suggester ``rules``: what can be told from the text alone.

Dates and numbers come from the patterns in ``rules/``, names from the schema's list, residue from the zones of the document.
The schema's ``[suggest]`` says which label a rule gives; a rule that it does not name makes nothing, and a name carries its
own label.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from operator import itemgetter
from typing import Any

import pyarrow as pa

from copydesk.errors import SchemaError
from copydesk.model.document import RESIDUE_ZONES
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import from_tuples
from copydesk.suggestions.names import Name, NameIndex
from copydesk.suggestions.patterns import PatternIndex, pattern_index, rule_names
from copydesk.suggestions.suggester import Found, Setup, Suggester, digest

RESIDUE = "residue"
_VERSION = 2  # higher where the same rules suggest otherwise
_NAME_SCORE = 0.9  # scores rank suggestions; none of them was measured
_VARIANT_SCORE = 0.8
_ZONE_SCORE = 0.9

# A span that one rule proposes: start, end, label, rule, score, and what settles which of two equally long ones stays, the lower.
_Candidate = tuple[int, int, str, str, float, int]
_Zones = Mapping[tuple[str, int], Sequence[tuple[int, int, str]]]


@dataclass(frozen=True, slots=True)
class _Rules:
    """Everything that is looked for in a text."""

    names: NameIndex
    patterns: PatternIndex
    labels: Sequence[str]  # that each rule of ``patterns`` gives
    residue: str | None

    def find(self, text: str, zones: Sequence[tuple[int, int, str]]) -> Iterator[_Candidate]:
        if self.residue is not None:
            for start, end, kind in zones:
                for first, last in _lines(text, start, end):
                    yield first, last, self.residue, f"{RESIDUE}/{kind}", _ZONE_SCORE, 0
        for start, end, name, is_variant in self.names.find(text):
            score = _VARIANT_SCORE if is_variant else _NAME_SCORE
            yield start, end, name.label, "name/variant" if is_variant else "name", score, 1
        for start, end, pattern, number in self.patterns.find(text):
            yield start, end, self.labels[number], pattern.name, pattern.score, 2 + number


class Rules(Suggester):
    """What is known beforehand: names of the schema's list, dates and numbers by pattern, residue by the zones of the document.

    Suggestions of one document never overlap: of two that would, the longer stays, then the earlier, then residue before names
    before dates before numbers. Residue gives one span for each line.
    """

    name = "rules"

    def __init__(self, setup: Setup) -> None:
        """Raises SchemaError where ``[suggest]`` of the schema names a rule that does not exist."""
        self._rules = _rules(setup.schema, setup.names)
        self._version = digest([_VERSION, setup.schema.suggest, [astuple(name) for name in setup.names]])

    @property
    def version(self) -> str:
        """It changes with the names, and with the labels that rules are to give."""
        return self._version

    def suggest(self, documents: pa.Table, *, zones: pa.Table) -> Found:
        """Suggest spans, in the order of the documents and then of ``start``."""
        residue = _residue_zones(zones)
        columns = (documents[name].to_pylist() for name in ("doc_id", "revision", "text"))
        rows: list[tuple[Any, ...]] = [
            (doc_id, start, end, text[start:end], label, rule, score, [])
            for doc_id, revision, text in zip(*columns, strict=True)
            for start, end, label, rule, score, _ in _longest(
                self._rules.find(text, residue.get((doc_id, revision), ()))
            )
        ]
        return Found(from_tuples("suggestions", rows))


def check_rules(schema: LabelSchema) -> None:
    """Raise SchemaError where ``[suggest]`` names a rule that does not exist."""
    known = (*rule_names(), RESIDUE)
    labels = dict(schema.suggest)
    unknown = sorted(set(labels) - set(known))
    if unknown:
        raise SchemaError(
            f"schema {schema.name}: unknown rule {', '.join(map(repr, unknown))} @ $.suggest",
            fix=f"remove it; known are {', '.join(known)}",
        )


def _rules(schema: LabelSchema, names: Sequence[Name]) -> _Rules:
    check_rules(schema)
    labels = dict(schema.suggest)
    named = tuple(name for name in rule_names() if name in labels)
    return _Rules(NameIndex(names), pattern_index(named), [labels[name] for name in named], labels.get(RESIDUE))


def _residue_zones(zones: pa.Table) -> _Zones:
    found: dict[tuple[str, int], list[tuple[int, int, str]]] = {}
    columns = (zones[name].to_pylist() for name in ("doc_id", "revision", "kind", "start", "end"))
    for doc_id, revision, kind, start, end in zip(*columns, strict=True):
        if kind in RESIDUE_ZONES:
            found.setdefault((doc_id, revision), []).append((start, end, kind))
    return found


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give the lines of a zone without the white space around them; empty ones are none."""
    at = start
    for line in text[start:end].split("\n"):
        stripped = line.strip()
        if stripped:
            first = at + line.index(stripped)
            yield first, first + len(stripped)
        at += len(line) + 1


def _longest(candidates: Iterable[_Candidate]) -> Iterator[_Candidate]:
    """Give the candidates that no longer one overlaps, in the order of ``start``."""
    touching: list[_Candidate] = []
    reached = 0
    for one in sorted(candidates, key=itemgetter(0)):
        if one[0] >= reached:
            yield from _longest_of(touching) if len(touching) > 1 else touching
            touching = []
        touching.append(one)
        reached = max(reached, one[1])
    yield from _longest_of(touching)


def _longest_of(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    kept: list[_Candidate] = []
    for one in sorted(candidates, key=_longest_first):
        at = bisect_left(kept, one[:1])
        if (not at or kept[at - 1][1] <= one[0]) and (at == len(kept) or one[1] <= kept[at][0]):
            kept.insert(at, one)
    return kept


def _longest_first(one: _Candidate) -> tuple[int, int, int]:
    start, end, *_, rank = one
    return start - end, start, rank
