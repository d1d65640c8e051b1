"""The recorded annotators: their work resolves on the canonical texts, obeys the schema, and differs as honest work does."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from copydesk.articles import Limits, accepted, find_files, read_articles
from copydesk.documents import build_documents
from copydesk.model import tables
from copydesk.model.schema import LabelSchema

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "seeds" / "annotators").glob("*.toml"))
ARTICLES = sorted(path.name for path in (ROOT / "seeds").iterdir() if path.suffix in {".txt", ".html"})
FOUNDING = "000_624767c5aad575bc.txt"
PROMOTION = re.compile(
    r"Let’s block ads!|^Related:|^Sign up for|^Read more:|^Enjoying this story|^You have read | \| (World News|Regions)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A recorded span, found in its document."""

    id: str
    start: int
    end: int
    label: str
    attributes: Mapping[str, str]


@cache
def documents() -> Mapping[str, str]:
    found = find_files([ROOT / "seeds"]).files
    files = [(path.relative_to(ROOT).as_posix(), path) for path in found]
    articles, _ = read_articles(files, limits=Limits(max_bytes=10_000_000, max_chars=1_000_000))
    outcome = build_documents(accepted(articles), known=tables.empty("documents"), max_chars=1_000_000)
    return {Path(row["source"]).name: row["text"] for row in outcome.kept["documents"].to_pylist()}


@cache
def schema() -> LabelSchema:
    text = (ROOT / "schemas" / "news-entities" / "schema.toml").read_text(encoding="utf-8")
    return LabelSchema.read(tomllib.loads(text), place="schema.toml")


