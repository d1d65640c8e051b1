"""Texts that others wrote go in, texts that do nothing to the page around them come out."""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_HARMLESS = frozenset("\n\t\u200c\u200d\u00ad")  # line ends, and what scripts and emoji are joined by


def shown(text: object) -> str:
    """Name the characters that are not seen and can change how others look (control, bidirectional, private): ⟦U+202E⟧."""
    return "".join(sign if sign.isprintable() or _is_harmless(sign) else f"⟦U+{ord(sign):04X}⟧" for sign in str(text))


def _is_harmless(sign: str) -> bool:
    return sign in _HARMLESS or "\U000e0020" <= sign <= "\U000e007f" or unicodedata.category(sign) not in _HIDDEN
