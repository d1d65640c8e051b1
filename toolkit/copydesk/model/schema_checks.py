"""The ``[[checks]]`` of a schema go in, checks come out, or what is wrong with them: what must hold of its labels beyond their kind.

A check says on which table it stands (``on``), its ``rule``, a sentence (``say``), and what the rule asks for::

    [[checks]]
    name = "territory_has_a_place"
    on = "events"
    rule = "argument"
    labels = ["TERRITORY"]
    roles = ["place"]
    say = "A change of control says of what place."

Validation makes an expectation of each. ``labels`` and ``when`` (values of attributes) choose the rows that it speaks of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from copydesk.model.schema_parts import Attribute

SEVERITIES = ("error", "warning")
KINDS = ("number", "date")
LISTS = {
    "events": ("trigger_span_ids", "part_of"),
    "claims": (
        "span_ids",
        "content_span_ids",
        "contents",
        "sources",
        "source_names",
        "source_span_ids",
        "cues",
        "contradicts",
        "supports",
    ),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a rule may stand, which keys it needs, and which it may have."""

    on: tuple[str, ...]
    needs: tuple[str, ...]
    may: tuple[str, ...] = ()


_ROWS = ("labels", "when")
RULES: Mapping[str, Rule] = {
    "argument": Rule(("events",), ("roles",), _ROWS),  # at least one in any of these roles
    "role": Rule(("arguments",), ("roles", "labels")),  # an argument in these roles has one of these labels
    "filled": Rule(("events", "claims"), ("columns",), _ROWS),  # none of these lists is empty
    "attribute": Rule(
        ("spans", "events", "claims"), ("attribute",), (*_ROWS, "required", "one_of", "kind", "least", "most")
    ),
    "said": Rule(("categories",), ("category",)),  # everybody who read a document said it
    "joined": Rule(("spans",), ("relations",), _ROWS),  # is an end of one of these relations
    "apart": Rule(("spans",), ("labels",), ("others",)),  # overlaps none of the others; of none where they are left out
    "beside": Rule(("spans",), ("pattern",), _ROWS),  # the two characters before or after match it
    "alike": Rule(
        ("relations",), ("relations", "of")
    ),  # both ends have the same label, surface, or value of an attribute
    "unlike": Rule(("relations",), ("relations", "of")),
    "single": Rule(("relations",), ("relations", "end")),  # the span at this end has one such relation at the most
}
_LISTED = frozenset({"labels", "roles", "columns", "one_of", "relations", "others"})
_COMMON = ("name", "on", "rule", "say")


