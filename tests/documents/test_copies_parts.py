"""The parts of the search for copies: pinned sketches, candidates against an oracle, full keys, chains, errors."""

from __future__ import annotations

import hashlib
import itertools
import random
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from copydesk.documents.copies import (
    CopyOptions,
    bands,
    candidates,
    check,
    clusters,
    find_copies,
    missing_pairs,
    newest_sketches,
    repeated_lines,
    sketch,
)
from copydesk.documents.copies.check import LINKS
from copydesk.errors import StoreError
from copydesk.model import tables

PINNED = Path(__file__).parents[1] / "cases" / "sketches" / "pinned.toml"


def _documents(texts: Sequence[str], **columns: Sequence[Any]) -> pa.Table:
    blank = dict.fromkeys(tables.DOCUMENTS.names) | {
        "source": "s",
        "raw_sha256": "0",
        "recipe": "r",
        "text_sha256": "0",
    }
    rows = [blank | {"doc_id": f"doc-{row:06}", "revision": 1, "text": text} for row, text in enumerate(texts)]
    named = [row | {name: cells[number] for name, cells in columns.items()} for number, row in enumerate(rows)]
    return tables.from_rows("documents", named)


def _words(draw: random.Random, count: int) -> list[str]:
    return [f"w{draw.randrange(100_000)}" for _ in range(count)]


def _link(left: int, right: int, *, kind: str = "near", jaccard: float = 0.8) -> dict[str, Any]:
    return {
        "left": f"doc-{left:06}", "right": f"doc-{right:06}", "kind": kind, "why": "", "jaccard": jaccard,
        "containment": jaccard, "shared_shingles": 80, "left_shingles": 100, "right_shingles": 90,
    }  # fmt: skip


def _stories(copies: pa.Table) -> list[str]:
    return [doc_id.removeprefix("doc-").lstrip("0") or "0" for doc_id in copies["canonical_doc_id"].to_pylist()]


@pytest.mark.parametrize("case", tomllib.loads(PINNED.read_text("utf-8"))["text"], ids=lambda case: case["name"])
def test_a_sketch_stays_the_same_for_ever(case: dict[str, Any]) -> None:
    [row] = sketch(_documents([case["text"]])).to_pylist()
    assert row["body_sha256"] == case["body_sha256"]
    assert hashlib.sha256(row["signature"]).hexdigest() == case["signature_sha256"]
    assert row["runs"] == case["runs"]
    assert row["lines"] == case["lines"]


def test_signatures_estimate_the_resemblance_of_drawn_texts() -> None:
    draw = random.Random(5)
    texts, true = [], []
    for share in np.linspace(0, 1, 60):
        words = _words(draw, 500)
        texts += [" ".join(words), " ".join(words[: int(500 * share)] + _words(draw, 500 - int(500 * share)))]
    table = _documents(texts)
    bins = np.array([np.frombuffer(cell, "<u4") for cell in sketch(table)["signature"].to_pylist()])
    estimated = (bins[::2] == bins[1::2]).mean(axis=1)
    pairs = pa.table(
        {side: table["doc_id"].take(np.arange(first, 120, 2)) for side, first in (("left", 0), ("right", 1))}
    )
    true = check(pairs, table)["jaccard"].to_numpy()
    assert np.abs(estimated - true).mean() < 0.04
    assert abs((estimated - true).mean()) < 0.02, "no bias"


def test_the_check_counts_what_sets_of_words_count() -> None:
    draw = random.Random(6)
    texts = [" ".join(f"v{draw.randrange(30)}" for _ in range(draw.randrange(3, 80))) for _ in range(40)]
    table = _documents(texts)
    sets = []
    for text in texts:
        words = text.split()
        sets.append({tuple(words[at : at + 3]) for at in range(len(words) - 2)})
    both = list(itertools.combinations(range(40), 2))
    pairs = pa.table({"left": [f"doc-{a:06}" for a, _ in both], "right": [f"doc-{b:06}" for _, b in both]})
    for (one, other), row in zip(both, check(pairs, table).to_pylist(), strict=True):
        shared = len(sets[one] & sets[other])
        assert row["shared_shingles"] == shared
        assert row["jaccard"] == shared / len(sets[one] | sets[other])
        assert row["containment"] == shared / min(len(sets[one]), len(sets[other]))


