"""HTML source in, its pieces out: stretches of text with the tag that ends them, each with its offsets in the source.

This is a scanner of our own, since the document's text depends on it: Python's ``html.parser`` changes how it recovers from
broken markup between patch releases, and lxml gives no offsets. It follows the tokenizer of the HTML standard where
that matters to text, takes any input, and reads each character a bounded number of times: one compiled expression does
the reading, and its possessive quantifiers give nothing back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from copydesk.documents.rules import html_names

# What stands in a tag after its name. Quoted values may hold ">"; if a mark has no partner, this never reaches the end.
_QUOTED = r"""[^>"'=]*+(?:(?:=\s*+(?:"[^"]*+"|'[^']*+')|["'=])[^>"'=]*+)*+"""
_UNQUOTED = r"[^>]*+"
_COMMENT = r"<!--(?:-?>|[^-]*+(?:-(?!->)[^-]*+)*+(?:-->)?)"
_BOGUS = r"<(?:/[!?]|[!?](?!--))[^>]*+>"
_MARK = r"<(?![a-zA-Z!?/])|</(?![a-zA-Z!?])"  # it begins no tag
_PLAIN = rf"[^<]++|{_MARK}"
_FLAGS = re.IGNORECASE | re.ASCII
_NAME = re.compile("[a-zA-Z0-9]++")
_ATTRIBUTE = re.compile(r"""([a-zA-Z:_.-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""")


class Token(NamedTuple):
    """A stretch of a piece: ``text``, ``start`` or ``end`` (tags, with their lower-case name and attributes), or ``other``."""

    kind: str
    start: int
    end: int
    name: str = ""
    attributes: str = ""


@cache
def piece_pattern(paired: bool) -> re.Pattern[str]:
    """Give the pattern of a piece and the tags that end it; ``paired`` tells that quotation marks are believed to pair up.

    The groups are: the piece without the blanks before it, end tags with nothing but blanks between them (see ``end_names``), and of
    the tag after these ``/``, its name and its attributes; no name where the piece ends at an element whose content is no markup, or at
    the end of the source. Matches joined are the source, up to an empty one: where that is not the end, a quoted value never ends.
    From there on a tag has to end at the first ``>``, or each would be read to the end of the source.
    """
    names = html_names()
    written = _QUOTED if paired else _UNQUOTED
    ending = _words(names.block | names.skipped)
    inline = rf"<(?!/?{ending}[\s/>]|{_words(names.raw)}[\s/>])/?[a-zA-Z]{written}>"
    other = "|".join((inline, _COMMENT, _BOGUS, _MARK))
    ends = rf"(?:</{_words(names.block)}\s*+>\s*+)*+"
    tag = rf"<(/?)({ending})(?=[\s/>])({written})>"
    raw = rf"{_raw(written)}(?:</[^\s>]++[^>]*+>)?"
    rest = "" if paired else r"|<[a-zA-Z/!?][\s\S]*+"
    return re.compile(rf"\s*+([^<]*+(?:(?:{other})[^<]*+)*+)({ends})(?:{tag}|{raw}{rest})?", _FLAGS)


@lru_cache(maxsize=16_384)
def end_names(written: str) -> tuple[str, ...]:
    """Give the names of end tags that stand one after the other, in lower case."""
    return tuple(name.lower() for name in _NAME.findall(written))


def tokens(source: str, start: int = 0, end: int | None = None, *, paired: bool = True) -> Iterator[Token]:
    """Give the tokens of ``source[start:end]`` in order; joined, they are that stretch.

    ``paired`` is false where quotation marks are known not to pair up.
    """
    end = len(source) if end is None else end
    at = start
    for strict in (True, False) if paired else (False,):
        for match in _token_pattern(strict).finditer(source, at, end):
            if match.start() != at:
                break
            at = match.end()
            yield _token(match)
        if at == end:
            return


def attributes(written: str) -> dict[str, str]:
    """Read a tag's attributes, names in lower case; of two that share a name the first counts, and values are as written."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(written):
        found.setdefault(match.group(1).lower(), match.group(2) or match.group(3) or match.group(4) or "")
    return found


def _token(match: re.Match[str]) -> Token:
    start, end = match.span()
    if match.lastgroup == "text":
        return Token("text", start, end)
    slash, name, written = match.group("slash", "name", "attributes")
    if not name:
        return Token("other", start, end)
    return Token("end" if slash else "start", start, end, name.lower(), written)


@cache
def markup_pattern(paired: bool) -> re.Pattern[str]:
    """Give the pattern of all that is not text within a piece."""
    written = _QUOTED if paired else _UNQUOTED
    return re.compile(rf"{_COMMENT}|{_BOGUS}|{_raw(written)}|</?[a-zA-Z]{written}>|<[a-zA-Z/!?][\s\S]*+", _FLAGS)


@cache
def _token_pattern(paired: bool) -> re.Pattern[str]:
    written = _QUOTED if paired else _UNQUOTED
    tag = rf"<(?P<slash>/?)(?P<name>[a-zA-Z][^\s/>]*+)(?P<attributes>{written})>"
    rest = "" if paired else r"|<[\s\S]*+"
    return re.compile(rf"(?P<text>(?:{_PLAIN})++)|{_COMMENT}|{_BOGUS}|{_raw(written)}|{tag}{rest}", _FLAGS)


def _raw(written: str) -> str:
    """Give a pattern of the elements whose content is no markup, up to before their end tag."""
    names = sorted(html_names().raw)
    each = "|".join(rf"{name}(?=[\s/>]){written}>[^<]*+(?:<(?!/{name}[\s/>])[^<]*+)*+" for name in names)
    return rf"<(?:{each})"


def _words(words: Iterable[str]) -> str:
    """Give a pattern of any of ``words``: as they stand, for that is found faster, or where a capital follows, in any case."""
    letters = _letters(words)
    return rf"(?:(?-i:{letters})|(?=(?-i:[a-z0-9]*+[A-Z])){letters})"


def _letters(words: Iterable[str]) -> str:
    """Give a pattern of any of ``words`` that compares each letter once."""
    tree: dict[str, list[str]] = {}
    for word in sorted(words):
        tree.setdefault(word[:1], []).append(word[1:])
    branches = [
        re.escape(first) + (_letters(rests) if first else "") for first, rests in sorted(tree.items(), reverse=True)
    ]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
