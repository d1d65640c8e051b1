"""Real texts with their gold spans go in, edited ones come out, with the place where every span is now: seeded, for the gate."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Place = tuple[int, int]
Letter = tuple[str, int]  # a character, and the place in the old text that it comes from or stands for; -1 for none
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?]+(?=\s|$)|\n|$)\s*")


@dataclass(frozen=True, slots=True)
class Gold:
    """A text and the spans that were marked in it."""

    text: str
    spans: tuple[Place, ...]


@dataclass(slots=True)
class Revised:
    """An edited text. ``truth`` gives each span's place in it, None where it is gone; ``reworded`` are spans whose words changed."""

    text: str
    truth: dict[Place, Place | None]
    reworded: set[Place] = field(default_factory=set)


def read_re3d(folder: Path) -> Iterator[Gold]:
    """Read the documents of re3d whose spans are where they say they are."""
    for source in sorted(path.parent for path in folder.glob("*/documents.json")):
        spans: dict[str, list[Place]] = {}
        texts = {one["_id"]: one["text"] for one in _rows(source / "documents.json")}
        for one in _rows(source / "entities.json"):
            if texts.get(one["documentId"], "")[one["begin"] : one["end"]] == one["value"].strip() != "":
                spans.setdefault(one["documentId"], []).append((one["begin"], one["end"]))
        for doc_id, places in sorted(spans.items()):
            yield Gold(texts[doc_id], tuple(sorted(set(places))))


def _rows(path: Path) -> list[dict[str, object] | dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def revise(gold: Gold, *, seed: int, donors: Sequence[str], edits: int) -> Revised:
    """Edit a text so many times, each edit one that newsrooms make."""
    draw = random.Random(seed)
    sentences = [
        [(character, one.start() + at) for at, character in enumerate(one.group())]
        for one in _SENTENCE.finditer(gold.text)
        if one.group()
    ]
    revised = Revised("", dict.fromkeys(gold.spans))
    for _ in range(edits):
        draw.choice(EDITS)(sentences, draw, donors, revised, gold)
    letters = [letter for sentence in sentences for letter in sentence]
    revised.text = "".join(character for character, _ in letters)
    where = {origin: at for at, (_, origin) in enumerate(letters) if origin >= 0}
    for start, end in gold.spans:
        if start in where and end - 1 in where:
            revised.truth[start, end] = (where[start], where[end - 1] + 1)
    return revised


def _delete(sentences: list[list[Letter]], draw: random.Random, donors: Sequence[str], *_: object) -> None:
    if len(sentences) > 1:
        sentences.pop(draw.randrange(len(sentences)))


def _insert(sentences: list[list[Letter]], draw: random.Random, donors: Sequence[str], *_: object) -> None:
    new = [(character, -1) for character in draw.choice(donors) + " "]
    sentences.insert(draw.randrange(len(sentences) + 1), new)


def _replace(sentences: list[list[Letter]], draw: random.Random, donors: Sequence[str], *_: object) -> None:
    sentences[draw.randrange(len(sentences))] = [(character, -1) for character in draw.choice(donors) + " "]


def _move(sentences: list[list[Letter]], draw: random.Random, *_: object) -> None:
    moved = sentences.pop(draw.randrange(len(sentences)))
    sentences.insert(draw.randrange(len(sentences) + 1), moved)


def _curl(sentences: list[list[Letter]], *_: object) -> None:
    for number, sentence in enumerate(sentences):
        sentences[number] = [({"'": "’", '"': "”"}.get(character, character), origin) for character, origin in sentence]


def _add_word(sentences: list[list[Letter]], draw: random.Random, donors: Sequence[str], *_: object) -> None:
    sentence = draw.choice(sentences)
    blanks = [at for at, (character, _) in enumerate(sentence) if character == " "]
    if blanks:
        at = draw.choice(blanks)
        word = draw.choice(draw.choice(donors).split())
        sentence[at:at] = [(character, -1) for character in f" {word}"]


def _mend(sentences: list[list[Letter]], draw: random.Random, _: object, revised: Revised, gold: Gold) -> None:
    """Change a letter within a word of a span: its ends stay."""
    inner = [(n, at) for n, one in enumerate(sentences) for at, (_, origin) in enumerate(one) if _within(origin, gold)]
    if inner:
        number, at = draw.choice(inner)
        origin = sentences[number][at][1]
        letter = draw.choice("aeiou")
        sentences[number][at : at + 1] = [(letter, origin), (letter, -1)][: draw.choice((1, 2))]
        revised.reworded |= {span for span in gold.spans if span[0] <= origin < span[1]}


def _rename(
    sentences: list[list[Letter]], draw: random.Random, donors: Sequence[str], revised: Revised, gold: Gold
) -> None:
    """Put other words in the place of a span."""
    start, end = draw.choice(gold.spans)
    for sentence in sentences:
        place = [at for at, (_, origin) in enumerate(sentence) if start <= origin < end]
        if len(place) == end - start and place[-1] - place[0] == len(place) - 1:
            word = draw.choice(draw.choice(donors).split()).strip(".,")
            if len(word) > 1:
                new = [(character, -1) for character in word]
                new[0], new[-1] = (word[0], start), (word[-1], end - 1)
                sentence[place[0] : place[-1] + 1] = new
                revised.reworded |= {span for span in gold.spans if span[0] < end and start < span[1]}
            return


def _within(origin: int, gold: Gold) -> bool:
    return any(start < origin < end - 1 for start, end in gold.spans)


EDITS: tuple[Callable[..., None], ...] = (_delete, _insert, _replace, _move, _curl, _add_word, _mend, _rename)
