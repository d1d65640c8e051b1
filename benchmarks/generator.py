"""A seed in, plausible plain-text news articles out: as many as are asked for, each known by its number alone.

Article ``number`` of a seed is always the same, whatever was generated before it, so that any part of a million can be made anywhere.
Sentences are put together of clauses and of words drawn as words are in texts, few often and most seldom, so that two articles
have no more in common than two of a newspaper. As in real crawls, some have straight quotation marks, CRLF, decomposed accents, mojibake,
stray blanks, and lines that belong to no story; and three in a hundred are copies, as of wire stories: what an earlier one tells, cut or
extended, under another headline and mostly in another paper (``story_of`` tells which).
``python benchmarks/generator.py FILE COUNT [SEED]`` writes them as JSON Lines.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tomllib
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

WORDS = Path(__file__).with_suffix(".toml")
PUBLISHERS = 40  # each closes its articles with a line of its own
COPIES = 0.03  # share of the articles that are copies of an earlier one
SEED = 20171103
Article = dict[str, str]
Filled = tuple[str | Callable[[random.Random], str], ...]  # what stands there, and what is drawn


def articles(count: int, *, seed: int = SEED, first: int = 0) -> Iterator[Article]:
    """Give ``count`` articles from number ``first`` on: ``id``, ``url``, ``publisher`` and ``text``, about 1.6 kB of it."""
    return (article(number, seed=seed) for number in range(first, first + count))


def article(number: int, *, seed: int = SEED) -> Article:
    """Give one article."""
    story = story_of(number, seed=seed)
    chance = _chance(number, seed)
    body = _body(_chance(story, seed))
    if story != number:
        body = _copied(chance, body)
    publisher = f"Courier {chance.randrange(PUBLISHERS)}"
    text = _damaged(chance, "\n\n".join(_blocks(chance, body, publisher)))
    return {
        "id": f"articles/{number:08}.txt",
        "url": f"https://www.example.org/{number}",
        "publisher": publisher,
        "text": text,
    }


def story_of(number: int, *, seed: int = SEED) -> int:
    """Give the number of the article that told this story first: its own, where it is nobody's copy."""
    while number:
        chance = random.Random(f"{seed} {number}")
        if chance.random() >= COPIES:
            break
        number = chance.randrange(number)
    return number


def write_jsonl(path: Path, count: int, *, seed: int = SEED) -> None:
    """Write articles one a line, in UTF-8; memory stays flat."""
    with path.open("w", encoding="utf-8") as file:
        for one in articles(count, seed=seed):
            file.write(json.dumps(one, ensure_ascii=False) + "\n")


def _chance(number: int, seed: int) -> random.Random:
    return random.Random(seed * 1_000_003 + number)


def _body(chance: random.Random) -> list[str]:
    body = [_paragraph(chance) for _ in range(chance.choice((3, 4, 5, 6, 7, 8, 10, 16)))]
    if chance.random() < 0.6:
        body[0] = _dateline(chance) + body[0]
    return body


def _copied(chance: random.Random, body: list[str]) -> list[str]:
    """Do to a body what desks do: cut it from its end, put paragraphs of one's own to it, or both."""
    drawn = chance.random()
    if drawn < 0.7:
        body = body[: max(2, round(len(body) * chance.uniform(0.5, 1.0)))]
    if drawn > 0.5:
        own = [_paragraph(chance) for _ in range(chance.choice((1, 1, 2)))]
        at = chance.randrange(1, len(body) + 1)
        body = body[:at] + own + body[at:]
    return body


def _blocks(chance: random.Random, body: list[str], publisher: str) -> Iterator[str]:
    yield _capitalised(_drawn(chance, "headlines"))
    if chance.random() < 0.5:
        yield _drawn(chance, "bylines")
    for place, paragraph in enumerate(body):
        if place and chance.random() < 0.1:
            yield _capitalised(_drawn(chance, "subheads"))
        yield paragraph
        if chance.random() < 0.08:
            yield _capitalised(_drawn(chance, "captions"))
        if chance.random() < 0.05:
            yield _drawn(chance, "residue")
    if chance.random() < 0.4:
        yield _drawn(chance, "residue")
    if chance.random() < 0.6:
        yield f"Read all about it in {publisher}"


def _paragraph(chance: random.Random) -> str:
    kinds = [_quoted if chance.random() < 0.2 else _sentence for _ in range(chance.choice((1, 2, 2, 3)))]
    return " ".join(kind(chance) for kind in kinds)


