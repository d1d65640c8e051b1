from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from copydesk.studio.shares import by_document

NAMES = st.lists(st.sampled_from(["", "a", "b", "c", "dd", "é"]), max_size=30)


@given(of_annotations=NAMES, of_documents=NAMES, of_others=NAMES, rows=st.integers(1, 8))
def test_no_document_is_in_two_shares_and_all_that_belongs_to_an_annotation_is_in_its_share(
    of_annotations: list[str], of_documents: list[str], of_others: list[str], rows: int
) -> None:
    annotations, documents = (
        pa.table({"doc_id": pa.array(ids, pa.string()), "row": pa.array(range(len(ids)), pa.int64())})
        for ids in (of_annotations, of_documents)
    )
    others = [(doc_id, row) for row, doc_id in enumerate(of_others)]
    shares = list(by_document(annotations, documents, others, rows=rows))
    ids = [set(share["doc_id"].to_pylist()) for share, _, _ in shares]
    assert sum(map(len, ids)) == len(set(of_annotations))
    assert sorted(row for share, _, _ in shares for row in share["row"].to_pylist()) == list(range(len(of_annotations)))
    for here, (share, own, more) in zip(ids, shares, strict=True):
        assert own["row"].to_pylist() == sorted(own["row"].to_pylist(), key=lambda row: (of_documents[row], row))
        assert set(own["row"].to_pylist()) == {row for row, doc_id in enumerate(of_documents) if doc_id in here}
        assert sorted(more) == sorted(one for one in others if one[0] in here)
        assert share["row"].to_pylist() == sorted(share["row"].to_pylist(), key=lambda row: (of_annotations[row], row))
    assert all(share.num_rows >= rows for share, _, _ in shares[:-1])
