"""A feed in (RSS, RDF, Atom), an entry for each of its items out.

What is well-formed is read by expat, and its items are taken from the elements here: libraries that give ready-made entries complete a
date such as "Friday" from today's clock, or keep one author of three. What is not well-formed goes to feedparser.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from copydesk.articles.decoding import decode
from copydesk.articles.entry import At, Entry, from_text, refused
from copydesk.articles.feed_malformed import malformed_feed
from copydesk.articles.feed_xml import ITEMS, Feed, Item, feed_of
from copydesk.articles.identity import source_of_entry
from copydesk.articles.markup import is_marked_up_in_feed
from copydesk.articles.streams import InputFault, as_utf8, whole
from copydesk.articles.xml_tree import parse

_SLOW = 5_000_000  # bytes: feedparser takes milliseconds for an entry, and is not asked for more
_OPENING = re.compile(
    rb"^\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*|<\?[^>]{0,200}>\s*|<!DOCTYPE[^>\[]{0,300}>\s*)*<(?:rss|feed|rdf:RDF)[\s>]",
    re.DOTALL,
)
_DECLARED = re.compile(rb"""^\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z0-9_.:-]{1,40})""")
_BEFORE = r"\s*(?:<\?[^>]{0,300}\?>\s*|<!--.{0,4000}?-->\s*)*"
_DOCTYPE = re.compile(rf"{_BEFORE}(?P<all><!DOCTYPE[^<>\[]*(?P<subset>\[.*?\]\s*)?>)", re.DOTALL | re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY\s+(?P<name>[\w.-]+)\s+(?:\"(?P<double>[^\"%&]*)\"|'(?P<single>[^'%&]*)')\s*>")
_PROLOGUE = 20_000  # characters that a DOCTYPE may have before the root
_CLOSED = re.compile(r"</\s*(?:rss|feed|(?:\w+:)?RDF|channel)\s*>", re.IGNORECASE)


def looks_like_feed(head: bytes) -> bool:
    """Tell whether a file of no known suffix opens as a feed does."""
    return _OPENING.match(head) is not None


def read_feed(stream: io.BufferedReader, at: At) -> Iterator[Entry]:
    """Give the entry of each item: ``content:encoded``, Atom's ``content``, else the description or summary.

    No entity is loaded or expanded but short texts of the feed's own. Raises InputFault for what is no feed, for entities that stand for
    others or for files, and for elements nested too deep.
    """
    raw = whole(as_utf8(stream), limit=at.limits.max_whole_bytes, setting="max_whole_bytes")
    feed, fault = (None, "odd") if _is_odd(raw) else _well_formed(raw, at)
    if feed is not None and not fault:
        yield from _entries(feed, at, ended=True)
        return
    found = _DECLARED.match(raw[:300])
    decoded = decode(raw, declared=found.group(1).decode("ascii") if found else None)
    if decoded.reason:
        raise InputFault(decoded.reason, decoded.detail)
    text = _without_entities(decoded.text, limit=at.limits.max_whole_bytes)
    feed, fault = _well_formed(text.encode("utf-8"), at)
    if (feed is None or fault) and len(text) <= _SLOW:
        feed = malformed_feed(text.encode("utf-8"))
        yield from _entries(
            _known(feed), at, ended=not fault or _CLOSED.search(text, max(0, len(text) - 1000)) is not None
        )
        return
    yield from _entries(_known(feed), at, ended=True)
    if fault:
        fix = "get it again; what stands before was read"
        raise InputFault("damaged", f"not well-formed XML: {fault} (fix: {fix})")


def _known(feed: Feed | None) -> Feed:
    if feed is None:
        raise InputFault("not-a-feed", "it is no RSS, RDF or Atom feed (fix: name a feed, or rename the file)")
    return feed


def _is_odd(raw: bytes) -> bool:
    """Tell whether a feed is in another encoding than UTF-8 by its own words, or has a DOCTYPE."""
    head = raw[:_PROLOGUE]
    found = _DECLARED.match(head)
    return b"<!DOCTYPE" in head or (found is not None and found.group(1).lower() not in {b"utf-8", b"utf8"})


def _entries(feed: Feed, at: At, *, ended: bool) -> Iterator[Entry]:
    """Give the entries; of a feed that was cut off, the last one is not whole."""
    number = 0
    last: Entry | None = None
    for item in feed.items:
        if last is not None:
            yield last
        number += 1
        last = _entry(at, feed, item, number)
    if last is None:
        raise InputFault("no-entries", "the feed has no entries (fix: leave it out, or get it again)")
    if ended:
        yield last
    else:
        detail = "the feed ends in the middle of this entry (fix: get it again; what stands before was read)"
        yield refused(
            at, number=number, place=last.place, source=last.source, reason="truncated", detail=detail, facts=last.facts
        )


def _entry(at: At, feed: Feed, item: Item, number: int) -> Entry:
    place = f"entry {number}"
    facts = item.facts
    source = source_of_entry(container=at.container, feed=feed.address, guid=item.guid, url=facts.url, number=number)
    if not source.isascii():
        source = source.encode("utf-8", errors="backslashreplace").decode("utf-8")
    if not item.body:
        detail = "the entry has no content (fix: fetch the page that it links to)"
        return refused(at, number=number, place=place, source=source, reason="empty", detail=detail, facts=facts)
    form = item.form or ("html" if is_marked_up_in_feed(item.body) else "text")
    return from_text(at, item.body, source=source, number=number, place=place, facts=facts, form=form)


def _well_formed(source: bytes, at: At) -> tuple[Feed | None, str]:
    """Read a feed as far as it is well-formed XML in UTF-8: the feed, if it is one of a known kind, and what is wrong then."""
    root, fault = parse(source, max_depth=at.limits.max_depth, whole=ITEMS)
    return (None if root is None else feed_of(root)), fault


def _without_entities(text: str, *, limit: int) -> str:
    """Put in the short texts that a feed declares as entities, and take its DOCTYPE away.

    Raises InputFault for entities that name a file or an address, or hold others: they are how a feed fills a memory or reads a disk.
    """
    doctype = _DOCTYPE.match(text)
    if doctype is None:
        return text
    subset = doctype["subset"] or ""
    declared = {one["name"]: one["double"] or one["single"] or "" for one in _ENTITY.finditer(subset)}
    if subset.count("<!ENTITY") != len(declared) or "%" in _ENTITY.sub("", subset):
        what = "the feed declares entities that stand for files, addresses or other entities"
        raise InputFault("xml-entities", f"{what} (fix: take its DOCTYPE away)")
    body = text[doctype.end() :]
    grown = sum(body.count(f"&{name};") * len(value) for name, value in declared.items())
    if len(body) + grown > max(10 * len(text), 1_000_000) or len(body) + grown > limit:
        raise InputFault("xml-entities", "the feed's entities make it many times longer (fix: take its DOCTYPE away)")
    for name, value in declared.items():
        body = body.replace(f"&{name};", value)
    return text[: doctype.start("all")] + body
