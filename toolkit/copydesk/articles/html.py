"""The bytes of an HTML page in, their encoding and source text out; whether bytes are HTML at all is told here too."""

from __future__ import annotations

import re

from copydesk.articles.decoding import Decoded, decode

FORMAT = "html"
SUFFIXES = frozenset({".html", ".htm"})
# Browsers look for the declaration in the first 1,024 bytes; many pages put it later, so twice the usual head is read.
HEAD = 8192
_DECLARED = re.compile(rb"""<meta\b[^>]{0,500}?\bcharset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_XML = re.compile(rb"""^\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_OPENING = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)


def is_html(raw: bytes, *, suffix: str) -> bool:
    """Tell whether a file is HTML: by its suffix, or because it opens as a page does."""
    return suffix.lower() in SUFFIXES or _OPENING.match(raw[:HEAD]) is not None


def read_html(raw: bytes) -> Decoded:
    """Decode an HTML page by its byte-order mark, UTF-8, or the charset that its head declares."""
    head = raw[:HEAD]
    found = _XML.search(head) or _DECLARED.search(head)
    return decode(raw, declared=found.group(1).decode("ascii") if found else None)
