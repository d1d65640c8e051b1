"""Where versions lie: a folder of this machine, or a store of objects that fsspec opens. A path goes in, what writes there comes out."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from copydesk.datasets.stores.local import LocalStore
from copydesk.datasets.stores.objects import ObjectStore
from copydesk.datasets.version import Version
from copydesk.errors import UsageError
from copydesk.remote import RemotePath
from copydesk.store import translated

__all__ = ["Store", "allow_single_writer", "store_of"]


class Store(Protocol):
    """What writes in the folder of a dataset; reading needs no more than the path. Faults are raised as OSError or StoreError.

    The names that it is given are relative to the folder.
    """

    def writing(self) -> AbstractContextManager[None]:
        """Hold what writing needs, and clear away what killed writers left; raises StoreError where the place is not safe."""

    def turn(self) -> AbstractContextManager[None]:
        """Have the newest version stay the newest meanwhile, where the place can keep others out; ``commit`` looks again."""

    def staged(self) -> AbstractContextManager[Path]:
        """Give a new empty folder to build a version in; it is gone at the end."""

    def commit(self, place: Path, version: str, *, after: Version | None) -> bool:
        """Make the finished folder ``place`` the version, whole or not at all.

        False, with nothing done: ``after`` is not the newest version (None: there is none) any more.
        """

    def create(self, name: str, content: bytes) -> bool:
        """Write a file whole that is not there yet; False where there is another of this name."""

    def replace(self, name: str, content: bytes) -> None:
        """Write a file whole, over the one that is there."""

    def remove(self, *names: str) -> None:
        """Remove the files that are there, and the folders that are empty then."""


def store_of(folder: Path) -> Store:
    """Give what writes in the folder of a dataset."""
    return ObjectStore(folder) if isinstance(folder, RemotePath) else LocalStore(folder)


def allow_single_writer(folder: Path) -> None:
    """Say in a dataset's folder that nobody else ever publishes there, so that a store is taken which ignores conditional writes.

    Raises UsageError for a folder of this machine, which needs no such thing, and StoreError where the store refuses.
    """
    if not isinstance(folder, RemotePath):
        raise UsageError(f"{folder} is no store", fix="leave --single-writer out")
    with translated(folder, "write"):
        ObjectStore(folder).allow_single_writer()
