"""The seed articles: what each is there to show, that the founding one is untouched, and that each says where it is from."""

from __future__ import annotations

import hashlib
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

import pytest

SEEDS = Path(__file__).parents[2] / "seeds"
SHARED = SEEDS.parents[1] / "shared" / "seeds"
FOUNDING = "000_624767c5aad575bc.txt"
ARTICLES = sorted(path.name for path in SEEDS.iterdir() if path.suffix in {".txt", ".html"})
PROVENANCE: dict[str, dict[str, Any]] = tomllib.loads((SEEDS / "provenance.toml").read_text(encoding="utf-8"))


def text(name: str) -> str:
    return (SEEDS / name).read_bytes().decode("utf-8")


def paragraphs(name: str) -> set[str]:
    return {line for line in text(name).split("\n") if len(line.split()) > 8}


def test_the_founding_article_is_kept_byte_for_byte() -> None:
    digest = hashlib.sha256((SEEDS / FOUNDING).read_bytes()).hexdigest()
    assert digest == "ae19e58eb48eddb3b0006397cc753005c3ca1e40026e2fb913fa9e8da3228ba9"


def test_the_founding_article_equals_the_one_handed_over() -> None:
    if not SHARED.is_dir():
        pytest.skip("../shared/seeds is not beside the checkout: the original, which the digest above stands for")
    assert (SEEDS / FOUNDING).read_bytes() == (SHARED / FOUNDING).read_bytes()


def test_every_article_has_a_provenance_and_every_provenance_an_article() -> None:
    assert sorted(PROVENANCE) == ARTICLES
    assert len(ARTICLES) == 12


@pytest.mark.parametrize("name", ARTICLES)
def test_a_provenance_says_publisher_time_with_zone_licence_and_note(name: str) -> None:
    entry = PROVENANCE[name]
    assert set(entry) <= {"url", "publisher", "published_at", "retrieved_at", "licence", "note"}
    assert all(entry[key] for key in ("publisher", "licence", "note"))
    assert entry["published_at"].utcoffset() is not None


@pytest.mark.parametrize("name", [name for name in ARTICLES if name != FOUNDING])
def test_every_other_article_is_marked_as_invented_and_free_to_use(name: str) -> None:
    entry = PROVENANCE[name]
    assert entry["licence"] == "CC0-1.0"
    assert entry["note"].startswith("Invented.")
    assert "(invented)" in entry["publisher"]
    assert ".example.org/" in entry["url"]
    assert entry["published_at"] <= entry["retrieved_at"]


def test_a_page_brings_what_surrounds_an_article_on_the_web() -> None:
    page = text("001_market-reopens.html")
    wanted = (
        "<nav <header <h1 <h2 <time <figure <figcaption <blockquote <aside <footer <script <style &rsquo; &nbsp; &amp;"
    )
    assert [mark for mark in wanted.split() if mark not in page] == []
    assert "Related:" in page


def test_another_page_declares_windows_1252_and_is_not_utf_8() -> None:
    raw = (SEEDS / "011_exile-council.html").read_bytes()
    assert b"charset=windows-1252" in raw
    assert {byte for byte in raw if 0x80 <= byte < 0xA0} >= {0x80, 0x92, 0x93, 0x94, 0x96}
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")


def test_the_correction_says_so_and_keeps_most_of_what_it_corrects() -> None:
    first, corrected = "003_halden-bridge.txt", "002_halden-bridge-corrected.txt"
    assert "\nCorrection: " in text(corrected)
    assert "Correction" not in text(first)
    assert paragraphs(first) & paragraphs(corrected)
    assert paragraphs(first) - paragraphs(corrected)
    assert PROVENANCE[first]["url"] == PROVENANCE[corrected]["url"]


def test_the_wire_copy_has_another_lead_and_the_same_body() -> None:
    wire, copy = paragraphs("004_sarn-pass.txt"), paragraphs("005_sarn-pass-courier.txt")
    assert len(wire & copy) == 4
    assert text("004_sarn-pass.txt").split("\n")[2] not in text("005_sarn-pass-courier.txt")
    assert "Northern Wire Agency" in text("005_sarn-pass-courier.txt").split("\n")


def test_one_article_has_emoji_and_accents_in_two_normal_forms() -> None:
    train = text("008_night-train.txt")
    assert any(ord(character) > 0xFFFF for character in train)
    assert "\u200d" in train
    assert not unicodedata.is_normalized("NFC", train)
    assert not unicodedata.is_normalized("NFD", train)


def test_one_article_has_arabic_letters_and_names_with_diacritics() -> None:
    oasis = text("009_dayr-al-zumurrud.txt")
    assert set("ʿʾāḥṬīūṢ") <= set(oasis)
    assert any("ARABIC LETTER" in unicodedata.name(character, "") for character in oasis)


def test_one_article_has_crlf_line_ends_a_caption_between_paragraphs_and_related_stories() -> None:
    lines = text("010_kell-dam.txt").split("\r\n")
    assert not any("\n" in line for line in lines)
    caption = next(number for number, line in enumerate(lines) if line.endswith("(Ilse Morn/Tarnhaven Herald)"))
    assert len(lines[caption - 2]) > 100
    assert len(lines[caption + 2]) > 100
    assert "Related:" in lines
