"""An element's name and attributes in, what they mean for the text in it out."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from copydesk.documents.rules import html_names

_TOLD = re.compile(
    r"""[\s"'](class|id|itemprop|role|rel|style|hidden)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))|(?=\s|/|$))""",
    re.IGNORECASE | re.ASCII,
)
_LINES = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6"])  # their id is where a link points to, and says nothing
_UNSHOWN = re.compile(r"display\s*+:\s*+none", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]++(?![a-z])|[A-Z]")  # also the words of ``relatedStories``


class Within:
    """What text stands in, as bits of an integer: elements are many, and an ``enum.Flag`` costs more than all the rest."""

    SKIPPED = 1
    FURNITURE = 2
    ARTICLE = 4  # <article>, <main>
    TITLE = 8  # h1
    HEADING = 16  # h2 to h6
    ITEM = 32
    QUOTE = 64
    CAPTION = 128
    CREDIT = 256
    STRONG = 512
    PARAGRAPH = 1024
    BODY = 2048  # said to be the article's body
    BYLINE = 4096
    RELATED = 8192
    PROMO = 16384
    TABLE = 32768
    COMMENT = 65536
    ASIDE = FURNITURE | RELATED | PROMO | COMMENT  # what is no part of the article's own text


@lru_cache(maxsize=16_384)
def meaning_of(name: str, written: str) -> int:
    """Give what an element means for all that stands in it: by its name, and by the words in its attributes."""
    means = _by_name().get(name, 0)
    if not written:
        return means
    for told in _TOLD.finditer(written):
        key = told.group(1).lower()
        said = told.group(2) or told.group(3) or told.group(4) or ""
        if key == "style":
            means |= Within.FURNITURE if _UNSHOWN.search(said) else 0
        elif key == "hidden":
            means |= Within.FURNITURE
        elif key != "id" or name not in _LINES:
            for token in said.split():
                means |= _meaning_of_token(token)
    return means


@lru_cache(maxsize=65_536)
def _meaning_of_token(token: str) -> int:
    """Give what one class (or the like) means, by its words and by two that follow each other."""
    marks = _marks()
    means, before = 0, ""
    for word in _WORD.findall(token):
        lower = word.lower()
        means |= marks.get(lower, 0) | marks.get(f"{before}-{lower}", 0)
        before = lower
    return means


@cache
def _by_name() -> dict[str, int]:
    names = html_names()
    groups = (
        (names.skipped | names.raw, Within.SKIPPED),
        (names.furniture, Within.FURNITURE),
        (names.article, Within.ARTICLE),
        (names.heading - {"h1"}, Within.HEADING),
        (names.strong, Within.STRONG),
        ({"h1"}, Within.TITLE),
        ({"li"}, Within.ITEM),
        ({"blockquote"}, Within.QUOTE),
        ({"figcaption"}, Within.CAPTION),
        ({"p"}, Within.PARAGRAPH),
        ({"table"}, Within.TABLE),
    )
    means: dict[str, int] = {}
    for group, meaning in groups:
        for name in group:
            means[name] = means.get(name, 0) | meaning
    return means


@cache
def _marks() -> dict[str, int]:
    found: dict[str, int] = {}
    for name, written in html_names().marks.items():
        for word in written:
            found[word] = found.get(word, 0) | getattr(Within, name.upper())
    return found
