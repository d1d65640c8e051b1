"""Labels in, the table ``agreement`` out: how far people agree, and on how much each figure rests.

F1 between people is the mean of precision and recall that does not care who is taken as the standard. It equals the limit of
kappa where the number of non-spans has no bound, as in text: G. Hripcsak and A. Rothschild, Agreement, the F-measure, and
Reliability in Information Retrieval, JAMIA 12 (2005) 296-298.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from copydesk.agreement.alpha import nominal_alpha, one_against_rest
from copydesk.agreement.columns import Bools, Ints, pack, ranges
from copydesk.agreement.figures import ALL, Figure, table_of
from copydesk.agreement.match import match
from copydesk.agreement.tokens import count_tokens
from copydesk.agreement.votes import END_MISSING, Reads, Votes, count_votes

_NOBODY = "no document was read by two people"
_DIAGNOSTIC = "diagnostic: alpha on tokens is inflated by O, the many words that nobody labels; trust span F1"


def measure(
    *, reads: pa.Table, spans: pa.Table, relations: pa.Table, documents: pa.Table, labels: Sequence[str]
) -> pa.Table:
    """Measure agreement over the documents that two or more people read; gives the table ``agreement``.

    * ``span_f1_exact``: 2 * shared / (spans of one + spans of the other); shared are spans with the same start, end and label.
    * ``span_f1_overlap``: the same, where spans of one label that share a character are matched one to one (``match``).
    * ``relation_f1``: the same for relations with the same type and exactly the same head and tail.
    * ``token_alpha``: Krippendorff's nominal alpha over words; a word's category is the label of the shortest span that covers
      its middle character, or O. For one label: that label against everything else.

    F1 is micro-averaged over documents, for every two people who share a document and for ``all`` of these pairs pooled; for
    every label (``labels``, then others that occur; for relations those that occur) and for ``all``. ``n`` counts the spans,
    relations or words that a figure rests on; for all pairs a span counts once. ``value`` is null where it is not defined,
    and ``note`` says why.
    """
    ballot = count_votes(reads=reads, spans=spans, relations=relations)
    pairs = _pairs(ballot.reads)
    names = _in_order(ballot.spans, labels)
    missing = int(np.count_nonzero(ballot.relations.standing == END_MISSING))
    left_out = f"{missing} relations with an unknown end left out" if missing else ""
    spans_compared = _compare(ballot.spans, ballot.reads, pairs)
    relations_compared = _compare(ballot.relations, ballot.reads, pairs)
    exact, same = _exact(ballot.spans, spans_compared), _exact(ballot.relations, relations_compared)
    overlap = _overlapping(ballot.spans, spans_compared)
    rows = [
        *_f1_rows("span_f1_exact", ballot.spans, spans_compared, exact, pairs=pairs, names=names),
        *_f1_rows("span_f1_overlap", ballot.spans, spans_compared, overlap, pairs=pairs, names=names),
        *_alpha_rows(ballot.spans, ballot.reads, documents, names=names),
        *_f1_rows(
            "relation_f1",
            ballot.relations,
            relations_compared,
            same,
            pairs=pairs,
            names=_in_order(ballot.relations, ()),
            remark=left_out,
        ),
    ]
    return table_of(rows)


@dataclass(frozen=True, slots=True)
class ReaderPairs:
    """Every two people who read a document in common: ``keys`` is sorted, ``keys[i] == one * people + other``."""

    names: tuple[str, ...]
    keys: Ints
    documents: Ints
    shared: int  # documents with two or more readers


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Each vote beside each other reader of its document: the ``vote``, that reader and the number of the pair."""

    vote: Ints
    other: Ints
    pair: Ints


