"""Votes for spans in, Krippendorff's unitising alpha out: how far people agree on where units of a label begin and end.

K. Krippendorff, Content Analysis (2nd edition, 2004), p. 251-256; On the Reliability of Unitizing Continuous Data, Sociological Methodology
25 (1995) 47-76. One label at a time: whoever read a text divides it into units and gaps. Two units that meet differ by the squares
of how far their begins and their ends lie apart; a unit within somebody's gap by the square of its length; else by nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from copydesk.agreement.bootstrap import ratio_interval
from copydesk.agreement.columns import Bools, Floats, Ints, added, ranges
from copydesk.agreement.compare import Comparisons, places_of
from copydesk.agreement.figures import ALL, Figure
from copydesk.agreement.match import overlapping
from copydesk.agreement.scores import Field, why_not
from copydesk.agreement.tokens import texts_of
from copydesk.agreement.votes import Reads, Votes

_NO_CHANCE = "no disagreement could be expected"
_WITHOUT = "{} documents without their text left out"
_MERGED = "{} spans that overlap another of the same person and label are merged into one, since units may not overlap"


@dataclass(frozen=True, slots=True)
class Continua:
    """Units that do not overlap, sorted by section (a document and a label), reader and start; sections number ``sections``."""

    section: Ints
    reader: Ints
    start: Ints
    end: Ints
    sections: int


def unitizing_figures(
    votes: Votes, reads: Reads, field: Field, documents: pa.Table, *, compared: Comparisons
) -> Iterator[Figure]:
    """Write alpha over all labels and for each, of the documents that two or more people read, with an interval.

    Over documents the disagreements, observed and expected, are added up with the length of each text as its weight.
    """
    names = compared.names
    texts = texts_of(reads, documents)
    lengths = np.zeros(len(reads.docs))
    lengths[list(texts)] = [len(text) for text in texts.values()]
    known = np.flatnonzero(field.shared & (lengths > 0))
    units, merged = _units(votes, names, np.isin(votes.doc[votes.drawn], known), sections=len(lengths) * len(names))
    parts = disagreement(units, np.repeat(lengths, len(names)), np.repeat(reads.readers, len(names)))
    observed, expected = (side.reshape(len(lengths), len(names))[known] * lengths[known, np.newaxis] for side in parts)
    observed, expected = (np.hstack([side.sum(axis=1, keepdims=True), side]) for side in (observed, expected))
    low, high = ratio_interval(observed, expected)
    counts = np.bincount(units.section % max(len(names), 1), minlength=len(names))
    missing = field.pairs.shared - len(known)
    remarks = [_WITHOUT.format(missing) if missing else "", _MERGED.format(merged) if merged else ""]
    for at, label in enumerate((ALL, *names)):
        above, below = observed[:, at].sum(), expected[:, at].sum()
        units_here = int(counts.sum() if at == 0 else counts[at - 1])
        undefined = why_not(units_here, documents=field.pairs.shared, thing="span", label=label)
        undefined = undefined or ("" if below > 0 else _NO_CHANCE)
        interval = not undefined and not np.isnan(low[at])
        yield Figure(
            measure="unitizing_alpha",
            label=label,
            value=None if undefined else float(1 - above / below),
            low=float(1 - high[at]) if interval else None,
            high=float(1 - low[at]) if interval else None,
            n=units_here,
            documents=len(known),
            note="; ".join(part for part in (undefined, *remarks) if part),
        )


def _units(votes: Votes, names: tuple[str, ...], kept: Bools, *, sections: int) -> tuple[Continua, int]:
    """Make the votes that are ``kept`` units, and say how many were merged into another."""
    drawn, reader = votes.drawn[kept], votes.drawer[kept]
    section = votes.doc[drawn] * len(names) + places_of(votes, names)[votes.label[drawn]]
    start, end = votes.left[drawn], votes.right[drawn]
    order = np.lexsort((end, start, reader, section))
    section, reader, start, end = section[order], reader[order], start[order], end[order]
    new = np.ones(len(section), bool)
    new[1:] = (section[1:] != section[:-1]) | (reader[1:] != reader[:-1])
    # The farthest end so far of the same reader and section: owners are laid one after the other.
    width = int(end.max(initial=0)) + 1
    owner = np.cumsum(new) - 1
    reach = np.maximum.accumulate(owner * width + end) - owner * width
    new[1:] |= start[1:] >= reach[:-1]
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(new))[: len(first)] - 1
    return Continua(section[first], reader[first], start[first], reach[last], sections), len(new) - len(first)


def disagreement(units: Continua, lengths: Floats, readers: Ints) -> tuple[Floats, Floats]:
    """Give the observed and the expected disagreement of each section; ``lengths`` is of its text, ``readers`` how many read it."""
    return _observed(units, lengths, readers), _expected(units, lengths, readers)


def _observed(units: Continua, lengths: Floats, readers: Ints) -> Floats:
    pairs = overlapping(group=units.section, start=units.start, end=units.end)
    one, other = pairs.left, pairs.right
    apart = (units.start[one] - units.start[other]) ** 2 + (units.end[one] - units.end[other]) ** 2
    total = added(units.section[one], apart, units.sections)
    # A unit lies in a gap of everybody none of whose units it meets.
    people = int(units.reader.max(initial=0)) + 1
    met = np.unique(np.concatenate([one * people + units.reader[other], other * people + units.reader[one]]))
    touched = np.bincount(met // people, minlength=len(units.section))
    gaps = readers[units.section] - 1 - touched
    total += added(units.section, gaps * (units.end - units.start) ** 2, units.sections)
    return np.asarray(2 * total / np.maximum(readers * (readers - 1) * lengths**2, 1))


def _expected(units: Continua, lengths: Floats, readers: Ints) -> Floats:
    size = (units.end - units.start).astype(np.float64)
    number = np.bincount(units.section, minlength=units.sections)
    section, gap = _gaps(units, lengths, readers)
    order = np.lexsort((gap, section))
    section, gap = section[order], gap[order]
    width = float(lengths.max(initial=0)) + 2
    first = np.searchsorted(section * width + gap, units.section * width + size)
    last = np.searchsorted(section, units.section, side="right")
    sums = np.concatenate([[0.0], np.cumsum(gap)])
    room = sums[last] - sums[first] - (last - first) * (size - 1)
    own = (number[units.section] - 1) / 3 * (2 * size**3 - 3 * size**2 + size) + size**2 * room
    above = 2 * added(units.section, own, units.sections) / np.maximum(lengths, 1)
    whole = readers * lengths
    below = whole * (whole - 1) - added(units.section, size * (size - 1), units.sections)
    return np.where(below > 0, above / np.where(below > 0, below, 1), 0.0)


def _gaps(units: Continua, lengths: Floats, readers: Ints) -> tuple[Ints, Floats]:
    """Give the gaps between units of every reader of every section that has units."""
    new = np.ones(len(units.section), bool)
    new[1:] = (units.section[1:] != units.section[:-1]) | (units.reader[1:] != units.reader[:-1])
    before = np.where(new, 0, np.concatenate([[0], units.end[:-1]])[: len(new)])
    final = np.flatnonzero(np.append(new[1:], True)[: len(new)])
    drew = np.bincount(units.section[new], minlength=units.sections)
    silent = np.where(drew > 0, readers - drew, 0)
    whole, _ = ranges(np.zeros(units.sections, np.int64), silent)
    section = np.concatenate([units.section, units.section[final], whole])
    gap = np.concatenate([units.start - before, lengths[units.section[final]] - units.end[final], lengths[whole]])
    return section, gap.astype(np.float64)
