"""Every HTTP answer in a WARC file is an entry; what is no input is counted."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from copydesk.articles import Entry, Input, Limits, ReadOptions, read_input

Read = Callable[..., list[Entry]]
PAGE = "<html><p>Да, “Zoé”</p></html>"
ANSWER = "application/http; msgtype=response"


def record(kind: str, block: bytes, *, uri: str = "https://w.example/1", content: str = ANSWER) -> bytes:
    head = f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {uri}\r\nWARC-Date: 2024-05-03T10:00:00Z\r\n"
    return f"{head}Content-Type: {content}\r\nContent-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"


def answer(body: bytes, *, media: str = "text/html", status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\n{more}\r\n".encode() + body


def chunked(body: bytes) -> bytes:
    parts = [body[at : at + 7] for at in range(0, len(body), 7)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_a_page_is_named_by_its_address_and_has_the_date_when_it_was_fetched(read: Read) -> None:
    [entry] = read("a.warc", record("response", answer(b"<p>Page", more="Content-Language: fr\r\n")))
    assert (entry.source, entry.container, entry.place) == ("https://w.example/1", "a.warc", "record 1")
    assert (entry.facts.url, entry.facts.language) == ("https://w.example/1", "fr")
    assert entry.facts.retrieved_at == datetime(2024, 5, 3, 10, tzinfo=UTC)
    assert (entry.raw, entry.format, entry.encoding) == (b"<p>Page", "html", "utf-8")


@pytest.mark.parametrize(
    ("body", "more"),
    [
        (PAGE.encode(), ""),
        (chunked(PAGE.encode()), "Transfer-Encoding: chunked\r\n"),
        (PAGE.encode(), "Transfer-Encoding: chunked\r\n"),  # put together by the crawler, the header left
        (gzip.compress(PAGE.encode(), mtime=0), "Content-Encoding: gzip\r\n"),
        (PAGE.encode(), "Content-Encoding: gzip\r\n"),
        (chunked(gzip.compress(PAGE.encode(), mtime=0)), "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
        (zlib.compress(PAGE.encode()), "Content-Encoding: deflate\r\n"),
        (zlib.compress(PAGE.encode())[2:-4], "Content-Encoding: deflate\r\n"),
    ],
)
def test_what_was_packed_for_the_way_is_unpacked(read: Read, body: bytes, more: str) -> None:
    [entry] = read("a.warc", record("response", answer(body, more=more)))
    assert entry.raw == PAGE.encode()


def test_the_charset_of_the_answer_is_a_declared_one(read: Read) -> None:
    [entry] = read(
        "a.warc", record("response", answer("Да".encode("cp1251"), media='text/plain; charset="windows-1251"'))
    )
    assert (entry.encoding, entry.format) == ("cp1251", "text")


def test_records_that_are_no_inputs_are_told_of_and_those_that_are_no_articles_refused(tmp_path: Path) -> None:
    parts = [
        record("warcinfo", b"software: x\r\n", content="application/warc-fields"),
        record("request", b"GET / HTTP/1.1\r\n\r\n"),
        record("response", answer(b"x", media="image/png")),
        record("response", answer(b"<p>gone", status="404 Not Found")),
        record("revisit", b""),
        record("resource", b"<p>Kept", content="text/html", uri="https://w.example/2"),
        record("conversion", b"Text of it", content="text/plain", uri="https://w.example/3"),
        record("response", b"no answer at all"),
    ]
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join(gzip.compress(part) for part in parts))
    passed: Counter[str] = Counter()

    def count(kind: str) -> None:
        passed[kind] += 1

    options = ReadOptions(Limits(max_bytes=1000, max_chars=1000))
    entries = list(read_input(Input("a.warc.gz", path=path), options=options, passed_over=count))
    assert passed == {"warcinfo": 1, "request": 1, "revisit": 1}
    assert [(one.place, one.reason) for one in entries] == [
        ("record 3", "not-an-article"),
        ("record 4", "not-an-article"),
        ("record 6", ""),
        ("record 7", ""),
        ("record 8", "damaged"),
    ]


@pytest.mark.parametrize("cut", [1, 30, 60, 100])
def test_a_record_that_is_not_whole_is_the_last_entry(read: Read, cut: int) -> None:
    one = record("response", answer(b"<p>Page " + b"x" * 50))
    entries = read("a.warc", one + one[: -4 - cut])
    assert [entry.reason for entry in entries] == ["", "truncated"]
    packed = gzip.compress(one)
    first, *_, last = read("a.warc.gz", packed + packed[: -8 - cut])
    assert (first.reason, last.reason) == ("", "truncated")


def test_bytes_between_records_end_the_file_with_one_entry(read: Read) -> None:
    one = record("response", answer(b"<p>Page"))
    assert [entry.reason for entry in read("a.warc", one + b"noise " * 50 + one)] == ["", "damaged"]


@pytest.mark.parametrize("length", ["-1", "9" * 30, "x", "٣", "1e3"])
def test_a_length_that_is_none_ends_the_file(read: Read, length: str) -> None:
    raw = record("response", answer(b"x")).replace(b"Content-Length: ", f"Content-Length: {length} #".encode(), 1)
    assert [entry.reason for entry in read("a.warc", raw)] == ["damaged"]


def test_a_page_past_the_limit_is_refused_and_the_next_is_read(read: Read) -> None:
    raw = record("response", answer(b"x" * 2000)) + record("response", answer(b"<p>Page"))
    assert [entry.reason for entry in read("a.warc", raw, max_bytes=1000)] == ["too-large", ""]
