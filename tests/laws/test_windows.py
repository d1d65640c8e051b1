"""Long texts are cut into windows; what is marked in these, and read back, is what was meant, also after a correction."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from copydesk.model.document import text_sha256
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import DOCUMENTS, Outcome, empty, from_rows, from_tuples
from copydesk.model.windows import Place, cut, is_covered
from copydesk.studio.codec import category_items, read_labels, shown_text, to_result
from copydesk.studio.windows import within
from copydesk.tasks.windows import Windows, cut_documents

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SCHEMA = LabelSchema.read(
    {
        "name": "news",
        "version": "1.0.0",
        "title": "News",
        "overlap": "any",
        "labels": [
            {"name": "PERSON", "definition": "A person.", "hotkey": "1", "colour": "#e6194b"},
            {"name": "PLACE", "definition": "A place.", "hotkey": "2", "colour": "#3cb44b"},
        ],
        "relations": [{"name": "lives_in", "definition": "Lives in."}],
        "attributes": [{"name": "note", "definition": "Anything.", "kind": "text"}],
        "categories": [
            {"name": "tone", "definition": "How.", "kind": "choice", "choices": [{"name": "calm"}, {"name": "loud"}]},
            {
                "name": "topics",
                "definition": "What.",
                "kind": "choices",
                "choices": [{"name": "war"}, {"name": "art"}, {"name": "law"}],
            },
        ],
    },
    place="news",
    guidelines="",
)
PARTS = (
    *(
        "Noor",
        " ",
        "Aleppó",
        "e\u0301",
        "a\u0323\u0302",
        "\u00a0",
        "’s",
        "“",
        ". ",
        "😀",
        "👩\u200d👩\u200d👧",
        "🇸🇾",
        "𝔘",
    ),
    *(
        "حَلَب",
        "دير الزور",
        "\u200f",
        "שלום",
        "北京",
        "กรุงเทพ",
        "<b>",
        "&amp;",
        "\\n",
        "\u2028",
        "\u0085",
        "\n",
        "\n\n",
        "\n \n\n",
        "\t",
    ),
)
texts = (
    st.lists(
        st.sampled_from(PARTS) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=4),
        min_size=5,
        max_size=80,
    )
    .map("".join)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(str.strip)
)
sizes = st.integers(5, 60)


@settings(deadline=None)
@given(texts, sizes, st.lists(st.integers(0, 300), unique=True))
def test_windows_are_the_text_from_its_beginning_to_its_end_and_none_cuts_a_sentence(
    text: str, most: int, at: list[int]
) -> None:
    borders = sorted({0, len(text), *(one for one in at if one < len(text))})
    sentences = list(pairwise(borders))
    windows = cut(text, most=most, sentences=sentences)
    assert "".join(text[one.start : one.end] for one in windows) == text
    assert [one.number for one in windows] == list(range(1, len(windows) + 1))
    assert {one.of for one in windows} == {len(windows)}
    for one in windows:
        assert one.end - one.start <= most or not any(one.start < start < one.end for start, _ in sentences)
        assert one.end in borders or one.end == len(text) or text[one.end - 1].isspace()
    assert is_covered(0, len(text), [one.place for one in windows][::-1])


@settings(deadline=None)
@given(texts, sizes)
def test_a_text_that_is_short_enough_is_one_window(text: str, more: int) -> None:
    (window,) = cut(text, most=len(text) + more)
    assert window.place == (0, len(text))


def test_a_paragraph_is_cut_only_where_it_is_too_long_by_itself_and_then_between_sentences() -> None:
    first, second = "A short paragraph.\n\n", "One is here. Two is there. Three is far away."
    text = first + second
    starts = [len(first), len(first) + 13, len(first) + 27]
    sentences = [(0, 18), *zip(starts, [*starts[1:], len(text)], strict=True)]
    pieces = [text[one.start : one.end] for one in cut(text, most=30, sentences=sentences)]
    assert all(piece.strip()[-1] == "." for piece in pieces)
    assert max(map(len, pieces)) <= 30
    assert cut(text, most=30)[-1].place == (len(first), len(text)), "without sentences it stays whole"


def documents(*revisions: str) -> pa.Table:
    blank = {**dict.fromkeys(DOCUMENTS.names), "source": "s", "raw_sha256": "0", "recipe": "r", "doc_id": "d"}
    return from_rows(
        "documents",
        [
            {**blank, "revision": at, "text": text, "text_sha256": text_sha256(text)}
            for at, text in enumerate(revisions, 1)
        ],
    )


class Project:
    """What annotators submit in windows, as the pull log would hold it."""

    def __init__(self, *revisions: str) -> None:
        self.texts = revisions
        self.rows: list[dict[str, Any]] = []
        self.windows: list[tuple[Any, ...]] = []

    def submit(
        self,
        place: Place,
        result: Sequence[Mapping[str, Any]] = (),
        *,
        revision: int = 1,
        who: str = "A1",
        skipped: bool = False,
    ) -> None:
        """Submit what lies in a window of a document's result."""
        number, text = len(self.rows) + 1, self.texts[revision - 1]
        born = f"2026-01-01T12:00:00.{number:06d}Z"
        row = {
            "annotation_id": f"p-{number}-{number}",
            "project": "1-x",
            "project_id": 1,
            "task_id": number,
            "task_created_at": born,
            "doc_id": "d",
            "revision": revision,
            "text_sha256": text_sha256(text),
            "shown_sha256": text_sha256(shown_text(text[slice(*place)])),
            "annotator": who,
            "created_at": NOON,
            "updated_at": NOON + timedelta(minutes=number),
            "lead_time": 2.0,
            "cancelled": skipped,
            "ground_truth": False,
            "state": "live",
            "content_sha256": "0",
            "result": json.dumps(within(result, place)),
        }
        self.rows.append(row)
        self.windows.append(("1-x", number, born, "w", 1, 1, *place))

    def read(self) -> Outcome:
        windows = from_tuples("task_windows", self.windows)
        return read_labels(
            from_rows("annotations", self.rows), documents=documents(*self.texts), schema=SCHEMA, windows=windows
        )


