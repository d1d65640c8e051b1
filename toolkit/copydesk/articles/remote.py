"""An address in, its bytes as a file out: ``https://`` by our own careful client, the stores of fsspec by theirs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from copydesk.articles import web
from copydesk.articles.streams import BLOCK, InputFault
from copydesk.errors import StoreError, UnknownError
from copydesk.model.reading import ReadOptions
from copydesk.remote import FIX, faults, filesystem, said

_READ = ("s3", "gs", "gcs", "memory")
_WILD = frozenset("*?[")


def found_at(url: str, *, loopback: bool) -> list[tuple[str, int | None]]:
    """Give the addresses that one stands for, with their sizes where a store tells them.

    Raises UnknownError for a scheme that is not read, or a pattern that nothing matches; StoreError where a store does not list
    what it holds; MissingExtraError where a package is missing.
    """
    scheme = urlsplit(url).scheme.lower()
    if scheme == "https" or (scheme == "http" and loopback):
        return [(url, None)]
    if scheme not in _READ:
        known = ", ".join(f"{one}://" for one in ("https", *_READ, "file"))
        raise UnknownError(f"{scheme}:// is not an address that can be read: {url}", fix=f"use one of {known}")
    store = filesystem(url)
    path = store._strip_protocol(url)
    prefix = f"{scheme}://"
    if not _WILD & set(path):
        return [(url, None)]
    try:
        found = store.glob(path, detail=True)
    except faults(scheme) as error:
        raise StoreError(f"{url} cannot be listed: {said(error)}", fix=FIX) from error
    files = [(name, about) for name, about in sorted(found.items()) if about.get("type") == "file"]
    if not files:
        raise UnknownError(f"nothing matches {url}", fix="correct the pattern")
    return [(prefix + name.lstrip("/"), about.get("size")) for name, about in files]


@contextmanager
def fetched(url: str, options: ReadOptions) -> Iterator[BinaryIO]:
    """Open an address for reading; the file can be sought.

    Raises InputFault where it is not given, and MissingExtraError where a package is missing.
    """
    scheme = urlsplit(url).scheme.lower()
    if scheme in {"https", "http"}:
        with web.fetched(url, options) as file:
            yield file
        return
    store = filesystem(url)
    with tempfile.TemporaryFile() as copy:
        try:
            with store.open(url, "rb") as file:
                _save(file, cast("BinaryIO", copy), url, options)
        except faults(scheme) as error:
            raise InputFault("unreadable", f"{said(error)} (fix: {FIX})") from error
        copy.seek(0)
        yield cast("BinaryIO", copy)


def _save(file: Any, copy: BinaryIO, url: str, options: ReadOptions) -> None:
    limits = options.limits
    if getattr(file, "details", None) and file.details.get("type") == "directory":
        raise InputFault("unreadable", f"it is a folder (fix: name a pattern, such as {url.rstrip('/')}/**)")
    until = time.monotonic() + limits.max_download_seconds
    size = 0
    while block := file.read(BLOCK):
        size += len(block)
        if size > limits.max_download_bytes:
            limit = f"it has more than {limits.max_download_bytes:,} bytes"
            raise InputFault("too-large", f"{limit} (fix: raise [ingest] max_download_bytes)")
        if time.monotonic() > until:
            limit = f"it did not come within {limits.max_download_seconds} seconds"
            raise InputFault("too-slow", f"{limit} (fix: raise [ingest] max_download_seconds)")
        copy.write(block)
