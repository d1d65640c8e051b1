"""A zip or tar archive in, its members out, in the archive's order; nothing of it is ever written under a member's name."""

from __future__ import annotations

import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

from copydesk.articles.entry import At
from copydesk.articles.streams import Budget, InputFault, buffered

_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})
_NOTES = 1 << 20  # bytes that tar's notes on a member (long names, PAX) may have
_ENCRYPTED = 0x1
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)
_AGAIN = "get the archive again; what stands before was read"


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive: how to open it, or why it is not opened."""

    name: str
    open: Callable[[], io.BufferedReader]
    fault: InputFault | None = None


def read_zip(file: BinaryIO, at: At) -> Iterator[Member]:
    """Give the members of a zip archive; ``file`` can be sought. Raises InputFault where it is none, or damaged."""
    try:
        archive = zipfile.ZipFile(file)
    except (*_BROKEN, NotImplementedError) as error:
        fix = "get it again; the end of a zip archive says where everything is, so nothing of it can be read"
        raise InputFault("not-zip", f"not a whole zip archive: {error} (fix: {fix})") from error
    with archive:
        for about in archive.infolist():
            if not about.filename.endswith("/"):  # is_dir() fails on an empty name
                yield _zip_member(archive, about, at.budget)


def read_tar(stream: io.BufferedReader, at: At) -> Iterator[Member]:
    """Give the members of a tar archive as they come; each has to be read before the next is asked for."""
    headers = _Headers()
    try:
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=headers.kind()) as archive:
            for about in archive:
                if not about.isdir():
                    yield _tar_member(archive, about)
    except _BROKEN as error:
        raise InputFault("damaged", f"the tar archive is damaged: {error} (fix: {_AGAIN})") from error
    if not headers.ended:
        raise InputFault("truncated", f"the tar archive ends without its end mark (fix: {_AGAIN})")


def _zip_member(archive: zipfile.ZipFile, about: zipfile.ZipInfo, budget: Budget) -> Member:
    mode = about.external_attr >> 16
    special = stat.S_IFMT(mode) not in {0, stat.S_IFREG}
    fault = _name_fault(about.orig_filename) or (_special(mode) if special else None)
    if fault is None and about.flag_bits & _ENCRYPTED:
        fault = InputFault("encrypted", "the member is encrypted (fix: unpack the archive with its password)")
    if fault is None and about.compress_type not in _METHODS:
        what = f"the member is compressed by method {about.compress_type}, which is not known here"
        fault = InputFault("unreadable", f"{what} (fix: pack it anew)")
    return Member(_shown(about.orig_filename), lambda: _translated(lambda: archive.open(about), budget), fault)


def _tar_member(archive: tarfile.TarFile, about: tarfile.TarInfo) -> Member:
    fault = _name_fault(about.name)
    if fault is None and (not about.isreg() or about.issparse()):
        kinds = ((about.issym() or about.islnk(), stat.S_IFLNK), (about.isdev(), stat.S_IFCHR))
        fault = _special(next((mode for holds, mode in kinds if holds), 0))
    return Member(_shown(about.name), lambda: _translated(lambda: archive.extractfile(about), None), fault)


def _special(mode: int) -> InputFault:
    kind = "a link" if stat.S_ISLNK(mode) else "no regular file"
    return InputFault(
        "link" if stat.S_ISLNK(mode) else "not-a-file", f"the member is {kind} (fix: pack the file itself)"
    )


def _name_fault(name: str) -> InputFault | None:
    """Turn away names that lead out of an archive, and those that no table could hold."""
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or ":" in parts[0] or "\0" in name:
        return InputFault("unsafe-path", "its path leads out of the archive (fix: pack it with a path from within)")
    if _shown(name) != name:
        return InputFault("bad-name", "its name is not UTF-8 (fix: rename it, and pack the archive again)")
    return None


def _shown(name: str) -> str:
    return name.encode("utf-8", errors="backslashreplace").decode("utf-8").replace("\0", "\\0")


def _translated(opened: Callable[[], IO[bytes] | None], budget: Budget | None) -> io.BufferedReader:
    return buffered(_Translated(opened, budget))


class _Translated(io.RawIOBase):
    """A member's bytes, the archive's faults as InputFault; with a budget they are counted as expanded."""

    def __init__(self, opened: Callable[[], IO[bytes] | None], budget: Budget | None) -> None:
        self._opened = opened
        self._budget = budget
        self._file: IO[bytes] | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            self._file = self._file or self._opened()
            data = self._file.read(len(buffer)) if self._file else b""
        except (*_BROKEN, RuntimeError, NotImplementedError) as error:
            raise InputFault("damaged", f"the member is damaged: {error} (fix: {_AGAIN})") from error
        if self._budget:
            self._budget.spend(len(data))
        buffer[: len(data)] = data
        return len(data)


class _Headers:
    """Watches the headers of one tar archive: tarfile stops at a damaged one as if the archive ended there."""

    def __init__(self) -> None:
        self.ended = False

    def kind(self) -> type[tarfile.TarInfo]:
        """Give the class that reads the headers."""
        watch = self

        class Header(tarfile.TarInfo):
            @classmethod
            def frombuf(cls, buf: Any, encoding: str, errors: str) -> Any:
                watch.ended = len(buf) == tarfile.BLOCKSIZE and not any(buf)
                header = (
                    super().frombuf(buf, encoding, errors) if watch.ended else _header(super(), buf, encoding, errors)
                )
                if header.type not in (tarfile.REGULAR_TYPES) and header.size > _NOTES:
                    raise InputFault(
                        "damaged", f"a note of {header.size:,} bytes stands in the tar archive (fix: {_AGAIN})"
                    )
                return header

        return Header


def _header(parent: Any, buf: bytes, encoding: str, errors: str) -> Any:
    if not buf:
        return parent.frombuf(buf, encoding, errors)
    try:
        return parent.frombuf(buf, encoding, errors)
    except tarfile.HeaderError as error:
        raise InputFault("damaged", f"a header of the tar archive is damaged: {error} (fix: {_AGAIN})") from error
