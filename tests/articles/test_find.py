"""Which files are articles."""

from __future__ import annotations

from pathlib import Path

import pytest

from copydesk.articles import find_files
from copydesk.errors import UnknownError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "b.txt",
        "a.HTML",
        "c.htm",
        "notes.md",
        ".hidden.txt",
        "provenance.toml",
        "deep/er/d.txt",
        ".git/e.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    return tmp_path


def test_a_folder_gives_its_text_and_html_files_sorted_and_names_what_it_passed_over(folder: Path) -> None:
    found = find_files([folder])
    assert [path.relative_to(folder).as_posix() for path in found.files] == [
        "a.HTML",
        "b.txt",
        "c.htm",
        "deep/er/d.txt",
    ]
    passed_over = [path.relative_to(folder).as_posix() for path in found.passed_over]
    assert passed_over == [".git", ".hidden.txt", "notes.md"]


def test_a_named_file_is_always_taken_and_none_twice(folder: Path) -> None:
    named = [folder / "notes.md", folder, folder / "b.txt", folder / ".hidden.txt"]
    found = find_files(named)
    assert folder / "notes.md" in found.files
    assert folder / ".hidden.txt" in found.files
    assert len(found.files) == 6
    assert not set(found.files) & set(found.passed_over)


def test_a_link_that_leads_in_a_circle_is_not_followed(folder: Path) -> None:
    (folder / "deep" / "again").symlink_to(folder, target_is_directory=True)
    assert len(find_files([folder]).files) == 4


def test_a_path_that_does_not_exist_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(UnknownError, match=r"nowhere"):
        find_files([tmp_path / "nowhere"])
