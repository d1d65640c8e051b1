"""Rules of the labelling screen, seen in a real browser, and of the way of what is marked there into a dataset."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from copydesk.workspace import Workspace

pytestmark = [pytest.mark.studio, pytest.mark.browser]

SIZES = [(1280, 800), (1440, 900)]
SUGGESTED = [("Qaim", "GPE"), ("Qaim", "GPE"), ("Iraq", "GPE"), ("Friday", "DATE"), ("two", "NUMBER"), ("Iraq", "GPE")]
# the first stands after an emoji and a combining accent, the second before a possessive that is to be left out
MARKED = [("Tarnmouth", "GPE", "3"), ("Ester", "PERSON", "1")]
WRONG = ("two", "NUMBER")
# marked too short before the emoji of its line, and its end then dragged beyond them; where they are sent to the editor as they are, it
# stores an end that is two signs too far: one alone would be a blank, and be trimmed
EMOJI = "\N{GRINNING FACE}"
SHORT, ITS_END, RESIZED, ITS_LABEL = "watched", "ferry", f"watched {EMOJI}{EMOJI} the ferry", ("FAC", "5")
# whatever is wider than its place, the page itself among it, and can be scrolled sideways for it
SCROLLS_SIDEWAYS = """
() => [document.scrollingElement, ...document.querySelectorAll('.lsf-main-content *, .lsf-main-content, .copydesk-guidelines')]
  .filter((one) => one.scrollWidth > one.clientWidth + 1 && (one === document.scrollingElement
    || ['auto', 'scroll'].includes(getComputedStyle(one).overflowX)))
  .map((one) => `${one.tagName} ${one.className}: ${one.scrollWidth} > ${one.clientWidth}`)
