"""A JSON Feed in (jsonfeed.org, versions 1 and 1.1), an entry for each of its items out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from copydesk.articles.entry import At, Entry, Facts, from_text, line, refused
from copydesk.articles.identity import source_of_entry
from copydesk.articles.instants import instant
from copydesk.articles.rows import names_of

_VERSION = "jsonfeed.org/version/"


def is_json_feed(value: Mapping[str, Any]) -> bool:
    """Tell whether an object is a JSON Feed by the version that it must name."""
    return _VERSION in str(value.get("version", "")) and isinstance(value.get("items"), list)


def read_json_feed(feed: Mapping[str, Any], at: At) -> Iterator[Entry]:
    """Give the entry of each item: ``content_html``, else ``content_text``, else ``summary``."""
    for number, item in enumerate(feed["items"], 1):
        place = f"entry {number}"
        if isinstance(item, dict):
            yield _entry(at, feed, item, number=number, place=place)
        else:
            detail = "the item is no object (fix: get the feed again)"
            yield refused(at, number=number, place=place, reason="not-an-article", detail=detail)


def _entry(at: At, feed: Mapping[str, Any], item: Mapping[str, Any], *, number: int, place: str) -> Entry:
    facts = _facts(feed, item)
    source = source_of_entry(
        container=at.container,
        feed=line(feed.get("feed_url")),
        guid=line(item.get("id")),
        url=facts.url,
        number=number,
    )
    source = source.encode("utf-8", errors="backslashreplace").decode("utf-8")
    html = item.get("content_html")
    body = html or item.get("content_text") or item.get("summary") or ""
    if not isinstance(body, str):
        detail = "its content is no text (fix: get the feed again)"
        return refused(at, number=number, place=place, source=source, reason="not-text", detail=detail, facts=facts)
    form = "html" if html else "text"
    return from_text(at, body, source=source, number=number, place=place, facts=facts, form=form)


def _facts(feed: Mapping[str, Any], item: Mapping[str, Any]) -> Facts:
    authors = item.get("authors") or item.get("author") or feed.get("authors") or feed.get("author")
    return Facts(
        title=line(item.get("title")),
        authors=names_of(authors),
        language=line(item.get("language")) or line(feed.get("language")),
        url=line(item.get("url")),
        publisher=line(feed.get("title")),
        published_at=instant(item.get("date_published")),
    )
