"""What the tutorial says that Anna and Ben do in the browser, done in Chromium with its keys and the mouse, with pictures of it.

Run as a program it takes the pictures of the documentation: ``PYTHONPATH=tests/browser python tests/docs/chromium.py docs/pictures``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import screen
from blocks import ROOT, Reader, desk, follow
from hands import NO_WORDS, work

from copydesk.flow.connect import connected
from copydesk.store import read_secrets
from copydesk.workspace import Workspace

SIZE = {"width": 1280, "height": 800}


def label_in_chromium(reader: Reader, pictures: Path) -> None:
    """Do all that the tables say, and submit; the pictures are of the first person's screen."""
    workspace = Workspace.find(reader.folder)
    people = read_secrets(workspace.people_file)["people"]
    with connected(workspace) as studio:
        (project,) = studio.get("api/projects/")["results"]
        address = f"{studio.url.rstrip('/')}/projects/{project['id']}/data"
    room = screen.Newsroom(reader.folder, address, {one["name"]: (one["email"], one["password"]) for one in people})
    with screen.opened_browser() as browser:
        for number, (name, marks) in enumerate(work().items()):
            window = screen.Screen(browser.new_page(viewport=SIZE), room)
            window.log_in(name)
            _label(window, marks, pictures if number == 0 else None)
            assert window.faults == []


def _label(window: Any, marks: list[tuple[str, str, str]], pictures: Path | None) -> None:
    window.label_all_tasks()
    _take(window, pictures, "guidelines")
    window.close_guidelines()
    _take(window, pictures, "task")
    for key, words, _ in marks:
        if words == NO_WORDS:
            window.page.keyboard.press(key)
        else:
            window.mark(words, key=key)
    _take(window, pictures, "marked")
    window.submit()


def _take(window: Any, pictures: Path | None, name: str) -> None:
    if pictures:
        window.page.mouse.move(930, 600)  # where nothing tells about itself
        window.take(pictures / f"tutorial-{name}.png")


def main(pictures: Path) -> None:
    """Follow the tutorial to where people label, and take the pictures there."""
    with tempfile.TemporaryDirectory() as folder:
        reader = desk(Path(folder))
        try:
            for _ in follow(ROOT / "docs" / "tutorial.md", reader, act=lambda _, who: label_in_chromium(who, pictures)):
                pass
        finally:
            reader.type("copydesk studio stop")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