def _sentence(chance: random.Random) -> str:
    text = _clause(chance)
    if chance.random() < 0.4:
        text = _drawn(chance, "openings") + text
    if chance.random() < 0.3:
        text += _drawn(chance, "joints") + _clause(chance)
    return _capitalised(f"{text}{_drawn(chance, 'ends')}.")


def _quoted(chance: random.Random) -> str:
    return _capitalised(_drawn(chance, "quotes"))


def _clause(chance: random.Random) -> str:
    return _drawn(chance, "clauses")


def _said(chance: random.Random) -> str:
    return _capitalised(_clause(chance))


def _dateline(chance: random.Random) -> str:
    agency = _pick(chance, "agencies")
    day = f", {_pick(chance, 'months')} {chance.randrange(1, 29)}" if chance.random() < 0.3 else ""
    return f"{_place(chance).upper()}{day}{f' ({agency})' if agency else ''} — "


def _drawn(chance: random.Random, kind: str) -> str:
    """Draw one of a kind and fill its gaps."""
    listed = _parsed()[kind]
    parts = listed[int(chance.random() * len(listed))]
    return "".join([part if isinstance(part, str) else part(chance) for part in parts])


def _pick(chance: random.Random, kind: str) -> str:
    listed = _words()[kind]
    return listed[int(chance.random() * len(listed))]


def _seldom(chance: random.Random, kind: str) -> str:
    """Draw a word, the first ones of the list more often than the last."""
    listed = _words()[kind]
    drawn = chance.random()
    return listed[int(drawn * drawn * len(listed))]


def _place(chance: random.Random) -> str:
    if chance.random() < 0.2:
        return _pick(chance, "places")
    return "".join(_pick(chance, kind) for kind in ("place_begins", "place_middles", "place_ends"))


def _person(chance: random.Random) -> str:
    last = (
        _pick(chance, "last_names")
        if chance.random() < 0.2
        else _pick(chance, "last_begins") + _pick(chance, "last_ends")
    )
    return f"{_pick(chance, 'first_names')} {last}"


def _group(chance: random.Random) -> str:
    drawn = chance.random()
    if drawn < 0.1:
        return _pick(chance, "groups")
    named = f"{_pick(chance, 'fields')} {_pick(chance, 'bodies')}"
    return f"the {_place(chance)} {named}" if drawn < 0.5 else f"the {named}"


def _number(chance: random.Random) -> str:
    return str(2 + int(chance.random() * 898))


def _year(chance: random.Random) -> str:
    return str(1950 + int(chance.random() * 75))


def _of(draw: Callable[[random.Random, str], str], kind: str) -> Callable[[random.Random], str]:
    return lambda chance: draw(chance, kind)


@cache
def _words() -> dict[str, list[str]]:
    """The lists, those of words in an order of their own, so that it is not the alphabet that makes a word frequent."""
    words: dict[str, list[str]] = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    for kind in ("adjectives", "topics", "done", "todo", "things", "trades"):
        random.Random(kind).shuffle(words[kind])
    return words


@cache
def _parsed() -> dict[str, list[Filled]]:
    """Everything that has gaps, cut at them."""
    gaps = {
        "p": _place, "q": _place, "n": _person, "m": _person, "o": _group, "k": _number, "y": _year, "S": _said, "T": _said,
        "t": _of(_pick, "titles"), "d": _of(_pick, "days"), "g": _of(_seldom, "things"), "a": _of(_seldom, "adjectives"),
        "c": _of(_seldom, "topics"), "v": _of(_seldom, "done"), "w": _of(_seldom, "todo"), "r": _of(_seldom, "trades"),
        "e": _of(_drawn, "where"),
    }  # fmt: skip
    return {kind: [_cut(one, gaps) for one in listed] for kind, listed in _words().items()}


def _cut(text: str, gaps: dict[str, Callable[[random.Random], str]]) -> Filled:
    parts = re.split(r"\{(\w)\}", text)
    return tuple(gaps[part] if at % 2 else part for at, part in enumerate(parts) if part or at % 2)


def _capitalised(text: str) -> str:
    """Begin with a capital, behind a quotation mark, too."""
    at = 1 if text[:1] in "“‘" else 0
    return text[:at] + text[at : at + 1].upper() + text[at + 1 :]


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
