"""Disputed cells in, rows of the table ``disputes`` out: each with the readings that compete and who holds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from copydesk.agreement.columns import Ints
from copydesk.agreement.identity import dispute_id, relation_id, span_id
from copydesk.agreement.match import Pairs
from copydesk.agreement.settle import AGREED, DISPUTED, Fates
from copydesk.agreement.votes import Ballot, Votes


@dataclass(frozen=True, slots=True)
class Scene:
    """The ballot in words: names of documents, people and labels, and each candidate's identity and surface.

    A candidate's identity is the one that it has, or would have, when agreed.
    """

    ballot: Ballot
    docs: Sequence[str]
    people: Sequence[str]
    span_labels: Sequence[str]  # of each candidate
    relation_labels: Sequence[str]
    span_ids: Sequence[str]
    relation_ids: Sequence[str]
    surfaces: Sequence[str]

    @classmethod
    def of(cls, ballot: Ballot, *, surfaces: Sequence[str]) -> Scene:
        """Look all words up once."""
        docs, spans, relations = ballot.reads.docs.to_pylist(), ballot.spans, ballot.relations
        span_labels, relation_labels = _labels(spans), _labels(relations)
        places = zip(spans.doc.tolist(), spans.left.tolist(), spans.right.tolist(), span_labels, strict=True)
        span_ids = [span_id(docs[doc], start=start, end=end, label=label) for doc, start, end, label in places]
        joins = zip(
            relations.doc.tolist(), relations.left.tolist(), relations.right.tolist(), relation_labels, strict=True
        )
        relation_ids = [
            relation_id(docs[doc], head=span_ids[head], tail=span_ids[tail], label=label)
            for doc, head, tail, label in joins
        ]
        return cls(
            ballot=ballot,
            docs=docs,
            people=ballot.reads.annotators.to_pylist(),
            span_labels=span_labels,
            relation_labels=relation_labels,
            span_ids=span_ids,
            relation_ids=relation_ids,
            surfaces=surfaces,
        )

    def place(self, candidate: int) -> str:
        """A span's offsets and surface."""
        spans = self.ballot.spans
        return f"[{spans.left[candidate]}:{spans.right[candidate]}] {self.surfaces[candidate]}"

    def span(self, candidate: int) -> str:
        """A span in words: ``PLACE [0:4] Qaim``."""
        return f"{self.span_labels[candidate]} {self.place(candidate)}"

    def relation(self, candidate: int) -> str:
        """A relation in words: ``located_in [0:4] Qaim → [8:12] Iraq``."""
        relations = self.ballot.relations
        ends = f"{self.place(relations.left[candidate])} → {self.place(relations.right[candidate])}"
        return f"{self.relation_labels[candidate]} {ends}"


def span_disputes(scene: Scene, fates: Fates, *, meeting: Pairs) -> list[dict[str, Any]]:
    """Give a row for each disputed cell of spans; ``meeting`` are the pairs of candidates that share a character."""
    neighbours = _agreed_neighbours(fates, meeting)
    spans = scene.ballot.spans
    return [
        {
            **_common(scene, spans, members, fates, tell=scene.span),
            "dispute_id": dispute_id(scene.docs[spans.doc[members[0]]], [scene.span_ids[m] for m in members]),
            "kind": _kind(spans, members),
            "start": int(spans.left[members].min()),
            "end": int(spans.right[members].max()),
            "surface": _paste(scene, members),
            "detail": _span_detail(scene, fates, members, neighbours.get(int(fates.cell[members[0]]), ())),
        }
        for members in _cells(fates)
    ]


def relation_disputes(scene: Scene, fates: Fates, *, ends: Fates) -> list[dict[str, Any]]:
    """Give a row for each disputed cell of relations; ``ends`` are the fates of the spans.

    ``start`` and ``end`` reach from the first end to the last; ``surface`` is empty, since the readings tell both ends.
    """
    spans, relations = scene.ballot.spans, scene.ballot.relations
    rows = []
    for members in _cells(fates):
        joined = np.concatenate([relations.left[members], relations.right[members]])
        rows.append(
            {
                **_common(scene, relations, members, fates, tell=scene.relation),
                "dispute_id": dispute_id(
                    scene.docs[relations.doc[members[0]]], [scene.relation_ids[m] for m in members]
                ),
                "kind": "relation",
                "start": int(spans.left[joined].min()),
                "end": int(spans.right[joined].max()),
                "surface": None,
                "detail": _relation_detail(scene, fates, members, joined[ends.fate[joined] != AGREED]),
            }
        )
    return rows


def _labels(votes: Votes) -> list[str]:
    labels: list[str] = votes.labels.take(pa.array(votes.label)).to_pylist()
    return labels


