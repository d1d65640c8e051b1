"""A text goes in, the text as Label Studio is shown it comes out: as many code points, each within the basic plane."""

from __future__ import annotations

import re

STAND_IN = "\u25a1"
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def without_astral(text: str) -> str:
    """Give a text with every character beyond U+FFFF replaced by ``□``, one for one, and nothing else changed."""
    return _ASTRAL.sub(STAND_IN, text)
