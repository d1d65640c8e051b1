"""The small model: what it learns from the demo's annotator, and from real gold where that is there."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import runpy
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.errors import ConfigError, StoreError
from copydesk.flow.suggest import suggestions
from copydesk.suggestions import Found, Name, Setup
from copydesk.suggestions.tagger import Tagger
from copydesk.suggestions.tagger.blocks import blocks_of
from copydesk.suggestions.tagger.spans import outermost, spans_of, tags_of
from copydesk.workspace import Workspace

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
ABSENT = "re3d and GUM are not at ../shared/data (other people's data, which is no part of this project)"
FLOOR = 0.5  # exact F1
QUICK = {"rounds": 30}
NAMES = (Name("Deir el-Zour", "GPE", "d"), Name("Halden", "GPE", "h"), Name("Deir", "PERSON", "x"))
AGAIN = """
import hashlib, json, pathlib, pickle, sys, tempfile
from dataclasses import replace
from copydesk.suggestions.tagger import Tagger
setup, known, documents, zones = pickle.load(sys.stdin.buffer)
with tempfile.TemporaryDirectory() as folder:
    setup = replace(setup, folder=pathlib.Path(folder))
    Tagger.learn(setup, known)
    files = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in sorted(setup.folder.iterdir())}
    tagger = Tagger(setup)
    unsure = tagger.uncertainty(documents, zones=zones).tolist()
    print(json.dumps([files, tagger.version, tagger.suggest(documents, zones=zones).spans.to_pylist(), unsure]))
"""
# what texts are made of that are hard to cut into words, or to find in them what stood in the gold
PARTS = (
    *("Halden", "Deir el-Zour", "Friday", "nearly three years", "90", "the guild", "U.S.", "Sana’a", "’s", "x"),
    *(" ", "\n", "\n\n", ".", ",", "-", "$", "é", "e\u0301", "\u200d", "😀", "يوم", "北京", "\u00a0", "\x85", "_"),
)
texts = st.lists(st.sampled_from(PARTS), max_size=40).map("".join)
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def gold() -> SimpleNamespace:
    """The functions of benchmarks/gold.py."""
    made = runpy.run_path(str(ROOT / "benchmarks/gold.py"), run_name="gold")
    names = ("Gold", "read_seeds", "read_re3d", "schema_of", "documents_of", "zones_of", "known_of")
    return SimpleNamespace(**{name: made[name] for name in names})


@pytest.fixture(scope="module")
def seeds(gold: SimpleNamespace) -> list[Any]:
    return list(gold.read_seeds())


@pytest.fixture(scope="module")
def learned(gold: SimpleNamespace, seeds: list[Any], tmp_path_factory: pytest.TempPathFactory) -> Setup:
    """A tagger's setup whose folder holds what it learned of all seeds but the first."""
    setup = Setup(gold.schema_of(seeds), tmp_path_factory.mktemp("tagger"), NAMES, QUICK)
    Tagger.learn(setup, gold.known_of(seeds[1:]))
    return setup


def suggested(tagger: Tagger, gold: SimpleNamespace, golds: list[Any]) -> Rows:
    rows: Rows = tagger.suggest(gold.documents_of(golds), zones=gold.zones_of(golds)).spans.to_pylist()
    return rows


def test_it_finds_in_a_new_document_more_than_half_of_what_it_marks(
    learned: Setup, gold: SimpleNamespace, seeds: list[Any]
) -> None:
    found = {(row["start"], row["end"], row["label"]) for row in suggested(Tagger(learned), gold, seeds[:1])}
    assert len(found & set(seeds[0].spans)) > len(found) / 2 > 10


