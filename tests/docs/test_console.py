"""Rules of the pages with commands: a reader who types what stands there gets what stands there."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import ROOT, Block, Reader, blocks, desk, held, pages, plain
from hands import label_by_hand

TUTORIAL = ROOT / "docs" / "tutorial.md"
ALONE = [page for page in pages() if page != TUTORIAL and any(block.is_run for block in blocks(page))]


@pytest.mark.parametrize("page", ALONE, ids=lambda page: page.stem)
def test_commands_print_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    held(page, desk(tmp_path), act=label_by_hand)


@pytest.mark.studio
def test_the_tutorial_leads_from_an_article_to_a_version(label_studio_installed: None, tmp_path: Path) -> None:
    reader = desk(tmp_path)
    try:
        held(TUTORIAL, reader, act=label_by_hand)
    finally:
        reader.type("copydesk studio stop")
    assert (tmp_path / "my-articles" / "datasets" / "my-articles" / "1.0.0" / "manifest.json").is_file()


def test_what_a_command_prints_is_held_to_the_page_but_for_what_varies() -> None:
    text = "$ cat > a << END\n> one\n>\n> END\n$ cat a\none\n\n$ echo at 127.0.0.1:4711\nat 127.0.0.1:8080\n"
    assert Block(ROOT / "README.md", 1, "console", "", text).commands() == [
        ("cat > a << END\n> one\n>\n> END", ""),
        ("cat a", "one\n\n"),
        ("echo at 127.0.0.1:4711", "at 127.0.0.1:8080\n"),
    ]
    assert plain("at 127.0.0.1:4711\n") == plain("at 127.0.0.1:8080\n")
    assert plain("1 kept, 0 rejected\n") != plain("0 kept, 1 rejected\n")


def test_a_change_of_folder_holds_for_the_next_command(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    reader.type("mkdir in && cd in")
    assert reader.type("pwd") == "~/in\n"
