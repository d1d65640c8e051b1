"""Rules of the pages with commands: a reader who types what stands there gets what stands there."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import COMMAND, ROOT, Reader, blocks, desk, follow, pages, plain
from hands import label_by_hand

TUTORIAL = ROOT / "docs" / "tutorial.md"
RUN = [page for page in pages() if any(block.is_run for block in blocks(page))]


def read(page: Path, reader: Reader) -> None:
    """Do what a page says, and hold what is printed to what it shows."""
    for block, printed in follow(page, reader, act=label_by_hand):
        for (command, shown), output in zip(block.commands(), printed, strict=True):
            assert plain(output) == plain(shown), f"{block.place}: $ {command}\n(python tests/docs/blocks.py writes it)"


@pytest.mark.parametrize("page", [page for page in RUN if page != TUTORIAL], ids=lambda page: page.stem)
def test_commands_print_what_the_page_says(page: Path, tmp_path: Path) -> None:
    read(page, desk(tmp_path))


def test_the_tutorial_leads_from_an_article_to_a_version(label_studio_installed: None, tmp_path: Path) -> None:
    reader = desk(tmp_path)
    try:
        read(TUTORIAL, reader)
    finally:
        reader.type("copydesk studio stop")
    assert (tmp_path / "my-articles" / "datasets" / "my-articles" / "1.0.0" / "manifest.json").is_file()


def test_a_page_that_says_something_else_is_found() -> None:
    text = "$ printf 'a\\nb\\n'\na\nc\n"
    ((command, shown),) = zip(*[iter(COMMAND.split(text)[1:])] * 2, strict=True)
    assert plain(Reader(ROOT / "docs").type(command)) != plain(shown)
