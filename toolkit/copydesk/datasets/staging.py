"""A place to build a version in: a folder below ``.staging`` that nobody loads, and that goes away unless it is committed.

Each publisher holds a lock on its own staging folder (flock, which the system releases when the process ends in whatever way),
so that sweeping away what killed publishers left never takes the folder of one at work. A lock of the same kind on the dataset's
folder is the turn to add a version.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from copydesk.store import TEMPORARY, translated

STAGING = ".staging"
_TRIES = 100


@contextlib.contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give a new empty folder on the file system of ``folder``; what is still there at the end is removed."""
    place, handle = _claim(folder / STAGING)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        os.close(handle)
        _remove_if_empty(folder / STAGING)


@contextlib.contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Wait until nobody else has the turn in ``folder``, and have it, with what killed publishers left swept away.

    The newest version stays the newest meanwhile. Raises StoreError where the disk refuses.
    """
    with contextlib.ExitStack() as stack:
        with translated(folder, "lock"):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX)
            sweep_staging(folder)
        yield


def sweep_staging(folder: Path) -> None:
    """Remove the staging folders whose publisher is gone."""
    place = folder / STAGING
    for entry in sorted(place.glob(f"{TEMPORARY}*")):
        with contextlib.suppress(FileNotFoundError):
            _remove_if_free(entry)
    _remove_if_empty(place)


def _claim(place: Path) -> tuple[Path, int]:
    for _ in range(_TRIES):
        new = place / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}"
        try:
            place.mkdir(parents=True, exist_ok=True)
            new.mkdir()
            handle = os.open(new, os.O_RDONLY | os.O_DIRECTORY)
        except (FileNotFoundError, FileExistsError):
            continue  # another publisher tidied up between two of these lines, or within one
        if _lock(handle) and new.exists():
            return new, handle
        os.close(handle)
    raise FileNotFoundError(errno.ENOENT, "the staging folder is removed again and again", str(place))


def _remove_if_free(entry: Path) -> None:
    handle = os.open(entry, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if _lock(handle):
            shutil.rmtree(entry)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove_if_empty(place: Path) -> None:
    try:
        place.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.EACCES, errno.EROFS, errno.EPERM):
            raise
