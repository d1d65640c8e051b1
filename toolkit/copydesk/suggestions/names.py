"""A list of names goes in, where they stand in a text comes out; the list is ``names.tsv`` of a labelling schema."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from copydesk.errors import SchemaError
from copydesk.model.schema import LabelSchema
from copydesk.suggestions.words import is_whole, word_pattern

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
    """Names by their first word, so that a text is walked once, however many names there are."""

    def __init__(self, names: Sequence[Name]) -> None:
        self._by_word: dict[str, list[tuple[int, Name]]] = {}
        for name in sorted(names, key=lambda name: -len(name.surface)):
            first = word_pattern().search(name.surface)
            if first is not None:
                self._by_word.setdefault(first.group(), []).append((first.start(), name))

    def find(self, text: str, words: Sequence[tuple[int, str]]) -> Iterator[tuple[int, int, Name]]:
        """Give start, end and name of the longest name at each place; ``words`` are the text's, and names may overlap."""
        for at, word in words:
            for shift, name in self._by_word.get(word, ()):
                start = at - shift
                end = start + len(name.surface)
                if start >= 0 and text.startswith(name.surface, start) and is_whole(text, start, end):
                    yield start, end, name
                    break
