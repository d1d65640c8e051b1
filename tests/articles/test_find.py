"""Which files are inputs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pytest

from copydesk.articles import Limits, ProvenanceFiles, ReadOptions, cut, find_inputs, read_input
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


def test_a_link_that_leads_in_a_circle_is_an_input_that_is_not_followed(folder: Path) -> None:
    (folder / "deep" / "again").symlink_to(folder, target_is_directory=True)
    (folder / "deep" / ".again").symlink_to(folder, target_is_directory=True)
    for named in (folder, str(folder / "**" / "*")):
        found = find_inputs([named], root=folder.resolve())
        assert [one.source for one in found.inputs] == sorted([*NAMES, "deep/again"])


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _link(path: Path) -> None:
    path.symlink_to(path.parent / "nothing")


def _circle(path: Path) -> None:
    path.symlink_to(path.name)


def _folder_link(path: Path) -> None:
    path.symlink_to(path.parent, target_is_directory=True)


def _endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("make", "is_named"),
    [
        *product([_pipe, _link, _circle, _endless], [True, False]),
        (_folder_link, False),  # a folder that is named is looked into, whatever leads to it
    ],
)
def test_what_is_no_file_is_told_of_once_and_never_waited_for(
    tmp_path: Path, make: Callable[[Path], None], is_named: bool
) -> None:
    path = tmp_path / "odd.txt"
    make(path)
    found = find_inputs([path if is_named else tmp_path], root=tmp_path.resolve())
    [one] = [one for one in found.inputs if one.source == "odd.txt"]
    options = ReadOptions(Limits(max_bytes=1000, max_chars=1000))
    [piece] = cut(one, size=10, options=options, folder=tmp_path)
    [entry] = read_input(piece.input, options=options)
    assert entry.reason == ("link" if make is _folder_link else "unreadable")
    assert "(fix: " in entry.detail


def test_what_may_not_be_looked_at_is_told_of_and_the_rest_is_found(tmp_path: Path) -> None:
    """As another user where the tests run as root, whom nothing is forbidden."""
    for name, mode in (("locked/a.txt", 0o000), ("listed/b.txt", 0o444)):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text("The bridge is closed.")
        path.parent.chmod(mode)
    (tmp_path / "open.txt").write_text("The bridge is open.")
    options = ReadOptions(Limits(max_bytes=1000, max_chars=1000))

    def reasons() -> dict[str, str]:
        found = find_inputs([tmp_path], root=tmp_path.resolve()).inputs
        known = ProvenanceFiles()
        return {
            one.source: entry.reason for one in found for entry in read_input(one, options=options, provenance=known)
        }

    reasons()  # what is imported on first use is imported
    for above in (tmp_path, *(one for one in tmp_path.parents if "pytest-of-" in str(one))):
        above.chmod(0o755)
    with _as_nobody():
        told = reasons()
    for name in ("locked", "listed"):
        (tmp_path / name).chmod(0o755)
    assert told == {"listed/b.txt": "unreadable", "locked": "unreadable", "open.txt": ""}


@contextmanager
def _as_nobody() -> Iterator[None]:
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.mark.parametrize("name", ["nowhere", "nothing/**/*.txt", "*.doc"])
def test_what_does_not_exist_is_an_error_with_its_name(folder: Path, name: str) -> None:
    with pytest.raises(UnknownError) as caught:
        find_inputs([folder / name])
    assert name in str(caught.value)
