"""What changed between two versions, label by label: two sets of published tables go in, a row for each change comes out.

Where a document's text changed, or it is in one version alone, all its labels went or came: offsets into one text say nothing of
another. In all others a label is *relabelled* where the same characters carry another label, *moved* where an overlapping span
carries the same one, *reworded* where only its attributes changed; a relation is *rewired* where one of its ends is another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.matching import Ints, differing, numbered, partners

KINDS = ("added", "removed", "relabelled", "moved", "rewired", "reworded")
_KEY = ("doc_id", "start", "end", "tail_start", "tail_end", "name", "label")
_SHOWN = ("id", "label", "start", "end", "tail_start", "tail_end")
_TEXTS = ("doc_id", "name", "label", "id")

CHANGES = pa.schema(
    [
        pa.field("layer", pa.string(), nullable=False),  # span, relation, category
        pa.field("kind", pa.string(), nullable=False),  # one of KINDS
        pa.field("doc_id", pa.string(), nullable=False),
        *(
            pa.field(f"{side}_{name}", pa.string() if name in _TEXTS else pa.int64())
            for side in ("old", "new")
            for name in _SHOWN
        ),
    ]
)
TABLES = ("spans", "relations", "categories")  # those that the changes are found in, and no others


_Place = tuple[int, int, int, int, str | None]


class _Label(NamedTuple):
    """A label that stands in one version alone: its row, and what it is paired by."""

    at: int
    start: int
    end: int
    tail_start: int
    tail_end: int
    name: str | None
    label: str

    @property
    def place(self) -> _Place:
        return self.start, self.end, self.tail_start, self.tail_end, self.name


def changes(old: Mapping[str, pa.Table], new: Mapping[str, pa.Table], *, same: Sequence[str]) -> pa.Table:
    """Give a row of ``CHANGES`` for each label that is not the same in both; ``same`` are the documents whose text is.

    Both hold the published tables of ``TABLES``, categories only where there are any.
    """
    layers = {"span": _spans, "relation": _relations, "category": _categories}
    known = pa.array(same, pa.string())
    found = [_of_layer(layer, form(old), form(new), known) for layer, form in layers.items()]
    return pa.concat_tables(found).combine_chunks()


def _of_layer(layer: str, old: pa.Table, new: pa.Table, same: pa.Array) -> pa.Table:
    if not old.num_rows and not new.num_rows:
        return CHANGES.empty_table()
    names = ["doc_id", *(name for name in _KEY[1:] if any(table[name].null_count < len(table) for table in (old, new)))]
    keys = [numbered(old[name], new[name]) for name in names]
    at = partners([key[0] for key in keys], [key[1] for key in keys])
    of_old, of_new, doc_ids = keys[0]
    known = pc.is_in(doc_ids, value_set=same).to_numpy(zero_copy_only=False)
    here, there = known[of_old], known[of_new]
    kept = (at >= 0) & here
    taken = np.zeros(new.num_rows, bool)
    taken[at[kept]] = True
    gone, come = np.flatnonzero(~here), np.flatnonzero(~there)
    parts = [
        _rows(layer, "removed", (old, gone), (new, np.full(len(gone), -1))),
        _rows(layer, "added", (old, np.full(len(come), -1)), (new, come)),
    ]
    pairs: dict[str, list[tuple[int, int]]] = defaultdict(list)
    gone, come = np.flatnonzero(here & ~kept), np.flatnonzero(there & ~taken)
    before, after = _relabelled(keys, gone, come)
    parts.append(_rows(layer, "relabelled", (old, before), (new, after)))
    for kind, left, right in _paired(old, np.setdiff1d(gone, before), new, np.setdiff1d(come, after)):
        pairs[kind].append((left, right))
    if "attributes" in old.column_names:
        both = np.flatnonzero(kept), at[kept]
        apart = differing(old["attributes"], new["attributes"], both)
        pairs["reworded"] += zip(both[0][apart].tolist(), both[1][apart].tolist(), strict=True)
    for kind, those in sorted(pairs.items()):
        before, after = (np.array([pair[side] for pair in those], np.int64) for side in (0, 1))
        parts.append(_rows(layer, kind, (old, before), (new, after)))
    return pa.concat_tables(parts)


def _relabelled(keys: Sequence[tuple[Ints, Ints, pa.Array]], gone: Ints, come: Ints) -> tuple[Ints, Ints]:
    """Pair what went with what came at the same place, where there is one of either; ``keys`` end with the label."""
    *places, labels = keys
    at = partners([key[0][gone] for key in places], [key[1][come] for key in places])
    found = np.flatnonzero(at >= 0)
    _, first = np.unique(at[found], return_index=True)
    before, after = gone[found[first]], come[at[found[first]]]
    other = labels[0][before] != labels[1][after]
    return before[other], after[other]


def _paired(old: pa.Table, gone: Ints, new: pa.Table, come: Ints) -> Iterator[tuple[str, int, int]]:
    """Pair what went with what came, document by document: the kind and both rows, -1 for none."""
    waiting: dict[str, dict[_Place, list[_Label]]] = defaultdict(lambda: defaultdict(list))
    for doc_id, label in _labels(new, come):
        waiting[doc_id][label.place].append(label)
    left: dict[str, list[_Label]] = defaultdict(list)
    for doc_id, label in _labels(old, gone):
        here = waiting[doc_id][label.place]
        if not here:
            left[doc_id].append(label)
        elif (found := here.pop(0)).label != label.label:  # else two keys fell on one number, and nothing changed
            yield "relabelled", label.at, found.at
    others = {doc_id: [one for here in places.values() for one in here] for doc_id, places in waiting.items()}
    for doc_id, labels in left.items():
        for label in labels:
            kind, heir = _like(label, others[doc_id])
            if heir is not None:
                others[doc_id].remove(heir)
            yield kind, label.at, heir.at if heir else -1
    yield from (("added", -1, label.at) for labels in others.values() for label in labels)


def _like(label: _Label, waiting: Sequence[_Label]) -> tuple[str, _Label | None]:
    """The label that this one became, in other words or places, and how."""
    for one in waiting:
        if one.label != label.label or one.name != label.name or label.name is not None:
            continue
        if label.tail_start < 0:
            if one.start < label.end and label.start < one.end:
                return "moved", one
        elif one[1:3] == label[1:3] or one[3:5] == label[3:5]:
            return "rewired", one
    return "removed", None


def _labels(table: pa.Table, rows: Ints) -> Iterator[tuple[str, _Label]]:
    taken = table.take(pa.array(rows)).sort_by([(name, "ascending") for name in _KEY])
    numbers = (pc.fill_null(taken[name], -1).to_pylist() for name in _KEY[1:5])
    at = taken["at"].to_pylist()
    for doc_id, *label in zip(
        taken["doc_id"].to_pylist(), at, *numbers, *(taken[n].to_pylist() for n in _KEY[5:]), strict=True
    ):
        yield doc_id, _Label(*label)


def _rows(layer: str, kind: str, before: tuple[pa.Table, Ints], after: tuple[pa.Table, Ints]) -> pa.Table:
    """Rows of ``CHANGES`` of one kind, each of a row of either table; -1 is none."""
    count = len(before[1])
    columns = {name: pa.array([value] * count, pa.string()) for name, value in (("layer", layer), ("kind", kind))}
    shown = ["doc_id", *_SHOWN]
    sides = [table.select(shown).take(pa.array(at, pa.int64(), mask=at < 0)) for table, at in (before, after)]
    for side, rows in zip(("old", "new"), sides, strict=True):
        columns |= {f"{side}_{name}": rows[name] for name in _SHOWN}
    columns["doc_id"] = pc.coalesce(*(rows["doc_id"] for rows in sides))
    return pa.table([columns[name] for name in CHANGES.names], CHANGES)


def _form(columns: Mapping[str, pa.ChunkedArray], rows: int) -> pa.Table:
    """Labels of a layer in the form that all layers have; what a layer does not know of is empty."""
    whole = dict(columns) | {"at": pa.array(np.arange(rows))}
    for name in (*_KEY, *_SHOWN):
        if name not in whole:
            whole[name] = pa.nulls(rows, pa.string() if name in _TEXTS else pa.int64())
    return pa.table(whole).combine_chunks()  # rows are taken of it again and again


def _spans(tables: Mapping[str, pa.Table]) -> pa.Table:
    spans = tables["spans"]
    columns = {name: spans[name] for name in ("doc_id", "start", "end", "label", "attributes")}
    return _form(columns | {"id": spans["span_id"]}, spans.num_rows)


def _relations(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Relations by what they join instead of by identities, which a relabelled span does not keep."""
    spans, relations = tables["spans"], tables["relations"]
    ends = pc.unique(
        pa.chunked_array([*relations["head_span_id"].chunks, *relations["tail_span_id"].chunks], pa.string())
    )
    spans = spans.select(["span_id", "start", "end"]).filter(pc.is_in(spans["span_id"], value_set=ends))
    known = spans["span_id"].combine_chunks()
    columns = {"doc_id": relations["doc_id"], "label": relations["label"], "id": relations["relation_id"]}
    for end, prefix in (("head", ""), ("tail", "tail_")):
        at = pc.index_in(relations[f"{end}_span_id"], value_set=known)
        columns |= {f"{prefix}{name}": pc.take(spans[name], at) for name in ("start", "end")}
    return _form(columns, relations.num_rows)


def _categories(tables: Mapping[str, pa.Table]) -> pa.Table:
    if "categories" not in tables:
        return _form({}, 0)
    categories = tables["categories"]
    label = pc.binary_join_element_wise(categories["name"], categories["value"], ": ")
    return _form({"doc_id": categories["doc_id"], "name": categories["name"], "label": label}, categories.num_rows)
