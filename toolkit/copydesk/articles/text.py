"""The bytes of a plain-text article in, their encoding and text out."""

from __future__ import annotations

from copydesk.articles.decoding import Decoded, decode

FORMAT = "text"


def read_text(raw: bytes) -> Decoded:
    """Decode a plain-text article: it declares nothing but, perhaps, a byte-order mark."""
    return decode(raw, declared=None)
