"""A block goes in, what the model sees of each of its tokens comes out: names of features, each of which holds or does not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from copydesk.suggestions.tagger.blocks import Block

VERSION = 1  # higher where a feature is made otherwise: models that learned from others are none then
_SHAPED = 12  # characters of a token that its shape is made of
_ENDERS = frozenset(".!?:\"“”'‘’")  # after one of these a capital tells little
_EDGE = "\n"


class _Word(NamedTuple):
    """The features that a token gives to itself, to its neighbours, and to those one further."""

    lower: str
    own: tuple[str, ...]
    to_next: tuple[str, ...]
    to_last: tuple[str, ...]
    far_next: tuple[str, ...]
    far_last: tuple[str, ...]


def features_of(block: Block, names: Sequence[str]) -> list[list[str]]:
    """Give the features of each token; ``names`` says of each what name of the list it stands in, if any (see ``name_marks``)."""
    words = [_word(token) for token in (_EDGE, _EDGE, *block.tokens, _EDGE, _EDGE)]
    zone = f"zone={block.kind}"
    made = []
    for at, mark in enumerate(names, start=2):
        far_last, last, word, following, far_next = words[at - 2 : at + 3]
        features = ["any", zone, *word.own, *last.to_next, *following.to_last, *far_last.far_next, *far_next.far_last]
        features += (f"<{last.lower} {word.lower}", f">{word.lower} {following.lower}")
        if mark:
            features.append(mark)
        if last.lower in _ENDERS or last.lower == _EDGE:
            features.append(f"first {word.own[-1]}")
        made.append(features)
    return made


@lru_cache(maxsize=100_000)
def _word(token: str) -> _Word:
    lower = token.lower()
    shape = _shape(token)
    looks = [f"w={token}", f"l={lower}", f"a={lower[:2]}", f"b={lower[:3]}"]
    looks += [f"x={lower[-2:]}", f"y={lower[-3:]}", f"z={lower[-4:]}", f"s={shape}"]
    near = (f"l={lower}", f"s={shape}")

    def seen_from(place: str, what: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"{place}{one}" for one in what)

    return _Word(
        lower,
        tuple(looks),
        seen_from("-1", looks),
        seen_from("+1", looks),
        seen_from("-2", near),
        seen_from("+2", near),
    )


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
