"""A text goes in, its tokens come out: the tokenizer ``copydesk-words/1``.

A token is

* a run of letters, digits and underscores, with the marks and joiners that follow them (an accent, a vowel point, U+200D);
* a letter of a script that is written without spaces (Han, kana, Thai, Lao, Tibetan, Burmese, Khmer), with its marks;
* any other visible character by itself, with its marks: ``Karsand’s`` is ``Karsand``, ``’``, ``s``.

White space and what is invisible and joins nothing (marks of direction, U+200B, U+FEFF) is in no token. So tokens end wherever
annotators may begin or end a name, but within a word. What a letter is comes from the Unicode tables of the running Python, whose
version is a part of the name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

TOKENIZER = f"copydesk-words/1 (Unicode {unicodedata.unidata_version})"
_SPACE, _WORD, _ALONE, _JOINED = "swaj"
_TOKEN = re.compile(f"{_WORD}[{_WORD}{_JOINED}]*|{_ALONE}{_JOINED}*|{_JOINED}+")
_INVISIBLE = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_UNSPACED = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


class Token(NamedTuple):
    """A token's place in the text, in code points: start inclusive, end exclusive."""

    start: int
    end: int


def tokens_of(text: str) -> Sequence[Token]:
    """Find the tokens of a text, in order."""
    return [Token(*found.span()) for found in _TOKEN.finditer(text.translate(_KINDS))]


class _Kinds(dict[int, str]):
    """The kind of each character that was ever asked for, by its code point."""

    def __missing__(self, point: int) -> str:
        self[point] = kind = _kind(chr(point))
        return kind


_KINDS = _Kinds()


def _kind(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace() or _INVISIBLE.match(character):
        return _SPACE
    if category[0] == "M" or category == "Cf" or "\U0001f3fb" <= character <= "\U0001f3ff":  # the last: tones of skin
        return _JOINED
    if _UNSPACED.match(character):
        return _ALONE
    return _WORD if character.isalnum() or character == "_" else _ALONE
