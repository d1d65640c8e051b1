"""What an article's container says of it in, the address that names its document for ever out.

The rule, in its order. An article that is

* a file by itself is named by the file's path in the workspace, or by its URL;
* a member of an archive, by ``archive.zip!/path/in/it``; a page in a WARC file, by its target URI;
* an entry of a feed, by its guid (``id`` in Atom and JSON feeds) where that is a URI. Other guids (``1``) are only told apart
  within their feed: ``<feed>#id=1``, where ``<feed>`` is the address that the feed gives as its own (``rel="self"``, its
  ``id``, ``feed_url``), so that a feed saved under two names holds the same entries, or else the container's address;
* a row, by the column that ``[ingest.columns] id`` states: ``<container>#id=17``, or the value itself where it is a URI;
* any other row or entry, by an id found under a usual name if it is a URI, else its URL, else ``<container>#id=17``;
* without all of these, by its number: ``<container>#17``. Then, and only then, what is put in before it changes its name.

The same name in a later file, or later in the same file, is the same document: a new revision where it has changed.
"""

from __future__ import annotations

import re

_URI = re.compile(r"(?:https?://[^\s/]\S*|(?:urn|tag|doi|info|ark):\S+)", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


def is_uri(value: str) -> bool:
    """Tell whether a value names the same thing wherever it stands: http(s) addresses, and urn:, tag:, doi:, info:, ark:."""
    return _URI.fullmatch(value) is not None


def source_of_member(archive: str, name: str) -> str:
    """Name a file in an archive."""
    return f"{archive}!/{name}"


def source_of_entry(*, container: str, feed: str | None, guid: str | None, url: str | None, number: int) -> str:
    """Name an entry of a feed; ``feed`` is the address that the feed gives as its own."""
    if guid and is_uri(guid):
        return guid
    scope = feed if feed and is_uri(feed.strip()) else container
    return _named(container, scope=scope, key=guid, url=url, number=number, key_first=True)


def source_of_row(*, container: str, key: str | None, stated: bool, url: str | None, number: int) -> str:
    """Name a row of a table; ``stated`` says that the settings name the column of ``key``."""
    return _named(container, scope=container, key=key, url=url, number=number, key_first=stated)


def source_of_number(container: str, number: int) -> str:
    """Name what has nothing else to be named by."""
    return f"{container}#{number}"


def _named(container: str, *, scope: str, key: str | None, url: str | None, number: int, key_first: bool) -> str:
    key, url = (key or "").strip(), (url or "").strip()
    if is_uri(key):
        return key
    scoped = f"{scope.strip()}#id={_SPACE.sub(' ', key)}" if key else ""
    address = url if is_uri(url) else ""
    chosen = scoped or address if key_first else address or scoped
    return chosen or source_of_number(container, number)