"""


def places(text: str, spans: list[tuple[str, str]]) -> list[tuple[int, int, str, str]]:
    """Where each phrase stands in the text, in code points; a phrase that is listed again stands further on."""
    found = []
    for number, (phrase, label) in enumerate(spans):
        start = -1
        for _ in range(1 + [earlier for earlier, _ in spans[:number]].count(phrase)):
            start = text.index(phrase, start + 1)
        found.append((start, start + len(phrase), phrase, label))
    return sorted(found)


def rows(table: pd.DataFrame, columns: tuple[str, ...] = ("start", "end", "surface", "label")) -> list[tuple[Any, ...]]:
    return sorted(table[list(columns)].itertuples(index=False, name=None))


def test_what_an_annotator_marks_is_pulled_and_published_as_it_was_marked(
    open_screen: Callable[..., Any], newsroom: Any, ferry: str
) -> None:
    assert any(unicodedata.combining(one) for one in ferry[: ferry.index("Tarnmouth")])
    screen = open_screen("anna")
    screen.label_all_tasks()
    assert screen.page.locator(".copydesk-guidelines").is_visible()
    screen.close_guidelines()
    assert screen.regions() == [phrase for phrase, _ in SUGGESTED]

    for phrase, _, key in MARKED:
        screen.mark(phrase, key=key)
    screen.mark(SHORT, key=ITS_LABEL[1])
    screen.resize(SHORT, to=ITS_END)
    screen.delete(WRONG[0])
    screen.select("Tarnmouth")
    screen.page.keyboard.press("a")
    screen.page.keyboard.press("u")
    screen.relate("Tarnmouth", "Qaim", label="part_of")
    screen.submit()

    kept = places(ferry, [span for span in SUGGESTED if span != WRONG])
    marked = places(ferry, [(phrase, label) for phrase, label, _ in MARKED] + [(RESIZED, ITS_LABEL[0])])
    pulled = newsroom.run("pull")["counts"]
    assert {name: pulled[name] for name in ("new", "annotations", "spans", "relations", "rejected")} == {
        "new": 1,
        "annotations": 1,
        "spans": len(kept) + len(marked),
        "relations": 1,
        "rejected": 0,
    }
    spans = Workspace.find(newsroom.folder).labels.read("spans").to_pandas()
    assert rows(spans[spans.origin == "manual"]) == marked
    assert rows(spans[spans.origin == "prediction"]) == kept

    for stage in ("agree", "validate", "publish"):
        newsroom.run(stage)
    version = next((newsroom.folder / "datasets" / newsroom.folder.name).glob("*.*.*"))
    documents = pd.read_parquet(version / "documents")
    assert documents.text[documents.text.str.startswith("Ferry")].str.strip().tolist() == [ferry]
    published = pd.read_parquet(version / "spans")
    assert rows(published) == sorted(kept + marked)
    attributes = published.set_index("surface").attributes["Tarnmouth"]
    assert [(one["name"], one["value"]) for one in attributes] == [("mention", "NAM")]
    relations = pd.read_parquet(version / "relations")
    surfaces = published.set_index("span_id").surface
    assert [(surfaces[one.head_span_id], one.label, surfaces[one.tail_span_id]) for one in relations.itertuples()] == [
        ("Tarnmouth", "part_of", "Qaim")
    ]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_labels_with_their_keys_text_and_attributes_are_in_view_without_scrolling_sideways(
    open_screen: Callable[..., Any], newsroom: Any, tmp_path: Path, width: int, height: int
) -> None:
    screen = open_screen("ben", width=width, height=height)
    screen.open_task("Syrian army retakes")
    labels = screen.labels()
    schema = Workspace.find(newsroom.folder).schema()
    assert {name: label["key"] for name, label in labels.items()} == {one.name: one.hotkey for one in schema.labels}
    assert all(one["x"] >= 0 and one["x"] + one["width"] <= width for one in labels.values())
    assert screen.page.evaluate(SCROLLS_SIDEWAYS) == []
    assert (
        screen.page.evaluate(
            "() => parseFloat(getComputedStyle(document.querySelector('.lsf-richtext__line')).fontSize)"
        )
        >= 14
    )
    assert screen.regions().count("ISIS") > 3

    screen.select("Deir el-Zour")
    for attribute in schema.attributes:
        if not attribute.labels or "GPE" in attribute.labels:
            box = screen.page.get_by_role("heading", name=attribute.name, exact=True).bounding_box()
            assert box["x"] + box["width"] <= width
            assert box["y"] + box["height"] <= height
    screen.take(tmp_path / "screen.png")
    assert (tmp_path / "screen.png").stat().st_size < 400_000

    screen.page.evaluate("() => [...document.querySelectorAll('.lsf-richtext__line')].at(-1).scrollIntoView()")
    assert all(one["y"] >= 0 and one["y"] + one["height"] <= height for one in screen.labels().values())


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_guidelines_can_be_opened_and_read_to_their_end(
    open_screen: Callable[..., Any], newsroom: Any, width: int, height: int
) -> None:
    screen = open_screen("ben", width=width, height=height)
    screen.open_task("Syrian army retakes")
    screen.page.get_by_role("button", name="Instructions").click()
    guidelines = screen.page.locator(screen.GUIDELINES)
    guidelines.wait_for()
    box = guidelines.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert screen.page.evaluate(SCROLLS_SIDEWAYS) == []
    assert (
        guidelines.evaluate(
            "(all) => Math.min(...[...all.querySelectorAll('li')].map((one) => parseFloat(getComputedStyle(one).fontSize)))"
        )
        >= 14
    )
    text = (newsroom.folder / "schemas" / "news-entities" / "guidelines.md").read_text(encoding="utf-8")
    titles = [line.lstrip("# ") for line in text.splitlines() if line.startswith("#")]
    assert guidelines.get_by_role("heading").all_inner_texts() == titles
    mark = guidelines.locator(".copydesk-mark", has_text="Euphrates River LOC").first
    assert mark.evaluate("(one) => getComputedStyle(one).borderBottomColor") == "rgb(66, 212, 244)", (
        "the label's colour"
    )
    last = guidelines.get_by_role("heading").last
    last.scroll_into_view_if_needed()
    assert 0 <= last.bounding_box()["y"] <= height
