"""What several suggesters found goes in, one set of suggestions comes out: who says the same is named together.

Scores of suggesters mean different things until they are calibrated: the share of suggestions of such a score, suggester and label
that people kept. Where several say the same, the score is that of at least one being right, as if they erred independently
(noisy or; Pearl, Probabilistic Reasoning in Intelligent Systems, 1988, section 4.3.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from copydesk.model.tables import from_rows
from copydesk.suggestions.calibration import Calibration
from copydesk.suggestions.suggester import Found

_SPAN = ("doc_id", "start", "end", "label")
_RELATION = ("doc_id", "head_start", "head_end", "head_label", "tail_start", "tail_end", "tail_label", "label")
_CATEGORY = ("doc_id", "name", "value")
_Row = dict[str, Any]


def combine(
    found: Mapping[str, Found], *, versions: Mapping[str, str], least: float, overlap: str, calibration: Calibration
) -> Found:
    """Put together what each suggester found, by its name; ``versions`` are theirs.

    What scores less than ``least`` is left out. ``overlap`` is the schema's: of spans that may not stand together the one of the
    higher score stays, then the longer, then the earlier. A relation stays where both its spans do; of a category the value of
    the highest score.
    """

    def joined(table: Callable[[Found], pa.Table], key: Sequence[str], label: str) -> list[_Row]:
        rows = [
            {**row, "score": calibration.score(name, row[label], row["score"]), "by": [f"{name} {versions[name]}"]}
            for name, one in found.items()
            for row in table(one).to_pylist()
        ]
        return [row for row in _joined(rows, key) if row["score"] >= least]

    spans = list(_standing(joined(lambda one: one.spans, _SPAN, "label"), overlap))
    there = {tuple(row[name] for name in _SPAN) for row in spans}
    relations = [
        row
        for row in joined(lambda one: one.relations, _RELATION, "label")
        if all(
            (row["doc_id"], row[f"{end}_start"], row[f"{end}_end"], row[f"{end}_label"]) in there
            for end in ("head", "tail")
        )
    ]
    best: dict[tuple[str, str], _Row] = {}
    for row in joined(lambda one: one.categories, _CATEGORY, "name"):
        known = best.setdefault((row["doc_id"], row["name"]), row)
        if (-row["score"], row["value"]) < (-known["score"], known["value"]):
            best[row["doc_id"], row["name"]] = row
    return Found(
        from_rows("suggestions", spans),
        from_rows("suggested_relations", relations),
        from_rows("suggested_categories", list(best.values())),
        tuple(note for one in found.values() for note in one.notes),
        sum(one.unanswered for one in found.values()),
    )


def _joined(rows: Iterable[_Row], key: Sequence[str]) -> Iterator[_Row]:
    """Give what is the same once, in the order of the key."""
    same: dict[tuple[Any, ...], list[_Row]] = {}
    for row in rows:
        same.setdefault(tuple(row[name] for name in key), []).append(row)
    for _, said in sorted(same.items(), key=lambda item: item[0]):
        wrong = 1.0
        for row in said:
            wrong *= 1 - row["score"]
        best = max(said, key=lambda row: row["score"])
        score = best["score"] if len(said) == 1 else 1 - wrong
        yield {**best, "score": score, "by": sorted({by for row in said for by in row["by"]})}


def _standing(spans: Sequence[_Row], overlap: str) -> Iterator[_Row]:
    """Leave out the spans that may not stand beside better ones, document by document."""
    documents: dict[str, list[_Row]] = {}
    for row in spans:
        documents.setdefault(row["doc_id"], []).append(row)
    for rows in documents.values():
        kept: list[_Row] = []
        for row in sorted(rows, key=lambda row: (-row["score"], row["start"] - row["end"], row["start"], row["label"])):
            if not any(_excludes(row, other, overlap) for other in kept):
                kept.append(row)
        yield from sorted(kept, key=lambda row: (row["start"], row["end"]))


def _excludes(one: _Row, other: _Row, overlap: str) -> bool:
    """Say whether two spans of a document may not stand together; the same place has one label, whatever the schema allows."""
    if one["end"] <= other["start"] or other["end"] <= one["start"]:
        return False
    if (one["start"], one["end"]) == (other["start"], other["end"]) or overlap == "none":
        return True
    inside = other["start"] <= one["start"] and one["end"] <= other["end"]
    around = one["start"] <= other["start"] and other["end"] <= one["end"]
    return overlap == "nested" and not (inside or around)
