"""Whatever an input holds, reading it ends, no error leaves it, and everything in it is an entry that can be stored."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copydesk.articles import Entry, Input, Limits, ReadOptions, read_articles, read_input, to_tables

DATA = Path(__file__).parents[3] / "shared" / "data"
FOLDERS = ("feeds", "json-test-suite", "blns", "ftfy", "unicode")
LIMITS = Limits(max_bytes=2_000_000, max_chars=2_000_000, max_ratio=300)
OPTIONS = ReadOptions(LIMITS)
SUFFIXES = [
    "txt",
    "html",
    "xml",
    "rss",
    "atom",
    "json",
    "jsonl",
    "ndjson",
    "csv",
    "tsv",
    "parquet",
    "warc",
    "zip",
    "tar",
    "txt.gz",
    "jsonl.gz",
    "csv.zst",
    "xml.gz",
    "warc.gz",
    "tgz",
    "tar.zst",
]


def read(name: str, raw: bytes) -> list[Entry]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(raw)
        return list(read_input(Input(name, path=path), options=OPTIONS))


def account_for(entries: Sequence[Entry]) -> None:
    """Check that every entry is a row, that those that are kept decode, and that the others say why and how to go on."""
    articles, rejected = to_tables(entries)
    assert articles.num_rows == len(entries) >= 1
    assert rejected.num_rows == sum(bool(entry.reason) for entry in entries)
    for entry in entries:
        assert entry.source
        if entry.reason:
            assert entry.encoding is None
            assert "(fix: " in entry.detail
        else:
            assert entry.raw is not None
            assert "\0" not in entry.raw.decode(str(entry.encoding))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_real_hostile_file_is_accounted_for(folder: str) -> None:
    if not (DATA / folder).is_dir():
        pytest.skip(
            f"../shared/data/{folder} is not beside the checkout: other people's data, which is not ours to copy into the project"
        )
    files = [path for path in sorted((DATA / folder).rglob("*")) if path.is_file()]
    assert files
    for path in files:
        account_for(list(read_input(Input(path.name, path=path), options=OPTIONS)))
    articles, rejected = read_articles([(path.name, path) for path in files[:200]], limits=LIMITS)
    assert articles["encoding"].null_count == rejected.num_rows


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_hostile_text_under_any_name_is_accounted_for(suffix: str) -> None:
    texts = DATA / "blns" / "blns.json"
    if not texts.is_file():
        pytest.skip(
            "../shared/data/blns is not beside the checkout: other people's data, which is not ours to copy into the project"
        )
    for text in json.loads(texts.read_text("utf-8")):
        account_for(read(f"a.{suffix}", text.encode()))
    for path in sorted((DATA / "json-test-suite" / "test_parsing").glob("*"))[::3]:
        account_for(read(f"a.{suffix}", path.read_bytes()))


def test_what_a_parser_of_json_must_not_accept_is_no_article() -> None:
    cases = sorted((DATA / "json-test-suite" / "test_parsing").glob("n_*.json"))
    if not cases:
        pytest.skip(
            "../shared/data/json-test-suite is not beside the checkout: other people's data, which is not ours to copy into the project"
        )
    for path in cases:
        assert all(entry.reason for entry in read("a.json", path.read_bytes())), path.name
        wrapped = b'{"text": "x", "y": ' + path.read_bytes().replace(b"\n", b" ") + b"}"
        entries = read("a.jsonl", wrapped)
        # What only ends or begins wrongly may be right inside another object.
        assert all(entry.reason for entry in entries) or wrapped.count(b'"') % 2 == 0, path.name


def _lines() -> bytes:
    return b"".join(
        json.dumps({"id": n, "text": f"Text {n} é"}, ensure_ascii=False).encode() + b"\n" for n in range(30)
    )


def _parquet() -> bytes:
    target = io.BytesIO()
    rows = [{"url": f"https://p.example/{n}", "text": f"Text {n}" * 9, "date": "2024-05-03"} for n in range(60)]
    pq.write_table(pa.Table.from_pylist(rows), target, row_group_size=20)
    return target.getvalue()


def _warc() -> bytes:
    body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>Page"
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://w.example/\r\nContent-Type: application/http\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head.encode() + body + b"\r\n\r\n") * 5


def _zip() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in {
            "a.txt": b"Text",
            "b.jsonl": _lines(),
            "c.rss": _feed(),
            "d.jsonl.gz": gzip.compress(_lines()),
        }.items():
            archive.writestr(name, raw)
    return target.getvalue()


def _tar() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, raw in {"a.txt": b"Text", "b.jsonl": _lines(), "c.zip": _zip()}.items():
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return target.getvalue()


def _feed() -> bytes:
    item = "<item><guid>https://f.example/{0}</guid><title>T &amp;amp; {0}</title><pubDate>Fri, 03 May 2024 10:30:00 GMT</pubDate><description><![CDATA[<p>Text {0}]]></description></item>"
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>F</title>{''.join(item.format(n) for n in range(5))}</channel></rss>".encode()


def _atom() -> bytes:
    entry = "<entry><id>{0}</id><title type='html'>T</title><link href='/{0}'/><updated>2024-05-03T00:00:00Z</updated><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>Text</p></div></content></entry>"
    return f"<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://a.example/'>{''.join(entry.format(n) for n in range(5))}</feed>".encode()


SOUND = {
    "a.jsonl": _lines(),
    "a.jsonl.gz": gzip.compress(_lines()),
    "a.jsonl.zst": zstandard.compress(_lines()),
    "a.json": b"[" + b",".join(_lines().splitlines()) + b"]",
    "a.csv": b"id,text\n" + b"".join(f'{n},"Text {n}\nsecond ""line"""\n'.encode() for n in range(30)),
    "a.tsv": b"url\ttext\n" + b"".join(f"https://t.example/{n}\tText {n}\n".encode() for n in range(30)),
    "a.parquet": _parquet(),
    "a.warc": _warc(),
    "a.warc.gz": gzip.compress(_warc()),
    "a.zip": _zip(),
    "a.tar": _tar(),
    "a.tgz": gzip.compress(_tar()),
    "a.rss": _feed(),
    "a.atom": _atom(),
    "a.html": b"<html><meta charset='koi8-r'><p>Text</html>",
}


