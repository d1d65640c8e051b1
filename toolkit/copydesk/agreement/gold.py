"""Labels that are known to be right in; which candidates they have, and which of them nobody drew, out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from copydesk.agreement.columns import Bools, Ints
from copydesk.agreement.votes import COUNTS, Ballot, Votes
from copydesk.model.tables import empty

_UNKNOWN, _WRONG, _RIGHT = -1, 0, 1
_Span = tuple[str, int, int, str]  # document, start, end, label


@dataclass(frozen=True, slots=True)
class Gold:
    """What is the truth of its documents: whole ``annotations`` (by annotation_id), and the tables ``gold`` and ``gold_spans``.

    The tables speak of a document where its text is still the one that gold was made on, and of its spans alone. Where both
    speak of a document the tables count.
    """

    annotations: Collection[str] = ()
    documents: pa.Table = field(default_factory=lambda: empty("gold"))
    spans: pa.Table = field(default_factory=lambda: empty("gold_spans"))

    def known(self, ballot: Ballot, votes: Votes) -> Ints:
        """Say of each candidate whether a true annotation has it (1), has its document without it (0), or neither (-1)."""
        annotations = ballot.annotations
        true = np.isin(annotations.ids.to_numpy(zero_copy_only=False), list(self.annotations))
        true &= (annotations.standing == COUNTS) & ~self._told(ballot)[annotations.doc]
        known = np.where(np.isin(votes.doc, annotations.doc[true]), _WRONG, _UNKNOWN)
        rows = np.flatnonzero(votes.candidate >= 0)
        known[votes.candidate[rows][true[votes.annotation[rows]]]] = _RIGHT
        return known

    def known_spans(self, ballot: Ballot) -> Ints:
        """Say the same of each span, by the tables too."""
        known = self.known(ballot, ballot.spans)
        known[self._told(ballot)[ballot.spans.doc]] = _WRONG
        drawn = self._drawn(ballot)
        known[[drawn[one] for one in self._spans(ballot) if one in drawn]] = _RIGHT
        return known

    def note(self, ballot: Ballot) -> str:
        """Tell of the spans of the tables that nobody has drawn, or draws any more: they cannot be agreed; empty where there is none."""
        drawn = self._drawn(ballot)
        missing = [row for one, row in self._spans(ballot).items() if one not in drawn]
        if not missing:
            return ""
        first = missing[0]
        return (
            f"{len(missing)} spans are not agreed since nobody draws them, the first {first['label']} {first['surface']!r} of "
            f"{first['doc_id']}"
        )

    def _told(self, ballot: Ballot) -> Bools:
        """Say of which documents that were read the tables have the truth."""
        texts = dict(zip(*(self.documents[name].to_pylist() for name in ("doc_id", "text_sha256")), strict=True))
        read = zip(ballot.reads.docs.to_pylist(), ballot.reads.text_sha256.to_pylist(), strict=True)
        return np.array([texts.get(doc) == text for doc, text in read], np.bool_)

    def _spans(self, ballot: Ballot) -> dict[_Span, Mapping[str, Any]]:
        told = set(ballot.reads.docs.filter(pa.array(self._told(ballot))).to_pylist())
        rows: Iterator[Mapping[str, Any]] = (row for row in self.spans.to_pylist() if row["doc_id"] in told)
        return {(row["doc_id"], row["start"], row["end"], row["label"]): row for row in rows}

    def _drawn(self, ballot: Ballot) -> dict[_Span, int]:
        """Number the candidates in the documents that the tables speak of."""
        votes, reads = ballot.spans, ballot.reads
        rows = np.flatnonzero(self._told(ballot)[votes.doc])
        docs, labels = (
            names.take(pa.array(own[rows])).to_pylist()
            for names, own in ((reads.docs, votes.doc), (votes.labels, votes.label))
        )
        places = zip(docs, votes.left[rows].tolist(), votes.right[rows].tolist(), labels, strict=True)
        return dict(zip(places, rows.tolist(), strict=True))
