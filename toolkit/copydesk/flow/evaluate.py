"""The labels that people agreed on go in, how good suggestions are comes out: before anybody saw them, and in annotators' hands.

A suggester that learns is judged on documents that it did not learn from, in five turns; copies stay together. What scores turn out
to be worth is kept, and suggestions are put together by it from then on.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.bootstrap import ratio_interval
from copydesk.errors import UsageError
from copydesk.flow.report import Report
from copydesk.flow.sending import last_sent
from copydesk.flow.suggest import Used, calibration_file, known_of, suggestions
from copydesk.model.progress import Progress
from copydesk.store import locked, translated, write_json
from copydesk.suggestions import Calibration, Found, Known, combine, suggester_class
from copydesk.suggestions.evaluate import ALL, Score, calibrated, fates, folds, scores
from copydesk.workspace import Workspace

TOGETHER = "together"
_FOLDS = 5
_Row = dict[str, Any]


def evaluate(workspace: Workspace, *, progress: Progress) -> Report:
    """Judge every suggester that the settings name, and what annotators did with what they were shown.

    Raises UsageError where nothing is agreed on yet.
    """
    with locked(workspace.lock):
        known = known_of(workspace)
        if not known.spans.num_rows:
            raise UsageError(
                "there are no agreed labels to judge suggestions by", fix="copydesk pull, then copydesk agree"
            )
        made = suggestions(workspace, progress=progress)
        found = {one.name: _judged(workspace, one, known, progress=progress) for one in made.used}
        worth = calibrated({name: one.spans for name, one in found.items()}, known.spans)
        write_json(calibration_file(workspace), worth.as_dict())
        reads = list(_reads(workspace))
    told = list(_scores(workspace, found, known, worth))
    shown = fates((one.suggested, one.drawn) for one in reads if not one.bare)
    anchoring = _anchoring(reads)
    counts = {"documents": known.documents.num_rows, "labels": known.spans.num_rows, "suggesters": len(found)}
    lines = [_score_line(one) for one in told if one.by == ALL]
    lines += [_fate_line(asdict(one) | {"shown": one.shown}) for one in shown]
    lines += [f"anchoring: {anchoring['sentence']}"]
    data = {
        "scores": [one.as_dict() for one in told],
        "fates": [asdict(one) for one in shown],
        "anchoring": anchoring,
        "calibration": worth.as_dict(),
    }
    return Report("evaluate", counts, changed=False, lines=tuple(lines), data=data)


def _judged(workspace: Workspace, used: Used, known: Known, *, progress: Progress) -> Found:
    """Let a suggester suggest for the documents that people read, never having learned from the one that it suggests for."""
    kind = suggester_class(used.name)
    if not kind.learns:
        return kind(used.setup).suggest(known.documents, zones=known.zones)
    groups = dict(zip(*(known.copies[name].to_pylist() for name in ("doc_id", "group_id")), strict=True))
    parts = folds(known.documents["doc_id"].to_pylist(), groups, count=_FOLDS)
    scratch = workspace.suggesters / f".tmp-{used.name}-judged"
    spans, relations, categories = [], [], []
    for number, held_out in enumerate(parts, start=1):
        with translated(scratch, "write"):
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir(parents=True)
        setup = replace(used.setup, folder=scratch)
        kind.learn(setup, _without(known, held_out))
        mine = known.documents.filter(pc.is_in(known.documents["doc_id"], pa.array(sorted(held_out))))
        one = kind(setup).suggest(mine, zones=known.zones)
        spans.append(one.spans)
        relations.append(one.relations)
        categories.append(one.categories)
        progress(f"judging {used.name}", number, len(parts))
    shutil.rmtree(scratch, ignore_errors=True)
    return Found(*(pa.concat_tables(tables) for tables in (spans, relations, categories)))


def _without(known: Known, held_out: frozenset[str]) -> Known:
    names = pa.array(sorted(held_out))

    def rest(table: pa.Table) -> pa.Table:
        return table.filter(pc.invert(pc.is_in(table["doc_id"], names)))

    return replace(
        known,
        documents=rest(known.documents),
        zones=rest(known.zones),
        spans=rest(known.spans),
        relations=rest(known.relations),
        categories=rest(known.categories),
    )


def _scores(workspace: Workspace, found: Mapping[str, Found], known: Known, worth: Calibration) -> Iterator[Score]:
    columns = (known.documents[name].to_pylist() for name in ("doc_id", "publisher"))
    sources = {doc_id: publisher or "unknown" for doc_id, publisher in zip(*columns, strict=True)}
    together = combine(
        found,
        versions=dict.fromkeys(found, ""),
        least=workspace.settings.suggest.least,
        overlap=workspace.schema().overlap,
        calibration=worth,
    )
    for name, one in {**found, TOGETHER: together}.items():
        yield from scores(name, one.spans, known.spans, sources=sources)


@dataclass(frozen=True, slots=True)
class _Read:
    """One annotator's reading of a document that was sent: what was suggested, whether it was shown, and what they drew."""

    doc_id: str
    bare: bool
    suggested: Sequence[_Row]
    drawn: Sequence[_Row]


