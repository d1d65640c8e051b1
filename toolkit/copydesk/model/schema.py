"""The labelling schema: labels, relation types and attributes of regions, as data.

A schema is a folder with ``schema.toml``, ``guidelines.md`` and, where suggestions use names, ``names.tsv``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from copydesk.errors import SchemaError

OVERLAPS = ("none", "nested", "any")
RESERVED_HOTKEYS = frozenset({"u", "enter", "escape", "backspace"})
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Label:
    """A kind of span. ``hotkey`` is one key; ``colour`` is ``#rrggbb``."""

    name: str
    definition: str
    hotkey: str
    colour: str


@dataclass(frozen=True, slots=True)
class RelationType:
    """A kind of relation between two spans; ``heads`` and ``tails`` are the labels it may join (empty: any)."""

    name: str
    definition: str
    heads: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()
    symmetric: bool = False


@dataclass(frozen=True, slots=True)
class Attribute:
    """What may be said of one span: a choice among ``choices`` (name and hotkey, which may be empty), or a line of text.

    ``labels`` are the labels that it applies to (empty: all). ``pattern`` is a regular expression for text.
    """

    name: str
    definition: str
    kind: str
    labels: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    placeholder: str = ""
    pattern: str = ""


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
        reader = _Reader(place)
        schema = reader.schema(data, guidelines)
        if reader.wrong or schema is None:
            raise SchemaError(
                f"{place}: " + "; ".join(reader.wrong), fix="correct each place named above and run the command again"
            )
        return schema


