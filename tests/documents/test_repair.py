"""Mojibake: what ftfy would repair is repaired, with an edit for each place, and nothing else is touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ftfy
import pytest
from ftfy.badness import MOJIBAKE_CATEGORIES, is_bad
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.documents.canonical import unusual_characters
from copydesk.documents.read import read_document
from copydesk.documents.repair import RULE, is_suspect, may_be_mojibake, mojibake_edits
from copydesk.model.document import apply_edits, revert_edits

FTFY = Path(__file__).parents[2].parent / "shared" / "data" / "ftfy"
FILES = ("in-the-wild", "known-failures", "language-names", "negative", "synthetic")
PIECES = ["The", " ", "“", "”", "é", "Ã", "©", "â€œ", "Â ", "à ", "\u00a0", "\x9d", "\n", "Ð¿Ñ€", "ñ", "—", "ÑÑ", "’s"]
SIGNS = sorted(set("".join(MOJIBAKE_CATEGORIES.values()) + "ÂÃàØÙÎÐ×²œŒВГРСЂΒΓβ€ā√±≈°‚Äâ¢"))
ONLY_ENCODING = {
    "unescape_html": False, "remove_terminal_escapes": False, "fix_latin_ligatures": False, "fix_character_width": False, "uncurl_quotes": False,
    "fix_line_breaks": False, "fix_surrogates": False, "remove_control_chars": False, "normalization": None,
}  # fmt: skip


def _repaired(text: str) -> str:
    edits = mojibake_edits(text) if may_be_mojibake(text, unusual_characters(text)) else []
    repaired = apply_edits(text, edits)
    assert revert_edits(repaired, edits) == text
    assert {edit.rule for edit in edits} <= {RULE}
    return repaired


def _by_ftfy(text: str) -> str:
    return "\n".join(ftfy.fix_encoding(line, ftfy.TextFixerConfig(**ONLY_ENCODING)) for line in text.split("\n"))


def _cases(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((FTFY / f"{name}.json").read_text("utf-8"))
    return cases


@pytest.mark.skipif(not FTFY.exists(), reason="the test cases of ftfy are not beside the checkout")
@pytest.mark.parametrize("name", FILES)
def test_the_cases_of_ftfy_come_out_as_ftfy_has_them(name: str) -> None:
    for case in _cases(name):
        repaired = _repaired(case["original"])
        assert repaired == _by_ftfy(case["original"])
        if case["expect"] == "pass":
            assert repaired == case.get("fixed-encoding", case["fixed"]), case["label"]


@settings(deadline=None, max_examples=1_000)
@given(st.lists(st.sampled_from([*PIECES, *SIGNS, "a", "X", "the ferry stopped at "]), max_size=8).map("".join))
def test_a_sign_of_mojibake_is_found_wherever_it_is_found_in_the_whole_line(line: str) -> None:
    assert is_suspect(line) == is_bad(line)


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_each_line_is_as_ftfy_has_it_or_as_it_was(text: str) -> None:
    for was, repaired, by_ftfy in zip(
        text.split("\n"), _repaired(text).split("\n"), _by_ftfy(text).split("\n"), strict=True
    ):
        assert repaired in {was, by_ftfy}


@pytest.mark.parametrize("text", ["”é", "”É t́out", "— à", "Núñez", "“Ça va”"])
def test_marks_beside_letters_with_accents_are_no_mojibake_whatever_ftfy_makes_of_them(text: str) -> None:
    assert _repaired(text) == text


def test_a_repaired_article_keeps_its_quotation_marks_and_says_what_was_repaired() -> None:
    article = "â€œWe goâ€\x9d, said JosÃ©. “We stay.”"
    document = read_document(article, format="text", doc_id="doc-0", recipe="test", max_chars=1000).document
    assert document is not None
    assert document.text == "“We go”, said José. “We stay.”"
    assert [(edit.removed, edit.inserted, edit.rule) for edit in document.edits] == [
        ("â€œ", "“", RULE), ("â€\x9d", "”", RULE), ("Ã©", "é", RULE)
    ]  # fmt: skip
