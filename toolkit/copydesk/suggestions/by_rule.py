"""The suggester ``rules``: what can be told from the text alone.

Dates and numbers come from the patterns in ``rules/``, names from the schema's list, residue from the zones of the document.
The schema's ``[suggest]`` says which label a rule gives; a rule that it does not name makes nothing, and a name carries its
own label.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import pyarrow as pa

from copydesk.errors import SchemaError
from copydesk.model.document import RESIDUE_ZONES
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import from_tuples
from copydesk.suggestions.names import Name, NameIndex
from copydesk.suggestions.patterns import Rule, read_rule, rule_names
from copydesk.suggestions.suggester import Found, Setup, Suggester, digest
from copydesk.suggestions.words import tokens

RESIDUE = "residue"
_VERSION = 2  # higher where the same rules suggest otherwise
_NAME_SCORE = 0.9  # scores rank suggestions; none of them was measured
_VARIANT_SCORE = 0.8
_ZONE_SCORE = 0.9

_Zones = Mapping[tuple[str, int], Sequence[tuple[int, int, str]]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A span that one rule proposes. ``rank`` settles which of two equally long ones stays: the lower."""

    start: int
    end: int
    label: str
    rule: str
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class _Rules:
    """Everything that is looked for in a text."""

    names: NameIndex
    patterns: Sequence[tuple[Rule, str]]
    residue: str | None

    def find(self, text: str, zones: Sequence[tuple[int, int, str]]) -> Iterator[_Candidate]:
        if self.residue is not None:
            for start, end, kind in zones:
                for first, last in _lines(text, start, end):
                    yield _Candidate(first, last, self.residue, f"{RESIDUE}/{kind}", _ZONE_SCORE, 0)
        for start, end, name, is_variant in self.names.find(text):
            score = _VARIANT_SCORE if is_variant else _NAME_SCORE
            yield _Candidate(start, end, name.label, "name/variant" if is_variant else "name", score, 1)
        words = tokens(text) if self.patterns else ()
        for rank, (rule, label) in enumerate(self.patterns, start=2):
            for start, end, pattern in rule.find(text, words):
                yield _Candidate(start, end, label, f"{rule.name}/{pattern.name}", pattern.score, rank)


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
            (doc_id, one.start, one.end, text[one.start : one.end], one.label, one.rule, one.score, [])
            for doc_id, revision, text in zip(*columns, strict=True)
            for one in _longest(self._rules.find(text, residue.get((doc_id, revision), ())))
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
    patterns = [(read_rule(name), labels[name]) for name in rule_names() if name in labels]
    return _Rules(NameIndex(names), patterns, labels.get(RESIDUE))


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


def _longest(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """Keep the candidates that no longer one overlaps, in the order of ``start``."""
    starts: list[int] = []
    kept: list[_Candidate] = []
    for one in sorted(candidates, key=lambda one: (one.start - one.end, one.start, one.rank)):
        at = bisect_left(starts, one.start)
        before_ends = kept[at - 1].end if at else 0
        after_starts = starts[at] if at < len(starts) else one.end
        if before_ends <= one.start and one.end <= after_starts:
            starts.insert(at, one.start)
            kept.insert(at, one)
    return kept