class _Reader:
    """Reads one schema and gathers all that is wrong with it."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.wrong: list[str] = []
        self.hotkeys: dict[str, str] = {}

    def schema(self, data: Mapping[str, Any], guidelines: str) -> LabelSchema | None:
        self._keys(
            data,
            "$",
            required=("name", "version", "title", "labels"),
            optional=("overlap", "relations", "attributes", "suggest"),
        )
        name, version, title = (self._text(data, key, "$") for key in ("name", "version", "title"))
        labels = tuple(self._label(row, f"$.labels[{i}]") for i, row in enumerate(self._rows(data, "labels")))
        names = [label.name for label in labels]
        self._unique(names, "$.labels", "label")
        relations = tuple(
            self._relation(row, f"$.relations[{i}]", names) for i, row in enumerate(self._rows(data, "relations"))
        )
        self._unique([relation.name for relation in relations], "$.relations", "relation")
        attributes = tuple(
            self._attribute(row, f"$.attributes[{i}]", names) for i, row in enumerate(self._rows(data, "attributes"))
        )
        self._unique([attribute.name for attribute in attributes], "$.attributes", "attribute")
        overlap = self._text(data, "overlap", "$") or "nested"
        if overlap not in OVERLAPS:
            self.wrong.append(f"unknown overlap {overlap!r} @ $.overlap (fix: one of {', '.join(OVERLAPS)})")
        if not labels:
            self.wrong.append("no label @ $.labels (fix: add at least one [[labels]])")
        suggest = data.get("suggest", {})
        if not isinstance(suggest, Mapping):
            self.wrong.append('expected a table @ $.suggest (fix: [suggest] with rule = "LABEL")')
            suggest = {}
        for rule, label in suggest.items():
            if label not in names:
                self.wrong.append(f"unknown label {label!r} @ $.suggest.{rule} (fix: one of {', '.join(names)})")
        if self.wrong:
            return None
        return LabelSchema(
            name=name,
            version=version,
            title=title,
            overlap=overlap,
            labels=labels,
            relations=relations,
            attributes=attributes,
            guidelines=guidelines,
            suggest=tuple(sorted((str(rule), str(label)) for rule, label in suggest.items())),
        )

    def _label(self, row: Mapping[str, Any], path: str) -> Label:
        self._keys(row, path, required=("name", "definition", "hotkey", "colour"), optional=())
        label = Label(*(self._text(row, key, path) for key in ("name", "definition", "hotkey", "colour")))
        self._name(label.name, path)
        if label.hotkey:
            self._hotkey(label.hotkey, f"{path}.hotkey", f"label {label.name}")
        if label.colour and not _COLOUR.fullmatch(label.colour):
            self.wrong.append(f"colour {label.colour!r} @ {path}.colour (fix: write it as #rrggbb)")
        return label

    def _relation(self, row: Mapping[str, Any], path: str, names: Sequence[str]) -> RelationType:
        self._keys(row, path, required=("name", "definition"), optional=("heads", "tails", "symmetric"))
        relation = RelationType(
            name=self._text(row, "name", path),
            definition=self._text(row, "definition", path),
            heads=self._labels(row, "heads", path, names),
            tails=self._labels(row, "tails", path, names),
            symmetric=self._flag(row, "symmetric", path),
        )
        self._name(relation.name, path)
        return relation

    def _attribute(self, row: Mapping[str, Any], path: str, names: Sequence[str]) -> Attribute:
        optional = ("labels", "choices", "placeholder", "pattern")
        self._keys(row, path, required=("name", "definition", "kind"), optional=optional)
        kind = self._text(row, "kind", path)
        choices = tuple(
            (self._text(choice, "name", f"{path}.choices[{i}]"), self._text(choice, "hotkey", f"{path}.choices[{i}]"))
            for i, choice in enumerate(self._rows(row, "choices", path))
        )
        if kind not in ("choice", "text"):
            self.wrong.append(f"unknown kind {kind!r} @ {path}.kind (fix: choice or text)")
        if (kind == "choice") != bool(choices):
            self.wrong.append(
                f'kind {kind!r} with {len(choices)} choices @ {path} (fix: choices belong to kind "choice")'
            )
        for number, (choice, hotkey) in enumerate(choices):
            if not choice:
                self.wrong.append(f"empty name @ {path}.choices[{number}] (fix: give the choice a name)")
            if hotkey:
                self._hotkey(hotkey, f"{path}.choices[{number}].hotkey", f"choice {choice}")
        self._unique([choice for choice, _ in choices], f"{path}.choices", "choice")
        pattern = self._text(row, "pattern", path)
        try:
            re.compile(pattern)
        except re.error as error:
            self.wrong.append(f"pattern {pattern!r} @ {path}.pattern: {error} (fix: a regular expression of Python)")
        attribute = Attribute(
            name=self._text(row, "name", path),
            definition=self._text(row, "definition", path),
            kind=kind,
            labels=self._labels(row, "labels", path, names),
            choices=choices,
            placeholder=self._text(row, "placeholder", path),
            pattern=pattern,
        )
        self._name(attribute.name, path)
        return attribute

    def _keys(self, row: Mapping[str, Any], path: str, *, required: Sequence[str], optional: Sequence[str]) -> None:
        known = ", ".join((*required, *optional))
        self.wrong += [f"missing {key!r} @ {path} (fix: add {key} = …)" for key in required if key not in row]
        self.wrong += [f"empty {key!r} @ {path} (fix: say something)" for key in required if row.get(key) == ""]
        self.wrong += [
            f"unknown key {key!r} @ {path} (fix: remove it; known are: {known})"
            for key in row
            if key not in (*required, *optional)
        ]

    def _text(self, row: Mapping[str, Any], key: str, path: str) -> str:
        value = row.get(key, "")
        if not isinstance(value, str):
            self.wrong.append(f"expected text @ {path}.{key}, found {value!r} (fix: put it in quotes)")
            return ""
        return value

    def _flag(self, row: Mapping[str, Any], key: str, path: str) -> bool:
        value = row.get(key, False)
        if not isinstance(value, bool):
            self.wrong.append(f"expected true or false @ {path}.{key}, found {value!r} (fix: write it without quotes)")
            return False
        return value

    def _rows(self, row: Mapping[str, Any], key: str, path: str = "$") -> list[Mapping[str, Any]]:
        rows = row.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(one, Mapping) for one in rows):
            self.wrong.append(f"expected a list of tables @ {path}.{key} (fix: write [[{key}]])")
            return []
        return rows

    def _labels(self, row: Mapping[str, Any], key: str, path: str, names: Sequence[str]) -> tuple[str, ...]:
        listed = row.get(key, [])
        if not isinstance(listed, list):
            self.wrong.append(
                f'expected a list of labels @ {path}.{key} (fix: {key} = ["{names[0] if names else "LABEL"}"])'
            )
            return ()
        self.wrong += [
            f"unknown label {label!r} @ {path}.{key}[{i}] (fix: one of {', '.join(names)})"
            for i, label in enumerate(listed)
            if label not in names
        ]
        return tuple(str(label) for label in listed)

    def _name(self, name: str, path: str) -> None:
        if not _NAME.fullmatch(name):
            self.wrong.append(f"name {name!r} @ {path}.name (fix: letters, digits and _, beginning with a letter)")

    def _hotkey(self, hotkey: str, path: str, owner: str) -> None:
        if len(hotkey) != 1 or hotkey in RESERVED_HOTKEYS:
            self.wrong.append(f"hotkey {hotkey!r} @ {path} (fix: one key that the editor does not use itself)")
        elif hotkey in self.hotkeys:
            self.wrong.append(f"hotkey {hotkey!r} @ {path} is taken by {self.hotkeys[hotkey]} (fix: choose a free key)")
        else:
            self.hotkeys[hotkey] = owner

    def _unique(self, names: Sequence[str], path: str, noun: str) -> None:
        twice = sorted({name for name in names if names.count(name) > 1})
        self.wrong += [f"{noun} {name!r} stands twice @ {path} (fix: remove one)" for name in twice]