def test_candidates_hold_nearly_all_that_all_pairs_hold_and_as_many_as_datasketch() -> None:
    import datasketch

    draw = random.Random(8)
    texts = []
    for _ in range(60):
        words = _words(draw, draw.randrange(80, 400))
        for rate in (0, 0.02, 0.05, 0.08):
            texts.append(" ".join(word if draw.random() >= rate else f"x{draw.random()}" for word in words))
    table = _documents(texts)
    both = list(itertools.combinations(table["doc_id"].to_pylist(), 2))
    checked = check(pa.table({"left": [a for a, _ in both], "right": [b for _, b in both]}), table)
    rows = [(row["left"], row["right"], row["jaccard"]) for row in checked.to_pylist()]
    true = {(left, right) for left, right, jaccard in rows if jaccard >= 0.5}
    close = {(left, right) for left, right, jaccard in rows if jaccard >= 0.6}
    found = candidates(bands(sketch(table)))
    ours = set(zip(found["left"].to_pylist(), found["right"].to_pylist(), strict=True))
    index = datasketch.MinHashLSH(threshold=0.5, num_perm=128)
    sets = [{" ".join(text.split()[at : at + 3]).encode() for at in range(len(text.split()) - 2)} for text in texts]
    hashes = datasketch.MinHash.bulk(sets, num_perm=128)
    for doc_id, hashed in zip(table["doc_id"].to_pylist(), hashes, strict=True):
        index.insert(doc_id, hashed)
    theirs = {
        (low, doc_id)
        for doc_id, hashed in zip(table["doc_id"].to_pylist(), hashes, strict=True)
        for low in index.query(hashed)
        if low < doc_id
    }
    assert len(true) > 200
    assert len(close & ours) >= 0.99 * len(close)
    assert len(true & ours) >= 0.97 * len(true)
    assert len(true & ours) >= len(true & theirs)
    assert len(ours - true) < len(true), "and not by proposing everything"


@pytest.mark.parametrize("start", range(0, 361, 40))
def test_documents_with_39_words_in_a_row_in_common_are_candidates_however_long_the_rest(start: int) -> None:
    draw = random.Random(start)
    run = _words(draw, 39)
    long = [*_words(draw, start), *run, *_words(draw, 3000)]
    table = _documents([" ".join([*_words(draw, 30), *run, *_words(draw, 30)]), " ".join(long)])
    assert candidates(bands(sketch(table))).num_rows == 1


def test_a_full_key_gives_fewer_than_three_pairs_a_document_and_loses_no_copy() -> None:
    draw = random.Random(9)
    story = _words(draw, 200)
    texts = [" ".join([*_words(draw, 12), *story, *_words(draw, 12)]) for _ in range(400)]
    table = _documents(texts)
    sketches = sketch(table)
    keys = bands(sketches)
    one_key = keys.filter(pc.equal(keys["key"], pc.mode(keys["key"])[0].as_py()["mode"]))
    assert one_key.num_rows == 400
    assert candidates(one_key).num_rows < 3 * 400
    assert candidates(keys).num_rows < 400 * 399 / 4
    assert set(_stories(find_copies(table))) == {"0"}


def test_documents_with_one_body_are_paired_with_the_first_of_them_alone() -> None:
    draw = random.Random(10)
    text = " ".join(_words(draw, 100))
    found = candidates(bands(sketch(_documents([text] * 300))))
    assert found["left"].to_pylist() == ["doc-000000"] * 299


def test_a_chain_is_one_group_but_no_story() -> None:
    sketches = sketch(_documents(["a b c"] * 4))
    chain = pa.Table.from_pylist([_link(0, 1), _link(1, 2), _link(2, 3)], schema=LINKS)
    copies = clusters(chain, sketches)
    assert _stories(copies) == ["0", "0", "2", "2"]
    assert len(set(copies["group_id"].to_pylist())) == 1


def test_a_long_chain_ends() -> None:
    sketches = sketch(_documents(["a b c"] * 3000))
    copies = clusters(pa.Table.from_pylist([_link(n, n + 1) for n in range(2999)], schema=LINKS), sketches)
    assert copies["kind"].to_pylist() == ["original", "near"] * 1500
    assert len(set(copies["group_id"].to_pylist())) == 1


def test_related_documents_are_of_one_story_where_a_third_is_a_copy_of_both() -> None:
    sketches = sketch(_documents(["a b c"] * 3))
    related = _link(0, 2, kind="related", jaccard=0.2)
    assert _stories(clusters(pa.Table.from_pylist([related], schema=LINKS), sketches)) == ["0", "1", "2"]
    links = pa.Table.from_pylist([_link(0, 1), _link(1, 2), related], schema=LINKS)
    copies = clusters(links, sketches)
    assert _stories(copies) == ["0", "0", "0"]
    assert copies["kind"].to_pylist() == ["original", "near", "related"]


def test_the_canonical_member_is_the_earliest_then_the_longest_then_the_first() -> None:
    text = "a b c d e f g h i j k l m n o p"
    dates = [None, datetime(2025, 5, 2, tzinfo=UTC), datetime(2025, 5, 1, tzinfo=UTC), datetime(2025, 5, 1, tzinfo=UTC)]
    links = pa.Table.from_pylist([_link(a, b) for a, b in itertools.combinations(range(4), 2)], schema=LINKS)
    assert set(_stories(clusters(links, sketch(_documents([text] * 4, published_at=dates))))) == {"2"}
    longer = sketch(_documents([text, text, text, text + " q"], published_at=dates))
    assert set(_stories(clusters(links, longer))) == {"3"}
    assert set(_stories(clusters(links, sketch(_documents([text] * 4))))) == {"0"}


