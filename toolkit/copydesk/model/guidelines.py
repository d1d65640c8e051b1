"""Guidelines (Markdown) go in, their marked examples come out, and what is wrong with them, by line.

An example is written within a line of the guidelines, as a person would read it::

    - Example: [Bashar al-Assad]{PERSON}, head of [Syria]{GPE toponym_use=literal}.
    - Not: the [suicide bombings]{not WEAPON} went on.
    - Nested: [University of [Raqqa]{GPE}]{ORG}.
    - Joined: [retaken]{TERRITORY place>p outcome=government_regains} from the east, [Qaim]{PLACE #p} was quiet.
    - Of a whole document: {article_type=opinion} It is time to talk.

``[words]{LABEL}`` is a span, ``{not LABEL}`` a place that must not get that label, ``{not}`` one that gets none. After the label
stand values of attributes, a mark (``#p``), and relations to the marks of other spans of the same paragraph or list item.
A value with blanks is put in double quotes; ``\\[`` is a bracket and nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from copydesk.model.schema import LabelSchema, RelationType
from copydesk.model.schema_parts import Attribute
from copydesk.model.values import check

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_PART = re.compile(r'(\w+)(=|>)("[^"]*"|[^\s"]+)|(#)(\w+)|(\w+)')
_SAID = re.compile(r'\s*(?:\w+=(?:"[^"]*"|[^\s"{}]+)\s*)+')
_LEAD = re.compile(r"(?:Examples?|Edge|Not|Nested): ")


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked place of an example: ``start`` and ``end`` into its text, and what is said of it.

    ``opens``, ``closes`` and ``ends`` are places in the source: of the bracket, of the one that closes it, and behind the
    braces. A ``negative`` one must not get ``label``, or any where that is empty. ``relations`` are type and mark of the tail.
    """

    start: int
    end: int
    label: str
    negative: bool
    mark: str
    attributes: tuple[tuple[str, str], ...]
    relations: tuple[tuple[str, str], ...]
    opens: int
    closes: int
    ends: int
    wrong: str = ""  # what of the braces could not be read


@dataclass(frozen=True, slots=True)
class Said:
    """What an example says of its whole document: name and value of a category, and its place in the source."""

    values: tuple[tuple[str, str], ...]
    opens: int
    ends: int


@dataclass(frozen=True, slots=True)
class Example:
    """A paragraph or list item with marks. ``text`` is what a reader reads; ``line`` is its first in the guidelines."""

    line: int
    source: str
    text: str
    marks: tuple[Mark, ...]
    said: tuple[Said, ...]
    bare: tuple[int, ...]  # places in the source of brackets that say no label, or do not close

    def line_at(self, place: int) -> int:
        """Give the line of the guidelines that holds a place of the source."""
        return self.line + self.source.count("\n", 0, place)

    def surface(self, mark: Mark) -> str:
        """Give the words that are marked."""
        return self.text[mark.start : mark.end]


