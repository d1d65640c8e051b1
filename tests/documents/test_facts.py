"""What a page says of itself: each folder of tests/cases/facts is a page and the facts that it must give, and no others."""

from __future__ import annotations

import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest

from copydesk.documents.html_facts import read_facts
from copydesk.documents.read import read_document

CASES = Path(__file__).parents[1] / "cases" / "facts"


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_the_page_of_each_case_says_what_is_written_beside_it(case: str) -> None:
    expected = tomllib.loads((CASES / case / "expected.toml").read_text("utf-8"))
    source = (CASES / case / "input.html").read_text("utf-8")
    made = read_document(source, format="html", doc_id="doc-0", recipe="test", max_chars=100_000)
    told = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(made.facts).items()}
    assert {name: value for name, value in told.items() if value} == expected


@pytest.mark.parametrize(
    "written",
    ["[" * 200_000, '{"@graph": "x"}', '{"author": {"name": 5}, "headline": []}', '{"datePublished": "\\ud800"}', "null", '[[{"headline": null}]]'],
)  # fmt: skip
def test_json_that_is_broken_or_means_nothing_says_nothing(written: str) -> None:
    facts = read_facts(f'<script type="application/ld+json">{written}</script>')
    assert (facts.title, facts.authors, facts.published_at) == (None, (), None)
