"""Input that was made to break programs: naughty strings, single lines of a megabyte, markup that never ends."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from copydesk.documents.read import read_document
from copydesk.model.document import apply_edits, revert_edits

BLNS = Path(__file__).parents[2].parent / "shared" / "data" / "blns" / "blns.json"
REPEATED = {
    "words": "word ",
    "spaces": " ",
    "line feeds": "\n",
    "blanks and line feeds": " \n",
    "carriage returns": "\r",
    "short blocks": "a\n\n",
    "headings": "A Heading\n\n",
    "lists of other stories": "Related:\n\nAn item\n\n",
    "captions": "Smoke rises. (Reuters)\n\n",
    "quotations": "“We are ready,” he said, ",
    "opening marks": "“",
    "combining marks": "e\u0301",
    "capitals": "AB CD-",
    "section marks": "a | b » ",
    "parentheses": "(",
    "full stops": ". ",
    "open tags": "<a ",
    "open attributes": '<a x="',
    "attributes that close each other": '<a x="> ',
    "comments": "<!--",
    "open links in comments": "<!-- <a ",
    "scripts": "<script>",
    "ampersands": "&",
    "entities": "&amp;",
    "line breaks": "<br>",
    "paragraphs": "<p>some words here",
    "deep markup": "<div><b>",
    "closing tags": "<i></div></b>",
}


def _read(text: str, form: str) -> float:
    """Read a document, check that it reverts, and give the seconds of computing that reading took."""
    start = time.process_time()
    document = read_document(text, format=form, doc_id="doc-0", recipe="test", max_chars=10_000_000).document
    seconds = time.process_time() - start
    if document:
        assert apply_edits(text, document.edits) == document.text
        assert revert_edits(document.text, document.edits) == text
    return seconds


@pytest.mark.skipif(not BLNS.exists(), reason="the Big List of Naughty Strings is not beside the checkout")
@pytest.mark.parametrize("form", ["text", "html"])
def test_naughty_strings_are_read_and_revert(form: str) -> None:
    for text in json.loads(BLNS.read_text("utf-8")):
        _read(text, form)
        _read(f"A headline\n\n{text}\n\n<p>{text}</p>", form)


@pytest.mark.parametrize("unit", REPEATED)
@pytest.mark.parametrize("form", ["text", "html"])
def test_time_grows_with_size_and_no_faster(unit: str, form: str) -> None:
    # Eight times the size may take eight times as long; a quadratic step would take sixty-four.
    small = REPEATED[unit] * (8_000 // len(REPEATED[unit]))
    _read(small, form)  # the first time, rules are compiled and caches filled
    once = min(_read(small, form) for _ in range(3))
    grown = min(_read(small * 8, form) for _ in range(3))
    assert grown < 24 * max(once, 0.01)


def test_a_line_of_a_megabyte_is_one_paragraph() -> None:
    text = "The army crossed the river. " * 40_000
    document = read_document(text, format="text", doc_id="doc-0", recipe="test", max_chars=2_000_000).document
    assert document is not None
    assert [zone.kind for zone in document.zones] == ["paragraph"]
