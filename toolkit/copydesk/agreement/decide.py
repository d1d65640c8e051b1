"""Labels in, agreed labels out: what holds, what is in dispute, and what was outvoted.

``crowd/rule.py`` says what holds, and ``settle`` what follows from it: for the spans by their places, then for the relations between
them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.blind import blind_to, blind_to_ends
from copydesk.agreement.columns import Bools, Ints, distinct, encode, ints, look_up, pack
from copydesk.agreement.crowd.rule import Case, Rule, Verdict, verdict
from copydesk.agreement.disputes import Scene, relation_disputes, span_disputes
from copydesk.agreement.match import overlapping
from copydesk.agreement.settle import AGREED, OUTVOTED, Fates, settle
from copydesk.agreement.votes import COUNTS, REASONS, Ballot, Votes, count_votes
from copydesk.model.tables import (
    AGREED_RELATIONS,
    AGREED_SPANS,
    ATTRIBUTES,
    REJECTED,
    Outcome,
    empty,
    from_rows,
    rejected_row,
)


def decide(
    *,
    reads: pa.Table,
    spans: pa.Table,
    relations: pa.Table,
    unread: pa.Table | None = None,
    rule: Rule | None = None,
    gold: Collection[str] = (),
    documents: pa.Table | None = None,
) -> Outcome:
    """Decide what the annotators agree on.

    ``reads`` says who read what: a reader without spans votes for "nothing", and who did not read does not vote. Votes are
    counted over distinct people for each (document, start, end, label), against the readers of the document; where ``unread``
    says that a reader has not read a place, they are no reader of what overlaps it. ``gold`` names annotations (annotation_id) that are
    the truth of their documents: what they have is agreed and nothing else is, and the annotators are judged by them. ``documents`` has the texts, which the
    rule ``bsc_seq`` reads; it is span_ds without them. Kept are
    ``agreed_spans``, ``agreed_relations`` and ``disputes``, sorted by document and place; they do not depend on the
    order of rows. Every row of ``spans`` and ``relations`` is kept (its vote is in an agreed label or in a dispute) or is
    a rejected row with one of the reasons

    * ``outvoted``: more than half of the readers drew nothing there, or a model or gold says that it is wrong;
    * ``no-read``, ``older-revision``, ``superseded``, ``end-missing``: it does not count (see ``votes``).

    Relations join the spans that their ends are drawn on. One whose end is in dispute is in dispute itself. The outcome's ``notes`` tell
    where the rule's model had not enough to learn from, and votes decided.
    """
    ballot = count_votes(reads=reads, spans=spans, relations=relations)
    drawn = ballot.spans
    meeting = overlapping(group=drawn.doc, start=drawn.left, end=drawn.right)
    blind = blind_to(ballot, empty("unread") if unread is None else unread)
    bench = _Bench(ballot, rule or Rule(), frozenset(gold))
    texts = None if documents is None else _texts(ballot, documents)
    case = Case(drawn, ballot.reads, blind, bench.known(drawn, spans), texts)
    span_fates = bench.settle(case, rivals=(meeting.left, meeting.right))
    relation_fates = _settle_relations(bench, relations, ends=span_fates, blind=blind)
    scene = Scene.of(ballot, surfaces=_surfaces(drawn, spans))
    disputes = span_disputes(scene, span_fates, meeting=meeting) + relation_disputes(
        scene, relation_fates, ends=span_fates
    )
    disputes.sort(key=lambda row: (row["doc_id"], row["start"], row["end"], row["dispute_id"]))
    rejected = [
        *_rejected("span", spans, drawn, span_fates),
        *_rejected("relation", relations, ballot.relations, relation_fates),
    ]
    notes = {"spans": span_fates.verdict.note, "relations": relation_fates.verdict.note}
    return Outcome(
        kept={
            "agreed_spans": _agreed_spans(ballot, span_fates, spans, scene),
            "agreed_relations": _agreed_relations(ballot, relation_fates, scene),
            "disputes": from_rows("disputes", disputes),
        },
        rejected=pa.Table.from_pylist(rejected, schema=REJECTED),
        kept_rows=spans.num_rows + relations.num_rows - len(rejected),
        notes=tuple(f"{what}: {note}" for what, note in notes.items() if note),
    )


@dataclass(frozen=True, slots=True)
class _Bench:
    """The rule by which all candidates are judged, and the annotations that are the truth."""

    ballot: Ballot
    rule: Rule
    gold: frozenset[str]

    def settle(self, case: Case, *, rivals: tuple[Ints, Ints], barred: Bools | None = None) -> Fates:
        def judge(readers: Ints) -> Verdict:
            return verdict(case, self.rule, readers)

        readers = case.reads.readers[case.votes.doc]
        return settle(case.votes, readers=readers, rivals=rivals, blind=case.blind, judge=judge, barred=barred)

    def known(self, votes: Votes, table: pa.Table) -> Ints:
        """Say of each candidate whether gold has it (1), or has its document without it (0), or not that (-1)."""
        annotations = self.ballot.annotations
        true = np.isin(annotations.ids.to_numpy(zero_copy_only=False), list(self.gold)) & (
            annotations.standing == COUNTS
        )
        known = np.where(np.isin(votes.doc, annotations.doc[true]), 0, -1)
        rows = np.flatnonzero(votes.candidate >= 0)
        known[votes.candidate[rows][true[votes.annotation[rows]]]] = 1
        return known


def _settle_relations(bench: _Bench, table: pa.Table, *, ends: Fates, blind: tuple[Ints, Ints]) -> Fates:
    """Relations are rivals when they join the same two places, whatever their type, direction or exact ends.

    Who is blind to one of the ends is blind to the relation.
    """
    relations = bench.ballot.relations
    head, tail = ends.cell[relations.left], ends.cell[relations.right]
    group = pack(relations.doc, np.minimum(head, tail), np.maximum(head, tail))
    everywhere = np.zeros(len(group), np.int64)
    rivals = overlapping(group=group, start=everywhere, end=everywhere + 1)
    barred = (ends.fate[relations.left] != AGREED) | (ends.fate[relations.right] != AGREED)
    case = Case(relations, bench.ballot.reads, blind_to_ends(relations, blind), bench.known(relations, table))
    return bench.settle(case, rivals=(rivals.left, rivals.right), barred=barred)


def _texts(ballot: Ballot, documents: pa.Table) -> list[str]:
    """The text of each document in the revision that was read; empty where it is not there."""
    reads = ballot.reads
    doc = look_up(documents["doc_id"], reads.docs)
    rows = np.flatnonzero((doc >= 0) & (np.append(reads.revision, -1)[doc] == ints(documents["revision"])))
    texts = [""] * len(reads.docs)
    for at, text in zip(doc[rows].tolist(), documents["text"].take(pa.array(rows)).to_pylist(), strict=True):
        texts[at] = text
    return texts


def _surfaces(votes: Votes, spans: pa.Table) -> list[str]:
    """The surface of each candidate."""
    surfaces, surface = encode(spans["surface"])
    lowest = np.full(len(votes.doc), len(surfaces))
    rows = np.flatnonzero(votes.candidate >= 0)
    np.minimum.at(lowest, votes.candidate[rows], surface[rows])
    listed: list[str] = surfaces.take(pa.array(lowest)).to_pylist()
    return listed


def _agreed_spans(ballot: Ballot, fates: Fates, spans: pa.Table, scene: Scene) -> pa.Table:
    votes = ballot.spans
    chosen = np.flatnonzero(fates.fate == AGREED)
    columns = {
        "span_id": [scene.span_ids[c] for c in chosen],
        "text_sha256": ballot.reads.text_sha256.take(pa.array(votes.doc[chosen])),
        "start": votes.left[chosen],
        "end": votes.right[chosen],
        "surface": [scene.surfaces[c] for c in chosen],
        "attributes": _attributes(votes, spans, chosen),
    }
    return _table(columns | _how(ballot, votes, fates, chosen), AGREED_SPANS)


def _agreed_relations(ballot: Ballot, fates: Fates, scene: Scene) -> pa.Table:
    votes = ballot.relations
    chosen = np.flatnonzero(fates.fate == AGREED)
    columns = {
        "relation_id": [scene.relation_ids[c] for c in chosen],
        "head_span_id": [scene.span_ids[c] for c in votes.left[chosen]],
        "tail_span_id": [scene.span_ids[c] for c in votes.right[chosen]],
    }
    return _table(columns | _how(ballot, votes, fates, chosen), AGREED_RELATIONS)


def _how(ballot: Ballot, votes: Votes, fates: Fates, chosen: Ints) -> dict[str, Any]:
    """The columns that agreed spans and relations share: of what document, who drew them, and how they were decided."""
    count, readers = votes.ballots[chosen], fates.readers[chosen]
    said = fates.verdict
    model = np.where(said.by_model[chosen] & (2 * count <= readers), said.model, "majority")
    decided = np.where(readers == 1, "single", np.where(count == readers, "unanimous", model))
    methods = said.methods()
    rows = np.flatnonzero(votes.candidate >= 0)
    once, _ = distinct(votes.candidate[rows], votes.annotation[rows])
    rows = rows[once]
    reads = ballot.reads
    return {
        "doc_id": reads.docs.take(pa.array(votes.doc[chosen])),
        "revision": reads.revision[votes.doc[chosen]],
        "label": votes.labels.take(pa.array(votes.label[chosen])),
        "votes": count,
        "readers": readers,
        "annotators": _lists(votes.drawn, reads.annotators.take(pa.array(votes.drawer)), chosen),
        "annotation_ids": _lists(
            votes.candidate[rows], ballot.annotations.ids.take(pa.array(votes.annotation[rows])), chosen
        ),
        "decided": decided.tolist(),
        "posterior": pa.array(said.posterior[chosen], from_pandas=True),
        "method": [methods[c] for c in chosen],
    }


def _lists(owner: Ints, values: pa.Array, chosen: Ints) -> pa.Array:
    """Gather the values of each chosen owner into a list; ``owner`` is sorted."""
    number = np.searchsorted(chosen, owner)
    mine = np.append(chosen, -1)[number] == owner
    offsets = np.searchsorted(number[mine], np.arange(len(chosen) + 1))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values.filter(pa.array(mine)))


def _attributes(votes: Votes, spans: pa.Table, chosen: Ints) -> pa.Array:
    """Keep of each chosen span the attribute values that more than half of those who drew it gave; a tie leaves it out."""
    column = spans["attributes"].combine_chunks()
    row = np.asarray(pc.list_parent_indices(column), np.int64)
    said = pc.list_flatten(column)
    names, name = encode(pa.chunked_array([said.field("name")]))
    values, value = encode(pa.chunked_array([said.field("value")]))
    counted = np.flatnonzero(votes.candidate[row] >= 0)
    row, name, value = row[counted], name[counted], value[counted]
    # One person may have drawn a span twice: a value is counted once for each annotation, and one person has one.
    once, _ = distinct(votes.candidate[row], name, value, votes.annotation[row])
    row, name, value = row[once], name[once], value[once]
    first, number = distinct(votes.candidate[row], name, value)
    owner = votes.candidate[row[first]]
    kept = 2 * np.bincount(number, minlength=len(first)) > votes.ballots[owner]
    first, owner = first[kept], owner[kept]
    pairs = pa.StructArray.from_arrays(
        [names.take(pa.array(name[first])), values.take(pa.array(value[first]))], fields=list(ATTRIBUTES.value_type)
    )
    return _lists(owner, pairs, chosen)


def _rejected(kind: str, table: pa.Table, votes: Votes, fates: Fates) -> Iterator[dict[str, Any]]:
    counted = votes.standing == COUNTS
    out = np.flatnonzero(~counted)
    outvoted = np.flatnonzero(counted)
    outvoted = outvoted[fates.fate[votes.candidate[outvoted]] == OUTVOTED]
    set_aside = np.sort(np.concatenate([out, outvoted]))
    rows = table.take(pa.array(set_aside)).to_pylist()
    for at, row in zip(set_aside, rows, strict=True):
        reason, detail = REASONS.get(int(votes.standing[at]), ("outvoted", ""))
        detail = detail or _why_outvoted(fates, int(votes.candidate[at]))
        item = f"{kind} {row[f'{kind}_id']} of {row['annotator']}"
        yield rejected_row(stage="agree", item=item, reason=reason, detail=detail, row=row, doc_id=row["doc_id"])


def _why_outvoted(fates: Fates, candidate: int) -> str:
    said = fates.verdict
    if said.by_gold[candidate]:
        return "the ground truth of its document does not have it"
    if said.by_model[candidate]:
        return f"{said.model} gives it a probability of {said.posterior[candidate]:.3f}"
    silent, readers = fates.silent[candidate], fates.readers[candidate]
    return f"{silent} of {readers} readers drew nothing here that is not agreed already"


def _table(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    arrays = [pa.array(columns[field.name], type=field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)
