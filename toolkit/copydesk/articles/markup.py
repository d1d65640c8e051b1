"""A text in, whether it is HTML out: for fields that may hold either."""

from __future__ import annotations

import re

# Elements that writers of feeds and scrapers of pages leave in a field; "<b" alone may be a sum in a text.
_TAG = re.compile(
    r"</?(?:p|br|div|span|a|img|figure|figcaption|ul|ol|li|h[1-6]|b|i|em|strong|blockquote|table|tr|td|iframe|html|body|"
    r"article|section|picture|video|hr|pre|code|sup|sub|small|font|center)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
_DOCTYPE = re.compile(r"\s*<!doctype\s+html", re.IGNORECASE)


def is_marked_up(text: str) -> bool:
    """Tell whether a field of a table is HTML: it opens as a page does, or has a tag that HTML has."""
    return "<" in text and (_DOCTYPE.match(text) is not None or _TAG.search(text) is not None)


def is_marked_up_in_feed(text: str) -> bool:
    """Tell whether a field of a feed is HTML: RSS does not say, and there a character reference alone is a sign of it."""
    return is_marked_up(text) or ("&" in text and _REFERENCE.search(text) is not None)
