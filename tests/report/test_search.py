"""The index of documents: it finds what a plain scan would find, page by page, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.errors import StoreError
from copydesk.flow.ingest import ingest
from copydesk.flow.reading import views
from copydesk.flow.reading_index import Library
from copydesk.report import search
from copydesk.report.search import Facts, Index, Listed, Wanted, match_of
from copydesk.workspace import Workspace

WORDS = ("sea", "seal", "ferry", "Ferry", "qaïm", "京都", "港", "نور")
TERMS = st.one_of(
    st.sampled_from(WORDS).map(lambda word: (word, re.escape(word))),
    st.sampled_from(("se", "f", "qa")).map(lambda word: (f"{word}*", word)),
    st.lists(st.sampled_from(WORDS[:3]), min_size=2, max_size=3).map(
        lambda some: (f'"{" ".join(some)}"', " ".join(some))
    ),
)


def filled(texts: list[str]) -> Index:
    index = Index()
    index.add_documents(
        Listed(number, f"doc-{number}", f"{number}.txt", None, None, None, None) for number in range(len(texts))
    )
    index.add_texts((number, None, text) for number, text in enumerate(texts))
    return index


def numbers(index: Index, **wanted: object) -> list[int]:
    return [hit.listed.number for hit in index.find(Wanted(**wanted)).hits]  # type: ignore[arg-type]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join), min_size=1, max_size=12),
    st.lists(TERMS, min_size=1, max_size=3),
)
def test_what_is_found_is_what_a_plain_scan_finds(texts: list[str], terms: list[tuple[str, str]]) -> None:
    def is_found(text: str) -> bool:
        plain = text.casefold().replace("ï", "i")
        wanted = [(typed, word.casefold().replace("ï", "i")) for typed, word in terms]
        return all(
            re.search(rf"(?<!\w){word}" + ("" if typed.endswith("*") else r"(?!\w)"), plain) for typed, word in wanted
        )

    typed = " ".join(one for one, _ in terms)
    assert numbers(filled(texts), words=typed) == [number for number, text in enumerate(texts) if is_found(text)]


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=40))
def test_whatever_is_typed_is_an_answer_and_no_error(typed: str) -> None:
    assert filled(["one text"]).find(Wanted(words=typed)).count in (0, 1)


@pytest.mark.parametrize(
    ("typed", "match"),
    [
        ('ferry "to Qaim" sea*', '"ferry" "to Qaim" "sea"*'),
        ('NEAR(a b) OR title:x - ^y "', '"NEAR(a" "b)" "OR" "title:x" "^y"'),
        ("* \x00 ( )", ""),
    ],
)
def test_what_is_typed_is_words_and_never_the_language_of_the_index(typed: str, match: str) -> None:
    assert match_of(typed) == match


def test_signs_of_scripts_without_blanks_are_found_within_a_line() -> None:
    index = filled(["船は京都の港を出た。", "東京の港"])
    assert numbers(index, words="京都の港") == [0]
    assert [piece for piece, found in index.find(Wanted(words="京都")).hits[0].snippet if found] == ["京都"]


def test_pages_follow_one_another_there_and_back() -> None:
    index = filled([f"ferry {number}" for number in range(120)])
    for words in ("", "ferry"):
        first = index.find(Wanted(words=words))
        second = index.find(Wanted(words=words, after=first.hits[-1].listed.number))
        third = index.find(Wanted(words=words, after=second.hits[-1].listed.number))
        assert [hit.listed.number for page in (first, second, third) for hit in page.hits] == list(range(120))
        assert [(page.earlier, page.later, page.count) for page in (first, second, third)] == [
            (False, True, 120),
            (True, True, 120),
            (True, False, 120),
        ]
        back = index.find(Wanted(words=words, before=third.hits[0].listed.number))
        assert (back.hits, back.earlier) == (second.hits, True)


def test_filters_hold_together_with_words() -> None:
    index = filled(["ferry", "ferry", "harbour"])
    index.set_facts("news", [Facts("doc-1", 2, 1, 0, 0.5, {"GPE": 3}), Facts("doc-2", 1, 0, 2, None, {"GPE": 1})])
    assert numbers(index, schema="news", label="GPE") == [1, 2]
    assert numbers(index, schema="other", label="GPE") == []
    assert numbers(index, schema="news", label="GPE", words="ferry") == [1]
    assert numbers(index, schema="news", disputed=True) == [1]
    assert numbers(index, schema="news", waiting=True, words="ferry") == []


def test_the_index_lies_in_a_file_that_has_no_name_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_CACHE_KIB", 100)  # so that it does not stay in memory
    index = filled([os.urandom(2_000).hex() for _ in range(200)])
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    held = [name for link in links if "etilqs" in (name := str(link.readlink()))]
    assert held
    assert all(name.endswith(" (deleted)") for name in held)
    index.close()


def test_an_index_without_room_says_what_helps() -> None:
    index = Index()
    index.close()
    with pytest.raises(StoreError, match="SQLITE_TMPDIR"):
        index.add_texts([(0, None, "one")])


def test_a_workspace_without_documents_has_a_list_of_none(tmp_path: Path) -> None:
    with Library(Workspace.create(tmp_path / "new"), say=pytest.fail) as library:
        assert "0 documents" in views(library)["/documents"]({}).body


def whole(library: Library, total: int) -> Index:
    for _ in range(6_000):
        shelf = library.shelf()
        if shelf.whole and shelf.total == total:
            return shelf.index
        time.sleep(0.01)
    raise AssertionError(f"{shelf.total} documents, whole: {shelf.whole}")


def test_documents_that_come_while_it_is_open_are_found_and_the_newest_stand_first(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parents[1] / "cases" / "exports" / "small", tmp_path / "schemas" / "small")
    (tmp_path / "copydesk.toml").write_text(
        'name = "a"\nschema = "small"\n[engine]\nname = "inline"\n', encoding="utf-8"
    )
    workspace = Workspace.open(tmp_path)
    lines = '{{"id": "{}", "text": "{}", "published_at": "{}"}}\n'
    first = lines.format("a", "The ferry left.", "2020-01-01") + lines.format("b", "A seal came.", "2021-01-01")
    (tmp_path / "first.jsonl").write_text(first, encoding="utf-8")
    ingest(workspace, [tmp_path / "first.jsonl"], progress=lambda *_: None)
    with Library(workspace, say=pytest.fail) as library:
        index = whole(library, 2)
        assert [hit.listed.published_at for hit in index.find(Wanted()).hits] == [
            "2021-01-01T00:00:00+00:00",
            "2020-01-01T00:00:00+00:00",
        ]
        again = lines.format("a", "The ferry came back.", "2022-01-01") + lines.format(
            "c", "A gull came.", "2019-01-01"
        )
        (tmp_path / "first.jsonl").write_text(again, encoding="utf-8")
        ingest(workspace, [tmp_path / "first.jsonl"], progress=lambda *_: None)
        index = whole(library, 3)
        assert index.find(Wanted(words="left")).count == 0
        ferry, *_, gull = index.find(Wanted(words="came")).hits
        assert [piece for piece, found in ferry.snippet if not found] == ["The ferry ", " back."]
        assert gull.listed.published_at == "2019-01-01T00:00:00+00:00"
        assert [place.revision for place in index.places(ferry.listed.doc_id)] == [1, 2]
