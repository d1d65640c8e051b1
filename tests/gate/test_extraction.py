"""Extraction from pages with gold text: no worse than what was measured, and no worse than trafilatura on the same pages.

The floors in ``floors.toml`` are what was measured, and when. Raise them with a better figure; nobody lowers one silently.
"""

from __future__ import annotations

import importlib.util
import os
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from copydesk.documents.read import Made, read_document
from copydesk.model.document import Document, apply_edits, revert_edits

HERE = Path(__file__).parent
FLOORS = tomllib.loads((HERE / "floors.toml").read_text("utf-8"))
BODY = {"paragraph", "subhead", "quote", "dateline"}
# Who reported a story is the last line of its text, and is wanted; whose picture stands among it is none of it.
SIGNED = {"credit.sign-off", "credit.contributed"}


def _corpus() -> ModuleType:
    spec = importlib.util.spec_from_file_location("corpus", HERE / "corpus.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["corpus"] = module
    spec.loader.exec_module(module)
    return module


corpus = _corpus()


@pytest.fixture(scope="module", params=["full", "segments"])
def gold(request: pytest.FixtureRequest) -> tuple[str, Sequence[Any], Callable[..., Any]]:
    if not (corpus.FULL.exists() and corpus.SEGMENTS.exists()):
        if os.environ.get("CI"):
            pytest.fail(corpus.MISSING)
        pytest.skip(corpus.MISSING)
    if request.param == "full":
        return "full", corpus.full_pages(), corpus.shingle_score
    return "segments", corpus.segment_pages(), corpus.segment_score


def _made(source: str) -> Made:
    return read_document(source, format="html", doc_id="doc-0", recipe="gate", max_chars=5_000_000)


def _body(document: Document | None) -> str:
    """Give what annotators see: the outer zones that are the article's own text."""
    shown, end = [], 0
    for zone in document.zones if document else ():
        if zone.start >= end:
            end = zone.end
            is_body = zone.kind in BODY or zone.rule in SIGNED
            shown += [document.text[zone.start : zone.end]] if document and is_body else []
    return "\n".join(shown)


def test_the_article_is_found_no_worse_than_was_measured_and_no_worse_than_by_trafilatura(gold: Any) -> None:
    from trafilatura import extract

    name, pages, score = gold
    ours = score(pages, [_body(_made(page.source).document) for page in pages])
    theirs = score(pages, [extract(page.source, include_comments=False, include_tables=False) or "" for page in pages])
    floor = FLOORS[name]
    assert len(pages) == floor["pages"]
    assert ours.f1 >= floor["f1"] - 0.0005, f"{ours}, measured on {floor['measured']}: {floor['f1']}"
    assert ours.f1 >= theirs.f1 - floor["below_trafilatura"], f"ours {ours}, trafilatura's {theirs}"


def test_the_headline_of_a_page_is_the_title_that_its_gold_names(gold: Any) -> None:
    name, pages, _ = gold
    titled = [page for page in pages if page.title]
    found = sum(corpus.flat(_headline(_made(page.source).document)) == corpus.flat(page.title) for page in titled)
    assert len(titled) == FLOORS[name]["titles"]
    assert found >= FLOORS[name]["headlines"], f"{found} of {len(titled)}"


def _headline(document: Document | None) -> str:
    zones = document.zones if document else ()
    return next((document.text[zone.start : zone.end] for zone in zones if document and zone.kind == "headline"), "")


def test_every_page_reverts_to_its_source(gold: Any) -> None:
    _, pages, _ = gold
    for page in pages:
        document = _made(page.source).document
        if document:
            assert apply_edits(page.source, document.edits) == document.text
            assert revert_edits(document.text, document.edits) == page.source


def test_a_second_opinion_is_the_exception(gold: Any) -> None:
    name, pages, _ = gold
    choices = [made.choice for made in (_made(page.source) for page in pages) if made.choice]
    doubted = sum(bool(choice.doubts) for choice in choices)
    assert doubted <= FLOORS[name]["doubted"] * len(pages)
