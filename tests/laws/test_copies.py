"""Laws of the search for copies, for any documents: order, batches and partitions change nothing, every document is there once."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.documents.copies import (
    CopyOptions,
    bands,
    candidates,
    check,
    clusters,
    find_copies,
    joined_pairs,
    missing_pairs,
    newest,
    repeated_lines,
    sketch,
)
from copydesk.model import tables

_DRAW = random.Random(7)
PARAGRAPHS = [" ".join(f"w{_DRAW.randrange(400)}" for _ in range(_DRAW.randrange(4, 60))) for _ in range(12)]
PARAGRAPHS += ["", "42", "— …", "水利部门周日表示由于北部山区连降暴雨河水水位在三天内上涨", "قَالَ الوزير"]
few = CopyOptions(full_bucket=3, repeated=3)  # so small that also what is done for many happens to few

# Texts that overlap in every way, drawn often, so that most examples hold copies, chains and equal bodies; and any others.
OVERLAPPING = ["\n".join(PARAGRAPHS[at : at + size]) for at in range(0, 9, 2) for size in (2, 4)]
anything = st.lists(st.sampled_from(PARAGRAPHS) | st.text(st.characters(codec="utf-8"), max_size=12), max_size=7)
texts = st.sampled_from(OVERLAPPING) | anything.map("\n".join)
rows = st.tuples(
    st.integers(0, 16), st.integers(1, 2), texts, st.sampled_from(["p", "q", None]), st.sampled_from([None, 0, 1])
)


def _documents(drawn: list[tuple[int, int, str, str | None, int | None]]) -> pa.Table:
    blank = dict.fromkeys(tables.DOCUMENTS.names) | {
        "source": "s",
        "raw_sha256": "0",
        "recipe": "r",
        "text_sha256": "0",
    }
    named = ("doc_id", "revision", "text", "publisher", "published_at")
    listed = [blank | dict(zip(named, (f"doc-{row[0]:x}", *row[1:]), strict=True)) for row in drawn]
    return tables.from_rows("documents", listed)


documents = st.lists(rows, max_size=20, unique_by=lambda row: row[:2]).map(_documents)


def _cut(table: pa.Table, parts: int, *, by: Any) -> list[pa.Table]:
    share = np.asarray(by) % parts
    return [table.filter(pa.array(share == part)) for part in range(parts)]


@settings(deadline=None)
@given(documents, st.randoms(use_true_random=False), st.integers(1, 5))
def test_a_sketch_is_made_of_its_document_alone(whole: pa.Table, draw: random.Random, parts: int) -> None:
    order = draw.sample(range(whole.num_rows), whole.num_rows)
    shuffled = whole.take(pa.array(order, pa.int64()))
    assert sketch(shuffled).equals(sketch(whole).take(pa.array(order, pa.int64())))
    pieces = _cut(whole, parts, by=np.arange(whole.num_rows) * parts // max(whole.num_rows, 1))
    assert pa.concat_tables([sketch(piece) for piece in pieces]).equals(sketch(whole))
    assert sketch(whole).schema == tables.SKETCHES


@settings(deadline=None)
@given(documents, st.randoms(use_true_random=False))
def test_the_order_of_the_documents_changes_nothing(whole: pa.Table, draw: random.Random) -> None:
    order = pa.array(draw.sample(range(whole.num_rows), whole.num_rows), pa.int64())
    assert find_copies(whole.take(order), options=few).equals(find_copies(whole, options=few))


@settings(deadline=None)
@given(documents, st.integers(1, 4), st.randoms(use_true_random=False))
def test_the_parts_put_together_are_the_whole(whole: pa.Table, parts: int, draw: random.Random) -> None:
    current = newest(whole)
    sketches = sketch(current)
    outlets = [_number_of(outlet) for outlet in sketches["outlet"].to_pylist()]
    repeated = pa.concat_tables([repeated_lines(part, few) for part in _cut(sketches, parts, by=outlets)])
    keys = pa.concat_tables([bands(part) for part in _cut(sketches, parts, by=np.arange(sketches.num_rows))])
    keys = keys.take(pa.array(draw.sample(range(keys.num_rows), keys.num_rows), pa.int64()))
    by_key = _cut(keys, parts, by=keys["key"].to_numpy())
    pairs = joined_pairs(*(candidates(part, few) for part in by_key))

    def compared(pairs: pa.Table) -> pa.Table:
        shares = _cut(pairs, parts, by=np.arange(pairs.num_rows))
        draw.shuffle(shares)
        return pa.concat_tables([check(share, current, repeated=repeated, options=few) for share in shares])

    links = compared(pairs)
    links = pa.concat_tables([links, compared(missing_pairs(links, sketches))])
    order = pa.array(draw.sample(range(sketches.num_rows), sketches.num_rows), pa.int64())
    assert clusters(links, sketches.take(order)).equals(find_copies(whole, options=few))


def _number_of(outlet: str | None) -> int:
    return sum((outlet or "").encode())


@settings(deadline=None)
@given(documents)
def test_every_document_is_there_once_and_its_canonical_member_is_nobodys_copy(whole: pa.Table) -> None:
    copies = find_copies(whole, options=few)
    assert copies.schema == tables.COPIES
    by_id = {row["doc_id"]: row for row in copies.to_pylist()}
    assert list(by_id) == sorted(set(whole["doc_id"].to_pylist()))
    counted = dict.fromkeys(by_id, 0)
    for row in by_id.values():
        canonical = by_id[row["canonical_doc_id"]]
        assert canonical["kind"] == "original"
        assert canonical["canonical_doc_id"] == canonical["doc_id"]
        assert row["story_id"] == canonical["story_id"]
        assert row["group_id"] == canonical["group_id"]
        if row["kind"] == "original":
            assert row["canonical_doc_id"] == row["doc_id"]
            assert row["jaccard"] is row["own"] is None
        else:
            counted[row["canonical_doc_id"]] += 1
            assert row["kind"] == "exact" or row["shared_shingles"] > 0
            assert 0 <= row["own"] <= 1
    assert {doc_id: row["copies"] for doc_id, row in by_id.items()} == counted


@settings(deadline=None)
@given(documents)
def test_a_document_that_shares_nothing_changes_nothing(whole: pa.Table) -> None:
    other = _documents([(99, 1, " ".join(f"unheard{n}" for n in range(80)), "r", 0)])
    with_it = find_copies(pa.concat_tables([other, whole]), options=few)
    alone = pc.equal(with_it["doc_id"], "doc-63")
    assert with_it.filter(alone)["kind"].to_pylist() == ["original"]
    assert with_it.filter(pc.invert(alone)).equals(find_copies(whole, options=few))


@settings(deadline=None)
@given(texts, texts)
def test_what_two_texts_share_is_the_same_seen_from_either(one: str, other: str) -> None:
    pair = _documents([(1, 1, one, None, None), (2, 1, other, None, None)])
    turned = _documents([(2, 1, one, None, None), (1, 1, other, None, None)])
    pairs = pa.table({"left": ["doc-1"], "right": ["doc-2"]})
    first, second = (check(pairs, table).to_pylist()[0] for table in (pair, turned))
    sizes = [(told.pop("left_shingles"), told.pop("right_shingles")) for told in (first, second)]
    assert sizes[0] == sizes[1][::-1]
    assert first == second
