"""An address in, its bytes as a file out: ``https://`` by our own careful client, the stores of fsspec by theirs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from copydesk.articles import web
from copydesk.articles.streams import BLOCK, InputFault
from copydesk.errors import MissingExtraError, StoreError, UnknownError
from copydesk.model.reading import ReadOptions

_EXTRAS = {"s3": "s3", "gs": "gcs", "gcs": "gcs", "memory": ""}  # scheme: the extra that brings its package
_WILD = frozenset("*?[")
# What the packages of a store raise beside OSError: network faults, refusals, credentials that are missing.
_FAULTS: dict[str, tuple[str, ...]] = {
    "s3": ("botocore.exceptions.BotoCoreError", "botocore.exceptions.ClientError", "aiohttp.ClientError"),
    "gs": ("google.auth.exceptions.GoogleAuthError", "gcsfs.retry.HttpError", "aiohttp.ClientError"),
}
_FAULTS["gcs"] = _FAULTS["gs"]
_FIX = "check the address, your credentials for the store and the network"


def found_at(url: str, *, loopback: bool) -> list[tuple[str, int | None]]:
    """Give the addresses that one stands for, with their sizes where a store tells them.

    Raises UnknownError for a scheme that is not read, or a pattern that nothing matches; StoreError where a store does not list
    what it holds; MissingExtraError where a package is missing.
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
    try:
        found = store.glob(path, detail=True)
    except _faults(scheme) as error:
        raise StoreError(f"{url} cannot be listed: {_said(error)}", fix=_FIX) from error
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
    store = _store(url, scheme)
    with tempfile.TemporaryFile() as copy:
        try:
            with store.open(url, "rb") as file:
                _save(file, cast("BinaryIO", copy), url, options)
        except _faults(scheme) as error:
            raise InputFault("unreadable", f"{_said(error)} (fix: {_FIX})") from error
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


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def _faults(scheme: str) -> tuple[type[Exception], ...]:
    """Give the errors by which a store says that it cannot; its packages are there."""
    named = [name.rpartition(".") for name in _FAULTS.get(scheme, ())]
    return (OSError, ValueError, *(getattr(import_module(module), name) for module, _, name in named))


def _store(url: str, scheme: str) -> Any:
    import fsspec

    try:
        return fsspec.filesystem(scheme)
    except ImportError as error:
        extra = _EXTRAS[scheme]
        raise MissingExtraError(
            f"{url} needs a package that is not installed", fix=f"pip install 'copydesk[{extra}]'"
        ) from error
