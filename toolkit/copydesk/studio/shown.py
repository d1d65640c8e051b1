"""A text goes in, the text as Label Studio is shown it comes out: as many code points, each within the basic plane."""

from __future__ import annotations

import re

STAND_IN = "\u25a1"
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def stood_in(text: str) -> str:
    """Replace every character beyond U+FFFF by ``□``, one for one."""
    return _ASTRAL.sub(STAND_IN, text)
