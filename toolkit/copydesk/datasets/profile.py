"""A version's tables to what they hold, as counts: read a stretch of documents at a time, so that its size does not matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.layout import file_of
from copydesk.datasets.load import splits_in, stretches
from copydesk.datasets.matching import Ints

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Profile:
    """Counts of what a version holds.

    ``holding`` are the documents that hold a label, ``together`` those that hold both of two, each pair once and in order.
    ``same_place`` counts, for two annotators' spans on the very same characters, the two labels, each pair once and in order.
    ``characters`` and ``lengths`` count documents and spans by how long they are, in code points, ``annotators`` what each has read.
    """

    spans: Counter[str] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)
    categories: Counter[Pair] = field(default_factory=Counter)
    holding: Counter[str] = field(default_factory=Counter)
    together: Counter[Pair] = field(default_factory=Counter)
    same_place: Counter[Pair] = field(default_factory=Counter)
    characters: Counter[int] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    publishers: Counter[str | None] = field(default_factory=Counter)
    licences: Counter[str | None] = field(default_factory=Counter)
    days: Counter[date | None] = field(default_factory=Counter)
    annotators: Counter[str] = field(default_factory=Counter)


def profile(path: Path) -> Profile:
    """Count what the version in ``path`` holds; raises StoreError where a table is missing or damaged."""
    made = Profile()
    for table in _read(path, "documents", "text", "publisher", "licence", "published_at"):
        made.characters.update(_tally(pc.utf8_length(table["text"])))
        made.publishers.update(_tally(table["publisher"]))
        made.licences.update(_tally(table["licence"]))
        made.days.update(_tally(table["published_at"].cast(pa.date32(), safe=False)))
    for table in _read(path, "spans", "doc_id", "start", "end", "label"):
        made.spans.update(_tally(table["label"]))
        made.lengths.update(_tally(pc.subtract(table["end"], table["start"])))
        _add_together(made, table)
    for table in _read(path, "reads", "annotator"):
        made.annotators.update(_tally(table["annotator"]))
    for table in _read(path, "relations", "label"):
        made.relations.update(_tally(table["label"]))
    for table in _read(path, "categories", "name", "value"):
        made.categories.update(zip(table["name"].to_pylist(), table["value"].to_pylist(), strict=True))
    made.same_place.update(same_place(_read(path, "annotations", "doc_id", "start", "end", "label", "annotator")))
    return made


def same_place(stretches: Iterable[pa.Table]) -> Counter[Pair]:
    """Count the labels that two people gave to the very same characters, each pair once and in order.

    The tables hold ``doc_id``, ``start``, ``end``, ``label`` and ``annotator`` of whole documents.
    """
    counts: Counter[Pair] = Counter()
    for table in stretches:
        names, label = _codes(table["label"])
        place = [_codes(table["doc_id"])[1], *(table[name].to_numpy() for name in ("start", "end"))]
        who = _codes(table["annotator"])[1]
        order = np.lexsort((label, who, *reversed(place)))
        place, label, who = [one[order] for one in place], label[order], who[order]
        for step in range(1, len(order)):
            same = np.logical_and.reduce([one[step:] == one[:-step] for one in place])
            if not same.any():
                break
            met = np.flatnonzero(same & (who[step:] != who[:-step]))
            counts.update(_pairs(names, label[met], label[met + step]))
    return counts


def _add_together(made: Profile, spans: pa.Table) -> None:
    names, label = _codes(spans["label"])
    _, doc = _codes(spans["doc_id"])
    held = np.zeros((int(doc.max(initial=-1)) + 1, len(names)), np.int64)
    held[doc, label] = 1
    both = held.T @ held
    made.holding.update(dict(zip(names, both.diagonal().tolist(), strict=True)))
    one, other = np.nonzero(np.triu(both, 1))
    for left, right, count in zip(one.tolist(), other.tolist(), both[one, other].tolist(), strict=True):
        made.together[_in_order(names[left], names[right])] += count


def _pairs(names: list[str], left: Ints, right: Ints) -> dict[Pair, int]:
    """Count pairs of labels, whichever comes first."""
    width = max(len(names), 1)
    keys, counts = np.unique(np.minimum(left, right) * width + np.maximum(left, right), return_counts=True)
    return {
        _in_order(names[key // width], names[key % width]): count
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True)
    }


def _in_order(one: str, other: str) -> Pair:
    return (one, other) if one <= other else (other, one)


def _codes(column: pa.ChunkedArray) -> tuple[list[str], Ints]:
    encoded = column.combine_chunks().dictionary_encode()
    return encoded.dictionary.to_pylist(), np.asarray(encoded.indices).astype(np.int64)


def _tally(column: pa.ChunkedArray) -> dict[Any, int]:
    return {one["values"]: one["counts"] for one in pc.value_counts(column).to_pylist()}


def _read(path: Path, table: str, *columns: str) -> Iterator[pa.Table]:
    """Read the columns of a table in stretches of whole documents, where the version has it."""
    for split in splits_in(path):
        file = path / file_of(table, split)
        if file.exists():
            yield from stretches(file, ["doc_id", *(name for name in columns if name != "doc_id")])
