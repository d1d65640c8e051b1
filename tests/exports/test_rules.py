"""What the exports promise beside their formats: one rule for overlaps, no closed text passed on, whole folders, the same bytes."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.datasets.exports.corpus import Corpus
from copydesk.datasets.exports.export import LEFT_OUT, Exported, export
from copydesk.datasets.exports.formats import Format
from copydesk.datasets.exports.layer import aligned, bilou, bio, one_layer, sentences
from copydesk.datasets.exports.licences import may_pass_on
from copydesk.datasets.exports.report import Made
from copydesk.datasets.exports.standoff import with_text, without_text
from copydesk.datasets.exports.words import tokens_of
from copydesk.errors import DataError, UnknownError, UsageError
from copydesk.flow.export import ALL_FORMATS
from copydesk.model.document import text_sha256

CASES = Path(__file__).parents[1] / "cases" / "exports"
TEXT = "Ida Roe of the Free Harbour Front left Port Merrin."
NESTED = ("s1", "ARMED_GROUP", "Free Harbour Front"), ("s2", "PLACE", "Harbour")
CROSSING = ("s3", "PLACE", "Front left"), ("s4", "PERSON", "Ida"), ("s5", "PERSON", "Ro")


def written(corpus: Corpus, name: str, target: Path, *, any_licence: bool = False) -> Exported:
    return export(corpus, name, ALL_FORMATS[name], target, any_licence=any_licence, tool="test")


@pytest.mark.parametrize("case", json.loads((CASES / "tokens.json").read_text()), ids=lambda case: case["text"])
def test_tokens_end_wherever_a_name_may_but_within_a_word(case: dict[str, Any]) -> None:
    assert [case["text"][start:end] for start, end in tokens_of(case["text"])] == case["tokens"]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_tokens_are_in_order_and_hold_every_letter_and_no_blank(text: str) -> None:
    tokens = tokens_of(text)
    assert all(start < end for start, end in tokens)
    assert all(one.end <= other.start for one, other in pairwise(tokens))
    inside = {at for start, end in tokens for at in range(start, end)}
    assert not [character for at, character in enumerate(text) if character.isalnum() and at not in inside]
    assert not [text[at] for at in inside if text[at].isspace()]


def test_the_longest_span_is_kept_and_the_others_are_told_with_what_stands_in_their_place(corpora: Any) -> None:
    corpus = corpora.one_document(TEXT, *NESTED, *CROSSING)
    (document,) = corpus.documents("train")
    tokens = tokens_of(document.text)
    placed, misaligned = aligned(document, tokens, split="train")
    assert [(one.id, one.reason) for one in misaligned] == [("s5", "misaligned")]
    for seed in range(5):
        mixed = random.Random(seed).sample(placed, len(placed))
        taken, left = one_layer(document, mixed, split="train")
        assert [one.span["span_id"] for one in taken] == ["s4", "s1"]
        assert [(one.id, one.reason, one.beside) for one in left] == [("s3", "crossing", "s1"), ("s2", "nested", "s1")]
    assert bio(taken, len(tokens))[:7] == [
        "B-PERSON",
        "O",
        "O",
        "O",
        *["B-ARMED_GROUP", "I-ARMED_GROUP", "I-ARMED_GROUP"],
    ]
    assert bilou(taken, len(tokens))[:7] == [
        "U-PERSON",
        "O",
        "O",
        "O",
        *["B-ARMED_GROUP", "I-ARMED_GROUP", "L-ARMED_GROUP"],
    ]


def test_no_sentence_ends_within_a_span(corpora: Any) -> None:
    corpus = corpora.one_document("Ida spoke.\nIn Port\nMerrin. So.\n\nYes", ("s1", "PLACE", "Port\nMerrin"))
    (document,) = corpus.documents("train")
    tokens = tokens_of(document.text)
    taken, _ = aligned(document, tokens, split="train")
    lines = [
        [document.text[slice(*token)] for token in tokens[slice(*cut)]] for cut in sentences(document, tokens, taken)
    ]
    assert lines == [["Ida", "spoke", "."], ["In", "Port", "Merrin", ".", "So", "."], ["Yes"]]


def test_what_is_left_out_is_counted_and_listed(corpora: Any, tmp_path: Path) -> None:
    done = written(corpora.one_document(TEXT, *NESTED, *CROSSING), "bio", tmp_path / "out")
    assert done.receipt["left_out"] == {
        "crossing spans": {"count": 1, "first": ["s3"]},
        "misaligned spans": {"count": 1, "first": ["s5"]},
        "nested spans": {"count": 1, "first": ["s2"]},
    }
    assert done.receipt["tokenizer"].startswith("copydesk-words/1 (Unicode ")
    rows = [json.loads(line) for line in (tmp_path / "out" / LEFT_OUT).read_text().splitlines()]
    assert {(row["id"], row["reason"], row["start"], row["end"]) for row in rows} == {
        ("s2", "nested", 20, 27),
        ("s3", "crossing", 28, 38),
        ("s5", "misaligned", 4, 6),
    }


def test_a_format_says_which_labels_it_has_no_place_for(corpora: Any, tmp_path: Path) -> None:
    corpus = corpora.example()
    said = {
        name: written(corpus, name, tmp_path / name).receipt["not_held"]
        for name in ("conll2003", "brat", "webannotation", "csv")
    }
    assert said == {
        "conll2003": {"relations": 1, "attributes": 3, "categories": 1},
        "brat": {"categories": 1},
        "webannotation": {},
        "csv": {},
    }


@pytest.mark.parametrize("licence", json.loads((CASES / "licences.json").read_text())["permitted"])
def test_open_licences_are_known(licence: str) -> None:
    assert may_pass_on(licence)


@pytest.mark.parametrize("licence", [None, *json.loads((CASES / "licences.json").read_text())["closed"]])
def test_what_is_not_known_to_be_open_is_closed(licence: str | None) -> None:
    assert not may_pass_on(licence)


@pytest.mark.parametrize("name", ALL_FORMATS)
def test_a_text_under_a_closed_licence_is_not_passed_on_unless_one_says_so(
    corpora: Any, tmp_path: Path, name: str
) -> None:
    corpus = corpora.one_document(TEXT, licence="all rights reserved")
    with pytest.raises(DataError, match=r"1 documents do not permit .*: doc \(all rights reserved\) .*--without-text"):
        written(corpus, name, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    assert written(corpus, name, tmp_path / "out", any_licence=True).changed


@pytest.mark.parametrize("name", [name for name, one in ALL_FORMATS.items() if not one.needs_text])
def test_no_word_of_a_closed_text_is_in_an_export_without_texts(corpora: Any, tmp_path: Path, name: str) -> None:
    corpus = corpora.one_document("Quibbleford met Zanzarella.", ("s1", "PERSON", "Zanzarella"), licence="closed")
    written(without_text(corpus), name, tmp_path / name)
    content = b"".join(path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file())
    assert b"Quibbleford" not in content
    assert b"Zanzarella" not in content
    if name in {"csv", "huggingface"}:  # in these, strings stand as they are
        assert text_sha256("Zanzarella").encode() in content


@pytest.mark.parametrize("name", [name for name, one in ALL_FORMATS.items() if one.needs_text])
def test_a_format_that_needs_texts_is_refused_without_them(corpora: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} cannot be without texts"):
        written(without_text(corpora.one_document(TEXT)), name, tmp_path / "out")


def test_texts_are_put_back_only_where_they_are_the_published_ones(corpora: Any, tmp_path: Path) -> None:
    corpus = corpora.one_document(TEXT, *NESTED)
    folder = written(without_text(corpus), "parquet", tmp_path / "out").path
    assert with_text(folder, {text_sha256(f"{TEXT} "): f"{TEXT} "}).missing == ("doc",)
    with pytest.raises(DataError, match=r"document doc: the words at 15:33 are not those that were published"):
        with_text(folder, {text_sha256(TEXT): TEXT.replace("Front", "Union")})
    with pytest.raises(UsageError, match="is no export without texts"):
        with_text(written(corpus, "parquet", tmp_path / "whole").path, {})
    few = written(without_text(corpus).only(tables=["documents", "spans"]), "parquet", tmp_path / "few").path
    with pytest.raises(UsageError, match="has no relations, sources, zones"):
        with_text(few, {})


@pytest.mark.parametrize("name", [name for name in ALL_FORMATS if name != "delta"])
def test_the_same_export_is_the_same_bytes(corpora: Any, tmp_path: Path, name: str) -> None:
    corpus = corpora.example()
    files = []
    for folder in ("one", "two"):
        written(corpus, name, tmp_path / folder / name)
        found = sorted(path for path in (tmp_path / folder).rglob("*") if path.is_file())
        files.append({path.relative_to(tmp_path / folder): path.read_bytes() for path in found})
    assert files[0] == files[1]


@pytest.mark.parametrize("name", ALL_FORMATS)
def test_the_same_again_writes_nothing_and_a_damaged_one_is_written_again(
    corpora: Any, tmp_path: Path, name: str
) -> None:
    corpus = corpora.example()
    first = written(corpus, name, tmp_path / "out")
    again = written(corpus, name, tmp_path / "out")
    assert (first.changed, again.changed, again.receipt) == (True, False, first.receipt)
    (tmp_path / "out" / next(iter(first.receipt["files"]))).write_bytes(b"")
    assert written(corpus, name, tmp_path / "out").changed
    assert not written(corpus, name, tmp_path / "out").changed
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_is_no_export_is_not_replaced_and_what_fails_changes_nothing(corpora: Any, tmp_path: Path) -> None:
    corpus = corpora.one_document(TEXT, *NESTED)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "export.json").write_text("[]")
    with pytest.raises(UsageError, match="mine is there already, and is no export"):
        written(corpus, "bio", tmp_path / "mine")
    (tmp_path / "empty").mkdir()
    assert written(corpus, "bio", tmp_path / "empty").changed
    before = (tmp_path / "empty" / "export.json").read_bytes()

    def failing(_: Corpus, place: Path) -> Made:
        (place / "half.txt").write_text("half")
        raise DataError("no")

    with pytest.raises(DataError):
        export(corpus, "other", Format(failing), tmp_path / "empty", any_licence=True, tool="test")
    assert (tmp_path / "empty" / "export.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "mine"]


def test_splits_and_tables_that_are_not_there_are_refused(corpora: Any) -> None:
    corpus = corpora.one_document(TEXT)
    with pytest.raises(UnknownError, match="no split 'dev' here; there are: train"):
        corpus.only(splits=["dev"])
    with pytest.raises(UnknownError, match="no table 'words' here; there are: default, documents"):
        corpus.only(tables=["words"])


def test_names_that_no_file_may_have_become_digests(corpora: Any, tmp_path: Path) -> None:
    corpus = corpora.one_document(TEXT, *NESTED)
    table = corpus.read("train", "documents")
    evil = table.set_column(0, table.schema.field(0), pa.array(["../../evil"]))
    empty = {name: corpus.read("train", name).slice(0, 0) for name in corpus.tables}
    named = replace(
        corpus, read=lambda _, name: {**empty, "documents": evil, "sources": corpus.read("train", "sources")}[name]
    )
    written(named, "brat", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out" / "train").iterdir()) == [
        f"{text_sha256('../../evil')}.{suffix}" for suffix in ("ann", "txt")
    ]
