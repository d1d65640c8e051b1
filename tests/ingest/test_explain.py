"""An explained document: both texts, whole, stretch by stretch, and what is rejected, by the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ARTICLE = "Bridge is  closed\r\n\r\nThe bridge\u00a0was closed. \u200b\r\n\r\nLet’s block ads! (Why?)\r\n"
PAGE = "<html><body><nav>Home</nav><article><h1>Bridge</h1><p>The bridge &amp; the road were closed on Friday.</p></article></body></html>"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from copydesk.cli import main; main()", *arguments]
    return subprocess.run(program, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "copydesk.toml").write_text('name = "n"\nschema = "s"\n[ingest]\npaths = ["crawl"]\n', encoding="utf-8")
    (tmp_path / "crawl").mkdir()
    (tmp_path / "crawl" / "a.txt").write_bytes(ARTICLE.encode())
    (tmp_path / "crawl" / "b.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "crawl" / "c.txt").write_bytes(b"")
    done = run("ingest", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path


@pytest.mark.parametrize(("name", "article"), [("crawl/a.txt", ARTICLE), ("crawl/b.html", PAGE)])
def test_the_stretches_are_both_texts_without_gap_or_overlap(workspace: Path, name: str, article: str) -> None:
    explained = json.loads(run("ingest", "--explain", name, "--json", cwd=workspace).stdout)
    stretches = explained["stretches"]
    assert "".join(one["article"]["text"] for one in stretches) == article
    text = "".join(one["document"]["text"] for one in stretches)
    shown = json.loads(run("show", name, "--json", cwd=workspace).stdout)
    assert [text[zone["start"] : zone["end"]] for zone in shown["zones"]] == [
        zone["surface"] for zone in shown["zones"]
    ]
    for side in ("article", "document"):
        ends = [0] + [one[side]["end"] for one in stretches]
        assert [one[side]["start"] for one in stretches] == ends[:-1]


def test_every_stretch_that_differs_names_its_rule_and_no_other_does(workspace: Path) -> None:
    stretches = json.loads(run("ingest", "--explain", "crawl/a.txt", "--json", cwd=workspace).stdout)["stretches"]
    for one in stretches:
        assert bool(one["rule"]) == (one["article"]["text"] != one["document"]["text"])


def test_a_person_sees_both_texts_the_zones_and_the_rules(workspace: Path) -> None:
    done = run("ingest", "--explain", "crawl/a.txt", cwd=workspace)
    assert done.returncode == 0, done.stderr
    for said in ("headline", "promo", "text.blank", "(cut)", "crawl/a.txt"):
        assert said in done.stdout


def test_a_document_that_is_not_there_is_named(workspace: Path) -> None:
    done = run("ingest", "--explain", "crawl/nowhere.txt", cwd=workspace)
    assert done.returncode == 2
    assert "no document 'crawl/nowhere.txt'" in done.stderr


def test_status_lists_what_is_rejected_with_its_reason(workspace: Path) -> None:
    done = run("status", "--rejected", cwd=workspace)
    assert done.stdout.splitlines()[0].startswith("empty  crawl/c.txt  ")
    assert done.stdout.splitlines()[-1] == "1 rejected"
    [row] = json.loads(run("status", "--rejected", "--json", cwd=workspace).stdout)["rejected"]
    assert (row["item"], row["container"], row["reason"]) == ("crawl/c.txt", "crawl/c.txt", "empty")
