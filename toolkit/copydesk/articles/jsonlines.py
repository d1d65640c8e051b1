"""A stream of JSON Lines in, an entry for each line that is not blank out."""

from __future__ import annotations

import io
from collections.abc import Iterator

from copydesk.articles.decoding import decode
from copydesk.articles.entry import At, Entry, refused
from copydesk.articles.rows import from_row
from copydesk.articles.streams import as_utf8
from copydesk.articles.strict_json import JsonFault, parse


def read_jsonlines(stream: io.BufferedReader, at: At) -> Iterator[Entry]:
    """Give the article of each line; a line is held in memory, and no more than ``max_bytes`` of it."""
    text = as_utf8(stream)
    number = at.stretch.before if at.stretch else 0
    while line := text.readline(at.limits.max_bytes + 1):
        number += 1
        if len(line) > at.limits.max_bytes and not line.endswith(b"\n"):
            yield _too_long(at, text, number)
        elif line.strip():
            yield _from_line(at, line, number)


def _from_line(at: At, line: bytes, number: int) -> Entry:
    place = f"line {number}"
    decoded = decode(line, declared=None)
    if decoded.reason:
        reason, detail = decoded.reason, decoded.detail
        return refused(at, number=number, place=place, reason=reason, detail=detail, raw=line)
    try:
        value = parse(decoded.text, max_depth=at.limits.max_depth)
    except JsonFault as fault:
        return refused(at, number=number, place=place, reason=fault.reason, detail=fault.detail, raw=line)
    if not isinstance(value, dict):
        detail = "the line is JSON but no object (fix: write one object a line)"
        return refused(at, number=number, place=place, reason="not-an-article", detail=detail, raw=line)
    return from_row(at, value, number=number, place=place)


def _too_long(at: At, text: io.BufferedReader, number: int) -> Entry:
    """Pass over the rest of a line."""
    while rest := text.readline(1 << 20):
        if rest.endswith(b"\n"):
            break
    limit = f"the line has more bytes than the limit of {at.limits.max_bytes:,}"
    detail = f"{limit} (fix: split the article, or raise [ingest] max_bytes)"
    return refused(at, number=number, place=f"line {number}", reason="too-large", detail=detail)
