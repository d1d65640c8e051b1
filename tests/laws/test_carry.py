"""Laws of carrying a span from an article's text to its document's by the edits that made it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.model.document import Edit, apply_edits
from copydesk.studio.carry import edited


@st.composite
def edited_texts(draw: st.DrawFn) -> tuple[str, list[Edit], tuple[int, int]]:
    text = draw(st.text(min_size=1, max_size=40))
    bounds = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    edits = [
        Edit(start, end, text[start:end], draw(st.text(max_size=3)), "test")
        for start, end in zip(bounds[::2], bounds[1::2], strict=False)
    ]
    start = draw(st.integers(0, len(text) - 1))
    return text, edits, (start, draw(st.integers(start + 1, len(text))))


@settings(deadline=None)
@given(made=edited_texts())
def test_a_span_goes_where_the_edits_take_its_words(made: tuple[str, list[Edit], tuple[int, int]]) -> None:
    text, edits, (start, end) = made
    document = apply_edits(text, edits)
    first, last = edited(start, end, edits)
    assert 0 <= first <= last <= len(document)
    # the span widened to whole edits is what a document made of that part alone would say
    touching = [edit for edit in edits if edit.start < end and edit.end > start]
    low = min([start, *(edit.start for edit in touching)])
    high = max([end, *(edit.end for edit in touching)])
    within = [edit._replace(start=edit.start - low, end=edit.end - low) for edit in touching]
    assert document[first:last] == apply_edits(text[low:high], within)
    assert document == apply_edits(text[:low], [edit for edit in edits if edit.end <= low]) + document[first:]
