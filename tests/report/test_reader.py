"""The list of documents, the reader and the passport in Chromium: for everybody, by keyboard, inert, and without stutter."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import reading_room

from copydesk.errors import UnknownError
from copydesk.flow.reading import views
from copydesk.flow.reading_index import Library
from copydesk.flow.site import served
from copydesk.model.document import doc_id_of
from copydesk.workspace import Workspace

TRACED = ["toplevel", "devtools.timeline", "__metadata"]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace: Workspace = reading_room.build(tmp_path_factory.mktemp("room"))
    return workspace


@pytest.fixture(scope="module")
def entry(room: Workspace) -> Iterator[str]:
    with unchanged(room) as address:
        yield address


@contextmanager
def unchanged(room: Workspace) -> Iterator[str]:
    """Serve a room, which is afterwards as it was before."""
    said: list[str] = []
    before = tree(room.root)
    with served(room, host="127.0.0.1", port=0, say=said.append) as address:
        yield address
    assert said == []
    assert tree(room.root) == before


@pytest.fixture
def read(look: Callable[..., Any], entry: str) -> Callable[..., Any]:
    """Open a page of the room."""
    return lambda path, **how: look(address(entry, path), entry=entry, **how)


def address(entry: str, path: str) -> str:
    return entry.partition("/?")[0] + path


def tree(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize(
    "path",
    [
        "/documents?q=harb*",
        "/documents/ferry.txt?view=side",
        *(
            pytest.param(path, marks=pytest.mark.soak)
            for path in ("/documents/hostile.txt", "/documents/harbour-ar.txt")
        ),
    ],
)
def test_documents_are_fit_for_everybody(is_fit: Callable[..., None], entry: str, path: str) -> None:
    is_fit(address(entry, path), entry=entry)


def test_a_search_leads_to_the_document_and_shows_where_the_words_stand(read: Callable[..., Any]) -> None:
    page = read("/documents")
    page.keyboard.press("/")
    page.keyboard.type('"harbour guild" tarn*')
    page.keyboard.press("Enter")
    page.wait_for_url("**/documents?q=*")
    assert page.locator(".hits > li").count() == 1
    assert page.locator(".hits mark").all_inner_texts() == ["harbour guild", "Tarnmouth"]
    page.locator(".hits a").click()
    page.locator("h1", has_text="Ferry to Qaim").wait_for()


def test_what_makes_no_sense_in_an_address_is_answered(room: Workspace) -> None:
    with Library(room, say=pytest.fail) as library:
        shown = views(library)
        odd = {"q": '"', "after": "x", "before": "9" * 30, "label": "<b>", "disputed": "on"}
        assert "0 documents found" in shown["/documents"](odd).body
        for asked in ({"doc_id": "nothing"}, {"doc_id": "ferry.txt", "revision": "7"}):
            with pytest.raises(UnknownError):
                shown["/documents/{doc_id:path}"](asked)
        with pytest.raises(UnknownError):
            shown["/labels/{label_id:path}"]({"label_id": "../x"})


def test_the_keys_go_from_label_to_label_and_open_the_passport(read: Callable[..., Any]) -> None:
    page = read("/documents/ferry.txt")
    label = page.locator(".text a.is-label", has_text="PLACE").first
    while page.evaluate("document.activeElement.textContent.trim()") != "PLACE":
        page.keyboard.press("n")
    assert label.evaluate("one => one === document.activeElement")
    assert page.locator(".links path").count() == 1  # Noor Haddad lives in Idlib
    assert page.locator(".entries .on").inner_text().startswith("lives_in")
    page.keyboard.press("Enter")
    passport = page.locator("#passport")
    passport.locator("dt", has_text="votes").wait_for()
    assert passport.locator("h1 q").inner_text() == "Idlib"
    assert passport.evaluate("one => one === document.activeElement")
    page.keyboard.press("Escape")
    assert passport.is_hidden()
    assert label.evaluate("one => one === document.activeElement")
    page.keyboard.press("?")
    page.get_by_label("Use keys that are single signs").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    assert label.evaluate("one => one === document.activeElement")


def test_people_stand_side_by_side_and_what_differs_says_so(read: Callable[..., Any]) -> None:
    page = read("/documents/ferry.txt?view=side")
    columns = page.locator(".block").nth(2).locator(".column")
    assert columns.locator(".who").all_inner_texts() == ["agreed", "A1", "A2", "A3"]
    told = {
        name: [text.replace("\u00a0", " ") for text in columns.nth(number).locator("a.label").all_text_contents()]
        for number, name in enumerate(("agreed", "A1", "A2", "A3"))
    }
    assert told["A1"][0].split() == ["PLACE", "≠,", "other", "label"]
    assert told["A2"][0].split() == ["PERSON", "∗,", "only", "here"]
    assert "disputed label" in told["agreed"]
    assert columns.nth(3).locator(".m.l0 .m.l1 .m.l2").count()  # nested and crossing ones, each on its lane


def test_on_paper_everybody_has_a_column_and_the_colours_are_those_of_the_day(read: Callable[..., Any]) -> None:
    page = read("/documents/ferry.txt?view=side", width=760, dark=True)
    link = page.locator(".entries a").first
    at_night = link.evaluate("one => getComputedStyle(one).color")
    page.emulate_media(media="print")
    assert page.locator(".columns").evaluate_all("all => all.every(one => one.scrollWidth <= one.clientWidth)")
    assert not page.get_by_role("button").or_(page.get_by_role("navigation")).filter(visible=True).count()
    on_paper = link.evaluate("one => getComputedStyle(one).color")
    page.emulate_media(media="screen", color_scheme="light")
    assert at_night != on_paper == link.evaluate("one => getComputedStyle(one).color")


def test_a_label_of_the_reader_has_its_passport_as_a_page(read: Callable[..., Any], room: Workspace) -> None:
    span = room.agreed.where("agreed_spans", "doc_id", doc_id_of("ferry.txt")).to_pylist()[0]
    page = read(f"/labels/{span['span_id']}")
    assert page.locator("dl.chain dt").all_inner_texts() == [
        "article",
        "edits",
        "document",
        "suggestion",
        "votes",
        "decision",
        "releases",
    ]
    page.get_by_role("link", name="Where it stands").click()
    assert page.locator(":target").inner_text() == span["label"]


@pytest.mark.parametrize("path", ["/documents/hostile.txt", "/documents/hostile.txt?view=side", "/documents?q=taken"])
def test_a_hostile_article_is_text(read: Callable[..., Any], path: str) -> None:
    page = read(path, width=360)
    assert page.title() != "taken"
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    main = page.locator("main")
    assert "document.title = 'taken'" in main.inner_text()
    assert main.locator("script, img, iframe, style, svg, [onerror], [onload]").count() == 0
    assert main.locator("a").evaluate_all("all => all.every(one => ['http:', 'https:'].includes(one.protocol))")
    assert not {"\u202e", "\u202c", "\u2066"} & set(main.text_content())


def test_scripts_from_right_to_left_run_so(read: Callable[..., Any]) -> None:
    page = read("/documents/harbour-ar.txt")
    assert page.locator(".text").nth(1).evaluate("one => getComputedStyle(one).direction") == "rtl"


@pytest.mark.soak
def test_a_text_ten_times_as_long_does_not_hold_the_page_up(browser: Any, tmp_path: Path) -> None:
    """The longest task of the page's thread, in CPU time: on loading, and on going from label to label at the text's end."""
    with unchanged(reading_room.build(tmp_path, lengths=(5_000, 50_000))) as entry:
        longest = {length: _longest(browser, entry, f"/documents/of-{length}.txt") for length in (5_000, 50_000)}
    for what in ("load", "select"):
        assert longest[50_000][what] < 10 * longest[5_000][what], longest


def _longest(browser: Any, entry: str, path: str) -> dict[str, float]:
    page = browser.new_context(viewport={"width": 1500, "height": 900}).new_page()
    page.goto(entry)
    acts = {
        "load": lambda: page.goto(address(entry, path)),
        "select": lambda: (page.locator("a.label").last.focus(), [page.keyboard.press("p") for _ in range(10)]),
    }
    found = {}
    for what, act in acts.items():
        browser.start_tracing(page=page, categories=TRACED)
        act()
        page.wait_for_timeout(300)
        found[what] = _longest_task(json.loads(browser.stop_tracing())["traceEvents"])
    page.context.close()
    return found


def _longest_task(events: list[dict[str, Any]]) -> float:
    threads = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    tasks = (one for one in events if one["name"].endswith("RunTask") and (one["pid"], one["tid"]) in threads)
    return max(one.get("tdur", one.get("dur", 0)) / 1_000 for one in tasks)
