"""Votes for spans in; which of them agree out, more or less strictly, and what is wrong with those that do not.

The strict and the relaxed ways are those of MUC-5 and of SemEval-2013 task 9 (I. Segura-Bedmar, P. Martínez and M. Herrero-Zazo),
made symmetric: nobody is the standard, and what two people drew is matched one to one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Bools, Ints
from copydesk.agreement.compare import Comparisons, among, same
from copydesk.agreement.figures import ALL, Figure
from copydesk.agreement.match import one_to_one, overlapping
from copydesk.agreement.scores import Field, Measure, part_sums, why_not
from copydesk.agreement.votes import Votes

_CLASSES = ("spans_correct", "spans_label_wrong", "spans_boundary_wrong", "spans_both_wrong")
_UNMATCHED, _FIRST, _SECOND = "spans_unmatched", "spans_missing", "spans_spurious"


@dataclass(frozen=True, slots=True)
class Meetings:
    """Every two spans of two people that share a character: rows of ``votes.drawn``, and how close they are."""

    left: Ints
    right: Ints
    overlap: Ints
    together: Ints  # characters that either covers
    begin: Ints  # of both, added up
    same_label: Bools
    same_place: Bools


def meetings(votes: Votes) -> Meetings:
    """Find the spans that meet."""
    drawn = votes.drawn
    start, end, label = votes.left[drawn], votes.right[drawn], votes.label[drawn]
    pairs = overlapping(group=votes.doc[drawn], start=start, end=end)
    apart = votes.drawer[pairs.left] != votes.drawer[pairs.right]
    left, right, overlap = pairs.left[apart], pairs.right[apart], pairs.overlap[apart]
    together = end[left] - start[left] + end[right] - start[right] - overlap
    return Meetings(
        left=left,
        right=right,
        overlap=overlap,
        together=together,
        begin=start[left] + start[right],
        same_label=label[left] == label[right],
        same_place=together == overlap,
    )


def span_measures(votes: Votes, compared: Comparisons, met: Meetings) -> Iterator[Measure]:
    """Say of each comparison of spans whether it agrees, in five ways.

    exact: start, end and label. iou: one label, and at least half of the characters that either covers are covered by both, matched
    one to one, the closest first. overlap: one label and a character in common, matched one to one, the largest overlap first.
    boundary: start and end, whatever the label, matched one to one. type: one label and a character in common with any span.
    """
    by_overlap = np.lexsort((met.begin, met.together, -met.overlap))
    by_iou = np.lexsort((met.begin, met.together, -met.overlap / np.maximum(met.together, 1)))
    half = met.same_label & (2 * met.overlap >= met.together)
    ways = {
        "exact": same(votes, compared),
        "iou": _matched(votes, compared, met, by_iou[half[by_iou]]),
        "overlap": _matched(votes, compared, met, by_overlap[met.same_label[by_overlap]]),
        "boundary": _matched(votes, compared, met, _exact_first(met)),
        "type": _met(votes, compared, met, np.flatnonzero(met.same_label)),
    }
    for way, hits in ways.items():
        yield Measure(f"span_f1_{way}", "span", compared, hits)


def _exact_first(met: Meetings) -> Ints:
    order = np.flatnonzero(met.same_place)
    return order[np.argsort(~met.same_label[order], kind="stable")]


def _matched(votes: Votes, compared: Comparisons, met: Meetings, order: Ints) -> Bools:
    """Match the meetings in ``order``, best first, one to one."""
    chosen = one_to_one(met.left[order], met.right[order], owner=votes.drawer)
    return _met(votes, compared, met, order[chosen])


def _met(votes: Votes, compared: Comparisons, met: Meetings, chosen: Ints) -> Bools:
    left, right = met.left[chosen], met.right[chosen]
    vote, other = np.concatenate([left, right]), np.concatenate([votes.drawer[right], votes.drawer[left]])
    return among(compared.vote, compared.other, vote, other)


def aligned(votes: Votes, met: Meetings) -> Ints:
    """Match spans one to one, whatever their label: the same place before an overlap, one label before two; gives rows of ``met``."""
    order = np.lexsort((met.begin, met.together, -met.overlap, _kind(met)))
    chosen: Ints = order[one_to_one(met.left[order], met.right[order], owner=votes.drawer)]
    return chosen


def _kind(met: Meetings) -> Ints:
    return np.asarray(np.where(met.same_place, np.where(met.same_label, 0, 1), np.where(met.same_label, 2, 3)))


def error_figures(votes: Votes, compared: Comparisons, met: Meetings, field: Field) -> Iterator[Figure]:
    """Count what two people's spans are to each other: of each pair of people, and of all pairs together.

    Spans are matched one to one: the same place and label (correct) before the same place (label wrong), before an overlap with
    the same label (boundary wrong), before any overlap (both wrong). What has no match is unmatched; of a pair, what the first of
    them alone drew is missing, and what the second alone drew is spurious. ``value`` counts matches and lone spans, ``n`` all of both.
    """
    kind, chosen = _kind(met), aligned(votes, met)
    lone = np.flatnonzero(~_met(votes, compared, met, chosen))
    one, other = votes.drawer[met.left[chosen]], votes.drawer[met.right[chosen]]
    pair = field.pairs.number(one, other)
    doc = votes.doc[votes.drawn[met.left[chosen]]]
    first = votes.drawer[compared.vote[lone]] < compared.other[lone]

    names = (*_CLASSES, _FIRST, _SECOND)
    kinds = np.concatenate([kind[chosen], np.where(first, 4, 5)])
    of_pair = _table(np.concatenate([pair, compared.pair[lone]]), kinds, len(field.pairs.names), len(names))
    of_doc = _table(np.concatenate([doc, compared.doc[lone]]), kinds, len(field.shared), len(names))
    yield from _counted(of_doc.sum(axis=0), field.pairs.shared)
    for at, annotators in enumerate(field.pairs.names):
        yield from _counted(of_pair[at], int(field.pairs.documents[at]), annotators=annotators)
    for scope in field.scopes:
        documents = part_sums(scope, np.ones(len(scope.of)))
        parts = np.stack([part_sums(scope, column.astype(np.float64)) for column in of_doc.T], axis=1)
        for at, within in enumerate(scope.names):
            yield from _counted(parts[at], int(documents[at]), scope=scope.name, within=within)


def _table(row: Ints, kind: Ints, rows: int, kinds: int) -> Ints:
    return np.bincount(row * kinds + kind, minlength=rows * kinds).reshape(rows, kinds)


def _counted(
    counts: Ints, documents: int, *, annotators: str = ALL, scope: str = ALL, within: str = ""
) -> Iterator[Figure]:
    total = int(counts.sum())
    undefined = why_not(total, documents=documents, thing="span")
    named = dict(zip(_CLASSES, counts[:4].tolist(), strict=True)) | {_UNMATCHED: int(counts[4:].sum())}
    if annotators != ALL:
        named |= {_FIRST: counts[4], _SECOND: counts[5]}
    for name, count in named.items():
        yield Figure(
            measure=name,
            annotators=annotators,
            scope=scope,
            within=within,
            value=None if undefined else float(count),
            n=total,
            documents=documents,
            note=undefined,
        )
