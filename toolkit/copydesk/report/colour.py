"""Colours that people chose go in, numbers of colours that can be read on light and on dark paper come out (``reader.css`` has them)."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping

HUES = 24
GREY = HUES
_PALE = 0.15  # of a saturation below this nobody sees the hue


def numbers_of(colours: Mapping[str, str]) -> dict[str, int]:
    """Give the number of the nearest colour for each name; two names share one only where there are more names than colours."""
    free = list(range(HUES + 1))
    numbers = {}
    for name, colour in colours.items():
        numbers[name] = min(free, key=lambda number: _distance(number, colour))
        free.remove(numbers[name])
        free = free or list(range(HUES + 1))
    return numbers


def _distance(number: int, colour: str) -> float:
    """How far a hue is from that of a colour such as ``#3cb44b``, in hues."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, _, saturation = colorsys.rgb_to_hls(red, green, blue)
    if number == GREY or saturation < _PALE:
        return 0.0 if number == GREY and saturation < _PALE else HUES
    apart = abs(hue * HUES - number)
    return min(apart, HUES - apart)