def test_a_copy_is_that_of_the_canonical_member_it_resembles_most() -> None:
    links = pa.Table.from_pylist([_link(0, 2, jaccard=0.6), _link(1, 2, jaccard=0.7)], schema=LINKS)
    copies = clusters(links, sketch(_documents(["a b c"] * 3)))
    assert _stories(copies) == ["0", "1", "1"]
    assert copies["own"].to_pylist() == [None, None, pytest.approx(1 - 80 / 90)]


def test_in_a_group_what_was_not_compared_is_compared_once_more() -> None:
    sketches = sketch(_documents(["a b c"] * 70))
    small = pa.Table.from_pylist([_link(0, 1), _link(1, 2)], schema=LINKS)
    assert missing_pairs(small, sketches).to_pylist() == [{"left": "doc-000000", "right": "doc-000002"}]
    star = pa.Table.from_pylist([_link(35, n) if n > 35 else _link(n, 35) for n in range(70) if n != 35], schema=LINKS)
    more = missing_pairs(star, sketches)
    assert {f"doc-{n:06}" for n in range(8)} == set(more["left"].to_pylist())
    assert more.num_rows == sum(70 - first - 1 for first in range(8)) - 8


def test_a_wire_story_that_many_outlets_print_is_no_outlets_line() -> None:
    draw = random.Random(11)
    story = "\n".join(" ".join(_words(draw, 30)) for _ in range(3))
    texts = [" ".join(_words(draw, 60)) + "\n" + story for _ in range(9)]
    printed = _documents(texts, publisher=[f"paper {n}" for n in range(9)])
    assert repeated_lines(sketch(printed)).num_rows == 0
    assert repeated_lines(sketch(_documents(texts, publisher=["Orvan Gazette"] * 9))).num_rows == 3


def test_the_lines_of_an_outlet_are_the_same_however_few_are_sorted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(13)
    own = [" ".join(_words(draw, 5)) for _ in range(30)]
    texts = ["\n".join([" ".join(_words(draw, 40)), *draw.sample(own, 6)]) for _ in range(60)]
    sketches = sketch(_documents(texts, publisher=draw.choices(["Orvan Gazette", "Star", None], k=60)))
    whole = repeated_lines(sketches)
    assert whole.num_rows > 10
    monkeypatch.setattr("copydesk.documents.copies.repeated.LINES_AT_ONCE", 7)
    assert repeated_lines(sketches).equals(whole)


def test_one_article_under_many_addresses_of_its_outlet_is_not_made_of_the_outlets_lines() -> None:
    draw = random.Random(12)
    text = "\n".join(" ".join(_words(draw, 30)) for _ in range(5))
    table = _documents([f"{text}\nPage {n} of 9" for n in range(9)], publisher=["Orvan Gazette"] * 9)
    assert repeated_lines(sketch(table)).num_rows == 0
    assert set(_stories(find_copies(table))) == {"0"}


def test_the_host_stands_for_an_outlet_without_a_name_and_a_broken_address_for_none() -> None:
    urls = ["https://www.post.example.org/a", "http://post.example.org:80/b", "http://[", "", None]
    outlets = sketch(_documents(["a"] * 5, url=urls))["outlet"].to_pylist()
    assert outlets == ["post.example.org", "post.example.org", None, None, None]


def test_sketches_of_earlier_revisions_are_passed_over() -> None:
    old = _documents(["one two three", "four"])
    new = pa.concat_tables(
        [old.slice(0, 1).set_column(1, tables.DOCUMENTS.field("revision"), pa.array([2], pa.int32())), old.slice(1)]
    )
    both = pa.concat_tables([sketch(old), sketch(new), sketch(new)])
    assert newest_sketches(both, new).equals(sketch(new))
    assert find_copies(new, sketches=both).equals(find_copies(new))


def test_a_document_that_stands_there_twice_or_not_at_all_is_named_as_the_fault() -> None:
    table = _documents(["one two three"])
    twice = pa.concat_tables([sketch(table)] * 2)
    pairs = pa.table({"left": ["doc-000000"], "right": ["doc-000009"]})
    links = pa.Table.from_pylist([_link(0, 9)], schema=LINKS)
    for wrong in (
        lambda: bands(twice),
        lambda: clusters(LINKS.empty_table(), twice),
        lambda: clusters(links, sketch(table)),
        lambda: check(pairs, table),
    ):
        with pytest.raises(StoreError, match=r"twice|without a sketch"):
            wrong()


@pytest.mark.parametrize(
    "text",
    [
        "a" * 300_000,
        "a " * 200_000,
        "\n" * 200_000,
        "水" * 200_000,
        "\u0301" * 10_000,
        "\x00\ufeff\u202e",
        "1," * 50_000,
    ],
)
def test_odd_texts_are_sketched_and_compared_as_any_other(text: str) -> None:
    table = _documents([text, text, "something else"])
    assert find_copies(table, options=CopyOptions()).num_rows == 3


def test_without_documents_there_are_no_copies() -> None:
    assert find_copies(tables.empty("documents")).equals(tables.empty("copies"))
