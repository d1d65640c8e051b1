"""Compressed bytes in, the bytes that were compressed out, piece by piece, and never more of them than the limits allow."""

from __future__ import annotations

import codecs
import io
import os
import stat
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from copydesk.model.reading import Limits

BLOCK = 1 << 16
_ROOM = 1 << 20
# zstd has no bounded output: four bytes may stand for 128 kB, so this many may stand for 32 MB.
_ZSTD_BLOCK = 1 << 10
_ZSTD_WINDOW = 1 << 27
_ALWAYS_ALLOWED = 16_000_000  # bytes: the expansion of less than this is not looked at
WIDE = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Where the zeros of the first ASCII characters stand without a mark (RFC 4627, section 3; XML 1.0, appendix F.1).
_UNMARKED: dict[tuple[bool, ...], str] = {
    (False, False, False, True): "utf-32-be",
    (True, False, False, False): "utf-32-le",
    (False, True, False, True): "utf-16-be",
    (True, False, True, False): "utf-16-le",
}
_FIX = "get the file again; what stands before the damage was read"


class InputFault(Exception):
    """What follows in an input cannot be read: why, as a code and a sentence. It never leaves this folder."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


@dataclass(slots=True)
class Budget:
    """What one input has cost so far: bytes read of it, and bytes that all decompression within it gave."""

    limits: Limits
    read: int = 0
    expanded: int = 0

    def spend(self, count: int) -> None:
        """Count bytes that decompression gave; raises InputFault where they are too many."""
        self.expanded += count
        if self.expanded > self.limits.max_expanded_bytes:
            limit = f"{self.limits.max_expanded_bytes:,} bytes"
            fix = "split it, or raise [ingest] max_expanded_bytes"
            raise InputFault("too-large", f"the input expands to more than {limit} (fix: {fix})")
        if self.expanded > _ALWAYS_ALLOWED and self.expanded > self.limits.max_ratio * max(self.read, 1):
            what = (
                f"{self.read:,} bytes expand to {self.expanded:,} and more, over {self.limits.max_ratio} times as much"
            )
            raise InputFault("expansion-ratio", f"{what} (fix: if it is no attack, raise [ingest] max_ratio)")


class Within(io.RawIOBase):
    """The next bytes of a file, as many as are said, as a file of its own."""

    def __init__(self, file: BinaryIO, count: int) -> None:
        self._file = file
        self._left = count

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer."""
        data = self._file.read(min(len(buffer), self._left))
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)


class Counted(io.RawIOBase):
    """A file that counts what is read of it, and gives its faults as InputFault; it can be sought where the file can."""

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._file: Any = file
        self._budget = budget

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say what the file says."""
        return bool(self._file.seekable())

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move in the file."""
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        """Say where in the file it stands."""
        return int(self._file.tell())

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer."""
        try:
            count = int(self._file.readinto(buffer))
        except OSError as error:
            fix = "make it readable, or leave it out"
            raise InputFault("unreadable", f"{error.strerror or error} (fix: {fix})") from error
        self._budget.read += count
        return count


class _Produced(io.RawIOBase):
    """A stream whose bytes come from a function; it gives what it has before it raises what stopped it."""

    def __init__(self, more: Callable[[], bytes]) -> None:
        self._more = more
        self._pending = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._pending:
            self._pending = memoryview(self._more())
        count = min(len(buffer), len(self._pending))
        buffer[:count] = self._pending[:count]
        self._pending = self._pending[count:]
        return count


def local(path: Path) -> io.FileIO:
    """Open a file of this machine, without a buffer; raises InputFault for what is no file, or may not be read."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            _refuse_folder(path)
        if not stat.S_ISREG(mode):  # opening a pipe would wait for its writer
            raise InputFault("unreadable", f"{path.name} is not a regular file (fix: name a file)")
        return path.open("rb", buffering=0)
    except OSError as error:
        fix = "make it readable, or leave it out"
        raise InputFault("unreadable", f"{path.name}: {error.strerror or error} (fix: {fix})") from error


def _refuse_folder(path: Path) -> None:
    if path.is_symlink():
        fix = "name the folder that it leads to"
        raise InputFault("link", f"{path.name} is a link to a folder, which is not followed (fix: {fix})")
    with os.scandir(path):  # which says why nothing in it was found
        raise InputFault("unreadable", f"{path.name} is a folder (fix: name a file)")


def opened(file: BinaryIO, *, compression: str, budget: Budget) -> io.BufferedReader:
    """Give the bytes of a file, decompressed by ``compression``: gzip, zstd or none ("")."""
    return decompressed(buffered(Counted(file, budget)), compression=compression, budget=budget)


def buffered(raw: io.RawIOBase) -> io.BufferedReader:
    """Put a buffer on a stream."""
    return io.BufferedReader(raw, BLOCK)


def decompressed(source: io.BufferedReader, *, compression: str, budget: Budget) -> io.BufferedReader:
    """Put decompression on a stream; members and frames that follow one another are one stream."""
    if not compression:
        return source
    more = _Gzip(source, budget).more if compression == "gzip" else _Zstd(source, budget).more
    return buffered(_Produced(more))