def markdown() -> MarkdownIt:
    """Give the reader of Markdown that finds the paragraphs of guidelines: no HTML, tables, no pictures fetched from elsewhere."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def examples(guidelines: str) -> tuple[Example, ...]:
    """Find the examples of guidelines in their order; paragraphs without a mark are none."""
    blocks = [token for token in markdown().parse(guidelines) if token.type == "inline" and token.map]
    found = [replace(read_example(token.content), line=(token.map or [0])[0] + 1) for token in blocks]
    return tuple(one for one in found if one.marks or one.said)


def named(label: str) -> re.Pattern[str]:
    """Give what finds a label in the text of guidelines, where it is no part of another word."""
    return re.compile(rf"(?<![A-Za-z0-9_]){re.escape(label)}(?![A-Za-z0-9_])")


def example_faults(guidelines: str, schema: LabelSchema) -> list[str]:
    """Say all that the schema does not allow in the examples of its guidelines, each with its line and the fix."""
    return [
        f"{fault} @ line {one.line_at(at)}"
        for one in examples(guidelines)
        for at, fault in _Judge(one, schema).faults()
    ]


def unshown(guidelines: str, schema: LabelSchema) -> list[str]:
    """Say which labels no example of the guidelines shows."""
    shown = {mark.label for one in examples(guidelines) for mark in one.marks if not mark.negative}
    return [
        f"no example of {name} (fix: write one, such as - Example: [words]{{{name}}})"
        for name in schema.label_names
        if name not in shown
    ]


@lru_cache(maxsize=64)
def read_example(source: str) -> Example:
    """Read the marks of one paragraph, whatever the schema; its line is 1."""
    return _Reader(source).read()


class _Reader:
    """Walks through one paragraph and takes the notation out of it."""

    def __init__(self, source: str) -> None:
        lead = _LEAD.match(source)
        self.source = source
        self.at = lead.end() if lead else 0
        self.text: list[str] = []
        self.opened: list[tuple[int, int]] = []  # places in the source and in the text
        self.marks: list[Mark] = []
        self.said: list[Said] = []
        self.bare: list[int] = []

    def read(self) -> Example:
        while self.at < len(self.source):
            self._step(self.source[self.at])
        self.bare += [opens for opens, _ in self.opened]
        marks = sorted(self.marks, key=lambda one: (one.start, -one.end, one.opens))
        text = "".join(self.text)
        return Example(1, self.source, text, tuple(marks), tuple(self.said), tuple(sorted(self.bare)))

    def _step(self, character: str) -> None:
        if character == "\\" and self.at + 1 < len(self.source):
            self._put(self.source[self.at + 1], 2)
        elif character == "`":
            self._code()
        elif character == "[":
            self.opened.append((self.at, len(self.text)))
            self.at += 1
        elif character == "]" and self.opened:
            self._close(*self.opened.pop())
        elif character == "{" and (said := self._braces(self.at)) and _SAID.fullmatch(said):
            ends = self.at + len(said) + 2
            self.said.append(Said(tuple(_Braces(said).values), self.at, ends))
            self.at = ends + (self.source[ends : ends + 1] == " ")
        elif character == "*":
            self.at += 1
        else:
            self._put(" " if character == "\n" else character, 1)

    def _put(self, character: str, taken: int) -> None:
        self.text.append(character)
        self.at += taken

    def _code(self) -> None:
        """Take what stands in back quotes as it is."""
        run = len(self.source) - self.at - len(self.source[self.at :].lstrip("`"))
        ends = self.source.find("`" * run, self.at + run)
        inside = self.source[self.at + run : ends] if ends >= 0 else ""
        self.text += inside
        self.at = ends + run if ends >= 0 else self.at + run

    def _close(self, opens: int, start: int) -> None:
        closes = self.at
        braces = self._braces(closes + 1)
        self.at += 1
        if braces is not None:
            self.at = closes + len(braces) + 3
            read = _Braces(braces)
            about = (read.label, read.negative, read.mark, tuple(read.values), tuple(read.relations))
            self.marks.append(Mark(start, len(self.text), *about, opens, closes, self.at, read.wrong))
        elif self.source.startswith("(", closes + 1) and ")" in self.source[closes:]:
            self.at = self.source.index(")", closes) + 1  # a link
        else:
            self.bare.append(opens)

    def _braces(self, at: int) -> str | None:
        """Give what stands in the braces that open at this place; None where none do."""
        ends = self.source.find("}", at)
        return self.source[at + 1 : ends] if self.source.startswith("{", at) and ends >= 0 else None


class _Braces:
    """What stands between braces: a label, values, a mark and relations."""

    def __init__(self, inside: str) -> None:
        self.label, self.mark, self.wrong = "", "", ""
        self.negative = False
        self.values: list[tuple[str, str]] = []
        self.relations: list[tuple[str, str]] = []
        at = 0
        for part in _PART.finditer(inside):
            self._note(inside[at : part.start()].strip())
            self._part(part)
            at = part.end()
        self._note(inside[at:].strip())

    def _note(self, odd: str) -> None:
        self.wrong = self.wrong or odd

    def _part(self, part: re.Match[str]) -> None:
        name, joint, value, _, mark, word = part.groups()
        if joint == "=":
            self.values.append((name, value.strip('"')))
        elif joint == ">":
            self.relations.append((name, value.strip('"')))
        elif mark:
            self.mark = mark
        elif word == "not" and not self.label and not self.negative:
            self.negative = True
        elif self.label:
            self._note(word)
        else:
            self.label = word


class _Judge:
    """Holds one example against a schema."""

    def __init__(self, example: Example, schema: LabelSchema) -> None:
        self.example = example
        self.schema = schema
        self.marked: Mapping[str, Mark] = {mark.mark: mark for mark in example.marks if mark.mark}

    def faults(self) -> Iterator[tuple[int, str]]:
        yield from (
            (at, "a bracket without a label (fix: [words]{LABEL}, or \\[ for a bare one)") for at in self.example.bare
        )
        for said in self.example.said:
            yield from ((said.opens, fault) for fault in self._values(said.values, self.schema.categories, "category"))
        for mark in self.example.marks:
            yield from ((mark.opens, f"{self.example.surface(mark)!r}: {fault}") for fault in self._of(mark))
        names = [mark.mark for mark in self.example.marks if mark.mark]
        twice = next((one for one in reversed(self.example.marks) if names.count(one.mark) > 1), None)
        if twice:
            yield twice.opens, f"the mark #{twice.mark} stands twice (fix: give each span its own)"

    def _of(self, mark: Mark) -> Iterator[str]:
        surface = self.example.surface(mark)
        if not surface or surface != surface.strip():
            yield "begins or ends with a blank, or is empty (fix: put the brackets around words)"
        if mark.wrong:
            yield f"{mark.wrong!r} in its braces cannot be read (fix: LABEL name=value #mark relation>mark)"
        if mark.label not in self.schema.label_names and (mark.label or not mark.negative):
            yield f"unknown label {mark.label!r} (fix: one of {', '.join(self.schema.label_names)})"
        elif mark.negative:
            yield from self._negative(mark)
        else:
            yield from self._values(mark.attributes, self.schema.attributes, "attribute", mark.label)
            yield from self._overlaps(mark)
            for name, tail in mark.relations:
                yield from self._relation(mark, name, tail)

    def _negative(self, mark: Mark) -> Iterator[str]:
        if mark.attributes or mark.relations:
            yield "what must not be marked has no attributes and relations (fix: remove them)"
        place = (mark.start, mark.end)
        if any(
            (one.start, one.end) == place and not one.negative and mark.label in {"", one.label}
            for one in self.example.marks
        ):
            yield f"is marked as {mark.label or 'something'} and as not that (fix: decide)"

    def _values(
        self, values: Sequence[tuple[str, str]], known: Sequence[Attribute], noun: str, label: str = ""
    ) -> Iterator[str]:
        by_name = {one.name: one for one in known}
        for name, value in values:
            if name not in by_name:
                yield f"unknown {noun} {name!r} (fix: one of {', '.join(by_name) or 'none'})"
            elif label and by_name[name].labels and label not in by_name[name].labels:
                yield f"{name} is for {', '.join(by_name[name].labels)}, not for {label} (fix: remove it)"
            elif fault := check(by_name[name], _plain(by_name[name], value))[1]:
                yield f"{name}: {fault} (fix: correct the value)"

    def _overlaps(self, mark: Mark) -> Iterator[str]:
        """Brackets cannot cross, so the policy ``none`` alone can be broken; and a span is drawn once."""
        others = [one for one in self.example.marks if one is not mark and not one.negative]
        if any((one.start, one.end, one.label) == (mark.start, mark.end, mark.label) for one in others):
            yield f"{mark.label} stands twice (fix: remove one)"
        inside = any(one.start <= mark.start and mark.end <= one.end for one in others)
        if self.schema.overlap == "none" and inside:
            yield "lies in another span, and the schema's overlap is none (fix: remove one)"

    def _relation(self, mark: Mark, name: str, tail: str) -> Iterator[str]:
        relation = next((one for one in self.schema.relations if one.name == name), None)
        other = self.marked.get(tail)
        if relation is None:
            yield f"unknown relation {name!r} (fix: one of {', '.join(self.schema.relation_names) or 'none'})"
        elif other is None or other.negative:
            yield f"{name} leads to #{tail}, which is no span here (fix: write #{tail} into the braces of its end)"
        elif other is mark:
            yield f"{name} joins a span to itself (fix: name another mark)"
        elif not _may_join(relation, mark.label, other.label):
            yield f"{name} does not join {mark.label} to {other.label} (fix: turn it round, or correct a label)"


def _plain(said: Attribute, value: str) -> object:
    """Give a value as Label Studio would: a number for what is one."""
    if said.kind not in {"number", "rating"}:
        return value
    try:
        return float(value)
    except ValueError:
        return value


def _may_join(relation: RelationType, head: str, tail: str) -> bool:
    ways = ((head, tail), (tail, head)) if relation.symmetric else ((head, tail),)
    return any(
        (not relation.heads or one in relation.heads) and (not relation.tails or other in relation.tails)
        for one, other in ways
    )
