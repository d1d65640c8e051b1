"""An address in, its bytes as a file out: ``https://`` by our own careful client, the stores of fsspec by theirs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from copydesk.articles import web
from copydesk.articles.streams import InputFault
from copydesk.errors import MissingExtraError, UnknownError
from copydesk.model.reading import ReadOptions

_EXTRAS = {"s3": "s3", "gs": "gcs", "gcs": "gcs", "memory": ""}  # scheme: the extra that brings its package
_WILD = frozenset("*?[")


def found_at(url: str, *, loopback: bool) -> list[tuple[str, int | None]]:
    """Give the addresses that one stands for, with their sizes where a store tells them.

    Raises UnknownError for a scheme that is not read, or a pattern that nothing matches; MissingExtraError where a package is missing.
    """
    scheme = urlsplit(url).scheme.lower()
    if scheme == "https" or (scheme == "http" and loopback):
        return [(url, None)]
    if scheme not in _EXTRAS:
        known = ", ".join(f"{one}://" for one in ("https", *_EXTRAS, "file"))
        raise UnknownError(f"{scheme}:// is not an address that can be read: {url}", fix=f"use one of {known}")
    store = _store(url, scheme)
    path = store._strip_protocol(url)
    prefix = f"{scheme}://"
    if not _WILD & set(path):
        return [(url, None)]
    found = store.glob(path, detail=True)
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
    try:
        file = _store(url, scheme).open(url, "rb")
    except (OSError, ValueError) as error:
        raise InputFault("unreadable", f"{error} (fix: name one that exists and that you may read)") from error
    with file:
        yield cast("BinaryIO", file)


def _store(url: str, scheme: str) -> Any:
    import fsspec

    try:
        return fsspec.filesystem(scheme)
    except ImportError as error:
        extra = _EXTRAS[scheme]
        raise MissingExtraError(
            f"{url} needs a package that is not installed", fix=f"pip install 'copydesk[{extra}]'"
        ) from error
