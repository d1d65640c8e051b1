"""How two versions differ, told in counts."""

import copy
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.datasets.diff import Difference, compare
from copydesk.datasets.logical import logical_digest
from copydesk.datasets.nested import flat_tables
from copydesk.model.tables import from_rows

TEXT = "abcdefghij"
SPAN = st.tuples(st.sampled_from("xyz"), st.integers(0, 8), st.integers(1, 2), st.sampled_from(["PERSON", "PLACE"]))
EDITION = st.tuples(
    st.sets(SPAN, max_size=12), st.sets(st.sampled_from("xyz"), min_size=1), st.sampled_from([TEXT, TEXT + "k"])
)


def _published(newsroom, edition):
    drawn, doc_ids, text_of_x = edition
    texts = {f"doc-{key}": text_of_x if key == "x" else TEXT for key in sorted(doc_ids)}
    documents = [newsroom._document(doc_id, text) for doc_id, text in texts.items()]
    spans = [
        {
            "span_id": f"{key}{start}-{length}-{label}",
            "doc_id": f"doc-{key}",
            "revision": 1,
            "text_sha256": "",
            "start": start,
            "end": start + length,
            "surface": TEXT[start : start + length],
            "label": label,
            "attributes": [],
            "votes": 1,
            "readers": 1,
            "annotators": ["A1"],
            "annotation_ids": ["1"],
            "decided": "single",
            "posterior": None,
            "method": "vote",
        }
        for key, start, length, label in sorted(drawn)
        if key in doc_ids
    ]
    tables = newsroom.newsroom(texts={})
    tables |= {"documents": from_rows("documents", documents), "agreed_spans": from_rows("agreed_spans", spans)}
    tables |= {"articles": from_rows("articles", [newsroom._article(doc_id) for doc_id in texts])}
    return flat_tables(tables)


@settings(deadline=None, max_examples=60)
@given(EDITION, EDITION)
def test_the_counts_of_a_difference_lead_from_the_old_version_to_the_new(newsroom, one, two):
    old, new = _published(newsroom, one), _published(newsroom, two)
    found = compare(old, new)
    before, after = (Counter(tables["spans"]["label"].to_pylist()) for tables in (old, new))
    for label in ("PERSON", "PLACE"):
        step = Counter(found.spans.get(label, {}))
        led = before[label] + step["added"] - step["removed"] + step["relabelled"] - step["relabelled_away"]
        assert led == after[label]
    back = compare(new, old)
    assert found.documents_added == back.documents_removed
    there, here = (sum(row.get("relabelled", 0) for row in one.spans.values()) for one in (found, back))
    assert there == here
    assert (found == Difference()) == (
        logical_digest(old["spans"]) == logical_digest(new["spans"])
        and logical_digest(old["documents"]) == logical_digest(new["documents"])
    )


def test_published_tables_leave_their_input_alone(newsroom):
    tables = newsroom.newsroom()
    before = copy.deepcopy({name: table.to_pylist() for name, table in tables.items()})
    flat_tables(tables)
    assert {name: table.to_pylist() for name, table in tables.items()} == before
