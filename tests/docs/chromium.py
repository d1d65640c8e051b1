"""What the tutorial says that Anna and Ben do in the browser, done in Chromium with its keys and the mouse, with pictures of it.

Run as a program it takes the pictures of the documentation: ``python tests/docs/chromium.py docs/pictures``.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from blocks import ROOT, Reader, desk, follow
from hands import NO_WORDS, work

from copydesk.flow.connect import connected
from copydesk.store import read_secrets
from copydesk.workspace import Workspace

SIZE = {"width": 1280, "height": 800}


def screens() -> ModuleType:
    """Give the module of Label Studio's screen, which the tests in tests/browser share."""
    spec = importlib.util.spec_from_file_location("screen_of_the_tutorial", ROOT / "tests" / "browser" / "screen.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def label_in_chromium(reader: Reader, pictures: Path) -> None:
    """Do all that the tables say, and submit; the pictures are of the first person's screen."""
    module = screens()
    workspace = Workspace.find(reader.folder)
    people = read_secrets(workspace.people_file)["people"]
    with connected(workspace) as studio:
        (project,) = studio.get("api/projects/")["results"]
        address = f"{studio.url.rstrip('/')}/projects/{project['id']}/data"
    room = module.Newsroom(reader.folder, address, {one["name"]: (one["email"], one["password"]) for one in people})
    with module.opened_browser() as browser:
        for number, (name, marks) in enumerate(work().items()):
            screen = module.Screen(browser.new_page(viewport=SIZE), room)
            screen.log_in(name)
            _label(screen, marks, pictures if number == 0 else None)
            assert screen.faults == []


def _label(screen: Any, marks: list[tuple[str, str, str]], pictures: Path | None) -> None:
    screen.label_all_tasks()
    _take(screen, pictures, "guidelines")
    screen.close_guidelines()
    _take(screen, pictures, "task")
    for key, words, _ in marks:
        if words == NO_WORDS:
            screen.page.keyboard.press(key)
        else:
            screen.mark(words, key=key)
    _take(screen, pictures, "marked")
    screen.submit()


def _take(screen: Any, pictures: Path | None, name: str) -> None:
    if pictures:
        screen.page.mouse.move(930, 600)  # where nothing tells about itself
        screen.take(pictures / f"tutorial-{name}.png")


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
