"""The language of a text: right on known ones, and the words that spare the model never say other than the model."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from copydesk.documents.language import (
    language_by_model,
    languages_by_words,
    languages_of,
    plausible_language,
    sample_length,
)

CASES: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parents[1] / "cases" / "language" / "texts.toml").read_text("utf-8")
)["case"]
DATA = Path(__file__).parents[2].parent / "shared" / "data"
here = pytest.mark.skipif(not DATA.exists(), reason="the folder with real texts is not beside the checkout")


def _real_texts() -> list[str]:
    texts = [
        json.loads(line)["text"]
        for file in sorted(DATA.glob("re3d/*/documents.json"))
        for line in file.read_text("utf-8").splitlines()
    ]
    for file in sorted(DATA.glob("causal-news-corpus/*.csv")):
        with file.open(encoding="utf-8", newline="") as rows:
            texts += [row["text"] for row in csv.DictReader(rows)]
    return texts


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:24])
def test_a_text_is_in_the_language_that_it_is_in_or_in_none(case: dict[str, Any]) -> None:
    assert languages_of([case["text"]], [None]) == [case.get("language")]


@here
def test_where_words_decide_the_model_says_the_same() -> None:
    samples = [text[:length] for text in _real_texts() for length in (100, 250, sample_length())]
    samples += [case["text"] for case in CASES]
    decided = list(zip(samples, languages_by_words(samples), strict=True))
    spared = [(sample, language) for sample, language in decided if language]
    assert len(spared) > 100
    assert [(sample, language) for sample, language in spared if language_by_model(sample) != language] == []


def test_what_the_text_says_beats_what_was_declared_and_a_declaration_beats_a_guess() -> None:
    english, french = CASES[0]["text"], CASES[3]["text"]
    assert languages_of([4 * english], ["fr"]) == ["en"]
    assert languages_of([french], ["fr-CA"]) == ["fr"]
    assert languages_of(["Trop court"], ["fr"]) == ["fr"]
    assert languages_of(["Trop court"], ["x-klingon"]) == [None]


@pytest.mark.parametrize(
    ("declared", "code"),
    [("en", "en"), ("EN", "en"), ("pt-BR", "pt"), ("zh_Hans", "zh"), (" de ", "de"), ("english", None), ("xx", None), ("", None), (None, None)],
)  # fmt: skip
def test_a_declared_language_is_a_code_of_iso_639_1_or_nothing(declared: str | None, code: str | None) -> None:
    assert plausible_language(declared) == code