def span(text: str, start: int, end: int, label: str = "PLACE") -> dict[str, Any]:
    cut_out = text[start:end]
    start += len(cut_out) - len(cut_out.lstrip())
    end = start + len(cut_out.strip())
    said = [{"name": "note", "value": f"{start}"}]
    return {
        "span_id": f"{start}:{end}:{label}",
        "start": start,
        "end": end,
        "surface": text[start:end],
        "label": label,
        "attributes": said,
    }


def found(outcome: Outcome) -> set[tuple[int, int, str, str, str]]:
    return {
        (one["start"], one["end"], one["label"], one["surface"], one["attributes"][0]["value"])
        for one in outcome.kept["spans"].to_pylist()
    }


def meant(spans: Iterable[Mapping[str, Any]]) -> set[tuple[int, int, str, str, str]]:
    return {(one["start"], one["end"], one["label"], one["surface"], one["attributes"][0]["value"]) for one in spans}


@settings(deadline=None)
@given(texts, sizes, st.data())
def test_what_is_marked_in_windows_comes_back_in_the_offsets_of_the_document(
    text: str, most: int, data: st.DataObject
) -> None:
    windows = cut(text, most=most)
    spans: dict[str, dict[str, Any]] = {}
    where: dict[str, int] = {}
    for _ in range(data.draw(st.integers(0, 8))):
        one = data.draw(st.sampled_from(windows))
        start = data.draw(st.integers(one.start, one.end - 1))
        end = data.draw(st.integers(start + 1, one.end))
        if text[start:end].strip():
            made = span(text, start, end, data.draw(st.sampled_from(["PERSON", "PLACE"])))
            spans[made["span_id"]], where[made["span_id"]] = made, one.number
    pairs = [(a, b) for a in spans for b in spans if a != b and where[a] == where[b]]
    chosen = data.draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    relations = [{"head_span_id": a, "tail_span_id": b, "label": "lives_in"} for a, b in chosen]
    project = Project(text)
    for window in data.draw(st.permutations(windows)):
        project.submit(window.place, to_result(spans.values(), relations, SCHEMA))
    outcome = project.read()
    assert outcome.rejected.num_rows == 0
    assert found(outcome) == meant(spans.values())
    (read,) = outcome.kept["reads"].to_pylist()
    assert (read["spans"], read["relations"], read["lead_time"]) == (len(spans), len(relations), 2.0 * len(windows))
    ids = {one["span_id"]: f"{one['start']}:{one['end']}:{one['label']}" for one in outcome.kept["spans"].to_pylist()}
    assert {
        (ids[one["head_span_id"]], ids[one["tail_span_id"]]) for one in outcome.kept["relations"].to_pylist()
    } == set(chosen)
    assert outcome.kept["unread"].num_rows == 0


