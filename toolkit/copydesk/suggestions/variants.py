"""A name goes in, other ways to write it come out; the ways are data: ``variants.toml``."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class _Ways:
    exchanged: tuple[tuple[str, ...], ...]
    articles: tuple[str, ...]
    article: re.Pattern[str]
    letters: Mapping[int, str]
    capitals_from: int


def variants(surface: str) -> list[str]:
    """Give the other ways to write a name, each once: one thing is changed, and the marks are taken off with or without it."""
    ways = _ways()
    changed = [surface, *_changed(surface, ways)]
    plain = [_unmarked(one, ways) for one in changed]
    capitals = [surface.upper()] if len(surface) >= ways.capitals_from else []
    return [one for one in dict.fromkeys([*changed, *plain, *capitals]) if one != surface]


def _changed(surface: str, ways: _Ways) -> Iterator[str]:
    for group in ways.exchanged:
        present = [one for one in group if one in surface]
        for one in present:
            yield from (surface.replace(one, other) for other in group if other != one)
    for article in ways.articles if ways.article.search(surface) else ():
        yield ways.article.sub(article, surface)


def _unmarked(text: str, ways: _Ways) -> str:
    """Take accents off the letters of the Latin script; in other scripts marks tell words apart."""
    bare = re.sub("([A-Za-z])[\u0300-\u036f]+", r"\1", unicodedata.normalize("NFD", text.translate(ways.letters)))
    return unicodedata.normalize("NFC", bare)


@cache
def _ways() -> _Ways:
    data = tomllib.loads((resources.files("copydesk.suggestions") / "variants.toml").read_text(encoding="utf-8"))
    return _Ways(
        tuple(map(tuple, data["exchanged"])),
        tuple(data["articles"]),
        re.compile(rf"(?:^|(?<=\s))(?:{'|'.join(data['articles'])})(?=-)"),
        str.maketrans(data["letters"]),
        data["capitals_from"],
    )
