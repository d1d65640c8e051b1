"""A text and what people drew in it go in; its words come out, each with what lies below it in the lanes of the people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from copydesk.report.marked import Stretch, pieces

_WORDS = re.compile(r"[^\S\n]*\S+[^\S\n]*|\s+")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A span in a text: who drew it, the number that it shares with what it belongs to, and how it stands to that: a class."""

    start: int
    end: int
    annotator: str
    number: int
    stands: str


@dataclass(frozen=True, slots=True)
class Bar:
    """What is below a word in one lane; ``number`` is 0 where it goes on from the word before."""

    stands: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its lanes; none where nobody drew anything."""

    text: str
    bars: tuple[Bar, ...]


def lanes(annotators: Sequence[str], drawn: Sequence[Drawn]) -> list[tuple[str, list[Drawn]]]:
    """Give each person as many lanes as it takes for their spans not to lie upon each other."""
    found: list[tuple[str, list[Drawn]]] = []
    for name in annotators:
        own: list[list[Drawn]] = [[]]
        for one in sorted((one for one in drawn if one.annotator == name), key=lambda one: (one.start, -one.end)):
            free = next((lane for lane in own if not lane or lane[-1].end <= one.start), None)
            if free is None:
                own.append(free := [])
            free.append(one)
        found += [(name, lane) for lane in own]
    return found


def words(text: str, rows: Sequence[tuple[str, Sequence[Drawn]]]) -> Iterator[Word]:
    """Cut a text into words, finer where something begins or ends, with what lies below each in every lane."""
    stretches = {
        Stretch(one.start, one.end, f"{lane}-{one.number}"): (lane, one)
        for lane, (_, own) in enumerate(rows)
        for one in own
    }
    for piece in pieces(text, list(stretches)):
        if not piece.covering:
            yield Word(piece.text, ())
            continue
        below = dict(stretches[one] for one in piece.covering)
        begin = {stretches[one][0] for one in piece.begin}
        for at, word in enumerate(_WORDS.findall(piece.text)):
            bars = [
                Bar(below[lane].stands, below[lane].number if lane in begin and at == 0 else 0)
                if lane in below
                else Bar()
                for lane in range(len(rows))
            ]
            yield Word(word, tuple(bars) if word.strip() else ())
