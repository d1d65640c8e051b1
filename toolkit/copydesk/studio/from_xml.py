"""A Label Studio labelling configuration goes in, a labelling schema comes out, and all in it that a schema cannot say.

Names that a schema cannot have are written anew and told. Nothing is guessed silently: each tag or setting that has no
counterpart is named with its place (its path in the XML).
"""

from __future__ import annotations

import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from copydesk.errors import SchemaError
from copydesk.model.new_schema import colour, free_keys
from copydesk.model.schema import GROUP
from copydesk.studio.config_xml import read_xml
from copydesk.studio.interface import TEXT

_SCREEN = frozenset(
    {"View", "Header", "Style", "Label", "Choice", "Relation"}
)  # only looks, or read with what they lie in
_KINDS = {"TextArea": "text", "Number": "number", "Rating": "rating", "DateTime": "date", "Taxonomy": "taxonomy"}
SPAN = "SPAN"  # the label of a schema whose configuration has none
_TEXTS = frozenset({"Text", "HyperText"})
_HEX = re.compile(r"#[0-9a-f]{6}")
_SHORT = re.compile(r"#[0-9a-f]{3}")
_WHEN = ("whenTagName", "whenLabelValue", "whenChoiceValue")
# settings that change what can be said, not only how it looks; _NOTHING are values of them that change nothing
_LOST = (
    "alias", "allowNested", "apiUrl", "default", "defaultValue", "format", "leafsOnly", "max", "maxRating", "maxSubmissions",
    "maxUsages", "min", "perItem", "selected", "step",
)  # fmt: skip
_NOTHING = {"maxSubmissions": ("", "1"), "maxRating": ("", "5"), "step": ("", "1")}
_COLOURS = {
    "red": "#ff0000", "green": "#008000", "blue": "#0000ff", "darkorange": "#ff8c00", "orange": "#ffa500", "black": "#000000",
    "yellow": "#ffff00", "purple": "#800080", "pink": "#ffc0cb", "gray": "#808080", "grey": "#808080", "brown": "#a52a2a",
    "darkgreen": "#006400", "cyan": "#00ffff", "magenta": "#ff00ff",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FromXml:
    """The schema as parsed TOML, and what could not be mapped: a sentence for each, with tag and place."""

    data: dict[str, Any]
    unmapped: tuple[str, ...]


def from_config(config: str, *, name: str, place: str) -> FromXml:
    """Make a schema of a labelling configuration (XML); ``place`` names it in errors.

    Raises SchemaError where it is no XML, or labels no text.
    """
    root, lines = read_xml(config, place=place)
    reader = _Reader(lines)
    reader.read(root)
    if not reader.labels and (reader.categories or reader.attributes):
        group = "span" if GROUP in reader.controls else GROUP
        while group in reader.controls:
            group += "_"
        reader.labels.append(
            {"name": SPAN, "group": group, "hotkey": "", "colour": colour(0), "definition": "Words that matter."}
        )
        reader.say(root, f"/{root.tag}", f"it has no labels of spans, and a schema needs one: {SPAN} is added")
    if not reader.labels:
        found = ", ".join(sorted({f"<{one.tag}>" for one in root.iter()}))
        raise SchemaError(
            f"{place}: no <Labels> of a <Text> or <HyperText>; it has {found}",
            fix="a schema marks spans of text: name a configuration that has labels for them",
        )
    return FromXml(reader.data(name), tuple(reader.unmapped))


@dataclass(slots=True)
class _Reader:
    """Reads one configuration. ``lines`` are those of its elements."""

    lines: Mapping[ET.Element, int]
    labels: list[dict[str, Any]] = field(default_factory=list)
    relations: list[dict[str, Any]] = field(default_factory=list)
    attributes: list[dict[str, Any]] = field(default_factory=list)
    categories: list[dict[str, Any]] = field(default_factory=list)
    unmapped: list[str] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    controls: set[str] = field(default_factory=lambda: {TEXT})
    origins: dict[str, tuple[str, str]] = field(default_factory=dict)  # of each label: its control and value in the XML

    def data(self, name: str) -> dict[str, Any]:
        keys = free_keys(tuple(self.keys))
        for label in self.labels:
            label["hotkey"] = label["hotkey"] or next(keys, "")
        parts = {"relations": self.relations, "attributes": self.attributes, "categories": self.categories}
        title = name.replace("-", " ").replace("_", " ").capitalize()
        top = {"name": name, "version": "1.0.0", "title": title, "overlap": "any"}
        return {**top, "labels": self.labels, **{key: rows for key, rows in parts.items() if rows}}

    def read(self, root: ET.Element) -> None:
        everything = list(_with_places(root, f"/{root.tag}", {}))
        self.texts = {one.get("name", "") for one, _, _ in everything if one.tag in _TEXTS}
        # labels first: an attribute names labels
        for one, place, _ in everything:
            if one.tag in {"Labels", "HyperTextLabels"} and self._is_of_text(one, place):
                self._labels(one, place)
        for one, place, around in everything:
            self._other(one, place, around)

    def _other(self, one: ET.Element, place: str, around: Mapping[str, str]) -> None:
        if one.tag == "Text":
            if one.get("value") != "$text":
                self.say(one, place, f"its text is {one.get('value')!r}; Copydesk's tasks have $text")
        elif one.tag == "HyperText":
            self.say(one, place, "HTML is shown as plain text by Copydesk")
        elif one.tag == "Relations":
            self._relations(one, place)
        elif one.tag == "Choices" or one.tag in _KINDS:
            if self._is_of_text(one, place):
                self._said(one, place, around)
        elif one.tag not in _SCREEN and one.tag not in {"Labels", "HyperTextLabels"}:
            self.say(one, place, "a schema has no such thing")

    def say(self, one: ET.Element, place: str, what: str) -> None:
        """Note what could not be mapped."""
        name = one.get("name") or one.get("value")
        self.unmapped.append(f"<{one.tag}> @ {place}, line {self.lines[one]}{f', {name!r}' if name else ''}: {what}")

    def _lost(self, one: ET.Element, place: str) -> None:
        """Tell the settings of a tag that say more than how it looks, and that a schema cannot say."""
        lost = [key for key in _LOST if one.get(key, "") not in _NOTHING.get(key, ("", "false"))]
        if one.tag not in {"Label", "Choice", "Relation"} and one.get("value"):
            lost.append("value")
        if one.get("perRegion") == "true" and one.get("required") == "true":
            lost.append("required")
        if lost:
            self.say(one, place, f"a schema cannot say {', '.join(f'{key}={one.get(key)!r}' for key in lost)}")

    def _is_of_text(self, one: ET.Element, place: str) -> bool:
        if one.get("toName", "") in self.texts:
            return True
        self.say(one, place, f"it belongs to {one.get('toName')!r}, which is no text")
        return False

    def _labels(self, control: ET.Element, place: str) -> None:
        group = self._control(control, place, GROUP)
        self._lost(control, place)
        if control.get("choice") == "multiple":
            self.say(control, place, "several labels on one span are several spans in Copydesk")
        for number, one in enumerate(control.iter("Label"), 1):
            value = one.get("value", "").strip()
            here = f"{place}/Label[{number}]"
            if not value:
                self.say(one, here, "it has no value, and is left out")
                continue
            name = self._name(one, here, value, [label["name"] for label in self.labels])
            self._lost(one, here)
            self.origins[name] = (control.get("name", ""), value)
            definition = one.get("hint") or one.get("title") or f"{value}: say here in one sentence what is marked."
            row = {
                "name": name,
                "hotkey": self._key(one, here),
                "colour": self._colour(one, here),
                "definition": definition,
            }
            self.labels.append(row if group == GROUP else {"name": name, "group": group, **row})

    def _colour(self, one: ET.Element, place: str) -> str:
        """Read a colour that no other label has; check would find two labels that cannot be told apart."""
        given = one.get("background", "").strip().lower()
        shade = (
            "#" + "".join(2 * digit for digit in given[1:]) if _SHORT.fullmatch(given) else _COLOURS.get(given, given)
        )
        taken = {label["colour"] for label in self.labels}
        if _HEX.fullmatch(shade) and shade not in taken:
            return shade
        if given:
            why = "another label has it" if shade in taken else "it is not #rrggbb"
            self.say(one, place, f"colour {given!r} is another now: {why}")
        return next(shade for shade in map(colour, count(len(self.labels))) if shade not in taken)

    def _relations(self, control: ET.Element, place: str) -> None:
        for number, one in enumerate(control.iter("Relation"), 1):
            value = one.get("value", "").strip()
            if not value:
                self.say(one, f"{place}/Relation[{number}]", "it has no value, and is left out")
                continue
            self._lost(one, f"{place}/Relation[{number}]")
            name = self._name(one, f"{place}/Relation[{number}]", value, [row["name"] for row in self.relations])
            self.relations.append({"name": name, "definition": f"{value}: say here what it joins."})

    def _said(self, control: ET.Element, place: str, around: Mapping[str, str]) -> None:
        name = self._control(control, place, control.tag.lower())
        is_attribute = control.get("perRegion") == "true"
        row: dict[str, Any] = {
            "name": name,
            "kind": self._kind(control),
            "definition": f"{name}: say here what it says.",
        }
        if control.tag in {"Choices", "Taxonomy"}:
            row["choices"] = [*self._choices(control, place, "", of=control.tag)]
            if not row["choices"]:
                self.say(control, place, "it has no choices of its own, so it is left out")
                return
        self._lost(control, place)
        when = {**around, **{key: value for key, value in control.attrib.items() if value and key in _WHEN}}
        if is_attribute:
            row |= self._which(control, place, when)
        elif when:
            self.say(control, place, f"shown for {', '.join(map(repr, when.values()))} alone; it is always shown now")
        if not is_attribute and control.get("required") == "true":
            row["required"] = True
        if row["kind"] == "text" and control.get("placeholder"):
            row["placeholder"] = control.get("placeholder")
        (self.attributes if is_attribute else self.categories).append(row)

    def _kind(self, control: ET.Element) -> str:
        if control.tag == "Choices":
            return "choices" if control.get("choice") == "multiple" else "choice"
        if control.tag == "DateTime" and "time" in control.get("only", ""):
            return "datetime"
        return _KINDS[control.tag]

    def _choices(self, control: ET.Element, place: str, path: str, *, of: str) -> Iterator[dict[str, str]]:
        seen: set[str] = set()
        for number, one in enumerate(control.findall("Choice"), 1):
            value = one.get("value", "")
            here = f"{place}/Choice[{number}]"
            if not value or value in seen or (of == "Taxonomy" and "/" in value):
                self.say(one, here, f"the choice {value!r} is empty, stands twice or has a / in it, and is left out")
                continue
            seen.add(value)
            self._lost(one, here)
            if path and of == "Choices":
                self.say(one, here, f"choices within choices belong to <Taxonomy>; it is {path + value!r} now")
            if one.get("html"):
                self.say(one, here, "its HTML is left out")
            key = self._key(one, here)
            yield {"name": f"{path}{value}", **({"hotkey": key} if key else {})}
            yield from self._choices(one, here, f"{path}{value}/", of=of)

    def _which(self, control: ET.Element, place: str, when: Mapping[str, str]) -> dict[str, Any]:
        """Read which labels an attribute is of; those of one group alone can be."""
        tags, named = _parts(when.get("whenTagName", "")), _parts(when.get("whenLabelValue", ""))
        found = {
            label: origin
            for label, origin in self.origins.items()
            if when and (not tags or origin[0] in tags) and (not named or origin[1] in named)
        }
        missed = {*named} - {value for _, value in found.values()}
        if (
            "whenChoiceValue" in when
            or missed
            or bool(when) != bool(found)
            or len({of for of, _ in found.values()}) > 1
        ):
            shown = ", ".join(map(repr, when.values()))
            self.say(control, place, f"shown for {shown}, which are not labels of one group; it is of all now")
            return {}
        return {"labels": [*found]} if found else {}

    def _control(self, control: ET.Element, place: str, usual: str) -> str:
        name = self._name(control, place, control.get("name") or usual, [*self.controls])
        self.controls.add(name)
        return name

    def _name(self, one: ET.Element, place: str, value: str, taken: list[str]) -> str:
        name = stem = _plain(value)
        number = 1
        while name in taken:
            number += 1
            name = f"{stem}_{number}"
        if name != value:
            self.say(one, place, f"the name {value!r} is {name!r} in the schema")
        return name

    def _key(self, one: ET.Element, place: str) -> str:
        key = one.get("hotkey", "")
        if not key:
            return ""
        if len(key) != 1 or key == "u" or key in self.keys:
            self.say(one, place, f"hotkey {key!r} is not one free key, so another is given or none")
            return ""
        self.keys.add(key)
        return key


def _parts(listed: str) -> list[str]:
    return [one.strip() for one in listed.split(",") if one.strip()]


def _plain(value: str) -> str:
    """Make a name of letters, digits and _; a letter with an accent is the letter."""
    letters = "".join(sign for sign in unicodedata.normalize("NFKD", value) if not unicodedata.combining(sign))
    name = re.sub(r"[^A-Za-z0-9_]+", "_", letters).strip("_")
    return name if name[:1].isalpha() else f"L_{name}".rstrip("_")


def _with_places(
    one: ET.Element, place: str, around: Mapping[str, str]
) -> Iterator[tuple[ET.Element, str, Mapping[str, str]]]:
    """Give every element with its path, and with the conditions of the views around it."""
    yield one, place, around
    inner = {**around, **{key: value for key, value in one.attrib.items() if value and key in _WHEN}}
    counts: dict[str, int] = {}
    for child in one:
        counts[child.tag] = counts.get(child.tag, 0) + 1
        yield from _with_places(child, f"{place}/{child.tag}[{counts[child.tag]}]", inner)
