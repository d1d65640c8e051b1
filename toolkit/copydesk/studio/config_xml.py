"""The text of a labelling configuration goes in, its elements come out with the line of each; what could harm is refused."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from xml.parsers import expat

from copydesk.errors import SchemaError

MOST_CHARACTERS = 500_000
DEEPEST = 100  # elements within one another


def read_xml(text: str, *, place: str) -> tuple[ET.Element, Mapping[ET.Element, int]]:
    """Read a labelling configuration: its root, and the line that each element begins in.

    Raises SchemaError where it is no XML, declares entities, is larger than ``MOST_CHARACTERS`` or deeper than ``DEEPEST``.
    """
    if len(text) > MOST_CHARACTERS:
        raise SchemaError(
            f"{place}: {len(text):,} characters, and {MOST_CHARACTERS:,} is the most",
            fix="name a labelling configuration; large lists of choices belong into the tasks",
        )
    reader = _Reader(place)
    try:
        reader.parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise SchemaError(f"{place}: not XML: {error}", fix="correct it at that place") from error
    return reader.tree.close(), reader.lines


class _Reader:
    """Builds the elements, and stops at what is not to be read."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.tree = ET.TreeBuilder()
        self.lines: dict[ET.Element, int] = {}
        self.depth = 0
        self.parser = expat.ParserCreate("utf-8")  # it was decoded already, whatever its declaration says
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.tree.data
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        line = self.parser.CurrentLineNumber
        if self.depth > DEEPEST:
            raise SchemaError(
                f"{self.place}: more than {DEEPEST} elements within one another @ line {line}", fix="take some out"
            )
        self.lines[self.tree.start(tag, attributes)] = line

    def _end(self, tag: str) -> None:
        self.depth -= 1
        self.tree.end(tag)

    def _doctype(self, *_: object) -> None:
        raise SchemaError(
            f"{self.place}: it declares entities @ line {self.parser.CurrentLineNumber}",
            fix="remove <!DOCTYPE …>; a labelling configuration needs none",
        )
