"""What is packed gives what it holds, whatever it is packed in; what is damaged gives what stands before the damage."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import stat
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from copydesk.articles import Entry, Input, Limits, ReadOptions, read_input

Read = Callable[..., list[Entry]]
LINES = b"".join(json.dumps({"id": str(n), "text": f"Text {n} – é"}).encode() + b"\n" for n in range(200))
FEED = b"<rss version='2.0'><channel><item><guid>https://f.example/1</guid><description>Feed</description></item></channel></rss>"


def zipped(members: Mapping[str, bytes], **about: Any) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in about.items():
                setattr(info, key, value)
            archive.writestr(info, raw)
    return target.getvalue()


def tarred(members: Mapping[str, bytes], **about: Any) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, raw in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            for key, value in about.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(raw))
    return target.getvalue()


def parquet(rows: list[dict[str, Any]], **how: Any) -> bytes:
    target = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), target, **how)
    return target.getvalue()


def told(entries: list[Entry]) -> list[tuple[str, str]]:
    return [(entry.source, entry.reason) for entry in entries]


PACKED = {
    "a.jsonl": LINES,
    "a.jsonl.gz": gzip.compress(LINES),
    "a.ndjson.zst": zstandard.compress(LINES),
    "members.jsonl.gz": gzip.compress(LINES[:5000]) + gzip.compress(LINES[5000:]) + b"\0" * 512,
    "frames.jsonl.zst": zstandard.compress(LINES[:5000]) + zstandard.compress(LINES[5000:]),
    "utf16.jsonl": LINES.decode().encode("utf-16"),
    "utf32.jsonl.gz": gzip.compress(LINES.decode().encode("utf-32")),
    "marked.jsonl": b"\xef\xbb\xbf" + LINES,
    "zip.zip": zipped({"in/a.jsonl": LINES}),
    "zip-of-gzip.zip": zipped({"in/a.jsonl.gz": gzip.compress(LINES)}),
    "tar.tar": tarred({"in/a.jsonl": LINES}),
    "tar.tgz": gzip.compress(tarred({"in/a.jsonl": LINES})),
    "tar.tar.zst": zstandard.compress(tarred({"in/a.jsonl": LINES})),
    "two.tar.gz": gzip.compress(tarred({"b.zip": zipped({"a.jsonl": LINES})})),
    "list.json": b"[" + b",".join(LINES.splitlines()) + b"]",
    "list.json.gz": gzip.compress(b" [\n" + b" ,\n".join(LINES.splitlines()) + b"]\n"),
    "table.csv": b"id,text\n" + "".join(f'{n},"Text {n} – é"\n' for n in range(200)).encode(),
    "table.parquet": parquet([json.loads(line) for line in LINES.splitlines()], row_group_size=70),
    "table.parquet.gz": gzip.compress(parquet([json.loads(line) for line in LINES.splitlines()])),
    "parquet.zip": zipped({"t.parquet": parquet([json.loads(line) for line in LINES.splitlines()])}),
}


@pytest.mark.parametrize("name", PACKED)
def test_the_same_articles_come_out_of_every_packing_in_their_order(read: Read, name: str) -> None:
    entries = read(name, PACKED[name])
    assert [entry.raw for entry in entries] == [f"Text {n} – é".encode() for n in range(200)]
    assert {entry.reason for entry in entries} == {""}
    assert [entry.source.rsplit("#", 1)[1] for entry in entries] == [f"id={n}" for n in range(200)]


def test_a_member_is_named_by_its_archive_and_its_path(read: Read) -> None:
    members = {
        "d/a.txt": b"Text",
        "f.xml": FEED,
        "b.html.gz": gzip.compress(b"<p>x"),
        "c.zip": zipped({"e.txt": b"Deep"}),
    }
    for name, raw in {"a.zip": zipped(members), "a.tar": tarred(members)}.items():
        entries = read(name, raw)
        assert [(one.source, one.container, one.place) for one in entries] == [
            (f"{name}!/d/a.txt", name, "d/a.txt"),
            ("https://f.example/1", f"{name}!/f.xml", "entry 1"),
            (f"{name}!/b.html.gz", name, "b.html.gz"),
            (f"{name}!/c.zip!/e.txt", f"{name}!/c.zip", "e.txt"),
        ]
        assert [one.format for one in entries] == ["text", "text", "html", "text"]


@pytest.mark.parametrize("name", ["", "../out.txt", "/etc/out.txt", "a/../../out.txt", "..\\out.txt", "C:\\out.txt"])
def test_a_path_that_leads_out_of_an_archive_or_nowhere_is_refused(read: Read, name: str) -> None:
    for entries in (
        read("a.zip", zipped({name: b"x", "b.txt": b"B"})),
        read("a.tar", tarred({name: b"x", "b.txt": b"B"})),
    ):
        assert [entry.reason for entry in entries] == ["unsafe-path", ""]


def test_links_and_devices_are_not_followed_and_what_is_no_article_has_a_reason(read: Read) -> None:
    link = (stat.S_IFLNK | 0o777) << 16
    assert [one.reason for one in read("a.zip", zipped({"a.txt": b"/etc/passwd"}, external_attr=link))] == ["link"]
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        assert [one.reason for one in read("a.tar", tarred({"a.txt": b""}, type=kind, linkname="/etc/passwd"))] == [
            "link"
        ]
    for kind in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
        assert [one.reason for one in read("a.tar", tarred({"a.txt": b""}, type=kind))] == ["not-a-file"]
    assert [one.reason for one in read("b.zip", zipped({"p.jpg": b"x", ".DS_Store.txt": b"x"}))] == [
        "not-an-article"
    ] * 2


def test_archives_are_read_two_deep_and_no_deeper(read: Read) -> None:
    inner = zipped({"c.zip": zipped({"d.txt": b"x"})})
    assert told(read("a.zip", zipped({"b.zip": inner}))) == [("a.zip!/b.zip!/c.zip", "too-deep")]


def test_an_encrypted_member_is_refused_and_the_next_is_read(read: Read) -> None:
    raw = bytearray(zipped({"a.txt": b"A", "b.txt": b"B"}))
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    assert told(read("a.zip", bytes(raw))) == [("a.zip!/a.txt", "encrypted"), ("a.zip!/b.txt", "")]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.ndjson.zst"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_of_a_truncated_file_what_stands_before_is_kept_and_the_damage_says_where(
    read: Read, name: str, share: float
) -> None:
    import random

    chance = random.Random(1)
    lines = [json.dumps({"id": str(n), "text": chance.randbytes(500).hex()}) for n in range(2000)]
    packed = (
        gzip.compress("\n".join(lines).encode())
        if name.endswith("gz")
        else zstandard.compress("\n".join(lines).encode())
    )
    entries = read(name, packed[: int(len(packed) * share)])
    *kept, last = entries
    assert [one.reason for one in kept] == [""] * len(kept)
    assert last.reason == "truncated"
    assert len(kept) >= 2000 * share - 2 - 500 * (name.endswith("zst"))  # a block of zstd is 128 kB
    assert last.place == (f"after {len(kept)} entries" if kept else None)


def test_a_flipped_bit_ends_a_gzip_file_where_it_stands(read: Read) -> None:
    packed = bytearray(gzip.compress(LINES, compresslevel=0))
    packed[len(packed) // 2] ^= 0xFF  # stored blocks: only the checksum at the end tells
    assert read("a.jsonl.gz", bytes(packed))[-1].reason == "damaged"


def test_a_damaged_row_group_is_one_entry_and_the_next_is_read(read: Read) -> None:
    rows = [{"id": str(n), "text": f"Text {n} " + "x" * 50} for n in range(300)]
    raw = bytearray(
        parquet(rows, row_group_size=100, use_dictionary=False, compression="NONE", write_page_checksum=True)
    )
    raw[raw.index(b"Text 150 ")] ^= 0xFF
    entries = read("a.parquet", bytes(raw))
    [damaged] = [one for one in entries if one.reason]
    assert (damaged.reason, damaged.place) == ("damaged", "rows 101 to 200")
    assert [one.place for one in entries if not one.reason] == [
        f"row {n + 1}" for n in range(300) if not 100 <= n < 200
    ]


@pytest.mark.parametrize("name", ["a.parquet", "a.zip", "a.tar", "a.warc", "a.tgz", "a.jsonl.zst", "a.json", "a.rss"])
def test_what_is_not_what_its_name_says_is_one_entry(read: Read, name: str) -> None:
    [entry] = read(name, b"This is a line of text, and nothing else.\n" * 20)
    assert entry.source == name
    assert entry.reason
    assert "(fix: " in entry.detail
    assert entry.detail.startswith(f"{name}: ") or entry.place


@pytest.mark.parametrize(
    "name", ["a.jsonl", "a.csv", "a.json", "a.rss", "a.warc", "a.zip", "a.tar", "a.parquet", "a.jsonl.gz"]
)
def test_an_empty_file_is_one_entry(read: Read, name: str) -> None:
    [entry] = read(name, b"")
    assert (entry.source, bool(entry.reason)) == (name, True)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("a.txt.gz", gzip.compress(b"0" * 40_000_000)),
        ("a.txt.zst", zstandard.compress(b"0" * 400_000_000)),
        ("a.zip", zipped({"a.txt": b"0" * 40_000_000})),
        ("a.tar.gz", gzip.compress(tarred({"a.txt": b"0" * 40_000_000}))),
    ],
)
def test_a_bomb_is_one_entry_that_names_the_limit(read: Read, name: str, raw: bytes) -> None:
    entries = read(name, raw, max_bytes=100_000_000)
    assert {one.reason for one in entries} == {"expansion-ratio"}
    assert "[ingest] max_ratio" in entries[0].detail


def test_a_note_of_gigabytes_in_a_tar_archive_is_not_read(read: Read) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 8_000_000_000
    assert told(read("a.tar", info.tobuf(tarfile.USTAR_FORMAT) + b"0" * 5000)) == [("a.tar", "damaged")]


@pytest.mark.parametrize(
    ("limits", "name", "raw", "setting"),
    [
        ({"max_entries": 3}, "a.jsonl", LINES, "max_entries"),
        ({"max_bytes": 10}, "a.jsonl", LINES, "max_bytes"),
        ({"max_bytes": 5}, "a.csv", b"text\nabcdefgh\n", "max_bytes"),
        ({"max_whole_bytes": 50}, "a.rss", FEED, "max_whole_bytes"),
        ({"max_whole_bytes": 5}, "a.json", b'{"text": "x"}', "max_whole_bytes"),
        ({"max_depth": 2}, "a.jsonl", b'{"text": "x", "y": [[[1]]]}', "max_depth"),
        ({"max_depth": 3}, "a.rss", FEED, "max_depth"),
        ({"max_depth": 2}, "a.json", b'[{"text": "x", "y": [[[1]]]}]', "max_depth"),
        ({"max_expanded_bytes": 100}, "a.jsonl.gz", gzip.compress(LINES), "max_expanded_bytes"),
        ({"max_expanded_bytes": 100}, "a.zip", zipped({"a.jsonl": LINES}), "max_expanded_bytes"),
    ],
)
def test_each_limit_is_named_with_its_setting_where_it_is_met(
    read: Read, limits: dict[str, int], name: str, raw: bytes, setting: str
) -> None:
    last = read(name, raw, **limits)[-1]
    assert last.reason
    assert f"[ingest] {setting}" in last.detail


def test_of_a_large_feed_that_is_not_well_formed_what_stands_before_is_kept(read: Read) -> None:
    item = b"<item><guid>https://f.example/%d</guid><description>" + b"x" * 100_000 + b"</description></item>"
    items = b"".join(item % number for number in range(60))
    raw = (
        b"<rss version='2.0'><channel>"
        + items
        + b"<item><description>Salt & pepper</description></item></channel></rss>"
    )
    *kept, last = read("a.rss", raw)
    assert [entry.source for entry in kept] == [f"https://f.example/{number}" for number in range(60)]
    assert (last.reason, last.place) == ("damaged", "after 60 entries")


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-8-sig", "cp1251", "koi8-r"]
)
def test_a_feed_is_read_in_the_encoding_that_it_declares_or_shows(read: Read, encoding: str) -> None:
    feed = f"<?xml version='1.0' encoding='{encoding.removesuffix('-sig')}'?><rss><channel><item><description>Да, это так.</description></item></channel></rss>"
    [entry] = read("a.rss", feed.encode(encoding))
    assert (entry.raw, entry.encoding) == ("Да, это так.".encode(), "utf-8")


def test_a_feed_of_millions_of_elements_ends_before_they_fill_the_memory(read: Read) -> None:
    raw = b"<rss><channel><item>" + b"<a/>" * 1_100_000 + b"</item></channel></rss>"
    assert told(read("a.rss", raw)) == [("a.rss", "too-many")]


@pytest.mark.parametrize(("inner", "reason"), [(96, ""), (97, "too-deep")])
def test_elements_of_a_feed_are_nested_as_deep_as_the_limit_and_no_deeper(read: Read, inner: int, reason: str) -> None:
    body = "<b>" * inner + "x" + "</b>" * inner
    raw = f"<rss><channel><item><description>{body}</description></item></channel></rss>"
    assert [one.reason for one in read("a.rss", raw.encode())] == [reason]


def test_a_feed_nested_without_end_is_refused_before_all_of_it_is_read(read: Read) -> None:
    assert told(read("a.rss", b"<rss>" + b"<a>" * 1_300_000)) == [("a.rss", "too-deep")]


def test_a_line_past_the_limit_is_one_entry_and_the_next_is_read(read: Read) -> None:
    raw = b'{"text": "' + b"x" * 3_000_000 + b'"}\n{"text": "y"}\n'
    assert [one.reason for one in read("a.jsonl", raw)] == ["too-large", ""]


def test_a_field_in_another_encoding_is_read_as_what_it_is(read: Read) -> None:
    [entry] = read("a.csv", "title,text\nZoé,Le café était fermé à Évian.\n".encode("cp1252"))
    assert (entry.facts.title, entry.raw) == ("Zoé", "Le café était fermé à Évian.".encode())


def test_a_column_of_pages_is_read_by_the_charset_that_each_declares(read: Read) -> None:
    page = '<meta charset="windows-1251"><p>Да'
    [entry] = read("a.parquet", parquet([{"html": page.encode("cp1251")}]))
    assert (entry.raw, entry.format) == (page.encode(), "html")


def test_a_small_file_that_stands_for_many_long_texts_is_read_one_text_at_a_time(read: Read) -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    table = pa.table({"text": pa.DictionaryArray.from_arrays(pa.array([0] * 3000, pa.int32()), ["x" * 900_000])})
    target = io.BytesIO()
    pq.write_table(table, target)
    assert len(target.getvalue()) < 1_000_000
    count = sum(1 for _ in _stream(target.getvalue()))
    assert count == 3000
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 600_000_000  # all of them are 2.7 GB


def _stream(raw: bytes) -> Any:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        file.write(raw)
        file.flush()
        yield from read_input(
            Input("a.parquet", path=Path(file.name)), options=ReadOptions(Limits(max_bytes=1_000_000, max_chars=9))
        )


def test_another_compression_is_not_taken_for_a_text(read: Read) -> None:
    [entry] = read("a.txt", bz2.compress(b"text"))
    assert entry.reason == "binary"


def test_a_value_that_python_has_none_of_costs_that_value_alone(tmp_path: Path) -> None:
    stamp = pa.array([2**63 - 1, 0], pa.timestamp("us"))
    zoned = pa.array([0, 0], pa.timestamp("us", tz="Mars/Phobos"))
    for name, column in (("stamp", stamp), ("zoned", zoned)):
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table({"text": ["One.", "Two."], "published_at": column}), path)
        entries = list(read_input(Input(path.name, path=path), options=ReadOptions(Limits(1000, 1000))))
        assert [(one.raw, one.reason) for one in entries] == [(b"One.", ""), (b"Two.", "")]


def test_a_parquet_text_that_is_not_utf8_is_decoded_and_costs_no_other_row(tmp_path: Path) -> None:
    texts = "The café is closed.".encode("latin-1"), b"The bridge is open."
    offsets = pa.array([0, len(texts[0]), len(texts[0] + texts[1])], pa.int32()).buffers()[1]
    column = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"".join(texts))])
    path = tmp_path / "odd.parquet"
    pq.write_table(pa.table({"text": column}), path)
    entries = list(read_input(Input(path.name, path=path), options=ReadOptions(Limits(1000, 1000))))
    assert [one.raw.decode(one.encoding or "") for one in entries if one.raw] == [
        "The café is closed.",
        "The bridge is open.",
    ]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_lines_in_a_wide_encoding_without_a_mark_are_read(tmp_path: Path, encoding: str) -> None:
    for name, text in (("a.csv", "text,title\nDie Brücke,x\n"), ("a.jsonl", '{"text": "Die Brücke"}\n')):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        [entry] = read_input(Input(name, path=path), options=ReadOptions(Limits(1000, 1000)))
        assert (entry.raw, entry.reason) == ("Die Brücke".encode(), "")
