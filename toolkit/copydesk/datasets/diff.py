"""The difference between two versions: two sets of published tables go in, what a version number needs to know comes out.

Documents are compared by their texts, labels by ``changes``. For every label of spans,
``new = old + added - removed + relabelled - relabelled_away``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.changes import CHANGES, changes

KINDS = ("added", "removed", "relabelled", "relabelled_away", "moved", "rewired", "reworded")
TABLES = ("documents", "spans", "relations", "categories")  # what is compared; categories where there are any

_MANY = {"relation": "relations", "category": "categories"}


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two versions; document identities are sorted. ``corrected`` counts label changes in documents
    that both versions hold with the same text: the other counts are of all documents.
    ``returned_changed`` names documents among those added that come back with another text, by the version that held them last:
    two versions do not tell, so ``compare`` leaves it empty, and ``returned.returned_changed`` finds them. Nor does it know of splits:
    ``moved`` counts the documents of both versions that changed theirs, by the two splits.
    """

    documents_added: tuple[str, ...] = ()
    documents_removed: tuple[str, ...] = ()
    texts_changed: tuple[str, ...] = ()
    licences_changed: tuple[str, ...] = ()
    rows: pa.Table = field(default_factory=CHANGES.empty_table)  # as in changes.CHANGES
    spans: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # counts by label and kind, as the next two
    relations: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    categories: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    corrected: Mapping[str, int] = field(default_factory=dict)
    returned_changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    moved: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The counts as the manifest holds them."""
        return {
            "documents": {
                "added": len(self.documents_added),
                "removed": len(self.documents_removed),
                "text_changed": len(self.texts_changed),
                "licence_changed": len(self.licences_changed),
            },
            "spans": dict(self.spans),
            "relations": dict(self.relations),
            "categories": dict(self.categories),
        }


def compare(old: Mapping[str, pa.Table], new: Mapping[str, pa.Table]) -> Difference:
    """Compare two versions by their published ``TABLES``."""
    before, after = (_facts(tables["documents"]) for tables in (old, new))
    both = sorted(before.keys() & after.keys())
    same = [doc_id for doc_id in both if before[doc_id][0] == after[doc_id][0]]
    found = changes(old, new, same=same)
    return Difference(
        documents_added=tuple(sorted(after.keys() - before.keys())),
        documents_removed=tuple(sorted(before.keys() - after.keys())),
        texts_changed=tuple(doc_id for doc_id in both if before[doc_id][0] != after[doc_id][0]),
        licences_changed=tuple(doc_id for doc_id in both if before[doc_id][1] != after[doc_id][1]),
        rows=found,
        spans=_by_label(found, "span"),
        relations=_by_label(found, "relation"),
        categories=_by_label(found, "category"),
        corrected=_corrected(found, same),
    )


def _facts(documents: pa.Table) -> dict[str, tuple[str, str | None]]:
    columns = (documents[name].to_pylist() for name in ("doc_id", "text_sha256", "licence"))
    return {doc_id: (digest, licence) for doc_id, digest, licence in zip(*columns, strict=True)}


def _corrected(found: pa.Table, same: Sequence[str]) -> dict[str, int]:
    """Count the changes in documents whose text is the same in both versions, by layer and kind."""
    rows = found.filter(pc.is_in(found["doc_id"], value_set=pa.array(same, pa.string())))
    counts = (
        rows.group_by(["layer", "kind"])
        .aggregate([([], "count_all")])
        .sort_by([("layer", "descending"), ("kind", "ascending")])
    )
    return {
        row["kind"] if row["layer"] == "span" else f"{_MANY[row['layer']]} {row['kind']}": row["count_all"]
        for row in counts.to_pylist()
    }


def _by_label(found: pa.Table, layer: str) -> dict[str, dict[str, int]]:
    """Count the changes of a layer for each label."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    rows = found.filter(pc.equal(found["layer"], layer))
    grouped = rows.group_by(["kind", "old_label", "new_label"]).aggregate([([], "count_all")])
    for row in grouped.to_pylist():
        old, new, count = row["old_label"], row["new_label"], row["count_all"]
        if row["kind"] == "relabelled":
            counts[old]["relabelled_away"] += count
        counts[new or old][row["kind"]] += count
    return {label: dict(counted) for label, counted in sorted(counts.items())}
