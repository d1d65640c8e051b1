"""Label Studio's screen as an annotator meets it: log in, read, mark with a key and the mouse, submit.

Run as a program it makes the picture of the documentation: ``python tests/browser/screen.py docs/labelling-screen.png``.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, ElementHandle, Page, Response, sync_playwright

# without these, the browser's own connections at its start stall where there is no internet
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 60_000  # milliseconds; a busy machine is slow
TEXT = ".lsf-htx-richtext"
REGION = f"{TEXT} .htx-highlight"
TAB = ".lsf-annotation-button"
GUIDELINES = ".copydesk-guidelines"
MISSING = "/heidi-tips"  # what Label Studio asks itself for and has not got
NEAR_ITS_START = {"x": 4, "y": 8}  # where a click hits the words and not the label behind them
# Label Studio's handles are elements that some versions of Chromium, and not other browsers, never show
HANDLES = ".htx-highlight area { display: block; }"
# the suggestions are all drawn: their number is the same as when it was looked at last
SETTLED = """
(region) => {
  const before = window.copydeskRegions;
  window.copydeskRegions = document.querySelectorAll(region).length;
  return before === window.copydeskRegions;
}
"""
# where a phrase of the text stands in the window: the middle of its left and of its right edge, a little inside
FIND = """
(phrase) => {
  const walker = document.createTreeWalker(document.querySelector('.lsf-htx-richtext'), NodeFilter.SHOW_TEXT);
  const places = [];
  let text = '';
  while (walker.nextNode()) {
    for (let at = 0; at < walker.currentNode.data.length; at++) places.push([walker.currentNode, at]);
    text += walker.currentNode.data;
  }
  const from = text.indexOf(phrase);
  const box = ([node, at]) => {
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    return range.getBoundingClientRect();
  };
  places[from][0].parentElement.scrollIntoView({block: 'center'});
  const first = box(places[from]);
  const last = box(places[from + phrase.length - 1]);
  return [first.left + 1, first.top + first.height / 2, last.right - 1, last.top + last.height / 2];
}
"""


def chromium() -> str | None:
    """Give the path of Debian's Chromium, or of another one that is found; None where there is none."""
    return next((found for found in (shutil.which("/usr/bin/chromium"), shutil.which("chromium")) if found), None)


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """Start Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


@dataclass(frozen=True, slots=True)
class Newsroom:
    """A workspace with a running Label Studio and annotators: ``accounts`` gives (email, password) by name."""

    folder: Path
    project: str
    accounts: dict[str, tuple[str, str]]

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run a copydesk command in the workspace and give what it printed as JSON."""
        return copydesk(*arguments, cwd=self.folder)


def copydesk(*arguments: str, cwd: Path) -> dict[str, Any]:
    """Run a copydesk command and give what it printed as JSON."""
    command = [sys.executable, "-c", "from copydesk.cli import main; main()", *arguments, "--json"]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"copydesk {' '.join(arguments)}: {done.stdout}{done.stderr}"
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def open_newsroom(folder: Path, *, articles: Sequence[tuple[str, bytes]], people: Sequence[str]) -> Newsroom:
    """Make a workspace, named as its folder, whose tasks are these articles in this order, each for one annotator.

    Its Label Studio runs until ``close_newsroom``.
    """
    copydesk("init", str(folder), cwd=folder.parent)
    settings = folder / "copydesk.toml"
    text = settings.read_text(encoding="utf-8")
    text = text.replace("annotators_per_task = 2", "annotators_per_task = 1").replace("my-articles", folder.name)
    text = text.replace("[publish]\n", "[publish]\npictures = false\n")
    settings.write_text(text, encoding="utf-8")
    copydesk("studio", "start", cwd=folder)
    try:
        for name, raw in articles:
            (folder / name).write_bytes(raw)
            copydesk("ingest", name, cwd=folder)
            project = copydesk("push", cwd=folder)["project"]
        copydesk("people", "add", *people, cwd=folder)
    except BaseException:
        close_newsroom(folder)
        raise
    known = json.loads((folder / ".copydesk" / "people.json").read_text(encoding="utf-8"))["people"]
    return Newsroom(folder, project, {one["name"]: (one["email"], one["password"]) for one in known})


