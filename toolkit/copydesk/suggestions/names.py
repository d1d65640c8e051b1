"""A list of names goes in, where they stand in a text comes out; the list is ``names.tsv`` of a labelling schema."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from copydesk.errors import SchemaError
from copydesk.model.schema import LabelSchema
from copydesk.suggestions.variants import variants
from copydesk.suggestions.words import Phrases, is_whole, word_pattern

COLUMNS = ("surface", "label", "canonical")


@dataclass(frozen=True, slots=True)
class Name:
    """One spelling of a name, the label that it gets, and what it names: an identifier of a knowledge base or a main spelling."""

    surface: str
    label: str
    canonical: str


def read_names(text: str, *, place: str, schema: LabelSchema) -> tuple[Name, ...]:
    """Read a list of names: surface, label and canonical form, separated by tabs; ``#`` begins a line of comment.

    Surfaces are brought into NFC, as documents are. Raises SchemaError that lists every wrong line with its fix; ``place``
    names the file in it.
    """
    names: dict[str, Name] = {}
    wrong: list[str] = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [unicodedata.normalize("NFC", field.strip()) for field in line.split("\t")]
        fault = _fault(fields, names=names, schema=schema)
        if fault:
            wrong.append(f"{fault} @ line {number}")
        else:
            names[fields[0]] = Name(*fields)
    if wrong:
        raise SchemaError(
            f"{place}: " + "; ".join(wrong), fix="correct each line named above and run the command again"
        )
    return tuple(names.values())


def _fault(fields: Sequence[str], *, names: Mapping[str, Name], schema: LabelSchema) -> str:
    """Say what is wrong with a line, and how to put it right; empty where nothing is."""
    if len(fields) != len(COLUMNS) or not all(fields):
        return f"{len(fields)} fields, {sum(not field for field in fields)} empty (fix: {' TAB '.join(COLUMNS)})"
    surface, label, _ = fields
    if label not in schema.label_names:
        return f"unknown label {label!r} (fix: one of {', '.join(schema.label_names)})"
    if surface in names:
        return f"{surface!r} stands twice (fix: keep one of the lines)"
    if not word_pattern().search(surface):
        return f"{surface!r} holds no letter or digit (fix: remove the line)"
    return ""


class NameIndex:
    """Names and their variants, all of which are looked for at once, however many there are."""

    def __init__(self, names: Sequence[Name]) -> None:
        known = with_variants(names)
        self._names = [(name, surface != name.surface) for surface, name in known.items()]
        self._phrases = Phrases(list(known))

    def find(self, text: str) -> Iterator[tuple[int, int, Name, bool]]:
        """Give start, end and name of the longest name at each place, and whether it is written otherwise; they may overlap."""
        longest: dict[int, tuple[int, int]] = {}
        for number, start, end in self._phrases.find(text):
            if end > longest.get(start, (0, 0))[0] and is_whole(text, start, end):
                longest[start] = end, number
        for start, (end, number) in sorted(longest.items()):
            yield start, end, *self._names[number]


def with_variants(names: Sequence[Name]) -> dict[str, Name]:
    """Give names by their spelling, and by those variants that are nobody's own spelling and not those of two labels."""
    own = {name.surface: name for name in names}
    found: dict[str, Name] = {}
    torn: set[str] = set()
    for name in names:
        for surface in variants(name.surface):
            if surface not in own and found.setdefault(surface, name).label != name.label:
                torn.add(surface)
    return own | {surface: name for surface, name in found.items() if surface not in torn}