def _pairs(reads: Reads) -> ReaderPairs:
    rows = np.arange(len(reads.doc))
    left, right = ranges(rows + 1, reads.first[reads.doc + 1] - rows - 1)
    people = len(reads.annotators)
    keys, documents = np.unique(reads.annotator[left] * people + reads.annotator[right], return_counts=True)
    one, other = reads.names(keys // max(people, 1)), reads.names(keys % max(people, 1))
    names = tuple(f"{a} {b}" for a, b in zip(one, other, strict=True))
    return ReaderPairs(names, keys, documents, int(np.count_nonzero(reads.readers > 1)))


def _compare(votes: Votes, reads: Reads, pairs: ReaderPairs) -> Comparisons:
    doc = votes.doc[votes.drawn]
    vote, read = ranges(reads.first[doc], reads.readers[doc])
    other = reads.annotator[read]
    someone_else = other != votes.drawer[vote]
    vote, other = vote[someone_else], other[someone_else]
    drawer = votes.drawer[vote]
    key = np.minimum(drawer, other) * len(reads.annotators) + np.maximum(drawer, other)
    return Comparisons(vote, other, np.searchsorted(pairs.keys, key))


def _exact(votes: Votes, compared: Comparisons) -> Bools:
    """Say of each comparison whether the other reader drew the very same."""
    return _among(votes.drawn[compared.vote], compared.other, votes.drawn, votes.drawer)


def _overlapping(votes: Votes, compared: Comparisons) -> Bools:
    """Say of each comparison whether the vote is matched with a span of the other reader."""
    drawn = votes.drawn
    found = match(
        group=pack(votes.doc[drawn], votes.label[drawn]),
        start=votes.left[drawn],
        end=votes.right[drawn],
        owner=votes.drawer,
    )
    vote = np.concatenate([found.left, found.right])
    other = np.concatenate([votes.drawer[found.right], votes.drawer[found.left]])
    return _among(compared.vote, compared.other, vote, other)


def _among(row: Ints, person: Ints, rows: Ints, people: Ints) -> Bools:
    """Say of each (row, person) whether it is among (rows, people)."""
    width = max(int(person.max(initial=0)), int(people.max(initial=0))) + 1
    known = np.sort(rows * width + people)
    wanted = row * width + person
    found: Bools = np.append(known, -1)[np.searchsorted(known, wanted)] == wanted
    return found


def _in_order(votes: Votes, labels: Sequence[str]) -> list[str]:
    """The labels asked for, then those that occur besides."""
    present = votes.labels.take(pa.array(np.unique(votes.label))).to_pylist()
    return list(dict.fromkeys([*labels, *present]))


def _f1_rows(
    name: str,
    votes: Votes,
    compared: Comparisons,
    shared: Bools,
    *,
    pairs: ReaderPairs,
    names: Sequence[str],
    remark: str = "",
) -> Iterator[Figure]:
    """Write one measure: for all pairs and for each, over all labels and for each."""
    columns = _columns(votes, names)
    label = columns[votes.label[votes.drawn[compared.vote]]]
    shape = (len(pairs.names), len(names))
    cell = compared.pair * len(names) + label
    sizes = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    hits = np.bincount(cell[shared], minlength=shape[0] * shape[1]).reshape(shape)
    # A vote is compared with every other reader, but it is one vote.
    distinct_votes = np.bincount(columns[votes.label[votes.drawn[np.unique(compared.vote)]]], minlength=len(names))
    thing = "relation" if name == "relation_f1" else "span"
    blocks = [(ALL, hits.sum(axis=0), sizes.sum(axis=0), distinct_votes, pairs.shared)]
    blocks += [(pair, hits[at], sizes[at], sizes[at], int(pairs.documents[at])) for at, pair in enumerate(pairs.names)]
    for people, hit, size, n, documents in blocks:
        figures = [(ALL, hit.sum(), size.sum(), n.sum()), *zip(names, hit, size, n, strict=True)]
        for of, numerator, denominator, units in figures:
            undefined = _why_not(int(denominator), documents=documents, thing=thing, label=of)
            yield Figure(
                measure=name,
                label=of,
                annotators=people,
                value=None if undefined else float(numerator / denominator),
                n=int(units),
                documents=documents,
                note="; ".join(part for part in (undefined, remark) if part),
            )


def _why_not(size: int, *, documents: int, thing: str, label: str) -> str:
    if not documents:
        return _NOBODY
    if size:
        return ""
    return f"nobody drew a {thing}" + ("" if label == ALL else f" {label}") + " in these documents"


def _columns(votes: Votes, names: Sequence[str]) -> Ints:
    """The place among ``names`` of each label of the votes."""
    place = {name: at for at, name in enumerate(names)}
    return np.array([place.get(str(label), -1) for label in votes.labels.to_pylist()], np.int64)


def _alpha_rows(votes: Votes, reads: Reads, documents: pa.Table, *, names: Sequence[str]) -> Iterable[Figure]:
    counted = count_tokens(votes, reads, documents, category=_columns(votes, names) + 1, categories=len(names) + 1)
    remark = f"; {counted.without_text} documents without their text left out" if counted.without_text else ""
    for at, label in enumerate([ALL, *names]):
        matrix = counted.coincidences if at == 0 else one_against_rest(counted.coincidences, at)
        value = nominal_alpha(matrix)
        if value is not None:
            note = _DIAGNOSTIC
        elif not counted.documents:
            note = _NOBODY
        elif not counted.tokens:
            note = "there are no words in these documents"
        else:
            note = "all words are in one category, so no disagreement could be expected"
        yield Figure(
            measure="token_alpha",
            label=label,
            value=value,
            n=counted.tokens,
            documents=counted.documents,
            note=note + remark,
        )
