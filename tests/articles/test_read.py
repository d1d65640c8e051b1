"""Every file is a row, and what cannot be used is rejected with its reason."""

from __future__ import annotations

import codecs
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.articles import Limits, accepted, read_articles
from copydesk.articles.decoding import decode
from copydesk.articles.html import read_html
from copydesk.articles.text import read_text
from copydesk.model import tables

LIMITS = Limits(max_bytes=10_000, max_chars=10_000)
RUSSIAN = "Сирийская армия заявила в пятницу, что освободила город на реке."


def _read(tmp_path: Path, raw: bytes, *, name: str = "a.txt", limits: Limits = LIMITS) -> tuple[dict, list[dict]]:
    path = tmp_path / name
    path.write_bytes(raw)
    articles, rejected = read_articles([(name, path)], limits=limits)
    assert articles.schema == tables.ARTICLES
    [row] = articles.to_pylist()
    return row, rejected.to_pylist()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (codecs.BOM_UTF8, "empty"),
        (b"%PDF-1.7 text", "binary"),
        (bytes(range(256)) * 4, "binary"),
        (b"\x89PNG\r\n\x1a\n", "binary"),
        ("text".encode("utf-16-le"), "binary"),
        (b"A long enough text with one NUL \0 in it.", "nul-byte"),
        ("a\0b".encode("utf-16"), "nul-byte"),
        (codecs.BOM_UTF8 + b"\xff", "undecodable"),
        (codecs.BOM_UTF16_LE + b"a", "undecodable"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8a\x00", "undecodable"),
        ("Ein schöner Größenwahn für Bücher".encode() + b"\xff", "undecodable"),
        (b"x" * 10_001, "too-large"),
    ],
)
def test_what_cannot_be_used_is_rejected_with_its_reason(tmp_path: Path, raw: bytes, reason: str) -> None:
    row, [rejected] = _read(tmp_path, raw)
    assert rejected["reason"] == reason
    assert rejected["item"] == "a.txt"
    assert "(fix: " in rejected["detail"]
    assert row["encoding"] is None
    assert row["raw_sha256"] == hashlib.sha256(raw).hexdigest()
    assert row["bytes"] == len(raw)
    assert row["raw"] == (None if reason == "too-large" else raw)


def test_a_file_that_the_system_does_not_give_is_unreadable_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("text")
    os.mkfifo(tmp_path / "pipe.txt")  # opening it would wait for ever
    names = ["missing.txt", "pipe.txt", "good.txt"]
    articles, rejected = read_articles([(name, tmp_path / name) for name in names], limits=LIMITS)
    assert articles["source"].to_pylist() == names
    assert rejected["reason"].to_pylist() == ["unreadable", "unreadable"]
    assert accepted(articles)["source"].to_pylist() == ["good.txt"]


def test_a_file_name_that_is_not_utf8_is_rejected_under_an_escaped_one_and_the_rest_goes_on(tmp_path: Path) -> None:
    raw = b"\xff\xe9.txt"
    names = [os.fsdecode(raw), "good.txt"]
    for name in names:
        (tmp_path / name).write_text("text")
    articles, rejected = read_articles([(name, tmp_path / name) for name in names], limits=LIMITS)
    assert articles["source"].to_pylist() == ["\\xff\\xe9.txt", "good.txt"]
    [row] = rejected.to_pylist()
    assert (row["item"], row["reason"]) == ("\\xff\\xe9.txt", "bad-name")
    assert "(fix: " in row["detail"]
    assert accepted(articles)["source"].to_pylist() == ["good.txt"]


@pytest.mark.parametrize("size", [0, 1])
def test_the_limit_is_the_last_size_that_fits(tmp_path: Path, size: int) -> None:
    _, rejected = _read(tmp_path, b"x" * (9 + size), limits=Limits(max_bytes=9, max_chars=9))
    assert len(rejected) == size


@pytest.mark.parametrize(
    ("name", "raw", "form"),
    [
        ("a.txt", b"text", "text"),
        ("a.html", b"text", "html"),
        ("a.HTM", b"text", "html"),
        ("a", b"text", "text"),
        ("a.txt", b"<!DOCTYPE html><p>x", "html"),
        ("a.txt", codecs.BOM_UTF8 + b'\n<?xml version="1.0"?>\n<!-- x --><html lang="en">', "html"),
        ("a.txt", b"<p>A line that begins with a tag", "text"),
    ],
)
def test_a_page_is_told_by_its_suffix_or_its_opening(tmp_path: Path, name: str, raw: bytes, form: str) -> None:
    row, rejected = _read(tmp_path, raw, name=name)
    assert rejected == []
    assert row["format"] == form


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "Zoé Brännström said “yes” 🚂"),
        ("utf-8-sig", "Zoé"),
        ("utf-16", "Zoé 🚂"),
        ("utf-32", "Zoé 🚂"),
        ("cp1252", "The army – one of the group’s last “strongholds” – said it had left Bézier."),
        ("cp1251", RUSSIAN),
        ("koi8_r", RUSSIAN),
        ("cp1250", "Armia ogłosiła, że wyzwoliła miasto, jedną z ostatnich twierdz. Żołnierze weszli."),
        ("cp1253", "Ο στρατός ανακοίνωσε την Παρασκευή ότι απελευθέρωσε την πόλη."),
        ("cp1256", "قال الجيش يوم الجمعة إنه حرر المدينة."),
        ("cp932", "軍は金曜日、都市を解放したと発表した。"),
        ("iso2022_jp", "軍は金曜日、都市を解放したと発表した。"),
        ("gb18030", "军队周五表示,已经解放了该城市。"),
        ("cp949", "군은 금요일 도시를 해방했다고 밝혔다."),
    ],
)
def test_text_in_the_encodings_of_the_web_is_read_without_being_told_which(encoding: str, text: str) -> None:
    raw = text.encode(encoding)
    decoded = read_text(raw)
    assert decoded.text == text
    assert decoded.encoding
    assert raw.decode(decoded.encoding) == text


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="windows-1251">', "cp1251"),
        ("<META CHARSET=KOI8-R>", "koi8_r"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-5">', "iso8859_5"),
        ('<?xml version="1.0" encoding="windows-1251"?>', "cp1251"),
    ],
)
def test_a_page_is_read_in_the_charset_that_it_declares(head: str, encoding: str) -> None:
    page = f"{head}<html><p>Да</p>"  # too short to be guessed
    assert read_html(page.encode(encoding)).text == page


def test_utf8_goes_before_a_false_declaration() -> None:
    page = '<meta charset="iso-8859-1"><p>“Zoé” said “no”</p>'
    assert read_html(page.encode()).text == page


@pytest.mark.parametrize("declared", ["rot13", "hex", "utf-7", "unicode_escape", "idna", "no such thing", "utf-16"])
def test_a_declaration_never_chooses_a_codec_that_is_no_character_encoding(declared: str) -> None:
    decoded = decode("Zoé".encode("cp1252") + b" said that it is over, and +AGE- \\u0041.", declared=declared)
    assert decoded.encoding in {"cp1252", "cp1250", "cp1254", "cp1257", "cp1258"}


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
def test_whatever_the_bytes_they_decode_strictly_or_have_a_reason(raw: bytes) -> None:
    for decoded in (read_text(raw), read_html(raw)):
        if decoded.reason:
            assert decoded.encoding is None
            assert decoded.detail
        else:
            assert decoded.encoding
            assert raw.decode(decoded.encoding) == decoded.text
            assert "\0" not in decoded.text
            decoded.text.encode("utf-8")  # no lone surrogates
