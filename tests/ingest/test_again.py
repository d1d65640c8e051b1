"""What was read is not read again, what changed is the next revision, and what was rejected can be taken up."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from copydesk.errors import StoreError
from copydesk.flow.current import current_documents, current_rejected
from copydesk.flow.ingest import ingest
from copydesk.flow.report import Report
from copydesk.model.marker import MARKER
from copydesk.workspace import Workspace

SETTINGS = 'name = "crawl"\nschema = "news-entities"\n[ingest]\npaths = ["crawl"]\nmax_chars = {max_chars}\n[engine]\nname = "inline"\n'


def lines(*numbers: int, day: str = "Friday") -> str:
    """Lines of JSON, one article each."""
    rows = [{"url": f"https://p.example.org/{n}", "text": f"Bridge {n}\n\nIt was closed on {day}.\n"} for n in numbers]
    return "".join(json.dumps(row) + "\n" for row in rows)


class Crawl:
    """A workspace whose articles are written and ingested."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "crawl").mkdir()
        self.limit(10_000)

    def limit(self, max_chars: int) -> None:
        (self.root / MARKER).write_text(SETTINGS.format(max_chars=max_chars), encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        (self.root / "crawl" / name).write_text(text, encoding="utf-8")

    @property
    def workspace(self) -> Workspace:
        return Workspace.open(self.root)

    def ingest(self, **options: Any) -> Report:
        return ingest(self.workspace, (), progress=lambda *_: None, **options)

    def parts(self) -> int:
        return len(self.workspace.documents.parts())

    def revisions(self) -> dict[str, int]:
        documents = current_documents(self.workspace)
        return dict(zip(documents["source"].to_pylist(), documents["revision"].to_pylist(), strict=True))


@pytest.fixture
def crawl(tmp_path: Path) -> Crawl:
    return Crawl(tmp_path)


def test_the_same_inputs_again_add_no_part(crawl: Crawl) -> None:
    crawl.write("a.jsonl", lines(1, 2, 3))
    crawl.write("b.txt", "A headline\n\nA paragraph.\n")
    assert crawl.ingest().changed
    parts = crawl.parts()
    again = crawl.ingest()
    assert not again.changed
    assert again.counts["articles"] == again.counts["kept"] == 4
    assert crawl.parts() == parts


def test_an_added_file_is_all_that_is_read(crawl: Crawl) -> None:
    crawl.write("b.jsonl", lines(1, 2, 3))
    crawl.ingest()
    crawl.write("a.jsonl", lines(4))
    report = crawl.ingest()
    assert (report.counts["new"], report.counts["articles"]) == (1, 4)
    [part] = crawl.workspace.documents.parts()[-1:]
    assert part.read("inputs")["address"].to_pylist() == ["crawl/a.jsonl"]


def test_a_file_that_grew_gives_what_is_new_in_it(crawl: Crawl) -> None:
    crawl.write("a.jsonl", lines(1, 2, 3))
    crawl.ingest()
    crawl.write("a.jsonl", lines(1, 2) + lines(3, day="Sunday") + lines(4))
    report = crawl.ingest()
    assert report.counts["new"] == 2
    assert crawl.revisions() == {f"https://p.example.org/{n}": 1 + (n == 3) for n in (1, 2, 3, 4)}


def test_an_article_in_two_files_is_one_document_and_what_the_second_says_is_its_next_revision(crawl: Crawl) -> None:
    crawl.write("day1.jsonl", lines(1, 2))
    crawl.write("day2.jsonl", lines(1) + lines(2, day="Sunday"))
    report = crawl.ingest()
    assert (report.counts["articles"], report.counts["new"]) == (4, 3)
    assert crawl.revisions() == {"https://p.example.org/1": 1, "https://p.example.org/2": 2}
    assert not crawl.ingest().changed


def test_an_article_thrice_in_one_file_is_as_many_revisions_as_it_says_something_new(crawl: Crawl) -> None:
    crawl.write("a.jsonl", lines(1) + lines(1) + lines(1, day="Sunday"))
    report = crawl.ingest()
    assert (report.counts["articles"], report.counts["kept"], report.counts["new"]) == (3, 3, 2)
    assert crawl.revisions() == {"https://p.example.org/1": 2}


def test_a_text_that_comes_back_is_a_revision_too(crawl: Crawl) -> None:
    for day in ("Friday", "Sunday", "Friday"):
        crawl.write("a.jsonl", lines(1, day=day))
        crawl.ingest()
    assert crawl.revisions() == {"https://p.example.org/1": 3}


def test_a_limit_that_is_raised_takes_up_what_was_over_it(crawl: Crawl) -> None:
    crawl.write("a.jsonl", lines(1, 2, day="Friday" * 40) + lines(3))
    crawl.limit(100)
    assert crawl.ingest().counts["rejected"] == 2
    crawl.limit(1_000)
    report = crawl.ingest()
    assert (report.counts["rejected"], report.counts["new"]) == (0, 2)
    assert current_rejected(crawl.workspace) == []
    assert crawl.revisions() == {f"https://p.example.org/{n}": 1 for n in (1, 2, 3)}


def test_rejected_articles_are_left_alone_until_they_are_to_be_tried_again(crawl: Crawl) -> None:
    crawl.write("a.jsonl", lines(1) + "{broken\n")
    crawl.write("b.jsonl", lines(2))
    crawl.ingest()
    parts = crawl.parts()
    assert not crawl.ingest().changed
    assert crawl.parts() == parts
    report = crawl.ingest(retry=True)
    assert not report.changed
    assert report.counts["rejected"] == 1
    [part] = crawl.workspace.documents.parts()[-1:]
    assert part.read("inputs")["address"].to_pylist() == ["crawl/a.jsonl"]


def test_a_rejection_names_its_file_and_its_place_in_it(crawl: Crawl) -> None:
    crawl.write("a.jsonl", lines(1) + "{broken\n" + lines(2))
    crawl.ingest()
    [row] = current_rejected(crawl.workspace)
    assert (row["container"], row["place"]) == ("crawl/a.jsonl", "line 2")


def test_every_article_of_every_input_is_kept_or_rejected(crawl: Crawl) -> None:
    crawl.write("a.jsonl", lines(1) + "[]\n" + lines(2) + '{"text": ""}\n')
    crawl.write("empty.jsonl", "")
    crawl.write("c.txt", "")
    report = crawl.ingest()
    assert (report.counts["articles"], report.counts["kept"], report.counts["rejected"]) == (6, 2, 4)
    parts = crawl.workspace.documents.parts()
    assert sum(part.read("articles").num_rows for part in parts) == 6
    assert sum(part.read("rejected").num_rows for part in parts) == 4


def test_a_large_file_of_lines_is_read_in_stretches_and_only_what_was_added_is_read_again(
    crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copydesk.flow.units.BYTES", 1_000)
    without_urls = "".join(json.dumps({"text": f"Bridge {n}\n\nIt was closed.\n"}) + "\n" for n in range(100))
    crawl.write("a.jsonl", without_urls)
    crawl.ingest()
    inputs = crawl.workspace.documents.read("inputs")
    assert inputs.num_rows == -(-len(without_urls) // 1_000)
    assert sum(inputs["entries"].to_pylist()) == 100
    assert crawl.revisions() == {f"crawl/a.jsonl#{n}": 1 for n in range(1, 101)}
    crawl.write("a.jsonl", without_urls + lines(1))
    report = crawl.ingest()
    assert (report.counts["articles"], report.counts["new"]) == (101, 1)
    assert crawl.workspace.documents.read("inputs").num_rows == inputs.num_rows + 1


def test_a_log_of_an_earlier_version_is_named_with_the_fix(crawl: Crawl) -> None:
    crawl.write("a.jsonl", lines(1))
    crawl.ingest()
    [part] = crawl.workspace.documents.parts()
    receipt = json.loads((part.path / "receipt.json").read_text())
    del receipt["files"]["ingested"]
    (part.path / "receipt.json").write_text(json.dumps(receipt))
    with pytest.raises(StoreError, match=r"earlier version of Copydesk.*ingest again"):
        crawl.ingest()


def test_a_name_that_is_not_utf8_costs_that_file_alone(crawl: Crawl) -> None:
    crawl.write("b.txt", "A headline\n\nA paragraph.\n")
    (crawl.root / "crawl" / os.fsdecode(b"caf\xe9.txt")).write_text("A headline\n\nAnother paragraph.\n")
    report = crawl.ingest()
    assert (report.counts["kept"], report.counts["rejected"]) == (1, 1)
    [row] = current_rejected(crawl.workspace)
    assert (row["item"], row["reason"]) == ("crawl/caf\\xe9.txt", "bad-name")
    assert not crawl.ingest().changed


def test_progress_never_goes_back_and_ends_with_all_bytes(crawl: Crawl) -> None:
    for number in range(6):
        crawl.write(f"{number}.jsonl", lines(*range(number * 100, number * 100 + 50)))
    settings = (crawl.root / MARKER).read_text(encoding="utf-8").replace('"inline"', '"processes"\nworkers = 2')
    (crawl.root / MARKER).write_text(settings, encoding="utf-8")
    told: list[tuple[int, int]] = []

    def progress(what: str, done: int, total: int) -> None:
        if what.startswith("reading"):
            told.append((done, total))

    ingest(crawl.workspace, (), progress=progress)
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] == sum(path.stat().st_size for path in (crawl.root / "crawl").iterdir())
