"""A WARC file in (ISO 28500), an entry for each page in it out.

The format is a few lines of headers before each block, so it is read here: a stream that is read once, whose faults are rows.
(A reader in another language was tried; it ends the whole process where a stream fails below it.)
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from copydesk.articles.document import read_document
from copydesk.articles.entry import At, Entry, Facts, line, refused
from copydesk.articles.instants import instant
from copydesk.articles.streams import BLOCK, InputFault, buffered, opened, whole

_HEADER = 1 << 16  # bytes that the headers of a record, or of an answer, may have
_CARRIERS = frozenset({"response", "resource", "conversion"})
_TYPES = {"text/html": ".html", "application/xhtml+xml": ".html", "text/plain": ".txt", "": ""}
_FIX = "get the file again; what stands before was read"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a record holds: the type and charset of its content, how that was packed for the way, and where it begins."""

    status: str
    media: str
    charset: str | None
    headers: Mapping[str, str]
    body: BinaryIO


def read_warc(stream: io.BufferedReader, at: At) -> Iterator[Entry]:
    """Give the page of each ``response``, ``resource`` and ``conversion`` record, named by its target URI.

    A content that is neither HTML nor plain text, and an answer that is not 200, is an entry with a reason; records of other types
    are no inputs, and only told to ``at.passed_over``. Raises InputFault where the file is damaged.
    """
    number = 0
    while (headers := _record(stream, number + 1)) is not None:
        number += 1
        block = _Block(stream, _length(headers, number))
        kind = headers.get("warc-type", "").lower()
        if kind in _CARRIERS:
            entry = _entry(at, headers, buffered(block), kind=kind, number=number)
            fault = block.fault()
            if fault:
                yield _cut_off(at, entry, fault, number=number)
                return
            yield entry
        else:
            at.passed_over(kind or "record")
            if fault := block.fault():
                raise fault


def _cut_off(at: At, entry: Entry, fault: InputFault, *, number: int) -> Entry:
    """Turn away the page of a record that is not whole."""
    place, source, facts = entry.place, entry.source, entry.facts
    return refused(at, number=number, place=place, source=source, reason=fault.reason, detail=fault.detail, facts=facts)


def _record(stream: io.BufferedReader, number: int) -> Mapping[str, str] | None:
    """Read the headers of the next record; ``None`` at the end."""
    first = b"\r\n"
    while first in {b"\r\n", b"\n"}:
        first = stream.readline(_HEADER)
    if not first:
        return None
    if not first.startswith(b"WARC/"):
        raise InputFault("damaged", f"record {number} begins with {first[:40]!r}, not with WARC/ (fix: {_FIX})")
    return _headers(stream, f"record {number}")


def _headers(stream: BinaryIO, place: str) -> Mapping[str, str]:
    """Read lines up to an empty one; the first of a name counts, a line that begins with space goes on."""
    found: dict[str, str] = {}
    name, size = "", 0
    while (text := stream.readline(_HEADER)) not in {b"\r\n", b"\n"}:
        size += len(text)
        if not text.endswith(b"\n") or size > _HEADER:
            raise InputFault("truncated", f"{place}: its headers do not end (fix: {_FIX})")
        written = text.decode("utf-8", errors="replace").rstrip("\r\n")
        if written[:1] in {" ", "\t"} and name:
            found[name] += " " + written.strip()
            continue
        name, _, value = written.partition(":")
        name = name.strip().lower()
        found.setdefault(name, value.strip())
    return found


def _length(headers: Mapping[str, str], number: int) -> int:
    written = headers.get("content-length", "")
    if not (written.isascii() and written.isdigit() and len(written) < 16):
        raise InputFault("damaged", f"record {number} has the length {written[:40]!r} (fix: {_FIX})")
    return int(written)


def _entry(at: At, headers: Mapping[str, str], block: io.BufferedReader, *, kind: str, number: int) -> Entry:
    place = f"record {number}"
    uri = headers.get("warc-target-uri", "").strip("<> ")
    facts = Facts(url=uri or None, retrieved_at=instant(headers.get("warc-date", "")))
    try:
        answer = _answer(headers, block, kind=kind, place=place)
        fault = _fault(answer)
        if fault:
            raise fault
        body = _unpacked(answer, at)
    except InputFault as met:
        reason, detail = met.reason, met.detail
        return refused(at, number=number, place=place, source=uri, reason=reason, detail=detail, facts=facts)
    facts = Facts(url=facts.url, retrieved_at=facts.retrieved_at, language=line(answer.headers.get("content-language")))
    source = uri or f"{at.container}#{number}"
    suffix = _TYPES[answer.media]
    return read_document(
        io.BytesIO(body), at, source=source, suffix=suffix, place=place, facts=facts, declared=answer.charset
    )


