"""Parsed ``schema.toml`` goes in, a labelling schema comes out, or everything that is wrong with it, each with place and fix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from copydesk.model.schema_checks import Check, Names, read_checks
from copydesk.model.schema_parts import (
    CHOSEN,
    GROUP,
    KINDS,
    OVERLAPS,
    RESERVED_HOTKEYS,
    WRITTEN,
    Attribute,
    Claims,
    Events,
    Label,
    RelationType,
)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def read_parts(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Read the parts of a schema, by their names in ``LabelSchema``, and all that is wrong with them."""
    reader = _Reader()
    return reader.parts(data), reader.wrong


def _chosen(said: Iterable[Attribute]) -> Iterator[str]:
    return (f"{one.name}.{choice}" for one in said for choice, _ in one.choices)


class _Reader:
    """Reads one schema and gathers all that is wrong with it."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.hotkeys: dict[str, str] = {}

    def parts(self, data: Mapping[str, Any]) -> dict[str, Any]:
        self._keys(
            data,
            "$",
            required=("name", "version", "title", "labels"),
            optional=(
                "overlap",
                "relations",
                "attributes",
                "categories",
                "suggest",
                "maps",
                "events",
                "claims",
                "checks",
            ),
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
            self._attribute(row, f"$.attributes[{i}]", labels) for i, row in enumerate(self._rows(data, "attributes"))
        )
        self._unique([attribute.name for attribute in attributes], "$.attributes", "attribute")
        categories = tuple(
            self._category(row, f"$.categories[{i}]") for i, row in enumerate(self._rows(data, "categories"))
        )
        controls = [*dict.fromkeys(one.group for one in labels), *(one.name for one in (*attributes, *categories))]
        self._unique(controls, "$", "group, attribute or category")
        overlap = self._text(data, "overlap", "$") or "nested"
        if overlap not in OVERLAPS:
            self.wrong.append(f"unknown overlap {overlap!r} @ $.overlap (fix: one of {', '.join(OVERLAPS)})")
        if not labels:
            self.wrong.append("no label @ $.labels (fix: add at least one [[labels]])")
        suggest = self._suggest(data, names)
        maps = self._maps(data, [*names, *(one.name for one in relations), *_chosen((*attributes, *categories))])
        relation_names = [relation.name for relation in relations]
        events = self._events(data, [label.group for label in labels], relation_names)
        return {
            "events": events,
            "checks": self._checks(
                data,
                Names(
                    labels=names,
                    relations=relation_names,
                    roles=events.roles if events else (),
                    attributes={one.name: one for one in attributes},
                    categories=[one.name for one in categories],
                ),
            ),
            "claims": self._claims(data, names, relation_names, [one.name for one in attributes]),
            "name": name,
            "version": version,
            "title": title,
            "overlap": overlap,
            "labels": labels,
            "relations": relations,
            "attributes": attributes,
            "suggest": tuple(sorted((str(rule), str(label)) for rule, label in suggest.items())),
            "categories": categories,
            "maps": maps,
        }

    def _events(self, data: Mapping[str, Any], groups: Sequence[str], relations: Sequence[str]) -> Events | None:
        row = self._table(data, "events", required=("triggers", "roles"), optional=("same", "part", "time"))
        if row is None:
            return None
        triggers = self._one_of(row, "triggers", "$.events", groups)
        roles = row["roles"] if isinstance(row.get("roles"), list) else []
        for role in roles:
            self._one_of({"roles": role}, "roles", "$.events", relations)
        same, part = (self._one_of(row, key, "$.events", relations) for key in ("same", "part"))
        time = self._one_of(row, "time", "$.events", [str(role) for role in roles])
        return Events(triggers, tuple(map(str, roles)), same, part, time)

    def _claims(
        self, data: Mapping[str, Any], labels: Sequence[str], relations: Sequence[str], attributes: Sequence[str]
    ) -> Claims | None:
        joins = ("source_of", "cue_of", "contradicts", "supports", "same")
        row = self._table(data, "claims", required=("claim",), optional=("content", *joins, "source_name"))
        if row is None:
            return None
        named = {key: self._one_of(row, key, "$.claims", labels) for key in ("claim", "content")}
        named["source_name"] = self._one_of(row, "source_name", "$.claims", attributes)
        return Claims(**named, **{key: self._one_of(row, key, "$.claims", relations) for key in joins})

    def _checks(self, data: Mapping[str, Any], names: Names) -> tuple[Check, ...]:
        checks, wrong = read_checks(data.get("checks", []), names)
        self.wrong += wrong
        return checks

    def _table(
        self, data: Mapping[str, Any], key: str, *, required: Sequence[str], optional: Sequence[str]
    ) -> Mapping[str, Any] | None:
        row = data.get(key)
        if row is None:
            return None
        if not isinstance(row, Mapping):
            self.wrong.append(f"expected a table @ $.{key} (fix: [{key}])")
            return None
        self._keys(row, f"$.{key}", required=required, optional=optional)
        return row

    def _one_of(self, row: Mapping[str, Any], key: str, path: str, names: Sequence[str]) -> str:
        """Read a name that the schema must have; empty where it is left out."""
        name = self._text(row, key, path)
        if name and name not in names:
            self.wrong.append(f"unknown name {name!r} @ {path}.{key} (fix: one of {', '.join(dict.fromkeys(names))})")
        return name

    def _suggest(self, data: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
        suggest = data.get("suggest", {})
        if not isinstance(suggest, Mapping):
            self.wrong.append('expected a table @ $.suggest (fix: [suggest] with rule = "LABEL")')
            return {}
        for rule, label in suggest.items():
            if label not in names:
                self.wrong.append(f"unknown label {label!r} @ $.suggest.{rule} (fix: one of {', '.join(names)})")
        return suggest

    def _maps(
        self, data: Mapping[str, Any], names: Sequence[str]
    ) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
        """Read ``[maps.<target>]``: what a label, a relation or ``attribute.choice`` is called in another schema."""
        maps = data.get("maps", {})
        if not isinstance(maps, Mapping) or not all(isinstance(table, Mapping) for table in maps.values()):
            self.wrong.append('expected tables @ $.maps (fix: [maps.conll2003] with LABEL = "THEIRS")')
            return ()
        for target, table in maps.items():
            for ours in table:
                self._text(table, ours, f"$.maps.{target}")
                if ours not in names:
                    self.wrong.append(
                        f"unknown name {ours!r} @ $.maps.{target} (fix: a label, a relation, or attribute.choice)"
                    )
        return tuple(
            (target, tuple((ours, str(theirs)) for ours, theirs in table.items())) for target, table in maps.items()
        )

    def _label(self, row: Mapping[str, Any], path: str) -> Label:
        self._keys(row, path, required=("name", "definition", "colour"), optional=("hotkey", "group"))
        name, definition, hotkey, colour = (
            self._text(row, key, path) for key in ("name", "definition", "hotkey", "colour")
        )
        label = Label(name, definition, hotkey, colour, self._text(row, "group", path) or GROUP)
        self._name(label.name, path)
        self._name(label.group, path, key="group")
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

    def _attribute(self, row: Mapping[str, Any], path: str, labels: Sequence[Label]) -> Attribute:
        optional = ("labels", "choices", "placeholder", "pattern")
        self._keys(row, path, required=("name", "definition", "kind"), optional=optional)
        attribute = self._said(row, path, labels=self._labels(row, "labels", path, [label.name for label in labels]))
        groups = sorted({label.group for label in labels if label.name in attribute.labels})
        if len(groups) > 1:
            self.wrong.append(
                f"labels of the groups {', '.join(groups)} @ {path}.labels (fix: an attribute for each group; "
                "the editor shows it for one)"
            )
        return attribute

    def _category(self, row: Mapping[str, Any], path: str) -> Attribute:
        optional = ("choices", "placeholder", "pattern", "required")
        self._keys(row, path, required=("name", "definition", "kind"), optional=optional)
        return self._said(row, path, required=self._flag(row, "required", path))

    def _said(
        self, row: Mapping[str, Any], path: str, *, labels: tuple[str, ...] = (), required: bool = False
    ) -> Attribute:
        """Read what an attribute and a category have in common."""
        kind = self._text(row, "kind", path)
        if kind not in KINDS:
            self.wrong.append(f"unknown kind {kind!r} @ {path}.kind (fix: one of {', '.join(KINDS)})")
        choices = self._choices(row, path, kind)
        pattern = self._text(row, "pattern", path)
        if pattern and kind not in WRITTEN:
            self.wrong.append(f'pattern @ {path}.pattern (fix: patterns belong to kind "text")')
        try:
            re.compile(pattern)
        except re.error as error:
            self.wrong.append(f"pattern {pattern!r} @ {path}.pattern: {error} (fix: a regular expression of Python)")
        attribute = Attribute(
            name=self._text(row, "name", path),
            definition=self._text(row, "definition", path),
            kind=kind,
            labels=labels,
            choices=choices,
            placeholder=self._text(row, "placeholder", path),
            pattern=pattern,
            required=required,
        )
        self._name(attribute.name, path)
        return attribute

    def _choices(self, row: Mapping[str, Any], path: str, kind: str) -> tuple[tuple[str, str], ...]:
        choices = tuple(
            (self._text(choice, "name", f"{path}.choices[{i}]"), self._text(choice, "hotkey", f"{path}.choices[{i}]"))
            for i, choice in enumerate(self._rows(row, "choices", path))
        )
        if (kind in CHOSEN) != bool(choices):
            self.wrong.append(
                f'kind {kind!r} with {len(choices)} choices @ {path} (fix: choices belong to kind "choice")'
            )
        for number, (choice, hotkey) in enumerate(choices):
            if not all(choice.split("/")) if kind == "taxonomy" else not choice:
                self.wrong.append(f"empty name @ {path}.choices[{number}] (fix: give the choice a name)")
            if hotkey:
                self._hotkey(hotkey, f"{path}.choices[{number}].hotkey", f"choice {choice}")
        self._unique([choice for choice, _ in choices], f"{path}.choices", "choice")
        return choices

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

    def _name(self, name: str, path: str, *, key: str = "name") -> None:
        if not _NAME.fullmatch(name):
            self.wrong.append(f"{key} {name!r} @ {path}.{key} (fix: letters, digits and _, beginning with a letter)")

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
