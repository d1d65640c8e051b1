"""A block goes in, what the model sees of each of its tokens comes out: names of features, each of which holds or does not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from copydesk.suggestions.tagger.blocks import Block

VERSION = 1  # higher where a feature is made otherwise: models that learned from others are none then
_READ = 100  # characters of a token
_SHAPED = 12  # and those that its shape is made of
_EDGE = "\n"
_ENDERS = frozenset(".!?:\"“”'‘’" + _EDGE)  # after one of these a capital tells little


class _Word(NamedTuple):
    """What a token tells of itself, and what its neighbours see of it, each from one place."""

    lower: str
    shape: str
    own: tuple[str, ...]
    to_next: tuple[str, ...]
    to_last: tuple[str, ...]


def features_of(block: Block, marks: Sequence[str]) -> list[list[str]]:
    """Give the features of each token; ``marks`` say of each what it is within a name of the list, empty where it is in none."""
    words = [_word(token[:_READ]) for token in (_EDGE, _EDGE, *block.tokens, _EDGE, _EDGE)]
    zone = f"zone={block.kind}"
    made = []
    for at, mark in enumerate(marks, start=2):
        far_last, last, word, following, far_next = words[at - 2 : at + 3]
        features = [
            *("any", zone, *word.own, *last.to_next, *following.to_last),
            *(f"-2l={far_last.lower}", f"+2l={far_next.lower}"),
            *(f"-s={last.shape} {word.shape}", f"+s={word.shape} {following.shape}"),
        ]
        if mark:
            features.append(mark)
        if last.lower in _ENDERS:
            features.append(f"first={word.shape}")
        made.append(features)
    return made


@lru_cache(maxsize=100_000)
def _word(token: str) -> _Word:
    lower, shape = token.lower(), _shape(token)
    heads = (f"a={lower[:2]}", f"b={lower[:3]}")
    tails = (f"x={lower[-2:]}", f"y={lower[-3:]}", f"z={lower[-4:]}")
    own = (f"w={token}", f"l={lower}", *heads, *tails, f"s={shape}")
    return _Word(lower, shape, own, (f"-1l={lower}", f"-1s={shape}"), (f"+1l={lower}", f"+1s={shape}"))


def _shape(token: str) -> str:
    """Say what kinds of characters a token is made of, three in a row at most: Xxx for Iraq, 999 for 2014."""
    shape = ""
    for character in token[:_SHAPED]:
        kind = _kind(character)
        if not shape.endswith(kind * 3):
            shape += kind
    return shape


def _kind(character: str) -> str:
    if character.isupper():
        return "X"
    if character.islower():
        return "x"
    if character.isdigit():
        return "9"
    return "w" if character.isalpha() else character
