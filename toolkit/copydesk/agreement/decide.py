"""Labels in, agreed labels out: what holds, what is in dispute, and what was outvoted.

``crowd/rule.py`` says what holds, and ``settle`` what follows from it: for the spans by their places, then for the relations between
them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.agreed import how, lists, rejected, table_of
from copydesk.agreement.blind import blind_to, blind_to_ends, without_blind
from copydesk.agreement.columns import Ints, distinct, encode, ints, look_up, pack
from copydesk.agreement.crowd.rule import Case, Rule, Verdict, verdict
from copydesk.agreement.disputes import Scene, relation_disputes, span_disputes
from copydesk.agreement.gold import Gold
from copydesk.agreement.match import Pairs, overlapping
from copydesk.agreement.overlaps import ANY, NONE, likeliest_apart, rivals_under
from copydesk.agreement.settle import AGREED, Fates, Rivals, settle, with_unanimous
from copydesk.agreement.votes import Ballot, Votes, count_votes
from copydesk.model.tables import (
    AGREED_RELATIONS,
    AGREED_SPANS,
    ATTRIBUTES,
    REJECTED,
    Outcome,
    empty,
    from_rows,
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What no vote changes.

    ``gold`` is the truth of its documents: of what people drew, what it has is agreed and nothing else is, and they are judged by it.
    ``overlap`` is what the schema says of spans that share characters: ``none`` (of those that a model holds the likeliest are agreed,
    and those that votes hold are in dispute), ``nested`` (those that cross are in dispute) or ``any``.
    """

    gold: Gold = field(default_factory=Gold)
    overlap: str = ANY


def decide(
    *,
    reads: pa.Table,
    spans: pa.Table,
    relations: pa.Table,
    unread: pa.Table | None = None,
    rule: Rule | None = None,
    bounds: Bounds | None = None,
    documents: pa.Table | None = None,
) -> Outcome:
    """Decide what the annotators agree on.

    ``reads`` says who read what: a reader without spans votes for "nothing", and who did not read does not vote. Votes are
    counted over distinct people for each (document, start, end, label), against the readers of the document; where ``unread``
    says that a reader has not read a place, they are no reader of what overlaps it. ``documents`` has the texts, which the rule
    ``bsc_seq`` reads; it is span_ds without them.

    Kept are ``agreed_spans``, ``agreed_relations`` and ``disputes``, sorted by document and place; they do not depend on the order
    of rows. Every row of ``spans`` and ``relations`` is kept (its vote is in an agreed label or in a dispute) or is a rejected row
    with one of the reasons

    * ``outvoted``: more than half of the readers drew nothing there, a model or gold says that it is wrong, or an end of it is outvoted;
    * ``no-read``, ``older-revision``, ``superseded``, ``end-missing``: it does not count (see ``votes``).

    Relations join the spans that their ends are drawn on. One whose end is in dispute is in dispute itself, and one whose end is outvoted
    is dropped. The outcome's ``notes`` tell where the rule's model had not enough to learn from, and votes decided.
    """
    ballot = count_votes(reads=reads, spans=spans, relations=relations)
    ballot, blind = without_blind(ballot, blind_to(ballot, empty("unread") if unread is None else unread))
    rule, bounds = rule or Rule(), bounds or Bounds()
    drawn, joins, gold = ballot.spans, ballot.relations, bounds.gold
    meeting = overlapping(group=drawn.doc, start=drawn.left, end=drawn.right)
    texts = None if documents is None else _texts(ballot, documents)
    case = Case(drawn, ballot.reads, blind, gold.known_spans(ballot), texts)
    span_fates = _settle_spans(case, rule, meeting, overlap=bounds.overlap)
    case = Case(joins, ballot.reads, blind_to_ends(joins, blind), gold.known(ballot, joins))
    relation_fates = _settle_relations(case, rule, ends=span_fates)
    scene = Scene.of(ballot, surfaces=_surfaces(drawn, spans))
    disputes = span_disputes(scene, span_fates, meeting=meeting) + relation_disputes(
        scene, relation_fates, ends=span_fates
    )
    disputes.sort(key=lambda row: (row["doc_id"], row["start"], row["end"], row["dispute_id"]))
    set_aside = [
        *rejected("span", spans, drawn, span_fates),
        *rejected("relation", relations, joins, relation_fates),
    ]
    notes = {"spans": span_fates.verdict.note, "relations": relation_fates.verdict.note, "gold": gold.note(ballot)}
    return Outcome(
        kept={
            "agreed_spans": _agreed_spans(ballot, span_fates, spans, scene),
            "agreed_relations": _agreed_relations(ballot, relation_fates, scene),
            "disputes": from_rows("disputes", disputes),
        },
        rejected=pa.Table.from_pylist(set_aside, schema=REJECTED),
        kept_rows=spans.num_rows + relations.num_rows - len(set_aside),
        notes=tuple(f"{what}: {note}" for what, note in notes.items() if note),
    )


def _settle_spans(case: Case, rule: Rule, meeting: Pairs, *, overlap: str) -> Fates:
    def judge(readers: Ints) -> Verdict:
        said = _judged(case, rule, readers)
        return likeliest_apart(case.votes, said) if overlap == NONE else said

    readers = case.reads.readers[case.votes.doc]
    return settle(
        case.votes, readers=readers, rivals=rivals_under(overlap, case.votes, meeting), blind=case.blind, judge=judge
    )


def _settle_relations(case: Case, rule: Rule, *, ends: Fates) -> Fates:
    """Relations are rivals when they join the same two places, whatever their type, direction or exact ends."""
    relations = case.votes
    head, tail = ends.cell[relations.left], ends.cell[relations.right]
    group = pack(relations.doc, np.minimum(head, tail), np.maximum(head, tail))
    everywhere = np.zeros(len(group), np.int64)
    rivals = overlapping(group=group, start=everywhere, end=everywhere + 1)
    worse = np.maximum(ends.fate[relations.left], ends.fate[relations.right])
    readers = case.reads.readers[relations.doc]
    judge = partial(_judged, case, rule)
    return settle(relations, readers=readers, rivals=Rivals.of(rivals), blind=case.blind, judge=judge, ends=worse)


def _judged(case: Case, rule: Rule, readers: Ints) -> Verdict:
    return with_unanimous(verdict(case, rule, readers), case.votes, readers)


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
    return table_of(columns | how(ballot, votes, fates, chosen), AGREED_SPANS)


def _agreed_relations(ballot: Ballot, fates: Fates, scene: Scene) -> pa.Table:
    votes = ballot.relations
    chosen = np.flatnonzero(fates.fate == AGREED)
    columns = {
        "relation_id": [scene.relation_ids[c] for c in chosen],
        "head_span_id": [scene.span_ids[c] for c in votes.left[chosen]],
        "tail_span_id": [scene.span_ids[c] for c in votes.right[chosen]],
    }
    return table_of(columns | how(ballot, votes, fates, chosen), AGREED_RELATIONS)


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
    return lists(owner, pairs, chosen)
