"""A seed in, plausible plain-text news articles out: as many as are asked for, each known by its number alone.

Article ``number`` of a seed is always the same, whatever was generated before it, so that any part of a million can be made anywhere.
As from real crawls, some have straight quotation marks, CRLF, decomposed accents, mojibake, stray blanks, and lines that belong to no story.
``python benchmarks/generator.py FILE COUNT [SEED]`` writes them as JSON Lines.
"""

from __future__ import annotations

import json
import random
import sys
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

WORDS = Path(__file__).with_suffix(".toml")
PUBLISHERS = 40  # each closes its articles with a line of its own
SEED = 20171103
Article = dict[str, str]


@cache
def _words() -> dict[str, list[str]]:
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def articles(count: int, *, seed: int = SEED, first: int = 0) -> Iterator[Article]:
    """Give ``count`` articles from number ``first`` on: ``id``, ``url``, ``publisher`` and ``text``, about 1.6 kB of it."""
    return (article(number, seed=seed) for number in range(first, first + count))


def article(number: int, *, seed: int = SEED) -> Article:
    """Give one article."""
    chance = random.Random(seed * 1_000_003 + number)
    publisher = f"Courier {chance.randrange(PUBLISHERS)}"
    text = _damaged(chance, "\n\n".join(_blocks(chance, publisher)))
    return {
        "id": f"articles/{number:08}.txt",
        "url": f"https://www.example.org/{number}",
        "publisher": publisher,
        "text": text,
    }


def write_jsonl(path: Path, count: int, *, seed: int = SEED) -> None:
    """Write articles one a line, in UTF-8; memory stays flat."""
    with path.open("w", encoding="utf-8") as file:
        for one in articles(count, seed=seed):
            file.write(json.dumps(one, ensure_ascii=False) + "\n")


def _blocks(chance: random.Random, publisher: str) -> Iterator[str]:
    yield _capitalised(_filled(chance, "headlines"))
    if chance.random() < 0.5:
        yield _filled(chance, "bylines")
    body = [_paragraph(chance) for _ in range(chance.choice((3, 4, 5, 6, 7, 8, 9, 14)))]
    if chance.random() < 0.6:
        body[0] = _dateline(chance) + body[0]
    for place, paragraph in enumerate(body):
        if place and chance.random() < 0.1:
            yield _filled(chance, "subheads")
        yield paragraph
        if chance.random() < 0.08:
            yield _filled(chance, "captions")
        if chance.random() < 0.05:
            yield _filled(chance, "residue")
    if chance.random() < 0.4:
        yield _filled(chance, "residue")
    if chance.random() < 0.6:
        yield f"Read all about it in {publisher}"


def _paragraph(chance: random.Random) -> str:
    kinds = ["quotes" if chance.random() < 0.2 else "sentences" for _ in range(chance.choice((1, 2, 2, 3)))]
    return " ".join(_capitalised(_filled(chance, kind)) for kind in kinds)


def _dateline(chance: random.Random) -> str:
    agency = _pick(chance, "agencies")
    day = f", {_pick(chance, 'months')} {chance.randrange(1, 29)}" if chance.random() < 0.3 else ""
    return f"{_pick(chance, 'places').upper()}{day}{f' ({agency})' if agency else ''} — "


def _filled(chance: random.Random, kind: str) -> str:
    gaps = {
        "p": _pick(chance, "places"),
        "q": _pick(chance, "places"),
        "n": f"{_pick(chance, 'first_names')} {_pick(chance, 'last_names')}",
        "m": f"{_pick(chance, 'first_names')} {_pick(chance, 'last_names')}",
        "o": _pick(chance, "groups"),
        "t": _pick(chance, "titles"),
        "d": _pick(chance, "days"),
        "g": _pick(chance, "things"),
        "k": str(chance.randrange(2, 900)),
        "y": str(chance.randrange(1950, 2025)),
    }
    return _pick(chance, kind).format_map(gaps)


def _pick(chance: random.Random, kind: str) -> str:
    listed = _words()[kind]
    return listed[int(chance.random() * len(listed))]


def _capitalised(text: str) -> str:
    return text[0].upper() + text[1:]


def _damaged(chance: random.Random, text: str) -> str:
    """Do to some articles what scrapers do: straight marks in half of them, and to one in ten or twenty something worse."""
    drawn = chance.random()
    if drawn < 0.5:
        text = text.translate({ord("“"): '"', ord("”"): '"', ord("‘"): "'", ord("’"): "'", ord("—"): "--"})
    if drawn < 0.02 or drawn > 0.98:
        text = unicodedata.normalize("NFD", text)
    elif drawn > 0.97:
        text = text.encode("utf-8").decode("cp1252", errors="replace").replace("\ufffd", "\u009d")
    elif drawn > 0.8:
        text = text.replace("\n", "\r\n")
    elif drawn > 0.75:
        text = text.replace("\n\n", " \n\n\n").replace(" said", "\u00a0said")
    return text


if __name__ == "__main__":
    write_jsonl(Path(sys.argv[1]), int(sys.argv[2]), seed=int(sys.argv[3]) if len(sys.argv) > 3 else SEED)
