"""The workspace that the demo left, served, and Chromium to look at its pages with."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from copydesk.flow.site import served
from copydesk.workspace import Workspace

WIDTHS = (360, 900, 1500)
USABLE = "a[href], button, input, select, summary, [tabindex='0']"
MOST_STEPS = 60
# the element in focus is seen to be, and comes after the one before it
REACHED = """
(number) => {
  const here = document.activeElement;
  const before = window.copydeskBefore;
  window.copydeskBefore = here;
  const outlined = getComputedStyle(here).outlineStyle !== 'none';
  const after = !number || Boolean(before.compareDocumentPosition(here) & Node.DOCUMENT_POSITION_FOLLOWING);
  return here !== document.body && outlined && after;
}
"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@pytest.fixture(scope="session")
def shown(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A copy of the demo's workspace, without its server."""
    folder = tmp_path_factory.mktemp("shown") / "work"
    shutil.copytree(reference, folder, ignore=shutil.ignore_patterns("studio", "data_docs*"))
    return Workspace.open(folder)


@dataclass
class Site:
    """A site that is served: its address, and what was said of faults."""

    entry: str
    said: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """The address without the token."""
        return self.entry.partition("/?")[0]


@pytest.fixture(scope="session")
def site(shown: Workspace) -> Iterator[Site]:
    said: list[str] = []
    with served(shown, host="127.0.0.1", port=0, say=said.append) as entry:
        yield Site(entry, said)
    assert said == []


@pytest.fixture
def look(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open an address; whatever page it leads to until the end, nothing goes wrong in it and nothing is asked of another host."""
    contexts, faults = [], []

    def opened(address: str, *, width: int = 1280, dark: bool = False, entry: str = "") -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        own = urlsplit(address).netloc
        page.on("console", lambda said: said.type in {"error", "warning"} and faults.append(said.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda asked: urlsplit(asked.url).netloc not in {own, ""} and faults.append(asked.url))
        if entry:
            page.goto(entry)
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def is_fit(look: Callable[..., Any]) -> Callable[..., None]:
    """Hold a page, at three widths, light and dark, to the rules of accessibility, to one direction of scrolling, and to the keyboard."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def check(address: str, *, entry: str = "", widths: Sequence[int] = WIDTHS) -> None:
        for width in widths:
            page = look(address, width=width, entry=entry)
            wide = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{address} is {wide} pixels too wide at {width}"
            _hold(page, RULES, f"{address} at {width}")
        _walk(page)
        page.emulate_media(color_scheme="dark")
        _hold(page, ["color-contrast", "link-in-text-block"], f"{address} in the dark")

    def _walk(page: Any) -> None:
        """Tab through the page from its top: everything that can be used is reached, in its order, and is seen to be."""
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        usable = page.locator(USABLE).evaluate_all("all => all.filter(one => one.checkVisibility()).length")
        for number in range(min(usable, MOST_STEPS)):
            page.keyboard.press("Tab")
            assert page.evaluate(REACHED, number), f"step {number} of {usable} in {page.url}"

    def _hold(page: Any, rules: list[str], where: str) -> None:
        found = axe.run(page, options={"runOnly": rules})
        assert not found.violations_count, f"{where}\n{found.generate_report()}"

    return check