@pytest.mark.skipif(not (DATA / "re3d").is_dir(), reason=ABSENT)
def test_on_real_gold_it_reaches_its_floor(gold: SimpleNamespace, tmp_path: Path) -> None:
    golds = gold.read_re3d()
    unseen, seen = golds[::5], [one for at, one in enumerate(golds) if at % 5]
    setup = Setup(gold.schema_of(golds), tmp_path)
    Tagger.learn(setup, gold.known_of(seen))
    tagger = Tagger(setup)
    found = {(row["doc_id"], row["start"], row["end"], row["label"]) for row in suggested(tagger, gold, unseen)}
    right = {(one.doc_id, *span) for one in unseen for span in outermost(one.spans)}
    assert 2 * len(found & right) / (len(found) + len(right)) > FLOOR
    unsure = [tagger.uncertainty(gold.documents_of(one), zones=gold.zones_of(one)) for one in (unseen, seen)]
    assert unsure[0].mean() > 1.2 * unsure[1].mean()


@settings(deadline=None, max_examples=150)
@given(text=texts, other=texts, cuts=st.lists(st.integers(0, 200), max_size=8))
def test_spans_are_slices_that_do_not_overlap_and_the_same_whatever_stands_beside(
    text: str, other: str, cuts: list[int], learned: Setup, gold: SimpleNamespace
) -> None:
    zones = tuple((start, end, "paragraph") for start, end in zip(cuts[::2], cuts[1::2], strict=False) if start < end)
    one, two = gold.Gold("one", text, (), zones), gold.Gold("two", other, (), ())
    tagger = Tagger(learned)
    rows = suggested(tagger, gold, [one])
    at = 0
    for row in rows:
        assert at <= row["start"] < row["end"] <= len(text)
        assert row["surface"] == text[row["start"] : row["end"]] == row["surface"].strip()
        assert 0 <= row["score"] <= 1
        at = row["end"]
    beside = [two, one]
    assert [row for row in suggested(tagger, gold, beside) if row["doc_id"] == "one"] == rows
    alone, among = (
        tagger.uncertainty(gold.documents_of(which), zones=gold.zones_of(which)) for which in ([one], beside)
    )
    assert alone[0] == among[1]
    assert among.dtype == np.float64
    assert ((among >= 0) & (among <= 1)).all()


def test_the_same_labels_give_the_same_files_and_suggestions_in_any_process(
    learned: Setup, gold: SimpleNamespace, seeds: list[Any]
) -> None:
    documents, zones = gold.documents_of(seeds[:2]), gold.zones_of(seeds[:2])
    tagger = Tagger(learned)
    files = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in sorted(learned.folder.iterdir())}
    unsure = tagger.uncertainty(documents, zones=zones).tolist()
    here = [files, tagger.version, tagger.suggest(documents, zones=zones).spans.to_pylist(), unsure]
    given = pickle.dumps((learned, gold.known_of(seeds[1:]), documents, zones))
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        there = subprocess.run(
            [sys.executable, "-c", AGAIN], input=given, capture_output=True, check=True, env=environment
        )
        assert json.loads(there.stdout) == json.loads(json.dumps(here))


def test_a_workspace_learns_anew_when_the_agreed_labels_have_changed(
    gold: SimpleNamespace, seeds: list[Any], tmp_path: Path
) -> None:
    workspace = Workspace.create(tmp_path / "desk")
    settings_file = workspace.root / "copydesk.toml"
    more = '\n[suggest]\nuse = ["tagger"]\n[suggest.options.tagger]\nrounds = 20\n[engine]\nname = "inline"\n'
    settings_file.write_text(settings_file.read_text("utf-8") + more, "utf-8")
    workspace = Workspace.open(workspace.root)
    for some in (seeds[:6], seeds[6:]):
        workspace.documents.append({"documents": gold.documents_of(some), "zones": gold.zones_of(some)}, {})

    def suggested_after(labelled: list[Any]) -> tuple[bool, str, Found]:
        workspace.agreed.replace({"agreed_spans": gold.known_of(labelled).spans}, {"key": str(len(labelled))})
        made = suggestions(workspace, progress=lambda *_: None)
        return made.changed, made.used[0].version, made.read()

    changed, versions, found = zip(*map(suggested_after, (seeds[:2], seeds[:6], seeds[:6], seeds)), strict=True)
    assert changed == (True, True, False, True)
    assert len(set(versions)) == 3
    assert found[0].spans.num_rows == 0
    assert set(found[0].notes) == {
        "tagger: 2 documents with 176 labels to learn from, of 3 and 20 that it needs: it suggests nothing yet"
    }
    assert set(found[3].spans["doc_id"].to_pylist()) == {one.doc_id for one in seeds}


