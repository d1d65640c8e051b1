"""What plain text says of its making: authors from bylines, dates from date lines, nothing from anything else."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from copydesk.documents.read import Made, read_document
from copydesk.documents.rules import Rule, rules

FOLDER = Path(__file__).parents[1] / "cases" / "metadata"
BODY = "The army crossed the river on Monday and stayed on the other bank for the night."


def _cases(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = tomllib.loads((FOLDER / name).read_text("utf-8"))["case"]
    return cases


def _made(line: str) -> Made:
    article = f"Army crosses the river\n\n{line}\n\n{BODY}"
    return read_document(article, format="text", doc_id="doc-0", recipe="test", max_chars=10_000)


@pytest.mark.parametrize("case", _cases("bylines.toml"), ids=lambda case: case["line"])
def test_authors_are_the_persons_that_a_byline_names(case: dict[str, Any]) -> None:
    assert list(_made(case["line"]).authors) == case["authors"]


@pytest.mark.parametrize("case", _cases("dates.toml"), ids=lambda case: case["line"])
def test_an_article_was_published_when_a_line_with_a_year_says_so(case: dict[str, Any]) -> None:
    assert _made(case["line"]).published_at == case.get("published_at")


@pytest.mark.parametrize("rule", [*rules("metadata", "date"), *rules("metadata", "time")], ids=lambda rule: rule.name)
def test_a_rule_of_dates_finds_its_examples_and_none_of_its_counter_examples(rule: Rule) -> None:
    assert rule.yes
    assert rule.no
    assert [text for text in rule.yes if not rule.pattern.search(text)] == []
    assert [text for text in rule.no if rule.pattern.search(text)] == []