ARTICLE = "\n\n".join(
    f"On day {number} the {kind} brigade entered the village number {number * 7} of {place}, said the {kind} spokesman."
    for number, (kind, place) in enumerate(
        [
            (kind, place)
            for kind in ("first", "second", "third", "fourth")
            for place in ("Aleppo", "Mosul", "Raqqa", "Homs", "Idlib")
        ],
        1,
    )
)
MOST = 450


def cut_up(*revisions: str, anchors: pa.Table | None = None, most: int = MOST) -> Windows:
    return cut_documents(
        documents(*revisions),
        zones=empty("zones"),
        sentences=empty("sentences"),
        anchors=empty("anchors") if anchors is None else anchors,
        most=most,
    )


def places(windows: Windows) -> list[Place]:
    return list(zip(windows.table["start"].to_pylist(), windows.table["end"].to_pylist(), strict=True))


def submit_all(
    project: Project, marked: Sequence[Mapping[str, Any]] = (), *, revision: int = 1, but: int = -1, who: str = "A1"
) -> None:
    for number, place in enumerate(places(cut_up(project.texts[revision - 1]))):
        if number != but:
            project.submit(place, to_result(marked, (), SCHEMA), revision=revision, who=who)


def mark(text: str, quote: str) -> dict[str, Any]:
    start = text.index(quote)
    return span(text, start, start + len(quote))


def test_a_document_counts_for_whom_has_labelled_all_of_its_windows() -> None:
    project = Project(ARTICLE)
    marked = [mark(ARTICLE, "Aleppo"), mark(ARTICLE, "Idlib")]
    submit_all(project, marked, but=1)
    submit_all(project, marked, who="A2")
    project.submit(places(cut_up(ARTICLE))[1], skipped=True)
    outcome = project.read()
    assert outcome.kept["reads"]["annotator"].to_pylist() == ["A2"]
    count = len(places(cut_up(ARTICLE)))
    assert outcome.rejected["reason"].to_pylist().count("window-missing") == count - 1
    start, end = places(cut_up(ARTICLE))[1]
    details = dict(zip(outcome.rejected["reason"].to_pylist(), outcome.rejected["detail"].to_pylist(), strict=True))
    assert f"shows the text from {start} to {end}" in details["cancelled"]
    assert f"{start} to " in details["window-missing"]
    assert (
        outcome.rejected.num_rows + outcome.kept_rows == 2 * count + 4
    )  # annotations, and two spans of A2 with a note each


def test_of_two_annotations_of_one_window_the_newer_counts_and_the_others_stay() -> None:
    project = Project(ARTICLE)
    submit_all(project, [mark(ARTICLE, "Aleppo"), mark(ARTICLE, "Idlib")])
    project.submit(places(cut_up(ARTICLE))[0])
    outcome = project.read()
    assert [one[3] for one in found(outcome)] == ["Idlib"]
    assert outcome.rejected["reason"].to_pylist() == ["superseded"]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 19), st.sampled_from(["drop", "change", "add", "typography"])), min_size=1, max_size=3
    )
)
def test_after_a_correction_only_changed_windows_are_asked_again_and_the_document_is_whole_with_them(
    edits: list[tuple[int, str]],
) -> None:
    paragraphs = ARTICLE.split("\n\n")
    for at, how in edits:
        old = paragraphs[at]
        changed = {
            "drop": "",
            "change": old.replace("entered", f"was driven out in the {at}th week of"),
            "add": f"{old}\n\nNobody had expected that turn of events, reporters wrote on page {at}.",
            "typography": old.replace(" ", "\u00a0"),
        }
        paragraphs[at] = changed[how]
    newest = "\n\n".join(one for one in paragraphs if one)
    assume(newest != ARTICLE)
    windows = cut_up(ARTICLE, newest)
    asked = [place for place in places(windows) if ("d", *place) not in windows.same]
    if {how for _, how in edits} == {"typography"}:
        assert asked == []
    project = Project(ARTICLE, newest)
    submit_all(project)
    before = project.read()
    assert before.kept["reads"].num_rows == 1, "what was read before the correction counts"
    for place in asked:
        project.submit(place, revision=2)
    outcome = project.read()
    assert outcome.kept["reads"].num_rows == 1
    assert "window-missing" not in outcome.rejected["reason"].to_pylist()
    assert outcome.kept["unread"].num_rows == 0


