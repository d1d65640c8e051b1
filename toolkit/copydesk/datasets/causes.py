"""Why labels changed between two versions: the changes and both versions go in, a cause for each comes out.

A cause is what the tables show, the first of these that holds: *new article*, *retraction*, *withdrawn article*, *revision* (the text
changed), *migration* (one of the label sets does not know the label), *adjudication*, *new annotator* (somebody read the document who
had not), *correction* (an annotation was changed, or is gone), *decision* (the same votes were decided otherwise).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.changes import CHANGES
from copydesk.datasets.diff import Difference
from copydesk.datasets.edition import Edition

CAUSES = (
    *("new article", "retraction", "withdrawn article", "revision", "migration", "adjudication", "new annotator"),
    *("correction", "decision"),
)
CAUSED = pa.schema(
    [
        *CHANGES,
        pa.field("cause", pa.string(), nullable=False),  # one of CAUSES
        pa.field("split", pa.string(), nullable=False),  # of the document, in the new version if it is there
        pa.field("surface", pa.string()),  # of a span, in the new version if it is there
    ]
)
ORDER = ("doc_id", "layer", "new_start", "old_start", "kind", "new_id", "old_id")


def caused(difference: Difference, *, old: Edition, new: Edition, retracted: Collection[str]) -> pa.Table:
    """Give the rows of a difference with causes, as ``CAUSED``, sorted; ``retracted`` are the documents that were taken back."""
    rows = difference.rows
    whole = dict.fromkeys(difference.documents_added, "new article")
    whole |= {one: "retraction" if one in retracted else "withdrawn article" for one in difference.documents_removed}
    whole |= dict.fromkeys(difference.texts_changed, "revision")
    changed = sorted(set(rows["doc_id"].to_pylist()) - whole.keys())
    votes = _Votes(old, new, changed)
    doc_ids = rows["doc_id"].to_pylist()
    told = [whole.get(row["doc_id"]) or votes.cause(row) for row in _plain(rows)]
    splits = [new.splits.get(one) or old.splits[one] for one in doc_ids]
    columns = [*rows.columns, pa.array(told, pa.string()), pa.array(splits, pa.string()), _surfaces(rows, old, new)]
    return pa.table(columns, CAUSED).sort_by([(name, "ascending") for name in ORDER])


def _plain(rows: pa.Table) -> Iterator[dict[str, Any]]:
    names = ["doc_id", "layer", "old_label", "new_label", "old_id", "new_id"]
    for values in zip(*(rows[name].to_pylist() for name in names), strict=True):
        yield dict(zip(names, values, strict=True))


class _Votes:
    """Who read the changed documents, before and after, and what was adjudicated."""

    def __init__(self, old: Edition, new: Edition, doc_ids: list[str]) -> None:
        self._known = old.labels, new.labels
        self._people = [_by_document(side.tables["reads"], doc_ids, "annotator") for side in (old, new)]
        self._work = [_by_document(side.tables["reads"], doc_ids, "annotation_id", "updated_at") for side in (old, new)]
        self._adjudicated = [_adjudicated(side.tables, doc_ids) for side in (old, new)]

    def cause(self, row: Mapping[str, Any]) -> str:
        doc_id, layer = row["doc_id"], row["layer"]
        labels = [one for one in (row["old_label"], row["new_label"]) if one is not None]
        if layer == "span" and not all(one in known for one in labels for known in self._known):
            return "migration"
        before, after = self._adjudicated
        if row["new_id"] in after and row["old_id"] not in before:
            return "adjudication"
        if self._people[1][doc_id] - self._people[0][doc_id]:
            return "new annotator"
        return "decision" if self._work[0][doc_id] == self._work[1][doc_id] else "correction"


def _by_document(reads: pa.Table, doc_ids: list[str], *names: str) -> Mapping[str, set[tuple[Any, ...]]]:
    rows = reads.filter(pc.is_in(reads["doc_id"], value_set=pa.array(doc_ids, pa.string())))
    found: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for doc_id, *values in zip(*(rows[name].to_pylist() for name in ("doc_id", *names)), strict=True):
        found[doc_id].add(tuple(values))
    return found


def _adjudicated(tables: Mapping[str, pa.Table], doc_ids: list[str]) -> set[str]:
    found: set[str] = set()
    for name, identity in (("spans", "span_id"), ("relations", "relation_id")):
        rows = tables[name].filter(pc.equal(tables[name]["decided"], "adjudicated"))
        rows = rows.filter(pc.is_in(rows["doc_id"], value_set=pa.array(doc_ids, pa.string())))
        found.update(rows[identity].to_pylist())
    return found


def _surfaces(rows: pa.Table, old: Edition, new: Edition) -> pa.ChunkedArray | pa.Array:
    """The text of each changed span."""
    found = []
    for side, name in ((new, "new_id"), (old, "old_id")):
        spans = side.tables["spans"]
        at = pc.index_in(rows[name], value_set=spans["span_id"].combine_chunks(), skip_nulls=True)
        found.append(pc.take(spans["surface"], at))
    return pc.if_else(pc.equal(rows["layer"], "span"), pc.coalesce(*found), pa.scalar(None, pa.string()))
