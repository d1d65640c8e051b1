"""A file that is one article, plain text or HTML, in; its entry out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import BinaryIO

from copydesk.articles import html, text
from copydesk.articles.decoding import Decoded, decode, encodings
from copydesk.articles.entry import At, Entry, Facts, with_origin
from copydesk.articles.streams import InputFault, take

_BLOCK = 1 << 20


def read_document(
    stream: BinaryIO,
    at: At,
    *,
    source: str,
    suffix: str,
    place: str | None = None,
    facts: Facts | None = None,
    declared: str | None = None,
) -> Entry:
    """Read one article. ``declared`` is a charset that its carrier states, as HTTP does; a suffix or the opening tells HTML.

    Past the size limit only the digest and the size are taken.
    """
    entry = Entry(source=source, container=at.container, place=place, facts=with_origin(facts or Facts(), at.origin))
    try:
        entry = _limited(stream, entry, max_bytes=at.limits.max_bytes)
    except InputFault as fault:
        return entry._replace(reason=fault.reason, detail=fault.detail)
    return entry if entry.reason else _decoded(entry, suffix=suffix, declared=declared)


def _limited(stream: BinaryIO, entry: Entry, *, max_bytes: int) -> Entry:
    raw = take(stream, max_bytes + 1)
    digest = hashlib.sha256(raw)
    if len(raw) <= max_bytes:
        return entry._replace(raw_sha256=digest.hexdigest(), bytes=len(raw), raw=raw)
    size = len(raw)
    while block := stream.read(_BLOCK):
        digest.update(block)
        size += len(block)
    detail = f"{size:,} bytes are more than the limit of {max_bytes:,} (fix: split the file, or raise the limit)"
    return entry._replace(raw_sha256=digest.hexdigest(), bytes=size, reason="too-large", detail=detail)


def _decoded(entry: Entry, *, suffix: str, declared: str | None) -> Entry:
    assert entry.raw is not None
    is_html = html.is_html(entry.raw, suffix=suffix)
    reader: Callable[[bytes], Decoded] = html.read_html if is_html else text.read_text
    if declared and declared.strip().lower() in encodings().declared:
        reader = partial(decode, declared=declared)
    decoded = reader(entry.raw)
    if decoded.reason:
        return entry._replace(reason=decoded.reason, detail=decoded.detail)
    return entry._replace(format=html.FORMAT if is_html else text.FORMAT, encoding=decoded.encoding)
