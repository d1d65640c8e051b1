"""Votes for relations and spans in; which relations agree out, and triggers of events with their arguments as in ACE."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from copydesk.agreement.alpha import coincidences, nominal_alpha
from copydesk.agreement.closeness import Meetings, aligned
from copydesk.agreement.columns import Bools, Ints, distinct, pack, ranges
from copydesk.agreement.compare import Comparisons, ReaderPairs, among, compare, same
from copydesk.agreement.figures import ALL, Figure
from copydesk.agreement.match import one_to_one
from copydesk.agreement.scores import NOBODY, Field, Measure, part_sums
from copydesk.agreement.votes import Ballot, Reads, Votes

_ONE_TYPE = "all of these relations are of one type, so no disagreement could be expected"
_NONE = "no two people drew a relation between the same spans"


@dataclass(frozen=True, slots=True)
class Joined:
    """Every two relations of two people between spans that are matched: rows of ``drawn`` of the relations."""

    left: Ints
    right: Ints
    same_label: Bools
    turned: Bools  # the head of one is the tail of the other


def joined(ballot: Ballot, met: Meetings, compared: Comparisons) -> Joined:
    """Find the relations that join matched spans; spans are matched one to one, whatever their label (``aligned``)."""
    spans, relations, people = ballot.spans, ballot.relations, len(ballot.reads.annotators)
    chosen = aligned(spans, met)
    one, other = met.left[chosen], met.right[chosen]
    rows, images = np.concatenate([one, other]), np.concatenate([other, one])
    key = rows * people + spans.drawer[images]
    order = np.argsort(key)
    key, image = key[order], spans.drawn[images[order]]

    # Of each end of each relation: what the other reader has in its place, or -1.
    places = spans.drawn * people + spans.drawer
    drawer, relation = relations.drawer[compared.vote], relations.drawn[compared.vote]
    head, tail = (
        _image(np.searchsorted(places, side[relation] * people + drawer) * people + compared.other, key, image)
        for side in (relations.left, relations.right)
    )
    width = len(spans.doc) + 1
    ends = (relations.left[relations.drawn] * width + relations.right[relations.drawn]) * people + relations.drawer
    sort = np.argsort(ends, kind="stable")
    found: list[tuple[Ints, Ints, Bools]] = []
    for turned, (first, second) in enumerate(((head, tail), (tail, head))):
        wanted = np.where((first >= 0) & (second >= 0), (first * width + second) * people + compared.other, -1)
        low = np.searchsorted(ends[sort], wanted)
        at, place = ranges(low, np.searchsorted(ends[sort], wanted, side="right") - low)
        vote, match = compared.vote[at], sort[place]
        once = relations.drawer[vote] < relations.drawer[match]
        found.append((vote[once], match[once], np.full(int(once.sum()), bool(turned))))
    left, right, turned_too = (np.concatenate(parts) for parts in zip(*found, strict=True))
    label = relations.label[relations.drawn]
    return Joined(left, right, label[left] == label[right], turned_too)


def _image(wanted: Ints, key: Ints, image: Ints) -> Ints:
    at = np.searchsorted(key, wanted)
    return np.where(np.append(key, -1)[at] == wanted, np.append(image, -1)[at], -1)


def relation_measures(votes: Votes, compared: Comparisons, ends: Joined, *, remark: str) -> Iterator[Measure]:
    """Say of each comparison of relations whether it agrees, in four ways.

    strict (``relation_f1``): type, head and tail, both with the very same start, end and label. aligned: the same between spans that are
    matched one to one. unlabelled: aligned, whatever the type. undirected: aligned, whichever end is the head.
    """
    yield Measure("relation_f1", "relation", compared, same(votes, compared), remark)
    ways = {
        "aligned": np.flatnonzero(ends.same_label & ~ends.turned),
        "unlabelled": _best_first(~ends.turned, ~ends.same_label),
        "undirected": _best_first(ends.same_label, ends.turned),
    }
    for way, order in ways.items():
        chosen = order[one_to_one(ends.left[order], ends.right[order], owner=votes.drawer)]
        left, right = ends.left[chosen], ends.right[chosen]
        vote, other = np.concatenate([left, right]), np.concatenate([votes.drawer[right], votes.drawer[left]])
        yield Measure(
            f"relation_f1_{way}", "relation", compared, among(compared.vote, compared.other, vote, other), remark
        )


def _best_first(allowed: Bools, worse: Bools) -> Ints:
    order = np.flatnonzero(allowed)
    return order[np.argsort(worse[order], kind="stable")]


def label_alpha(votes: Votes, ends: Joined, field: Field) -> Iterator[Figure]:
    """Write Krippendorff's alpha over the types of relations that two people drew between the same (matched) spans.

    A unit is a relation of one beside one of the other; where three drew it, that is three units.
    """
    order = _best_first(~ends.turned, ~ends.same_label)
    chosen = order[one_to_one(ends.left[order], ends.right[order], owner=votes.drawer)]
    left, right = ends.left[chosen], ends.right[chosen]
    labels = votes.label[votes.drawn]
    counts = np.zeros((len(chosen), len(votes.labels)), np.int64)
    for side in (left, right):
        counts[np.arange(len(chosen)), labels[side]] += 1
    pairs = field.pairs
    pair = pairs.number(votes.drawer[left], votes.drawer[right])
    yield _alpha(counts, pairs.shared)
    for at, names in enumerate(pairs.names):
        yield replace(_alpha(counts[pair == at], int(pairs.documents[at])), annotators=names)
    doc = votes.doc[votes.drawn[left]]
    for scope in field.scopes:
        documents = part_sums(scope, np.ones(len(scope.of)))
        for at, within in enumerate(scope.names):
            part = _alpha(counts[scope.of[doc] == at], int(documents[at]))
            yield replace(part, scope=scope.name, within=within)


def _alpha(counts: Ints, documents: int) -> Figure:
    value = nominal_alpha(coincidences(counts))
    note = "" if value is not None else _ONE_TYPE if len(counts) else _NONE if documents else NOBODY
    return Figure(
        measure="relation_label_alpha",
        value=value,
        n=len(counts),
        documents=documents,
        note=note,
    )


@dataclass(frozen=True, slots=True)
class EventLabels:
    """The labels of spans that are triggers of events, and of relations from a trigger to an argument."""

    triggers: Collection[str]
    roles: Collection[str]


def event_measures(ballot: Ballot, pairs: ReaderPairs, events: EventLabels) -> Iterator[Measure]:
    """Say of triggers and arguments whether they agree, as ACE does (Automatic Content Extraction 2005; Q. Li, H. Ji and L. Huang, Joint
    Event Extraction via Structured Prediction, ACL 2013, section 2).

    A trigger is identified where start and end are the same, and classified where the label is too. An argument, a relation of one
    of the roles from a trigger, is identified where the trigger's label and its own start and end are the same, and classified where the
    role is too. Where the trigger stands does not matter for an argument.
    """
    spans, relations, reads = ballot.spans, ballot.relations, ballot.reads
    of_trigger, of_role = _among(spans.labels, events.triggers), _among(relations.labels, events.roles)
    rows = np.flatnonzero(of_trigger[spans.label[spans.drawn]])
    at = spans.drawn[rows]
    place = pack(spans.left[at], spans.right[at])
    said = _Said(spans.drawer[rows], spans.doc[at], place, spans.label[at], spans.labels)
    yield _measure("trigger_f1_identified", "trigger", said.without_label(), reads, pairs)
    yield _measure("trigger_f1_classified", "trigger", said, reads, pairs)

    drawn = relations.drawn
    rows = np.flatnonzero(of_role[relations.label[drawn]] & of_trigger[spans.label[relations.left[drawn]]])
    at = drawn[rows]
    head, tail = relations.left[at], relations.right[at]
    place = pack(spans.label[head], spans.left[tail], spans.right[tail])
    said = _Said(relations.drawer[rows], spans.doc[head], place, relations.label[at], relations.labels)
    yield _measure("argument_f1_identified", "argument", said.without_label(), reads, pairs)
    yield _measure("argument_f1_classified", "argument", said, reads, pairs)


def _among(labels: pa.Array, wanted: Collection[str]) -> Bools:
    return np.array([name in wanted for name in labels.to_pylist()], bool)


@dataclass(frozen=True, slots=True)
class _Said:
    """What people said of places in documents; somebody may have said it several times."""

    who: Ints
    doc: Ints
    place: Ints
    label: Ints
    labels: pa.Array

    def without_label(self) -> _Said:
        return _Said(self.who, self.doc, self.place, np.zeros_like(self.label), pa.array([ALL], pa.string()))


def _measure(name: str, thing: str, said: _Said, reads: Reads, pairs: ReaderPairs) -> Measure:
    """Measure what people said of places: each says it once."""
    row, number = distinct(said.doc, said.place, said.label)
    vote, _ = distinct(number, said.who)
    none = np.empty(0, np.int64)
    votes = Votes(
        standing=none,
        annotation=none,
        candidate=none,
        doc=said.doc[row],
        left=said.place[row],
        right=said.place[row],
        label=said.label[row],
        drawn=number[vote],
        drawer=said.who[vote],
        ballots=np.bincount(number[vote], minlength=len(row)),
        labels=said.labels,
    )
    compared = compare(votes, reads, pairs)
    return Measure(name, thing, compared, same(votes, compared))
