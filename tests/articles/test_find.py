"""Which files are inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from copydesk.articles import find_inputs
from copydesk.errors import UnknownError

NAMES = [
    "b.txt",
    "a.HTML",
    "c.htm",
    "crawl/may/x.jsonl.gz",
    "crawl/x.csv",
    "deep/er/d.tar.zst",
    "feed.xml",
    "p.parquet",
    "w.warc.gz",
]
OTHERS = ["notes.md", ".hidden.txt", "x.gz", ".git/e.txt"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in [*NAMES, *OTHERS, "provenance.toml"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    return tmp_path


def test_a_folder_gives_what_can_be_read_sorted_and_names_what_it_passed_over(folder: Path) -> None:
    found = find_inputs([folder], root=folder.resolve())
    assert [one.source for one in found.inputs] == sorted(NAMES)
    assert {one.size for one in found.inputs} == {4}
    passed_over = [path.relative_to(folder).as_posix() for path in found.passed_over]
    assert passed_over == [".git", ".hidden.txt", "notes.md", "x.gz"]


def test_a_named_file_is_always_taken_and_none_twice(folder: Path) -> None:
    named = [folder / "notes.md", folder, folder / "b.txt", str(folder / ".hidden.txt"), f"file://{folder}/b.txt"]
    found = find_inputs(named)
    assert folder / "notes.md" in found.files
    assert folder / ".hidden.txt" in found.files
    assert len(found.inputs) == len(NAMES) + 2
    assert not set(found.files) & set(found.passed_over)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("crawl/**/*.jsonl.gz", ["crawl/may/x.jsonl.gz"]),
        ("**/x.*", ["crawl/may/x.jsonl.gz", "crawl/x.csv"]),
        ("*.t?t", ["b.txt"]),
        ("[ab].*", ["a.HTML", "b.txt"]),
        ("[!a-c].parquet", ["p.parquet"]),
        ("crawl/*", ["crawl/x.csv"]),
        ("crawl/**", ["crawl/may/x.jsonl.gz", "crawl/x.csv"]),
    ],
)
def test_a_pattern_gives_what_it_matches(folder: Path, pattern: str, names: list[str]) -> None:
    found = find_inputs([str(folder / pattern)], root=folder.resolve())
    assert [one.source for one in found.inputs] == names


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(folder: Path) -> None:
    (folder / "a[1].txt").write_text("x")
    assert [one.source for one in find_inputs([folder / "a[1].txt"], root=folder.resolve()).inputs] == ["a[1].txt"]


def test_a_link_that_leads_in_a_circle_is_not_followed(folder: Path) -> None:
    (folder / "deep" / "again").symlink_to(folder, target_is_directory=True)
    assert len(find_inputs([folder]).inputs) == len(NAMES)
    assert len(find_inputs([str(folder / "**" / "*")]).inputs) == len(NAMES)


@pytest.mark.parametrize("name", ["nowhere", "nothing/**/*.txt", "*.doc"])
def test_what_does_not_exist_is_an_error_with_its_name(folder: Path, name: str) -> None:
    with pytest.raises(UnknownError) as caught:
        find_inputs([folder / name])
    assert name in str(caught.value)
