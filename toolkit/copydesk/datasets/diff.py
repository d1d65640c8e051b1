"""The difference between two versions: two sets of published tables go in, counts for each label come out.

Documents whose text changed are counted as documents, and all their labels as removed and added: offsets into one text say
nothing of another. In all others a span is *relabelled* where the same characters carry another label, *moved* where an
overlapping span carries the same label, and *reworded* where only its attributes changed. For every label,
``new = old + added - removed + relabelled - relabelled_away``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

KINDS = ("added", "removed", "relabelled", "relabelled_away", "moved", "reworded")
_BLOCK = 1_000
_SPAN = ("doc_id", "start", "end", "label")
_ENDS = ("doc_id", "head_start", "head_end", "tail_start", "tail_end", "label")


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two versions; document identities are sorted. ``corrected`` counts label changes in documents
    that both versions hold with the same text: ``spans`` and ``relations`` count those of other documents too.
    ``returned_changed`` names documents among those added that come back with another text, by the version that held them last:
    two versions do not tell, so ``compare`` leaves it empty, and ``returned.returned_changed`` finds them. Nor does it know of splits:
    ``moved`` counts the documents of both versions that changed theirs, by the two splits.
    """

    documents_added: tuple[str, ...] = ()
    documents_removed: tuple[str, ...] = ()
    texts_changed: tuple[str, ...] = ()
    licences_changed: tuple[str, ...] = ()
    spans: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    relations: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
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
            "spans": {label: dict(counts) for label, counts in sorted(self.spans.items())},
            "relations": {label: dict(counts) for label, counts in sorted(self.relations.items())},
        }


def compare(old: Mapping[str, pa.Table], new: Mapping[str, pa.Table]) -> Difference:
    """Compare two versions by their published tables ``documents``, ``spans`` and ``relations``."""
    before, after = (_facts(tables["documents"]) for tables in (old, new))
    both = sorted(before.keys() & after.keys())
    same = [doc_id for doc_id in both if before[doc_id][0] == after[doc_id][0]]
    spans, corrected = _spans(old["spans"], new["spans"], same)
    relations, rewired = _relations(_wired(old), _wired(new), same)
    return Difference(
        documents_added=tuple(sorted(after.keys() - before.keys())),
        documents_removed=tuple(sorted(before.keys() - after.keys())),
        texts_changed=tuple(doc_id for doc_id in both if before[doc_id][0] != after[doc_id][0]),
        licences_changed=tuple(doc_id for doc_id in both if before[doc_id][1] != after[doc_id][1]),
        spans=spans,
        relations=relations,
        corrected={**corrected, **{f"relations {kind}": count for kind, count in rewired.items()}},
    )


def _facts(documents: pa.Table) -> dict[str, tuple[str, str | None]]:
    columns = (documents[name].to_pylist() for name in ("doc_id", "text_sha256", "licence"))
    return {doc_id: (digest, licence) for doc_id, digest, licence in zip(*columns, strict=True)}


_Counts = dict[str, dict[str, int]]


def _spans(old: pa.Table, new: pa.Table, same: Sequence[str]) -> tuple[_Counts, dict[str, int]]:
    counts: _Counts = defaultdict(lambda: dict.fromkeys(KINDS, 0))
    (old_here, old_else), (new_here, new_else) = (_split(table, same) for table in (old, new))
    gone, come = _apart(old_here, new_here, _SPAN), _apart(new_here, old_here, _SPAN)
    for kind, label in _matched(gone, come):
        counts[label][kind] += 1
    # What has other attributes and nothing else is found among the spans that stand in both.
    kept_old, kept_new = (_sorted_out(table, rest) for table, rest in ((old_here, gone), (new_here, come)))
    for label in _reworded(kept_old, kept_new):
        counts[label]["reworded"] += 1
    corrected = Counter[str]()
    for row in counts.values():
        corrected.update({kind: row[kind] for kind in KINDS if kind != "relabelled_away" and row[kind]})
    _count(counts, "removed", old_else)
    _count(counts, "added", new_else)
    return {label: row for label, row in counts.items() if any(row.values())}, dict(corrected)