def _cells(fates: Fates) -> Iterator[Ints]:
    """The disputed candidates, one sorted column for each cell."""
    disputed = np.flatnonzero(fates.fate == DISPUTED)
    order = disputed[np.argsort(fates.cell[disputed], kind="stable")]
    bounds = np.flatnonzero(np.diff(fates.cell[order], prepend=-1, append=-1))
    for start, end in pairwise(bounds):
        yield order[start:end]


def _agreed_neighbours(fates: Fates, meeting: Pairs) -> dict[int, list[int]]:
    """For each disputed cell the agreed spans that it shares a character with."""
    found: dict[int, set[int]] = {}
    for one, other in ((meeting.left, meeting.right), (meeting.right, meeting.left)):
        beside = (fates.fate[one] == AGREED) & (fates.fate[other] == DISPUTED)
        for agreed, cell in zip(one[beside].tolist(), fates.cell[other[beside]].tolist(), strict=True):
            found.setdefault(cell, set()).add(agreed)
    return {cell: sorted(agreed) for cell, agreed in found.items()}


def _common(scene: Scene, votes: Votes, members: Ints, fates: Fates, *, tell: Any) -> dict[str, Any]:
    doc = int(votes.doc[members[0]])
    reads = scene.ballot.reads
    held: set[int] = set()
    readings = []
    for member in members:
        at = np.searchsorted(votes.drawn, (member, member + 1))
        drawers = votes.drawer[at[0] : at[1]].tolist()
        held.update(drawers)
        readings.append(f"{tell(member)}: {_names(scene, drawers)}")
    silent = [
        person
        for person in reads.annotator[reads.first[doc] : reads.first[doc + 1]].tolist()
        if person not in held and (int(fates.cell[members[0]]), person) not in fates.blind
    ]
    if silent:
        readings.append(f"nothing: {_names(scene, silent)}")
    likely = fates.verdict.posterior[members]
    return {
        "doc_id": scene.docs[doc],
        "revision": int(reads.revision[doc]),
        "readings": readings,
        "posterior": None if np.isnan(likely).all() else float(np.nanmax(likely)),
    }


def _names(scene: Scene, codes: Sequence[int]) -> str:
    return ", ".join(scene.people[code] for code in codes)


def _kind(spans: Votes, members: Ints) -> str:
    """One reading is a matter of existence; same offsets one of the label; anything else one of the boundary."""
    if len(members) == 1:
        return "existence"
    same = len(set(spans.left[members].tolist())) == len(set(spans.right[members].tolist())) == 1
    return "label" if same else "boundary"


def _paste(scene: Scene, members: Ints) -> str:
    """The text from the first character of a cell to its last: its spans overlap, so their surfaces cover it."""
    spans = scene.ballot.spans
    text, reach = "", int(spans.left[members[0]])
    for member in members:
        start, end = int(spans.left[member]), int(spans.right[member])
        if end > reach:
            text += scene.surfaces[member][reach - start :]
            reach = end
    return text


def _span_detail(scene: Scene, fates: Fates, members: Ints, agreed: Sequence[int]) -> str:
    spans = scene.ballot.spans
    labels = sorted({scene.span_labels[member] for member in members})
    kind = _kind(spans, members)
    readers = int(fates.readers[members[0]])
    if kind == "existence":
        said = f"{spans.ballots[members[0]]} of {readers} readers drew it"
    elif kind == "label":
        said = f"the label differs: {', '.join(labels)}"
    else:
        said = "the boundary differs" + (f", and the label: {', '.join(labels)}" if len(labels) > 1 else "")
    if (2 * spans.ballots[members] > readers).any() and not fates.verdict.by_model[members].any():
        said += "; a majority drew more than one of them, which do not stand together"
    if agreed:
        said += f"; agreed at the same place: {', '.join(scene.span(span) for span in agreed)}"
    return said


def _relation_detail(scene: Scene, fates: Fates, members: Ints, open_ends: Ints) -> str:
    relations = scene.ballot.relations
    labels = sorted({scene.relation_labels[member] for member in members})
    pairs = {(int(relations.left[member]), int(relations.right[member])) for member in members}
    said = []
    if len(members) == 1:
        said.append(f"{relations.ballots[members[0]]} of {fates.readers[members[0]]} readers drew it")
    if len(labels) > 1:
        said.append(f"the type differs: {', '.join(labels)}")
    if len({frozenset(pair) for pair in pairs}) > 1:
        said.append("the ends differ")
    elif len(pairs) > 1:
        said.append("the direction differs")
    if len(open_ends):
        said.append(f"not agreed as an end: {', '.join(scene.span(span) for span in sorted(set(open_ends.tolist())))}")
    return "; ".join(said)