def test_documents_in_another_order_teach_the_same(
    learned: Setup, gold: SimpleNamespace, seeds: list[Any], tmp_path: Path
) -> None:
    setup = Setup(learned.schema, tmp_path, NAMES, QUICK)
    Tagger.learn(setup, gold.known_of(seeds[:0:-1]))
    assert Tagger(setup).version == Tagger(learned).version


def test_the_version_changes_with_what_was_learned_and_with_the_names(
    learned: Setup, gold: SimpleNamespace, seeds: list[Any], tmp_path: Path
) -> None:
    other = Setup(learned.schema, tmp_path, NAMES, QUICK)
    Tagger.learn(other, gold.known_of(seeds))
    fewer = Setup(learned.schema, learned.folder, NAMES[:1], QUICK)
    assert len({Tagger(one).version for one in (learned, other, fewer)}) == 3


@pytest.mark.parametrize("documents", [0, 2])
def test_with_too_little_to_learn_from_it_suggests_nothing_and_says_so(
    documents: int, gold: SimpleNamespace, seeds: list[Any], tmp_path: Path
) -> None:
    setup = Setup(gold.schema_of(seeds), tmp_path / "learned", options=QUICK)
    assert suggested(Tagger(setup), gold, seeds) == []
    setup.folder.mkdir()
    few = [gold.Gold(one.doc_id, one.text, one.spans[:9], one.zones) for one in seeds[:documents]]
    Tagger.learn(setup, gold.known_of(few))
    tagger = Tagger(setup)
    found = tagger.suggest(gold.documents_of(seeds), zones=gold.zones_of(seeds))
    assert found.spans.num_rows == 0
    [note] = found.notes
    assert note.startswith(f"tagger: {documents} documents with {9 * documents} labels to learn from, of 3 and 20")
    assert tagger.uncertainty(gold.documents_of(seeds), zones=gold.zones_of(seeds)).tolist() == [1.0] * len(seeds)


def test_a_document_whose_text_changed_under_its_labels_is_not_learned_from(
    gold: SimpleNamespace, seeds: list[Any], tmp_path: Path
) -> None:
    known = gold.known_of(seeds)
    longer = [gold.Gold(seeds[0].doc_id, f"Lo! {seeds[0].text}", (), ()), *seeds[1:]]
    changed = type(known)(
        gold.documents_of(longer), known.zones, known.spans, known.relations, known.categories, known.copies
    )
    for number, labels in enumerate((changed, gold.known_of(seeds[1:]))):
        setup = Setup(gold.schema_of(seeds), tmp_path / str(number), options=QUICK)
        setup.folder.mkdir()
        Tagger.learn(setup, labels)
    models = [(tmp_path / number / "model.crfsuite").read_bytes() for number in "01"]
    assert models[0] == models[1]


def test_a_damaged_model_is_told_and_not_read(learned: Setup, tmp_path: Path) -> None:
    for one in learned.folder.iterdir():
        (tmp_path / one.name).write_bytes(
            one.read_bytes()[:-9] + b" " * 9 if one.suffix == ".crfsuite" else one.read_bytes()
        )
    with pytest.raises(StoreError, match=r"model\.crfsuite is damaged \(fix: remove the folder .*\)"):
        Tagger(Setup(learned.schema, tmp_path, NAMES, QUICK))


def test_wrong_options_are_refused(learned: Setup) -> None:
    with pytest.raises(ConfigError, match=r"rounds, found 0"):
        Tagger(Setup(learned.schema, learned.folder, options={"rounds": 0}))


places = st.tuples(st.integers(0, 120), st.integers(1, 60), st.sampled_from(["A", "B"]))


