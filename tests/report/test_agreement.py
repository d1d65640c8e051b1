"""The pages of the agreement: figures are those that were measured, and what gamma aligns has one number below the text."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.errors import UnknownError
from copydesk.flow.agreement_page import Agreement
from copydesk.flow.alignment_page import Aligned
from copydesk.report.alignment import Drawn, lanes, words
from copydesk.report.marked import Stretch, pieces
from copydesk.workspace import Workspace

TEXTS = st.text(alphabet="ab \n🚢é", min_size=1, max_size=40)


@st.composite
def drawn(draw: st.DrawFn) -> tuple[str, list[Drawn]]:
    """A text and spans of two people in it, which may lie in one another and cross."""
    text = draw(TEXTS)
    ends = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)), st.sampled_from(["A1", "A2"]))
    spans = [
        Drawn(min(one, other), max(one, other), who, number, "same")
        for number, (one, other, who) in enumerate(draw(st.lists(ends, max_size=8)), 1)
        if one != other
    ]
    return text, spans


@given(drawn())
@settings(deadline=None, max_examples=40)
def test_words_and_pieces_are_the_text_whatever_lies_below_them(made: tuple[str, list[Drawn]]) -> None:
    text, spans = made
    assert "".join(word.text for word in words(text, lanes(("A1", "A2"), spans))) == text
    stretches = [Stretch(one.start, one.end, str(one.number)) for one in spans]
    assert "".join(piece.text for piece in pieces(text, stretches)) == text


@given(drawn())
@settings(deadline=None, max_examples=40)
def test_no_two_spans_lie_upon_each_other_in_a_lane_and_none_is_left_out(made: tuple[str, list[Drawn]]) -> None:
    _, spans = made
    rows = lanes(("A1", "A2"), spans)
    assert sorted(one.number for _, own in rows for one in own) == [one.number for one in spans]
    for name, own in rows:
        assert all(one.annotator == name for one in own)
        assert all(one.end <= other.start for one, other in pairwise(own))


@given(drawn())
@settings(deadline=None, max_examples=40)
def test_a_word_has_a_bar_in_a_lane_just_where_a_span_of_that_lane_covers_it(made: tuple[str, list[Drawn]]) -> None:
    text, spans = made
    rows = lanes(("A1", "A2"), spans)
    at = 0
    for word in words(text, rows):
        if word.text.strip():
            covered = [any(one.start <= at < one.end for one in own) for _, own in rows]
            assert [bool(bar.stands) for bar in word.bars] == (covered if any(covered) else [])
        at += len(word.text)


@pytest.mark.soak
@pytest.mark.parametrize("schema", [0, -1])
def test_the_page_of_the_agreement_is_fit_for_everybody(
    is_fit: Callable[..., None], site: Any, shown: Workspace, schema: int
) -> None:
    is_fit(f"{site.address}/agreement?schema={shown.schemas[schema]}", entry=site.entry)


@pytest.mark.parametrize("schema", [pytest.param(0, marks=pytest.mark.soak), -1])
def test_an_alignment_is_fit_for_everybody(
    is_fit: Callable[..., None], site: Any, shown: Workspace, schema: int
) -> None:
    name = shown.schemas[schema]
    is_fit(f"{site.address}/agreement/{_read_by_two(shown.under(name))}?schema={name}", entry=site.entry)


def _read_by_two(workspace: Workspace) -> str:
    return str(workspace.labels.read("reads")["doc_id"][0])


def test_the_figures_of_the_page_are_those_that_were_measured(
    look: Callable[..., Any], site: Any, shown: Workspace
) -> None:
    page = look(f"{site.address}/agreement", entry=site.entry)
    chart = page.locator("figure.chart", has=page.get_by_role("heading", name="Agreement between annotators"))
    chart.locator("summary").click()
    told = chart.locator("tr", has_text="span_f1_exact").locator("td").all_inner_texts()
    measured = [
        row
        for row in shown.agreed.read("agreement").to_pylist()
        if row["measure"] == "span_f1_exact" and row["label"] == row["annotators"] == row["scope"] == "all"
    ]
    assert told == [
        *(f"{measured[0][name]:.3f}" for name in ("value", "low", "high")),
        *(f"{measured[0][name]:,}" for name in ("n", "documents")),
    ]


def test_what_belongs_together_has_one_number_in_the_lanes_of_both(
    look: Callable[..., Any], site: Any, shown: Workspace
) -> None:
    page = look(f"{site.address}/agreement/{_read_by_two(shown)}", entry=site.entry)
    rows = page.get_by_role("group", name="What belongs together").locator("tbody tr")
    same = rows.filter(has_text="same").locator("th").all_inner_texts()
    alone = rows.filter(has_text="not by all").locator("th").all_inner_texts()
    numbers = page.locator(".lanes .first").all_inner_texts()
    assert same
    assert {numbers.count(number) for number in same} == {2}
    assert all(numbers.count(number) == 1 for number in alone)


def test_a_schema_or_a_document_that_is_not_there_is_not_found(shown: Workspace) -> None:
    with pytest.raises(UnknownError):
        Agreement(shown)({"schema": "no-such"})
    with pytest.raises(UnknownError):
        Aligned(shown)({"doc_id": "no-such"})


def test_an_exported_page_leads_to_parts_of_the_same_file(shown: Workspace) -> None:
    parts = {part.name: part for part in Agreement(shown, exported=True).every()}
    led_to = [piece.partition('"')[0] for piece in parts["agreement"].body.split('href="#')[1:]]
    assert led_to
    assert set(led_to) <= parts.keys()
    assert not any('href="/' in part.body for part in parts.values())