def as_utf8(stream: io.BufferedReader) -> io.BufferedReader:
    """Give a text as UTF-8 that is UTF-16 or UTF-32, by its byte-order mark or by how its first characters look.

    Others are given as they are, without a mark of UTF-8.
    """
    head = stream.peek(4)[:4]
    if head.startswith(codecs.BOM_UTF8):
        stream.read(len(codecs.BOM_UTF8))
    encoding = wide_encoding(head)
    if not encoding:
        return stream
    decoder = codecs.getincrementaldecoder(encoding)()

    def more() -> bytes:
        while block := stream.read(BLOCK):
            if text := _decoded(decoder, block, encoding):
                return text
        return _decoded(decoder, b"", encoding)

    return buffered(_Produced(more))


def wide_encoding(head: bytes) -> str:
    """Name the encoding of a text that begins with these four bytes, if it is UTF-16 or UTF-32; "" otherwise."""
    if head.startswith(WIDE):
        return "utf-32" if head.startswith(WIDE[:2]) else "utf-16"
    return _UNMARKED.get(tuple(byte != 0 for byte in head), "")


@contextmanager
def seekable(stream: BinaryIO, limits: Limits) -> Iterator[BinaryIO]:
    """Give the same bytes as a file that can be sought: the stream itself, or a temporary copy of it."""
    if stream.seekable():
        yield stream
        return
    with tempfile.TemporaryFile() as copy:
        size = 0
        while block := stream.read(BLOCK):
            size += len(block)
            if size > limits.max_expanded_bytes:
                fix = "raise [ingest] max_expanded_bytes"
                raise InputFault("too-large", f"more than {limits.max_expanded_bytes:,} bytes (fix: {fix})")
            copy.write(block)
        copy.seek(0)
        yield cast("BinaryIO", copy)


def take(stream: BinaryIO, count: int) -> bytes:
    """Read so many bytes, or what there is; a stream asked for them at once would make room for all."""
    parts = [stream.read(min(count, BLOCK))]  # most articles are no longer than this
    count -= len(parts[0])
    while count > 0 and (block := stream.read(min(count, _ROOM))):
        parts.append(block)
        count -= len(block)
    return b"".join(parts)


def whole(stream: BinaryIO, *, limit: int, setting: str) -> bytes:
    """Read all of a stream that fits a limit; raises InputFault where it does not."""
    raw = take(stream, limit + 1)
    if len(raw) > limit:
        fix = f"split it, or raise [ingest] {setting}"
        raise InputFault("too-large", f"it has more than {limit:,} bytes and can only be read whole (fix: {fix})")
    return raw


def _decoded(decoder: codecs.IncrementalDecoder, block: bytes, encoding: str) -> bytes:
    try:
        return decoder.decode(block, final=not block).encode("utf-8")
    except UnicodeError as error:
        raise InputFault("undecodable", f"not valid {encoding}: {error} (fix: save the file as UTF-8)") from error


class _Gzip:
    """Members of gzip, one after another; zeros after the last are padding."""

    def __init__(self, source: io.BufferedReader, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self._member: Any = None
        self._input = b""
        self._fault: InputFault | None = None

    def more(self) -> bytes:
        while self._fault is None:
            if not self._input:
                self._input = self._source.read1(BLOCK)
            if not self._input:
                return self._ended()
            if self._member is None and not self._begins():
                continue
            if text := self._step():
                return text
        raise self._fault

    def _begins(self) -> bool:
        self._input = self._input.lstrip(b"\0")
        if self._input:
            self._member = zlib.decompressobj(wbits=31)
        return bool(self._input)

    def _ended(self) -> bytes:
        if self._member is not None:
            raise InputFault("truncated", f"the gzip data ends in the middle (fix: {_FIX})")
        return b""

    def _step(self) -> bytes:
        before = self._member.copy()
        try:
            text = self._member.decompress(self._input, BLOCK)
        except zlib.error as error:
            self._fault = InputFault("damaged", f"the gzip data is damaged: {error} (fix: {_FIX})")
            return self._rescued(before)
        self._input = self._member.unconsumed_tail or self._member.unused_data
        if self._member.eof:
            self._member = None
        self._budget.spend(len(text))
        return bytes(text)

    def _rescued(self, member: Any) -> bytes:
        """Give what stands before the damage, found byte by byte."""
        text = b""
        for at in range(len(self._input)):
            try:
                text += member.decompress(self._input[at : at + 1], BLOCK)
            except zlib.error:
                break
        return text


class _Zstd:
    """Frames of zstd, one after another."""

    def __init__(self, source: io.BufferedReader, budget: Budget) -> None:
        import zstandard

        self._error: type[Exception] = zstandard.ZstdError
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._source = source
        self._budget = budget
        self._frame: Any = None
        self._input = b""

    def more(self) -> bytes:
        while True:
            if not self._input:
                self._input = self._source.read(_ZSTD_BLOCK)
            if not self._input:
                return self._ended()
            if self._frame is None:
                self._frame = self._decompressor.decompressobj()
            if text := self._step():
                return text

    def _ended(self) -> bytes:
        if self._frame is not None:
            raise InputFault("truncated", f"the zstd data ends in the middle (fix: {_FIX})")
        return b""

    def _step(self) -> bytes:
        try:
            text = self._frame.decompress(self._input)
        except self._error as error:
            raise InputFault("damaged", f"the zstd data is damaged: {error} (fix: {_FIX})") from error
        self._input = self._frame.unused_data if self._frame.eof else b""
        if self._frame.eof:
            self._frame = None
        self._budget.spend(len(text))
        return bytes(text)
