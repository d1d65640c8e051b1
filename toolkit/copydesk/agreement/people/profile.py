"""Work in, how each person differs from the others out: labels taken for others, and boundaries set early, late, fused or split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Ints, pack
from copydesk.agreement.match import Pairs, match, overlapping
from copydesk.agreement.people.fact import Fact, share
from copydesk.agreement.people.tally import Tally
from copydesk.agreement.people.work import Work

BOUNDARIES = ("early_start", "late_start", "early_end", "late_end", "fused", "split")


@dataclass(frozen=True, slots=True)
class _Met:
    """Spans of two people that belong together, from both sides: whose it is, and the candidates here and there."""

    person: Ints
    here: Ints
    there: Ints


def confusions(work: Work, tally: Tally) -> Iterator[Fact]:
    """Give, for each person, what share of their spans of a label others mark with another label at the same place.

    ``label`` is ``HERE > THERE``; ``n`` is how often, over all other readers. Spans belong together as ``match`` says.
    """
    met, width = _matched(work, by_label=False), len(work.labels)
    here, there = work.label[met.here], work.label[met.there]
    differ = here != there
    person, here, there = met.person[differ], here[differ], there[differ]
    _, first, count = np.unique(pack(person, here, there), return_index=True, return_counts=True)
    compared = np.zeros((len(work.people), width))
    np.add.at(compared, work.ballot.reads.annotator, tally.own)
    kinds = zip(*(column[first].tolist() for column in (person, here, there)), count.tolist(), strict=True)
    for whose, mine, theirs, n in kinds:
        yield Fact(
            annotator=work.people[whose],
            measure="confusion",
            label=f"{work.labels[mine]} > {work.labels[theirs]}",
            value=n / float(compared[whose, mine]),
            n=n,
        )


def boundaries(work: Work, tally: Tally, *, nothing: str) -> Iterator[Fact]:
    """Give each person's shares of spans that begin or end before or after those of others with the same label.

    ``fused``: of a person's spans, those that overlap two or more spans of the label of one other person; ``split``: of the
    others' spans, those that overlap two or more of this person's.
    """
    votes, met = work.ballot.spans, _matched(work, by_label=True)
    start, end = votes.left[met.here] - votes.left[met.there], votes.right[met.here] - votes.right[met.there]
    people = len(work.people)
    of_all = np.bincount(met.person, minlength=people)
    slips = dict(zip(BOUNDARIES, (start < 0, start > 0, end < 0, end > 0), strict=False))
    fused, split = _several(work)
    owned, others = np.zeros(people), np.zeros(people)
    np.add.at(owned, work.ballot.reads.annotator, tally.own.sum(axis=1))
    np.add.at(others, work.ballot.reads.annotator, tally.theirs.sum(axis=1))
    for person, name in enumerate(work.people):
        compared = tally.compared[work.of(person)].any()
        unmet = "none of their spans overlaps one with the same label of somebody else" if compared else nothing
        for measure, slipped in slips.items():
            yield share(
                name,
                measure,
                int(np.count_nonzero(slipped & (met.person == person))),
                int(of_all[person]),
                nothing=unmet,
            )
        undrawn = f"{name} drew no span there" if compared else nothing
        yield share(name, "fused", int(fused[person]), float(owned[person]), nothing=undrawn)
        yield share(
            name,
            "split",
            int(split[person]),
            float(others[person]),
            nothing="others drew no span there" if compared else nothing,
        )


def _matched(work: Work, *, by_label: bool) -> _Met:
    votes = work.ballot.spans
    drawn = votes.drawn
    doc = votes.doc[drawn]
    group = pack(doc, work.label[drawn]) if by_label else doc
    if by_label:
        return _both_ways(work, match(group=group, start=votes.left[drawn], end=votes.right[drawn], owner=votes.drawer))
    # One person may hold one place under two labels, which match does not take: what is the same on both sides goes first.
    return _both_ways(work, _across_labels(work, doc))


def _across_labels(work: Work, doc: Ints) -> Pairs:
    """Match what has no exact counterpart with the other person; a place held twice counts with its first label."""
    votes = work.ballot.spans
    drawn = votes.drawn
    place = pack(doc, votes.left[drawn], votes.right[drawn], votes.drawer)
    _, rows = np.unique(place, return_index=True)
    found = match(
        group=doc[rows], start=votes.left[drawn][rows], end=votes.right[drawn][rows], owner=votes.drawer[rows]
    )
    return Pairs(rows[found.left], rows[found.right], found.overlap)


def _both_ways(work: Work, pairs: Pairs) -> _Met:
    votes = work.ballot.spans
    one, other = np.concatenate([pairs.left, pairs.right]), np.concatenate([pairs.right, pairs.left])
    return _Met(votes.drawer[one], votes.drawn[one], votes.drawn[other])


def _several(work: Work) -> tuple[Ints, Ints]:
    """Count each person's fused spans, and the spans of others that they split."""
    votes = work.ballot.spans
    drawn, people = votes.drawn, len(work.people)
    pairs = overlapping(
        group=pack(votes.doc[drawn], work.label[drawn]), start=votes.left[drawn], end=votes.right[drawn]
    )
    one, other = np.concatenate([pairs.left, pairs.right]), np.concatenate([pairs.right, pairs.left])
    apart = votes.drawer[one] != votes.drawer[other]
    key, count = np.unique(one[apart] * max(1, people) + votes.drawer[other[apart]], return_counts=True)
    key = key[count > 1]  # a span, and another person of whom it overlaps several
    fused = np.bincount(votes.drawer[key // max(1, people)], minlength=people)
    return fused, np.bincount(key % max(1, people), minlength=people)