@dataclass(frozen=True, slots=True)
class Check:
    """What must hold of a row; ``asks`` are the keys of its rule, as plain JSON values. ``on`` is the table it stands on."""

    name: str
    on: str
    rule: str
    say: str
    severity: str
    asks: tuple[tuple[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """Give the check as plain JSON."""
        asks = {key: list(value) if isinstance(value, tuple) else value for key, value in self.asks}
        if "when" in asks:
            asks["when"] = [list(pair) for pair in asks["when"]]
        return {
            "name": self.name,
            "on": self.on,
            "rule": self.rule,
            "say": self.say,
            "severity": self.severity,
            "asks": asks,
        }


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a schema that checks may use."""

    labels: Sequence[str]
    relations: Sequence[str]
    roles: Sequence[str]
    attributes: Mapping[str, Attribute]
    categories: Sequence[str]


def read_checks(rows: object, names: Names) -> tuple[tuple[Check, ...], list[str]]:
    """Read the checks of a schema, and all that is wrong with them, each with its place and the fix."""
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        return (), ["expected a list of tables @ $.checks (fix: write [[checks]])"]
    wrong: list[str] = []
    checks = tuple(_check(row, f"$.checks[{number}]", names, wrong) for number, row in enumerate(rows))
    listed = [check.name for check in checks]
    wrong += [
        f"check {name!r} stands twice @ $.checks (fix: remove one)"
        for name in sorted(set(listed))
        if listed.count(name) > 1
    ]
    return checks, wrong


def _check(row: Mapping[str, Any], path: str, names: Names, wrong: list[str]) -> Check:
    texts = {key: _text(row, key, path, wrong) for key in _COMMON}
    severity = row.get("severity", SEVERITIES[0])
    if severity not in SEVERITIES:
        wrong.append(f"unknown severity {severity!r} @ {path}.severity (fix: one of {', '.join(SEVERITIES)})")
    rule = RULES.get(texts["rule"])
    asks = {key: value for key, value in row.items() if key not in {*_COMMON, "severity"}}
    if rule is None:
        wrong.append(f"unknown rule {texts['rule']!r} @ {path}.rule (fix: one of {', '.join(RULES)})")
    else:
        wrong += _rule_faults(rule, texts, asks, path)
        wrong += [fault for key, value in asks.items() for fault in _value_faults(key, value, texts["on"], names, path)]
    if "when" in asks and isinstance(asks["when"], Mapping):
        asks["when"] = tuple(sorted((str(key), str(value)) for key, value in asks["when"].items()))
    frozen = {key: tuple(value) if isinstance(value, list) else value for key, value in asks.items()}
    return Check(**texts, severity=str(severity), asks=tuple(sorted(frozen.items())))


def _text(row: Mapping[str, Any], key: str, path: str, wrong: list[str]) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value:
        wrong.append(f'expected text @ {path}.{key} (fix: add {key} = "…")')
        return ""
    return value


def _rule_faults(rule: Rule, texts: Mapping[str, str], asks: Mapping[str, Any], path: str) -> list[str]:
    known = (*rule.needs, *rule.may)
    wrong = []
    if texts["on"] not in rule.on:
        wrong.append(f"rule {texts['rule']!r} on {texts['on']!r} @ {path}.on (fix: one of {', '.join(rule.on)})")
    wrong += [f"missing {key!r} @ {path} (fix: add {key} = …)" for key in rule.needs if key not in asks]
    wrong += [
        f"unknown key {key!r} @ {path} (fix: remove it; known are: {', '.join(known)})"
        for key in asks
        if key not in known
    ]
    return wrong


def _value_faults(key: str, value: object, on: str, names: Names, path: str) -> list[str]:
    place = f"{path}.{key}"
    if key == "when":
        return _when_faults(value, names, place)
    if key in _LISTED and (not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value)):
        return [f'expected a list of texts @ {place} (fix: {key} = ["…"])']
    allowed: Mapping[str, Sequence[str]] = {
        "labels": names.labels,
        "others": names.labels,
        "relations": names.relations,
        "roles": names.roles,
        "columns": LISTS.get(on, ()),
        "attribute": tuple(names.attributes),
        "category": names.categories,
        "kind": KINDS,
        "end": ("head", "tail"),
        "of": ("label", "surface", *names.attributes),
    }
    if key in allowed:
        given = value if isinstance(value, list) else [value]
        return [
            f"unknown name {one!r} @ {place} (fix: one of {', '.join(allowed[key]) or 'none'})"
            for one in given
            if one not in allowed[key]
        ]
    return _plain_faults(key, value, place)


def _plain_faults(key: str, value: object, place: str) -> list[str]:
    if key in {"least", "most"} and (isinstance(value, bool) or not isinstance(value, int | float | str)):
        return [f"expected a number, or a date as text @ {place}, found {value!r} (fix: {key} = 0)"]
    if key == "required" and not isinstance(value, bool):
        return [f"expected true or false @ {place}, found {value!r} (fix: write it without quotes)"]
    if key == "pattern":
        try:
            re.compile(str(value))
        except re.error as error:
            return [f"pattern {value!r} @ {place}: {error} (fix: correct the regular expression)"]
    return []


def _when_faults(value: object, names: Names, place: str) -> list[str]:
    if not isinstance(value, Mapping):
        return [f'expected a table @ {place} (fix: when = {{ attribute = "value" }})']
    wrong = []
    for name, wanted in value.items():
        if name not in names.attributes:
            known = ", ".join(names.attributes) or "none"
            wrong.append(f"unknown attribute {name!r} @ {place} (fix: one of {known})")
            continue
        choices = [choice for choice, _ in names.attributes[name].choices]
        if choices and wanted not in choices:
            wrong.append(f"unknown choice {wanted!r} @ {place}.{name} (fix: one of {', '.join(choices)})")
    return wrong
