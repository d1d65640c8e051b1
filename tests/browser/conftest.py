"""A workspace with a running Label Studio, and a browser to look at it with."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).parent
FOUNDING = HERE.parents[1] / "seeds" / "000_624767c5aad575bc.txt"
# as it might have been scraped: Windows line ends, every accent decomposed, characters beyond U+FFFF
FERRY = """Ferry to Qaim sails again \U0001f6a2\U0001f469\u200d\U0001f469\u200d\U0001f467

The harbour guild\u2019s Ad\u00e9b\u00e1y\u1ecd\u0300 watched \U0001f600\U0001f600 the ferry leave Tarnmouth for Qaim, Iraq, on Friday.

Ester\u2019s crew took two dogs along. The guild said Iraq had asked for the line.
"""


@pytest.fixture(scope="session")
def newsroom(
    screens: ModuleType,
    label_studio_installed: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Any]:
    """A workspace with two tasks, the ferry first, and two annotators."""
    folder = tmp_path_factory.mktemp("newsroom") / "work"
    raw = unicodedata.normalize("NFD", FERRY).replace("\n", "\r\n").encode()
    articles = [("ferry.txt", raw), (FOUNDING.name, FOUNDING.read_bytes())]
    yield screens.open_newsroom(folder, articles=articles, people=["anna", "ben"])
    screens.close_newsroom(folder)


@pytest.fixture
def open_window(screens: ModuleType, browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a window of that size for a person at the project of a newsroom; nothing may go wrong in it until the end."""
    opened = []

    def make(name: str, room: Any, *, width: int = 1280, height: int = 800) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height})
        opened.append((context, screens.Screen(context.new_page(), room)))
        opened[-1][1].log_in(name)
        return opened[-1][1]

    yield make
    faults = [fault for _, screen in opened for fault in screen.faults]
    for context, _ in opened:
        context.close()
    assert not faults


@pytest.fixture
def open_screen(open_window: Callable[..., Any], newsroom: Any) -> Callable[..., Any]:
    """Open a window for an annotator of the newsroom."""
    return lambda name, **size: open_window(name, newsroom, **size)


@pytest.fixture(scope="session")
def ferry() -> str:
    """The canonical text of the article about the ferry."""
    return unicodedata.normalize("NFC", FERRY).strip()