def test_a_correction_in_one_place_leaves_most_windows_as_they_are_and_labels_come_along() -> None:
    newest = ARTICLE.replace("On day 10 the", "Officials said later that on day 10 the whole")
    windows = cut_up(ARTICLE, newest)
    asked = [place for place in places(windows) if ("d", *place) not in windows.same]
    assert 0 < len(asked) <= 2 < len(places(windows))
    project = Project(ARTICLE, newest)
    submit_all(
        project, [mark(ARTICLE, "Aleppo"), mark(ARTICLE, "village number 70"), mark(ARTICLE, "village number 140")]
    )
    end = asked[0][1]
    project.submit(asked[0], to_result([mark(newest[:end], "whole")], (), SCHEMA), revision=2)
    for place in asked[1:]:
        project.submit(place, revision=2)
    surfaces = sorted(one[3] for one in found(project.read()))
    assert surfaces == ["Aleppo", "village number 140", "whole"], (
        "the newer reading of the changed window replaces the older one"
    )
    ids = dict(zip(places(windows), windows.table["window_id"].to_pylist(), strict=True))
    before = set(cut_up(ARTICLE).table["window_id"].to_pylist())
    assert all((name in before) == (place not in asked) for place, name in ids.items())


def test_a_window_in_which_a_label_waits_is_asked_again() -> None:
    newest = ARTICLE.replace(" ", "\u00a0")
    row = dict.fromkeys(empty("anchors").column_names)
    waiting = {
        "annotation_id": "1",
        "doc_id": "d",
        "revision": 2,
        "annotator": "A1",
        "label": "PLACE",
        "start": 5,
        "end": 9,
    }
    made = {
        "made_on_revision": 1,
        "made_start": 0,
        "made_end": 4,
        "made_surface": "made",
        "anchored": "fuzzy",
        "anchor_score": 0.7,
    }
    windows = cut_up(ARTICLE, newest, anchors=from_rows("anchors", [{**row, **waiting, **made}]))
    assert [place for place in places(windows) if ("d", *place) not in windows.same] == places(windows)[:1]


@pytest.mark.parametrize(
    ("first", "second", "kept", "reasons"),
    [
        ([("tone", "calm")], [("tone", "calm")], {("tone", "calm")}, []),
        ([("tone", "calm")], [("tone", "loud")], {("tone", "calm")}, ["category-differs"]),
        ([], [("tone", "loud")], {("tone", "loud")}, []),
        (
            [("topics", "war"), ("topics", "art")],
            [("topics", "art"), ("topics", "law")],
            {("topics", "war"), ("topics", "art"), ("topics", "law")},
            [],
        ),
    ],
)
def test_what_is_said_of_the_document_in_several_windows_is_put_together(
    first: list[tuple[str, str]], second: list[tuple[str, str]], kept: set[tuple[str, str]], reasons: list[str]
) -> None:
    """The first window in the order of the text decides where one value is asked for; several values are joined."""
    project = Project(ARTICLE)
    there = places(cut_up(ARTICLE))
    project.submit(there[1], category_items(second, SCHEMA))  # also where it was submitted first
    project.submit(there[0], category_items(first, SCHEMA))
    for place in there[2:]:
        project.submit(place)
    outcome = project.read()
    assert {(one["name"], one["value"]) for one in outcome.kept["categories"].to_pylist()} == kept
    assert outcome.rejected["reason"].to_pylist() == reasons
