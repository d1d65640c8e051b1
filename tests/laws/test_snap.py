"""Laws of snapped boundaries: snapping again moves nothing, no word is cut, and no row is lost."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.agreement.snap import snap

drawing = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).parents[1] / "agreement" / "drawing.py"), run_name="drawing")
)
_texts = st.text(st.sampled_from("abZ9' \n-.,é\u0301ب\u064b中ก한\u00a0😀"), min_size=1, max_size=30)


@st.composite
def works(draw):
    text = draw(_texts)
    starts = st.integers(0, len(text) - 1)
    span = st.builds(lambda start, size: (start, min(start + size, len(text)), "ORG"), starts, st.integers(1, 12))
    return text, draw(st.lists(span, max_size=6))


def _inside_word(text, at):
    return 0 < at < len(text) and all(one.isascii() and one.isalnum() for one in text[at - 1 : at + 1])


@settings(deadline=None)
@given(works())
def test_snapped_spans_are_whole_words_and_snapping_again_moves_nothing(drawn):
    text, spans = drawn
    made = drawing.tables([drawing.Work("d", "A1", spans)], texts={"d": text})["spans"]
    known = drawing.documents({"d": text})
    snapped, changes = snap(made, documents=known)
    assert snap(snapped, documents=known)[0] == snapped
    assert snapped["span_id"] == made["span_id"]
    moved = set()
    for before, after in zip(made.to_pylist(), snapped.to_pylist(), strict=True):
        surface = text[after["start"] : after["end"]]
        assert after["surface"] == surface != ""
        assert surface == surface.strip() or not before["surface"].strip()
        assert not _inside_word(text, after["start"])
        assert not _inside_word(text, after["end"])
        moved |= {after["span_id"]} if before != after else set()
    assert set(changes["span_id"].to_pylist()) == moved
    assert all(row["rule"] for row in changes.to_pylist())