@settings(deadline=None, max_examples=40)
@given(drawn=st.lists(st.tuples(texts, st.lists(places, max_size=6)), min_size=1, max_size=3))
def test_labels_of_any_shape_can_be_learned_from(
    drawn: list[tuple[str, list[tuple[int, int, str]]]],
    learned: Setup,
    gold: SimpleNamespace,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    golds = [
        gold.Gold(str(at), text, tuple((s, min(s + n, len(text)), label) for s, n, label in spans if s < len(text)), ())
        for at, (text, spans) in enumerate(drawn)
    ]
    options = {"documents": 1, "spans": 1, "rounds": 3}
    setup = Setup(learned.schema, tmp_path_factory.mktemp("any"), options=options)
    Tagger.learn(setup, gold.known_of(golds))
    for row in suggested(Tagger(setup), gold, golds):
        assert row["label"] in {"A", "B"}


@settings(deadline=None, max_examples=200)
@given(text=texts, data=st.data())
def test_tags_say_where_spans_of_whole_tokens_are_and_which_are_outermost(text: str, data: st.DataObject) -> None:
    assert "".join(token for block in blocks_of(text, ()) for token in block.tokens) == "".join(text.split())
    for block in blocks_of(text, ()):
        numbers = st.integers(0, len(block.tokens) - 1)
        drawn = data.draw(st.lists(st.tuples(numbers, numbers, st.sampled_from("AB")), max_size=5))
        spans = outermost(
            (block.places[min(one, two)][0], block.places[max(one, two)][1], label) for one, two, label in drawn
        )
        back = [(block.places[a][0], block.places[b - 1][1], label) for a, b, label in spans_of(tags_of(block, spans))]
        assert back == spans


@settings(deadline=None, max_examples=200)
@given(drawn=st.lists(places, max_size=12))
def test_a_span_is_left_out_only_beside_one_as_long_that_overlaps_it(drawn: list[tuple[int, int, str]]) -> None:
    spans = [(start, start + length, label) for start, length, label in drawn]
    kept = outermost(spans)
    assert kept == sorted(kept)
    assert all(one[1] <= two[0] for one, two in pairwise(kept))
    for start, end, label in set(spans) - set(kept):
        assert any(s < end and start < e and e - s >= end - start for s, e, _ in kept), label


def test_a_span_stays_within_its_block() -> None:
    text = "The guild of\nHalden"
    blocks = list(blocks_of(text, [(0, 12, "headline"), (13, 19, "paragraph"), (4, 9, "quote")]))
    assert [(one.kind, list(one.tokens)) for one in blocks] == [
        ("headline", ["The", "guild", "of"]),
        ("paragraph", ["Halden"]),
    ]
    assert [tags_of(one, [(4, 19, "ORG")]) for one in blocks] == [["O", "B-ORG", "I-ORG"], ["B-ORG"]]


def test_tokens_are_words_letters_of_scripts_without_spaces_and_signs() -> None:
    [block] = blocks_of("Sana’a’s U.S. cafe\u0301 北京市 ไทยน้ำ\u200d وَقَع _x1 😀", ())
    expected = "Sana ’ a ’ s U . S . cafe\u0301 北 京 市 ไ ท ย น้ ำ\u200d وَقَع _x1 😀"
    assert list(block.tokens) == expected.split()


def test_a_name_of_the_list_is_found_where_names_of_the_list_were_labelled(
    gold: SimpleNamespace, seeds: list[Any], tmp_path: Path
) -> None:
    surfaces = {one.text[start:end] for one in seeds for start, end, label in one.spans if label == "GPE"}
    known = tuple(Name(one, "GPE", one) for one in sorted(surfaces))
    text = "The council met in Zzyx on Friday."
    found = []
    for number, more in enumerate([(), (Name("Zzyx", "GPE", "z"),)]):
        setup = Setup(gold.schema_of(seeds), tmp_path / str(number), (*known, *more), QUICK)
        setup.folder.mkdir()
        Tagger.learn(setup, gold.known_of(seeds))
        rows = suggested(Tagger(setup), gold, [gold.Gold("new", text, (), ())])
        found.append({row["surface"]: row["score"] for row in rows if row["label"] == "GPE"}.get("Zzyx", 0))
    assert found[0] + 0.1 < found[1]
