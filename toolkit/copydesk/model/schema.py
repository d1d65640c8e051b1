"""The labelling schema: labels, relation types and attributes of regions, as data.

A schema is a folder with ``schema.toml``, ``guidelines.md`` and, where suggestions use names, ``names.tsv``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from copydesk.errors import SchemaError
from copydesk.model.schema_checks import Check
from copydesk.model.schema_file import read_parts
from copydesk.model.schema_parts import (
    CHOSEN,
    GROUP,
    KINDS,
    OVERLAPS,
    RESERVED_HOTKEYS,
    Attribute,
    Claims,
    Events,
    Label,
    Mapped,
    RelationType,
)

__all__ = [
    "CHOSEN",
    "GROUP",
    "KINDS",
    "OVERLAPS",
    "RESERVED_HOTKEYS",
    "Attribute",
    "Check",
    "Claims",
    "Events",
    "Label",
    "LabelSchema",
    "Mapped",
    "RelationType",
]


@dataclass(frozen=True, slots=True)
class LabelSchema:
    """A labelling schema; what is wrong in its file is refused by ``read`` with the place and the fix."""

    name: str
    version: str
    title: str
    overlap: str
    labels: tuple[Label, ...]
    relations: tuple[RelationType, ...]
    attributes: tuple[Attribute, ...]
    guidelines: str = ""
    suggest: tuple[tuple[str, str], ...] = ()
    categories: tuple[Attribute, ...] = ()
    maps: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    events: Events | None = None
    claims: Claims | None = None
    checks: tuple[Check, ...] = ()

    @property
    def mapped(self) -> tuple[Mapped, ...]:
        """The rows of ``maps``: what each name is called elsewhere, sorted by target as the schema lists them."""
        return tuple(
            Mapped(ours, target, tuple(one.strip() for one in theirs.split(";") if one.strip()))
            for target, table in self.maps
            for ours, theirs in table
        )

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of labels, in the schema's order."""
        return tuple(dict.fromkeys(label.group for label in self.labels))

    def group_of(self, label: str) -> str:
        """The group of a label; the usual one where the schema has no such label."""
        return next((one.group for one in self.labels if one.name == label), GROUP)

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of the labels, in the schema's order."""
        return tuple(label.name for label in self.labels)

    @property
    def relation_names(self) -> tuple[str, ...]:
        """The names of the relation types, in the schema's order."""
        return tuple(relation.name for relation in self.relations)

    @property
    def digest(self) -> str:
        """SHA-256 over everything that the schema says, guidelines included."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @classmethod
    def read(cls, data: Mapping[str, Any], *, place: str, guidelines: str = "") -> LabelSchema:
        """Make a schema of parsed TOML; ``place`` names the file in errors.

        Raises SchemaError that lists everything wrong at once, each with its path and its fix.
        """
        parts, wrong = read_parts(data)
        if wrong:
            raise SchemaError(
                f"{place}: " + "; ".join(wrong), fix="correct each place named above and run the command again"
            )
        return cls(**parts, guidelines=guidelines)
