"""The reference of ``schema.toml``: the keys as its reader knows them, with the meanings of ``meanings.toml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from copydesk.model.schema_checks import RULES
from copydesk.model.schema_file import read_parts
from from_code.markdown import code, table
from from_code.meanings import MEANINGS

# a key that no table has, wherever a schema has tables: the reader answers with those that it knows
ODD = {"?": 0}
ASKED: Mapping[str, Any] = {
    **ODD,
    **{name: [ODD] for name in ("labels", "relations", "attributes", "categories")},
    **dict.fromkeys(("events", "claims"), ODD),
}
KNOWN = re.compile(r"unknown key '\?' @ \$\.?(\w*)(?:\[0\])? \(fix: remove it; known are: ([^)]+)\)")


def known_keys() -> dict[str, list[str]]:
    """Every table of a schema with the keys that its reader takes; the empty name is the file itself."""
    return {name: keys.split(", ") for fault in read_parts(ASKED)[1] for name, keys in KNOWN.findall(fault)}


def schema_keys() -> str:
    """Describe every key; one without a meaning is a KeyError."""
    parts = []
    for name, keys in known_keys().items():
        many = isinstance(ASKED.get(name), list)
        parts += [f"## `{f'[[{name}]]' if many else f'[{name}]'}`"] if name else []
        told = MEANINGS["schema"][name or "file"]
        parts += [table(("key", "meaning"), ((code(key), told[key]) for key in keys))]
    return "\n\n".join(parts)


def check_rules() -> str:
    """Describe the rules of ``[[checks]]``: where each stands, what it needs and what it may have."""
    rows = [
        (code(name), _listed(rule.on), _listed(rule.needs), _listed(rule.may), MEANINGS["rules"][name])
        for name, rule in RULES.items()
    ]
    return table(("`rule`", "`on`", "needs", "may have", "what must hold"), rows)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(code(name) for name in names)
