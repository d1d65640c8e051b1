"""Addresses of stores such as ``s3://news/datasets``: what fsspec opens them with, and a path that is read as a local one is.

Credentials are those that a store's own package finds in the environment; none is asked for here, and none is ever repeated.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path, PosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from copydesk.errors import MissingExtraError, StoreError, UnknownError

# Scheme: the extra that brings its package. The clients of all of these hand the condition of a write on to the server.
EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "memory": ""}
FIX = "check the address, your credentials for the store and the network"
# What the packages of a store raise beside OSError: network faults, refusals, credentials that are missing.
_FAULTS: dict[str, tuple[str, ...]] = {
    "s3": ("botocore.exceptions.BotoCoreError", "botocore.exceptions.ClientError", "aiohttp.ClientError"),
    "gcs": ("google.auth.exceptions.GoogleAuthError", "gcsfs.retry.HttpError", "aiohttp.ClientError"),
    "azure": ("azure.core.exceptions.AzureError", "aiohttp.ClientError"),
}
_READAHEAD = 4 * 2**20  # bytes; a column of a table is mostly less


def scheme_of(url: str) -> str:
    """Give the scheme of an address, "" for a local path."""
    return urlsplit(url).scheme.lower() if "://" in url else ""


def filesystem(url: str) -> Any:
    """Give what fsspec opens an address with, which remembers no listing: others write there, too.

    Raises UnknownError for a scheme that fsspec does not know, MissingExtraError where the package of a store is not installed,
    StoreError where that says at once that it cannot, as it does where it finds no credentials.
    """
    import fsspec

    scheme = scheme_of(url)
    try:
        kind = fsspec.get_filesystem_class(scheme)
    except ValueError as error:
        raise UnknownError(f"{scheme}:// is not an address of a store: {url}", fix="use one such as s3://") from error
    except ImportError as error:
        extra = EXTRAS.get(scheme)
        fix = f"pip install 'copydesk[{extra}]'" if extra else " ".join(str(error).split())
        raise MissingExtraError(f"{url} needs a package that is not installed", fix=fix) from error
    try:
        return kind(use_listings_cache=False)
    except ValueError as error:
        raise StoreError(f"{url} cannot be opened: {said(error)}", fix=FIX) from error


def faults(scheme: str) -> tuple[type[Exception], ...]:
    """Give the errors by which a store says that it cannot; its packages are there."""
    named = [name.rpartition(".") for name in _FAULTS.get(EXTRAS.get(scheme, ""), ())]
    return (OSError, ValueError, *(getattr(import_module(module), name) for module, _, name in named))


def said(error: Exception) -> str:
    """Give what an error of a store says, in one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__


@contextmanager
def reaching(place: RemotePath) -> Iterator[Any]:
    """Give what fsspec opens the place with; whatever the store's packages raise is an OSError that names the place."""
    url = str(place)
    opener = filesystem(url)
    try:
        yield opener
    except (FileNotFoundError, FileExistsError, PermissionError) as error:
        raise type(error)(error.errno or 0, said(error), url) from error
    except faults(scheme_of(url)) as error:
        raise OSError(errno.EIO, said(error), url) from error


def place_at(named: Path | str) -> Path:
    """Give the path that a person named: a folder of this machine, also as ``file://``, or the address of a store."""
    text = str(named)
    scheme = scheme_of(text)
    if scheme == "file":
        return Path(unquote(urlsplit(text).path))
    if not scheme:
        return Path(named)
    filesystem(text)  # an unknown scheme is refused here, before anything is done
    return RemotePath(text)


class RemotePath(PosixPath):
    """A place in a store that is read as a local one: by ``/``, ``exists``, ``iterdir``, ``rglob`` and ``open``.

    It is a ``Path`` so that what reads a published version reads it there, too; whatever would hand it to the operating system is
    refused with TypeError. Nothing is remembered: each answer is the store's, as of now. Its faults are raised as OSError.
    """

    __slots__ = ()

    def __str__(self) -> str:
        scheme, colon, rest = super().__str__().partition(":/")
        return f"{scheme}://{rest}" if colon else scheme

    def __fspath__(self) -> str:
        raise TypeError(f"{self} is in a store, and not on this machine")

    def sizes(self) -> dict[str, int]:
        """Every object below this place by its relative name, with its size in bytes: none where there is nothing."""
        with reaching(self) as store:
            root = store._strip_protocol(str(self)).rstrip("/") + "/"
            try:
                found = store.find(str(self), detail=True)
            except FileNotFoundError:
                return {}
        return {name.removeprefix(root): entry["size"] for name, entry in found.items() if name.startswith(root)}

    def exists(self, *, follow_symlinks: bool = True) -> bool:
        """Say whether there is an object of this name, or one below it."""
        return self._kind() is not None

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        """Say whether there is an object of this name."""
        return self._kind() == "file"

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Say whether there is an object below this name."""
        return self._kind() == "directory"

    def iterdir(self) -> Generator[RemotePath, None, None]:
        """Give what lies right below this name."""
        with reaching(self) as store:
            names = store.ls(str(self), detail=False)
            own = store._strip_protocol(str(self)).rstrip("/")
        yield from (self / name.rstrip("/").rpartition("/")[2] for name in names if name.rstrip("/") != own)

    def rglob(self, pattern: str, **_: Any) -> Generator[RemotePath, None, None]:
        """Give the objects below whose own names match; there are no folders in a store."""
        yield from (self / name for name in self.sizes() if fnmatchcase(name.rpartition("/")[2], pattern))

    def open(self, mode: str = "r", *_: Any, encoding: str | None = None, **__: Any) -> Any:
        """Open an object for reading; it can be sought."""
        if mode not in ("r", "rb"):
            raise io.UnsupportedOperation(f"{self} can only be read")
        with reaching(self) as store:
            file = store.open(str(self), "rb", block_size=_READAHEAD, cache_type="readahead")
        opened = io.BufferedReader(_Reading(self, file))
        return opened if mode == "rb" else io.TextIOWrapper(opened, encoding=encoding or "utf-8")

    def read_bytes(self) -> bytes:
        """Read an object whole."""
        with reaching(self) as store:
            content: bytes = store.cat_file(str(self))
        return content

    def _kind(self) -> str | None:
        try:
            with reaching(self) as store:
                return str(store.info(str(self))["type"])
        except FileNotFoundError:
            return None


class _Reading(io.RawIOBase):
    """A file of fsspec, whose faults are raised as OSError."""

    def __init__(self, place: RemotePath, file: Any) -> None:
        self._place, self._file = place, file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        with reaching(self._place):
            content = self._file.read(len(view))
        view[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        self._file.close()
        super().close()
