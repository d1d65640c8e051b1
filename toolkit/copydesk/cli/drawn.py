"""A text and its labels in, the text with the labels drawn in it out: brackets and names for every reader, colours where there are any.

``[Port Merrin]PLACE`` is a label, ``[mayor of [Port Merrin]PLACE]PERSON`` one in another. Those that cross others are numbered, so
that each bracket finds its own: ``[1:the mayor [2:of Port]1:PERSON Merrin]2:PLACE``. ``…`` stands where a label goes on in
another zone.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from copydesk.cli.terminal import console, is_plain, is_screen, plain

if TYPE_CHECKING:
    from rich.text import Text

Piece = tuple[str, str]
"""A stretch of what is printed, and the label whose colour it has (empty: none)."""
_RIGHT_TO_LEFT = "\u200f"


@dataclass(frozen=True, slots=True)
class Mark:
    """A label in a text, in code points; ``number`` is 0 where it crosses no other."""

    start: int
    end: int
    label: str
    number: int = 0

    @property
    def tag(self) -> str:
        """What stands behind the closing bracket."""
        return f"{self.number}:{self.label}" if self.number else self.label


def marks_of(labels: Sequence[Mapping[str, Any]]) -> list[Mark]:
    """Give the labels in the order in which they open, the longer first, and number those that cross."""
    ordered = sorted(
        (Mark(one["start"], one["end"], plain(one["label"])) for one in labels),
        key=lambda mark: (mark.start, -mark.end, mark.label),
    )
    crossing: set[int] = set()
    opened: list[int] = []
    for at, mark in enumerate(ordered):
        opened = [one for one in opened if ordered[one].end > mark.start]
        crossed = [one for one in opened if ordered[one].end < mark.end]
        crossing.update([*crossed, at] if crossed else ())
        opened.append(at)
    numbers = {at: number for number, at in enumerate(sorted(crossing), 1)}
    return [Mark(mark.start, mark.end, mark.label, numbers.get(at, 0)) for at, mark in enumerate(ordered)]


def pieces(text: str, marks: Sequence[Mark], *, offset: int) -> Iterator[Piece]:
    """Draw the marks in a stretch of text that begins at ``offset`` of its document."""
    end = offset + len(text)
    within = [mark for mark in marks if mark.start < end and mark.end > offset]
    places = sorted(
        {offset, end, *(max(mark.start, offset) for mark in within), *(min(mark.end, end) for mark in within)}
    )
    opened: list[Mark] = []
    for place, following in zip(places, [*places[1:], end], strict=True):
        for mark in reversed(opened.copy()):
            if min(mark.end, end) == place:
                opened.remove(mark)
                yield f"{'…' if mark.end > end else ''}]{mark.tag}", mark.label
        for mark in within:
            if max(mark.start, offset) == place:
                opened.append(mark)
                number = f"{mark.number}:" if mark.number else ""
                yield f"[{number}{'…' if mark.start < offset else ''}", mark.label
        yield plain(text[place - offset : following - offset]), opened[-1].label if opened else ""


def print_pieces(drawn: Sequence[Piece], colours: Mapping[str, str]) -> None:
    """Print what was drawn: wrapped at the width of a screen, in colours unless it is to be plain; elsewhere as it is."""
    if not is_screen(sys.stdout):
        click.echo("".join(text for text, _ in drawn))
        return
    coloured = not is_plain(sys.stdout)
    from rich.text import Text

    whole = Text()
    for text, label in drawn:
        whole.append(text, _style(label, colours) if coloured and label else "")
    out = console()
    for line in whole.split(allow_blank=True):
        for row in line.wrap(out, out.width):
            out.print(_directed(row), soft_wrap=True)


def _directed(row: Text) -> Text:
    """Tell a terminal that orders right-to-left scripts which way this row goes; each row is a paragraph to it."""
    first = next((kind for kind in map(unicodedata.bidirectional, row.plain) if kind in {"L", "R", "AL"}), "L")
    if first != "L":
        row = row.copy()
        row.pad_left(1, _RIGHT_TO_LEFT)
    return row


def _style(label: str, colours: Mapping[str, str]) -> str:
    """Give black or white on the label's colour, whichever is easier to read; the other way round where it has none."""
    colour = colours.get(label, "")
    if not colour:
        return "reverse"
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    light = 0.299 * red + 0.587 * green + 0.114 * blue > 140  # luma (ITU-R BT.601)
    return f"{'#000000' if light else '#ffffff'} on {colour}"