def _answer(headers: Mapping[str, str], block: io.BufferedReader, *, kind: str, place: str) -> _Answer:
    status, inner = "200", headers
    if kind == "response" and headers.get("content-type", "").lower().startswith("application/http"):
        first = block.readline(_HEADER).split(maxsplit=2)
        if len(first) < 2 or not first[0].startswith(b"HTTP/"):
            raise InputFault("damaged", f"{place}: its block is no HTTP answer (fix: {_FIX})")
        status = first[1].decode("ascii", errors="replace")
        inner = _headers(block, place)
    written = inner.get("content-type", "").split(";")
    charset = next((part.split("=", 1)[1] for part in written[1:] if part.strip().lower().startswith("charset=")), None)
    media = written[0].strip().lower()
    return _Answer(
        status, media, charset.strip("\"' ") if charset else None, inner if inner is not headers else {}, block
    )


def _fault(answer: _Answer) -> InputFault | None:
    if answer.status != "200":
        return InputFault("not-an-article", f"the server answered {answer.status}, not 200 (fix: leave it out)")
    if answer.media not in _TYPES:
        what = f"the content is {answer.media[:80]}, neither HTML nor plain text"
        return InputFault("not-an-article", f"{what} (fix: leave it out)")
    return None


def _unpacked(answer: _Answer, at: At) -> bytes:
    """Give the body as its server meant it: chunks put together, compression taken off."""
    raw = whole(answer.body, limit=at.limits.max_bytes, setting="max_bytes")
    if answer.headers.get("transfer-encoding", "").lower() == "chunked":
        raw = _joined(raw)
    packed = answer.headers.get("content-encoding", "").lower().strip()
    if packed in {"gzip", "x-gzip"} and raw[:2] == b"\x1f\x8b":  # crawlers that unpack often leave the header
        raw = whole(
            opened(io.BytesIO(raw), compression="gzip", budget=at.budget),
            limit=at.limits.max_bytes,
            setting="max_bytes",
        )
    elif packed == "deflate":
        raw = _inflated(raw, at)
    elif packed in {"br", "zstd"}:
        raw = _other(raw, packed, at)
    return raw


def _joined(raw: bytes) -> bytes:
    """Put chunks together; what does not begin with a chunk was put together by the crawler."""
    parts: list[bytes] = []
    at = 0
    while (end := raw.find(b"\r\n", at, at + 1000)) >= 0:
        written = raw[at:end].split(b";")[0].strip()
        if not written or len(written) > 8 or written.strip(b"0123456789abcdefABCDEF"):
            break
        size = int(written, 16)
        parts.append(raw[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
        if size == 0:
            break
    return b"".join(parts) if parts else raw


def _inflated(raw: bytes, at: At) -> bytes:
    """Take off deflate: servers send it with zlib's header or without."""
    limit = at.limits.max_bytes
    for wbits in (15, -15):
        inflater = zlib.decompressobj(wbits)
        try:
            body = inflater.decompress(raw, limit + 1)
        except zlib.error:
            continue
        at.budget.spend(len(body))
        return whole(io.BytesIO(body), limit=limit, setting="max_bytes")
    return raw


def _other(raw: bytes, packed: str, at: At) -> bytes:
    if packed == "zstd" and raw[:4] == b"\x28\xb5\x2f\xfd":
        stream = opened(io.BytesIO(raw), compression="zstd", budget=at.budget)
        return whole(stream, limit=at.limits.max_bytes, setting="max_bytes")
    if packed == "br" and b"<" not in raw[:200]:
        raise InputFault("unreadable", "the page is compressed by brotli (fix: let the crawler unpack what it keeps)")
    return raw


class _Block(io.RawIOBase):
    """The block of one record: no more is read of the stream than its length says."""

    def __init__(self, stream: BinaryIO, length: int) -> None:
        self._stream = stream
        self._left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(min(len(buffer), self._left))
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)

    def fault(self) -> InputFault | None:
        """Step over what was not read; give the fault that ends the file before the block."""
        try:
            while self._left and (data := self._stream.read(min(self._left, BLOCK))):
                self._left -= len(data)
        except InputFault as fault:
            return fault
        return InputFault("truncated", f"the record ends in the middle (fix: {_FIX})") if self._left else None
