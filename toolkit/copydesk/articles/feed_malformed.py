"""A feed that is not well-formed XML in, its items as feedparser makes them out."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

from copydesk.articles.entry import Facts, line
from copydesk.articles.feed_xml import Feed, Item, plain
from copydesk.articles.instants import instant
from copydesk.articles.rows import names_of

# What feedparser was seen to raise on feeds that are noise: it has no errors of its own.
_FAULTS = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
_HEADERS = {"content-type": "application/xml; charset=utf-8"}


def malformed_feed(raw: bytes) -> Feed | None:
    """Read a feed from its UTF-8; ``None`` where feedparser finds none."""
    import feedparser

    try:
        # A stream, never a text: feedparser would open what looks like a path or an address.
        found = feedparser.parse(
            io.BytesIO(raw), response_headers=_HEADERS, sanitize_html=False, resolve_relative_uris=False
        )
    except _FAULTS:
        return None
    if not found.entries:
        return None
    about = found.feed
    own = next((one.get("href") for one in about.get("links", ()) if one.get("rel") == "self"), None)
    return Feed(line(own) or line(about.get("id")), list(_items(found.entries, about)))


def _items(entries: list[dict[str, Any]], about: Mapping[str, Any]) -> Iterator[Item]:
    for entry in entries:
        body, form = _body(entry)
        title = entry.get("title")
        facts = Facts(
            title=line(plain(title) if isinstance(title, str) else None),
            authors=names_of(list(entry.get("authors") or [])) or names_of(entry.get("author")),
            language=line(about.get("language")),
            url=line(entry.get("link")),
            publisher=line(about.get("title")),
            # without their stand-ins
            published_at=instant(line(dict.get(entry, "published")) or line(dict.get(entry, "updated"))),
            licence=line(entry.get("rights")) or line(about.get("rights")),
        )
        yield Item(line(entry.get("id")), body, form, facts)


def _body(entry: Mapping[str, Any]) -> tuple[str, str]:
    contents = [*entry.get("content", ()), {"value": entry.get("summary")}]
    for one in contents:
        if isinstance(one.get("value"), str) and one["value"].strip():
            return one["value"], ""
    return "", ""