@cache
def recorded(file: Path) -> Mapping[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def works(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((name, work) for name, work in recorded(file).items() if isinstance(work, dict))


def find(text: str, quote: str, occurrence: int) -> int:
    """Where the ``occurrence``-th ``quote`` begins, counted from 1 and without overlap; -1 if there are fewer."""
    at = -len(quote)
    for _ in range(occurrence):
        at = text.find(quote, at + len(quote))
        if at < 0:
            break
    return at


def spans(work: Mapping[str, Any], text: str) -> list[Span]:
    starts = [find(text, row["quote"], row["occurrence"]) for row in work["spans"]]
    return [
        Span(row["id"], start, start + len(row["quote"]), row["label"], row.get("attributes", {}))
        for start, row in zip(starts, work["spans"], strict=True)
    ]


def every_work() -> list[tuple[str, str, Mapping[str, Any]]]:
    return [(file.stem, name, work) for file in FILES for name, work in works(file)]


WORKS = every_work()
each_work = pytest.mark.parametrize(
    ("name", "work"), [one[1:] for one in WORKS], ids=[f"{who}-{name}" for who, name, _ in WORKS]
)


def test_two_annotators_read_every_article() -> None:
    assert len({recorded(file)["name"] for file in FILES}) == len(FILES) == 2
    for file in FILES:
        assert sorted(name for name, _ in works(file)) == ARTICLES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_recorded_work_says_that_it_was_made_for_the_demo(file: Path) -> None:
    assert recorded(file)["note"] == "made for the demo"
    assert "made for the demo, not a real person" in file.read_text(encoding="utf-8").splitlines()[0]


@each_work
def test_every_quote_stands_in_the_text_often_enough(name: str, work: Mapping[str, Any]) -> None:
    text = documents()[name]
    lost = [row for row in work["spans"] if find(text, row["quote"], row["occurrence"]) < 0]
    assert lost == []


@each_work
def test_a_quote_stays_within_its_line_and_begins_and_ends_in_a_word(name: str, work: Mapping[str, Any]) -> None:
    quotes = [row["quote"] for row in work["spans"]]
    assert [quote for quote in quotes if "\n" in quote or quote != quote.strip() or not quote] == []
    text = documents()[name]
    torn = [
        text[span.start : span.end]
        for span in spans(work, text)
        if text[span.start - 1 : span.start].isalnum() or text[span.end : span.end + 1].isalnum()
    ]
    assert torn == []


@each_work
def test_articles_titles_and_possessives_are_left_out(name: str, work: Mapping[str, Any]) -> None:
    names = [row["quote"] for row in work["spans"] if row["label"] not in {"RESIDUE", "DATE", "NUMBER"}]
    assert [quote for quote in names if re.match(r"(the|an?|President|Mayor|General|Shaykh) ", quote)] == []
    assert [quote for quote in names if re.search(r"['’]s$", quote)] == []


@each_work
def test_no_span_is_drawn_twice_and_none_crosses_another(name: str, work: Mapping[str, Any]) -> None:
    drawn = sorted(spans(work, documents()[name]), key=lambda span: (span.start, -span.end))
    assert len({(span.start, span.end) for span in drawn}) == len(drawn)
    crossing = [(a, b) for i, a in enumerate(drawn) for b in drawn[i + 1 :] if a.start < b.start < a.end < b.end]
    assert crossing == []


@each_work
def test_nothing_is_marked_inside_residue(name: str, work: Mapping[str, Any]) -> None:
    drawn = spans(work, documents()[name])
    residue = [span for span in drawn if span.label == "RESIDUE"]
    inside = [
        (outer, span)
        for outer in residue
        for span in drawn
        if span is not outer and span.start < outer.end and outer.start < span.end
    ]
    assert inside == []


@each_work
def test_labels_and_attributes_are_the_schemas(name: str, work: Mapping[str, Any]) -> None:
    known = {one.name: one for one in schema().attributes}
    for row in work["spans"]:
        assert row["label"] in schema().label_names, row
        for key, value in row.get("attributes", {}).items():
            attribute = known[key]
            assert not attribute.labels or row["label"] in attribute.labels, row
            if attribute.kind == "choice":
                assert value in [choice for choice, _ in attribute.choices], row
            else:
                assert re.fullmatch(attribute.pattern, value), row


@each_work
def test_relations_join_recorded_spans_of_labels_that_they_may_join(name: str, work: Mapping[str, Any]) -> None:
    labels = {row["id"]: row["label"] for row in work["spans"]}
    assert len(labels) == len(work["spans"])
    kinds = {one.name: one for one in schema().relations}
    relations = work.get("relations", [])
    for row in relations:
        kind = kinds[row["label"]]
        assert row["head"] != row["tail"], row
        assert labels[row["head"]] in kind.heads, row
        assert labels[row["tail"]] in kind.tails, row
        assert row["label"] != "alias_of" or labels[row["head"]] == labels[row["tail"]], row
    assert len({(row["head"], row["tail"], row["label"]) for row in relations}) == len(relations)


@pytest.mark.parametrize("name", ARTICLES)
def test_both_annotators_mark_the_same_residue_and_miss_no_promotion(name: str) -> None:
    text = documents()[name]
    marked = [
        {(span.start, span.end) for span in spans(recorded(file)[name], text) if span.label == "RESIDUE"}
        for file in FILES
    ]
    assert marked[0] == marked[1]
    for match in PROMOTION.finditer(text):
        assert any(start <= match.start() and match.end() <= end for start, end in marked[0]), match


def exact(file: Path, name: str) -> set[tuple[int, int, str]]:
    return {(span.start, span.end, span.label) for span in spans(recorded(file)[name], documents()[name])}


def test_the_annotators_disagree_on_boundaries_types_existence_and_relations() -> None:
    kinds: set[str] = set()
    for name in documents():
        first, second = (exact(file, name) for file in FILES)
        for start, end, label in first - second:
            touching = [one for one in second if one[0] < end and start < one[1]]
            if any(one[:2] == (start, end) for one in touching):
                kinds.add("type")
            elif any(one[2] == label for one in touching):
                kinds.add("boundary")
            elif not touching:
                kinds.add("missed")
        if relation_ends(FILES[0], name) != relation_ends(FILES[1], name):
            kinds.add("relation")
    assert kinds == {"type", "boundary", "missed", "relation"}


def relation_ends(file: Path, name: str) -> set[tuple[int, int, str]]:
    work = recorded(file)[name]
    starts = {span.id: span.start for span in spans(work, documents()[name])}
    return {(starts[row["head"]], starts[row["tail"]], row["label"]) for row in work.get("relations", [])}


def test_the_annotators_agree_as_careful_people_do() -> None:
    first, second = ({(name, *one) for name in documents() for one in exact(file, name)} for file in FILES)
    assert 0.85 <= 2 * len(first & second) / (len(first) + len(second)) <= 0.92


def test_the_founding_article_is_annotated_thoroughly() -> None:
    for file in FILES:
        assert len(recorded(file)[FOUNDING]["spans"]) >= 100
        assert len(recorded(file)[FOUNDING]["relations"]) >= 15
