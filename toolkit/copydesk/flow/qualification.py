"""What annotators said goes in, and what of it votes comes out: that of newcomers does once they have passed on gold.

Who is told to qualify reads a round of gold first. These reads are scored, and do not vote; what else the person read votes from the
moment on that the round is passed. Both are settings (``[quality]``). Nothing is deleted: what does not vote is among the labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.people import standings, work_of
from copydesk.agreement.people.standing import PASSED
from copydesk.flow.labels import read_annotations
from copydesk.flow.whole_words import on_whole_words
from copydesk.model.tables import empty
from copydesk.workspace import Workspace

OPEN = "open"
QUALIFYING, NOT_PASSED = "qualifying", "not-passed"


@dataclass(frozen=True, slots=True)
class Qualification:
    """Where a person stands in the round: ``open`` until all of it is read, then as the gate judges."""

    annotator: str
    doc_ids: tuple[str, ...]
    min_f1: float
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """A read that does not vote, and why: ``qualifying`` or ``not-passed``."""

    annotation_id: str
    doc_id: str
    annotator: str
    reason: str


def rounds(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Give the latest round of each person who was told to qualify."""
    return {row["annotator"]: row for row in workspace.decisions.read("qualifications").to_pylist()}


def voting_key(workspace: Workspace) -> list[str]:
    """Give what decides who votes, beside the labels and the decisions; nothing where nobody was told to qualify."""
    part = workspace.gold.part()
    if not rounds(workspace) or part is None:
        return []
    return [str(part.receipt["files"]), *map(str, astuple(workspace.settings.quality))]


def voting(workspace: Workspace, labels: Mapping[str, pa.Table]) -> tuple[dict[str, pa.Table], list[SetAside]]:
    """Give of tables with an ``annotation_id``, among them ``reads``, what votes; and the reads that are set aside."""
    standing = {one.annotator: one for one in qualifications(workspace)}
    if not standing:
        return dict(labels), []
    settings = workspace.settings.quality
    aside = []
    for row in labels["reads"].select(["annotation_id", "doc_id", "annotator"]).to_pylist():
        one = standing.get(row["annotator"])
        if one is None:
            continue
        if row["doc_id"] in one.doc_ids:
            aside += [] if settings.qualifying_votes else [SetAside(**row, reason=QUALIFYING)]
        elif one.verdict != PASSED and not settings.newcomers_vote:
            aside.append(SetAside(**row, reason=NOT_PASSED))
    left = pa.array([one.annotation_id for one in aside], pa.string())
    return {name: _without(table, left) for name, table in labels.items()}, aside


def told(aside: Collection[SetAside]) -> Iterator[str]:
    """Say of each person what is set aside."""
    said = {QUALIFYING: "are of the gold to qualify on", NOT_PASSED: "wait until they have qualified"}
    for (annotator, reason), count in sorted(Counter((one.annotator, one.reason) for one in aside).items()):
        yield f"{count} reads of {annotator} do not vote: they {said[reason]} (see copydesk quality gate)"


def qualifications(workspace: Workspace) -> Iterator[Qualification]:
    """Judge everybody who was told to qualify, by what they submitted first."""
    wanted = rounds(workspace)
    if not wanted:
        return
    gold, gold_spans = workspace.gold.read("gold"), workspace.gold.read("gold_spans")
    reads, spans = measured(workspace)
    for annotator, row in sorted(wanted.items()):
        if not row["doc_ids"]:
            yield Qualification(annotator, (), row["min_f1"], PASSED, "was admitted")
            continue
        own = gold.filter(pc.is_in(gold["doc_id"], pa.array(row["doc_ids"], pa.string())))
        mine = reads.filter(pc.equal(reads["annotator"], annotator))
        read = set(mine["doc_id"].to_pylist())
        left = [one["doc_id"] for one in own.to_pylist() if one["doc_id"] not in read and one["retired_at"] is None]
        verdict, reason = OPEN, f"has read {own.num_rows - len(left)} of the {own.num_rows} documents to qualify on"
        if not left:
            work = work_of(reads=mine, spans=spans, labels=gold_spans["label"].unique().to_pylist())
            judged = standings(work, gold=own, gold_spans=gold_spans, min_f1=row["min_f1"], window=own.num_rows)
            verdict, reason = next(((one.verdict, one.reason) for one in judged), (verdict, reason))
        yield Qualification(annotator, tuple(row["doc_ids"]), row["min_f1"], verdict, reason)


def measured(workspace: Workspace) -> tuple[pa.Table, pa.Table]:
    """Give the reads, and the spans on whole words, that people are judged by.

    What was given back is there as it was submitted first: who was told to look again is not judged by the second try. Who has not
    read the whole newest text is left out: their silence on what is new says nothing.
    """
    reads = _without(workspace.labels.read("reads"), workspace.labels.read("unread")["annotation_id"].combine_chunks())
    spans = workspace.labels.read("spans")
    first_reads, first_spans = _given_back(workspace)
    again = set(zip(first_reads["doc_id"].to_pylist(), first_reads["annotator"].to_pylist(), strict=True))
    pairs = zip(reads["doc_id"].to_pylist(), reads["annotator"].to_pylist(), strict=True)
    later = reads.filter(pa.array([pair in again for pair in pairs], pa.bool_()))["annotation_id"].combine_chunks()
    tables = (reads, first_reads), (spans, first_spans)
    left = [pa.concat_tables([_without(table, later), first]) for table, first in tables]
    return left[0], on_whole_words(workspace, left[1])[0]


def _given_back(workspace: Workspace) -> tuple[pa.Table, pa.Table]:
    """Read what was given back as it was before that: reads and spans of the first return of each person and document."""
    returns = workspace.decisions.read("returns").to_pylist()
    firsts = {(row["doc_id"], row["annotator"]): row for row in reversed(returns)}.values()
    wanted = {(row["project"], row["task_id"], str(row["annotation_id"])) for row in firsts}
    log = workspace.pulls.read("annotations") if wanted else empty("annotations")
    names = ("project", "task_id", "annotation_id", "cancelled")
    places = {}
    for place, (*task, annotation_id, cancelled) in enumerate(
        zip(*(log[name].to_pylist() for name in names), strict=True)
    ):
        if not cancelled and (*task, annotation_id.rpartition("-")[2]) in wanted:
            places[annotation_id] = place  # the last version that was not skipped
    made = read_annotations(workspace, log.take(pa.array(sorted(places.values()), pa.int64()))).kept
    return made["reads"], made["spans"]


def _without(table: pa.Table, annotation_ids: pa.Array) -> pa.Table:
    return table.filter(pc.invert(pc.is_in(table["annotation_id"], annotation_ids)))