def _reads(workspace: Workspace) -> Iterator[_Read]:
    """Give the readings of documents of which it is known what was suggested with them."""
    drawn: dict[str, list[_Row]] = {}
    for row in workspace.labels.read("spans").to_pylist():
        drawn.setdefault(row["annotation_id"], []).append(row)
    reads = workspace.labels.read("reads").to_pylist()
    last = last_sent(workspace, {(row["doc_id"], row["text_sha256"]) for row in reads})
    for row in reads:
        if (row["doc_id"], row["text_sha256"]) in last:
            sent, suggested = last[row["doc_id"], row["text_sha256"]]
            yield _Read(row["doc_id"], sent["bare"], suggested, drawn.get(row["annotation_id"], []))


def _anchoring(reads: Sequence[_Read]) -> _Row:
    """Compare who saw suggestions with who did not: which share of what was suggested they drew."""
    told: _Row = {}
    for bare in (False, True):
        mine = [one for one in reads if one.bare == bare]
        totals: dict[str, list[int]] = {}
        for one in mine:
            just = {(span["start"], span["end"], span["label"]) for span in one.drawn}
            total = totals.setdefault(one.doc_id, [0, 0])
            total[0] += sum((row["start"], row["end"], row["label"]) in just for row in one.suggested)
            total[1] += len(one.suggested)
        sums = np.array(list(totals.values()), np.float64).reshape(-1, 2)
        low, high = ratio_interval(sums[:, :1], sums[:, 1:])
        above, below = sums.sum(axis=0)
        told["bare" if bare else "shown"] = {
            "documents": len(totals),
            "readings": len(mine),
            "suggested": int(below),
            "drawn": int(above),
            "share": above / below if below else None,
            "low": None if np.isnan(low[0]) else float(low[0]),
            "high": None if np.isnan(high[0]) else float(high[0]),
        }
    return {**told, "sentence": _anchoring_told(told["shown"], told["bare"])}


def _anchoring_told(shown: _Row, bare: _Row) -> str:
    if not bare["suggested"] or not shown["suggested"]:
        return "not known: a share of the documents has to be sent without suggestions ([suggest] bare), and read"
    parts = [
        f"{one['share']:.0%} of what was suggested was drawn {what} ({one['readings']} readings"
        + (f", {one['low']:.0%} to {one['high']:.0%}" if one["low"] is not None else "")
        + ")"
        for one, what in ((shown, "where it was shown"), (bare, "where it was not"))
    ]
    apart = None not in (shown["low"], bare["low"]) and (shown["low"] > bare["high"] or bare["low"] > shown["high"])
    verdict = "the intervals are apart: suggestions change what people draw" if apart else "no difference is shown"
    return f"{', '.join(parts)}; {verdict}"


def _score_line(one: Score) -> str:
    figures = [("precision", one.precision), ("recall", one.recall), ("F1", one.f1)]
    told = ", ".join(f"{name} {value:.3f}" if value is not None else f"{name} not defined" for name, value in figures)
    return f"{one.suggester}: {told} ({one.suggested:,} suggested, {one.labelled:,} labels)"


def _fate_line(row: _Row) -> str:
    shares = ", ".join(f"{row[name] / row['shown']:.0%} {name}" for name in ("kept", "changed", "dropped"))
    return f"shown by {row['suggester']}, {row['label']}: {shares} (of {row['shown']:,})"
