"""Revisions of documents and the labels carried over to them go in; what annotators need not read again, and what they are shown
of their earlier work, come out.

A new revision need not be read again where it has the same words as an older one, residue (promotion, section tags, lists of
related stories) left aside, and every label has a certain place in it. Typography, white space and case are not words.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.model.alignment import words_of
from copydesk.model.document import RESIDUE_ZONES
from copydesk.model.tables import SUGGESTIONS

CARRIED = "carried"  # the rule of a suggestion that is somebody's label on an older text

_Place = tuple[int, int]


@dataclass(slots=True)
class _Claim:
    """A span that annotators drew on an older text, where it stands now."""

    start: int
    end: int
    label: str
    people: set[str] = field(default_factory=set)
    score: float = 1.0


def unchanged_since(documents: pa.Table, *, zones: pa.Table, anchors: pa.Table) -> dict[str, frozenset[str]]:
    """Give, by document, the digests of older texts that its newest one says nothing else than; ``documents`` has every revision.

    A document of which a label waits for a person has none.
    """
    waiting = set(waiting_of(anchors)["doc_id"].to_pylist())
    residue = residue_of(zones)
    texts: dict[str, dict[str, tuple[int, str]]] = {}
    names = ("doc_id", "revision", "text_sha256", "text")
    rows = zip(*(documents[name].to_pylist() for name in names), strict=True)
    for doc_id, revision, text_sha256, text in sorted(rows, key=lambda row: row[:2]):
        texts.setdefault(doc_id, {})[text_sha256] = (revision, text)
    same: dict[str, frozenset[str]] = {}
    for doc_id, known in texts.items():
        if len(known) == 1 or doc_id in waiting:
            continue
        said = {
            digest: [word for _, word in said_words(text, residue.get((doc_id, at), ()))]
            for digest, (at, text) in known.items()
        }
        newest = max(known, key=lambda digest: known[digest][0])
        same[doc_id] = frozenset(digest for digest in known if digest != newest and said[digest] == said[newest])
    return {doc_id: digests for doc_id, digests in same.items() if digests}


def with_carried(suggestions: pa.Table, *, tasks: pa.Table, anchors: pa.Table, unread: pa.Table) -> pa.Table:
    """Put the labels made on older texts in the place of suggestions, certain or not; the person who reads it decides.

    Of what the rules suggest for such a document, only what lies in a place that nobody has read stays: the rest was shown
    before. Spans of different people that overlap are settled by number, then length; what one person drew together stays.
    """
    placed = anchors.filter(pc.is_valid(anchors["start"]))
    claims = _claims(placed)
    if not claims and not unread.num_rows:
        return suggestions
    new: dict[str, list[_Place]] = {}
    for doc_id, *there in zip(*(unread[name].to_pylist() for name in ("doc_id", "start", "end")), strict=True):
        new.setdefault(doc_id, []).append((there[0], there[1]))
    kept: dict[str, list[_Claim]] = {doc_id: _settled(found) for doc_id, found in claims.items()}
    suggested = [row for row in suggestions.to_pylist() if _stays(row, kept, new)]
    texts = dict(zip(tasks["doc_id"].to_pylist(), tasks["text"].to_pylist(), strict=True))
    suggested += [
        {
            "doc_id": doc_id,
            "start": one.start,
            "end": one.end,
            "surface": texts[doc_id][one.start : one.end],
            "label": one.label,
            "rule": CARRIED,
            "score": one.score,
            "by": [],
        }
        for doc_id, found in kept.items()
        if doc_id in texts
        for one in found
    ]
    suggested.sort(key=lambda row: (row["doc_id"], row["start"], row["end"]))
    return pa.Table.from_pylist(suggested, schema=SUGGESTIONS)


def waiting_of(anchors: pa.Table) -> pa.Table:
    """Give the anchors of labels that wait for a person, and have a place in the newest text."""
    return anchors.filter(pc.and_(pc.is_null(anchors["span_id"]), pc.is_valid(anchors["start"])))


def residue_of(zones: pa.Table) -> dict[tuple[str, int], list[_Place]]:
    """Give the places of residue by document and revision, sorted and not overlapping."""
    found: dict[tuple[str, int], list[_Place]] = {}
    kept = zones.filter(pc.is_in(zones["kind"], pa.array(sorted(RESIDUE_ZONES))))
    for row in kept.sort_by([("doc_id", "ascending"), ("revision", "ascending"), ("start", "ascending")]).to_pylist():
        places = found.setdefault((row["doc_id"], row["revision"]), [])
        if places and row["start"] <= places[-1][1]:
            places[-1] = places[-1][0], max(places[-1][1], row["end"])
        else:
            places.append((row["start"], row["end"]))
    return found


def said_words(text: str, residue: Sequence[_Place]) -> list[tuple[int, str]]:
    """Give what a text says besides its residue: where each of its words begins, and what it is compared by."""
    words = words_of(text)
    begins = [start for start, _ in residue]
    said = []
    for start, key in zip(words.starts, words.keys, strict=True):
        at = bisect_right(begins, start) - 1
        if at < 0 or start >= residue[at][1]:
            said.append((start, key))
    return said


def _claims(placed: pa.Table) -> dict[str, list[_Claim]]:
    found: dict[str, dict[tuple[int, int, str], _Claim]] = {}
    for row in placed.to_pylist():
        place = (row["start"], row["end"], row["label"])
        claim = found.setdefault(row["doc_id"], {}).setdefault(place, _Claim(*place))
        claim.people.add(row["annotator"])
        claim.score = min(claim.score, row["anchor_score"])
    return {doc_id: list(claims.values()) for doc_id, claims in found.items()}


def _settled(claims: Iterable[_Claim]) -> list[_Claim]:
    """Take the best claims first; one that meets another stays only where one person drew both."""
    kept: list[_Claim] = []
    for claim in sorted(claims, key=lambda one: (-len(one.people), one.start - one.end, one.start, one.label)):
        rivals = [one for one in kept if one.start < claim.end and claim.start < one.end]
        if all(one.people & claim.people for one in rivals):
            kept.append(claim)
    return kept


def _stays(row: Mapping[str, Any], kept: Mapping[str, Sequence[_Claim]], new: Mapping[str, Sequence[_Place]]) -> bool:
    doc_id, start, end = row["doc_id"], row["start"], row["end"]
    if doc_id not in kept and doc_id not in new:
        return True
    taken = any(one.start < end and start < one.end for one in kept.get(doc_id, ()))
    return not taken and any(first < end and start < last for first, last in new.get(doc_id, ()))