@pytest.mark.parametrize("name", SOUND)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_damaged_input_is_accounted_for(name: str, data: st.DataObject) -> None:
    raw = bytearray(SOUND[name])
    how = data.draw(st.sampled_from(("cut", "flip", "join", "insert", "swap")))
    at = data.draw(st.integers(0, len(raw) - 1))
    if how == "cut":
        raw = raw[:at]
    elif how == "flip":
        for one in data.draw(st.lists(st.integers(0, len(raw) - 1), min_size=1, max_size=8)):
            raw[one] ^= data.draw(st.integers(1, 255))
    elif how == "join":
        raw = raw[:at] + bytearray(SOUND[data.draw(st.sampled_from(sorted(SOUND)))])
    elif how == "insert":
        raw[at:at] = data.draw(st.binary(max_size=40))
    else:
        raw = raw[at:] + raw[:at]
    account_for(read(name, bytes(raw)))


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(deadline=None, max_examples=40)
@given(raw=st.binary(max_size=300))
def test_noise_is_accounted_for(suffix: str, raw: bytes) -> None:
    account_for(read(f"a.{suffix}", raw))


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(("text", "html", "title", "url", "id", "authors", "date", "publisher", "language", "odd")),
            st.recursive(
                st.none()
                | st.booleans()
                | st.integers()
                | st.floats(allow_nan=False, allow_infinity=False)
                | st.text(max_size=20),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
                max_leaves=6,
            ),
            max_size=8,
        ),
        max_size=6,
    )
)
def test_whatever_a_row_holds_it_is_one_entry_and_lines_and_lists_say_the_same(rows: list[dict[str, object]]) -> None:
    lines = read("a.jsonl", b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    account_for(lines)
    assert len(lines) == max(len(rows), 1)
    listed = read("a.json", json.dumps(rows).encode())
    account_for(listed)
    if rows:
        assert [(one.raw, one.reason, one.facts) for one in listed] == [
            (one.raw, one.reason, one.facts) for one in lines
        ]


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("a.json", b"[" * 100_000),
        ("a.json", b'{"a":' * 100_000),
        ("a.jsonl", b"[" * 100_000),
        ("a.jsonl", b'{"text": "x", "a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        ("a.rss", b"<rss><channel><item><description>" + b"<a>" * 100_000),
        ("a.rss", b"<rss><channel>" + b"<item>" * 100_000),
        (
            "a.atom",
            b"<feed xmlns='http://www.w3.org/2005/Atom'>" + b"<entry>" * 50_000 + b"</entry>" * 50_000 + b"</feed>",
        ),
        ("a.html", b"<div>" * 100_000),
        ("a.rss", b"<!DOCTYPE rss [" + b"<!ENTITY a 'b'>" * 20_000 + b"]><rss></rss>"),
        ("a.rss", b"<!--" * 100_000),
        ("a.rss", b"<?xml " + b" " * 1_000_000),
        ("a.csv", b'text\n"' + b'""' * 500_000),
        ("a.csv", b"text" + b"," * 500_000 + b"\n" + b"," * 500_000),
        ("a.warc", b"WARC/1.0\r\n" + b"X: y\r\n" * 100_000),
        ("a.warc", b"\r\n" * 1_000_000),
    ],
)
def test_what_is_made_to_be_slow_or_deep_is_accounted_for(name: str, raw: bytes) -> None:
    entries = read(name, raw)
    account_for(entries)
    assert all(entry.reason for entry in entries) or name == "a.html"
