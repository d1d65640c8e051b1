"""The rules against their plain definitions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.model.document import Edit, apply_edits
from copydesk.model.tables import TABLES
from copydesk.validation.label_rules import MAIL, items_counted, items_have_parent, no_mail_address
from copydesk.validation.lookup import MISSING, Lookup
from copydesk.validation.overlap import overlap_allowed
from copydesk.validation.rules import edits_fit, end_in_text, has_parent, surface_is_slice
from copydesk.validation.slices import slices_differ

LAW = settings(deadline=None, max_examples=200)
TEXTS = st.text(alphabet=st.sampled_from("ab é😀\n’"), max_size=30)
MARK = "§"  # stands in none of the texts above
OFFSETS = st.integers(-2, 34)


def table(name: str, rows: list[dict[str, object]]) -> pa.Table:
    """Rows of a table with an empty cell for every column that is not given."""
    return pa.Table.from_pylist(
        [{column: row.get(column) for column in TABLES[name].names} for row in rows], TABLES[name]
    )


def documents(texts: list[str]) -> pa.Table:
    return table("documents", [{"doc_id": f"d{n}", "revision": 1, "text": text} for n, text in enumerate(texts)])


@LAW
@given(
    st.lists(st.tuples(st.sampled_from("xy"), st.integers(-1, 12), st.integers(-1, 12)), max_size=14),
    st.sampled_from(["none", "nested", "any"]),
)
def test_a_span_fails_where_an_earlier_one_conflicts_with_it(spans, policy):
    rows = [{"span_id": str(n), "doc_id": d, "start": s, "end": e} for n, (d, s, e) in enumerate(spans)]
    lookup = Lookup({"spans": table("spans", rows)})
    found = overlap_allowed(lookup, "spans", group=["doc_id"], start="start", end="end", policy=policy)
    valid = [(d, s, -e, n) for n, (d, s, e) in enumerate(spans) if 0 <= s < e]

    def conflict(one: tuple[str, int, int, int], other: tuple[str, int, int, int]) -> bool:
        (doc, start, end, number), (doc2, start2, end2, number2) = one, other
        earlier = (doc2, start2, end2, number2) < (doc, start, end, number)
        overlaps = doc == doc2 and start < -end2 and start2 < -end
        crosses = start2 < start < -end2 < -end
        return earlier and {"none": overlaps, "nested": overlaps and crosses, "any": False}[policy]

    expected = sorted({one[3] for one in valid if any(conflict(one, other) for other in valid)})
    assert found.rows.tolist() == expected
    for row in expected:
        other = int(found.see(row).split()[1])
        assert conflict(next(one for one in valid if one[3] == row), next(one for one in valid if one[3] == other))


@LAW
@given(
    st.lists(TEXTS, min_size=1, max_size=3), st.lists(st.tuples(st.integers(0, 3), OFFSETS, OFFSETS, TEXTS)), st.data()
)
def test_a_span_inside_its_text_fails_where_its_surface_is_not_the_slice(texts, spans, data):
    rows = []
    for number, start, end, surface in spans:
        honest = number < len(texts) and data.draw(st.booleans())
        said = texts[number][max(start, 0) : max(end, 0)] if honest else surface
        rows.append({"doc_id": f"d{number}", "revision": 1, "start": start, "end": end, "surface": said})
    lookup = Lookup({"documents": documents(texts), "spans": table("spans", rows)})
    wrong, outside, orphans = [], [], []
    for row, (number, start, end, _) in enumerate(spans):
        if number >= len(texts):
            orphans.append(row)
        elif end > len(texts[number]):
            outside.append(row)
        elif 0 <= start < end and texts[number][start:end] != rows[row]["surface"]:
            wrong.append(row)
    found = surface_is_slice(lookup, "spans", start="start", end="end", surface="surface", unless={})
    assert found.rows.tolist() == wrong
    assert all(found.see(row) for row in wrong)
    assert end_in_text(lookup, "spans", end="end").rows.tolist() == outside
    key = ["doc_id", "revision"]
    assert (
        has_parent(lookup, "spans", columns=key, reference="documents", reference_columns=key).rows.tolist() == orphans
    )


@LAW
@given(st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=6), st.integers(1, 40), st.data())
def test_slices_are_compared_as_python_slices_them_however_many_texts_are_looked_at_together(texts, block, data):
    places = []
    for parent, text in enumerate(texts):
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        said = data.draw(st.one_of(st.just(text[start:end]), st.just(text[start : end + 1]), st.text(max_size=4)))
        places += [(parent, start, end, said)] * data.draw(st.integers(0, 2))
    parents, starts, ends = (np.array([place[at] for place in places], dtype=np.int64) for at in range(3))
    said = pa.array([place[3] for place in places], pa.string())
    before = pa.array(["é", *texts], pa.string()).slice(1)  # an array may begin anywhere in its bytes
    found = slices_differ(before, parents, starts, ends, said, block=block)
    assert found.tolist() == [texts[parent][start:end] != one for parent, start, end, one in places]


@LAW
@given(TEXTS, st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), TEXTS), max_size=8))
def test_edits_that_make_the_document_fit_and_one_that_does_not_is_found(article, steps):
    edits, at = [], 0
    for gap, length, inserted in steps:
        start, end = at + gap, at + gap + length
        if end > len(article):
            break
        edits.append(Edit(start, end, article[start:end], inserted, "r"))
        at = end
    text = apply_edits(article, edits)
    rows = [
        {
            "doc_id": "d0",
            "revision": 1,
            "seq": n,
            "start": e.start,
            "end": e.end,
            "removed": e.removed,
            "inserted": e.inserted,
        }
        for n, e in enumerate(edits)
    ]
    order = {"start": "start", "end": "end", "inserted": "inserted", "order": "seq"}
    fitting = Lookup({"documents": documents([text]), "edits": table("edits", rows[::-1])})
    assert edits_fit(fitting, "edits", **order).rows.tolist() == []
    if rows:
        rows[-1]["inserted"] = f"{rows[-1]['inserted']}{MARK}"
        broken = Lookup({"documents": documents([text]), "edits": table("edits", rows)})
        assert edits_fit(broken, "edits", **order).rows.tolist() == [len(rows) - 1]


@LAW
@given(st.lists(st.sampled_from(["a", "b", "c", None])), st.lists(st.sampled_from(["a", "b", None])))
def test_a_parent_is_the_first_row_with_the_same_key(keys, parents):
    lookup = Lookup(
        {
            "spans": table("spans", [{"annotation_id": key} for key in keys]),
            "reads": table("reads", [{"annotation_id": key} for key in parents]),
        }
    )
    found = lookup.parents("spans", ["annotation_id"], reference="reads")
    assert found.tolist() == [parents.index(key) if key is not None and key in parents else MISSING for key in keys]


@LAW
@given(st.lists(st.lists(st.sampled_from(["A1", "A2", "A3"]), max_size=4)), st.data())
def test_lists_are_counted_and_looked_up_item_by_item(lists, data):
    votes = [data.draw(st.integers(0, 3)) for _ in lists]
    rows = [{"annotators": one, "votes": said} for one, said in zip(lists, votes, strict=True)]
    lookup = Lookup({"agreed_spans": table("agreed_spans", rows), "reads": table("reads", [{"annotator": "A1"}])})
    counted = items_counted(lookup, "agreed_spans", column="annotators", count_column="votes")
    assert counted.rows.tolist() == [n for n, one in enumerate(lists) if len(set(one)) != votes[n]]
    orphans = items_have_parent(
        lookup, "agreed_spans", column="annotators", reference="reads", reference_column="annotator"
    )
    assert orphans.rows.tolist() == [n for n, one in enumerate(lists) if set(one) - {"A1"}]
    assert all("‘A1’" not in orphans.see(int(row)) for row in orphans.rows)


def test_a_mail_address_that_the_article_prints_is_no_leak():
    rows = [
        {
            "doc_id": "d0",
            "revision": 1,
            "annotator": "A1",
            "attributes": [{"name": "kb", "value": "desk@paper.example"}],
        },
        {"doc_id": "d0", "revision": 1, "annotator": "eva.k@home.example", "attributes": []},
        {"doc_id": "d0", "revision": 1, "annotator": "@handle", "attributes": [{"name": "kb", "value": "a@b"}]},
    ]
    lookup = Lookup({"documents": documents(["Write to desk@paper.example."]), "spans": table("spans", rows)})
    found = no_mail_address(lookup, "spans", columns=["annotator", "attributes"])
    assert found.rows.tolist() == [1]
    assert found.see(1) == "e…@home.example in annotator"
    assert "eva" not in found.see(1)


def test_the_mail_pattern_is_linear_on_long_texts():
    import re

    assert re.findall(MAIL, "a" * 200_000 + "@" + "b." * 50_000) == []


def test_positions_are_integers_that_numpy_can_index_with():
    lookup = Lookup({"spans": table("spans", []), "documents": documents([])})
    assert lookup.parents("spans", ["doc_id"], reference="documents").dtype == np.int64