def _relations(old: pa.Table, new: pa.Table, same: Sequence[str]) -> tuple[_Counts, dict[str, int]]:
    counts: _Counts = defaultdict(lambda: {"added": 0, "removed": 0})
    (old_here, old_else), (new_here, new_else) = (_split(table, same) for table in (old, new))
    gone, come = _apart(old_here, new_here, _ENDS), _apart(new_here, old_here, _ENDS)
    corrected = {kind: table.num_rows for kind, table in (("removed", gone), ("added", come)) if table.num_rows}
    for kind, table in (("removed", gone), ("removed", old_else), ("added", come), ("added", new_else)):
        _count(counts, kind, table)
    return dict(counts), corrected


def _split(table: pa.Table, doc_ids: Sequence[str]) -> tuple[pa.Table, pa.Table]:
    here = pc.is_in(table["doc_id"], value_set=pa.array(doc_ids, pa.string()))
    return table.filter(here), table.filter(pc.invert(here))


def _apart(left: pa.Table, right: pa.Table, key: Sequence[str]) -> pa.Table:
    """The keys that stand in ``left`` alone, sorted."""
    alone = left.select(key).join(right.select(key), keys=list(key), join_type="left anti")
    return alone.sort_by([(name, "ascending") for name in key])


def _sorted_out(table: pa.Table, without: pa.Table) -> pa.Table:
    """The rows whose key is not in ``without``, sorted by key: label and attributes only."""
    numbered = table.select(_SPAN).append_column("at", pa.array(range(table.num_rows), pa.int64()))
    kept = numbered.join(without, keys=list(_SPAN), join_type="left anti").sort_by(
        [(name, "ascending") for name in _SPAN]
    )
    return table.select(["label", "attributes"]).take(kept["at"])


def _reworded(old: pa.Table, new: pa.Table) -> Iterable[str]:
    """The labels of the rows whose attributes differ. Blocks of rows that are the same, as most are, are not looked into."""
    for at in range(0, old.num_rows, _BLOCK):
        before, after = (table["attributes"].slice(at, _BLOCK) for table in (old, new))
        if not before.equals(after):
            labels = old["label"].slice(at, _BLOCK).to_pylist()
            rows = zip(labels, before.to_pylist(), after.to_pylist(), strict=True)
            yield from (label for label, one, other in rows if one != other)


def _count(counts: _Counts, kind: str, table: pa.Table) -> None:
    for entry in pc.value_counts(table["label"]).to_pylist():
        counts[entry["values"]][kind] += entry["counts"]


def _matched(gone: pa.Table, come: pa.Table) -> Iterable[tuple[str, str]]:
    """Pair what went with what came; give (kind, label) for each count."""
    come_by_doc: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    gone_by_doc: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for table, by_doc in ((gone, gone_by_doc), (come, come_by_doc)):
        for doc_id, *span in zip(*(table[name].to_pylist() for name in _SPAN), strict=True):
            by_doc[doc_id].append((span[0], span[1], span[2]))
    for doc_id in gone_by_doc.keys() | come_by_doc.keys():
        yield from _paired(gone_by_doc[doc_id], come_by_doc[doc_id])


def _paired(gone: Sequence[tuple[int, int, str]], come: Sequence[tuple[int, int, str]]) -> Iterable[tuple[str, str]]:
    waiting = list(come)
    left = []
    for start, end, label in gone:
        new = next((span for span in waiting if span[:2] == (start, end)), None)
        if new is None:
            left.append((start, end, label))
            continue
        waiting.remove(new)
        yield from (("relabelled_away", label), ("relabelled", new[2]))
    for start, end, label in left:
        new = next((span for span in waiting if span[2] == label and span[0] < end and start < span[1]), None)
        if new is not None:
            waiting.remove(new)
        yield ("removed" if new is None else "moved"), label
    yield from (("added", label) for _, _, label in waiting)


def _wired(tables: Mapping[str, pa.Table]) -> pa.Table:
    """The relations by what they join instead of by identities, which a relabelled span does not keep."""
    spans, relations = tables["spans"].combine_chunks(), tables["relations"]
    columns = {"doc_id": relations["doc_id"]}
    for end in ("head", "tail"):
        at = pc.index_in(relations[f"{end}_span_id"], value_set=spans["span_id"])
        columns |= {f"{end}_{name}": pc.take(spans[name], at) for name in ("start", "end")}
    return pa.table({**columns, "label": relations["label"]})
