"""The founding article comes out right: each of its zones, by its surface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from copydesk.articles import Limits, accepted, read_articles
from copydesk.documents import build_documents
from copydesk.model import tables

SEED = Path(__file__).parents[2] / "seeds" / "000_624767c5aad575bc.txt"


@pytest.fixture(scope="module")
def zones() -> list[dict[str, Any]]:
    articles, _ = read_articles([(SEED.name, SEED)], limits=Limits(max_bytes=100_000, max_chars=10_000))
    kept = build_documents(accepted(articles), known=tables.empty("documents"), max_chars=10_000).kept
    text = kept["documents"]["text"][0].as_py()
    rows = kept["zones"].to_pylist()
    return [row | {"text": text[row["start"] : row["end"]], "all": text} for row in rows]


def _texts(zones: list[dict[str, Any]], kind: str) -> list[str]:
    return [zone["text"] for zone in zones if zone["kind"] == kind]


def test_the_first_line_is_the_headline(zones: list[dict[str, Any]]) -> None:
    assert _texts(zones, "headline") == ["Syrian army retakes one of ISIS's last remaining urban strongholds"]


def test_there_are_three_subheads(zones: list[dict[str, Any]]) -> None:
    assert _texts(zones, "subhead") == ["Retreating into the desert", "Fighting across the border", "Russia’s role"]


def test_both_captions_are_found_by_their_own_rules(zones: list[dict[str, Any]]) -> None:
    captions = [zone for zone in zones if zone["kind"] == "caption"]
    assert [zone["rule"] for zone in captions] == ["caption.credit-in-parentheses", "caption.set-apart"]
    assert captions[0]["text"].startswith("Smoke and debris rise")
    assert captions[0]["text"].endswith("(SANA via Associated Press)")
    assert captions[1]["text"].startswith("Iraqi forces and members of the Hashed al-Shaabi")
    assert captions[1]["text"].endswith("ISIS jihadists on Wednesday.")


def test_the_credit_stands_inside_the_first_caption(zones: list[dict[str, Any]]) -> None:
    [credit] = [zone for zone in zones if zone["kind"] == "credit"]
    caption = next(zone for zone in zones if zone["kind"] == "caption")
    assert credit["text"] == "SANA via Associated Press"
    assert caption["start"] < credit["start"] < credit["end"] < caption["end"]


def test_the_pictures_stray_tag_and_the_outlets_closer_are_section_tags(zones: list[dict[str, Any]]) -> None:
    tags = [(zone["text"], zone["rule"]) for zone in zones if zone["kind"] == "section_tag"]
    assert tags == [
        ("Syria Deir el-Zour", "section.picture-tag"),
        ("CBC | World News", "section.outlet-and-section"),
    ]


def test_the_block_ads_plea_is_a_promo(zones: list[dict[str, Any]]) -> None:
    assert _texts(zones, "promo") == ["Let’s block ads! (Why?)"]


def test_the_quotation_has_the_statement_as_its_speaker(zones: list[dict[str, Any]]) -> None:
    [quote] = [zone for zone in zones if zone["kind"] == "quote"]
    assert quote["text"].startswith("“Army units, in co-operation with allied forces,")
    assert quote["text"].endswith("Daesh terrorist organization,”")
    assert quote["all"][quote["speaker_start"] : quote["speaker_end"]] == "the Syrian military statement"


def test_all_the_rest_is_sixteen_paragraphs(zones: list[dict[str, Any]]) -> None:
    assert len(_texts(zones, "paragraph")) == 16