def close_newsroom(folder: Path) -> None:
    """Stop the workspace's Label Studio."""
    copydesk("studio", "stop", cwd=folder)


class Screen:
    """One annotator's window. ``faults`` gathers what went wrong in the page."""

    GUIDELINES = GUIDELINES

    def __init__(self, page: Page, newsroom: Newsroom) -> None:
        self.page = page
        self.newsroom = newsroom
        self.faults: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("response", self._look_at)
        page.on("console", self._listen)

    def log_in(self, name: str) -> None:
        """Log in through the form, and go to the project."""
        email, password = self.newsroom.accounts[name]
        self.page.goto(self.newsroom.project)
        self.page.fill("input[name=email]", email)
        self.page.fill("input[name=password]", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(lambda url: "/login" not in url)
        if not self.page.url.startswith(self.newsroom.project):
            self.page.goto(self.newsroom.project)

    def label_all_tasks(self) -> None:
        """Begin as an annotator does; the guidelines come up first."""
        self.page.get_by_role("button", name="Label All Tasks").click()
        self._wait_for_text()

    def open_task(self, words: str) -> None:
        """Open the task whose text begins with these words from the project's list."""
        self.page.get_by_text(words).first.click()
        self._wait_for_text()

    def tabs(self) -> list[str]:
        """Give the names over the text: of the annotations and predictions of the task."""
        return [one.inner_text() for one in self.page.query_selector_all(f"{TAB}__name")]

    def open_tab(self, name: str) -> None:
        """Look at another annotation or prediction of the task."""
        self.page.locator(TAB).filter(has_text=name).click()
        self.page.locator(f"{TAB}_selected").filter(has_text=name).wait_for()
        self._wait_for_text()

    def close_guidelines(self) -> None:
        """Close them, and wait until they have gone."""
        self.page.keyboard.press("Escape")
        self.page.wait_for_selector(GUIDELINES, state="detached")

    def labels(self) -> dict[str, dict[str, Any]]:
        """Give the labels' buttons by name: the key that they show, and their box."""
        return {
            button.query_selector(".lsf-label__text").inner_text(): {
                "key": button.query_selector(".lsf-label__hotkey").inner_text(),
                **(button.bounding_box() or {}),
            }
            for button in self.page.query_selector_all(".lsf-labels .lsf-label")
        }

    def regions(self) -> list[str]:
        """Give the marked words, in the order of the text."""
        return [found.inner_text() for found in self.page.query_selector_all(REGION)]

    def mark(self, phrase: str, *, key: str) -> None:
        """Press the label's key and drag over the first occurrence of the phrase."""
        before = len(self.regions())
        left, top, right, bottom = self.page.evaluate(FIND, phrase)
        self.page.keyboard.press(key)
        self.page.mouse.move(left, top)
        self.page.mouse.down()
        self.page.mouse.move((left + right) / 2, (top + bottom) / 2, steps=3)
        self.page.mouse.move(right, bottom, steps=3)
        self.page.mouse.up()
        self._wait_for_regions(before + 1)
        self.page.keyboard.press("u")  # leaves the new span, so that the next key does not change its label

    def select(self, words: str) -> None:
        """Click the first mark on these words."""
        self._region(words).click(position=NEAR_ITS_START)
        self.page.wait_for_selector(f"{REGION}.__active")

    def delete(self, words: str) -> None:
        """Take a mark away."""
        before = len(self.regions())
        self.select(words)
        self.page.keyboard.press("Backspace")
        self._wait_for_regions(before - 1)

    def relate(self, head: str, tail: str, *, label: str) -> None:
        """Draw a relation from one mark to another, and say which."""
        self.select(head)
        self.page.keyboard.press("Alt+r")
        self._region(tail).click(position=NEAR_ITS_START)
        self.page.get_by_text("Relations", exact=True).first.click()
        self.page.hover(".lsf-relations__item")
        self.page.get_by_role("button", name="Show Relation Labels").click()
        self.page.click(".lsf-relation-meta button")
        self.page.get_by_role("option", name=label).click()
        self.page.keyboard.press("Escape")
        self.page.wait_for_selector("[role=option]", state="detached")

    def submit(self) -> None:
        """Press Ctrl+Enter, and wait until the server has it."""
        with self.expect_save() as sent:
            self.page.keyboard.press("Control+Enter")
        assert sent.value.ok, f"the server answered {sent.value.status}"

    def expect_save(self) -> Any:
        """Wait, as a context, until the server has answered a submission."""
        return self.page.expect_response(lambda one: "/annotations" in one.url and one.request.method == "POST")

    def text(self) -> str:
        """Give the task's text as the page has it."""
        return str(self.page.text_content(TEXT))

    def wait_for_another(self, text: str) -> None:
        """Wait until the task of another text than this one is there."""
        self.page.wait_for_function(
            "([place, text]) => ![undefined, text].includes(document.querySelector(place)?.textContent)",
            arg=[TEXT, text],
        )
        self._wait_for_text()

    def resize(self, words: str, *, to: str) -> None:
        """Select a mark and drag its right end to the end of a phrase behind it."""
        self.page.add_style_tag(content=HANDLES)
        self.select(words)
        handle = self.page.query_selector_all(f"{REGION}.__active area")[-1].bounding_box()
        begin = handle["x"] + handle["width"] / 2
        _, _, right, bottom = self.page.evaluate(FIND, to)
        self.page.mouse.move(begin, handle["y"] + handle["height"] / 2)
        self.page.mouse.down()
        for at in (0.3, 0.7, 1.0):
            self.page.mouse.move(begin + at * (right - begin), bottom, steps=3)
        self.page.mouse.up()
        self.page.wait_for_function(
            "([region, words]) => document.querySelector(`${region}.__active`).innerText !== words", arg=[REGION, words]
        )
        self.page.keyboard.press("u")

    def take(self, path: Path) -> None:
        """Take a picture of the window, with as few colours as it needs."""
        from PIL import Image

        with Image.open(io.BytesIO(self.page.screenshot(animations="disabled"))) as picture:
            picture.convert("RGB").quantize(256).save(path, optimize=True)

    def _region(self, words: str) -> ElementHandle:
        return next(one for one in self.page.query_selector_all(REGION) if one.inner_text() == words)

    def _wait_for_text(self) -> None:
        self.page.wait_for_selector(REGION)
        self.page.wait_for_function(SETTLED, arg=REGION, polling=300)

    def _wait_for_regions(self, number: int) -> None:
        self.page.wait_for_function(
            "([region, number]) => document.querySelectorAll(region).length === number", arg=[REGION, number]
        )

    def _look_at(self, response: Response) -> None:
        if response.status >= 400 and not response.url.endswith(MISSING):
            self.faults.append(f"{response.status} {response.url}")

    def _listen(self, line: ConsoleMessage) -> None:
        if line.type == "error" and "Failed to load resource" not in line.text:  # those are known by their response
            self.faults.append(line.text)


def main(target: Path) -> None:
    """Make the picture of the documentation: the first article as an annotator gets it, with one suggestion selected."""
    seed = Path(__file__).parents[2] / "seeds" / "000_624767c5aad575bc.txt"
    with tempfile.TemporaryDirectory() as folder, opened_browser() as browser:
        root = Path(folder) / "conflict-news"
        newsroom = open_newsroom(root, articles=[(seed.name, seed.read_bytes())], people=["anna"])
        try:
            screen = Screen(browser.new_page(viewport={"width": 1440, "height": 900}), newsroom)
            screen.log_in("anna")
            screen.label_all_tasks()
            screen.close_guidelines()
            screen.select("Syrian military")
            screen.page.mouse.move(700, 820)
            screen.take(target)
        finally:
            close_newsroom(root)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
