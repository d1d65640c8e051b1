"""A dataset in a folder of this machine: versions are renamed into place, files that must be new are linked."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from copydesk.datasets.staging import staged, sweep_staging, turn
from copydesk.datasets.version import Version, newest_in
from copydesk.errors import StoreError
from copydesk.store import commit_folder, sync_folder, write_file


@dataclass(frozen=True, slots=True)
class LocalStore:
    """The ``Store`` of a local folder."""

    folder: Path

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Refuse a file system that does not keep what writing rests on, and sweep what killed publishers left."""
        sweep_staging(self.folder)
        with staged(self.folder) as place:
            probe(place)
        yield

    def turn(self) -> AbstractContextManager[None]:
        """Hold the lock on the folder, which the system releases when the process ends in whatever way."""
        return turn(self.folder)

    def staged(self) -> AbstractContextManager[Path]:
        """Give a new folder on the same file system."""
        return staged(self.folder)

    def commit(self, place: Path, version: str, *, after: Version | None) -> bool:
        """Rename the folder into place; the caller has the turn, but where locks do nothing another publisher may have been faster."""
        newest = newest_in(self.folder)
        if (newest.version if newest else None) != after:
            return False
        commit_folder(place, self.folder / version)
        return True

    def create(self, name: str, content: bytes) -> bool:
        """Write the file aside and link it, which fails where there is one of its own."""
        target = self.folder / name
        target.parent.mkdir(exist_ok=True)
        sync_folder(self.folder)
        with staged(self.folder) as place:
            write_file(place / target.name, content, mode=0o444)
            try:
                target.hardlink_to(place / target.name)
            except FileExistsError:
                return False
        sync_folder(target.parent)
        return True

    def replace(self, name: str, content: bytes) -> None:
        """Write the file aside and rename it: another process may be doing the same."""
        with staged(self.folder) as place:
            write_file(place / name, content)
            (place / name).replace(self.folder / name)
        sync_folder(self.folder)

    def remove(self, *names: str) -> None:
        """Remove the files, and the folders between them and the dataset's that are empty then."""
        changed = set()
        for name in names:
            path = self.folder / name
            path.unlink(missing_ok=True)
            changed |= {one for one in path.parents if self.folder in one.parents}
        for folder in sorted(changed, reverse=True):  # the inner ones first
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        for folder in changed:
            if folder.is_dir():
                sync_folder(folder)


def probe(place: Path) -> None:
    """Try in the empty folder ``place`` what publishing rests on; raises StoreError where the file system does not keep it.

    Network file systems and mounted buckets often lack one of these; what they do instead would lose a version without a word.
    """
    file, taken = place / "file", place / "taken"
    file.write_bytes(b"1")
    taken.mkdir()
    (taken / "file").write_bytes(b"2")
    (place / "new").mkdir()
    kept = {
        "make a file that must be new": _refused(lambda: file.open("xb").close()),
        "link a file to a second name": _done(lambda: (place / "link").hardlink_to(file)),
        "keep a name that is linked": _refused(lambda: (place / "link").hardlink_to(file)),
        "rename a folder": _done(lambda: (place / "new").rename(place / "moved")),
        "keep a folder that another is renamed to": _refused(lambda: (place / "moved").rename(taken)),
    }
    lacking = [what for what, holds in kept.items() if not holds]
    if lacking:
        raise StoreError(
            f"nothing can be published in {place.parents[1]}: its file system does not {', '.join(lacking)}",
            fix="publish on a local disk, or in a store such as s3://",
        )


def _done(operation: Callable[[], object]) -> bool:
    try:
        operation()
    except OSError:
        return False
    return True


def _refused(operation: Callable[[], object]) -> bool:
    """Whether the operation is refused because there is something of that name."""
    try:
        operation()
    except OSError as error:
        return error.errno in (errno.EEXIST, errno.ENOTEMPTY)
    return False
